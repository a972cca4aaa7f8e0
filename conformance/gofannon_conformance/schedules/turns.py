"""The turn: which of the racing threads may run, and how it passes from one to the next.

A thread with the turn runs from one event to the next. A thread that waits for something else,
such as a lock that a stopped thread holds, is seen to sleep: it loses the turn until its next
event.
"""

from __future__ import annotations

import time
from bisect import insort
from threading import Lock
from typing import TYPE_CHECKING

from gofannon_conformance.schedules.outcome import Passed, Why
from gofannon_conformance.schedules.sleep import Sleeper

if TYPE_CHECKING:
    from types import CodeType

    from gofannon_conformance.schedules.outcome import Place
    from gofannon_conformance.schedules.styles import Choice


class Abandoned(BaseException):
    """Ends an abandoned task at its next event; no `except Exception` catches it."""


class Turns:
    """Passes the turn among threads; each calls `begin`, then `event` many times, then `end`."""

    def __init__(self, threads: int, choice: Choice) -> None:
        self.steps = 0
        self.passed: list[Passed] = []
        self.trail: list[Place] = []
        self.all_ended = Lock()
        """Free when every thread has ended."""
        self.all_ended.acquire()
        self._choice = choice
        self._guard = Lock()
        self._gates = [Lock() for _ in range(threads)]
        for gate in self._gates:
            gate.acquire()
        self._sleepers: dict[int, Sleeper] = {}
        self._places: list[Place | None] = [None] * threads
        self._not_begun = threads
        self._running: int | None = None
        self._ready: list[int] = []
        self._away: set[int] = set()
        """The threads that lost the turn while they slept, and have had no event since."""
        self._came = Lock()
        self._came.acquire()
        self.closed = False
        self._waiting_for_events = False
        self._quiet = self._left = 0
        """The events of the running thread at which the turn stays, and how many are left."""
        self._seen: tuple[tuple[int | None, int], float] = (None, -1), 0.0

    def begin(self, me: int) -> None:
        """Wait until all threads have begun and this thread has the turn."""
        self._sleepers[me] = Sleeper()
        with self._guard:
            insort(self._ready, me)
            self._not_begun -= 1
            if not self._not_begun:
                self._give(self._choice.instead(self._ready))
        self._wait(me)

    def event(self, me: int, code: CodeType, at: int) -> None:
        """Handle an event at a line or an offset: go on, or pass the turn and wait for it."""
        place = (code, at)
        if self._left > 0 and self._running == me and not self._away:  # nothing else can happen
            self._left -= 1
            self.steps += 1
            self.trail.append(place)
            return
        with self._guard:
            if self.closed:
                raise Abandoned
            self._settle()
            self._places[me] = place
            self.trail.append(place)
            self.steps += 1
            if self._running == me:
                if self._away:
                    self._wait_for_events()
                to = self._choice.onward(me, self._ready)
                if to == me:
                    self._quiet = self._left = self._choice.quiet(me)
                    return
                insort(self._ready, me)
                self._pass(me, to, Why.CHOSEN)
            else:
                self._away.discard(me)
                insort(self._ready, me)
                if self._running is None:
                    self._give(me)
                _free(self._came)
        self._wait(me)

    def end(self, me: int) -> None:
        """Pass the turn on at the end of this thread's task."""
        with self._guard:
            self._settle()
            self._sleepers.pop(me).close()
            self._away.discard(me)
            if self._running == me:
                if self._away:
                    self._wait_for_events()
                self._pass_on(me, Why.ENDED)
            _free(self._came)
            if not self._sleepers:
                _free(self.all_ended)

    def look(self) -> None:
        """Take the turn from a thread that sleeps; called again and again during the race."""
        seen, since = self._seen
        running, steps = self._running, self.steps
        if (running, steps) != seen:
            self._seen = (running, steps), time.monotonic()
            return
        if running is None or (sleeper := self._sleepers.get(running)) is None:
            return
        # Not under the guard: a thread that waits for the guard sleeps as well.
        if not sleeper.stuck(time.monotonic() - since):
            return
        with self._guard:
            if (self._running, self.steps) == seen and not self._waiting_for_events:
                self._settle()
                self._away.add(running)
                self._pass_on(running, Why.WAITING)

    def close(self) -> None:
        """Close the race: each thread ends at its next event."""
        with self._guard:
            self.closed = True
            self._left = 0
            for gate in self._gates:
                _free(gate)

    def _settle(self) -> None:
        """Tell the choice of the events at which it was not asked."""
        if self._quiet > 0 and self._running is not None:
            self._choice.skip(self._running, self._quiet - max(self._left, 0))
            self._places[self._running] = self.trail[-1]
        self._quiet = self._left = 0

    def _wait(self, me: int) -> None:
        self._gates[me].acquire()
        if self.closed:
            raise Abandoned

    def _pass(self, me: int, to: int, why: Why) -> None:
        if not self.closed:
            self.passed.append(Passed(me, to, why, self._places[me]))
        self._give(to)

    def _pass_on(self, me: int, why: Why) -> None:
        """Pass the turn to a ready thread; if none is ready, to the first that has an event."""
        if self._ready:
            self._pass(me, self._choice.instead(self._ready), why)
        else:
            self._running = None

    def _give(self, to: int) -> None:
        self._ready.remove(to)
        self._running = to
        _free(self._gates[to])

    def _wait_for_events(self) -> None:
        """Wait for the events of threads that woke up, so that it is certain which are ready.

        The guard is released meanwhile: a thread that waits for it would seem to sleep.
        """
        until = time.monotonic() + _AWAKE
        self._waiting_for_events = True
        self._guard.release()
        try:
            while self._any_awake() and time.monotonic() < until:
                self._came.acquire(timeout=_TICK)
        finally:
            self._guard.acquire()
        self._waiting_for_events = False

    def _any_awake(self) -> bool:
        sleepers = [self._sleepers.get(thread) for thread in tuple(self._away)]
        return any(sleeper is not None and sleeper.awake() for sleeper in sleepers)


def _free(gate: Lock) -> None:
    if gate.locked():
        gate.release()


_TICK = 0.0001
_AWAKE = 0.005
"""Seconds to wait for the event of a thread that is awake: it may compute for long."""
