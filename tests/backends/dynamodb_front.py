"""A server before a DynamoDB emulator: it writes down each request and spoils some answers."""

import http.client
import json
import socket
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit


class Spoilt(Enum):
    """What becomes of a request, other than an answer of somebody else's."""

    DROPPED = "the connection is closed, and the emulator never sees the request"
    LOST = "the emulator does its work, and the connection is closed before its answer"
    CUT = "half of the emulator's answer comes through"
    MUTE = "nothing is ever answered"


@dataclass(frozen=True)
class Instead:
    """An answer in the emulator's place; it never sees the request."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def refusal(code: str, status: int = 400) -> Instead:
    """DynamoDB's own way to say an error."""
    text = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "key s3cr3t-k3y"}
    return Instead(status, json.dumps(text).encode())


class Front:
    """`plan[operation]` says what becomes of the next requests of that operation, in order."""

    def __init__(self, emulator_url: str) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.plan: defaultdict[str, deque[Spoilt | Instead]] = defaultdict(deque)
        self.over = threading.Event()
        front = self
        parts = urlsplit(emulator_url)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                operation = self.headers["x-amz-target"].partition(".")[2]
                front.requests.append((operation, json.loads(body)))
                planned = front.plan[operation]
                fate = planned.popleft() if planned else None
                if fate is Spoilt.MUTE:
                    front.over.wait(20)
                if fate in (Spoilt.MUTE, Spoilt.DROPPED):
                    return self.hang_up()
                if isinstance(fate, Instead):
                    return self.answer(fate.status, fate.body, fate.headers)
                link = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
                link.request("POST", "/", body, dict(self.headers))
                said = link.getresponse()
                content = said.read()
                link.close()
                if fate is Spoilt.LOST:
                    return self.hang_up()
                headers = {
                    name: value
                    for name, value in said.getheaders()
                    if name.lower() in {"content-type", "x-amz-crc32", "x-amzn-requestid"}
                }
                return self.answer(said.status, content, headers, whole=fate is not Spoilt.CUT)

            def answer(
                self, status: int, body: bytes, headers: dict[str, str], *, whole: bool = True
            ) -> None:
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body if whole else body[: len(body) // 2])
                if not whole:
                    self.hang_up()

            def hang_up(self) -> None:
                self.close_connection = True
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def operations(self) -> list[str]:
        """Name the requests since the last time of asking."""
        seen = [operation for operation, _ in self.requests]
        self.requests.clear()
        return seen

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
