"""A server stopped, started and killed in mid-write, and what its store must hold afterwards."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls import Call, Caller, Trace
from gofannon_conformance.instances import OnlyOne
from gofannon_conformance.servers.own import OwnServer
from gofannon_conformance.suite import expect
from gofannon_conformance.suite.durable_cases import ODD_IDS, TYPES
from gofannon_conformance.violation import NotApplicable, NotTested, violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gofannon_conformance.calls import Answer
    from gofannon_conformance.servers import Server
    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection

WRITERS = 3
IDS_OF_EACH = 5
KIBIBYTES = (64, 1, 96, 20, 64, 96, 8)
"""How large the documents are in turn: the larger ones take a careless store several writes."""

MORE_THAN_A_TAIL = 150
"""Documents, each saved once: a store that reads only the end of its log lacks the first."""

LONGEST_DELAY = 0.03
"""Seconds until every second kill: else each would come just after an acknowledgement."""

AT_LEAST = 5
"""Acknowledged calls of each writer before the server is killed."""

KILLS = 20
LEAST_KILLS = 5
"""One kill finds a torn write about every second time."""
KILLING = 2.5
"""Seconds after which no further kill is begun, once there were a few."""


@dataclass
class Restarts:
    """A server that may be restarted, and what is to be seen of it."""

    kit: Kit
    server: Server
    claimed: bool | None

    @property
    def outlives_kill(self) -> bool:
        """Whether the store claims that what it has acknowledged outlives a kill."""
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

    def note(self, what: str) -> None:
        """Say in the program of a failure what became of the server."""
        self.kit.trace.steps.append(f"# here the server was {what}")

    def await_answer(self, collection: Collection, doc_id: str) -> Answer:
        """Read until the server's failures are over; the target's bound is the limit."""
        until = time.monotonic() + self.kit.target.bound
        while True:
            answer = collection.get(doc_id)
            if answer.returned or answer.refused:
                return answer
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
    """Give a server that the test may stop; or say why there is none."""
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


def check_stop(restarts: Restarts, collection: Collection, instance: Caller) -> None:
    """What was saved before a stop must be there after the start, for the same instance, too."""
    mine = collection.through(instance)
    docs: dict[str, dict[str, Any]] = {f"kept-{n}": {"n": n} for n in range(10)}
    docs |= {f"small-{n}": {"n": n} for n in range(MORE_THAN_A_TAIL)}
    docs["kept-types"] = TYPES
    docs["kept-big"] = {"text": "begin " + "x" * 50_000 + " end", "list": list(range(300))}
    for doc_id, doc in docs.items():
        if doc_id.startswith("kept"):
            expect.saved(mine.save(doc_id, {"old": doc_id}), "DUR-3")
        expect.saved(mine.save(doc_id, doc), "DUR-3")
    for doc_id in ODD_IDS:
        if mine.save(doc_id, {"id": doc_id}).returned:  # or it is refused: ID-3 tells
            docs[doc_id] = {"id": doc_id}
    for doc_id in ("kept-0", "kept-9"):
        expect.deleted(mine.delete(doc_id), "DUR-3")
        del docs[doc_id]
    restarts.server.stop()
    restarts.note("stopped and started")
    restarts.server.start()
    restarts.await_answer(mine, "kept-1")
    with restarts.instance() as later:
        theirs = collection.through(later)
        kept = [doc_id for doc_id in docs if theirs.get(doc_id).returned]
        if restarts.claimed is False:
            if len(kept) == len(docs):
                raise violation(
                    "DUR-3",
                    "the target says that it is not restartable, but its documents outlive a "
                    "stop and a start of the server",
                    expected="capabilities that claim restartable, or say nothing",
                )
            raise NotApplicable("the target says that it is not restartable")
        if restarts.claimed is None and not kept:
            raise NotApplicable(
                "nothing is left after a stop and a start of the server: it is in memory by nature "
                "(if it should not be, say that the target is `restartable`)"
            )
        for seen in (mine, theirs):
            _check_kept(seen, docs)
        restarts.server.stop()
        restarts.note("stopped and started again, though nothing was saved")
        restarts.server.start()
        restarts.await_answer(theirs, "kept-1")
        _check_kept(theirs, docs)
    restarts.await_answer(mine, "kept-1")
    for doc_id in docs:
        expect.deleted(mine.delete(doc_id), "DUR-3")


def _check_kept(seen: Collection, docs: dict[str, dict[str, Any]]) -> None:
    for doc_id, doc in docs.items():
        expect.document(seen.get(doc_id), doc_id, doc, "DUR-3")
    expect.missing(seen.get("kept-0"), "DUR-3")
    expect.listing(seen.list_all(), docs, "DUR-3")


def check_kill(restarts: Restarts, collection: Collection) -> None:
    """What was acknowledged before a kill must be there, and all else whole or absent."""
    random = Random(f"{restarts.kit.seed} {restarts.kit.test}")  # noqa: S311  # an example
    with ExitStack() as stack:
        callers = [stack.enter_context(restarts.instance()) for _ in range(WRITERS)]
        writers = [Writer(number, caller, collection) for number, caller in enumerate(callers)]
        untouched = {f"untouched-{n}": {"n": n} for n in range(3)}
        for doc_id, doc in untouched.items():
            expect.saved(collection.through(callers[0]).save(doc_id, doc), "DUR-3")
        since = time.monotonic()
        for number in range(KILLS):
            if number >= LEAST_KILLS and time.monotonic() > since + KILLING:
                return
            delay = random.uniform(0.0, LONGEST_DELAY) if number % 2 else 0.0
            _kill_in_mid_write(restarts, writers, random, delay)
            with restarts.instance() as later:
                _check_all(restarts, collection.through(later), writers, untouched)


def _kill_in_mid_write(
    restarts: Restarts, writers: list[Writer], random: Random, delay: float
) -> None:
    bound = restarts.kit.target.bound
    for writer in writers:
        writer.begin()
    enough = AT_LEAST + random.randrange(8)
    until = time.monotonic() + bound
    while any(writer.acknowledged < enough for writer in writers):
        if time.monotonic() > until:
            break  # its saves take their time: it is killed at what it does then
        time.sleep(0.001)
    idle = [writer for writer in writers if not writer.acknowledged]
    time.sleep(delay)
    restarts.server.kill()
    for writer in writers:
        writer.stopping.set()
    restarts.kit.trace.begin()
    restarts.note("killed while documents were saved, and started again")
    restarts.server.start()
    for writer in writers:
        if not writer.ended(within=bound + 10.0):
            raise NotTested(f"a call had not ended {bound:g} s after the server was killed")
    if idle and not idle[0].worked:
        raise NotTested("no save was acknowledged before the server was killed")
    if idle:
        raise violation(
            ("DUR-3", "FAULT-5"),
            f"the server was killed and started again, but an instance that knows it from before "
            f"has not worked for {bound:g} s",
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
    expect.listing(theirs.list_all(), live, "DUR-3")


def _check(answer: Answer, doc_id: str, known: Known) -> int | None:
    """Give the version that is there; it must be the acknowledged one, or one in doubt."""
    if answer.status == expect.NOT_FOUND:
        if None in known.possible:
            return None
        raise violation(
            "DUR-3",
            f"version {known.acknowledged} of a document was acknowledged, then the server was "
            "killed, and now there is no such document",
            answer=answer,
            expected=known.told(),
        )
    found = expect.returned(answer, "DUR-3", "the document was saved before the server was killed")
    version = found.get("version") if isinstance(found, dict) else None
    if version in known.possible and version is not None:
        expect.document(answer, doc_id, document(version), "DUR-3")
        return int(version)
    was = "was deleted" if known.acknowledged is None else "was replaced"
    raise violation(
        "DUR-3",
        f"a document that {was}, as the store acknowledged before the server was killed, is there "
        "in an earlier version"
        if isinstance(version, int)
        else "a document is there in no version that was ever saved",
        answer=answer,
        expected=known.told(),
    )


def document(version: int) -> dict[str, Any]:
    """Make the document of a version; a mixture of two is neither."""
    size = KIBIBYTES[version % len(KIBIBYTES)]
    return {"version": version, "body": [f"{version:08}" * 16] * (8 * size), "end": version}


@dataclass
class Known:
    """What is known of one document: the version acknowledged last, and those in doubt."""

    acknowledged: int | None = None
    """None where the document is absent."""
    in_doubt: list[int | None] = field(default_factory=list)
    """What later calls tried that raised: each may have been done or not."""

    @property
    def possible(self) -> tuple[int | None, ...]:
        """The versions that may be there."""
        return self.acknowledged, *self.in_doubt

    def settle(self, version: int | None) -> None:
        """Take in what is there."""
        self.acknowledged, self.in_doubt = version, []

    def told(self) -> str:
        """Say what may be there."""
        names = {"no document" if v is None else f"version {v}, whole" for v in self.possible}
        return " or ".join(sorted(names))


class Writer:
    """Saves, replaces and deletes documents of its own, as fast as it can, until it is stopped."""

    def __init__(self, number: int, caller: Caller, collection: Collection) -> None:
        self.ids = [f"w{number}-{n}" for n in range(IDS_OF_EACH)]
        self.known = {doc_id: Known() for doc_id in self.ids}
        self.acknowledged = 0
        self.worked = False
        """Whether a call was acknowledged before the server was killed for the first time."""
        self.last: Answer | None = None
        self.stopping = threading.Event()
        self._caller = Caller(caller.opened, Trace())
        self._name = collection.name
        self._version = number * 1_000_000
        for doc_id in self.ids:
            collection.workspace.note_save(self._name, doc_id)

    def begin(self) -> None:
        """Write, in a thread."""
        self.acknowledged = 0
        self.stopping.clear()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def ended(self, *, within: float) -> bool:
        """Wait until the last call has ended."""
        self._thread.join(within)
        return not self._thread.is_alive()

    def _write(self) -> None:
        while not self.stopping.is_set():
            self._version += 1
            version = self._version
            doc_id = self.ids[version % IDS_OF_EACH]
            if version % 4 == 3:
                done = self._call(None, "delete", doc_id)
            else:
                done = self._call(version, "save", doc_id, document(version))
            if not done:
                self.stopping.wait(0.01)  # most likely the server was killed

    def _call(self, version: int | None, method: str, doc_id: str, *rest: Any) -> bool:
        arguments = (self._name, doc_id, *rest)
        answer = self._caller.quietly(Call(method, arguments), arguments)
        self.last = answer
        known = self.known[doc_id]
        if answer.returned:
            known.settle(version)
            self.acknowledged += 1
        elif not answer.refused:
            known.in_doubt.append(version)
        return answer.returned
