"""One connection through the proxy: two pumps, which apply the faults to what they carry."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from gofannon_conformance.proxy.faults import Cut, Delay, Drip, Drop, Instead, Manner, Mute, Reorder

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from gofannon_conformance.proxy.control import Exchange, FaultControl
    from gofannon_conformance.proxy.faults import Fault
    from gofannon_conformance.proxy.framing import Framing, Piece

_CHUNK = 65_536
_CLOSING = 5.0
"""Seconds that a client has to close its side of a connection that was ended by a FIN."""
_DROP_SECONDS = 0.05
"""Seconds between two parts of a slow answer."""


class _Ended(Exception):  # noqa: N818  # it is no error
    """Raised by a pump to end the connection."""

    def __init__(self, manner: Manner) -> None:
        super().__init__(manner)
        self.manner = manner


class Link:
    """The connection of a client, and the one to the server for it."""

    def __init__(
        self,
        control: FaultControl,
        framing: Framing,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.lost = False
        """Whether a request was discarded that the client may still wait for."""
        self._control = control
        self._framing = framing
        self._reader = reader
        self._writer = writer
        self._exchanges: dict[int, Exchange] = {}
        self._held: set[asyncio.Task[None]] = set()
        self._postponed: bytearray | None = None
        """What the proxy itself has to send, while an answer of the server is half sent."""
        self._running: asyncio.Task[None] | None = None
        self._manner: Manner = "RST"

    async def run(self) -> None:
        """Carry bytes both ways until either side or a fault ends the connection."""
        self._running = asyncio.current_task()
        server: asyncio.StreamWriter | None = None
        try:
            answers, server = await asyncio.open_connection(*self._control.server)
            self._manner = await self._carry(answers, server)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            if server is not None:
                server.transport.abort()
            with suppress(OSError, asyncio.CancelledError):
                await self._close(self._manner)
            self._writer.transport.abort()

    async def end(self, manner: Manner) -> None:
        """End the connection from outside; the client can see it when this returns."""
        self._manner = manner
        if self._running is not None and not self._running.done():
            self._running.cancel()
            if manner == "RST":
                await asyncio.wait({self._running})

    async def _carry(self, answers: asyncio.StreamReader, server: asyncio.StreamWriter) -> Manner:
        pumps = {
            asyncio.ensure_future(self._upward(server)),
            asyncio.ensure_future(self._downward(answers, server)),
        }
        try:
            done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in done:
                try:
                    await pump
                except _Ended as ended:
                    return ended.manner
            return "FIN"
        finally:
            for task in (*pumps, *self._held):
                task.cancel()
            await asyncio.gather(*pumps, *self._held, return_exceptions=True)

    async def _close(self, manner: Manner) -> None:
        if manner == "RST":
            taken: socket.socket = self._writer.get_extra_info("socket")
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        # Data that arrives after a close makes the kernel reset the connection, and the end of the
        # answer could be lost: so read on until the client has closed its side too.
        if self._writer.can_write_eof():
            self._writer.write_eof()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING):
                while await self._reader.read(_CHUNK):
                    pass

    # --- what the client sends ------------------------------------------------------------------

    async def _upward(self, server: asyncio.StreamWriter) -> None:
        while data := await self._reader.read(_CHUNK):
            for piece in self._framing.sent(data):
                await self._take(piece, server)
            await server.drain()

    async def _take(self, piece: Piece, server: asyncio.StreamWriter) -> None:
        if piece.own_reply and self._control.mute is None:
            self._send_own(piece.own_reply)
        exchange = self._exchange_of(piece)
        match self._fault_of(exchange):
            case Mute(passed_on=False):
                self.lost = True
                if self._over(exchange).is_set():  # the fault was cleared before it was complete
                    raise _Ended("RST")
            case Drop(manner):
                if piece.ends:
                    raise _Ended(manner)
            case Instead(name) if exchange is not None:
                await self._answer_instead(piece, name, server)
            case Delay(longest) if piece.ends:
                await self._later(self._control.pause(longest), piece, exchange, server)
            case Reorder() as fault if piece.ends and exchange is not None:
                pause = self._control.until_overtaken(exchange, fault)
                await self._later(pause, piece, exchange, server)
            case _:
                self._pass_on(piece, exchange, server)

    def _exchange_of(self, piece: Piece) -> Exchange | None:
        if piece.exchange is None:
            return None
        if piece.begins:
            if not self._framing.multiplexed:
                self._exchanges.clear()
            begun = self._control.begin(handshake=piece.handshake)
            self._exchanges[piece.exchange] = begun
        exchange = self._exchanges.get(piece.exchange)
        if exchange is not None:
            exchange.sent += len(piece.data)
            exchange.cancelled = exchange.cancelled or piece.cancels
        return exchange

    def _fault_of(self, exchange: Exchange | None) -> Fault | None:
        armed = exchange.fault if exchange is not None else None
        return armed if armed is not None else self._control.mute

    def _over(self, exchange: Exchange | None) -> asyncio.Event:
        if exchange is not None and exchange.fault is not None:
            return exchange.over
        return self._control.over

    async def _answer_instead(self, piece: Piece, name: str, server: asyncio.StreamWriter) -> None:
        to_server, to_client = self._framing.declined(piece)
        _write(server, to_server)
        self._send_own(to_client)
        if piece.ends:
            assert piece.exchange is not None  # noqa: S101  # a request has a number
            reply = self._framing.reply(name, piece.exchange)
            self._send_own(reply.data)
            await self._writer.drain()
            if reply.closes:
                raise _Ended("FIN")

    async def _later(
        self,
        pause: Coroutine[None, None, None],
        piece: Piece,
        exchange: Exchange | None,
        server: asyncio.StreamWriter,
    ) -> None:
        async def held() -> None:
            await pause
            if exchange is None or not exchange.cancelled:
                self._pass_on(piece, exchange, server)

        if not self._framing.multiplexed:
            await held()
            return
        task = asyncio.ensure_future(held())
        self._held.add(task)
        task.add_done_callback(self._held.discard)

    def _pass_on(
        self, piece: Piece, exchange: Exchange | None, server: asyncio.StreamWriter
    ) -> None:
        _write(server, piece.data)
        if piece.ends and exchange is not None:
            self._control.passed(exchange)

    # --- what the server answers ----------------------------------------------------------------

    async def _downward(self, answers: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        while data := await answers.read(_CHUNK):
            for piece in self._framing.answered(data):
                number = piece.exchange
                exchange = None if number is None else self._exchanges.get(number)
                await self._deliver(piece, exchange, server)
            await self._writer.drain()

    async def _deliver(
        self, piece: Piece, exchange: Exchange | None, server: asyncio.StreamWriter
    ) -> None:
        data = piece.data
        before = 0 if exchange is None else exchange.answered
        match self._fault_of(exchange):
            case Mute(after=after) if before + len(data) > after and (exchange or not after):
                await self._stall(data, max(after - before, 0), exchange)
                return
            case Cut(after, manner, hook, reply) if before + len(data) > after:
                self._answer(data[: max(after - before, 0)], exchange)
                await self._writer.drain()
                if hook is not None:
                    await self._control.run(hook)
                if reply and piece.exchange is not None:
                    forged = self._framing.reply(reply, piece.exchange, last=True)
                    _write(self._writer, forged.data)
                    await self._writer.drain()
                server.transport.abort()
                raise _Ended(manner)
            case Drip(rate) if exchange is not None:
                await self._drip(data, rate, exchange)
                return
            case Delay(longest) if not before:
                await self._control.pause(longest)
        self._answer(data, exchange)

    async def _stall(self, data: bytes, first: int, exchange: Exchange | None) -> None:
        """Send the first bytes of an answer, and the rest when the fault is cleared."""
        if not first:
            await self._over(exchange).wait()
            self._answer(data, exchange)
            return
        with self._in_mid_answer():
            self._answer(data[:first], exchange)
            await self._writer.drain()
            await self._over(exchange).wait()
            self._answer(data[first:], exchange)

    async def _drip(self, data: bytes, rate: float, exchange: Exchange) -> None:
        size = max(1, int(rate * _DROP_SECONDS))
        with self._in_mid_answer():
            for at in range(0, len(data), size):
                if not exchange.cancelled:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(size / rate):
                            await exchange.over.wait()
                if exchange.over.is_set() or exchange.cancelled:
                    self._answer(data[at:], exchange)
                    break
                self._answer(data[at : at + size], exchange)
                await self._writer.drain()

    @contextmanager
    def _in_mid_answer(self) -> Iterator[None]:
        """Postpone what the proxy itself has to send until the answer is complete."""
        self._postponed = postponed = bytearray()
        yield
        self._postponed = None
        _write(self._writer, bytes(postponed))

    def _send_own(self, data: bytes) -> None:
        """Send something of the proxy's own to the client, but not in the middle of an answer."""
        if self._postponed is None:
            _write(self._writer, data)
        else:
            self._postponed += data

    def _answer(self, data: bytes, exchange: Exchange | None) -> None:
        if exchange is not None:
            exchange.answered += len(data)
        _write(self._writer, data)


def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Write to a connection unless it is closing: the pump that reads from it notices that."""
    if not writer.is_closing():
        writer.write(data)
