"""Requests that find out whether a server answers and what it is; standard library only."""

from __future__ import annotations

import base64
import json
import socket
import struct
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT: Final = 5.0
POSTGRESQL_PROTOCOL: Final = 3 << 16


@dataclass(frozen=True)
class Answer:
    """An HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the body as an object, or an empty one if it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


def http(
    url: str,
    *,
    user: str = "",
    password: str = "",
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    """Send one request; raise `OSError` if nothing answers."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    connection = (HTTPSConnection if secure else HTTPConnection)(
        parts.hostname or "", parts.port, timeout=TIMEOUT
    )
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    login = {"Authorization": f"Basic {credentials}"} if user else {}
    try:
        target = f"{parts.path or '/'}?{parts.query}".removesuffix("?")
        connection.request(method, target, body, {**login, **(headers or {})})
        reply = connection.getresponse()
        received = {name.lower(): value for name, value in reply.getheaders()}
        return Answer(reply.status, received, reply.read())
    except HTTPException as error:
        raise ConnectionError(f"no HTTP answer: {error!r}") from error
    finally:
        connection.close()


def postgresql(host: str, port: int, user: str, database: str) -> bool:
    """Return whether a PostgreSQL server accepts connections, with or without a password.

    A server that is still starting answers too, but with an error (57P03).
    """
    parameters = f"user\0{user}\0database\0{database}\0\0".encode()
    message = struct.pack("!II", 8 + len(parameters), POSTGRESQL_PROTOCOL) + parameters
    with socket.create_connection((host, port), timeout=TIMEOUT) as connection:
        connection.sendall(message)
        return connection.recv(1) == b"R"
