"""A loopback HTTP server in front of a store: it records requests, and fails as a test plans."""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; if it is not `whole`, half of its body is sent."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    whole: bool = True


def json_answer(status, content, **headers):
    body = json.dumps(content, ensure_ascii=False).encode() + b"\n"
    return Answer(status, body, {"Content-Type": "application/json", **headers})


# What may happen to a request: functions that return its answer, or None to close the connection.


def as_usual(front, request):
    """Answer as the store does."""
    return front.answer(request)


def dropped(front, request):
    """Close without doing anything."""


def lost(front, request):
    """Carry the request out, then close without an answer."""
    front.answer(request)


def cut(front, request):
    """Carry the request out, and close in the middle of the answer."""
    return replace(front.answer(request), whole=False)


def mute(front, request):
    """Keep the connection open and never answer."""
    front.over.wait()


def says(answer):
    """Send this answer, and change nothing."""
    return lambda front, request: answer


class Front(ABC):
    """The server; `answer` is the store behind it.

    `plan[name]` holds what happens to the next requests of a name, `plan["*"]` to any others.
    """

    def __init__(self):
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"front": self}))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._lock = threading.Lock()
        self.over = threading.Event()
        self.reset()

    @abstractmethod
    def answer(self, request):
        """Carry a request out, and return the answer."""

    @abstractmethod
    def name_of(self, request):
        """Return the name by which tests call a request."""

    def reset(self):
        """Forget what was planned and recorded, and end mute requests."""
        self.over.set()
        self.over = threading.Event()
        self.plan = defaultdict(deque)
        self.requests = []

    def next(self, *incidents):
        """Plan what happens to the next requests, one incident each."""
        self.plan["*"].extend(incidents)

    def sent(self):
        """Return the names of the requests since the last call."""
        names = [self.name_of(request) for request in self.requests]
        self.requests.clear()
        return names

    def serve(self, request):
        # Recorded before it is answered: whoever has the answer finds the request here.
        with self._lock:
            self.requests.append(request)
            planned = self.plan[self.name_of(request)] or self.plan["*"]
            incident = planned.popleft() if planned else as_usual
        return incident(self, request)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Ignore a client that has closed first."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def serve(self):
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        answer = self.front.serve(Request(self.command, parts.path, query, headers, body))
        if answer is not None:
            self.send(answer)
        if answer is None or not answer.whole:
            self.close_connection = True

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = serve  # noqa: N815 - http.server's names

    def send(self, answer):
        headers = {"Content-Length": str(len(answer.body)), **answer.headers}
        if headers.keys() & {"Transfer-Encoding", "Connection"}:
            del headers["Content-Length"]
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: None if answer.whole else len(answer.body) // 2])

    def log_message(self, *_):
        pass
