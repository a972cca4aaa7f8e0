"""How far a run is, for a person who waits: bars on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol, TextIO

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from rich.progress import Progress as RichProgress
    from rich.progress import ProgressColumn, Task, TaskID

_LINE_SECONDS: Final = 5.0
_BAR_SECONDS: Final = 0.1


class Progress(Protocol):
    """Is told what is being done, and how many documents are done with."""

    def begin(self, what: str, total: int | None, done: int = 0) -> None:
        """Begin something new with so many documents, of which some were done before."""

    def advance(self) -> None:
        """Count one document more; called by many threads."""


class Silent:
    """Shows nothing."""

    def begin(self, what: str, total: int | None, done: int = 0) -> None:
        """Show nothing."""

    def advance(self) -> None:
        """Show nothing."""


class _Counting:
    """Counts under a lock, and shows at most so often: to draw is dearer than to move."""

    seconds = _LINE_SECONDS

    def __init__(self) -> None:
        self._lock = Lock()
        self._what = ""
        self._total: int | None = None
        self._before = self._done = 0
        self._began = self._shown = monotonic()

    def begin(self, what: str, total: int | None, done: int = 0) -> None:
        """Begin something new, and leave what was before as it ended."""
        with self._lock:
            self._end()
            self._what, self._total = what, total
            self._before = self._done = done
            self._began = self._shown = monotonic()
            self._start()

    def advance(self) -> None:
        """Count one, and show it if it is time."""
        with self._lock:
            self._done += 1
            if self._total is not None and self._done > self._total:
                self._total = None  # a target can hold more than was moved
            now = monotonic()
            if now - self._shown >= self.seconds:
                self._shown = now
                self._show()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            self._end()
            self._what = ""

    @property
    def rate(self) -> float:
        """Documents per second since the beginning."""
        return (self._done - self._before) / max(monotonic() - self._began, 0.001)

    def _start(self) -> None: ...

    def _show(self) -> None: ...

    def _end(self) -> None: ...


class Lines(_Counting):
    """Writes a plain line every few seconds, and one at each end: for a log."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def _show(self) -> None:
        rate = self.rate
        left = ""
        if self._total is not None and rate:
            left = f", {_duration((self._total - self._done) / rate)} left"
        self._write(f"{rate:,.0f}/s{left}")

    def _end(self) -> None:
        if self._what and self._total != 0:
            self._write(f"{self.rate:,.0f}/s, ended after {_duration(monotonic() - self._began)}")

    def _write(self, state: str) -> None:
        of = "" if self._total is None else f" of {self._total:,}"
        self._stream.write(f"{self._what}: {self._done:,}{of} documents, {state}\n")
        self._stream.flush()


class Bars(_Counting):
    """Draws a bar for each thing that is done, with its rate and the time that is left."""

    seconds = _BAR_SECONDS

    def __init__(self, drawing: RichProgress) -> None:
        super().__init__()
        self._drawing = drawing
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._drawing.start()
        return super().__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, traceback)
        self._drawing.stop()

    def _start(self) -> None:
        if self._total == 0:
            return
        self._task = self._drawing.add_task(
            self._what, total=self._total, completed=self._done, rate=0.0
        )

    def _show(self) -> None:
        if self._task is not None:
            self._drawing.update(self._task, completed=self._done, rate=self.rate)

    def _end(self) -> None:
        if self._task is not None:
            self._drawing.update(self._task, completed=self._done, total=self._done, rate=self.rate)
            self._task = None


def shown(stream: TextIO | None = None) -> Bars | Lines:
    """Return what fits the stream, standard error if none: bars on a terminal, else lines."""
    stream = stream or sys.stderr
    if not stream.isatty():
        return Lines(stream)
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns: list[ProgressColumn] = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _rate_column(),
        TimeRemainingColumn(elapsed_when_finished=True),
    ]
    return Bars(RichProgress(*columns, console=Console(file=stream)))


def _rate_column() -> ProgressColumn:
    from rich.progress import ProgressColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.fields['rate']:,.0f}/s")

    return Rate()


def _duration(seconds: float) -> str:
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
