"""How a proxy splits a protocol's bytes into requests and answers, and what it can reply itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

TLS_ALERT = b"\x15\x03\x01\x00\x02\x02\x46 this is not the port that you look for\r\n\r\n"
"""The reply of a server of another protocol: the alert of a TLS server, and text."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive bytes of one direction that belong to one request or answer."""

    data: bytes
    exchange: int | None = None
    """The number of their request on its connection; None if they belong to no request."""
    begins: bool = False
    """Whether they are the first of a request."""
    ends: bool = False
    """Whether the request is complete with them."""
    cancels: bool = False
    """Whether the client cancels its request."""
    handshake: bool = False
    """Whether the request only opens the connection."""
    own_reply: bytes = b""
    """What the proxy itself always answers to them."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the client receives in place of a server's answer."""

    data: bytes
    closes: bool = False
    """Whether the connection is closed after it."""


class Framing(ABC):
    """The protocol of one connection, as far as the proxy must follow it."""

    multiplexed: ClassVar[bool] = False
    """Whether several requests can be in progress on one connection."""
    replies: ClassVar[tuple[str, ...]] = ()
    """The names of the replies that the proxy can give in place of the server."""

    @abstractmethod
    def sent(self, data: bytes) -> list[Piece]:
        """Split what the client sent."""

    @abstractmethod
    def answered(self, data: bytes) -> list[Piece]:
        """Split what the server sent."""

    def declined(self, piece: Piece) -> tuple[bytes, bytes]:  # noqa: ARG002  # gRPC uses it
        """Return what the server and the client receive in place of a piece that is not passed."""
        return b"", b""

    @abstractmethod
    def reply(self, name: str, exchange: int, *, last: bool = False) -> Reply:
        """Return the named reply to a request; the connection is closed after the `last` one."""


class Turns(Framing):
    """Any protocol in which the two sides take turns: a request is what follows an answer."""

    def __init__(self) -> None:
        self._number = 0
        self._clients_turn = True

    def sent(self, data: bytes) -> list[Piece]:
        """Take the first bytes after an answer as the beginning of a request."""
        begins = self._clients_turn
        self._number += begins
        self._clients_turn = False
        return [Piece(data, self._number, begins=begins, ends=True)]

    def answered(self, data: bytes) -> list[Piece]:
        """Take everything as the answer to the last request."""
        self._clients_turn = True
        return [Piece(data, self._number or None)]

    def reply(self, name: str, exchange: int, *, last: bool = False) -> Reply:  # noqa: ARG002  # as Framing has it
        """Raise: the format of a reply is unknown."""
        raise LookupError(f"there is no reply {name!r} in an unknown protocol")
