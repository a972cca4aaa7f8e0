"""The progress of a selftest: the kinds of its results."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from gofannon_conformance.report import progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gofannon_conformance.selftest.matrix import Row


class Kind(progress.Kind):
    """The result of a service, as the progress shows it; the names are those of `Result`."""

    KILLED = ".", "killed"
    PASSED = ".", "passed"
    PENDING = "-", "pending"
    SURVIVED = "S", "survived", "failure"
    MISSED = "M", "missed", "failure"
    FALSE_ALARM = "F", "false alarms", "failure"
    VOID = "V", "void", "failure"
    BROKE = "E", "in error", "failure"


@contextmanager
def shown(total: int, heading: str, *, color: bool) -> Iterator[Callable[[Row], None]]:
    """Yield a function that shows each row of the matrix when it is there."""
    display = progress.Progress(total, color=color)

    def show(row: Row) -> None:
        display.add(Kind[row.result.name])
        display.show(row.name)
        display.done()

    display.begin(heading)
    try:
        yield show
    finally:
        display.end()
