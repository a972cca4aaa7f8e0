"""A store behind HTTP: a small server in this process, to be used through the kit's proxy.

`/collection/id` is a document, `/collection` a page of its documents, `/` the names of the
collections. Each name is quoted and begins with a `=`, so that none is empty or a dot.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

from gofannon_conformance.servers.endpoint import LOCAL_PROGRAM, Endpoint

USER, PASSWORD = "kit", "open-sesame-1742"
PAGE = 100

Answer = tuple[int, str]
"""A status and a JSON text."""


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: "StoreServer"

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self.respond
        raise AttributeError(name)

    def respond(self) -> None:
        """Answer a request of any method."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, text = self.answer(body)
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def answer(self, body: bytes) -> Answer:
        """Execute a request, and return the answer."""
        if self.server.guarded and self.headers.get("Authorization") != basic(USER, PASSWORD):
            return 401, '{"error": "unauthorized"}'
        place, _, query = self.path.partition("?")
        names = [unquote(name)[1:] for name in place.split("/")[1:] if name]
        with self.server.lock:
            match names:
                case [collection, doc_id]:
                    return self.document(collection, doc_id, body)
                case [collection]:
                    return self.page(collection, parse_qs(query).get("after", [""])[0])
            return 200, json.dumps({"docs": sorted(self.server.collections)})

    def document(self, collection: str, doc_id: str, body: bytes) -> Answer:
        docs = self.server.collections.get(collection, {})
        rev, text = docs.get(doc_id, (None, ""))
        if self.headers.get("If-Match", rev) != rev:
            return 412, '{"error": "changed"}'
        if self.command == "PUT":
            json.loads(body)  # if it is cut, the connection ends here
            self.server.changes += 1
            rev = str(self.server.changes)
            self.server.collections.setdefault(collection, {})[doc_id] = rev, body.decode()
            return 200, json.dumps({"id": doc_id, "rev": rev})
        if rev is None:
            return 404, '{"error": "not_found"}'
        if self.command == "DELETE":
            del docs[doc_id]
            return 200, json.dumps({"deleted": doc_id})
        return 200, entry(doc_id, rev, text)

    def page(self, collection: str, after: str) -> Answer:
        """Return the documents after an id, at most a page of them."""
        docs = self.server.collections.get(collection, {})
        ids = sorted(doc_id for doc_id in docs if doc_id > after)
        shown = ", ".join(entry(doc_id, *docs[doc_id]) for doc_id in ids[:PAGE])
        following = json.dumps(ids[PAGE - 1] if len(ids) > PAGE else None)
        return 200, f'{{"docs": [{shown}], "next": {following}}}'

    def log_message(self, format: str, *words: Any) -> None:  # noqa: A002  # its base's name for it
        """Log nothing."""


def entry(doc_id: str, rev: str, text: str) -> str:
    """Return a document as an answer shows it."""
    return f'{{"id": {json.dumps(doc_id)}, "rev": {json.dumps(rev)}, "doc": {text}}}'


class StoreServer(ThreadingHTTPServer):
    """Keeps documents in memory; `guarded` demands the password."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *, guarded: bool = True) -> None:
        self.guarded = guarded
        self.collections: dict[str, dict[str, tuple[str, str]]] = {}
        self.changes = 0
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def endpoint(self) -> Endpoint:
        """Its address and credentials."""
        return Endpoint(
            product="store",
            version="1",
            source=LOCAL_PROGRAM,
            url=f"http://{USER}:{PASSWORD}@127.0.0.1:{self.server_port}",
            settings={"user": USER, "password": PASSWORD},
            secrets=(PASSWORD,),
        )

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report nothing: the proxy ends connections on purpose."""


@contextmanager
def running(*, guarded: bool = True) -> Iterator[StoreServer]:
    """Run a server in a thread."""
    with StoreServer(guarded=guarded) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def store() -> Iterator[Endpoint]:
    """Run a server for a target."""
    with running() as server:
        yield server.endpoint


def store_for_all() -> Iterator[Endpoint]:
    """Run a server that has a password and accepts any."""
    with running(guarded=False) as server:
        yield server.endpoint


def store_of_unknown_protocol() -> Iterator[Endpoint]:
    """Run a server of which the kit knows the address only."""
    with running() as server:
        yield replace(server.endpoint, protocol="tcp")


def basic(user: str, password: str) -> str:
    """Return the header of a client that knows the password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
