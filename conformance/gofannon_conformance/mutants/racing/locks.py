"""Services whose delete() holds a lock for which another of the document does not wait: CON-3."""

import threading
import time
from functools import lru_cache, partial
from typing import Any

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.racing.presence import ReadsFirst

RACING_LOCKS: list[Mutant] = []
row = partial(breaks, RACING_LOCKS)


@row("race_lock_made_after_two_looks", "CON-3")
class MadeAfterTwoLooks(ReadsFirst):
    """Who finds no lock of a document makes one, and keeps to it if another is there by then."""

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


@row("race_lock_is_a_flag", "CON-3")
class Flag(ReadsFirst):
    """delete() waits until a flag is down, and then raises it."""

    busy = False

    def delete(self, db_name: str, doc_id: str) -> None:
        while self.busy:
            time.sleep(0.0002)
        self.busy = True
        try:
            super().delete(db_name, doc_id)
        finally:
            self.busy = False


@row("race_locks_in_a_cache_of_64", "CON-3")
class CachedLocks(ReadsFirst):
    """The locks of documents lie in a cache, which forgets those that were not asked for lately."""

    def __init__(self) -> None:
        super().__init__()
        self.lock_of = lru_cache(maxsize=64)(lambda *_: threading.Lock())

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        self.lock_of(db_name, doc_id)
        return super().get(db_name, doc_id)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.lock_of(db_name, doc_id):
            return super().save(db_name, doc_id, doc)

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.lock_of(db_name, doc_id):
            super().delete(db_name, doc_id)
