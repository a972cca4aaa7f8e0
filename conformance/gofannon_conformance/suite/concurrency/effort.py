"""The time budget of a search for races, and how its parts share it.

The work that is done counts, not only the clock: a search that is ended by the clock alone makes
fewer trials on a busy machine, and misses races.
For a service in this process, the CPU time of the process counts.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")

LEAST = 4
"""Trials that are made however long they take."""

IDLE = 2.5
"""How many times its CPU time a search may last, if it waits or the machine is busy."""


class Effort:
    """The time that has been spent since this object was made."""

    def __init__(self, *, own: bool) -> None:
        self._is_own = own
        self._began = time.monotonic()
        self._own_began = time.process_time()

    @property
    def seconds(self) -> float:
        """CPU seconds of this process; or seconds of the clock, if calls wait for others."""
        passed = time.monotonic() - self._began
        if not self._is_own:
            return passed
        return max(time.process_time() - self._own_began, passed / IDLE)

    def within(self, limit: float, items: Iterable[T], *, least: int = LEAST) -> Iterator[T]:
        """Yield items until the limit is spent, but at least some."""
        for number, item in enumerate(items):
            if number >= least and self.seconds > limit:
                break
            yield item


def in_turns(turns: Iterable[Iterator[T]]) -> Iterator[T]:
    """Yield the first item of each iterator, then the second of each, and so on."""
    left = list(turns)
    while left:
        for turn in tuple(left):
            try:
                yield next(turn)
            except StopIteration:
                left.remove(turn)
