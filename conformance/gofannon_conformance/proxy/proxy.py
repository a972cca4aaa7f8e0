"""The proxy: a listener on loopback, in a thread of its own; any thread can arm a fault."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

from gofannon_conformance.proxy.control import FaultControl
from gofannon_conformance.proxy.faults import Refuse
from gofannon_conformance.proxy.framing import Turns
from gofannon_conformance.proxy.link import Link
from gofannon_conformance.proxy.protocols.grpc import GrpcFraming
from gofannon_conformance.proxy.protocols.http import HttpFraming
from gofannon_conformance.proxy.protocols.postgresql import PostgresqlFraming

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Mapping

    from gofannon_conformance.proxy.control import Exchange
    from gofannon_conformance.proxy.faults import Fault, Manner
    from gofannon_conformance.proxy.framing import Framing

_FRAMINGS: Final[Mapping[str, type[Framing]]] = {
    "http": HttpFraming,
    "grpc": GrpcFraming,
    "postgresql": PostgresqlFraming,
    "tcp": Turns,
}

_BACKLOG = 128


class Proxy:
    """Stands between clients and the server at `host:port`; a context manager.

    Its own address, `host` and `port`, stays the same while it refuses connections. The methods
    may be called from any thread; their effect is in force when they return. A fault applies to
    the requests that begin after it was armed.
    """

    def __init__(self, host: str, port: int, *, protocol: str = "tcp") -> None:
        self._framing = _FRAMINGS[protocol]
        self._control = FaultControl((host, port))
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
        """The names of the replies that it can give in place of the server."""
        return self._framing.replies

    @property
    def connections(self) -> int:
        """The number of connections that it has accepted."""
        return self._control.connections

    @property
    def requests(self) -> int:
        """The number of requests that have begun."""
        return self._control.requests

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def arm(self, fault: Fault, *, nth: int | None = None, lasting: bool = False) -> None:
        """Apply a fault to each request from now on, or to the nth of them only.

        It replaces the fault before. A `lasting` one applies to all requests from the nth on;
        `Refuse` always applies to all. Handshakes are not counted.
        """
        name = getattr(fault, "reply", "")
        if name and name not in self.replies:
            raise LookupError(f"there is no reply {name!r}, only {self.replies}")
        self._do(self._arm(fault, nth, lasting=lasting))

    def clear(self) -> None:
        """Stop injecting; raises what a hook has raised."""
        self._do(self._clear())
        error, self._control.hook_failed = self._control.hook_failed, None
        if error is not None:
            raise error

    @contextmanager
    def armed(
        self, fault: Fault, *, nth: int | None = None, lasting: bool = False
    ) -> Iterator[None]:
        """Arm a fault for the block."""
        self.arm(fault, nth=nth, lasting=lasting)
        try:
            yield
        finally:
            self.clear()

    @contextmanager
    def watching(self) -> Iterator[list[Exchange]]:
        """Record the requests that begin in the block, in order; each is updated as it proceeds."""
        seen: list[Exchange] = []
        self._control.watchers.append(seen)
        try:
            yield seen
        finally:
            self._control.watchers[:] = [w for w in self._control.watchers if w is not seen]

    def hang_up(self, manner: Manner = "FIN") -> None:
        """End every existing connection; new ones are accepted."""
        self._do(self._end_links(list(self._links), manner))

    def close(self) -> None:
        """End all connections, the listener and the thread."""
        if not self._loop.is_closed():
            if self._thread.is_alive():
                self._do(self._shut_down())
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
        if self._listener is None:  # it arrived while the listener was closed
            writer.transport.abort()
            return
        self._control.connections += 1
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
            # Bound and not listening: connections are refused, and no other program takes the port.
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

    async def _shut_down(self) -> None:
        self._stop_listening()
        tasks = list(self._links.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._loop.shutdown_default_executor()


def _bound(address: tuple[str, int]) -> socket.socket:
    place = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind(address)
    return place
