"""Races in threads that a backend starts itself: the workers of a queue, those of an executor.

Callers only hand their calls to such threads, so to stop a caller shows nothing. The backend's own
are held up instead, at lines of the backend; what they hold up is for them to say.
"""

from __future__ import annotations

import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from gofannon_conformance.instances import OnlyOne
from gofannon_conformance.suite import concurrency_ways as ways
from gofannon_conformance.suite.concurrency_effort import Effort
from gofannon_conformance.suite.concurrency_programs import Program
from gofannon_conformance.suite.concurrency_trials import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random
    from types import FrameType

    from gofannon_conformance.opening import Opened
    from gofannon_conformance.schedules import OwnCode
    from gofannon_conformance.suite.concurrency_seeking import Seeker
    from gofannon_conformance.suite.concurrency_trials import Trial

SHARE = 1 / 3
"""The part of the time of a search that is spent on a backend's own threads, if it has any."""

HELD_UP = 0.3
"""How probably a thread is held up at a line, where chance decides."""

A_MOMENT = 0.0005
"""Seconds for which it then is."""

LONG_ENOUGH = (4, 16)
"""For how many times as long as a program takes alone the stopped thread is held up, and the
second time: on a busy machine the other may not have come in between."""

FEW_STOPS = 30
"""How many of them are tried, however long it takes."""


def seek_in_own_threads(
    seeker: Seeker,
    meetings: Sequence[Program],
    drawn: Callable[[Random, int], Program],
    judge: Callable[[Trial], None],
) -> None:
    """Play programs on another instance, whose own threads are held up; nothing if it has none."""
    if not seeker.code or len(seeker.opened) > 1:
        return
    own = OwnThreads(seeker.code)
    with ExitStack() as stack:
        stack.enter_context(own.followed())
        try:
            opened = stack.enter_context(seeker.kit.instances.fresh())
        except OnlyOne:
            return
        stage = Stage(seeker.collection, [opened])
        limit = seeker.limit * SHARE
        stops = _stops(seeker, stage, own, meetings)
        few = 0 if seeker.is_slow else FEW_STOPS
        spent = Effort(own=False)
        for program, hold in spent.within(limit / 2, stops, least=few):
            judge(seeker.perform_apart(stage, program, own.way(opened, hold)))
        if not own.lines:
            return
        for number in spent.within(limit, range(seeker.kit.profile.races), least=0):
            random = seeker.chance(number)
            program = drawn(random, number)
            hold = partial(_by_chance, random)
            judge(seeker.perform_apart(stage, program, own.way(opened, hold)))


def _stops(
    seeker: Seeker, stage: Stage, own: OwnThreads, meetings: Sequence[Program]
) -> Iterator[tuple[Program, Callable[[], None]]]:
    """Give each line of a meeting's first thread, counted in the backend's own threads."""
    for times, meeting in product(LONG_ENOUGH, meetings):
        if times != LONG_ENOUGH[0] and not own.lines:
            return
        alone = Program(meeting.before, meeting.threads[:1])
        began = time.monotonic()
        before = own.lines
        seeker.perform_apart(stage, alone, own.way(stage.instances[0], lambda: None))
        steps = own.lines - before
        pause = times * (time.monotonic() - began)
        for step in seeker.chance(-3).sample(range(1, steps + 1), steps):
            yield meeting, _Stop(step, min(max(pause, 0.002), 0.05))


class OwnThreads:
    """Comes to know of each line of a backend in threads that it started itself."""

    def __init__(self, code: OwnCode) -> None:
        self.lines = 0
        """How many there were so far, while programs were played."""
        self._code = code
        self._hold: Callable[[], None] | None = None

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Follow the threads that are started meanwhile."""
        before = threading.gettrace()
        threading.settrace(self._entering)
        try:
            yield
        finally:
            threading.settrace(before)

    def way(self, opened: Opened, hold: Callable[[], None]) -> Callable[..., ways.Ran]:
        """Give the way with plain callers, in which `hold` is called at each of those lines."""

        def run(tasks: Sequence[Callable[[], Any]]) -> ways.Ran:
            self._hold = hold
            try:
                if opened.is_async:
                    return ways.in_tasks(tasks, loop=opened.loop, code=self._code, seed=0)
                ran = ways.in_threads([partial(_unfollowed, task) for task in tasks])
            finally:
                self._hold = None
            return replace(ran, told=f"{ran.told}; the backend's own threads were held up")

        return run

    def _entering(self, frame: FrameType, _event: str, _: Any) -> Any:
        return self._inside if frame.f_code in self._code else None

    def _inside(self, _frame: FrameType, event: str, _: Any) -> Any:
        hold = self._hold
        if hold is not None and event == "line":
            self.lines += 1
            hold()
        return self._inside


class _Stop:
    """Holds up the thread that comes to a line first, for a while."""

    def __init__(self, step: int, seconds: float) -> None:
        self._left = step
        self._seconds = seconds

    def __call__(self) -> None:
        self._left -= 1
        if not self._left:
            time.sleep(self._seconds)


def _by_chance(random: Random) -> None:
    if random.random() < HELD_UP:
        time.sleep(A_MOMENT)


def _unfollowed(task: Callable[[], Any]) -> Any:
    """Make a caller's call in a thread of the kit's own."""
    sys.settrace(None)
    return task()
