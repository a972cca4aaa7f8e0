"""PostgreSQL: its messages, with each statement up to its `Sync` one request, and its errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gofannon_conformance.proxy.framing import Framing, Piece, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ENCRYPTION_REQUESTS = frozenset({80877103, 80877104})
_CANCEL_REQUEST = 80877102
_NO = b"N"
_ENDS_REQUEST = frozenset(b"QSF")
_TERMINATE = ord("X")
_READY = ord("Z")
_IDLE = ord("I")

REPLIES: Final[Mapping[str, tuple[str, str, str]]] = {
    "500": ("XX000", "XX000", "internal error"),
    "503": ("57P03", "57P01", "the database system is shutting down"),
    "429": ("53300", "53400", "sorry, too many clients already"),
    "disk full": ("53100", "53100", "could not extend file: no space left on device"),
}
"""By name: the code while connecting, the code for a statement, and the message."""

_FATAL_ALWAYS = frozenset({"57P01"})


class PostgresqlFraming(Framing):
    """Follows the messages of one connection, which is never encrypted."""

    replies = (*REPLIES, "noise")

    def __init__(self) -> None:
        self._sent = _Messages(typed=False)
        self._answered = _Messages(typed=True)
        self._number = 0
        self._between = True
        self._started = False
        self._status = _IDLE

    def sent(self, data: bytes) -> list[Piece]:
        """Split what the client sent at the ends of its statements."""
        return [self._piece_sent(message) for message in self._sent.fed(data)]

    def _piece_sent(self, message: bytes) -> Piece:
        if not self._sent.typed:
            code = int.from_bytes(message[4:8], "big")
            if code in _ENCRYPTION_REQUESTS:
                return Piece(b"", own_reply=_NO)  # the proxy could not read an encrypted one
            if code == _CANCEL_REQUEST:
                return Piece(message)
            self._sent.typed = True
            self._number += 1
            return Piece(message, self._number, begins=True, ends=True, handshake=True)
        if not self._started:
            return Piece(message, self._number)  # a password, or similar
        kind = message[0]
        if kind == _TERMINATE:
            return Piece(message)
        begins, self._between = self._between, kind in _ENDS_REQUEST
        self._number += begins
        return Piece(message, self._number, begins=begins, ends=self._between)

    def answered(self, data: bytes) -> list[Piece]:
        """Take everything as the answer to the last request, and record the transaction state."""
        for message in self._answered.fed(data):
            if message[0] == _READY:
                self._started = True
                self._status = message[5]
        return [Piece(data, self._number or None)]

    def reply(self, name: str, exchange: int, *, last: bool = False) -> Reply:  # noqa: ARG002  # as Framing has it
        """Return an error; in a transaction it closes the connection, so that both sides agree."""
        if name == "noise":
            return Reply(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", closes=True)
        at_start, later, text = REPLIES[name]
        code = later if self._started else at_start
        fatal = not self._started or self._status != _IDLE or code in _FATAL_ALWAYS
        severity = "FATAL" if fatal else "ERROR"
        fields = f"S{severity}\0V{severity}\0C{code}\0M{text}\0\0".encode("ascii")
        error = b"E" + (len(fields) + 4).to_bytes(4, "big") + fields
        return Reply(error if fatal else error + b"Z\0\0\0\x05I", closes=fatal)


class _Messages:
    """The messages of one direction, as they become complete; the client's first have no type."""

    def __init__(self, *, typed: bool) -> None:
        self.typed = typed
        self._data = bytearray()

    def fed(self, data: bytes) -> Iterator[bytes]:
        self._data += data
        at = 0
        while True:
            head = 5 if self.typed else 4
            if len(self._data) < at + head:
                break
            length = int.from_bytes(self._data[at + head - 4 : at + head], "big")
            end = at + head - 4 + max(length, 4)
            if len(self._data) < end:
                break
            message = bytes(self._data[at:end])
            at = end
            yield message
        del self._data[:at]
