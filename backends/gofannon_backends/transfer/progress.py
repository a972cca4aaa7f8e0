"""Progress for a person who waits: bars on a terminal, else a line every few seconds."""

from __future__ import annotations

import sys
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from typing import Self

    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class Progress(Protocol):
    """A receiver of progress: the current step, and each document that is done."""

    def begin(self, what: str, total: int | None, done: int = 0) -> None:
        """Begin a step with `total` documents, of which `done` were done before."""

    def advance(self) -> None:
        """Count one more document; many threads call this."""


class Silent:
    """Shows nothing."""

    def begin(self, what: str, total: int | None, done: int = 0) -> None:
        """Show nothing."""

    def advance(self) -> None:
        """Show nothing."""


class _Counting:
    """Counts under a lock, and draws at most every `seconds`, because drawing is slow."""

    seconds = 5.0

    def __init__(self) -> None:
        self._lock = Lock()
        self._what = ""
        self._total: int | None = 0
        self._before = self._done = 0
        self._began = self._shown = monotonic()

    def begin(self, what: str, total: int | None, done: int = 0) -> None:
        """End the current step and begin another; nothing is shown of one with no documents."""
        with self._lock:
            if self._total != 0:
                self._end()
            self._what, self._total = what, total
            self._before = self._done = done
            self._began = self._shown = monotonic()
            if total != 0:
                self._start()

    def advance(self) -> None:
        """Count one document, and draw if it is time."""
        with self._lock:
            self._done += 1
            if self._total is not None and self._done > self._total:
                was, self._total = self._total, None  # a target can hold more than was moved
                if was == 0:
                    self._start()
            now = monotonic()
            if now - self._shown >= self.seconds:
                self._shown = now
                self._show()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.begin("", 0)

    @property
    def rate(self) -> float:
        """Documents per second in this step."""
        return (self._done - self._before) / max(monotonic() - self._began, 0.001)

    def _start(self) -> None: ...

    def _show(self) -> None: ...

    def _end(self) -> None: ...


class Lines(_Counting):
    """Writes a plain line every few seconds and one at the end of each step: for a log."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def _show(self) -> None:
        left = ""
        if self._total is not None and self.rate:
            left = f", {_duration((self._total - self._done) / self.rate)} left"
        self._write(f"{self.rate:,.0f}/s{left}")

    def _end(self) -> None:
        self._write(f"{self.rate:,.0f}/s, ended after {_duration(monotonic() - self._began)}")

    def _write(self, state: str) -> None:
        of = "" if self._total is None else f" of {self._total:,}"
        self._stream.write(f"{self._what}: {self._done:,}{of} documents, {state}\n")
        self._stream.flush()


class Bars(_Counting):
    """Draws a bar for each step, with its rate and the time that is left."""

    seconds = 0.1

    def __init__(self, drawing: RichProgress) -> None:
        super().__init__()
        self._drawing = drawing
        self._task: TaskID

    def __enter__(self) -> Self:
        self._drawing.start()
        return self

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._drawing.stop()

    def _start(self) -> None:
        self._task = self._drawing.add_task(
            self._what, total=self._total, completed=self._done, rate="0/s"
        )

    def _show(self) -> None:
        self._drawing.update(self._task, completed=self._done, rate=f"{self.rate:,.0f}/s")

    def _end(self) -> None:
        self._show()
        self._drawing.update(self._task, total=self._done)


def shown(stream: TextIO | None = None) -> Bars | Lines:
    """Return bars for a terminal, else lines; the default stream is standard error."""
    stream = stream or sys.stderr
    if not stream.isatty():
        return Lines(stream)
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    return Bars(RichProgress(*columns, console=Console(file=stream)))


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
