"""Where threads are stopped, one step after the other, while others come in between."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from itertools import chain, islice, product, zip_longest
from typing import TYPE_CHECKING, Any

from gofannon_conformance.schedules.raced import Raced, Why
from gofannon_conformance.schedules.styles import stopped_at
from gofannon_conformance.suite import concurrency_ways as ways

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

    from gofannon_conformance.suite.concurrency_programs import Program
    from gofannon_conformance.suite.concurrency_seeking import Seeker
    from gofannon_conformance.suite.concurrency_trials import Trial

    Way = Callable[[Sequence[Callable[[], Any]]], ways.Ran]

NEVER = 1 << 40
"""A step that no call comes to."""

AT_ONCE = 1
"""The first step of a call."""

PATIENCES = (3, 12)
"""How many times as long as a program takes alone a stopped task waits for the others; at last
longer, since on a busy machine they may not have come in between."""

LONG_WAY = 50_000
"""More events than a thread comes to that passes many documents by."""

HELD = 2
"""At how many steps that another thread waits for the first of a relay is stopped."""


class Points:
    """Gives programs with the ways to run them in which threads stop at chosen steps."""

    def __init__(self, seeker: Seeker) -> None:
        self._seeker = seeker
        self._opened = seeker.opened[0]

    def of(
        self, meetings: Sequence[Program], *, opcodes: bool = False
    ) -> Iterator[tuple[Program, Way]]:
        """Give each step at which the first thread of a meeting may be stopped.

        The meetings take turns, so that those of few steps are soon tried at all of them.
        """
        if not self._seeker.can_stop:
            return
        random = self._seeker.chance(-1)
        turns = [self._places(meeting, random, opcodes=opcodes) for meeting in meetings]
        random.shuffle(turns)
        while turns:
            for turn in tuple(turns):
                point = next(turn, None)
                if point is None:
                    turns.remove(turn)
                else:
                    yield point

    def _places(
        self, meeting: Program, random: Random, *, opcodes: bool
    ) -> Iterator[tuple[Program, Way]]:
        """Give the steps of one meeting: one at each place, then at those it comes to again."""
        began = time.monotonic()
        alone = self._alone(meeting, opcodes=opcodes)
        took = time.monotonic() - began
        # Threads in turns are seen to wait; only tasks are given up by the clock.
        for times in PATIENCES if self._opened.is_async else PATIENCES[:1]:
            patience = min(max(times * took, 0.002), 0.2)
            for steps in _visits(alone):
                for step in random.sample(steps, len(steps)):
                    yield (
                        meeting,
                        self._stopped(
                            step, patience=patience, opcodes=opcodes, passes_by=meeting.passes_by
                        ),
                    )

    def of_pairs(self, meetings: Sequence[Program]) -> Iterator[tuple[Program, Way]]:
        """Give the places at which both threads stop: the second while the first is stopped.

        The first then goes on to its end before the second does.
        """
        seeker = self._seeker
        if not seeker.code or self._opened.is_async:
            return
        random = seeker.chance(-3)
        turns = [self._pairs(meeting, random) for meeting in meetings]
        yield from filter(None, chain.from_iterable(zip_longest(*turns)))

    def _pairs(self, meeting: Program, random: Random) -> Iterator[tuple[Program, Way]]:
        one, other = (
            _visits(self._alone(replace(meeting, threads=(thread,))))[0]
            for thread in meeting.threads
        )
        pairs = list(product(one, other))
        for pair in random.sample(pairs, len(pairs)):
            yield meeting, self._stopped(*pair)

    def of_relays(
        self, relays: Sequence[Program], judge: Callable[[Trial], None]
    ) -> Iterator[tuple[Program, Way]]:
        """Give the steps at which the second thread stops once it has waited for the first.

        The third comes when the first is gone. Where the first took the lock with it that the
        second was given, the third is held up by nothing.
        """
        seeker = self._seeker
        if not seeker.code or seeker.is_slow or self._opened.is_async:
            return
        for relay in relays:
            steps = self._alone(relay).steps
            random = seeker.chance(-2)
            for first in islice(
                self._held(relay, random.sample(range(1, steps + 1), steps), judge), HELD
            ):
                for second in random.sample(range(1, steps + 1), steps):
                    yield relay, self._stopped(first, second, AT_ONCE)

    def _held(
        self, relay: Program, steps: Sequence[int], judge: Callable[[Trial], None]
    ) -> Iterator[int]:
        """Give steps at which the first thread has what the second waits for."""
        for step in steps:
            trial = self._seeker.perform(
                self._seeker.stage(), relay, self._stopped(step, NEVER, AT_ONCE)
            )
            judge(trial)
            told = trial.ran.told
            if isinstance(told, Raced) and any(
                passed.thread == 1 and passed.why is Why.WAITING for passed in told.passed
            ):
                yield step

    def of_crowd(self, crowd: Program, count: int) -> Iterator[Way]:
        """Give the ways for a few trials of many threads that all do the same, once.

        They stop one after the other, each a line further on: then they are at all the places
        where it might matter, together. Then they go on, first come first served.
        """
        seeker = self._seeker
        yield from [seeker.way_of_a_crowd(crowd, 0)] * min(1, count)
        rest = count - 1
        if rest < 1:
            return
        if self._opened.is_async or not seeker.code:
            for number in range(rest):
                seed = seeker.chance(number).randrange(1_000_000)
                yield seeker.way_of_a_crowd(crowd, seed)
            return
        threads = len(crowd.threads)
        # The first of all has more to do than a later one.
        places = self._alone(crowd).steps + threads
        passes = max(1, rest * threads // (2 * places))
        stride = max(1.0, passes * places / (threads * rest))
        for number in range(rest):
            again, begin = divmod(number * threads * stride, places)
            yield self._stopped(*(2 + round(again + begin + n * stride) for n in range(threads)))

    def of_three(self, crowd: Program) -> Iterator[Way]:
        """Give the ways in which the first of some threads stops, and the second further on."""
        seeker = self._seeker
        steps = seeker.perform(seeker.stage(), crowd, self._stopped(NEVER)).ran.steps
        for first in range(2, steps // len(crowd.threads) + 4):
            for further in (0, 2, 3, 4, 5):
                yield self._stopped(*((first, first + further) if further else (first,)))

    def _alone(self, program: Program, *, opcodes: bool = False) -> ways.Ran:
        """Run the first thread of a program, when the others do not come."""
        alone = replace(program, threads=program.threads[:1])
        way = self._stopped(NEVER, opcodes=opcodes)
        return self._seeker.perform(self._seeker.stage(), alone, way).ran

    def _stopped(
        self,
        *steps: int,
        patience: float = 0.0,
        opcodes: bool = False,
        passes_by: bool = False,
    ) -> Way:
        code = self._seeker.code
        if self._opened.is_async:
            return partial(
                ways.in_stopped_tasks,
                loop=self._opened.loop,
                code=code,
                step=steps[0],
                patience=patience,
            )
        style = stopped_at(*steps, opcodes=opcodes)
        if passes_by:
            style = replace(style, spinning=LONG_WAY)
        return partial(ways.scheduled, code=code, seed=0, style=style)


def _visits(ran: ways.Ran) -> Sequence[Sequence[int]]:
    """Give the steps that came to a place first, then others; where none is told, all at once."""
    if isinstance(ran.told, Raced) and ran.told.visits:
        return ran.told.visits
    return (range(1, ran.steps + 1),)
