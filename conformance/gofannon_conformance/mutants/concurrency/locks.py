"""Services with a lock for each document that does not exclude all callers: CON-1, CON-3."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from gofannon_conformance.mutants.concurrency.base import Key, Steady, shown
from gofannon_conformance.mutants.concurrency.presence import ReadsFirst
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right.files import missing

RACING_LOCKS: list[Mutant] = []
row = partial(breaks, RACING_LOCKS)


@row("race_lock_made_after_two_looks", "CON-3")
class MadeAfterTwoLooks(ReadsFirst):
    """A missing lock of a document is made; another one that is there by then is not used."""

    def __init__(self) -> None:
        super().__init__()
        self.locks: dict[tuple[str, str], threading.Lock] = {}

    def delete(self, db_name: str, doc_id: str) -> None:
        key = (db_name, doc_id)
        lock = self.locks.get(key)
        if lock is None:
            lock = threading.Lock()
            if key not in self.locks:
                self.locks[key] = lock
        with lock:
            super().delete(db_name, doc_id)


@row("race_lock_is_thrown_away_before_a_delete", "CON-3", "CON-1")
class LocksThrownAway(Steady):
    """delete() may hold a lock that was removed after use, while others hold a new one."""

    def __init__(self) -> None:
        super().__init__()
        self.locks: dict[Key, threading.Lock] = {}

    @contextmanager
    def locked(self, db_name: str, doc_id: str) -> Iterator[None]:
        """Hold the lock of a document: waiting calls use the old one, later calls a new one."""
        lock = self.locks.setdefault((db_name, doc_id), threading.Lock())
        try:
            with lock:
                yield
        finally:
            self.locks.pop((db_name, doc_id), None)

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        with self.locked(db_name, doc_id):
            return self.read(db_name, doc_id)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.locked(db_name, doc_id):
            return super().save(db_name, doc_id, doc)

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.locked(db_name, doc_id):
            if (db_name, doc_id) not in self.store.kept:
                raise missing(db_name, doc_id)
            self.store.kept.pop((db_name, doc_id), None)

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        rows = list(self.store.kept.items())
        return [shown(doc_id, row) for (place, doc_id), row in rows if place == db_name]
