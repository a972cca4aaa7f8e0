"""Right services for concurrent callers, of many designs: none may fail a test."""

import threading
import time
from inspect import getdoc
from typing import Any

from gofannon_conformance.mutants.concurrency.base import (
    Compares,
    Row,
    Shared,
    Steady,
    Tables,
    shown,
    written,
)
from gofannon_conformance.mutants.concurrency.replicas import EVENTUAL, Replica
from gofannon_conformance.mutants.concurrency.workers import InThreadsOfTheLoop, Looping, Pooled
from gofannon_conformance.mutants.mutant import Control
from gofannon_conformance.mutants.right.files import missing


class CopyOnWrite(Tables):
    """Readers take no lock, since a writer replaces the whole table."""

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
        """Return the lock of a collection."""
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


class Slow(Steady):
    """Takes some milliseconds for each call, while it holds the lock."""

    def revision(self) -> str:
        time.sleep(0.005)
        return super().revision()

    def read(self, db_name: str, doc_id: str) -> dict[str, Any]:
        time.sleep(0.005)
        return super().read(db_name, doc_id)


class CountedByDocument(Steady):
    """Counts the revisions of each document, and begins again after a delete()."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        text = written(doc)
        with self.lock:
            old = self.store.kept.get((db_name, doc_id))
            rev = f"{int(old[0][:-2]) + 1 if old else 1}-r"
            self.store.kept[db_name, doc_id] = (rev, text)
        return {"id": doc_id, "rev": rev}


RACING_CONTROLS = tuple(
    Control(name=name, kind=getdoc(make) or "", make=make, claims=claims, tried_by=("CON",))
    for name, make, claims in (
        ("right_one_lock", Steady, {}),
        ("right_compare_and_swap", Compares, {}),
        ("right_copy_on_write", CopyOnWrite, {}),
        ("right_lock_per_collection", LockPerCollection, {}),
        ("right_and_slow", Slow, {}),
        ("right_revisions_of_each_document", CountedByDocument, {}),
        ("right_shared_store", Shared, {}),
        ("right_replicas", Replica, EVENTUAL),
        ("right_async_lock", Looping, {}),
        ("right_threads_of_the_loop", InThreadsOfTheLoop, {}),
        ("right_thread_pool", Pooled, {}),
    )
)
"""They implement only what the tests of CON need."""
