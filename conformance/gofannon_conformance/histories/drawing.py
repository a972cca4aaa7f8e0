"""Operations as text: what one is called, and a timeline with a row for each thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.histories.operations import Outcome
from gofannon_conformance.program import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gofannon_conformance.histories.operations import Operation

LONGEST_DOCUMENT = 60
"""How much of a document is shown in a timeline."""


def named(document: Any) -> str:
    """Name a version of a document shortly: by its only value, if all its fields have that.

    >>> named({"version": 3, "again": 3, "_id": "a"}), named({"n": 1, "m": 2})
    ('3', "{'n': 1, 'm': 2}")
    """
    if not isinstance(document, dict):
        return shortened(document, LONGEST_DOCUMENT)
    own = {k: v for k, v in document.items() if not (isinstance(k, str) and k[:1] == "_")}
    texts = {str(v) for v in own.values() if isinstance(v, (str, int)) and len(str(v)) < 12}
    if len(texts) == 1 and all(texts.issuperset(str(value).split()) for value in own.values()):
        return texts.pop()
    return shortened(own, LONGEST_DOCUMENT)


def called(operation: Operation) -> str:
    """Say who called what, as part of a sentence."""
    saved = f" of {named(operation.argument)}" if operation.method == "save" else ""
    who = operation.thread if " " in operation.thread else f"thread {operation.thread}"
    return f"{who}'s {operation.method}(){saved}"


def came(operation: Operation) -> str:
    """Say what came of a call, in a word or two."""
    if operation.outcome is Outcome.RETURNED:
        return named(operation.value) if operation.is_read else "ok"
    if operation.outcome is Outcome.MISSING and operation.method == "list_all":
        return "not there"
    if operation.error is None:
        return "no answer" if operation.outcome is Outcome.PENDING else operation.outcome.value
    status = getattr(operation.error, "status_code", None)
    return type(operation.error).__name__ if status is None else str(status)


def timeline(operations: Iterable[Operation]) -> str:
    """Draw one row for each thread; what stands further to the right began or ended later.

    A bar that is not closed belongs to a call of which nobody knows when it took effect.
    """
    shown = sorted(operations, key=lambda operation: operation.start)
    boxes = {operation.start: _box(operation) for operation in shown}
    columns = _columns(shown, boxes)
    threads = list(dict.fromkeys(operation.thread for operation in shown))
    margin = max((len(thread) for thread in threads), default=0)
    rows = []
    for thread in threads:
        row = ""
        for operation in shown:
            if operation.thread == thread:
                row = row.ljust(columns[operation.start]) + boxes[operation.start]
                if operation.end is not None and not operation.is_uncertain:
                    row = row.ljust(columns[operation.end]) + "]"
        rows.append(f"{thread.ljust(margin)}  {row}")
    return "\n".join(rows)


def _box(operation: Operation) -> str:
    argument = f" {named(operation.argument)}" if operation.method == "save" else ""
    unclosed = " ..." if operation.is_uncertain else ""
    return f"[{operation.method}{argument}: {came(operation)}{unclosed}"


def _columns(shown: list[Operation], boxes: dict[int, str]) -> dict[int, int]:
    """Give each event a column: in order, and far enough from its start for the text between."""
    starts = {operation.start for operation in shown}
    began = {operation.end: operation.start for operation in shown if operation.end is not None}
    columns: dict[int, int] = {}
    column = -1
    for event in sorted(starts | began.keys()):
        column += 1
        if event in began:
            column = max(column, columns[began[event]] + len(boxes[began[event]]))
        columns[event] = column
    return columns
