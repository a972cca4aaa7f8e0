"""A store's server in a process of its own, right or with a habit, and the object that restarts it.

It keeps a file for each document; a request and its answer are a line of JSON each.
"""

import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from gofannon_conformance.servers.process import free_port


def ask(address, *order):
    with socket.create_connection(address, timeout=5) as connection:
        connection.sendall(json.dumps(order).encode() + b"\n")
        return json.loads(connection.makefile("rb").readline())


class Program:
    """The server as its author's test has it."""

    def __init__(self, habit):
        self._folder = tempfile.TemporaryDirectory(prefix="lasting-server-")
        self._command = [sys.executable, __file__, habit, self._folder.name, str(free_port())]
        self.url = f"tcp://127.0.0.1:{self._command[-1]}"
        self.start()

    def start(self):
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE)
        self._process.stdout.readline()

    def stop(self):
        self._process.terminate()
        self._process.communicate()

    def kill(self):
        self._process.kill()
        self._process.communicate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self._folder.cleanup()


class Store:
    """What the server knows: in its memory, and on the disk as its habit has it."""

    def __init__(self, habit, folder):
        self.habit, self.folder = habit, Path(folder)
        self.lock = threading.RLock()
        self.changed = set()
        self.kept = {}
        for file in self.folder.glob("*.json"):
            try:
                collection, doc_id, doc = json.loads(file.read_text())
            except ValueError:  # it was killed while it wrote this one
                collection, doc_id, doc = *json.loads(file.with_suffix(".key").read_text()), None
            self.kept[collection, doc_id] = {"torn": True} if doc is None else doc

    def process(self):
        return os.getpid()

    def find(self, *key):
        return self.kept.get(key)

    def all(self, name):
        return [(doc_id, doc) for (c, doc_id), doc in self.kept.items() if c == name]

    def put(self, *order):
        *key, doc = order
        self.change(tuple(key), doc)

    def drop(self, *key):
        self.change(key, None)

    def change(self, key, doc):
        with self.lock:
            self.kept[key] = doc
            if doc is None:
                del self.kept[key]
            self.changed.add(key)
            if self.habit == "in place" and doc is not None:
                self.write_in_place(key, doc)
            elif self.habit == "behind":
                threading.Timer(0.03, self.write).start()
            elif self.habit in ("tenth", "half"):
                if len(self.changed) >= 10:
                    self.write()
            elif self.habit == "no deletes":
                if doc is not None:
                    self.write()
                self.changed.clear()
            elif self.habit not in ("end", "memory"):
                self.write()

    def write(self):
        with self.lock:
            for key in self.changed:
                if key not in self.kept:
                    self.file(key).unlink(missing_ok=True)
                    continue
                new = self.folder / uuid4().hex
                new.write_text(json.dumps([*key, self.kept[key]]))
                new.replace(self.file(key))
            self.changed.clear()

    def write_in_place(self, key, doc):
        text = json.dumps([*key, doc])
        name = self.file(key).with_suffix(".key")
        if not name.exists():
            name.write_text(json.dumps(key))
        with self.file(key).open("w") as file:
            for place in range(0, len(text), 512):
                file.write(text[place : place + 512])
                file.flush()
                time.sleep(0.0005)  # a slow disk
        self.changed.discard(key)

    def file(self, key):
        return self.folder / f"{sha256(json.dumps(key).encode()).hexdigest()}.json"

    def stop(self, *_):
        if self.habit not in ("memory", "half"):
            self.write()
        sys.exit()


def serve(habit, folder, port):
    store = Store(habit, folder)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            what, *order = json.loads(self.rfile.readline())
            answer = getattr(store, what)(*order)
            self.wfile.write(json.dumps(answer).encode() + b"\n")

    socketserver.ThreadingTCPServer.allow_reuse_address = True
    server = socketserver.ThreadingTCPServer(("127.0.0.1", int(port)), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    signal.signal(signal.SIGTERM, store.stop)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    serve(*sys.argv[1:])
