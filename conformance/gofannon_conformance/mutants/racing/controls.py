"""Services that are right for many callers in other ways than one lock: none may be accused."""

import sqlite3
import tempfile
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

from gofannon_conformance.mutants.mutant import Control
from gofannon_conformance.mutants.racing.base import (
    Compares,
    Row,
    Shared,
    Steady,
    Tables,
    missing,
    shown,
    written,
)
from gofannon_conformance.mutants.racing.replicas import EVENTUAL, Replica
from gofannon_conformance.mutants.racing.workers import (
    InThreadsOfTheLoop,
    Looping,
    Pooled,
    Queued,
)


class CopyOnWrite(Tables):
    """Readers go without a lock, since a writer replaces the whole table."""

    def put(self, db_name: str, doc_id: str, row: Row) -> None:
        with self.lock:
            self.tables[db_name] = {**self.tables.get(db_name, {}), doc_id: row}

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        return self.read(db_name, doc_id)

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.lock:
            table = dict(self.tables.get(db_name, {}))
            if table.pop(doc_id, None) is None:
                raise missing(db_name, doc_id)
            self.tables[db_name] = table

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return [shown(doc_id, row) for doc_id, row in self.tables.get(db_name, {}).items()]


class LockPerCollection(Tables):
    """A reentrant lock for each collection, made under another lock."""

    def __init__(self) -> None:
        super().__init__()
        self.locks: dict[str, Any] = {}

    def of(self, db_name: str) -> Any:
        """Give the lock of a collection."""
        with self.lock:
            return self.locks.setdefault(db_name, threading.RLock())

    def put(self, db_name: str, doc_id: str, row: Row) -> None:
        with self.of(db_name):
            if db_name not in self.tables:
                self.tables[db_name] = {}
            self.tables[db_name][doc_id] = row

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        with self.of(db_name):
            return self.read(db_name, doc_id)

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.of(db_name):
            self.get(db_name, doc_id)
            del self.tables[db_name][doc_id]

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        with self.of(db_name):
            return [self.get(db_name, doc_id) for doc_id in self.tables.get(db_name, {})]


class Sharded(Steady):
    """A lock for each of eight parts of the ids; a list takes them all, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = [threading.Lock() for _ in range(8)]

    def part(self, doc_id: str) -> threading.Lock:
        """Give the lock of the part that an id is in."""
        return self.parts[hash(doc_id) % len(self.parts)]

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        with self.part(doc_id):
            return self.read(db_name, doc_id)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        text, rev = written(doc), self.revision()
        with self.part(doc_id):
            self.store.kept[db_name, doc_id] = (rev, text)
        return {"id": doc_id, "rev": rev}

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.part(doc_id):
            self.read(db_name, doc_id)
            del self.store.kept[db_name, doc_id]

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        for part in self.parts:
            part.acquire()
        try:
            return super().list_all(db_name)
        finally:
            for part in reversed(self.parts):
                part.release()


class Slow(Steady):
    """Takes some milliseconds for each call, with the lock in its hand."""

    def revision(self) -> str:
        time.sleep(0.005)
        return super().revision()

    def read(self, db_name: str, doc_id: str) -> dict[str, Any]:
        time.sleep(0.005)
        return super().read(db_name, doc_id)


class SqlitePerThread:
    """A SQLite file, and a connection for each thread; the database alone keeps order."""

    def __init__(self) -> None:
        self.file = str(Path(folder().name) / "documents.sqlite")
        self.mine = threading.local()
        with self.connection() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS documents (collection, id, rev INTEGER, text, "
                "PRIMARY KEY (collection, id))"
            )

    @property
    def created(self) -> set[str]:
        """The names of the collections that have a document."""
        rows = self.connection().execute("SELECT DISTINCT collection FROM documents")
        return {collection for (collection,) in rows}

    def connection(self) -> sqlite3.Connection:
        """Give this thread's connection."""
        if not hasattr(self.mine, "connection"):
            self.mine.connection = sqlite3.connect(self.file, timeout=30, isolation_level=None)
            self.mine.connection.execute("PRAGMA synchronous=OFF")
        return self.mine.connection

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        found = self.connection().execute(
            "SELECT rev, text FROM documents WHERE collection = ? AND id = ?", (db_name, doc_id)
        )
        row = found.fetchone()
        if row is None:
            raise missing(db_name, doc_id)
        return shown(doc_id, (f"{row[0]}-s", row[1]))

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = self.connection().execute(
            "INSERT INTO documents VALUES (?, ?, 1, ?) ON CONFLICT DO UPDATE "
            "SET text = excluded.text, rev = rev + 1 RETURNING rev",
            (db_name, doc_id, written(doc)),
        )
        ((rev,),) = answer.fetchall()
        return {"id": doc_id, "rev": f"{rev}-s"}

    def delete(self, db_name: str, doc_id: str) -> None:
        done = self.connection().execute(
            "DELETE FROM documents WHERE collection = ? AND id = ?", (db_name, doc_id)
        )
        if not done.rowcount:
            raise missing(db_name, doc_id)

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        rows = self.connection().execute(
            "SELECT id, rev, text FROM documents WHERE collection = ?", (db_name,)
        )
        return [shown(doc_id, (f"{rev}-s", text)) for doc_id, rev, text in rows.fetchall()]


@cache
def folder() -> Any:
    """Make the folder of the SQLite file, which goes when the process ends."""
    return tempfile.TemporaryDirectory()


RACING_CONTROLS = tuple(
    Control(name=name, kind=kind, make=make, claims=claims, tried_by=("CON",))
    for name, kind, make, claims in (
        ("right_one_lock", "Holds one lock through every call.", Steady, {}),
        ("right_compare_and_swap", "Stores if nobody else has meanwhile, else tries again.",
         Compares, {}),
        ("right_copy_on_write", "Readers go without a lock; a writer replaces the whole table.",
         CopyOnWrite, {}),
        ("right_lock_per_collection", "A reentrant lock for each collection, made under another.",
         LockPerCollection, {}),
        ("right_sharded_locks", "A lock for each of eight parts of the ids.", Sharded, {}),
        ("right_and_slow", "Takes some milliseconds for each call, with the lock in its hand.",
         Slow, {}),
        ("right_sqlite_per_thread", "A SQLite file with a connection for each thread.",
         SqlitePerThread, {}),
        ("right_shared_store", "Several instances on one store in memory, under its lock.",
         Shared, {}),
        ("right_replicas", "Replicas that hear of each other's changes somewhat later.",
         Replica, EVENTUAL),
        ("right_async_lock", "Coroutine methods, each under one lock.", Looping, {}),
        ("right_threads_of_the_loop", "Coroutine methods that run in the loop's threads.",
         InThreadsOfTheLoop, {}),
        ("right_thread_pool", "Each call runs in an executor of the service's own.", Pooled, {}),
        ("right_worker_queue", "Each call is put into a queue for threads of the service's own.",
         Queued, {}),
    )
)  # fmt: skip
"""Their stores are as small as racing needs, so that only the tests of CON are for them."""
