"""How a run goes on, while it does: a bar on a terminal, a line per group in a log file."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import nullcontext
from enum import Enum
from typing import TYPE_CHECKING, Any

from gofannon_conformance.report.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    import pytest

    from gofannon_conformance.accounting import TestData

MARKS_IN_A_LINE = 26


class Kind(Enum):
    """What a test came to, as the progress shows it: its mark, and its words in a count."""

    PASSED = ".", "passed"
    FAILED = "F", "failed"
    FAILED_A_SHOULD = "f", "SHOULD failed"
    EXPECTED = "x", "expected"
    NOT_APPLICABLE = "-", "n.a."
    NOT_TESTED = "?", "not tested"
    ERROR = "E", "in error"

    @property
    def mark(self) -> str:
        """The one character that stands for it."""
        return self.value[0]

    @property
    def words(self) -> str:
        """What a count of it is called."""
        return self.value[1]


_KINDS = {
    Outcome.PASS: Kind.PASSED,
    Outcome.NOT_APPLICABLE: Kind.NOT_APPLICABLE,
    Outcome.NOT_TESTED: Kind.NOT_TESTED,
    Outcome.ERROR: Kind.ERROR,
}


def kind_of(report: pytest.TestReport, data: TestData) -> Kind:
    """Say what a test came to, by its outcome and by what excuses it."""
    if not data["failures"]:
        return _KINDS[Outcome(data["outcome"])]
    if report.failed:
        return Kind.FAILED
    excused = data["target"]["expected"].keys() | data["target"]["limits"].keys()
    broken = {clause for failure in data["failures"] for clause in failure["clauses"]}
    return Kind.EXPECTED if broken <= excused else Kind.FAILED_A_SHOULD


class Progress:
    """Shows how many tests have ended, and what they came to."""

    def __init__(
        self,
        total: int,
        *,
        color: bool,
        aside: Callable[[], AbstractContextManager[Any]] | None = None,
    ) -> None:
        self._total = total
        self._aside = aside or nullcontext
        self._color = color
        self._done = 0
        self._group = ""
        self._line: Counter[Kind] = Counter()
        self._all: Counter[Kind] = Counter()
        self._bar: Any = None

    def begin(self, targets: list[str], profile: str, seed: int) -> None:
        """Say what is about to be run."""
        tests = f"{self._total} test{'s' * (self._total != 1)}"
        with self._aside():
            self._write(f"{', '.join(targets)}: {tests}, profile {profile}, seed {seed}\n")
            if sys.stderr.isatty():
                self._begin_bar()

    def start(self, nodeid: str) -> None:
        """Show which test begins."""
        if self._bar is not None:
            _, _, name = nodeid.rpartition("::")
            self._redraw(test=name.removeprefix("test_").replace("_", " "))

    def advance(self, data: TestData, kind: Kind) -> None:
        """Take in what a test came to."""
        self._all[kind] += 1
        if self._bar is not None:
            return
        group = data["clauses"][0].partition("-")[0]
        with self._aside():
            if group != self._group:
                self._end_line()
                self._group = group
                self._write(f"  {group:<4} ")
            elif self._line and not self._line.total() % MARKS_IN_A_LINE:
                self._write("\n       ")
            self._write(kind.mark)
            self._line[kind] += 1

    def done(self) -> None:
        """Take in that a test has ended, and what it used was put away."""
        self._done += 1
        if self._bar is not None:
            self._redraw()

    def end(self) -> None:
        """Leave nothing behind on a terminal; end the line in a log."""
        with self._aside():
            if self._bar is not None:
                self._bar.stop()
            else:
                self._end_line()

    def _begin_bar(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar
        from rich.table import Column

        self._bar = Bar(
            BarColumn(20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[missed]}", markup=False),
            TextColumn(
                "{task.fields[test]}",
                markup=False,
                table_column=Column(no_wrap=True, overflow="ellipsis"),
            ),
            console=Console(stderr=True, no_color=not self._color),
            transient=True,
            auto_refresh=False,
        )
        self._task = self._bar.add_task("", total=self._total, missed="", test="")
        self._bar.start()

    def _redraw(self, **fields: str) -> None:
        missed = _counts(self._all, (Kind.FAILED, Kind.FAILED_A_SHOULD, Kind.ERROR))
        with self._aside():
            self._bar.update(
                self._task, completed=self._done, missed=missed, refresh=True, **fields
            )

    def _end_line(self) -> None:
        if self._line:
            last = self._line.total() % MARKS_IN_A_LINE or MARKS_IN_A_LINE
            self._write(f"{' ' * (MARKS_IN_A_LINE - last)}  {_counts(self._line, Kind)}\n")
            self._line.clear()

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


def _counts(counted: Counter[Kind], kinds: Any) -> str:
    return ", ".join(f"{counted[kind]} {kind.words}" for kind in kinds if counted[kind])
