"""A store's server, as a program in a process of its own: right, or with a habit, for DUR-3.

It keeps a file for each document; a request and its answer are a line of JSON each. It is run by
its path and needs nothing but Python, so that it starts fast. It ends with its standard input, so
that it never outlives its test.
"""

import json
import os
import signal
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

Key = tuple[str, str]


class Store:
    """The documents: in memory, and on the disk as the habit writes them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self.changed: set[Key] = set()
        self.kept: dict[Key, Any] = {}
        for file in self.folder.glob("*.json"):
            try:
                collection, doc_id, doc = json.loads(file.read_text())
            except ValueError:  # it was killed while it wrote this one
                collection, doc_id = json.loads(file.with_suffix(".key").read_text())
                doc = {"torn": True}
            self.kept[collection, doc_id] = doc

    # Requests

    def process(self) -> int:
        return os.getpid()

    def find(self, collection: str, doc_id: str) -> Any:
        return self.kept.get((collection, doc_id))

    def all(self) -> list[tuple[str, str, Any]]:
        with self.lock:
            return [(*key, doc) for key, doc in self.kept.items()]

    def put(self, collection: str, doc_id: str, doc: Any) -> None:
        with self.lock:
            self.kept[collection, doc_id] = doc
            self.changed.add((collection, doc_id))
            self.note()

    def drop(self, collection: str, doc_id: str) -> None:
        with self.lock:
            self.kept.pop((collection, doc_id), None)
            self.changed.add((collection, doc_id))
            self.note()

    # Steps that a habit overrides

    def note(self) -> None:
        """Handle a change."""
        self.write()

    def stop(self) -> None:
        """Handle a stop of the server."""
        self.write()

    def write(self) -> None:
        """Write the changes to the disk."""
        with self.lock:
            for key in self.changed:
                if key not in self.kept:
                    self.file(key).unlink(missing_ok=True)
                    continue
                new = self.folder / uuid4().hex
                new.write_text(json.dumps([*key, self.kept[key]]))
                new.replace(self.file(key))
            self.changed.clear()

    def file(self, key: Key) -> Path:
        return self.folder / f"{sha256(json.dumps(key).encode()).hexdigest()}.json"


class AtItsEnd(Store):
    """The server writes to the disk when it is stopped: a kill loses everything."""

    def note(self) -> None:
        pass


class InMemory(AtItsEnd):
    """The server writes nothing to the disk, though its target says that it is restartable."""

    def stop(self) -> None:
        pass


class Behind(Store):
    """The server acknowledges first, and writes to the disk a moment later."""

    def note(self) -> None:
        threading.Timer(0.03, self.write).start()


class EachTenth(Store):
    """The server writes to the disk when there are ten changes, and when it is stopped."""

    def note(self) -> None:
        if len(self.changed) >= 10:
            self.write()


class Half(EachTenth):
    """The server writes to the disk when there are ten changes, and a stop loses the rest."""

    def stop(self) -> None:
        pass


class NoDeletes(Store):
    """The server deletes in its memory only."""

    def note(self) -> None:
        self.changed &= self.kept.keys()
        self.write()


class InPlace(Store):
    """The server writes each document over its earlier version, piece by piece."""

    def write(self) -> None:
        with self.lock:
            for key in [key for key in self.changed if key in self.kept]:
                self.write_in_place(key)
            super().write()

    def write_in_place(self, key: Key) -> None:
        text = json.dumps([*key, self.kept[key]])
        name = self.file(key).with_suffix(".key")
        if not name.exists():
            name.write_text(json.dumps(key))
        with self.file(key).open("w") as file:
            for place in range(0, len(text), 512):
                file.write(text[place : place + 512])
                file.flush()
                time.sleep(0.0005)  # a slow disk
        self.changed.discard(key)


class FoldsIds(Store):
    """The server reads ids in lower case when it starts."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.kept = {(name, doc_id.lower()): doc for (name, doc_id), doc in self.kept.items()}


class Latin(Store):
    """The server writes texts in UTF-8, and reads them as Latin 1 when it starts."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.kept = {key: misread(doc) for key, doc in self.kept.items()}


def misread(value: Any) -> Any:
    """Read each text in a value, written in UTF-8, as Latin 1."""
    if isinstance(value, dict):
        return {name: misread(item) for name, item in value.items()}
    if isinstance(value, list):
        return [misread(item) for item in value]
    return value.encode().decode("latin-1") if isinstance(value, str) else value


class Tail(Store):
    """The server reads the hundred documents that were written last when it starts."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        written = sorted(self.kept, key=lambda key: self.file(key).stat().st_mtime_ns)
        self.kept = {key: self.kept[key] for key in written[-100:]}


class Once(Store):
    """The server deletes its files when it has read them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for key in self.kept:
            self.file(key).unlink(missing_ok=True)


HABITS: dict[str, Callable[[Path], Store]] = {
    "right": Store,
    "in memory": InMemory,
    "at its end": AtItsEnd,
    "behind": Behind,
    "each tenth": EachTenth,
    "half": Half,
    "no deletes": NoDeletes,
    "in place": InPlace,
    "folds ids": FoldsIds,
    "latin": Latin,
    "tail": Tail,
    "once": Once,
}


class Server(socketserver.ThreadingTCPServer):
    """Answers one request for each connection."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, store: Store) -> None:
        self.store = store
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report nothing: a client may disconnect."""


class Handler(socketserver.StreamRequestHandler):
    """One request and its answer."""

    server: Server

    def handle(self) -> None:
        what, *order = json.loads(self.rfile.readline())
        answer = getattr(self.server.store, what)(*order)
        self.wfile.write(json.dumps(answer).encode() + b"\n")


def serve(habit: str, folder: str, port: str) -> None:
    """Serve until the standard input ends, or a signal arrives."""
    store = HABITS[habit](Path(folder))

    def stop(*_: object) -> None:
        store.stop()
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    server = Server(int(port), store)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    serve(*sys.argv[1:])
