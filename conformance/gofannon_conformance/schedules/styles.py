"""How a schedule is drawn: at which events the turn may change, and when it does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Style:
    """A way to draw schedules: by chance at each event, or by priorities that change seldom.

    With `chance`, each event passes the turn on with that probability. Without, it is
    probabilistic concurrency testing (Burckhardt et al., 2010): the thread with the highest
    priority runs, and at `changes` events, drawn beforehand, the running thread falls behind.
    """

    name: str
    opcodes: bool = False
    """Whether each bytecode is an event, rather than each line."""
    chance: float = 0.0
    changes: int = 0
    steps: int = 0
    """How many events the changes are spread over; 0 draws that too."""
    at: tuple[int, ...] = ()
    """At which event of its own each thread falls behind; then nothing is drawn."""
    spinning: int = 5_000
    """After so many events in a row a thread may be waiting, in a loop, for one that is not in."""

    def over(self, steps: int) -> Style:
        """Give this style for a race of so many steps, as a first `Raced.steps` counted them."""
        return replace(self, steps=steps)

    def __str__(self) -> str:
        return self.name


def stopped_at(*events: int, opcodes: bool = False) -> Style:
    """Give the style in which threads, in the order of the tasks, stop once at given events.

    Each goes on when those are done that did not stop, or that stopped before it. With one
    event, the first thread stops there, and all others come in between: to try every event of a
    call in turn is exhaustive.
    """
    return Style(f"stopped at {', '.join(map(str, events))}", opcodes=opcodes, at=events)


LINES = Style("lines", chance=0.2)
OPCODES = Style("opcodes", opcodes=True, chance=0.1)
PRIORITIES = tuple(Style(f"priorities, {n} changes", changes=n) for n in (1, 2, 3))

STYLES = (LINES, *PRIORITIES, OPCODES)
"""All of them, in the order in which trials should go through them."""


class Choice(Protocol):
    """Who has the turn next; threads are numbers, `ready` is in rising order."""

    def onward(self, running: int, ready: Sequence[int]) -> int:
        """Choose at an event of the running thread, which may go on, or one of the ready."""
        ...

    def instead(self, ready: Sequence[int]) -> int:
        """Choose one of the ready, because the one that ran cannot go on."""
        ...


def choice(style: Style, seed: int, threads: int) -> Choice:
    """Make the choices of a style; the same seed makes the same ones."""
    random = Random(f"{seed} {style.name}")  # noqa: S311  # it must be repeatable, not secret
    if style.at:
        return _Stops(style, threads)
    return _Chance(style.chance, random) if style.chance else _Priorities(style, random, threads)


class _Chance:
    def __init__(self, chance: float, random: Random) -> None:
        self._chance = chance
        self._random = random

    def onward(self, running: int, ready: Sequence[int]) -> int:
        # Drawn even when nobody is ready, so that a later draw does not depend on who was.
        return self.instead(ready) if self._random.random() < self._chance and ready else running

    def instead(self, ready: Sequence[int]) -> int:
        return ready[int(self._random.random() * len(ready))]


class _Priorities:
    def __init__(self, style: Style, random: Random, threads: int) -> None:
        self._order = list(range(threads))
        if not style.at:
            random.shuffle(self._order)
        self._changes = (
            set(style.at)
            if style.at
            else {
                # Not counted: a step of any size is as likely as one of any other size.
                random.randint(1, style.steps)
                if style.steps
                else int(2 ** random.uniform(0, _UNCOUNTED))
                for _ in range(style.changes)
            }
        )
        self._spinning = style.spinning
        self._steps = 0
        self._alone = 0

    def onward(self, running: int, ready: Sequence[int]) -> int:
        self._steps += 1
        self._alone += 1
        if self._steps in self._changes or self._alone > self._spinning:
            self._order.remove(running)
            self._order.append(running)
        chosen = self.instead((running, *ready)) if ready else running
        if chosen != running:
            self._alone = 0
        return chosen

    def instead(self, ready: Sequence[int]) -> int:
        return min(ready, key=self._order.index)


class _Stops:
    def __init__(self, style: Style, threads: int) -> None:
        self._order = list(range(threads))
        self._left = dict(enumerate(style.at))
        self._spinning = style.spinning

    def onward(self, running: int, ready: Sequence[int]) -> int:
        left = self._left[running] = self._left.get(running, 0) - 1
        if not left or left < -self._spinning:
            self._left[running] = 0
            self._order.remove(running)
            self._order.append(running)
        return self.instead((running, *ready)) if ready else running

    def instead(self, ready: Sequence[int]) -> int:
        return min(ready, key=self._order.index)


_UNCOUNTED = 10
"""The power of two below which changes are drawn when the length of the race is not known."""
