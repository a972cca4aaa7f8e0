"""HTTP/1.1: where requests end, and the error replies of servers and gateways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import h11

from gofannon_conformance.proxy.framing import TLS_ALERT, Framing, Piece, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_HEAD = 2**24
"""Ids are part of the path, and one may be very long."""


def _answer(status: str, kind: str, body: bytes, *more: str) -> tuple[bytes, bytes]:
    head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more]
    return "\r\n".join([*head, "", ""]).encode("ascii"), body


_JSON = "application/json"
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"

REPLIES: Final[Mapping[str, tuple[bytes, bytes]]] = {
    "500": _answer("500 Internal Server Error", _JSON, b'{"error":"internal","reason":"no luck"}'),
    "503": _answer("503 Service Unavailable", "text/plain", b"down for maintenance\n"),
    "429": _answer(
        "429 Too Many Requests", _JSON, b'{"error":"too_many_requests"}', "Retry-After: 1"
    ),
    "error page": _answer("502 Bad Gateway", "text/html", _HTML),
    "page": _answer("200 OK", "text/html", _HTML.replace(b"502 Bad Gateway", b"Sign in")),
    "garbled": _answer("200 OK", _JSON, b'{"_id": "a", "rows": [{"id": "a", "doc": {"n": 1, "te'),
    "garbled bytes": _answer("200 OK", _JSON, b"\x00\xff\xfe\x9f\x8b no JSON"),
    "empty": _answer("200 OK", _JSON, b""),
}
"""By name: the head and the body, which the answer to a HEAD request lacks."""


class HttpFraming(Framing):
    """Follows the requests of one connection; unreadable bytes are passed on unchanged."""

    replies = (*REPLIES, "noise")

    def __init__(self) -> None:
        self._parser = _parser()
        self._number = 0
        self._between = True
        self._readable = True
        self._is_head = False

    def sent(self, data: bytes) -> list[Piece]:
        """Split what the client sent at the ends of its requests."""
        pieces = []
        while data:
            begins, self._between = self._between, False
            if begins:
                self._number += 1
            rest = self._rest_after_end(data)
            ends = rest is not None
            here = data[: len(data) - len(rest)] if rest is not None else data
            pieces.append(Piece(here, self._number, begins=begins, ends=ends))
            if rest is not None:
                self._parser, self._between = _parser(), True
            data = rest or b""
        return pieces

    def _rest_after_end(self, data: bytes) -> bytes | None:
        """Parse on; return what follows the end of the request, or None if it is not complete."""
        if not self._readable:
            return None
        self._parser.receive_data(data)
        try:
            while True:
                event = self._parser.next_event()
                if isinstance(event, h11.Request):
                    self._is_head = event.method == b"HEAD"
                elif isinstance(event, h11.EndOfMessage):
                    return self._parser.trailing_data[0]
                elif event is h11.NEED_DATA or event is h11.PAUSED:
                    return None
        except h11.RemoteProtocolError:
            self._readable = False
            return None

    def answered(self, data: bytes) -> list[Piece]:
        """Take everything as the answer to the last request."""
        return [Piece(data, self._number or None)]

    def reply(self, name: str, exchange: int, *, last: bool = False) -> Reply:  # noqa: ARG002  # as Framing has it
        """Return an answer, without its body if the request was a HEAD."""
        if name == "noise":
            return Reply(TLS_ALERT, closes=True)
        head, body = REPLIES[name]
        if last:
            head = head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        return Reply(head if self._is_head else head + body)


def _parser() -> h11.Connection:
    return h11.Connection(our_role=h11.SERVER, max_incomplete_event_size=_LONGEST_HEAD)
