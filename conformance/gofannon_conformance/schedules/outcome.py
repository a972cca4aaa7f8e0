"""The result of a race: how each task ended, and the schedule as text."""

from __future__ import annotations

import dis
import linecache
from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from types import CodeType

    from gofannon_conformance.schedules.styles import Style

T = TypeVar("T")

Place: TypeAlias = "tuple[CodeType, int]"
"""Where a thread is: a code object, and a line in it or the offset of an instruction."""


@dataclass(frozen=True, slots=True)
class Ended(Generic[T]):
    """How one task ended: with a value, with an exception, or not at all."""

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
    """Why the turn passed from one thread to another."""

    CHOSEN = "by the schedule"
    WAITING = "the thread waits for a lock or an answer"
    ENDED = "its task has ended"


@dataclass(frozen=True, slots=True)
class Passed:
    """A switch from `thread` to the thread `to`, and the place where `thread` stopped."""

    thread: int
    to: int
    why: Why
    place: Place | None

    def text(self, *, opcodes: bool) -> str:
        """Return the switch as a line; with `opcodes`, the place is an instruction's."""
        thread, to = name(self.thread), name(self.to)
        if self.why is Why.ENDED:
            return f"thread {thread} ended; thread {to} went on"
        if self.place is None:
            return f"thread {thread} had to wait; thread {to} went on"
        code, at = self.place
        line, opcode = _instruction(code, at) if opcodes else (at, "")
        function = code.co_qualname.rpartition("<locals>.")[2]
        place = f"line {line} of {PurePath(code.co_filename).name} in {function}"
        text = linecache.getline(code.co_filename, line).strip()
        source = f": `{text}`" if text else ""
        if self.why is Why.WAITING:
            what = f"had to wait in {place}{source}"
        elif opcode:
            what = f"stopped in {place}, before {opcode}{source}"
        else:
            what = f"stopped before {place}{source}"
        return f"thread {thread} {what}; thread {to} went on"


def _instruction(code: CodeType, offset: int) -> tuple[int, str]:
    """Return the line and the name of an instruction."""
    line = next((n for start, end, n in code.co_lines() if start <= offset < end), None)
    return line or code.co_firstlineno, dis.opname[code.co_code[offset]]


def name(thread: int) -> str:
    """Return the letter of a thread.

    >>> name(0), name(25), name(26)
    ('A', 'Z', 'A1')
    """
    letter = chr(ord("A") + thread % 26)
    return letter if thread < 26 else f"{letter}{thread // 26}"


@dataclass(frozen=True)
class Raced(Generic[T]):
    """A finished race: `results[i]` is how task i ended; `str()` is the schedule."""

    results: tuple[Ended[T], ...]
    steps: int
    passed: tuple[Passed, ...]
    seed: int
    style: Style
    trail: tuple[Place, ...] = ()
    """The place of each step, of all threads."""

    @property
    def visits(self) -> tuple[tuple[int, ...], ...]:
        """The steps, counted from 1: those that reached a place first, then second, and so on."""
        # Not by the code object: its hash is computed from its contents each time.
        seen: Counter[tuple[str, int, int]] = Counter()
        visits: dict[int, list[int]] = defaultdict(list)
        for step, (code, at) in enumerate(self.trail, 1):
            place = (code.co_filename, code.co_firstlineno, at)
            visits[seen[place]].append(step)
            seen[place] += 1
        return tuple(map(tuple, visits.values()))

    @property
    def unfinished(self) -> tuple[int, ...]:
        """The indices of the tasks that had not ended when the time limit was reached."""
        return tuple(i for i, ended in enumerate(self.results) if ended.unfinished)

    def __str__(self) -> str:
        lines = [passed.text(opcodes=self.style.opcodes) for passed in self.passed]
        if len(lines) > LONGEST:
            left = len(lines) - LONGEST
            half = LONGEST // 2
            lines[half : half + left] = [f"… {left} more switches …"]
        first = f"thread {name(self.passed[0].thread)} began" if self.passed else ""
        ends = ", ".join(f"{name(i)} {ended}" for i, ended in enumerate(self.results))
        return "\n".join(
            [
                f"schedule of {self.steps} steps (style {self.style}, seed {self.seed}):",
                first or "no thread was stopped",
                *lines,
                f"in the end: {ends}",
            ]
        )


LONGEST = 40
"""Switches that the text of a schedule shows; the middle of a longer one is left out."""
