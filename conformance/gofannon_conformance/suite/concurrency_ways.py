"""The ways in which tasks are run at once, from the one that seeks hardest to the plainest.

A way is handed the tasks as functions, or as coroutine functions where the service is async,
and gives back what a person can be told of how they ran, and which of them never ended.
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
from typing import TYPE_CHECKING, Any

from gofannon_conformance.patience import NoAnswer, Patience
from gofannon_conformance.schedules import Style, jittered, race
from gofannon_conformance.schedules.hands import lend

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Iterator, Sequence
    from types import FrameType

    from gofannon_conformance.opening import EventLoop
    from gofannon_conformance.schedules import OwnCode

LONGEST = 30.0
"""Seconds in which every call must end that only waits for other callers."""

CROWDED = Style("lines, often", chance=0.5)
"""For many threads that do the same once: most of them are in the window together."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How the tasks ran, for how many events, and which of them never ended."""

    told: object
    """What `str()` makes words of: most runs are never told of."""
    steps: int = 0
    unfinished: tuple[int, ...] = ()


def scheduled(tasks: Sequence[Callable[[], Any]], *, code: OwnCode, seed: int, style: Style) -> Ran:
    """Run one thread at a time, and hand over inside the backend's own code."""
    raced = race(tasks, code=code, seed=seed, style=style, bound=LONGEST)
    for ended in raced.results:
        if ended.error is not None:
            raise ended.error  # the tasks record what the service raises: this is the kit's own
    return Ran(raced, raced.steps, raced.unfinished)


def in_threads(tasks: Sequence[Callable[[], Any]]) -> Ran:
    """Run plain threads, which start together and are switched as often as Python can."""
    barrier = threading.Barrier(len(tasks))
    ended: list[int] = []

    def run(number: int, task: Callable[[], Any]) -> None:
        barrier.wait(LONGEST)
        task()
        ended.append(number)

    with _switching_often():
        dones = [
            lend(partial(run, number, task), name=f"caller {number}")
            for number, task in enumerate(tasks)
        ]
        deadline = time.monotonic() + LONGEST
        for done in dones:
            done.wait(max(0.0, deadline - time.monotonic()))
    left = tuple(number for number, done in enumerate(dones) if not done.is_set())
    if not left and len(ended) < len(tasks):
        raise RuntimeError("a thread of the kit's own broke off")
    return Ran(f"{len(tasks)} threads, started together", unfinished=left)


@contextmanager
def _switching_often() -> Iterator[None]:
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
    """Run coroutines in the service's loop; those that wait stay away for longer, by chance.

    What they hand to the loop's own threads is delayed there, at lines of the backend.
    """
    random = Random(seed)  # noqa: S311  # it must be repeatable, not secret

    def delay() -> None:
        if random.random() < _DELAYED:
            time.sleep(_DELAY)

    tasks = [jittered(made(), Random(random.random())) for made in coroutines]  # noqa: S311
    unfinished, _ = _run(loop, _counted(_all_of(tasks, code, delay)), len(tasks))
    return Ran(f"{len(coroutines)} tasks of one event loop (seed {seed})", unfinished=unfinished)


def in_stopped_tasks(
    coroutines: Sequence[Callable[[], Coroutine[Any, Any, Any]]],
    *,
    loop: EventLoop,
    code: OwnCode,
    step: int,
    patience: float,
) -> Ran:
    """Run coroutines in the service's loop; the first stops once, and the others come in between.

    It stops at an await, or at a line of the backend in one of the loop's own threads. The
    others may be waiting for a lock that it holds: it goes on after `patience` seconds.
    """

    async def all_of_them() -> tuple[tuple[int, ...], int]:
        stop = _Stop(step, len(coroutines) - 1, patience)
        first, *others = (made() for made in coroutines)
        tasks = [stop.first(first), *map(stop.other, others)]
        return await _all_of(tasks, code, stop.line), stop.count

    unfinished, count = _run(loop, all_of_them(), len(coroutines))
    return Ran(f"task A stopped at step {step}; the others came in between", count, unfinished)


def _run(
    loop: EventLoop, coroutine: Coroutine[Any, Any, tuple[tuple[int, ...], int]], tasks: int
) -> tuple[tuple[int, ...], int]:
    """Run what runs the tasks, which ends by itself, unless one of them keeps the loop waiting.

    A lock of threads that is held over an await does that: none of the tasks can go on.
    """
    try:
        ran: tuple[tuple[int, ...], int] = Patience(2 * LONGEST).wait_for(loop.run, coroutine)
    except NoAnswer:
        loop.renew()
        return tuple(range(tasks)), 0
    return ran


async def _counted(
    unfinished: Coroutine[Any, Any, tuple[int, ...]],
) -> tuple[tuple[int, ...], int]:
    return await unfinished, 0


class _Stop:
    """Holds up the first of some coroutines once, at a step, until the others are done."""

    def __init__(self, step: int, others: int, patience: float) -> None:
        self.count = 0
        self._step = step
        self._others = others
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self._done = threading.Event()

    async def first(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Drive the one that is held up."""
        try:
            await _Driven(coroutine, self._came_back)
        finally:
            self._stopped.set()

    async def other(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Drive one of the others, once the first has stopped."""
        await self._stopped.wait()
        try:
            await coroutine
        finally:
            self._others -= 1
            if not self._others:
                self._done.set()

    def line(self) -> None:
        """Come to a line in a thread; before the first has stopped, it is the only one there."""
        if not self._stopped.is_set() and self._is_here():
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._done.wait(self._patience)

    async def _came_back(self) -> None:
        if not self._stopped.is_set() and self._is_here():
            self._stopped.set()
            until = time.monotonic() + self._patience
            while not self._done.is_set() and time.monotonic() < until:
                await asyncio.sleep(0)

    def _is_here(self) -> bool:
        self.count += 1
        return self.count == self._step


class _Driven:
    """Awaits what a coroutine awaits, and one thing more after each of them."""

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, Any],
        each_time: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        self._coroutine = coroutine
        self._each_time = each_time

    def __await__(self) -> Generator[Any, Any, Any]:
        go_on: Callable[[], Any] = partial(self._coroutine.send, None)
        while True:
            try:
                waits_for = go_on()
            except StopIteration as end:
                return end.value
            try:
                answer = yield waits_for
            except BaseException as error:  # noqa: BLE001  # it is the coroutine's to handle
                go_on = partial(self._coroutine.throw, error)
            else:
                go_on = partial(self._coroutine.send, answer)
            yield from self._each_time().__await__()


async def _all_of(
    coroutines: Sequence[Coroutine[Any, Any, Any]], code: OwnCode, at_line: Callable[[], None]
) -> tuple[int, ...]:
    """Run coroutines to their end, and give the numbers of those that came to none."""
    with _watched_executor(code, at_line):
        tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
        done, left = await asyncio.wait(tasks, timeout=LONGEST)
        for task in left:
            task.cancel()
        for task in done:
            task.result()
        return tuple(number for number, task in enumerate(tasks) if task in left)


@contextmanager
def _watched_executor(code: OwnCode, at_line: Callable[[], None]) -> Iterator[None]:
    """Give the running loop threads that call a function at each line of the backend's own code."""

    def inside(_frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            at_line()
        return inside

    def entering(frame: FrameType, _event: str, _: Any) -> Any:
        return inside if frame.f_code in code else None

    loop = asyncio.get_running_loop()
    watched = ThreadPoolExecutor(WORKERS, initializer=partial(sys.settrace, entering))
    loop.set_default_executor(watched)
    try:
        yield
    finally:
        loop.set_default_executor(ThreadPoolExecutor())
        watched.shutdown(wait=False)


WORKERS = 8
"""Threads of the loop, for what an async service cannot do without one."""

_DELAYED = 0.2
_DELAY = 0.0005
