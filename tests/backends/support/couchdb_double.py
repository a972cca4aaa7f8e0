"""A loopback server that answers as CouchDB 3 does, records its requests, and fails on demand.

Statuses, error codes and reasons are CouchDB 3's own. So is what it does with numbers (`-0.0` and
subnormals become `0.0`, an integer past the range of a double is a 500), reserved ids, fields and
database names. Revisions are counts and hashes: the same content and history, the same rev.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

DATABASE_NAME = re.compile(r"[a-z][a-z0-9_$()+/-]*")
LONGEST_REQUEST_LINE = 8192


@dataclass(frozen=True)
class Request:
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

    def document(self, doc_id):
        return {"_id": doc_id, "_rev": self.rev, **self.content}


class CouchDouble:
    """The documents, the requests so far, and the incidents to come."""

    def __init__(self, credentials=None):
        self.databases: dict[str, dict[str, Leaf]] = {}
        self.requests: list[Request] = []
        self.incidents = deque()
        self.credentials = credentials
        self.lock = threading.RLock()
        self.url = ""
        self.over = threading.Event()

    def log(self) -> list[str]:
        return [str(request) for request in self.requests]

    @contextmanager
    def counting(self):
        """Yield a list that has the requests of the block after it."""
        begin = len(self.requests)
        requests: list[str] = []
        yield requests
        requests.extend(self.log()[begin:])

    def next(self, *incidents):
        """Apply these incidents to the next requests, one each."""
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

    def answer(self, request: Request) -> Answer:
        with self.lock:
            if len(request.path) + 40 > LONGEST_REQUEST_LINE:
                return Answer(400, raw=b"", content_type=None)
            if self.credentials and request.headers.get("authorization") != _basic(
                self.credentials
            ):
                return error(401, "unauthorized", "Name or password is incorrect.")
            parts = [unquote(part) for part in request.path.split("/") if part]
            if parts == ["_all_dbs"]:
                return Answer(200, sorted(["_replicator", "_users", *self.databases]))
            if len(parts) == 1:
                return self._database(request.method, parts[0])
            documents = self.databases.get(parts[0])
            if documents is None:
                return error(*NO_DATABASE)
            if parts[1] == "_all_docs":
                return self._all_docs(request, documents)
            if parts[1] == "_bulk_docs":
                return self._bulk_docs(request, documents)
            if len(parts) > 2:
                return error(404, "not_found", "Document is missing attachment")
            return self._document(request, documents, parts[1])

    def _database(self, method, name):
        if not DATABASE_NAME.fullmatch(name) or len(name) > 238:
            return error(400, "illegal_database_name", f"Name: '{name}'.")
        if method == "PUT":
            if name in self.databases:
                return error(412, "file_exists", "The file already exists.")
            self.databases[name] = {}
            return Answer(201, {"ok": True})
        if name not in self.databases:
            return error(*NO_DATABASE)
        del self.databases[name]
        return Answer(200, {"ok": True})

    def _document(self, request, documents, doc_id):
        if doc_id.startswith("_"):
            return error(
                400, "illegal_docid", "Only reserved document ids may start with underscore."
            )
        if request.method == "PUT":
            return self._put(request, documents, doc_id)
        leaf = documents.get(doc_id)
        if leaf is None or leaf.deleted:
            return error(404, "not_found", "deleted" if leaf else "missing")
        if request.method == "DELETE":
            if request.query.get("rev") != leaf.rev:
                return error(*CONFLICT)
            rev = self._store(documents, doc_id, {}, deleted=True)
            return Answer(200, {"ok": True, "id": doc_id, "rev": rev})
        return Answer(200, leaf.document(doc_id), {"ETag": f'"{leaf.rev}"'})

    def _put(self, request, documents, doc_id):
        if len(request.body) > 8_000_000:
            return error(413, "document_too_large", doc_id)
        try:
            content = json.loads(request.body.decode())
            json.dumps(content, ensure_ascii=False).encode()
        except ValueError:  # no JSON, no UTF-8, or a lone surrogate
            return error(400, "bad_request", "invalid UTF-8 JSON")
        rev = content.pop("_rev", None) or request.query.get("rev")
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
        return Answer(201, {"ok": True, "id": doc_id, "rev": rev})

    def _store(self, documents, doc_id, content, *, deleted):
        before = documents.get(doc_id)
        count = int(before.rev.partition("-")[0]) + 1 if before else 1
        history = json.dumps([before.rev if before else None, deleted, content])
        digest = hashlib.md5(history.encode("utf-8", "surrogatepass")).hexdigest()
        documents[doc_id] = Leaf(f"{count}-{digest}", deleted, content)
        return documents[doc_id].rev

    def _bulk_docs(self, request, documents):
        rows = []
        for doc in json.loads(request.body)["docs"]:
            body = json.dumps(doc).encode()
            answer = self._put(Request("PUT", "", {}, {}, body), documents, doc["_id"])
            rows.append({"id": doc["_id"], **answer.content})
        return Answer(201, rows)

    def _row(self, doc_id, documents):
        leaf = documents.get(doc_id)
        if leaf is None:
            return {"key": doc_id, "error": "not_found"}
        row = {"id": doc_id, "key": doc_id, "value": {"rev": leaf.rev}}
        if leaf.deleted:
            return {**row, "value": {"rev": leaf.rev, "deleted": True}, "doc": None}
        return {**row, "doc": leaf.document(doc_id)}

    def _all_docs(self, request, documents):
        options = {name: json.loads(value) for name, value in request.query.items()}
        if request.method == "POST":
            options |= json.loads(request.body)
        if "keys" in options:
            return Answer(200, {"rows": [self._row(key, documents) for key in options["keys"]]})
        ids = sorted((key for key, leaf in documents.items() if not leaf.deleted), key=str.encode)
        wanted = [key for key in ids if key.encode() >= options.get("startkey", "").encode()]
        rows = [self._row(key, documents) for key in wanted[: options["limit"]]]
        offset = len(ids) - len(wanted)
        return Answer(200, {"total_rows": len(ids), "offset": offset, "rows": rows})


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


# Incidents: functions that serve one request in another way.


def says(answer: Answer):
    """Send this answer, and change nothing."""
    return lambda handler, request, double: handler.send(answer, request)


def cut_before(handler, request, double):
    """Close without doing anything."""
    handler.close_after_this()


def cut_after(handler, request, double):
    """Carry the request out, then close without an answer."""
    double.answer(request)
    handler.close_after_this()


def cut_in_mid_answer(handler, request, double):
    """Carry the request out, and close in the middle of the answer."""
    payload = double.answer(request).payload()
    handler.wfile.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        + f"Content-Length: {len(payload)}\r\n\r\n".encode()
        + payload[: len(payload) // 2]
    )
    handler.close_after_this()


def mute(handler, request, double):
    """Keep the connection open and never answer."""
    double.over.wait(60)
    handler.close_after_this()


def after_doing(*effects):
    """Carry the request out, make these changes, then close."""

    def incident(handler, request, double):
        double.answer(request)
        for effect in effects:
            effect()
        handler.close_after_this()

    return incident


def as_usual(handler, request, double):
    """Answer as CouchDB does."""
    handler.send(double.answer(request), request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def serve(self):
        double = self.server.double
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, query, headers, body)
        with double.lock:
            double.requests.append(request)
            incident = double.incidents.popleft() if double.incidents else as_usual
        incident(self, request, double)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = serve  # noqa: N815 - http.server's names

    def send(self, answer: Answer, request: Request):
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
        if request.method == "HEAD":
            return
        if chunked:
            payload = b"%x\r\n%s\r\n0\r\n\r\n" % (len(payload), payload)
        self.wfile.write(payload)

    def close_after_this(self):
        self.close_connection = True
        self.wfile.flush()

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Ignore a client that has closed first."""


@contextmanager
def running(credentials=None):
    """Yield a server that listens on the loopback interface, on a free port."""
    double = CouchDouble(credentials)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.double = double
    double.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield double
    finally:
        double.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
