"""The HTTP session that the CouchDB backend puts under python-couchdb in place of its own.

The client's session sends any method again after a broken connection, has no time-out, puts one
connection twice into its pool after an error without a JSON body, and fails with an
`AttributeError` or a `TypeError` on errors that are chunked, large or without a Content-Type.
This one keeps to what `couchdb.http.Resource` asks of a session, one method `request`, and
raises the client's own error types.
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
"""A server that asks for a longer wait (Retry-After, in seconds) gets no second try."""
SHORTEST_WAIT = 0.01
IDLE_SECONDS = 30.0
"""A connection unused for longer is not trusted: routers forget such connections in silence."""

CODES = {404: "not_found", 409: "conflict"}
"""The error codes without which these answers are no word of CouchDB's on a document."""
CLIENT_ERRORS: dict[int, type[Exception]] = {
    401: client.Unauthorized,
    403: client.Forbidden,
    404: client.ResourceNotFound,
    409: client.ResourceConflict,
    412: client.PreconditionFailed,
}


class TransportError(Exception):
    """No answer came; `kind` is the name of the error that says why."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(type(cause).__name__)
        self.kind = type(cause).__name__


class NotSentError(TransportError):
    """The request did not reach the server whole, so it has changed nothing there."""


class AnswerLostError(TransportError):
    """The request went out whole and no whole answer came back: it may have been carried out."""


class NoAnswerInTimeError(AnswerLostError):
    """As its base class, because the time-out ran out."""


class ForeignAnswerError(Exception):
    """The answer is not CouchDB's own: a proxy, a balancer or another server wrote it."""

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
    """The idle connections to one origin; each is in the pool once or in one thread's hands."""

    def __init__(self, origin: str, *, size: int) -> None:
        parts = urlsplit(origin)
        self._connection_type = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._netloc = parts.netloc
        self._size = size
        self._lock = threading.Lock()
        self._idle: deque[tuple[HTTPConnection, float]] = deque()

    def take(self, timeout: float) -> HTTPConnection:
        """Return a connection that is open, as far as can be known without sending."""
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
        """Close the connections: the idle ones now, those in use when they come back."""
        with self._lock:
            self._size = 0
            idle, self._idle = self._idle, deque()
        for connection, _ in idle:
            connection.close()


class Session:
    """Sends requests for `couchdb.http.Resource`, safely from any number of threads.

    A request is sent again only where that cannot show: when it never left whole, when the
    server refused it untouched (429), or when it only reads. It follows no redirect, because
    the client would carry the password along.
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
        """Send one request, and return the status, the headers and the whole body of its success.

        CouchDB's own refusal is the client's error of its status, with error code and reason;
        of the errors defined here, each says what it means.
        """
        parts = urlsplit(url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        sent_headers = {"Accept": "application/json", **(headers or {})}
        if body is not None:
            sent_headers["Content-Type"] = "application/json"
        authorization = client.basic_auth(credentials)
        if authorization:
            sent_headers["Authorization"] = authorization.decode("ascii")
        answer = self._send_with_patience(_Request(method, target, body, sent_headers))
        if not 200 <= answer.status < 300:
            raise _refusal(method, answer)
        return answer.status, answer.headers, io.BytesIO(answer.body)

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    def _send_with_patience(self, request: _Request) -> _Answer:
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
                pause = max(pause, _asked_pause(answer))
                if answer.status not in worth_another or is_last or pause > LONGEST_PAUSE:
                    return answer
                if time.monotonic() + pause >= deadline:
                    return answer
            time.sleep(pause)
            attempt += 1

    def _send(self, request: _Request, deadline: float) -> _Answer:
        try:
            connection = self._pool.take(max(deadline - time.monotonic(), SHORTEST_WAIT))
        except (OSError, UnicodeError) as failure:  # a host name may be none that DNS can hold
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
        # A server that refuses a body early (413) answers and hangs up while it is being sent.
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
    # A server that refuses a request may leave its body unread, and then hangs up; CouchDB 1 does
    # so for a missing database without announcing it, and what is sent next would be lost.
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


def status_of(failure: Exception) -> tuple[int, str]:
    """Return the HTTP status and the error code of an answer that was raised."""
    if isinstance(failure, ForeignAnswerError):
        return failure.status, f"HTTP {failure.status}, not from CouchDB"
    if isinstance(failure, client.ServerError):
        status, (code, _) = failure.args[0]
    else:
        code, _ = failure.args[0]
        status = next(one for one, kind in CLIENT_ERRORS.items() if isinstance(failure, kind))
    return status, code or f"HTTP {status}"


def _error_of(answer: _Answer) -> tuple[str | None, str]:
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None, ""
    code = content.get("error") if isinstance(content, dict) else None
    if not isinstance(code, str):
        return None, ""
    return code, str(content.get("reason") or "")


def _asked_pause(answer: _Answer) -> float:
    asked = answer.headers.get("Retry-After") or ""
    return float(asked) if asked.isascii() and asked.isdigit() else 0.0


def _is_quiet(connection: HTTPConnection) -> bool:
    """Nothing is readable on an idle connection unless the server has hung up or gone astray."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection.sock, selectors.EVENT_READ)
        return not selector.select(0)
