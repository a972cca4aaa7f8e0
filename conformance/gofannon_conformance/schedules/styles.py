"""Styles of schedules: at which events the turn may pass, and to which thread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Style:
    """A way to draw schedules: by chance at each event, or by priorities.

    With `chance`, each event passes the turn on with that probability. Without, it is
    probabilistic concurrency testing (Burckhardt et al., 2010): the thread with the highest
    priority runs, and at `changes` random events the running thread gets the lowest.
    """

    name: str
    opcodes: bool = False
    """Whether each bytecode is an event, rather than each line."""
    chance: float = 0.0
    changes: int = 0
    steps: int = 0
    """The number of events that the changes are spread over; 0 draws that too."""
    at: tuple[int, ...] = ()
    """At which event of its own each thread stops; then nothing is drawn."""
    spinning: int = 5_000
    """After so many events in a row a thread may be in a loop that waits for another thread."""

    def over(self, steps: int) -> Style:
        """Return this style for a race of so many steps, as `Raced.steps` counted them."""
        return replace(self, steps=steps)

    def __str__(self) -> str:
        return self.name


def stopped_at(*events: int, opcodes: bool = False) -> Style:
    """Return the style in which threads, in the order of the tasks, stop once at given events.

    Each goes on when the threads that did not stop, or stopped before it, have ended. With one
    event, the first thread stops there, and all others run in between.
    """
    return Style(f"stopped at {', '.join(map(str, events))}", opcodes=opcodes, at=events)


LINES = Style("lines", chance=0.2)
OPCODES = Style("opcodes", opcodes=True, chance=0.1)
PRIORITIES = tuple(Style(f"priorities, {n} changes", changes=n) for n in (1, 2, 3))

STYLES = (LINES, *PRIORITIES, OPCODES)
"""All styles, in the order in which trials should use them."""


class Choice(Protocol):
    """The choice of the next thread; threads are numbers, `ready` is in rising order."""

    def onward(self, running: int, ready: Sequence[int]) -> int:
        """Return the next thread at an event of the running one: that, or one of the ready."""
        ...

    def instead(self, ready: Sequence[int]) -> int:
        """Return one of the ready threads, because the running one cannot go on."""
        ...

    def quiet(self, running: int) -> int:
        """Return at how many events to come `onward` returns the running thread for certain."""
        ...

    def skip(self, running: int, events: int) -> None:
        """Count events of the running thread for which `onward` was not called."""
        ...


def choice(style: Style, seed: int, threads: int) -> Choice:
    """Return the choices of a style; the same seed makes the same ones."""
    random = Random(f"{seed} {style.name}")  # noqa: S311  # it must be repeatable, not secret
    if style.at:
        return _Stops(style, threads)
    return _Chance(style.chance, random) if style.chance else _Priorities(style, random, threads)


class _Chance:
    def __init__(self, chance: float, random: Random) -> None:
        self._chance = chance
        self._random = random

    def onward(self, running: int, ready: Sequence[int]) -> int:
        # Drawn even if no thread is ready, so that later draws do not depend on that.
        return self.instead(ready) if self._random.random() < self._chance and ready else running

    def instead(self, ready: Sequence[int]) -> int:
        return ready[int(self._random.random() * len(ready))]

    def quiet(self, running: int) -> int:  # noqa: ARG002  # each event draws
        return 0

    def skip(self, running: int, events: int) -> None:
        """Do nothing: no event is quiet."""


class _Ordered:
    """Chooses the first in an order; a thread that `_falls_behind` becomes the last."""

    def __init__(self, style: Style, threads: int) -> None:
        self._order = list(range(threads))
        self._spinning = style.spinning

    def onward(self, running: int, ready: Sequence[int]) -> int:
        if self._falls_behind(running):
            self._order.remove(running)
            self._order.append(running)
        return self.instead((running, *ready)) if ready else running

    def instead(self, ready: Sequence[int]) -> int:
        return min(ready, key=self._order.index)

    def quiet(self, running: int) -> int:
        raise NotImplementedError

    def skip(self, running: int, events: int) -> None:
        raise NotImplementedError

    def _falls_behind(self, running: int) -> bool:
        raise NotImplementedError


class _Priorities(_Ordered):
    def __init__(self, style: Style, random: Random, threads: int) -> None:
        super().__init__(style, threads)
        random.shuffle(self._order)
        self._changes = {
            # Without a count of the steps, a change at any order of magnitude is as likely.
            random.randint(1, style.steps) if style.steps else int(2 ** random.uniform(0, 10))
            for _ in range(style.changes)
        }
        self._steps = 0
        self._last = -1
        self._alone = 0

    def _falls_behind(self, running: int) -> bool:
        self._steps += 1
        self._alone = self._alone + 1 if running == self._last else 1
        self._last = running
        return self._steps in self._changes or self._alone > self._spinning

    def quiet(self, running: int) -> int:
        alone = self._alone if running == self._last else 0
        to_change = (change - self._steps for change in self._changes if change > self._steps)
        return max(0, min([self._spinning - alone, *(events - 1 for events in to_change)]))

    def skip(self, running: int, events: int) -> None:
        self._alone = events + (self._alone if running == self._last else 0)
        self._steps += events
        self._last = running


class _Stops(_Ordered):
    def __init__(self, style: Style, threads: int) -> None:
        super().__init__(style, threads)
        self._left = dict(enumerate(style.at))

    def _falls_behind(self, running: int) -> bool:
        left = self._left[running] = self._left.get(running, 0) - 1
        if left and left >= -self._spinning:
            return False
        self._left[running] = 0
        return True

    def quiet(self, running: int) -> int:
        left = self._left.get(running, 0)
        return left - 1 if left > 0 else left + self._spinning

    def skip(self, running: int, events: int) -> None:
        self._left[running] = self._left.get(running, 0) - events
