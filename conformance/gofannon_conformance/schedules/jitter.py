"""Coroutines that are driven with a pause after each of their awaits."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator
    from random import Random

T = TypeVar("T")


async def jittered(coroutine: Coroutine[Any, Any, T], random: Random) -> T:
    """Run a coroutine, suspended for some more rounds of the event loop after each await.

    Results, exceptions, cancellation and context variables are the coroutine's own.

    >>> import asyncio, random
    >>> asyncio.run(jittered(asyncio.sleep(0, "slept"), random.Random(1)))
    'slept'
    """

    async def pause() -> None:
        # Half of the pauses are empty: to be late at each await is as regular as never to be.
        for _ in range(random.choice((0, 0, 0, 1, 2, 5))):
            await asyncio.sleep(0)

    await pause()
    return await Driven(coroutine, pause)


class Driven(Generic[T]):
    """Awaits a coroutine, and a pause after each of its awaits."""

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, T],
        pause: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        self._coroutine = coroutine
        self._pause = pause

    def __await__(self) -> Generator[Any, Any, T]:
        resume: Callable[[], Any] = partial(self._coroutine.send, None)
        while True:
            try:
                awaited = resume()
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            try:
                answer = yield awaited
                yield from self._pause().__await__()
            except BaseException as error:  # noqa: BLE001  # a cancellation, for the coroutine
                resume = partial(self._coroutine.throw, error)
            else:
                resume = partial(self._coroutine.send, answer)
