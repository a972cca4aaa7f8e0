"""A call under a fault: it must raise an error of the right kind, or be right."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from gofannon_conformance.calls.violation import Violation, violation
from gofannon_conformance.suite.faults import checks
from gofannon_conformance.suite.faults.checks import GONE
from gofannon_conformance.suite.faults.scene import NEW, OLD, version_of
from gofannon_conformance.values.source import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.cases import Cases
    from gofannon_conformance.suite.faults.scene import Scene

METHODS = ("get", "save", "delete", "list_all")


def attempt_all(
    scene: Scene, cases: Cases, clause: str, fault: str, *, binding: bool = True
) -> None:
    """Attempt the four methods at once, each as a case."""
    with at_once(
        [partial(attempt, scene, method, clause, fault, binding=binding) for method in METHODS]
    ) as found:
        pass
    for method, wrong in zip(METHODS, found, strict=True):
        with cases.case(f"{method}(), {fault}"):
            if wrong is not None:
                raise wrong


@contextmanager
def at_once(attempts: Sequence[Callable[[], None]]) -> Iterator[list[Violation | None]]:
    """Make attempts in threads during the block; the list holds their violations after it."""
    found: list[Violation | None] = []
    with ThreadPoolExecutor(max(len(attempts), 1)) as pool:
        running = [pool.submit(attempt) for attempt in attempts]
        yield found
    for future in running:
        wrong = future.exception()
        if wrong is not None and not isinstance(wrong, Violation):
            raise wrong
        found.append(wrong)


def attempt(scene: Scene, method: str, clause: str, fault: str, *, binding: bool = True) -> None:
    """Call one of the four methods under a fault: it must raise the right error, or be right.

    Not `binding` is a forged reply that says that a write was executed: the service may believe
    it.
    """
    if scene.calls.stopped:
        return
    if method == "save":
        _attempt_save(scene, clause, fault, binding=binding)
    elif method == "delete":
        _attempt_delete(scene, clause, fault, binding=binding)
    elif method == "list_all":
        made = scene.calls.make(scene.stable.list_all, clause)
        right = partial(checks.right_listing, docs=scene.docs, clause=clause)
        check_answer(made, right, clause, fault)
    else:
        doc_id = scene.some_id()
        made = scene.calls.make(lambda: scene.stable.get(doc_id), clause)
        doc = scene.docs[doc_id]
        right = partial(checks.right_document, doc_id=doc_id, doc=doc, clause=clause)
        check_answer(made, right, clause, fault)


def check_answer(answer: Answer, right: Callable[[Answer], None], clause: str, fault: str) -> None:
    """Raise unless an answer is right, or a tolerable error."""
    if answer.returned:
        right(answer)
    else:
        checks.tolerable(answer, clause, fault)


def _attempt_save(scene: Scene, clause: str, fault: str, *, binding: bool) -> None:
    doc_id = scene.save_scratch(OLD)
    answer = scene.calls.make(lambda: scene.scratch.save(doc_id, NEW), clause)
    right = partial(checks.right_receipt, doc_id=doc_id, clause=clause, dialect=scene.kit.dialect)
    check_answer(answer, right, clause, fault)
    must_be_new = answer.returned and binding
    found = scene.get_settled(doc_id, lambda found: not must_be_new or version_of(found) == "new")
    version = version_of(found)
    if version == "new" or (version == "old" and not must_be_new):
        doc = NEW if version == "new" else OLD
        checks.right_document(found, doc_id, doc, clause)
        return
    raise violation(
        clause,
        f"save() {'returned' if answer.returned else 'raised'} when {fault}; afterwards the "
        f"document is {'not saved' if version == 'old' else 'neither old nor new'}",
        answer=found,
        expected=shortened(NEW) + ("" if must_be_new else ", or the version before"),
    )


def _attempt_delete(scene: Scene, clause: str, fault: str, *, binding: bool) -> None:
    doc_id = scene.save_scratch({"to be": "deleted"})
    answer = scene.calls.make(lambda: scene.scratch.delete(doc_id), clause)
    says_gone = answer.returned or answer.status == GONE
    if not says_gone:
        checks.tolerable(answer, clause, fault)
    if not binding and answer.returned:
        return
    found = scene.get_settled(doc_id, lambda found: not says_gone or found.status == GONE)
    if found.status == GONE:
        return
    if says_gone:
        said = "returned" if answer.returned else "raised 404"
        raise violation(
            clause,
            f"delete() {said} when {fault}, and the document still exists",
            answer=answer,
            expected="an error, or that the document is gone",
        )
    checks.right_document(found, doc_id, {"to be": "deleted"}, clause)
