"""A store's server in a process of its own: a program, right or with a habit, for DUR-3.

It keeps a file for each document; a request and its answer are a line of JSON each. It is run by
its path and needs nothing but Python, so that it is up again at once; it ends with its standard
input, so that it outlives nobody.
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
    """What the server knows: in its memory, and on the disk as its habit has it."""

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

    # What it may be asked

    def process(self) -> int:
        return os.getpid()

    def names(self) -> list[str]:
        with self.lock:
            return sorted({collection for collection, _ in self.kept})

    def find(self, collection: str, doc_id: str) -> Any:
        return self.kept.get((collection, doc_id))

    def all(self, name: str) -> list[tuple[str, Any]]:
        with self.lock:
            return [(doc_id, doc) for (c, doc_id), doc in self.kept.items() if c == name]

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

    # What it does of itself

    def note(self) -> None:
        """Do what the habit has it do when something has changed."""
        self.write()

    def stop(self) -> None:
        """Do what the habit has it do when it is stopped."""
        self.write()

    def write(self) -> None:
        """Write what has changed."""
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


class InMemory(Store):
    """Writes nothing."""

    def note(self) -> None:
        pass

    def stop(self) -> None:
        pass


class AtItsEnd(Store):
    """Writes when it is stopped."""

    def note(self) -> None:
        pass


class Behind(Store):
    """Writes a moment later."""

    def note(self) -> None:
        threading.Timer(0.03, self.write).start()


class EachTenth(Store):
    """Writes when ten changes have gathered."""

    def note(self) -> None:
        if len(self.changed) >= 10:
            self.write()


class Half(EachTenth):
    """Loses, when it is stopped, what it has not written yet."""

    def stop(self) -> None:
        pass


class NoDeletes(Store):
    """Deletes in its memory only."""

    def note(self) -> None:
        self.changed &= self.kept.keys()
        self.write()


class InPlace(Store):
    """Writes a document over its earlier version, piece by piece."""

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
    """Reads the ids in lower case when it starts."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.kept = {(name, doc_id.lower()): doc for (name, doc_id), doc in self.kept.items()}


class Latin(Store):
    """Reads what it has written as another encoding has it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.kept = {key: misread(doc) for key, doc in self.kept.items()}


def misread(value: Any) -> Any:
    """Read each text in it, written in UTF-8, as Latin 1."""
    if isinstance(value, dict):
        return {name: misread(item) for name, item in value.items()}
    if isinstance(value, list):
        return [misread(item) for item in value]
    return value.encode().decode("latin-1") if isinstance(value, str) else value


class Tail(Store):
    """Knows, when it starts, the hundred documents that were written last."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        written = sorted(self.kept, key=lambda key: self.file(key).stat().st_mtime_ns)
        self.kept = {key: self.kept[key] for key in written[-100:]}


class Once(Store):
    """Takes what it has read for its own, and its files away."""

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
    """Answers a request for each connection."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, store: Store) -> None:
        self.store = store
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a caller that went away is no news."""


class Handler(socketserver.StreamRequestHandler):
    """One request and its answer."""

    server: Server

    def handle(self) -> None:
        what, *order = json.loads(self.rfile.readline())
        answer = getattr(self.server.store, what)(*order)
        self.wfile.write(json.dumps(answer).encode() + b"\n")


def serve(habit: str, folder: str, port: str) -> None:
    """Serve until the standard input ends, or a signal says so."""
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
