"""A loopback server that answers as a real CouchDB 3 does, and fails when it is told to.

It records what it was asked. Statuses, error codes and reasons are CouchDB 3's own; so are its ways
with numbers (`-0.0` and subnormals become `0.0`, an integer past the range of a double is a 500),
reserved ids, fields and database names. Revisions are counted and hashed as there: same content and
history, same rev.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import sys
import threading
import time
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

DATABASE_NAME = re.compile(r"[a-z][a-z0-9_$()+/-]*")
LONGEST_REQUEST_LINE = 8192


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def __str__(self):
        return f"{self.method} {self.path}"


@dataclass
class Answer:
    status: int
    content: object = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    content_type: str | None = "application/json"

    def payload(self):
        if self.raw is not None:
            return self.raw
        return json.dumps(self.content, ensure_ascii=False).encode() + b"\n"


def error(status, code, reason):
    return Answer(status, {"error": code, "reason": reason})


NO_DATABASE = (404, "not_found", "Database does not exist.")
CONFLICT = (409, "conflict", "Document update conflict.")


@dataclass
class Leaf:
    rev: str
    deleted: bool
    content: dict


class CouchDouble:
    """The documents, the log, and the incidents still to happen."""

    def __init__(self, credentials=None):
        self.databases: dict[str, dict[str, Leaf]] = {}
        self.asked: list[Asked] = []
        self.incidents = deque()
        self.credentials = credentials
        self.lock = threading.RLock()
        self.url = ""

    # What a test does with it.

    def log(self) -> list[str]:
        return [str(asked) for asked in self.asked]

    def forget(self):
        self.asked.clear()

    @contextmanager
    def counting(self):
        """Give the requests made inside the block."""
        begin = len(self.asked)
        requests: list[str] = []
        yield requests
        requests.extend(self.log()[begin:])

    def next(self, *incidents):
        """Let the next requests meet these incidents, one each."""
        self.incidents.extend(incidents)

    def put(self, database, doc_id, content):
        """Write as another client would, and return the revision."""
        with self.lock:
            documents = self.databases.setdefault(database, {})
            return self._store(documents, doc_id, content, deleted=False)

    def remove(self, database, doc_id):
        with self.lock:
            self._store(self.databases[database], doc_id, {}, deleted=True)

    def content(self, database, doc_id):
        leaf = self.databases[database][doc_id]
        return None if leaf.deleted else leaf.content

    # What CouchDB does.

    def answer(self, asked: Asked) -> Answer:
        with self.lock:
            if len(asked.path) + 40 > LONGEST_REQUEST_LINE:
                return Answer(400, raw=b"", content_type=None)
            if self.credentials and asked.headers.get("authorization") != _basic(self.credentials):
                return error(401, "unauthorized", "Name or password is incorrect.")
            parts = [unquote(part) for part in asked.path.split("/") if part]
            if not parts:
                return Answer(200, {"couchdb": "Welcome", "version": "3.5.0"})
            if parts == ["_all_dbs"]:
                return Answer(200, sorted(["_replicator", "_users", *self.databases]))
            if len(parts) == 1:
                return self._database(asked.method, parts[0])
            documents = self.databases.get(parts[0])
            if documents is None:
                return error(*NO_DATABASE)
            if parts[1] == "_all_docs":
                return self._all_docs(asked, documents)
            if parts[1] == "_bulk_docs":
                return self._bulk_docs(asked, documents)
            if len(parts) > 2:
                return error(404, "not_found", "Document is missing attachment")
            return self._document(asked, documents, parts[1])

    def _database(self, method, name):
        if not DATABASE_NAME.fullmatch(name) or len(name) > 238:
            return error(400, "illegal_database_name", f"Name: '{name}'.")
        if method == "PUT":
            if name in self.databases:
                return error(
                    412,
                    "file_exists",
                    "The database could not be created, the file already exists.",
                )
            self.databases[name] = {}
            return Answer(201, {"ok": True})
        if name not in self.databases:
            return error(*NO_DATABASE)
        if method == "DELETE":
            del self.databases[name]
            return Answer(200, {"ok": True})
        return Answer(200, {"db_name": name, "doc_count": len(self.databases[name])})

    def _document(self, asked, documents, doc_id):
        if doc_id.startswith("_"):
            return error(
                400, "illegal_docid", "Only reserved document ids may start with underscore."
            )
        leaf = documents.get(doc_id)
        alive = leaf is not None and not leaf.deleted
        if asked.method == "PUT":
            return self._put(asked, documents, doc_id)
        if not alive:
            return error(404, "not_found", "deleted" if leaf else "missing")
        if asked.method == "DELETE":
            if asked.query.get("rev") != leaf.rev:
                return error(*CONFLICT)
            rev = self._store(documents, doc_id, {}, deleted=True)
            return Answer(200, {"ok": True, "id": doc_id, "rev": rev}, {"ETag": f'"{rev}"'})
        return Answer(
            200, {"_id": doc_id, "_rev": leaf.rev, **leaf.content}, {"ETag": f'"{leaf.rev}"'}
        )

    def _put(self, asked, documents, doc_id):
        if len(asked.body) > 8_000_000:
            return error(413, "document_too_large", doc_id)
        try:
            content = json.loads(asked.body.decode())
            json.dumps(content, ensure_ascii=False).encode()
        except ValueError:  # no JSON, no UTF-8, or a lone surrogate
            return error(400, "bad_request", "invalid UTF-8 JSON")
        rev = content.pop("_rev", None) or asked.query.get("rev")
        content.pop("_id", None)
        for name in content:
            if name.startswith("_"):
                return error(400, "doc_validation", f"Bad special document member: {name}")
        try:
            content = _as_erlang_keeps_it(content)
        except OverflowError:
            return error(500, "badarith", "unknown_error")
        leaf = documents.get(doc_id)
        alive = leaf is not None and not leaf.deleted
        if rev != (leaf.rev if alive else None):
            return error(*CONFLICT)
        rev = self._store(documents, doc_id, content, deleted=False)
        return Answer(201, {"ok": True, "id": doc_id, "rev": rev}, {"ETag": f'"{rev}"'})

    def _store(self, documents, doc_id, content, *, deleted):
        before = documents.get(doc_id)
        count = int(before.rev.partition("-")[0]) + 1 if before else 1
        history = json.dumps([before.rev if before else None, deleted, content])
        digest = hashlib.md5(history.encode("utf-8", "surrogatepass")).hexdigest()
        documents[doc_id] = Leaf(f"{count}-{digest}", deleted, content)
        return documents[doc_id].rev

    def _bulk_docs(self, asked, documents):
        rows = []
        for doc in json.loads(asked.body)["docs"]:
            body = json.dumps(doc).encode()
            answer = self._put(Asked("PUT", "", {}, {}, body), documents, doc["_id"])
            rows.append({"id": doc["_id"], **answer.content})
        return Answer(201, rows)

    def _row(self, doc_id, documents):
        leaf = documents.get(doc_id)
        if leaf is None:
            return {"key": doc_id, "error": "not_found"}
        row = {"id": doc_id, "key": doc_id, "value": {"rev": leaf.rev}}
        if leaf.deleted:
            return {**row, "value": {"rev": leaf.rev, "deleted": True}, "doc": None}
        return {**row, "doc": {"_id": doc_id, "_rev": leaf.rev, **leaf.content}}

    def _all_docs(self, asked, documents):
        options = {name: json.loads(value) for name, value in asked.query.items()}
        if asked.method == "POST":
            options.update(json.loads(asked.body))
        alive = sorted(
            (doc_id for doc_id, leaf in documents.items() if not leaf.deleted), key=str.encode
        )
        if "keys" in options:
            return Answer(200, {"rows": [self._row(i, documents) for i in options["keys"]]})
        wanted = [i for i in alive if i.encode() >= options.get("startkey", "").encode()]
        rows = []
        for doc_id in wanted[: options.get("limit", sys.maxsize)]:
            leaf = documents[doc_id]
            row = {"id": doc_id, "key": doc_id, "value": {"rev": leaf.rev}}
            if options.get("include_docs"):
                row["doc"] = {"_id": doc_id, "_rev": leaf.rev, **leaf.content}
            rows.append(row)
        offset = len(alive) - len(wanted)
        return Answer(200, {"total_rows": len(alive), "offset": offset, "rows": rows})


def _as_erlang_keeps_it(value):
    match value:
        case dict():
            return {name: _as_erlang_keeps_it(one) for name, one in value.items()}
        case list():
            return [_as_erlang_keeps_it(one) for one in value]
        case float() if abs(value) < sys.float_info.min:
            return 0.0
        case int() if not isinstance(value, bool):
            float(value)  # couch_ejson_size takes its logarithm: past a double, a badarith
            return value
    return value


def _basic(credentials):
    return "Basic " + base64.b64encode(":".join(credentials).encode()).decode()


# Incidents: what may happen to one request in place of, or after, the right answer.


def says(answer: Answer):
    """Answer this, and do nothing."""
    return lambda handler, asked, double: handler.send(answer, asked)


def cut_before(handler, asked, double):
    """Hang up without doing anything."""
    handler.hang_up()


def cut_after(handler, asked, double):
    """Do what was asked, then hang up without a word."""
    double.answer(asked)
    handler.hang_up()


def cut_in_mid_answer(handler, asked, double):
    """Do what was asked, and hang up in the middle of the answer."""
    payload = double.answer(asked).payload()
    handler.wfile.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        + f"Content-Length: {len(payload)}\r\n\r\n".encode()
        + payload[: len(payload) // 2]
    )
    handler.hang_up()


def mute(handler, asked, double):
    """Keep the line open and say nothing."""
    time.sleep(1.5)
    handler.hang_up()


def after_doing(*effects):
    """Do what was asked, make these changes, then hang up."""

    def incident(handler, asked, double):
        double.answer(asked)
        for effect in effects:
            effect()
        handler.hang_up()

    return incident


def as_usual(handler, asked, double):
    """Answer as CouchDB does."""
    handler.send(double.answer(asked), asked)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def serve(self):
        double = self.server.double
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, parts.path, query, headers, body)
        with double.lock:
            double.asked.append(asked)
            incident = double.incidents.popleft() if double.incidents else as_usual
        incident(self, asked, double)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = serve  # noqa: N815 - http.server's names

    def send(self, answer: Answer, asked: Asked):
        payload = answer.payload()
        self.send_response(answer.status)
        if answer.content_type is not None:
            self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        chunked = answer.headers.get("Transfer-Encoding") == "chunked"
        if not chunked:
            self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if asked.method == "HEAD":
            return
        if chunked:
            payload = b"%x\r\n%s\r\n0\r\n\r\n" % (len(payload), payload)
        self.wfile.write(payload)

    def hang_up(self):
        self.close_connection = True
        self.wfile.flush()

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.connections = []

    def get_request(self):
        connection, address = super().get_request()
        self.connections.append(connection)
        return connection, address

    def hang_up(self):
        """End the connections that clients have kept, as a server that ends does."""
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address):
        """A client that hung up first is no news."""


@contextmanager
def running(credentials=None, port=0):
    """Give a server that listens on a free port of the loopback interface."""
    double = CouchDouble(credentials)
    server = _Server(("127.0.0.1", port), _Handler)
    server.double = double
    double.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        server.hang_up()
        thread.join()
