"""Services that lose, mix up or refuse concurrent writes: CON-1, CON-6.

Each has one window of a few lines, as those of the modules beside this one.
"""

import sqlite3
import threading
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.concurrency.base import (
    Compares,
    Forgetting,
    Key,
    Steady,
    written,
)
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters

RACING_WRITES: list[Mutant] = []
row = partial(breaks, RACING_WRITES)
alter = partial(alters, RACING_WRITES)


@row("race_revision_counted_without_a_lock", "CON-1", "SAVE-14")
class Counted(Steady):
    """The counter of revisions is read and written in two steps."""

    def revision(self) -> str:
        changes = self.store.changes
        changes += 1
        self.store.changes = changes
        return f"{changes}-r"

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        rev = self.revision()
        with self.lock:
            self.store.kept[db_name, doc_id] = (rev, written(doc))
        return {"id": doc_id, "rev": rev}


@row("race_cache_is_filled_after_the_write", "CON-1")
class FilledLate(Forgetting):
    """get() fills its cache with what it read before another thread's save() cleared it."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        cached = self.memo.get((db_name, doc_id))
        if cached is None:
            cached = super().get(db_name, doc_id)
            self.memo[db_name, doc_id] = cached
        return dict(cached)

    def forget(self, key: Key) -> None:
        self.memo.pop(key, None)


@row("race_answer_in_an_attribute", "CON-1")
class Buffer(Steady):
    """get() keeps its result in an attribute of the service until it returns."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        self.found = super().get(db_name, doc_id)
        return self.found


@row("race_key_in_an_attribute", "CON-1")
class KeyInAttribute(Steady):
    """save() keeps its key in an attribute of the service from one line to the next."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        rev, text = self.revision(), written(doc)
        self.key = (db_name, doc_id)
        self.store.kept[self.key] = (rev, text)
        return {"id": doc_id, "rev": rev}


@alter("save", "race_save_deletes_first", "CON-1")
def deletes_first(self: Steady, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """save() deletes the old version before it stores the new one."""
    self.store.kept.pop((db_name, doc_id), None)
    return Steady.save(self, db_name, doc_id, doc)


@row("race_revision_kept_apart", "CON-1", "SAVE-14")
class RevisionApart(Steady):
    """The document is stored in one step, and its revision in the next."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        self.memo[db_name, doc_id] = answer["rev"]
        return answer

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        found = super().get(db_name, doc_id)
        return {**found, "_rev": self.memo.get((db_name, doc_id), found["_rev"])}


@row("race_locks_taken_in_two_orders", "CON-1")
class TwoOrders(Steady):
    """save() takes the lock of the data and then that of the index; delete() the reverse."""

    def __init__(self) -> None:
        super().__init__()
        self.index = threading.Lock()

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.lock, self.index:
            return super().save(db_name, doc_id, doc)

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.index:
            super().delete(db_name, doc_id)


@row("race_conflict_is_looked_for_before_the_lock", "CON-1", "SAVE-15")
class LooksForConflict(Steady):
    """save() compares the revision before it takes the lock."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        kept = self.store.kept.get((db_name, doc_id))
        if kept is not None and doc.get("_rev", kept[0]) != kept[0]:
            raise HTTPException(409, f"{doc['_rev']} is not the revision of {doc_id}")
        return super().save(db_name, doc_id, doc)


@row("race_save_gives_up_at_once", "CON-6")
class GivesUp(Compares):
    """save() tries only once."""

    attempts = 1


@alter("save", "race_conflict_after_it_was_stored", "CON-6")
def stored_all(self: Steady, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """save() stores, checks whether others stored too, and then raises 409."""
    before = self.store.changes
    answer = Steady.save(self, db_name, doc_id, doc)
    if self.store.changes != before + 1:
        raise HTTPException(409, f"{doc_id} was saved by others too")
    return answer


@alter("save", "race_lock_is_an_operational_error", "CON-6", "ERR-1")
def locked_error(self: Steady, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """save() waits a millisecond for the lock, and then raises the library's error."""
    if not self.lock.acquire(timeout=0.001):
        raise sqlite3.OperationalError("database is locked")
    try:
        return Steady.save(self, db_name, doc_id, doc)
    finally:
        self.lock.release()
