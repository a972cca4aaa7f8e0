"""The state that the connections of a proxy share: the armed fault, and the requests."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gofannon_conformance.proxy.faults import Mute

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.proxy.faults import Fault, Reorder


@dataclass
class Exchange:
    """One request and its answer."""

    number: int
    fault: Fault | None = None
    handshake: bool = False
    """Whether it only opened a connection."""
    sent: int = 0
    answered: int = 0
    """Bytes of the server's answer that the client received."""
    cancelled: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    """Set when the fault that was armed as it began is cleared."""


class FaultControl:
    """Decides which fault applies to a request; its methods run on the proxy's thread."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.server = server
        self.connections = 0
        self.requests = 0
        self.over = asyncio.Event()
        self.watchers: list[list[Exchange]] = []
        self.hook_failed: Exception | None = None
        self._fault: Fault | None = None
        self._nth: int | None = None
        self._lasting = False
        self._seen = 0
        self._random = random.Random()  # noqa: S311  # no secret depends on it
        self._waiting: dict[asyncio.Future[None], Exchange] = {}

    @property
    def mute(self) -> Mute | None:
        """The armed `Mute`, if it applies to all connections."""
        return self._fault if isinstance(self._fault, Mute) and self._nth is None else None

    def arm(self, fault: Fault, nth: int | None, *, lasting: bool) -> None:
        """Apply a fault to the requests that begin from now on."""
        self._fault, self._nth, self._lasting, self._seen = fault, nth, lasting, 0
        self._random = random.Random(getattr(fault, "seed", 0))  # noqa: S311  # as above
        self.over = asyncio.Event()

    def disarm(self) -> None:
        """Pass on new requests, and end the waits of those that a fault holds or slows down."""
        self._fault = None
        self.over.set()

    def begin(self, *, handshake: bool) -> Exchange:
        """Record a new request, with the fault that applies to it."""
        self.requests += 1
        fault = self._next_fault(handshake=handshake)
        exchange = Exchange(self.requests, fault, handshake, over=self.over)
        for seen in self.watchers:
            seen.append(exchange)
        return exchange

    def _next_fault(self, *, handshake: bool) -> Fault | None:
        if self._nth is None or self._fault is None:
            return self._fault
        applies = self._lasting and self._seen >= self._nth
        if not handshake:
            self._seen += 1
            applies = self._seen == self._nth or (self._lasting and self._seen > self._nth)
        return self._fault if applies else None

    async def pause(self, longest: float) -> None:
        """Wait for a random time."""
        await asyncio.sleep(self._random.uniform(0, longest))

    async def until_overtaken(self, exchange: Exchange, fault: Reorder) -> None:
        """Hold a request, if it is chosen at random, until another one has been passed on."""
        if self._random.random() >= fault.share:
            return
        overtaken = asyncio.get_running_loop().create_future()
        self._waiting[overtaken] = exchange
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(fault.longest):
                    await overtaken
        finally:
            del self._waiting[overtaken]

    def passed(self, exchange: Exchange) -> None:
        """Release the requests that wait until another one, such as this, was passed on."""
        for overtaken, waiting in self._waiting.items():
            if waiting is not exchange and not overtaken.done():
                overtaken.set_result(None)

    async def run(self, hook: Callable[[], object]) -> None:
        """Run a hook while the connection waits."""
        try:
            await asyncio.to_thread(hook)
        except Exception as error:  # noqa: BLE001  # it is raised where the proxy is cleared
            self.hook_failed = error
