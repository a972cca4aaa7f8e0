"""The progress display, on standard error: a bar on a terminal, lines of marks in a log."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import nullcontext
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

MARKS_IN_A_LINE = 26


class Kind(Enum):
    """A result as the display shows it: its mark, its words in a count, and if it is a failure."""

    @property
    def mark(self) -> str:
        """The character that is shown for it in a log."""
        return str(self.value[0])

    @property
    def words(self) -> str:
        """The words that follow its count."""
        return str(self.value[1])

    @property
    def is_failure(self) -> bool:
        """Whether the bar counts it."""
        return "failure" in self.value[2:]


class Progress:
    """Shows how many items are done, and with which results.

    `aside` is entered while something is written: it suspends pytest's capture of the streams.
    """

    def __init__(
        self,
        total: int,
        *,
        color: bool,
        aside: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        self._total = total
        self._aside = aside
        self._color = color
        self._done = 0
        self._group: str | None = None
        self._line: Counter[Kind] = Counter()
        self._all: Counter[Kind] = Counter()
        self._bar: Any = None

    def begin(self, heading: str) -> None:
        """Write the heading and start the bar."""
        with self._aside():
            self._write(f"{heading}\n")
            if sys.stderr.isatty():
                self._start_bar()

    def show(self, name: str) -> None:
        """Show the name of the current item."""
        if self._bar is not None:
            self._redraw(name=name)

    def add(self, kind: Kind, *, group: str = "") -> None:
        """Show a result; in a log each group has its own line."""
        self._all[kind] += 1
        if self._bar is not None:
            return
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
        """Count one more item as done."""
        self._done += 1
        if self._bar is not None:
            self._redraw()

    def end(self) -> None:
        """Remove the bar from a terminal; end the line in a log."""
        with self._aside():
            if self._bar is not None:
                self._bar.stop()
            else:
                self._end_line()

    def _start_bar(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar
        from rich.table import Column

        self._bar = Bar(
            BarColumn(20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[failures]}", markup=False),
            TextColumn(
                "{task.fields[name]}",
                markup=False,
                table_column=Column(no_wrap=True, overflow="ellipsis"),
            ),
            console=Console(stderr=True, no_color=not self._color),
            transient=True,
            auto_refresh=False,
        )
        self._task = self._bar.add_task("", total=self._total, failures="", name="")
        self._bar.start()

    def _redraw(self, **fields: str) -> None:
        failures = _counts(Counter({k: n for k, n in self._all.items() if k.is_failure}))
        with self._aside():
            self._bar.update(
                self._task, completed=self._done, failures=failures, refresh=True, **fields
            )

    def _end_line(self) -> None:
        if self._line:
            last = self._line.total() % MARKS_IN_A_LINE or MARKS_IN_A_LINE
            self._write(f"{' ' * (MARKS_IN_A_LINE - last)}  {_counts(self._line)}\n")
            self._line.clear()

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


def _counts(counted: Counter[Kind]) -> str:
    """Return the counts as text, in the order in which the kinds are defined."""
    kinds = [kind for kind in type(next(iter(counted))) if kind in counted] if counted else []
    return ", ".join(f"{counted[kind]} {kind.words}" for kind in kinds)
