"""A loopback server that answers as CouchDB 3 does, records its requests, and fails on demand.

Statuses, error codes and reasons are CouchDB 3's own. So is what it does with numbers (`-0.0` and
subnormals become `0.0`, an integer past the range of a double is a 500), reserved ids, fields and
database names. Revisions are counts and hashes: the same content and history, the same rev.
"""

import base64
import hashlib
import json
import re
import sys
import threading
from dataclasses import dataclass
from urllib.parse import unquote

from http_front import Answer, Front, json_answer, says

CREDENTIALS = ("joe", "s3cret@word/")
DATABASE_NAME = re.compile(r"[a-z][a-z0-9_$()+/-]{0,237}")
LONGEST_REQUEST_LINE = 8192


def error(status, code, reason="", **headers):
    return json_answer(status, {"error": code, "reason": reason}, **headers)


NO_DATABASE = error(404, "not_found", "Database does not exist.")
CONFLICT = error(409, "conflict", "Document update conflict.")


def after_doing(*effects):
    """Carry the request out, make these changes, then close."""

    def incident(front, request):
        front.answer(request)
        for effect in effects:
            effect()

    return incident


def says_rows(*docs, total=None):
    """Answer with a page of these documents; a None stands for one that was just deleted."""
    rows = [{"id": doc["_id"], "doc": doc} if doc else {"id": "gone", "doc": None} for doc in docs]
    return says(
        json_answer(200, {"total_rows": len(rows) if total is None else total, "rows": rows})
    )


@dataclass
class Leaf:
    rev: str
    deleted: bool
    content: dict

    def document(self, doc_id):
        return {"_id": doc_id, "_rev": self.rev, **self.content}


class CouchDouble(Front):
    """The server; a request's name is its method and path."""

    def __init__(self, credentials=CREDENTIALS):
        self._credentials = credentials
        self._guard = threading.RLock()
        super().__init__()

    def reset(self):
        self.credentials = self._credentials
        self.databases: dict[str, dict[str, Leaf]] = {}
        super().reset()

    def name_of(self, request):
        return f"{request.method} {request.path}"

    def put(self, database, doc_id, content):
        """Write as another client would, and return the revision."""
        with self._guard:
            documents = self.databases.setdefault(database, {})
            return self._store(documents, doc_id, content)

    def remove(self, database, doc_id):
        with self._guard:
            self._store(self.databases[database], doc_id, {}, deleted=True)

    def content(self, database, doc_id):
        leaf = self.databases[database][doc_id]
        return None if leaf.deleted else leaf.content

    def answer(self, request):
        with self._guard:
            if len(request.path) + 40 > LONGEST_REQUEST_LINE:
                return Answer(400)
            if self.credentials and request.headers.get("authorization") != self._authorization():
                return error(401, "unauthorized", "Name or password is incorrect.")
            parts = [unquote(part) for part in request.path.split("/") if part]
            if parts == ["_all_dbs"]:
                return json_answer(200, sorted(["_replicator", "_users", *self.databases]))
            if len(parts) == 1:
                return self._database(request.method, parts[0])
            documents = self.databases.get(parts[0])
            if documents is None:
                return NO_DATABASE
            if parts[1] == "_all_docs":
                return self._all_docs(request, documents)
            if parts[1] == "_bulk_docs":
                return self._bulk_docs(request, documents)
            if len(parts) > 2:
                return error(404, "not_found", "Document is missing attachment")
            return self._document(request, documents, parts[1])

    def _authorization(self):
        return "Basic " + base64.b64encode(":".join(self.credentials).encode()).decode()

    def _database(self, method, name):
        if not DATABASE_NAME.fullmatch(name):
            return error(400, "illegal_database_name", f"Name: '{name}'.")
        if method == "PUT":
            if name in self.databases:
                return error(412, "file_exists", "The file already exists.")
            self.databases[name] = {}
            return json_answer(201, {"ok": True})
        if self.databases.pop(name, None) is None:
            return NO_DATABASE
        return json_answer(200, {"ok": True})

    def _document(self, request, documents, doc_id):
        if doc_id.startswith("_"):
            return error(400, "illegal_docid", "Only reserved ids may start with underscore.")
        if request.method == "PUT":
            return self._put(documents, doc_id, request.body, request.query.get("rev"))
        leaf = documents.get(doc_id)
        if leaf is None or leaf.deleted:
            return error(404, "not_found", "deleted" if leaf else "missing")
        if request.method == "DELETE":
            if request.query.get("rev") != leaf.rev:
                return CONFLICT
            rev = self._store(documents, doc_id, {}, deleted=True)
            return json_answer(200, {"ok": True, "id": doc_id, "rev": rev})
        return json_answer(200, leaf.document(doc_id), ETag=f'"{leaf.rev}"')

    def _put(self, documents, doc_id, body, rev=None):
        if len(body) > 8_000_000:
            return error(413, "document_too_large", doc_id)
        try:
            content = json.loads(body.decode())
            json.dumps(content, ensure_ascii=False).encode()
        except ValueError:  # no JSON, no UTF-8, or a lone surrogate
            return error(400, "bad_request", "invalid UTF-8 JSON")
        rev = content.pop("_rev", None) or rev
        content.pop("_id", None)
        for name in content:
            if name.startswith("_"):
                return error(400, "doc_validation", f"Bad special document member: {name}")
        try:
            content = _as_erlang_keeps_it(content)
        except OverflowError:
            return error(500, "badarith", "unknown_error")
        leaf = documents.get(doc_id)
        if rev != (leaf.rev if leaf and not leaf.deleted else None):
            return CONFLICT
        rev = self._store(documents, doc_id, content)
        return json_answer(201, {"ok": True, "id": doc_id, "rev": rev})

    def _store(self, documents, doc_id, content, *, deleted=False):
        before = documents.get(doc_id)
        count = int(before.rev.partition("-")[0]) + 1 if before else 1
        history = json.dumps([before.rev if before else None, deleted, content])
        digest = hashlib.md5(history.encode("utf-8", "surrogatepass")).hexdigest()
        documents[doc_id] = Leaf(f"{count}-{digest}", deleted, content)
        return documents[doc_id].rev

    def _bulk_docs(self, request, documents):
        rows = []
        for doc in json.loads(request.body)["docs"]:
            answer = self._put(documents, doc["_id"], json.dumps(doc).encode())
            rows.append({"id": doc["_id"], **json.loads(answer.body)})
        return json_answer(201, rows)

    def _row(self, doc_id, documents):
        leaf = documents.get(doc_id)
        if leaf is None:
            return {"key": doc_id, "error": "not_found"}
        doc = None if leaf.deleted else leaf.document(doc_id)
        value = {"rev": leaf.rev, **({"deleted": True} if leaf.deleted else {})}
        return {"id": doc_id, "key": doc_id, "value": value, "doc": doc}

    def _all_docs(self, request, documents):
        options = {name: json.loads(value) for name, value in request.query.items()}
        if request.method == "POST":
            options |= json.loads(request.body)
        if "keys" in options:
            return json_answer(
                200, {"rows": [self._row(key, documents) for key in options["keys"]]}
            )
        ids = sorted((key for key, leaf in documents.items() if not leaf.deleted), key=str.encode)
        wanted = [key for key in ids if key.encode() >= options.get("startkey", "").encode()]
        rows = [self._row(key, documents) for key in wanted[: options["limit"]]]
        offset = len(ids) - len(wanted)
        return json_answer(200, {"total_rows": len(ids), "offset": offset, "rows": rows})


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
