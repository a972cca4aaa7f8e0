"""Programs with ways to run them in which threads stop at chosen steps, while others run."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from itertools import islice, product
from typing import TYPE_CHECKING, TypeAlias

from gofannon_conformance.schedules.outcome import Raced, Why
from gofannon_conformance.schedules.styles import stopped_at
from gofannon_conformance.suite.concurrency import ways
from gofannon_conformance.suite.concurrency.effort import in_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

    from gofannon_conformance.suite.concurrency.programs import Program
    from gofannon_conformance.suite.concurrency.search import Search
    from gofannon_conformance.suite.concurrency.trial import RaceTrial
    from gofannon_conformance.suite.concurrency.ways import Way

    Stopped: TypeAlias = Iterator[tuple[Program, Way]]

NEVER = 1 << 40
"""A step that no call reaches."""

AT_ONCE = 1
"""The first step of a call."""

PATIENCES = (3, 12)
"""How many times a program's time alone a stopped task waits for the others. On a busy machine
the first may be too short."""

LONG_WAY = 50_000
"""More events than a thread has that saves many other documents."""

HELD = 2
"""Steps that are tried at which the second thread of a relay waits for the first."""


class Stops:
    """Yields programs with ways in which their threads stop."""

    def __init__(self, search: Search) -> None:
        self._search = search

    def single(self, meetings: Sequence[Program], *, opcodes: bool = False) -> Stopped:
        """Yield each step at which the first thread of a meeting may be stopped.

        The meetings take turns, so that the short ones are soon complete.
        """
        if not self._search.can_stop:
            return
        random = self._search.chance(-1)
        turns = [self._steps_of(meeting, random, opcodes=opcodes) for meeting in meetings]
        random.shuffle(turns)
        yield from in_turns(turns)

    def _steps_of(self, meeting: Program, random: Random, *, opcodes: bool) -> Stopped:
        """Yield the steps of a meeting: the first visits of all places, then the second ones."""
        began = time.monotonic()
        alone = self._alone(meeting, opcodes=opcodes)
        took = time.monotonic() - began
        # Waiting threads are detected by the scheduler; for tasks there is only the clock.
        for times in PATIENCES if self._search.is_async else PATIENCES[:1]:
            patience = min(max(times * took, 0.002), 0.2)
            for steps in _visits(alone):
                for step in random.sample(steps, len(steps)):
                    yield (
                        meeting,
                        self._stopped(
                            step, patience=patience, opcodes=opcodes, others=meeting.saves_others
                        ),
                    )

    def pairs(self, meetings: Sequence[Program]) -> Stopped:
        """Yield stops of both threads: the second runs while the first is stopped, and stops too.

        The first then goes on to its end before the second does.
        """
        if not self._can_schedule:
            return
        random = self._search.chance(-3)
        yield from in_turns([self._pairs_of(meeting, random) for meeting in meetings])

    def _pairs_of(self, meeting: Program, random: Random) -> Stopped:
        one, other = (
            _visits(self._alone(replace(meeting, threads=(thread,))))[0]
            for thread in meeting.threads
        )
        pairs = list(product(one, other))
        for pair in random.sample(pairs, len(pairs)):
            yield meeting, self._stopped(*pair)

    def relays(self, relays: Sequence[Program], judge: Callable[[RaceTrial], None]) -> Stopped:
        """Yield steps at which the second thread stops after it has waited for the first.

        The third runs when the first has ended. If the first has removed the lock that the second
        holds, nothing stops the third.
        """
        if not self._can_schedule or self._search.is_slow:
            return
        for relay in relays:
            steps = self._alone(relay).steps
            random = self._search.chance(-2)
            for first in islice(
                self._held(relay, random.sample(range(1, steps + 1), steps), judge), HELD
            ):
                for second in random.sample(range(1, steps + 1), steps):
                    yield relay, self._stopped(first, second, AT_ONCE)

    def _held(
        self, relay: Program, steps: Sequence[int], judge: Callable[[RaceTrial], None]
    ) -> Iterator[int]:
        """Yield steps at which the second thread waits for the stopped first one."""
        for step in steps:
            way = self._stopped(step, NEVER, AT_ONCE)
            trial = self._search.perform(self._search.stage(), relay, way)
            judge(trial)
            raced = trial.ran.schedule
            if isinstance(raced, Raced) and any(
                passed.thread == 1 and passed.why is Why.WAITING for passed in raced.passed
            ):
                yield step

    def crowd(self, crowd: Program, count: int) -> Iterator[Way]:
        """Yield ways for a few trials of many threads that all do the same once.

        The threads stop, each a line further than the one before: so they are at all places of
        the code at the same time. Then they go on in their order.
        """
        search = self._search
        scheduled = max(0, count - 1) if self._can_schedule else 0
        for number in range(count - scheduled):
            yield search.plain_way(search.chance(number).randrange(1_000_000))
        if not scheduled:
            return
        threads = len(crowd.threads)
        # The first of all has more to do than a later one.
        places = self._alone(crowd).steps + threads
        passes = max(1, scheduled * threads // (2 * places))
        stride = max(1.0, passes * places / (threads * scheduled))
        for number in range(scheduled):
            again, begin = divmod(number * threads * stride, places)
            yield self._stopped(*(2 + round(again + begin + n * stride) for n in range(threads)))

    def three(self, crowd: Program) -> Iterator[Way]:
        """Yield ways in which the first of three threads stops, and the second further on."""
        search = self._search
        steps = search.perform(search.stage(), crowd, self._stopped(NEVER)).ran.steps
        for first in range(2, steps // len(crowd.threads) + 4):
            for further in (0, 2, 3, 4, 5):
                yield self._stopped(*((first, first + further) if further else (first,)))

    @property
    def _can_schedule(self) -> bool:
        return bool(self._search.code) and not self._search.is_async

    def _alone(self, program: Program, *, opcodes: bool = False) -> ways.Ran:
        """Run only the first thread of a program."""
        alone = replace(program, threads=program.threads[:1])
        way = self._stopped(NEVER, opcodes=opcodes)
        return self._search.perform(self._search.stage(), alone, way).ran

    def _stopped(
        self,
        *steps: int,
        patience: float = 0.0,
        opcodes: bool = False,
        others: bool = False,
    ) -> Way:
        code = self._search.code
        if self._search.is_async:
            return partial(
                ways.in_stopped_tasks,
                loop=self._search.opened[0].loop,
                code=code,
                step=steps[0],
                patience=patience,
            )
        style = stopped_at(*steps, opcodes=opcodes)
        if others:
            style = replace(style, spinning=LONG_WAY)
        return partial(ways.scheduled, code=code, seed=0, style=style)


def _visits(ran: ways.Ran) -> Sequence[Sequence[int]]:
    """Return the steps by first, second, … visit of a place; if unknown, all together."""
    if isinstance(ran.schedule, Raced) and ran.schedule.visits:
        return ran.schedule.visits
    return (range(1, ran.steps + 1),)
