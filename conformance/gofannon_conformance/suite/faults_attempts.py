"""Calling a method in trouble: it must raise an error of the right kind, or be right."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from gofannon_conformance.program import shortened
from gofannon_conformance.suite import faults_verdicts
from gofannon_conformance.suite.faults_scene import NEW, OLD, version_of
from gofannon_conformance.suite.faults_verdicts import GONE
from gofannon_conformance.violation import Violation, violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gofannon_conformance.suite.faults_scene import Scene

TRIED = ("get", "save", "delete", "list_all")


def try_all(
    here: Scene, clause: str, trouble: str, *, binding: bool = True
) -> Iterator[tuple[str, Violation | None]]:
    """Try the four methods at once; give what each of them has done wrong."""
    with at_once(
        [partial(attempt, here, method, clause, trouble, binding=binding) for method in TRIED]
    ) as found:
        pass
    yield from zip(TRIED, found, strict=True)


@contextmanager
def at_once(attempts: Sequence[Callable[[], None]]) -> Iterator[list[Violation | None]]:
    """Make attempts at once, beside what is done within; afterwards, what each has done wrong."""
    came: list[BaseException | None] = [None] * len(attempts)

    def trying(place: int) -> None:
        try:
            attempts[place]()
        except BaseException as wrong:  # noqa: BLE001  # it is told, or raised, below
            came[place] = wrong

    threads = [
        threading.Thread(target=trying, args=(place,), daemon=True)
        for place in range(len(attempts))
    ]
    for thread in threads:
        thread.start()
    found: list[Violation | None] = []
    try:
        yield found
    finally:
        for thread in threads:
            thread.join()
    for wrong in came:
        if wrong is not None and not isinstance(wrong, Violation):
            raise wrong
        found.append(wrong)


def attempt(here: Scene, method: str, clause: str, trouble: str, *, binding: bool = True) -> None:
    """Call a method in trouble: it must raise an error of the right kind, or be right.

    Where it is not `binding`, the server's answer says that a write was carried out which was
    not: the service may believe it.
    """
    if here.is_dead:
        return
    if method == "get":
        _try_get(here, clause, trouble)
    elif method == "list_all":
        _try_list(here, clause, trouble)
    elif method == "save":
        _try_save(here, clause, trouble, binding=binding)
    else:
        _try_delete(here, clause, trouble, binding=binding)


def _try_get(here: Scene, clause: str, trouble: str) -> None:
    doc_id = here.some_id()
    answer = here.ends(lambda: here.shelf.get(doc_id), clause)
    if answer.returned:
        faults_verdicts.right_document(answer, doc_id, here.docs[doc_id], clause)
    else:
        faults_verdicts.tolerable(answer, clause, trouble)


def _try_list(here: Scene, clause: str, trouble: str) -> None:
    answer = here.ends(here.shelf.list_all, clause)
    if answer.returned:
        faults_verdicts.right_listing(answer, here.docs, clause)
    else:
        faults_verdicts.tolerable(answer, clause, trouble)


def _try_save(here: Scene, clause: str, trouble: str, *, binding: bool) -> None:
    doc_id = here.on_desk(OLD)
    answer = here.ends(lambda: here.desk.save(doc_id, NEW), clause)
    if answer.returned:
        faults_verdicts.right_receipt(answer, doc_id, clause, here.kit.dialect)
    else:
        faults_verdicts.tolerable(answer, clause, trouble)
    must_be_new = answer.returned and binding
    found = here.settled(doc_id, lambda found: not must_be_new or version_of(found) == "new")
    version = version_of(found)
    if version == "new" or (version == "old" and not must_be_new):
        doc = NEW if version == "new" else OLD
        faults_verdicts.right_document(found, doc_id, doc, clause)
        return
    raise violation(
        clause,
        f"save() {'returned' if answer.returned else 'raised'} when {trouble}; afterwards the "
        f"document is {'not saved' if version == 'old' else 'neither old nor new'}",
        answer=found,
        expected=shortened(NEW) + ("" if must_be_new else ", or the version before"),
    )


def _try_delete(here: Scene, clause: str, trouble: str, *, binding: bool) -> None:
    doc_id = here.on_desk({"to be": "deleted"})
    answer = here.ends(lambda: here.desk.delete(doc_id), clause)
    says_gone = answer.returned or answer.status == GONE
    if not says_gone:
        faults_verdicts.tolerable(answer, clause, trouble)
    if not binding and answer.returned:
        return
    found = here.settled(doc_id, lambda found: not says_gone or found.status == GONE)
    if found.status == GONE:
        return
    if says_gone:
        said = "returned" if answer.returned else "said that there is no such document"
        raise violation(
            clause,
            f"delete() {said} when {trouble}, and the document is still there",
            answer=answer,
            expected="an error, or that the document is gone",
        )
    faults_verdicts.right_document(found, doc_id, {"to be": "deleted"}, clause)
