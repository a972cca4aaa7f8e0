"""Ways to run tasks concurrently: scheduled threads, plain threads, and tasks of an event loop.

A way takes functions, or coroutine functions if the service is async. It returns how they ran,
and which of them did not end.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, TypeAlias

from gofannon_conformance.calls.values import NoAnswer
from gofannon_conformance.schedules import jittered, race
from gofannon_conformance.schedules.events import tracer
from gofannon_conformance.schedules.jitter import Driven
from gofannon_conformance.schedules.threads import run_in_thread
from gofannon_conformance.service.time_limit import TimeLimit

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence

    from gofannon_conformance.schedules import OwnCode, Style
    from gofannon_conformance.service.event_loop import EventLoop

LONGEST = 30.0
"""Seconds within which every call must end that waits only for other callers."""

WORKERS = 8
"""Threads of the loop, for an async service that uses them."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How the tasks ran, with how many events, and which of them did not end."""

    schedule: object
    """The schedule; `str()` is computed only if it is shown."""
    steps: int = 0
    unfinished: tuple[int, ...] = ()


Way: TypeAlias = "Callable[[Sequence[Callable[[], Any]]], Ran]"


def scheduled(tasks: Sequence[Callable[[], Any]], *, code: OwnCode, seed: int, style: Style) -> Ran:
    """Run one thread at a time, and switch inside the backend's own code."""
    raced = race(tasks, code=code, seed=seed, style=style, bound=LONGEST)
    for ended in raced.results:
        if ended.error is not None:
            raise ended.error  # the tasks record the service's errors: this is one of the kit
    return Ran(raced, raced.steps, raced.unfinished)


def in_threads(tasks: Sequence[Callable[[], Any]]) -> Ran:
    """Run plain threads, which start together and are switched as often as possible."""
    barrier = threading.Barrier(len(tasks))
    ended: list[int] = []

    def run(number: int, task: Callable[[], Any]) -> None:
        barrier.wait(LONGEST)
        task()
        ended.append(number)

    with _frequent_switches():
        done = [
            run_in_thread(partial(run, number, task), name=f"caller {number}")
            for number, task in enumerate(tasks)
        ]
        deadline = time.monotonic() + LONGEST
        for event in done:
            event.wait(max(0.0, deadline - time.monotonic()))
    left = tuple(number for number, event in enumerate(done) if not event.is_set())
    if not left and len(ended) < len(tasks):
        raise RuntimeError("a thread of the kit failed")
    return Ran(f"{len(tasks)} threads, started together", unfinished=left)


@contextmanager
def _frequent_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def in_tasks(
    coroutines: Sequence[Callable[[], Coroutine[Any, Any, Any]]],
    *,
    loop: EventLoop,
    code: OwnCode,
    seed: int,
) -> Ran:
    """Run coroutines in the service's loop, with random pauses after their awaits.

    Code of the backend in the loop's own threads is delayed at random lines.
    """
    random = Random(seed)  # noqa: S311  # it must be repeatable, not secret

    def delay() -> None:
        if random.random() < 0.2:
            time.sleep(0.0005)

    tasks = [jittered(made(), Random(random.random())) for made in coroutines]  # noqa: S311
    unfinished = _run(loop, tasks, code, delay)
    return Ran(f"{len(coroutines)} tasks of one event loop (seed {seed})", unfinished=unfinished)


def in_stopped_tasks(
    coroutines: Sequence[Callable[[], Coroutine[Any, Any, Any]]],
    *,
    loop: EventLoop,
    code: OwnCode,
    step: int,
    patience: float,
) -> Ran:
    """Run coroutines in the service's loop; the first stops once, while the others run.

    It stops at an await, or at a line of the backend in one of the loop's own threads. It goes
    on after `patience` seconds, since the others may wait for a lock that it holds.
    """
    stop = _Stop(step, len(coroutines) - 1, patience)
    first, *others = (made() for made in coroutines)
    unfinished = _run(loop, [stop.first(first), *map(stop.other, others)], code, stop.line)
    return Ran(f"task A stopped at step {step} while the others ran", stop.count, unfinished)


def _run(
    loop: EventLoop,
    coroutines: Sequence[Coroutine[Any, Any, Any]],
    code: OwnCode,
    at_line: Callable[[], None],
) -> tuple[int, ...]:
    """Run coroutines in a loop, and return the numbers of those that did not end.

    A lock for threads that is held over an await blocks the loop itself: then none has ended.
    """

    async def all_of_them() -> tuple[int, ...]:
        with _traced_executor(code, at_line):
            tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
            done, left = await asyncio.wait(tasks, timeout=LONGEST)
            for task in left:
                task.cancel()
            for task in done:
                task.result()
            return tuple(number for number, task in enumerate(tasks) if task in left)

    try:
        unfinished: tuple[int, ...] = TimeLimit(2 * LONGEST).call(loop.run, all_of_them())
    except NoAnswer:
        loop.renew()
        return tuple(range(len(coroutines)))
    return unfinished


class _Stop:
    """Stops the first of some coroutines once, at a step, until the others have ended."""

    def __init__(self, step: int, others: int, patience: float) -> None:
        self.count = 0
        self._step = step
        self._others = others
        self._patience = patience
        self._loop: asyncio.AbstractEventLoop
        self._stopped = asyncio.Event()
        self._done = threading.Event()

    async def first(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run the coroutine that is stopped."""
        self._loop = asyncio.get_running_loop()
        try:
            await Driven(coroutine, self._after_await)
        finally:
            self._stopped.set()

    async def other(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run one of the others, once the first has stopped."""
        await self._stopped.wait()
        try:
            await coroutine
        finally:
            self._others -= 1
            if not self._others:
                self._done.set()

    def line(self) -> None:
        """Handle a line in a thread, which is the first one's as long as it has not stopped."""
        if not self._stopped.is_set() and self._is_here():
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._done.wait(self._patience)

    async def _after_await(self) -> None:
        if not self._stopped.is_set() and self._is_here():
            self._stopped.set()
            until = time.monotonic() + self._patience
            while not self._done.is_set() and time.monotonic() < until:
                await asyncio.sleep(0)

    def _is_here(self) -> bool:
        self.count += 1
        return self.count == self._step


@contextmanager
def _traced_executor(code: OwnCode, at_line: Callable[[], None]) -> Iterator[None]:
    """Trace the threads of the running loop's executor within the block."""
    loop = asyncio.get_running_loop()
    tracing = partial(sys.settrace, tracer(code, lambda *_: at_line()))
    traced = ThreadPoolExecutor(WORKERS, initializer=tracing)
    loop.set_default_executor(traced)
    try:
        yield
    finally:
        loop.set_default_executor(ThreadPoolExecutor())
        traced.shutdown(wait=False)
