"""The proxy: a listener on loopback, in a thread of its own, that is armed from any other."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from gofannon_conformance.faults.faults import Mute, Refuse
from gofannon_conformance.faults.framing import Turns
from gofannon_conformance.faults.grpc import GrpcFraming
from gofannon_conformance.faults.http import HttpFraming
from gofannon_conformance.faults.link import Link
from gofannon_conformance.faults.postgresql import PostgresqlFraming

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Mapping
    from types import TracebackType

    from gofannon_conformance.faults.faults import Fault, Manner, Reorder

_FRAMINGS: Final[Mapping[str, type[HttpFraming | GrpcFraming | PostgresqlFraming | Turns]]] = {
    "http": HttpFraming,
    "grpc": GrpcFraming,
    "postgresql": PostgresqlFraming,
    "tcp": Turns,
}

_BACKLOG = 128


@dataclass
class Exchange:
    """One request and what became of it."""

    number: int
    fault: Fault | None = None
    handshake: bool = False
    """Whether it only opened a connection."""
    sent: int = 0
    answered: int = 0
    """Bytes of the server's answer that the client got."""
    cancelled: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    """Set when the fault that was armed as it began is cleared."""


@dataclass(frozen=True)
class Counts:
    """What has gone through a proxy since it was opened."""

    connections: int = 0
    requests: int = 0
    sent: int = 0
    """Bytes that clients sent."""
    answered: int = 0
    """Bytes that clients got of the server's."""


class Proxy:
    """Stands between clients and the server at `host:port`; a context manager.

    Its own address is in `host` and `port`, and stays the same while it refuses connections. The
    methods may be called from any thread; what they do is in force when they return. A fault
    befalls the requests that begin after it was armed.
    """

    def __init__(self, host: str, port: int, *, protocol: str = "tcp") -> None:
        self._framing = _FRAMINGS[protocol]
        self._control = Control((host, port))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="fault-proxy", daemon=True
        )
        self._listener: asyncio.Server | None = None
        self._place = _bound(("127.0.0.1", 0))
        self._links: dict[Link, asyncio.Task[Any]] = {}
        self.host, self.port = self._place.getsockname()

    @property
    def replies(self) -> tuple[str, ...]:
        """The names of what it can say in place of the server; none where it cannot speak."""
        return tuple(self._framing.replies)

    @property
    def counts(self) -> Counts:
        """What has gone through so far."""
        return self._control.counts

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def arm(self, fault: Fault, *, nth: int | None = None, lasting: bool = False) -> None:
        """Let a fault befall each request from now on, or the nth of them only.

        It takes the place of the one before. A `lasting` one befalls all from the nth on.
        `Refuse` is for all requests. An nth request is one that does more than to open a
        connection.
        """
        name = getattr(fault, "reply", "")
        if name and name not in self.replies:
            raise LookupError(f"there is no reply {name!r}, only {self.replies}")
        self._do(self._arm(fault, nth, lasting=lasting))

    def clear(self) -> None:
        """Be a good proxy again; raises what a hook has raised."""
        self._do(self._clear())
        error, self._control.hook_failed = self._control.hook_failed, None
        if error is not None:
            raise error

    @contextmanager
    def armed(
        self, fault: Fault, *, nth: int | None = None, lasting: bool = False
    ) -> Iterator[None]:
        """Arm a fault for a while."""
        self.arm(fault, nth=nth, lasting=lasting)
        try:
            yield
        finally:
            self.clear()

    @contextmanager
    def watching(self) -> Iterator[list[Exchange]]:
        """Give the requests that begin meanwhile, in their order; each grows while it is made."""
        seen: list[Exchange] = []
        self._control.watchers.append(seen)
        try:
            yield seen
        finally:
            self._control.watchers[:] = [w for w in self._control.watchers if w is not seen]

    def hang_up(self, manner: Manner = "FIN") -> None:
        """End every connection that exists, and take new ones all the same."""
        self._do(self._end_links(list(self._links), manner))

    def close(self) -> None:
        """Let go of everything: connections, muted ones too, the listener, the thread."""
        if not self._loop.is_closed():
            if self._thread.is_alive():
                self._do(self._wind_up())
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()
            self._loop.close()
        self._place.close()

    # --- on the proxy's own thread --------------------------------------------------------------

    def _do(self, coroutine: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _listen(self) -> None:
        self._place.listen(_BACKLOG)
        self._listener = await asyncio.start_server(self._accepted, sock=self._place)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._listener is None:  # it came in while the listener went
            writer.transport.abort()
            return
        self._control.count(connections=1)
        link = Link(self._control, self._framing(), reader, writer)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # a callback of the listener is a task
        self._links[link] = task
        try:
            await link.run()
        finally:
            del self._links[link]

    async def _arm(self, fault: Fault, nth: int | None, *, lasting: bool) -> None:
        await self._clear()
        self._control.arm(fault, nth, lasting=lasting)
        if isinstance(fault, Refuse):
            self._stop_listening()
            # Bound and not listening: whoever connects is refused, and nobody takes the port.
            self._place = _bound((self.host, self.port))
            await self._end_links(list(self._links), "RST")

    async def _clear(self) -> None:
        self._control.disarm()
        await self._end_links([link for link in self._links if link.lost], "RST")
        if self._listener is None:
            await self._listen()

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _end_links(self, links: list[Link], manner: Manner) -> None:
        await asyncio.gather(*(link.end(manner) for link in links))

    async def _wind_up(self) -> None:
        self._stop_listening()
        tasks = list(self._links.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._loop.shutdown_default_executor()


class Control:
    """What the connections of a proxy ask: which fault befalls a request, and how to go about it.

    Its methods run on the proxy's thread.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self.server = server
        self.counts = Counts()
        self.over = asyncio.Event()
        self.watchers: list[list[Exchange]] = []
        self.hook_failed: Exception | None = None
        self._fault: Fault | None = None
        self._nth: int | None = None
        self._lasting = False
        self._seen = 0
        self._numbers = 0
        self._random = random.Random()  # noqa: S311  # no secret depends on it
        self._waiting: dict[asyncio.Future[None], Exchange] = {}

    @property
    def mute(self) -> Mute | None:
        """The silence that has fallen on all connections, if one has."""
        return self._fault if isinstance(self._fault, Mute) and self._nth is None else None

    def arm(self, fault: Fault, nth: int | None, *, lasting: bool) -> None:
        """Let a fault befall what comes."""
        self._fault, self._nth, self._lasting, self._seen = fault, nth, lasting, 0
        self._random = random.Random(getattr(fault, "seed", 0))  # noqa: S311  # as above
        self.over = asyncio.Event()

    def disarm(self) -> None:
        """Let what comes pass, and what is silent or slow speak."""
        self._fault = None
        self.over.set()

    def begin(self, *, handshake: bool) -> Exchange:
        """Note that a request begins, and what is to befall it."""
        self._numbers += 1
        fault = self._next_fault(handshake=handshake)
        exchange = Exchange(self._numbers, fault, handshake, over=self.over)
        self.count(requests=1)
        for seen in self.watchers:
            seen.append(exchange)
        return exchange

    def _next_fault(self, *, handshake: bool) -> Fault | None:
        if self._nth is None or self._fault is None:
            return self._fault
        befallen = self._lasting and self._seen >= self._nth
        if not handshake:
            self._seen += 1
            befallen = self._seen == self._nth or (self._lasting and self._seen > self._nth)
        return self._fault if befallen else None

    def count(
        self, *, connections: int = 0, requests: int = 0, sent: int = 0, answered: int = 0
    ) -> None:
        """Add to what has gone through."""
        so_far = self.counts
        self.counts = Counts(
            so_far.connections + connections,
            so_far.requests + requests,
            so_far.sent + sent,
            so_far.answered + answered,
        )

    async def pause(self, longest: float) -> None:
        """Wait for a random while."""
        await asyncio.sleep(self._random.uniform(0, longest))

    async def until_overtaken(self, exchange: Exchange, fault: Reorder) -> None:
        """Wait, if chance will have it so, until another request has been passed on."""
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
        """Note that a request is on its way to the server: those that wait for it may go."""
        for overtaken, waiting in self._waiting.items():
            if waiting is not exchange and not overtaken.done():
                overtaken.set_result(None)

    async def run(self, hook: Callable[[], object]) -> None:
        """Run a hook while the connection waits."""
        try:
            await asyncio.to_thread(hook)
        except Exception as error:  # noqa: BLE001  # it is raised where the proxy is cleared
            self.hook_failed = error


def _bound(address: tuple[str, int]) -> socket.socket:
    place = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind(address)
    return place
