"""One server per store for a whole run: started by its main process, lent to the others.

Under pytest-xdist the controller starts the servers and passes `to_json()` to its workers, through
an environment variable or `workerinput`; a worker reads it with `borrow`.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Self

from gofannon_conformance.servers.catalogue import provider
from gofannon_conformance.servers.endpoint import Endpoint
from gofannon_conformance.servers.given import GivenServer

if TYPE_CHECKING:
    from gofannon_conformance.servers.provider import Server


class Shared:
    """The servers of one run by provider name; a context manager that closes them all."""

    def __init__(self) -> None:
        self._servers: dict[str, Server] = {}
        self._lock = threading.Lock()

    def start(self, name: str, *, durable: bool = False) -> Server:
        """Return the server of that name, started at the first call; may raise `Unavailable`."""
        with self._lock:
            if name not in self._servers:
                self._servers[name] = provider(name).start(durable=durable)
            return self._servers[name]

    def to_json(self) -> str:
        """Return every endpoint by name as JSON, secrets included, for the run's processes."""
        with self._lock:
            endpoints = {name: one.endpoint.to_json() for name, one in self._servers.items()}
        return json.dumps(endpoints)

    def close(self) -> None:
        """Close every server, even if closing another one raises."""
        with self._lock:
            servers, self._servers = list(self._servers.values()), {}
        errors = []
        for server in servers:
            try:
                server.close()
            except Exception as error:  # noqa: BLE001 - raised below, once all are closed
                errors.append(error)
        if errors:
            raise ExceptionGroup("servers that could not be closed", errors)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def borrow(text: str) -> dict[str, Server]:
    """Return the servers that another process started, from its `Shared.to_json`."""
    endpoints: dict[str, str] = json.loads(text)
    return {name: GivenServer(Endpoint.from_json(one)) for name, one in endpoints.items()}
