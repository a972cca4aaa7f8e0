"""Right services with the optional methods, each built in another way; the suite must pass them."""

import sqlite3
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Control
from gofannon_conformance.mutants.right import Complete, Overview, Right
from gofannon_conformance.mutants.right.complete import by_type, canonical

Document = dict[str, Any]
Found = list[Document]
Fields = list[str] | None
Limit = int | None

OPTIONAL = ("FIND", "IDX", "BULK", "ASYNC")
"""The groups of the optional methods."""


class CompleteOverview(Overview, Complete):
    """Follows the dialect `overview`; the bulk methods answer as they always do."""


class Otherwise(Complete):
    """Takes the other choice in every open question: by type, null for absent, fewest fields."""

    def means(self, selector: Document, doc: Document) -> bool:
        return all(by_type(v) == by_type(doc.get(name)) for name, v in selector.items())

    def find(
        self, db_name: str, selector: Document, fields: Fields = None, limit: Limit = 10_000
    ) -> Found:
        if limit == 0:
            raise HTTPException(400, "the limit must be positive")
        return super().find(db_name, selector, fields or None, limit)[::-1]

    def projected(self, doc: Document, fields: Fields) -> Document:
        if fields is None:
            return {name: value for name, value in doc.items() if name != "_rev"}
        return {"_id": doc["_id"], "_rev": doc["_rev"], **{name: doc.get(name) for name in fields}}

    def saved_one(self, db_name: str, doc: Any) -> Document:
        entry = super().saved_one(db_name, doc)
        if entry["ok"]:
            return entry
        error = {"status": 400, "detail": entry["error"]}
        return {"ok": False, "id": doc.get("_id") or None, "error": error}

    def deleted_one(self, db_name: str, doc_id: str) -> Document:
        self.check_id(doc_id)
        super().deleted_one(db_name, doc_id)
        return {"ok": True}

    def get_many(self, db_name: str, doc_ids: list[str]) -> dict[str, Document | None]:
        found = super().get_many(db_name, doc_ids)
        return {doc_id: found[doc_id] for doc_id in sorted(found)}


class Tabled(Right):
    """Finds by SQL: each field of a document is a row, its value as canonical JSON."""

    def __init__(self) -> None:
        super().__init__()
        self.sql = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self.sql.execute("CREATE TABLE field (place TEXT, id TEXT, name TEXT, value TEXT)")

    def save(self, db_name: str, doc_id: str, doc: Document) -> Document:
        with self.lock:
            answer = super().save(db_name, doc_id, doc)
            fields = {**self.read(self.kept[db_name, doc_id].text), "_id": doc_id}
            rows = [(db_name, doc_id, name, canonical(value)) for name, value in fields.items()]
            self.sql.execute("DELETE FROM field WHERE place = ? AND id = ?", (db_name, doc_id))
            self.sql.executemany("INSERT INTO field VALUES (?, ?, ?, ?)", rows)
        return answer

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.lock:
            super().delete(db_name, doc_id)
            self.sql.execute("DELETE FROM field WHERE place = ? AND id = ?", (db_name, doc_id))

    def find(
        self, db_name: str, selector: Document, fields: Fields = None, limit: Limit = 10_000
    ) -> Found:
        """Return the documents that have a row for each field of the selector."""
        ask = "SELECT id FROM field WHERE place = ? AND name = ? AND value = ?"
        places = [(db_name, name, canonical(value)) for name, value in selector.items()]
        query = " INTERSECT ".join([ask] * len(places)) or (
            "SELECT DISTINCT id FROM field WHERE place = ?"
        )
        values = [value for one in places for value in one] or [db_name]
        rows = self.sql.execute(f"{query} LIMIT ?", (*values, -1 if limit is None else limit))
        docs = [self.get(db_name, doc_id) for (doc_id,) in rows]
        if fields is None:
            return docs
        return [{k: v for k, v in doc.items() if k in {"_id", *fields}} for doc in docs]

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        """Make the one index that serves all fields, if it is not there."""
        self.sql.execute("CREATE INDEX IF NOT EXISTS by_value ON field (place, name, value)")

    def save_many(self, db_name: str, docs: Found) -> list[Document]:
        """Save each document; what has no `_id`, or is refused, is a failed entry."""
        return [self.saved_one(db_name, doc) for doc in docs]

    def saved_one(self, db_name: str, doc: Document) -> Document:
        """Save one of many, and return its entry."""
        try:
            return {"ok": True, **self.save(db_name, doc["_id"], doc)}
        except KeyError:
            return {"ok": False, "id": None, "error": "the document has no _id"}
        except HTTPException as error:
            return {"ok": False, "id": str(doc["_id"]), "error": error.detail}

    def delete_many(self, db_name: str, doc_ids: list[str]) -> list[Document]:
        """Delete each document that exists once; an entry says whether it existed."""
        here = {doc["_id"] for doc in self.list_all(db_name)}
        for doc_id in here.intersection(doc_ids):
            self.delete(db_name, doc_id)
        return [{"id": doc_id, "ok": True, "deleted": doc_id in here} for doc_id in doc_ids]

    def get_many(self, db_name: str, doc_ids: list[str]) -> dict[str, Document | None]:
        """Return the documents of the ids out of the whole collection."""
        here = {doc["_id"]: doc for doc in self.list_all(db_name)}
        return {doc_id: here.get(doc_id) for doc_id in doc_ids}


METHODS = (
    "get", "save", "delete", "list_all",
    "find", "ensure_index", "save_many", "delete_many", "get_many",
)  # fmt: skip


def awaited(method: str) -> Any:
    """Return a coroutine that calls a method of the inner service."""

    async def call(self: Any, *arguments: Any, **named: Any) -> Any:
        return getattr(self.inner, method)(*arguments, **named)

    return call


class Awaited:
    """The methods of another service, as coroutines."""

    def __init__(self) -> None:
        self.inner = Complete()
        self.created = self.inner.created


for method in METHODS:
    setattr(Awaited, method, awaited(method))


class Declared(Right):
    """Declares the optional methods without implementing them, in three ways."""

    get_many = None

    def find(
        self, db_name: str, selector: Document, fields: Fields = None, limit: Limit = 10_000
    ) -> Found:
        """Raise without a reason."""
        raise NotImplementedError

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        """Raise with a reason."""
        raise NotImplementedError("no indexes here")

    def save_many(self, db_name: str, docs: Found) -> list[Document]:
        """Answer with a status of HTTP."""
        raise HTTPException(501, "this backend cannot do that")


WIDER_CONTROLS = tuple(
    Control(name=name, kind=kind, make=make, claims=claims, tried_by=OPTIONAL)
    for name, kind, make, claims in (
        ("right_complete_otherwise",
         "In memory, with the optional methods, the other choice in every open question.",
         Otherwise, {}),
        ("right_complete_by_sql",
         "In memory, with optional methods that find by SQL, field by field.", Tabled, {}),
        ("right_complete_overview",
         "In memory, with the optional methods, in the dialect `overview`.",
         CompleteOverview, {"dialect": "overview"}),
        ("right_complete_async",
         "In memory, all methods coroutines, the optional ones too.", Awaited, {}),
        ("right_declares_what_it_lacks",
         "Declares the optional methods, and raises that it has none.", Declared, {}),
    )
)  # fmt: skip
"""The right services of the optional methods."""
