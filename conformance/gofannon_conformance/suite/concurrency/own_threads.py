"""Races in threads that a backend starts itself: the workers of a queue or of an executor.

Callers only pass their calls to such threads, so to stop a caller shows nothing. The backend's own
threads are paused instead, at lines of the backend.
"""

from __future__ import annotations

import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from gofannon_conformance.schedules.events import tracer
from gofannon_conformance.service.instances import OnlyOne
from gofannon_conformance.suite.concurrency import ways
from gofannon_conformance.suite.concurrency.effort import Effort, in_turns
from gofannon_conformance.suite.concurrency.trial import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

    from gofannon_conformance.schedules import OwnCode
    from gofannon_conformance.service.opening import Opened
    from gofannon_conformance.suite.concurrency.programs import Program
    from gofannon_conformance.suite.concurrency.search import Search
    from gofannon_conformance.suite.concurrency.trial import RaceTrial
    from gofannon_conformance.suite.concurrency.ways import Way

PAUSES = (4, 16)
"""How many times a program's time alone a thread is paused. On a busy machine the first may be
too short for the other calls."""

LONGEST_LAG = 1.0
"""Seconds to wait at most until other instances have received the changes."""

FEW_PAUSES = 60
"""Pauses that are tried, however long it takes, if calls are not slow."""


def search_own_threads(
    search: Search,
    meetings: Sequence[Program],
    drawn: Callable[[Random, int], Program],
    judge: Callable[[RaceTrial], None],
) -> None:
    """Run programs on a new instance whose own threads are paused; do nothing without such."""
    if not search.code or len(search.opened) > 1:
        return
    own = OwnThreads(search.code)
    with ExitStack() as stack:
        stack.enter_context(own.traced())
        try:
            opened = stack.enter_context(search.kit.instances.fresh())
        except OnlyOne:
            return
        stage = Stage(search.collection, [opened])
        least = 0 if search.is_slow else FEW_PAUSES
        spent = Effort(own=False)
        pauses = _pauses(search, stage, own, meetings)
        for program, pause in spent.within(search.limit / 2, pauses, least=least):
            judge(search.perform(stage, program, own.way(opened, pause)))
        races = search.kit.profile.races if own.lines else 0
        for number in spent.within(search.limit, range(races), least=0):
            random = search.chance(number)
            way = own.way(opened, partial(_random_pause, random))
            judge(search.perform(stage, drawn(random, number), way))
    if search.kit.target.capabilities.eventual:  # the next test must not see these changes late
        time.sleep(min(search.kit.target.converges_within, LONGEST_LAG))


def _pauses(
    search: Search, stage: Stage, own: OwnThreads, meetings: Sequence[Program]
) -> Iterator[tuple[Program, Callable[[], None]]]:
    """Yield a pause at each line that the first thread of a meeting causes in own threads.

    The meetings take turns, so that there is time for each of them.
    """

    def pauses_of(meeting: Program, times: float) -> Iterator[tuple[Program, Callable[[], None]]]:
        alone = replace(meeting, threads=meeting.threads[:1], again=False)
        began = time.monotonic()
        before = own.lines
        search.perform(stage, alone, own.way(stage.instances[0], lambda: None))
        steps = own.lines - before
        seconds = times * (time.monotonic() - began)
        for step in search.chance(-3).sample(range(1, steps + 1), steps):
            yield meeting, _Pause(step, min(max(seconds, 0.002), 0.05))

    for times in PAUSES:
        yield from in_turns([pauses_of(meeting, times) for meeting in meetings])
        if not own.lines:
            return


class OwnThreads:
    """Calls a function at each line of a backend in the threads that it starts itself."""

    def __init__(self, code: OwnCode) -> None:
        self.lines = 0
        """The number of lines so far, while programs ran."""
        self._code = code
        self._pause: Callable[[], None] | None = None

    @contextmanager
    def traced(self) -> Iterator[None]:
        """Trace the threads that are started within the block."""
        before = threading.gettrace()
        threading.settrace(tracer(self._code, self._line))
        try:
            yield
        finally:
            threading.settrace(before)

    def way(self, opened: Opened, pause: Callable[[], None]) -> Way:
        """Return the way with plain callers, in which `pause` is called at each such line."""

        def run(tasks: Sequence[Callable[[], Any]]) -> ways.Ran:
            self._pause = pause
            try:
                if opened.is_async:
                    return ways.in_tasks(tasks, loop=opened.loop, code=self._code, seed=0)
                ran = ways.in_threads([partial(_untraced, task) for task in tasks])
            finally:
                self._pause = None
            return replace(ran, schedule=f"{ran.schedule}; the backend's own threads were paused")

        return run

    def _line(self, *_: object) -> None:
        pause = self._pause
        if pause is not None:
            self.lines += 1
            pause()


class _Pause:
    """Pauses the thread that reaches a line first."""

    def __init__(self, step: int, seconds: float) -> None:
        self._left = step
        self._seconds = seconds

    def __call__(self) -> None:
        self._left -= 1
        if not self._left:
            time.sleep(self._seconds)


def _random_pause(random: Random) -> None:
    if random.random() < 0.3:
        time.sleep(0.0005)


def _untraced(task: Callable[[], Any]) -> Any:
    """Make a caller's call in a thread of the kit, which is not traced."""
    sys.settrace(None)
    return task()
