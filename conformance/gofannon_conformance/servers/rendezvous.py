"""One server per store for all processes of a run, which know only the run's name.

pytest-xdist's workers find each other through a folder named after the run. The first worker that
needs a server starts it and writes its endpoint there; the others borrow it. A borrower holds a
lock on a file, which the system releases even if that process dies. The owner takes that lock
before it stops the server.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from gofannon_conformance.servers.catalogue import provider
from gofannon_conformance.servers.endpoint import Endpoint
from gofannon_conformance.servers.given import GivenServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gofannon_conformance.servers.provider import Server

LONGEST_WAIT = 600.0
"""Seconds that the owner waits for borrowers at most."""


class Rendezvous:
    """The servers of one run, shared by all processes that use the same run name."""

    def __init__(self, run: str) -> None:
        folder = f"gofannon-conformance-{os.getuid()}-{run}"
        self._folder = Path(tempfile.gettempdir()) / folder
        self._owned: dict[str, Server] = {}
        self._borrowed: dict[str, Server] = {}
        self._uses: dict[str, IO[str]] = {}

    def start(self, name: str) -> Server:
        """Return the server of that name, started by the first process that asks for it."""
        known = self._owned.get(name) or self._borrowed.get(name)
        if known is not None:
            return known
        note = self._path(name, "json")
        with self._locked(name):
            if note.exists():
                endpoint = Endpoint.from_json(note.read_text(encoding="utf-8"))
                use = self._path(name, "use").open("w", encoding="utf-8")
                fcntl.flock(use, fcntl.LOCK_SH)
                self._uses[name] = use
                self._borrowed[name] = GivenServer(endpoint.borrowed())
                return self._borrowed[name]
            server = provider(name).start()
            note.touch(mode=0o600)
            note.write_text(server.endpoint.to_json(), encoding="utf-8")
            self._owned[name] = server
            return server

    def close(self) -> None:
        """Release the borrowed servers; stop the started ones once no process uses them."""
        for use in self._uses.values():
            use.close()
        self._uses.clear()
        self._borrowed.clear()
        for name, server in list(self._owned.items()):
            with self._locked(name):
                self._path(name, "json").unlink(missing_ok=True)
            self._wait_until_unused(name)
            server.close()
            del self._owned[name]
            with self._locked(name):
                if not self._path(name, "json").exists():  # no other process has started one since
                    self._path(name, "use").unlink(missing_ok=True)
                    self._path(name, "lock").unlink()
        with suppress(OSError):  # it is not empty, or is gone
            self._folder.rmdir()

    def _wait_until_unused(self, name: str) -> None:
        deadline = time.monotonic() + LONGEST_WAIT
        with self._path(name, "use").open("w", encoding="utf-8") as use:
            while time.monotonic() < deadline:
                try:
                    fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    time.sleep(0.05)
                else:
                    return

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        lock = self._lock(name)
        try:
            yield
        finally:
            lock.close()

    def _lock(self, name: str) -> IO[str]:
        path = self._path(name, "lock")
        while True:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            try:
                lock = path.open("w", encoding="utf-8")
            except FileNotFoundError:  # another process has removed the folder
                continue
            fcntl.flock(lock, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if os.fstat(lock.fileno()).st_ino == path.stat().st_ino:
                    return lock
            lock.close()  # the file was removed while this process waited for its lock

    def _path(self, name: str, kind: str) -> Path:
        return self._folder / f"{name.replace(':', '-')}.{kind}"
