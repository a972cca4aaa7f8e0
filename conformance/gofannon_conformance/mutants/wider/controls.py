"""Right services with the optional methods, each built in another way; the suite must pass them."""

import sqlite3
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Control
from gofannon_conformance.mutants.right import Complete, Overview, Right
from gofannon_conformance.mutants.right.complete import by_type, canonical

OPTIONAL = ("FIND", "IDX", "BULK", "ASYNC")
"""The groups of the optional methods."""


class CompleteOverview(Overview, Complete):
    """Follows the dialect `overview`; the bulk methods answer as they always do."""


class Otherwise(Complete):
    """Reads every open question the other way: by type, null for absent, and the least shown."""

    def means(self, selector: dict[str, Any], doc: dict[str, Any]) -> bool:
        return all(by_type(v) == by_type(doc.get(name)) for name, v in selector.items())

    def find(
        self,
        db_name: str,
        selector: dict[str, Any],
        fields: list[str] | None = None,
        limit: int | None = 10_000,
    ) -> list[dict[str, Any]]:
        if limit == 0:
            raise HTTPException(400, "nothing was asked for")
        return super().find(db_name, selector, fields or None, limit)[::-1]

    def projected(self, doc: dict[str, Any], fields: list[str] | None) -> dict[str, Any]:
        if fields is None:
            return {name: value for name, value in doc.items() if name != "_rev"}
        return {"_id": doc["_id"], "_rev": doc["_rev"], **{name: doc.get(name) for name in fields}}

    def saved_one(self, db_name: str, doc: Any) -> dict[str, Any]:
        entry = super().saved_one(db_name, doc)
        if entry["ok"]:
            return entry
        error = {"status": 400, "detail": entry["error"]}
        return {"ok": False, "id": doc.get("_id") or None, "error": error}

    def deleted_one(self, db_name: str, doc_id: str) -> dict[str, Any]:
        self.check_id(doc_id)
        super().deleted_one(db_name, doc_id)
        return {"ok": True}

    def get_many(self, db_name: str, doc_ids: list[str]) -> dict[str, dict[str, Any] | None]:
        found = super().get_many(db_name, doc_ids)
        return {doc_id: found[doc_id] for doc_id in sorted(found)}


class Tabled(Right):
    """Finds by SQL: each field of a document is a row, its value as canonical JSON."""

    def __init__(self) -> None:
        super().__init__()
        self.sql = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self.sql.execute("CREATE TABLE field (place TEXT, id TEXT, name TEXT, value TEXT)")

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
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
        self,
        db_name: str,
        selector: dict[str, Any],
        fields: list[str] | None = None,
        limit: int | None = 10_000,
    ) -> list[dict[str, Any]]:
        """Give the documents that have a row for each field of the selector."""
        ask = "SELECT id FROM field WHERE place = ? AND name = ? AND value = ?"
        asked = [(db_name, name, canonical(value)) for name, value in selector.items()]
        query = " INTERSECT ".join([ask] * len(asked)) or (
            "SELECT DISTINCT id FROM field WHERE place = ?"
        )
        values = [value for one in asked for value in one] or [db_name]
        rows = self.sql.execute(f"{query} LIMIT ?", (*values, -1 if limit is None else limit))
        docs = [self.get(db_name, doc_id) for (doc_id,) in rows]
        if fields is None:
            return docs
        return [{k: v for k, v in doc.items() if k in {"_id", *fields}} for doc in docs]

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        """Make the one index that serves all fields, if it is not there."""
        self.sql.execute("CREATE INDEX IF NOT EXISTS by_value ON field (place, name, value)")

    def save_many(self, db_name: str, docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Save each document; what has no `_id`, or is refused, is a failed entry."""
        return [self.saved_one(db_name, doc) for doc in docs]

    def saved_one(self, db_name: str, doc: dict[str, Any]) -> dict[str, Any]:
        """Save one of many, and say what became of it."""
        try:
            return {"ok": True, **self.save(db_name, doc["_id"], doc)}
        except KeyError:
            return {"ok": False, "id": None, "error": "the document has no _id"}
        except HTTPException as error:
            return {"ok": False, "id": str(doc["_id"]), "error": error.detail}

    def delete_many(self, db_name: str, doc_ids: list[str]) -> list[dict[str, Any]]:
        """Delete what is there of the ids, each once; an entry tells whether it was."""
        here = {doc["_id"] for doc in self.list_all(db_name)}
        for doc_id in here.intersection(doc_ids):
            self.delete(db_name, doc_id)
        return [{"id": doc_id, "ok": True, "deleted": doc_id in here} for doc_id in doc_ids]

    def get_many(self, db_name: str, doc_ids: list[str]) -> dict[str, dict[str, Any] | None]:
        """Give the documents of the ids out of the whole collection."""
        here = {doc["_id"]: doc for doc in self.list_all(db_name)}
        return {doc_id: here.get(doc_id) for doc_id in doc_ids}


class Awaited:
    """The methods of another service, as coroutines."""

    def __init__(self) -> None:
        self.inner = Complete()
        self.created = self.inner.created

    async def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        return self.inner.get(db_name, doc_id)

    async def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        return self.inner.save(db_name, doc_id, doc)

    async def delete(self, db_name: str, doc_id: str) -> None:
        self.inner.delete(db_name, doc_id)

    async def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return self.inner.list_all(db_name)

    async def find(
        self,
        db_name: str,
        selector: dict[str, Any],
        fields: list[str] | None = None,
        limit: int | None = 10_000,
    ) -> list[dict[str, Any]]:
        return self.inner.find(db_name, selector, fields, limit)

    async def ensure_index(
        self, db_name: str, fields: list[str], index_name: str | None = None
    ) -> None:
        self.inner.ensure_index(db_name, fields, index_name)

    async def save_many(self, db_name: str, docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return self.inner.save_many(db_name, docs)

    async def delete_many(self, db_name: str, doc_ids: list[str]) -> list[dict[str, Any]]:
        return self.inner.delete_many(db_name, doc_ids)

    async def get_many(self, db_name: str, doc_ids: list[str]) -> dict[str, dict[str, Any] | None]:
        return self.inner.get_many(db_name, doc_ids)


class Declared(Right):
    """Declares the optional methods, and has none: three ways to say so."""

    get_many = None

    def find(
        self,
        db_name: str,
        selector: dict[str, Any],
        fields: list[str] | None = None,
        limit: int | None = 10_000,
    ) -> list[dict[str, Any]]:
        """Say nothing."""
        raise NotImplementedError

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        """Say why."""
        raise NotImplementedError("no indexes here")

    def save_many(self, db_name: str, docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Say it as HTTP does."""
        raise HTTPException(501, "this backend cannot do that")


WIDER_CONTROLS = (
    Control(
        name="right_complete_otherwise",
        kind="In memory, with the optional methods, every open question read the other way.",
        make=Otherwise,
        tried_by=OPTIONAL,
    ),
    Control(
        name="right_complete_by_sql",
        kind="In memory, with optional methods that find by SQL, field by field.",
        make=Tabled,
        tried_by=OPTIONAL,
    ),
    Control(
        name="right_complete_overview",
        kind="In memory, with the optional methods, in the dialect `overview`.",
        make=CompleteOverview,
        claims={"dialect": "overview"},
        tried_by=OPTIONAL,
    ),
    Control(
        name="right_complete_async",
        kind="In memory, all methods coroutines, the optional ones too.",
        make=Awaited,
        tried_by=OPTIONAL,
    ),
    Control(
        name="right_declares_what_it_lacks",
        kind="Has the optional methods in name only, and says so.",
        make=Declared,
        tried_by=OPTIONAL,
    ),
)
"""Those of the optional methods."""
