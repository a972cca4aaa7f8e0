"""How long a search for races goes on: by the work that is done, so that a busy machine loses none.

A search that is ended by the clock alone makes fewer trials where other programs are at work, and
misses what it finds elsewhere. Where calls run in this process its own time is what counts.
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
"""How many times as long as its own time a search may last, where it waits or is kept waiting."""


class Effort:
    """The time that has been spent since it was made."""

    def __init__(self, *, own: bool) -> None:
        self._is_own = own
        self._began = time.monotonic()
        self._own_began = time.process_time()

    @property
    def seconds(self) -> float:
        """Seconds of this process's own time; or those of the clock, if calls wait for others."""
        passed = time.monotonic() - self._began
        if not self._is_own:
            return passed
        return max(time.process_time() - self._own_began, passed / IDLE)

    def within(self, limit: float, things: Iterable[T], *, least: int = LEAST) -> Iterator[T]:
        """Give things one by one while less than a limit is spent, and a few at least."""
        for number, thing in enumerate(things):
            if number >= least and self.seconds > limit:
                break
            yield thing
