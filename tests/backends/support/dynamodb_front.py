"""A server in front of a DynamoDB emulator: it records each request and spoils some answers."""

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

SECRET = "s3cr3t-k3y"
KEY = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": SECRET}


class Spoilt(Enum):
    """What happens to a request, other than an answer from the front itself."""

    DROPPED = "the connection is closed, and the emulator does not get the request"
    LOST = "the emulator does its work, and the connection is closed before its answer"
    CUT = "half of the emulator's answer is sent on"
    MUTE = "nothing is ever answered"


@dataclass(frozen=True)
class Instead:
    """An answer in place of the emulator's, which does not get the request."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def refusal(code: str, status: int = 400) -> Instead:
    """Return an error in DynamoDB's own form."""
    text = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": f"key {SECRET}"}
    return Instead(status, json.dumps(text).encode())


class Front:
    """The front: `plan[operation]` says what happens to the next requests of that operation."""

    def __init__(self, emulator_url: str) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.plan: defaultdict[str, deque[Spoilt | Instead]] = defaultdict(deque)
        self.over = threading.Event()
        self.emulator = urlsplit(emulator_url)
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"front": self})
        )
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def operations(self) -> list[str]:
        """Return the operations since the last call."""
        operations = [operation for operation, _ in self.requests]
        self.requests.clear()
        return operations

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    front: Front

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        operation = self.headers["x-amz-target"].partition(".")[2]
        self.front.requests.append((operation, json.loads(body)))
        planned = self.front.plan[operation]
        fate = planned.popleft() if planned else None
        if fate is Spoilt.MUTE:
            self.front.over.wait(20)
        if fate in (Spoilt.MUTE, Spoilt.DROPPED):
            return self.close()
        if isinstance(fate, Instead):
            return self.answer(fate)
        answer = self.forwarded(body)
        if fate is Spoilt.LOST:
            return self.close()
        return self.answer(answer, whole=fate is not Spoilt.CUT)

    def forwarded(self, body: bytes) -> Instead:
        emulator = self.front.emulator
        link = http.client.HTTPConnection(emulator.hostname, emulator.port, timeout=20)
        link.request("POST", "/", body, dict(self.headers))
        answer = link.getresponse()
        passed_on = {"content-type", "x-amz-crc32", "x-amzn-requestid"}
        headers = {name: text for name, text in answer.getheaders() if name.lower() in passed_on}
        content = answer.read()
        link.close()
        return Instead(answer.status, content, headers)

    def answer(self, answer: Instead, *, whole: bool = True) -> None:
        self.send_response(answer.status)
        for name, value in {**answer.headers, "content-length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body if whole else answer.body[: len(answer.body) // 2])
        if not whole:
            self.close()

    def close(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
