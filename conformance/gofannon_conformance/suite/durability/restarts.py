"""DUR-3: acknowledged writes outlive a stop of the server, and a kill while others write."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.violation import NotApplicable, NotTested, violation
from gofannon_conformance.servers.own import OwnServer
from gofannon_conformance.service.caller import Caller
from gofannon_conformance.service.instances import OnlyOne
from gofannon_conformance.suite.durability.cases import ODD_IDS, TYPES
from gofannon_conformance.suite.durability.writer import Known, Writer, document
from gofannon_conformance.suite.expect import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.servers import Server

WRITERS = 3

MORE_THAN_A_TAIL = 150
"""Documents that are saved once: a store that reads only the end of its log lacks the first."""

LONGEST_DELAY = 0.03
"""Seconds before every second kill; otherwise each would come just after an acknowledgement."""

AT_LEAST = 5
"""Acknowledged calls of each writer before the server is killed."""

KILLS = 20
LEAST_KILLS = 6
"""One kill finds a torn write about every second time."""
KILLING = 2.5
"""Seconds after which only the least kills are made."""


@dataclass
class Restarts:
    """A server that may be restarted, and its instances."""

    kit: Kit
    server: Server
    claimed: bool | None

    @property
    def outlives_kill(self) -> bool:
        """Whether the store claims that acknowledged writes outlive a kill."""
        can = not isinstance(self.server, OwnServer) or self.server.can("kill")
        return can and bool(self.claimed or self.server.endpoint.durable)

    @contextmanager
    def instance(self) -> Iterator[Caller]:
        """Open an instance on the server."""
        try:
            with self.kit.instances.fresh(self.server.endpoint) as opened:
                yield Caller(opened, self.kit.trace, on="other")
        except OnlyOne as reason:
            raise NotApplicable(str(reason)) from reason

    def restart(self, how: str) -> None:
        """Start the server again, and note in a failure's program how it was restarted."""
        self.kit.trace.steps.append(f"# here the server was {how}")
        self.server.start()

    def await_answer(self, collection: Collection, doc_id: str) -> None:
        """Read until the server answers; the target's bound is the limit."""
        until = time.monotonic() + self.kit.target.bound
        while True:
            answer = collection.get(doc_id)
            if answer.returned or answer.refused:
                return
            if time.monotonic() > until:
                raise violation(
                    ("DUR-3", "FAULT-5"),
                    f"the server is up again, but the same instance has not worked for "
                    f"{self.kit.target.bound:g} s",
                    answer=answer,
                    expected="the document",
                )
            self.kit.trace.steps.pop()
            time.sleep(0.05)


@contextmanager
def restarts(kit: Kit) -> Iterator[Restarts]:
    """Provide a server that the test may stop, or raise why there is none."""
    claimed = kit.target.capabilities.restartable
    with ExitStack() as stack:
        try:
            server = stack.enter_context(kit.instances.own_server())
            if isinstance(server, OwnServer) and not server.can("stop", "start"):
                raise NotTested("the target's server has no stop() and start()")
        except NotTested as reason:
            if claimed:
                raise
            raise NotApplicable(str(reason)) from reason
        yield Restarts(kit, server, claimed)


def save_odd_ids(collection: Collection, docs: dict[str, dict[str, Any]]) -> None:
    """Save a document under each odd id; one that is refused is left out (ID-3 reports it)."""
    for doc_id in ODD_IDS:
        if collection.save(doc_id, {"id": doc_id}).returned:
            docs[doc_id] = {"id": doc_id}


def check_stop(restarts: Restarts, collection: Collection, instance: Caller) -> None:
    """Raise unless saved documents outlive a stop and a start, for the same instance, too."""
    mine = collection.through(instance)
    docs: dict[str, dict[str, Any]] = {f"kept-{n}": {"n": n} for n in range(10)}
    docs |= {f"small-{n}": {"n": n} for n in range(MORE_THAN_A_TAIL)}
    docs["kept-types"] = TYPES
    docs["kept-big"] = {"text": "begin " + "x" * 50_000 + " end", "list": list(range(300))}
    for doc_id, doc in docs.items():
        if doc_id.startswith("kept"):
            answers.saved(mine.save(doc_id, {"old": doc_id}), "DUR-3")
        answers.saved(mine.save(doc_id, doc), "DUR-3")
    save_odd_ids(mine, docs)
    for doc_id in ("kept-0", "kept-9"):
        answers.deleted(mine.delete(doc_id), "DUR-3")
        del docs[doc_id]
    restarts.server.stop()
    restarts.restart("stopped and started")
    restarts.await_answer(mine, "kept-1")
    with restarts.instance() as later:
        theirs = collection.through(later)
        _check_claim(restarts, theirs, docs)
        for reader in (mine, theirs):
            _check_kept(reader, docs)
        restarts.server.stop()
        restarts.restart("stopped and started again, though nothing was saved")
        restarts.await_answer(theirs, "kept-1")
        _check_kept(theirs, docs)
    restarts.await_answer(mine, "kept-1")
    for doc_id in docs:
        answers.deleted(mine.delete(doc_id), "DUR-3")


def _check_claim(restarts: Restarts, theirs: Collection, docs: dict[str, dict[str, Any]]) -> None:
    """Raise if the target does not claim to be restartable, and the documents agree with that."""
    kept = [doc_id for doc_id in docs if theirs.get(doc_id).returned]
    if restarts.claimed is False:
        if len(kept) < len(docs):
            raise NotApplicable("the target says that it is not restartable")
        raise violation(
            "DUR-3",
            "the target says that it is not restartable, but its documents outlive a stop and a "
            "start of the server",
            expected="capabilities that claim restartable, or say nothing",
        )
    if restarts.claimed is None and not kept:
        raise NotApplicable(
            "nothing is left after a stop and a start of the server: it is in memory by nature "
            "(if it should not be, say that the target is `restartable`)"
        )


def _check_kept(reader: Collection, docs: dict[str, dict[str, Any]]) -> None:
    answers.holds(reader, docs, "DUR-3")
    answers.missing(reader.get("kept-0"), "DUR-3")


def check_kill(restarts: Restarts, collection: Collection) -> None:
    """Raise unless acknowledged writes outlive a kill, and all others are whole or absent."""
    random = Random(f"{restarts.kit.seed} {restarts.kit.test}")  # noqa: S311  # an example
    with ExitStack() as stack:
        callers = [stack.enter_context(restarts.instance()) for _ in range(WRITERS)]
        writers = [Writer(number, caller, collection) for number, caller in enumerate(callers)]
        untouched = {f"untouched-{n}": {"n": n} for n in range(3)}
        answers.save_all(collection.through(callers[0]), untouched, "DUR-3")
        since = time.monotonic()
        for number in range(KILLS):
            if number >= LEAST_KILLS and time.monotonic() > since + KILLING:
                return
            if number % 3 == 0:
                _kill_after_a_write(restarts, writers[number % WRITERS])
            else:
                delay = random.uniform(0.0, LONGEST_DELAY) if number % 2 else 0.0
                _kill_during_writes(restarts, writers, random, delay)
            with restarts.instance() as later:
                _check_all(restarts, collection.through(later), writers, untouched)


def _kill_after_a_write(restarts: Restarts, writer: Writer) -> None:
    """Kill the server right after it has acknowledged its first change since its start.

    A server that writes to the disk a moment later loses this change: no other one follows it.
    """
    writer.worked |= writer.write()
    restarts.server.kill()
    restarts.kit.trace.begin()
    restarts.restart("killed after a document was saved or deleted, and started again")


def _kill_during_writes(
    restarts: Restarts, writers: list[Writer], random: Random, delay: float
) -> None:
    bound = restarts.kit.target.bound
    for writer in writers:
        writer.begin()
    enough = AT_LEAST + random.randrange(8)
    until = time.monotonic() + bound
    while any(writer.acknowledged < enough for writer in writers):
        if time.monotonic() > until:
            break  # its saves are slow: it is killed all the same
        time.sleep(0.001)
    idle = [writer for writer in writers if not writer.acknowledged]
    time.sleep(delay)
    restarts.server.kill()
    for writer in writers:
        writer.stopping.set()
    restarts.kit.trace.begin()
    restarts.restart("killed while documents were saved, and started again")
    for writer in writers:
        if not writer.ended(within=bound + 10.0):
            raise NotTested(f"a call had not ended {bound:g} s after the server was killed")
    if idle and not idle[0].worked:
        raise NotTested("no save was acknowledged before the server was killed")
    if idle:
        raise violation(
            ("DUR-3", "FAULT-5"),
            f"the server was killed and started again, but an instance from before the kill has "
            f"not worked for {bound:g} s",
            answer=idle[0].last,
            expected="saves and deletes that are done",
        )
    for writer in writers:
        writer.worked = True


def _check_all(
    restarts: Restarts,
    theirs: Collection,
    writers: list[Writer],
    untouched: dict[str, dict[str, Any]],
) -> None:
    restarts.await_answer(theirs, writers[0].ids[0])
    restarts.kit.trace.steps.pop()
    live = {**untouched}
    for writer in writers:
        for doc_id, known in writer.known.items():
            version = _check(theirs.get(doc_id), doc_id, known)
            restarts.kit.trace.steps.pop()
            known.settle(version)
            if version is not None:
                live[doc_id] = document(version)
    answers.listing(theirs.list_all(), live, "DUR-3")


def _check(answer: Answer, doc_id: str, known: Known) -> int | None:
    """Return the version that is stored; it must be the acknowledged one, or one in doubt."""
    if answer.status == answers.NOT_FOUND:
        if None in known.possible:
            return None
        raise violation(
            "DUR-3",
            f"version {known.acknowledged} of a document was acknowledged, then the server was "
            "killed, and now there is no such document",
            answer=answer,
            expected=known.expected,
        )
    found = answers.returned(answer, "DUR-3", "the document was saved before the server was killed")
    version = found.get("version") if isinstance(found, dict) else None
    if version in known.possible and version is not None:
        answers.document(answer, doc_id, document(version), "DUR-3")
        return int(version)
    was = "was deleted" if known.acknowledged is None else "was replaced"
    raise violation(
        "DUR-3",
        f"a document that {was}, as the store acknowledged before the server was killed, exists "
        "in an earlier version"
        if isinstance(version, int)
        else "a document exists in no version that was ever saved",
        answer=answer,
        expected=known.expected,
    )
