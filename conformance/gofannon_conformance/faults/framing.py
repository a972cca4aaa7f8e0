"""How a protocol's bytes fall into requests and answers, and what its server says in a bad hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of one direction that belong together, in the order in which they came."""

    data: bytes
    exchange: int | None = None
    """The number of the request, on its connection, that they ask or answer; None for what
    belongs to the connection itself."""
    begins: bool = False
    """Whether they are the first of a request."""
    ends: bool = False
    """Whether the request is whole with them."""
    cancels: bool = False
    """Whether the client takes its request back."""
    handshake: bool = False
    """Whether the request only opens the connection."""
    own_reply: bytes = b""
    """What the proxy says to them itself, always."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said in place of a server's answer."""

    data: bytes
    closes: bool = False
    """Whether the connection is closed after it."""


class Framing(Protocol):
    """One connection's protocol, as far as the proxy must follow it."""

    multiplexed: bool
    """Whether several requests can be under way on one connection."""

    def sent(self, data: bytes) -> list[Piece]:
        """Take apart what the client sent."""

    def answered(self, data: bytes) -> list[Piece]:
        """Take apart what the server sent."""

    def declined(self, piece: Piece) -> tuple[bytes, bytes]:
        """Say what the server and the client must get for a piece that is not passed on."""

    def reply(self, name: str, exchange: int, *, last: bool = False) -> Reply:
        """Write the reply of that name to a request; the `last` says that nothing follows it."""


class Turns:
    """Any protocol in which the two sides take turns: a request is what follows an answer."""

    multiplexed = False
    replies: Mapping[str, bytes] = {}

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
        """Take everything as the answer of the last request."""
        self._clients_turn = True
        return [Piece(data, self._number or None)]

    def declined(self, piece: Piece) -> tuple[bytes, bytes]:  # noqa: ARG002  # as Framing has it
        """Leave the piece out: nobody else needs to know."""
        return b"", b""

    def reply(self, name: str, exchange: int, *, last: bool = False) -> Reply:  # noqa: ARG002  # as Framing has it
        """Refuse: nobody knows how a server of this protocol would put it."""
        raise LookupError(f"there is no reply {name!r} in a protocol that is not known")
