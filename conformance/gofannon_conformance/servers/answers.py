"""Whether something answers at an address, and what it says it is, with the standard library."""

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

PATIENCE: Final = 5.0
POSTGRESQL_PROTOCOL: Final = 3 << 16


@dataclass(frozen=True)
class Answer:
    """What an HTTP server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Give the body as an object; an empty one where it is none."""
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
    """Ask once; raise `OSError` where nothing answers."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    connection = (HTTPSConnection if secure else HTTPConnection)(
        parts.hostname or "", parts.port, timeout=PATIENCE
    )
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    given = {"Authorization": f"Basic {credentials}"} if user else {}
    try:
        target = f"{parts.path or '/'}?{parts.query}".removesuffix("?")
        connection.request(method, target, body, {**given, **(headers or {})})
        reply = connection.getresponse()
        received = {name.lower(): value for name, value in reply.getheaders()}
        return Answer(reply.status, received, reply.read())
    except HTTPException as error:
        raise ConnectionError(f"no HTTP answer: {error!r}") from error
    finally:
        connection.close()


def postgresql(host: str, port: int, user: str, database: str) -> bool:
    """Whether a PostgreSQL server takes connections: it asks for the password, or lets in.

    While it starts up it answers too, with an error (57P03).
    """
    wishes = f"user\0{user}\0database\0{database}\0\0".encode()
    message = struct.pack("!II", 8 + len(wishes), POSTGRESQL_PROTOCOL) + wishes
    with socket.create_connection((host, port), timeout=PATIENCE) as connection:
        connection.sendall(message)
        return connection.recv(1) == b"R"
