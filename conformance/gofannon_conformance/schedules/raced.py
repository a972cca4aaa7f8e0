"""What a race came to: each task's end, and the schedule that led there, to be read."""

from __future__ import annotations

import dis
import linecache
from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from types import CodeType

    from gofannon_conformance.schedules.styles import Style

T = TypeVar("T")

Place: TypeAlias = "tuple[CodeType, int]"
"""Where a thread is: a code object, and a line in it, or an instruction's offset."""


@dataclass(frozen=True, slots=True)
class Ended(Generic[T]):
    """How one task ended: with a value, or with an exception; or it did not."""

    value: T | None = None
    error: BaseException | None = None
    unfinished: bool = False

    def __str__(self) -> str:
        if self.unfinished:
            return "did not end"
        if self.error is not None:
            return f"raised {type(self.error).__name__}"
        return "returned"


class Why(Enum):
    """Why the turn went from one thread to another."""

    CHOSEN = "the schedule says so"
    WAITING = "the thread waits for something: a lock, an answer"
    ENDED = "its task is done"


@dataclass(frozen=True, slots=True)
class Switch:
    """One hand-over: `thread` (A, B, …) stopped before a line, and `to` went on."""

    thread: str
    to: str
    why: Why
    file: str
    line: int
    function: str
    text: str
    """The line's source text."""
    opcode: str = ""
    """The bytecode that comes next, where each is an event."""

    def __str__(self) -> str:
        place = f"line {self.line} of {PurePath(self.file).name} in {self.function}"
        source = f": `{self.text}`" if self.text else ""
        if self.why is Why.ENDED:
            return f"thread {self.thread} ended; thread {self.to} went on"
        if not self.file:
            what = "had to wait"
        elif self.why is Why.WAITING:
            what = f"had to wait in {place}{source}"
        elif self.opcode:
            what = f"stopped in {place}, before {self.opcode}{source}"
        else:
            what = f"stopped before {place}{source}"
        return f"thread {self.thread} {what}; thread {self.to} went on"


@dataclass(frozen=True, slots=True)
class Passed:
    """A hand-over as it is kept while the race runs: its source is read when the race is over."""

    thread: int
    to: int
    why: Why
    place: Place | None

    def switch(self, *, opcodes: bool) -> Switch:
        """Give the hand-over as it is told to a person."""
        if self.place is None:
            return Switch(name(self.thread), name(self.to), self.why, "", 0, "", "")
        code, at = self.place
        line, opcode = _instruction(code, at) if opcodes else (at, "")
        return Switch(
            name(self.thread),
            name(self.to),
            self.why,
            code.co_filename,
            line,
            code.co_qualname.rpartition("<locals>.")[2],
            linecache.getline(code.co_filename, line).strip(),
            opcode,
        )


def _instruction(code: CodeType, offset: int) -> tuple[int, str]:
    """Give the line of an instruction and its name."""
    line = next((n for start, end, n in code.co_lines() if start <= offset < end), None)
    return line or code.co_firstlineno, dis.opname[code.co_code[offset]]


def name(thread: int) -> str:
    """Give the letter of a thread.

    >>> name(0), name(25), name(26)
    ('A', 'Z', 'A1')
    """
    letter = chr(ord("A") + thread % 26)
    return letter if thread < 26 else f"{letter}{thread // 26}"


@dataclass(frozen=True)
class Raced(Generic[T]):
    """A race that was run: `results[i]` is what task i came to; `str()` draws the schedule."""

    results: tuple[Ended[T], ...]
    steps: int
    passed: tuple[Passed, ...]
    seed: int
    style: Style
    trail: tuple[Place, ...] = ()
    """The place of each step, whichever thread made it."""

    @cached_property
    def switches(self) -> tuple[Switch, ...]:
        """Each time that one thread stopped and another went on, in order."""
        # Not before it is asked for: most races are run, judged and forgotten.
        return tuple(passed.switch(opcodes=self.style.opcodes) for passed in self.passed)

    @property
    def visits(self) -> tuple[tuple[int, ...], ...]:
        """The steps, counted from 1: those that came to a place first, then second, and so on."""
        # Not by the code object itself: it is hashed by its contents, anew each time.
        seen: Counter[tuple[str, int, int]] = Counter()
        visits: dict[int, list[int]] = defaultdict(list)
        for step, (code, at) in enumerate(self.trail, 1):
            place = (code.co_filename, code.co_firstlineno, at)
            visits[seen[place]].append(step)
            seen[place] += 1
        return tuple(map(tuple, visits.values()))

    @property
    def unfinished(self) -> tuple[int, ...]:
        """The tasks that had not ended when the bound was reached, by their index."""
        return tuple(i for i, ended in enumerate(self.results) if ended.unfinished)

    def drawn(self, longest: int = 40) -> str:
        """Draw the schedule, a line for each hand-over; leave out the middle of a long one."""
        lines = [str(switch) for switch in self.switches]
        if len(lines) > longest:
            left = len(lines) - longest
            half = longest // 2
            lines[half : half + left] = [f"… {left} more hand-overs …"]
        begun = self.switches[0].thread if self.switches else ""
        ends = ", ".join(f"{name(i)} {ended}" for i, ended in enumerate(self.results))
        return "\n".join(
            [
                f"schedule of {self.steps} steps (style {self.style}, seed {self.seed}):",
                *([f"thread {begun} began"] if begun else ["no thread was stopped"]),
                *lines,
                f"in the end: {ends}",
            ]
        )

    def __str__(self) -> str:
        return self.drawn()
