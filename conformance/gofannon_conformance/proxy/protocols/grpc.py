"""gRPC: the frames of HTTP/2, with each stream one request, and the error replies of servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gofannon_conformance.proxy.framing import TLS_ALERT, Framing, Piece, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_HEAD = 9
"""Bytes before each frame's payload: its length, type, flags and stream."""

_DATA, _HEADERS, _RST_STREAM, _PING, _WINDOW_UPDATE, _CONTINUATION = 0x0, 0x1, 0x3, 0x6, 0x8, 0x9
_ACK, _END_STREAM, _END_HEADERS = 0x1, 0x1, 0x4
_CANCEL = 8


class _Frames:
    """The frames of one direction, as they become complete; headers with their continuations."""

    def __init__(self, preface: bytes) -> None:
        self._preface = preface
        self._data = b""

    def fed(self, data: bytes) -> Iterator[bytes]:
        self._data += data
        if self._preface:
            if len(self._data) < len(self._preface):
                return
            size = len(self._preface)
            preface, self._data, self._preface = self._data[:size], self._data[size:], b""
            yield preface
        while end := self._whole():
            frame, self._data = self._data[:end], self._data[end:]
            yield frame

    def _whole(self) -> int:
        """Return the size of the first frame, or 0 while it is not complete."""
        size = 0
        while True:
            if len(self._data) < size + _HEAD:
                return 0
            length = int.from_bytes(self._data[size : size + 3], "big")
            kind, flags = self._data[size + 3], self._data[size + 4]
            size += _HEAD + length
            if len(self._data) < size:
                return 0
            if kind not in (_HEADERS, _CONTINUATION) or flags & _END_HEADERS:
                return size


def _read(frame: bytes) -> tuple[int, int, int]:
    return frame[3], frame[4], int.from_bytes(frame[5:_HEAD], "big") & 0x7FFFFFFF


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return (
        len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload
    )


def _headers(fields: Mapping[str, str]) -> bytes:
    """Return header fields as HPACK literals, which change the dynamic table of neither side."""
    return b"".join(
        b"\x00" + bytes((len(name),)) + name.encode() + bytes((len(value),)) + value.encode()
        for name, value in fields.items()
    )


_Part = tuple[int, int, bytes]
_BOTH = _END_HEADERS | _END_STREAM
_WHOLE = {":status": "200", "content-type": "application/grpc"}


def _refusal(code: int, words: str) -> tuple[_Part, ...]:
    fields = _headers({**_WHOLE, "grpc-status": str(code), "grpc-message": words})
    return ((_HEADERS, _BOTH, fields),)


def _gateway(status: str) -> tuple[_Part, ...]:
    fields = _headers({":status": status, "content-type": "text/html"})
    return ((_HEADERS, _END_HEADERS, fields), (_DATA, _END_STREAM, b"<html>No.</html>"))


REPLIES: Final[Mapping[str, tuple[_Part, ...]]] = {
    "500": _refusal(13, "internal"),
    "503": _refusal(14, "unavailable"),
    "429": _refusal(8, "quota exceeded"),
    "gateway 500": _gateway("500"),
    "gateway 503": _gateway("503"),
    "gateway 429": _gateway("429"),
    "garbled": (
        (_HEADERS, _END_HEADERS, _headers(_WHOLE)),
        (_DATA, 0, b"\x00\x00\x00\x00\x06\xff\xff\xff\xff\xff\xff"),
        (_HEADERS, _BOTH, _headers({"grpc-status": "0"})),
    ),
}
"""By name: the type, flags and payload of each frame."""


class GrpcFraming(Framing):
    """Follows the streams of one connection."""

    multiplexed = True
    replies = (*REPLIES, "noise")

    def __init__(self) -> None:
        self._sent = _Frames(_PREFACE)
        self._answered = _Frames(b"")
        self._streams: set[int] = set()

    def sent(self, data: bytes) -> list[Piece]:
        """Split into frames, and assign those of requests to their streams."""
        return [self._piece_sent(frame) for frame in self._sent.fed(data)]

    def _piece_sent(self, frame: bytes) -> Piece:
        kind, flags, stream = _read(frame)
        if frame.startswith(_PREFACE[:_HEAD]):
            return Piece(frame)
        if kind == _PING and not flags & _ACK:
            # A server closes a connection with many more pings than calls.
            return Piece(b"", own_reply=_frame(_PING, _ACK, 0, frame[_HEAD:]))
        if not stream:
            return Piece(frame)
        begins = kind == _HEADERS and stream not in self._streams
        self._streams.add(stream)
        return Piece(
            frame,
            stream,
            begins=begins,
            ends=kind in (_DATA, _HEADERS) and bool(flags & _END_STREAM),
            cancels=kind == _RST_STREAM,
        )

    def answered(self, data: bytes) -> list[Piece]:
        """Split into frames, and assign those that answer a request to their streams."""
        pieces = []
        for frame in self._answered.fed(data):
            kind, _, stream = _read(frame)
            answers = kind in (_DATA, _HEADERS, _RST_STREAM) and stream in self._streams
            pieces.append(Piece(frame, stream if answers else None))
        return pieces

    def declined(self, piece: Piece) -> tuple[bytes, bytes]:
        """Pass the headers to the server, because later ones refer to them, then a cancellation.

        Without its data a request is not executed. The client gets back what the data used up of
        the connection's flow-control window.
        """
        if piece.exchange is None:
            return b"", b""
        kind, _, stream = _read(piece.data)
        if kind == _HEADERS:
            return piece.data + _frame(_RST_STREAM, 0, stream, _CANCEL.to_bytes(4, "big")), b""
        size = len(piece.data) - _HEAD
        if kind == _DATA and size:
            return b"", _frame(_WINDOW_UPDATE, 0, 0, size.to_bytes(4, "big"))
        return b"", b""

    def reply(self, name: str, exchange: int, *, last: bool = False) -> Reply:  # noqa: ARG002
        """Return the frames of an answer."""
        if name == "noise":
            return Reply(TLS_ALERT, closes=True)
        return Reply(b"".join(_frame(*part[:2], exchange, part[2]) for part in REPLIES[name]))
