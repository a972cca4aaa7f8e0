"""FAULT-7: writes whose answer is lost must not be applied again over a later change."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from gofannon_conformance.calls.violation import violation
from gofannon_conformance.proxy import Cut
from gofannon_conformance.suite.faults import checks
from gofannon_conformance.suite.faults.cases import requests_of, requests_of_method
from gofannon_conformance.suite.faults.checks import GONE
from gofannon_conformance.suite.faults.recovery import check_recovery
from gofannon_conformance.suite.faults.scene import NEW, OLD, version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.cases import Cases
    from gofannon_conformance.suite.faults.scene import Scene

VISIBLE_WITHIN = 0.15
"""Seconds in which a write that the server has answered shows; the request may be a read."""

AFTERWARDS = 1.0
"""Seconds after the first lost write in which a background retry shows."""

MOST_REQUESTS = 3

NEWER = {"version": "newer", "by": "another caller"}


@dataclass(frozen=True)
class Change:
    """What another caller does between the write and a retry."""

    newer: bool
    """Whether it saves a newer version; otherwise it deletes the document."""
    existed: bool = True
    """Whether the document existed before the write."""

    @property
    def words(self) -> str:
        """The change, for a label."""
        after = "saves a newer version" if self.newer else "deletes the document"
        return f"of {'an existing' if self.existed else 'a new'} document, then another {after}"


@dataclass(frozen=True)
class Write:
    """A write whose answer is lost; by default one that saves the `NEW` document."""

    method: str
    clauses: tuple[str, ...]
    make: Callable[[Scene, str], Answer]
    is_done: Callable[[Answer], bool] = lambda found: version_of(found) == "new"
    """Whether a `get()` shows that it was executed."""
    changes: tuple[Change, ...] = (
        Change(newer=False),
        Change(newer=True),
        Change(newer=False, existed=False),
    )


SAVE = Write("save()", ("FAULT-7",), lambda scene, doc_id: scene.scratch.save(doc_id, NEW))
SAVE_MANY = Write(
    "save_many()",
    ("FAULT-7", "BULK-1"),
    lambda scene, doc_id: scene.scratch.save_many([{**NEW, "_id": doc_id}]),
)
DELETE = Write(
    "delete()",
    ("FAULT-7",),
    lambda scene, doc_id: scene.scratch.delete(doc_id),
    is_done=lambda found: found.status == GONE,
    changes=(Change(newer=True),),
)


@dataclass(frozen=True)
class Way:
    """A way in which an answer is lost."""

    words: str
    cut: Cut
    late: bool = False
    """Whether the connection is silent, not cut, until the caller has given up."""


def check_save(scene: Scene) -> None:
    """Lose each answer of a `save()`; meanwhile another caller changes the document."""
    _check(scene, SAVE, len(requests_of_method(scene, "save")))


def check_save_many(scene: Scene) -> None:
    """Lose each answer of a `save_many()` of one document."""
    requests = requests_of(scene, lambda: SAVE_MANY.make(scene, f"new-{scene.next_number()}"))
    _check(scene, SAVE_MANY, len(requests))


def check_delete(scene: Scene) -> None:
    """Lose each answer of a `delete()`; meanwhile another caller saves the document again."""
    _check(scene, DELETE, len(requests_of_method(scene, "delete")))


def _check(scene: Scene, write: Write, requests: int) -> None:
    later = _LaterChecks()
    with scene.kit.cases() as cases:
        for nth, way in _ways(scene, requests):
            for change in write.changes[:1] if way.late else write.changes:
                label = f"{write.method} {change.words}; {way.words}"
                with cases.case(label):
                    doc_id = _lose_answer(scene, write, change, nth, way)
                    if doc_id is not None:
                        check = partial(_check_applied_once, scene, write, change, doc_id)
                        check()
                        later.add(label, check)
        later.run(cases)


class _LaterChecks:
    """Checks that held after each call, to be repeated for retries in the background."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._checks: list[tuple[str, Callable[[], None]]] = []

    def add(self, label: str, check: Callable[[], None]) -> None:
        """Note a check that held."""
        self._since = self._since or time.monotonic()
        self._checks.append((label, check))

    def run(self, cases: Cases) -> None:
        """Repeat the checks, when a retry after the first call has had its time."""
        if self._since is not None:
            time.sleep(max(0.0, self._since + AFTERWARDS - time.monotonic()))
        for label, check in self._checks:
            with cases.case(f"{label}; later"):
                check()


def _ways(scene: Scene, requests: int) -> Iterator[tuple[int, Way]]:
    ways = [
        Way("its answer is lost (RST)", Cut(manner="RST")),
        Way("its answer is lost (FIN)", Cut(manner="FIN")),
        Way("its answer breaks off", Cut(after=1)),
    ]
    if "error page" in scene.proxy.replies:  # the reply of a gateway, not of the server
        ways.append(Way("a gateway says 503 although it is done", Cut(reply="503")))
        ways.append(Way("a gateway says 502 although it is done", Cut(reply="error page")))
    last = min(requests, MOST_REQUESTS)
    # This comes first, so that a retry after the time-out is done when the checks are repeated.
    yield last, Way("its answer does not arrive", Cut(), late=True)
    # One request more than without a fault: some services check first that they are connected.
    for nth in range(1, last + 2):
        for way in ways:
            yield nth, way


def _lose_answer(scene: Scene, write: Write, change: Change, nth: int, way: Way) -> str | None:
    """Make a write and lose an answer; return the id if the document was changed meanwhile."""
    doc_id = scene.save_scratch(OLD) if change.existed else f"new-{scene.next_number()}"
    direct = scene.scratch_direct
    check_recovery(scene, "an answer was lost", thorough=False)
    began, finished, ended, changed = (threading.Event() for _ in range(4))

    def meanwhile() -> None:
        began.set()
        if _soon(lambda: write.is_done(direct.get(doc_id))):
            answer = direct.save(doc_id, NEWER) if change.newer else direct.delete(doc_id)
            if answer.returned:
                changed.set()
        finished.set()
        if way.late:
            ended.wait(scene.bound)

    cut = replace(way.cut, hook=meanwhile)
    with scene.inject(cut, f"{way.words}, of request {nth}", nth=nth):
        try:
            scene.calls.make(lambda: write.make(scene, doc_id))
        finally:
            ended.set()
        if began.is_set():
            finished.wait(scene.bound)
    return doc_id if changed.is_set() else None  # else the lost answer was not the write's


def _check_applied_once(scene: Scene, write: Write, change: Change, doc_id: str) -> None:
    found = scene.scratch_direct.get(doc_id)
    if change.newer and version_of(found) == "newer":
        checks.right_document(found, doc_id, NEWER, write.clauses)
    elif change.newer or found.status != GONE:
        wrong = (
            "the newer version was overwritten" if found.returned else "the newer version is gone"
        )
        raise violation(
            write.clauses,
            f"a {write.method} whose answer was lost was applied twice: "
            + (wrong if change.newer else "the deleted document came back"),
            answer=found,
            expected="the newer version" if change.newer else "404",
        )


def _soon(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + VISIBLE_WITHIN
    while not holds():
        if time.monotonic() > deadline:
            return False
    return True
