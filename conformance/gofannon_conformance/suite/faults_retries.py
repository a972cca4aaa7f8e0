"""Writes whose answer is lost: what somebody else did meanwhile must stand."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gofannon_conformance.faults import Cut
from gofannon_conformance.suite import faults_verdicts
from gofannon_conformance.suite.faults_scene import NEW, OLD, version_of
from gofannon_conformance.suite.faults_verdicts import GONE
from gofannon_conformance.violation import violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gofannon_conformance.calls import Answer
    from gofannon_conformance.suite.faults_scene import Scene
    from gofannon_conformance.suite.kit import Cases

PATIENCE = 0.15
"""Seconds in which a write that the server has answered shows; what was asked may be a read."""

AFTERWARDS = 1.0
"""Seconds after the first such call in which a write that is made again by itself shows."""

MOST_REQUESTS = 3
MEANWHILE = ((False, True), (True, True), (False, False))
"""Whether a newer version was saved, or else the document deleted; whether there was an older."""

NEWER = {"version": "newer", "by": "another caller"}


@dataclass(frozen=True)
class Saving:
    """How a document is saved, and what is broken if that is done twice."""

    method: str
    clauses: tuple[str, ...]
    save: Callable[[Scene, str], Answer]


ONE = Saving("save()", ("FAULT-7",), lambda here, doc_id: here.desk.save(doc_id, NEW))
MANY = Saving(
    "save_many()",
    ("FAULT-7", "BULK-1"),
    lambda here, doc_id: here.desk.save_many([{**NEW, "_id": doc_id}]),
)


def check_save_many(here: Scene) -> None:
    """As `check_save()`, of a request of one document."""
    MANY.save(here, f"new-{here.some_number()}")  # the first call may make requests of its own
    with here.proxy.watching() as seen:
        MANY.save(here, f"new-{here.some_number()}")
    check_save(here, sum(not exchange.handshake for exchange in seen), MANY)


def check_save(here: Scene, requests: int, saving: Saving = ONE) -> None:
    """Lose each answer of a save; let another delete the document, or save a newer one."""
    later = _Later()
    with here.kit.cases() as cases:
        for nth, way in _ways(here, requests):
            for newer, existed in MEANWHILE[:1] if way.late else MEANWHILE:
                after = "saves a newer version" if newer else "deletes the document"
                was = "an existing" if existed else "a new"
                label = f"{saving.method} of {was} document, {way.words}, then another {after}"
                with cases.case(label):
                    again = _save(here, saving, nth, way, newer=newer, existed=existed)
                    later.add(label, again)
        later.look(cases)


def check_delete(here: Scene, requests: int) -> None:
    """Lose each answer of a `delete()`; let another save the document anew."""
    later = _Later()
    with here.kit.cases() as cases:
        for nth, way in _ways(here, requests):
            label = f"delete(), {way.words}, then another saves the document anew"
            with cases.case(label):
                later.add(label, _delete(here, nth, way))
        later.look(cases)


class _Later:
    """What was right after each call, and must be so still: some write on when it has ended."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._checks: list[tuple[str, Callable[[], None]]] = []

    def add(self, label: str, check: Callable[[], None] | None) -> None:
        """Note what must still hold, if there is something."""
        if check is not None:
            self._since = self._since or time.monotonic()
            self._checks.append((label, check))

    def look(self, cases: Cases) -> None:
        """Look again; the first of the calls is then a while ago, if others took no longer."""
        if self._since is not None:
            time.sleep(max(0.0, self._since + AFTERWARDS - time.monotonic()))
        for label, holds in self._checks:
            with cases.case(f"{label}; a while later"):
                holds()


class Way:
    """A way in which an answer is lost."""

    def __init__(self, words: str, cut: Cut, *, late: bool = False) -> None:
        self.words = words
        self.late = late
        """Whether the connection is silent rather than cut, until the caller has given up."""
        self._cut = cut

    def cut(self, hook: Callable[[], object]) -> Cut:
        """Lose the answer, when the hook has run."""
        return Cut(self._cut.after, self._cut.manner, hook, self._cut.reply)


def _ways(here: Scene, requests: int) -> Iterator[tuple[int, Way]]:
    ways = [
        Way("its answer is lost (RST)", Cut(manner="RST")),
        Way("its answer is lost (FIN)", Cut(manner="FIN")),
        Way("its answer breaks off", Cut(after=1)),
    ]
    if "error page" in here.proxy.replies:  # a gateway's word, not the server's own
        ways.append(Way("a gateway says 503 although it is done", Cut(reply="503")))
        ways.append(Way("a gateway says 502 although it is done", Cut(reply="error page")))
    last = min(requests, MOST_REQUESTS)
    # First of all, so that whoever writes on after a time-out has done so when all is seen again.
    yield last, Way("its answer does not come", Cut(), late=True)
    # One more than there were when nothing was wrong: some make sure first that they are heard.
    for nth in range(1, last + 2):
        for way in ways:
            yield nth, way


def _save(
    here: Scene, saving: Saving, nth: int, way: Way, *, newer: bool, existed: bool
) -> Callable[[], None] | None:
    """Lose an answer, see what became of the document, and give what sees it again."""
    doc_id = here.on_desk(OLD) if existed else f"new-{here.some_number()}"
    done = threading.Event()

    def meanwhile() -> None:
        if _soon(lambda: version_of(here.desk_itself.get(doc_id)) == "new"):
            changed = (
                here.desk_itself.save(doc_id, NEWER) if newer else here.desk_itself.delete(doc_id)
            )
            if changed.returned:
                done.set()

    _with_lost_answer(here, nth, way, meanwhile, lambda: saving.save(here, doc_id))
    if not done.is_set():
        return None  # the write was not in the request whose answer was lost
    holds = partial(_check_saved_once, here, saving, doc_id, newer=newer)
    holds()
    return holds


def _check_saved_once(here: Scene, saving: Saving, doc_id: str, *, newer: bool) -> None:
    found = here.desk_itself.get(doc_id)
    if newer and version_of(found) == "newer":
        faults_verdicts.right_document(found, doc_id, NEWER, saving.clauses)
    elif newer or found.status != GONE:
        what = "newer version was overwritten" if newer else "deleted document came back"
        raise violation(
            saving.clauses,
            f"a {saving.method} whose answer was lost was made twice: the {what}",
            answer=found,
            expected="the newer version" if newer else "404",
        )


def _delete(here: Scene, nth: int, way: Way) -> Callable[[], None] | None:
    """As `_save()`."""
    doc_id = here.on_desk(OLD)
    done = threading.Event()

    def meanwhile() -> None:
        is_gone = _soon(lambda: here.desk_itself.get(doc_id).status == GONE)
        if is_gone and here.desk_itself.save(doc_id, NEWER).returned:
            done.set()

    _with_lost_answer(here, nth, way, meanwhile, lambda: here.desk.delete(doc_id))
    if not done.is_set():
        return None
    holds = partial(_check_deleted_once, here, doc_id)
    holds()
    return holds


def _check_deleted_once(here: Scene, doc_id: str) -> None:
    found = here.desk_itself.get(doc_id)
    if not found.returned:
        raise violation(
            "FAULT-7",
            "a delete() whose answer was lost was made twice: the document that was saved "
            "meanwhile is gone",
            answer=found,
            expected="the document",
        )
    faults_verdicts.right_document(found, doc_id, NEWER, "FAULT-7")


def _with_lost_answer(
    here: Scene,
    nth: int,
    way: Way,
    meanwhile: Callable[[], None],
    call: Callable[[], Answer],
) -> None:
    """Make a call of which one answer is lost; what others do meanwhile is done when it ends."""
    here.recovers("an answer was lost", thorough=False)
    began, finished, ended = (threading.Event() for _ in range(3))

    def hook() -> None:
        began.set()
        meanwhile()
        finished.set()
        if way.late:
            ended.wait(here.proxied.bound)

    with here.trouble(way.cut(hook), f"{way.words}, of request {nth}", nth=nth):
        try:
            here.ends(call)
        finally:
            ended.set()
        if began.is_set():
            finished.wait(here.proxied.bound)


def _soon(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            return False
    return True
