"""Operations as text: labels for calls, and a timeline with a row for each thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.histories.content import own_fields
from gofannon_conformance.histories.operations import Ending
from gofannon_conformance.values.source import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gofannon_conformance.histories.operations import Operation

LONGEST_DOCUMENT = 60
"""How much of a document a timeline shows."""


def version_label(document: Any) -> str:
    """Return a short name of a version: its only value, if all its fields have that.

    >>> version_label({"version": 3, "again": 3, "_id": "a"}), version_label({"n": 1, "m": 2})
    ('3', "{'n': 1, 'm': 2}")
    """
    if not isinstance(document, dict):
        return shortened(document, LONGEST_DOCUMENT)
    own = own_fields(document)
    texts = {str(v) for v in own.values() if isinstance(v, (str, int)) and len(str(v)) < 12}
    if len(texts) == 1 and all(texts.issuperset(str(value).split()) for value in own.values()):
        return texts.pop()
    return shortened(own, LONGEST_DOCUMENT)


def call_label(operation: Operation) -> str:
    """Return a call as part of a sentence: the thread and the method."""
    saved = f" of {version_label(operation.argument)}" if operation.method == "save" else ""
    thread = operation.thread if " " in operation.thread else f"thread {operation.thread}"
    return f"{thread}'s {operation.method}(){saved}"


def result_label(operation: Operation) -> str:
    """Return the result of a call in a word or two."""
    if operation.ending is Ending.RETURNED:
        return version_label(operation.value) if operation.is_read else "ok"
    if operation.ending is Ending.MISSING and operation.method == "list_all":
        return "not there"
    if operation.error is None:
        return "no answer" if operation.ending is Ending.PENDING else operation.ending.value
    status = getattr(operation.error, "status_code", None)
    return type(operation.error).__name__ if status is None else str(status)


def timeline(operations: Iterable[Operation]) -> str:
    """Draw one row for each thread, with time from left to right.

    A bar without its closing bracket is a call whose effect may come at any later time.
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
    argument = f" {version_label(operation.argument)}" if operation.method == "save" else ""
    unclosed = " ..." if operation.is_uncertain else ""
    return f"[{operation.method}{argument}: {result_label(operation)}{unclosed}"


def _columns(shown: list[Operation], boxes: dict[int, str]) -> dict[int, int]:
    """Return the column of each event: in order, with room for the text of each box."""
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
