"""Coroutines that let the others in more often than they have to, as a seed says."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from random import Random
    from types import TracebackType

T = TypeVar("T")


def jittered(coroutine: Coroutine[Any, Any, T], random: Random) -> Coroutine[Any, Any, T]:
    """Drive a coroutine of asyncio, and stay suspended for some more rounds of the loop each time.

    Results, exceptions, cancellation and context variables are the coroutine's own.

    >>> import asyncio, random
    >>> asyncio.run(jittered(asyncio.sleep(0, "slept"), random.Random(1)))
    'slept'
    """
    return _Jittered(coroutine, random)


class _Jittered(Coroutine[Any, Any, T]):
    def __init__(self, coroutine: Coroutine[Any, Any, T], random: Random) -> None:
        self._coroutine = coroutine
        self._random = random
        self._rounds = self._drawn()
        self._answer: Any = None

    def send(self, value: Any, /) -> Any:
        """Let a round pass, or let the coroutine go on with what it waited for."""
        if value is not None:
            self._answer = value
        if self._rounds:
            self._rounds -= 1
            return None  # as `asyncio.sleep(0)` does
        answer, self._answer = self._answer, None
        return self._suspended(self._coroutine.send(answer))

    def throw(
        self,
        typ: type[BaseException] | BaseException,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
        /,
    ) -> Any:
        """Hand an exception, such as a cancellation, to the coroutine at once."""
        error = typ if isinstance(typ, BaseException) else typ(*() if val is None else (val,))
        return self._suspended(self._coroutine.throw(error.with_traceback(tb) if tb else error))

    def close(self) -> None:
        """Close the coroutine."""
        self._coroutine.close()

    def __await__(self) -> Any:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def _suspended(self, waits_for: Any) -> Any:
        self._rounds = self._drawn()
        return waits_for

    def _drawn(self) -> int:
        # None as often as not: to be late each time is as regular as never to be.
        return self._random.choice((0, 0, 0, 1, 2, 5))
