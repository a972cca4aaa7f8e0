"""A right service with a row of SQLite for each document, with real revisions and 409s."""

import json
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.right.files import check_id, missing, shown, storable
from gofannon_conformance.mutants.right.memory import DatabaseService
from gofannon_conformance.servers.endpoint import Endpoint

TABLE = """
CREATE TABLE IF NOT EXISTS documents (
    collection BLOB, id BLOB, rev TEXT NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (collection, id)
) WITHOUT ROWID"""

UPSERT = """
INSERT INTO documents VALUES (:collection, :id, :rev, :doc)
ON CONFLICT DO UPDATE SET rev = :rev, doc = :doc WHERE :carried IS NULL OR rev = :carried"""

TIME_LIMIT = 30.0
"""Seconds to wait for another writer."""


class SqliteRows(DatabaseService):
    """Refuses a stale `_rev` with 409. Names are bytes, since text in SQLite ends at U+0000."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._path = Path(endpoint.url) / "documents.sqlite"
        self._own = threading.local()
        self._opened: list[sqlite3.Connection] = []
        with self._connection() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(TABLE)

    @property
    def created(self) -> set[str]:
        """The names of the collections that have a document."""
        with self._connection() as db:
            rows = db.execute("SELECT DISTINCT collection FROM documents").fetchall()
        return {_text(name) for (name,) in rows}

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        key = _key(db_name, doc_id)
        with self._connection() as db:
            row = db.execute(
                "SELECT doc, rev FROM documents WHERE collection = :collection AND id = :id", key
            ).fetchone()
        if row is None:
            raise missing(db_name, doc_id)
        return shown(doc_id, *row)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        row = _key(db_name, doc_id) | {"rev": uuid.uuid4().hex, "doc": json.dumps(storable(doc))}
        carried = doc.get("_rev")
        with self._connection() as db:
            changed = db.execute(UPSERT, {**row, "carried": carried}).rowcount
        if not changed:
            raise HTTPException(409, f"{carried!r} is not the revision of {doc_id!r}")
        return {"id": doc_id, "rev": row["rev"]}

    def delete(self, db_name: str, doc_id: str) -> None:
        key = _key(db_name, doc_id)
        with self._connection() as db:
            gone = db.execute(
                "DELETE FROM documents WHERE collection = :collection AND id = :id", key
            ).rowcount
        if not gone:
            raise missing(db_name, doc_id)

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        with self._connection() as db:
            rows = db.execute(
                "SELECT id, doc, rev FROM documents WHERE collection = ?", (_bytes(db_name),)
            ).fetchall()
        return [shown(_text(name), text, rev) for name, text, rev in rows]

    def close(self) -> None:
        """Close the connections of all threads."""
        for db in self._opened:
            db.close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection of this thread, in a transaction of its own."""
        db = getattr(self._own, "db", None)
        if db is None:
            db = sqlite3.connect(self._path, timeout=TIME_LIMIT, check_same_thread=False)
            db.execute("PRAGMA synchronous = NORMAL")
            self._own.db = db
            self._opened.append(db)
        with db:
            yield db


def _key(db_name: str, doc_id: Any) -> dict[str, Any]:
    check_id(doc_id)
    return {"collection": _bytes(db_name), "id": _bytes(doc_id)}


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogatepass")
