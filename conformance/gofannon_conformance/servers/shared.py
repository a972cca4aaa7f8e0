"""One server per store for a run of one process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

from gofannon_conformance.servers.catalogue import provider

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
