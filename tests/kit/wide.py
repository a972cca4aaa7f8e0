"""Right services with the optional methods, each built in another way; the suite must pass them."""

import json
import sqlite3
from typing import Any

from fastapi import HTTPException
from right import Overview, Right


class Wide(Right):
    """Has every optional method, in plain Python; nothing that it need not do is done."""

    def find(
        self,
        db_name: str,
        selector: dict[str, Any],
        fields: list[str] | None = None,
        limit: int | None = 10000,
    ) -> list[dict[str, Any]]:
        found = [doc for doc in self.scanned(db_name) if self.means(selector, doc)]
        return [self.projected(doc, fields) for doc in self.limited(found, limit)]

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        pass

    def save_many(self, db_name: str, docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [self.entry(db_name, doc) for doc in docs]

    def delete_many(self, db_name: str, doc_ids: list[str]) -> list[dict[str, Any]]:
        return [self.removed(db_name, doc_id) for doc_id in doc_ids]

    def get_many(self, db_name: str, doc_ids: list[str]) -> dict[str, dict[str, Any] | None]:
        return {doc_id: self.looked_up(db_name, doc_id) for doc_id in doc_ids}

    def scanned(self, db_name):
        return self.list_all(db_name)

    def means(self, selector, doc):
        return all(name in doc and self.same(v, doc[name]) for name, v in selector.items())

    def same(self, asked, held):
        return canonical(asked) == canonical(held)

    def projected(self, doc, fields):
        return doc if fields is None else {n: doc[n] for n in ("_id", *fields) if n in doc}

    def limited(self, found, limit):
        return found[:limit]

    def entry(self, db_name, doc):
        doc_id = doc.get("_id")
        try:
            self.save(db_name, doc_id, doc)
        except HTTPException as error:
            return {"ok": False, "id": doc_id, "error": str(error.detail)}
        return {"ok": True, "id": doc_id, "rev": self.kept[self.key(db_name, doc_id)].rev}

    def removed(self, db_name, doc_id):
        self.kept.pop(self.key(db_name, doc_id), None)
        return {"ok": True, "id": doc_id}

    def looked_up(self, db_name, doc_id):
        kept = self.kept.get(self.key(db_name, doc_id))
        return None if kept is None else self.shown(kept, doc_id)


class WideOverview(Overview, Wide):
    """Follows the dialect `overview`; the bulk methods answer as they always do."""


class Literal(Wide):
    """Reads every open question the other way: by type, null for absent, and the least shown."""

    def means(self, selector, doc):
        return all(written(v) == written(doc.get(name)) for name, v in selector.items())

    def projected(self, doc, fields):
        if fields is None:
            return {name: value for name, value in doc.items() if name != "_rev"}
        return {"_id": doc["_id"], "_rev": doc["_rev"], **{name: doc.get(name) for name in fields}}

    def entry(self, db_name, doc):
        entry = super().entry(db_name, doc)
        return entry if entry["ok"] else {**entry, "id": doc.get("_id") or None, "status": 400}

    def removed(self, db_name, doc_id):
        self.check_id(doc_id)
        super().removed(db_name, doc_id)
        return {"ok": True}

    def get_many(self, db_name, doc_ids):
        found = super().get_many(db_name, doc_ids)
        return {doc_id: found[doc_id] for doc_id in sorted(found)}


class Tabled(Right):
    """Finds by SQL: each field of a document is a row, its value as canonical JSON."""

    def __init__(self):
        super().__init__()
        self.sql = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self.sql.execute("CREATE TABLE field (place TEXT, id TEXT, name TEXT, value TEXT)")

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        fields = {**self.read(self.kept[db_name, doc_id].text), "_id": doc_id}
        rows = [(db_name, doc_id, name, canonical(value)) for name, value in fields.items()]
        self.sql.execute("DELETE FROM field WHERE place = ? AND id = ?", (db_name, doc_id))
        self.sql.executemany("INSERT INTO field VALUES (?, ?, ?, ?)", rows)
        return answer

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        self.sql.execute("DELETE FROM field WHERE place = ? AND id = ?", (db_name, doc_id))

    def find(self, db_name, selector, fields=None, limit=10000):
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

    def ensure_index(self, db_name, fields, index_name=None):
        self.sql.execute("CREATE INDEX IF NOT EXISTS by_value ON field (place, name, value)")

    def save_many(self, db_name, docs):
        return [self.saved(db_name, doc) for doc in docs]

    def saved(self, db_name, doc):
        try:
            return {"ok": True, **self.save(db_name, doc["_id"], doc)}
        except KeyError:
            return {"ok": False, "id": None, "error": "the document has no _id"}
        except HTTPException as error:
            return {"ok": False, "id": str(doc["_id"]), "error": error.detail}

    def delete_many(self, db_name, doc_ids):
        here = {doc["_id"] for doc in self.list_all(db_name)}
        for doc_id in here.intersection(doc_ids):
            self.delete(db_name, doc_id)
        return [{"id": doc_id, "ok": True, "deleted": doc_id in here} for doc_id in doc_ids]

    def get_many(self, db_name, doc_ids):
        here = {doc["_id"]: doc for doc in self.list_all(db_name)}
        return dict.fromkeys(doc_ids) | {i: here[i] for i in doc_ids if i in here}


class Awaited:
    """Another service's methods, as coroutines."""

    inner_class = Wide

    def __init__(self):
        self.inner = self.inner_class()
        self.created = self.inner.created

    async def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        return self.inner.get(db_name, doc_id)

    async def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        return self.inner.save(db_name, doc_id, doc)

    async def delete(self, db_name: str, doc_id: str) -> None:
        self.inner.delete(db_name, doc_id)

    async def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return self.inner.list_all(db_name)

    async def find(self, db_name, selector, fields=None, limit=10000):
        return self.inner.find(db_name, selector, fields, limit)

    async def ensure_index(self, db_name, fields, index_name=None):
        return self.inner.ensure_index(db_name, fields, index_name)

    async def save_many(self, db_name, docs):
        return self.inner.save_many(db_name, docs)

    async def delete_many(self, db_name, doc_ids):
        return self.inner.delete_many(db_name, doc_ids)

    async def get_many(self, db_name, doc_ids):
        return self.inner.get_many(db_name, doc_ids)


class Declared(Right):
    """Declares the optional methods, and has none: three ways to say so."""

    get_many = None

    def find(self, db_name, selector, fields=None, limit=10000):
        raise NotImplementedError

    def ensure_index(self, db_name, fields, index_name=None):
        raise NotImplementedError("no indexes here")

    def save_many(self, db_name, docs):
        raise HTTPException(501, "this backend cannot do that")


def written(value):
    """Write a value so that only what has the same types and values is written alike."""
    return json.dumps(value, sort_keys=True)


def canonical(value):
    """Write a value so that what is equal as JSON is written alike, `1` and `1.0` too."""
    return written(_numbers_by_value(value))


def _numbers_by_value(value):
    if isinstance(value, dict):
        return {name: _numbers_by_value(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_numbers_by_value(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
