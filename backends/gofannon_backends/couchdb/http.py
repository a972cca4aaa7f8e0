"""The HTTP session of the CouchDB backend, in place of python-couchdb's own.

The client's session has no time-out, sends any method again after a broken connection, and fails
on several kinds of error (`docs/backends/couchdb.md` lists them). This one has the method
`request`, all that `couchdb.http.Resource` needs, and raises the client's own error types.
"""

from __future__ import annotations

import io
import json
import random
import selectors
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPSConnection
from urllib.parse import urlsplit

from couchdb import http as client

READS = frozenset({"GET", "HEAD"})
REFUSED_AFTER_READING = frozenset({409, 412})
REFUSED_UNDONE = frozenset({429})
WORTH_READING_AGAIN = frozenset({429, 500, 502, 503, 504})
LONGEST_PAUSE = 1.0
"""If a server asks for a longer wait (Retry-After, in seconds) the request is not repeated."""
SHORTEST_WAIT = 0.01
IDLE_SECONDS = 30.0
"""A connection unused for longer is not used again: routers drop such connections silently."""

CODES = {404: "not_found", 409: "conflict"}
"""The error codes of these answers, if they are CouchDB's own and about a document."""
CLIENT_ERRORS: dict[int, type[Exception]] = {
    401: client.Unauthorized,
    403: client.Forbidden,
    404: client.ResourceNotFound,
    409: client.ResourceConflict,
    412: client.PreconditionFailed,
}


class TransportError(Exception):
    """There is no answer; `kind` is the type's name of the error that caused it."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(type(cause).__name__)
        self.kind = type(cause).__name__


class NotSentError(TransportError):
    """The server did not receive the whole request, so nothing has changed there."""


class AnswerLostError(TransportError):
    """The request was sent, but the answer is missing or cut: it may have been carried out."""


class NoAnswerInTimeError(AnswerLostError):
    """The answer did not come before the time-out."""


class ForeignAnswerError(Exception):
    """The answer is not CouchDB's own: a proxy, a load balancer or another server wrote it."""

    def __init__(self, status: int) -> None:
        super().__init__(f"an answer with HTTP status {status} that CouchDB did not write")
        self.status = status


@dataclass(frozen=True)
class _Request:
    method: str
    target: str
    body: bytes | None = field(repr=False)
    headers: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def is_json(self) -> bool:
        return "application/json" in (self.headers.get("Content-Type") or "")


class ConnectionPool:
    """The idle connections to one origin; one in use is not in the pool."""

    def __init__(self, origin: str, *, size: int) -> None:
        parts = urlsplit(origin)
        self._connection_type = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._netloc = parts.netloc
        self._size = size
        self._lock = threading.Lock()
        self._idle: deque[tuple[HTTPConnection, float]] = deque()

    def take(self, timeout: float) -> HTTPConnection:
        """Return a connection that is open, as far as can be seen without sending."""
        while True:
            with self._lock:
                if not self._idle:
                    break
                connection, released = self._idle.pop()
            if time.monotonic() - released < IDLE_SECONDS and _is_quiet(connection):
                connection.sock.settimeout(timeout)
                return connection
            connection.close()
        connection = self._connection_type(self._netloc, timeout=timeout)
        connection.connect()
        return connection

    def give_back(self, connection: HTTPConnection) -> None:
        """Keep a connection whose last answer was read to its end."""
        with self._lock:
            if len(self._idle) < self._size:
                self._idle.append((connection, time.monotonic()))
                return
        connection.close()

    def close(self) -> None:
        """Close the idle connections now, and those in use when they are given back."""
        with self._lock:
            self._size = 0
            idle, self._idle = self._idle, deque()
        for connection, _ in idle:
            connection.close()


class Session:
    """Sends requests for `couchdb.http.Resource`; any number of threads may share it.

    A request is sent again only if that changes nothing twice: it reads, it was not sent whole,
    or the server refused it untouched (429). No redirect is followed, as the password would be
    sent along.
    """

    def __init__(self, origin: str, *, timeout: float, retries: int, idle_connections: int) -> None:
        self._pool = ConnectionPool(origin, size=idle_connections)
        self._timeout = timeout
        self._retries = retries

    def request(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        credentials: tuple[str, str] | None = None,
    ) -> tuple[int, HTTPMessage, io.BytesIO]:
        """Send one request, and return the status, the headers and the body of its success.

        An error of CouchDB's raises the client's exception for the status, with code and reason;
        any other failure raises an exception of this module.
        """
        parts = urlsplit(url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        sent_headers = {"Accept": "application/json", **(headers or {})}
        if body is not None:
            sent_headers["Content-Type"] = "application/json"
        authorization = client.basic_auth(credentials)
        if authorization:
            sent_headers["Authorization"] = authorization.decode("ascii")
        answer = self._send_with_retries(_Request(method, target, body, sent_headers))
        if not 200 <= answer.status < 300:
            raise _refusal(method, answer)
        return answer.status, answer.headers, io.BytesIO(answer.body)

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    def _send_with_retries(self, request: _Request) -> _Answer:
        reads = request.method in READS
        worth_another = WORTH_READING_AGAIN if reads else REFUSED_UNDONE
        deadline = time.monotonic() + self._timeout
        attempt = 0
        while True:
            pause = random.uniform(0.5, 1.0) * 0.05 * 2**attempt  # noqa: S311 - jitter is no secret
            is_last = attempt >= self._retries
            try:
                answer = self._send(request, deadline)
            except TransportError as failure:
                repeatable = reads or isinstance(failure, NotSentError)
                if is_last or not repeatable or time.monotonic() + pause >= deadline:
                    raise
            else:
                pause = max(pause, _requested_pause(answer))
                if answer.status not in worth_another or is_last or pause > LONGEST_PAUSE:
                    return answer
                if time.monotonic() + pause >= deadline:
                    return answer
            time.sleep(pause)
            attempt += 1

    def _send(self, request: _Request, deadline: float) -> _Answer:
        try:
            connection = self._pool.take(max(deadline - time.monotonic(), SHORTEST_WAIT))
        except (OSError, UnicodeError) as failure:  # UnicodeError: DNS cannot hold the host name
            raise NotSentError(failure) from failure
        kept = False
        try:
            answer, will_close = _exchange(connection, request)
            kept = not will_close
        finally:
            if kept:
                self._pool.give_back(connection)
            else:
                connection.close()
        return answer


def _exchange(connection: HTTPConnection, request: _Request) -> tuple[_Answer, bool]:
    broken_while_sending: OSError | None = None
    try:
        connection.request(request.method, request.target, request.body, request.headers)
    except (BrokenPipeError, ConnectionResetError) as failure:
        # A server that refuses a body early (413) answers and closes while it is being sent.
        broken_while_sending = failure
    except OSError as failure:
        raise NotSentError(failure) from failure
    try:
        response = connection.getresponse()
        body = response.read()
    except (OSError, HTTPException) as failure:
        if broken_while_sending is not None:
            raise NotSentError(broken_while_sending) from broken_while_sending
        if isinstance(failure, TimeoutError):
            raise NoAnswerInTimeError(failure) from failure
        raise AnswerLostError(failure) from failure
    # A server that refuses a request may leave its body unread and then close. CouchDB 1 does so if
    # the database is missing, without `Connection: close`, and the next request would be lost.
    refused = response.status >= 400 and response.status not in REFUSED_AFTER_READING
    will_close = response.will_close or (refused and request.body is not None)
    return _Answer(response.status, response.headers, body), will_close


def _refusal(method: str, answer: _Answer) -> Exception:
    code, reason = _error_of(answer)
    if method == "HEAD" and answer.is_json:
        code = CODES.get(answer.status, "")
    if code is None or code != CODES.get(answer.status, code):
        return ForeignAnswerError(answer.status)
    error_type = CLIENT_ERRORS.get(answer.status)
    failure: Exception = (
        client.ServerError((answer.status, (code, reason)))
        if error_type is None
        else error_type((code, reason))
    )
    return failure


def _error_of(answer: _Answer) -> tuple[str | None, str]:
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None, ""
    code = content.get("error") if isinstance(content, dict) else None
    if not isinstance(code, str):
        return None, ""
    return code, str(content.get("reason") or "")


def _requested_pause(answer: _Answer) -> float:
    text = answer.headers.get("Retry-After") or ""
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _is_quiet(connection: HTTPConnection) -> bool:
    """Return whether nothing is readable; else the server has closed or sent what was not asked."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection.sock, selectors.EVENT_READ)
        return not selector.select(0)
