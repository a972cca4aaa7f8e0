"""How a selftest goes on, while it does: a bar on a terminal, marks in a log."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Self

from gofannon_conformance.selftest.matrix import GOOD, Verdict

if TYPE_CHECKING:
    from types import TracebackType

    from gofannon_conformance.selftest.matrix import Row

MARKS_IN_A_LINE = 60

MARKS = {
    Verdict.KILLED: ".",
    Verdict.PASSED: ".",
    Verdict.PENDING: "-",
    Verdict.SURVIVED: "S",
    Verdict.MISSED: "M",
    Verdict.FALSE_ALARM: "F",
    Verdict.VOID: "V",
    Verdict.BROKE: "E",
}


class Watching:
    """Shows each row as it comes, on the standard error."""

    def __init__(self, total: int, *, color: bool) -> None:
        self._total = total
        self._color = color
        self._done = 0
        self._errors = 0
        self._bar: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._begin_bar()
        return self

    def __call__(self, row: Row) -> None:
        """Take in a row."""
        self._done += 1
        self._errors += row.verdict not in GOOD
        if self._bar is not None:
            errors = f"{self._errors} errors" if self._errors else ""
            self._bar.update(self._task, completed=self._done, errors=errors, name=row.name)
            return
        sys.stderr.write(MARKS[row.verdict])
        if self._done % MARKS_IN_A_LINE == 0:
            sys.stderr.write(f" {self._done} of {self._total}\n")
        sys.stderr.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif self._done % MARKS_IN_A_LINE:
            sys.stderr.write(f" {self._done} of {self._total}\n")

    def _begin_bar(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeElapsedColumn as Elapsed

        self._bar = Progress(
            BarColumn(20),
            MofNCompleteColumn(),
            Elapsed(),
            TextColumn("{task.fields[errors]}", style="red", markup=False),
            TextColumn("{task.fields[name]}", markup=False),
            console=Console(stderr=True, no_color=not self._color),
            transient=True,
        )
        self._task = self._bar.add_task("", total=self._total, errors="", name="")
        self._bar.start()
