"""A race: each task in a thread, only one of them at a time inside the backend's own code."""

from __future__ import annotations

import time
from threading import Event
from typing import TYPE_CHECKING, Generic, TypeVar

from gofannon_conformance.schedules.events import Listener
from gofannon_conformance.schedules.outcome import Ended, Raced, name
from gofannon_conformance.schedules.styles import choice
from gofannon_conformance.schedules.threads import run_in_thread
from gofannon_conformance.schedules.turns import Abandoned, Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from gofannon_conformance.schedules.own_code import OwnCode
    from gofannon_conformance.schedules.styles import Style

T = TypeVar("T")


def race(
    tasks: Sequence[Callable[[], T]],
    *,
    code: OwnCode,
    seed: int,
    style: Style,
    bound: float = 30.0,
) -> Raced[T]:
    """Run the tasks concurrently, and pass the turn as the seed and the style say.

    The same seed gives the same schedule, as far as the code is deterministic. A task that
    has not ended within `bound` seconds is abandoned: `Raced.unfinished` names it. Threads that
    the backend starts itself run freely; the thread that waits for one loses its turn.
    """
    if not tasks:
        raise ValueError("a race needs a task")
    turns = Turns(len(tasks), choice(style, seed, len(tasks)))
    with Listener(code, turns.event, opcodes=style.opcodes) as listener:
        racers = [_Racer(i, task, turns, listener.thread) for i, task in enumerate(tasks)]
        try:
            for racer in racers:
                racer.start()
            _watch(turns, time.monotonic() + bound)
        finally:
            turns.close()
            for racer in racers:
                racer.done.wait(_GRACE)
    return Raced(
        tuple(racer.ended for racer in racers),
        turns.steps,
        tuple(turns.passed),
        seed,
        style,
        tuple(turns.trail),
    )


def _watch(turns: Turns, until: float) -> None:
    """Look for sleeping threads, often while there are events, seldom while there are none."""
    pause, steps = _FIRST, -1
    while not turns.all_ended.acquire(timeout=pause) and time.monotonic() < until:
        turns.look()
        pause = _OFTEN if turns.steps != steps else min(pause * 1.2, _SELDOM)
        steps = turns.steps


class _Racer(Generic[T]):
    """One task and its thread, whose events are passed to `Turns`."""

    def __init__(
        self,
        me: int,
        task: Callable[[], T],
        turns: Turns,
        listening: Callable[[int], AbstractContextManager[None]],
    ) -> None:
        self.ended: Ended[T] = Ended(unfinished=True)
        self.done = Event()
        self._me = me
        self._task = task
        self._turns = turns
        self._listening = listening

    def start(self) -> None:
        """Start the task in a thread."""
        self.done = run_in_thread(self._run, name=f"thread {name(self._me)}")

    def _run(self) -> None:
        ended = self._result()
        if ended is not None and not self._turns.closed:
            self.ended = ended
        self._turns.end(self._me)

    def _result(self) -> Ended[T] | None:
        try:
            self._turns.begin(self._me)
            with self._listening(self._me):
                return Ended(self._task())
        except Abandoned:
            return None
        except BaseException as error:  # noqa: BLE001  # it is the task's result
            return Ended(error=error)


_FIRST = 0.0003
"""Seconds to the first look: the shortest races have ended by then."""
_OFTEN = 0.0001
_SELDOM = 0.002
_GRACE = 0.2
"""Seconds to wait for an abandoned task: it ends at its next event, if it has one."""
