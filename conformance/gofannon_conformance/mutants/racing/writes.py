"""Services that are right for one caller, and lose, mix up or refuse what many write: CON-1, CON-6.

Each has one window of a few lines. So have those of the other racing modules.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.racing.base import (
    Compares,
    Key,
    Steady,
    missing,
    shown,
    written,
)

RACING_WRITES: list[Mutant] = []
row = partial(breaks, RACING_WRITES)


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
class FilledLate(Steady):
    """get() fills its cache with what it read before another thread's save() cleared it."""

    def __init__(self) -> None:
        super().__init__()
        self.cache: dict[Key, dict[str, Any]] = {}

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        cached = self.cache.get((db_name, doc_id))
        if cached is None:
            cached = super().get(db_name, doc_id)
            self.cache[db_name, doc_id] = cached
        return dict(cached)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        self.cache.pop((db_name, doc_id), None)
        return answer

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        self.cache.pop((db_name, doc_id), None)


@row("race_answer_in_an_attribute", "CON-1")
class Buffer(Steady):
    """What a get() reads lies in an attribute of the service until it is returned."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        self.found = super().get(db_name, doc_id)
        return self.found


@row("race_key_in_an_attribute", "CON-1")
class KeyInAttribute(Steady):
    """Where a save() stores lies in an attribute of the service from one line to the next."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        rev, text = self.revision(), written(doc)
        self.key = (db_name, doc_id)
        self.store.kept[self.key] = (rev, text)
        return {"id": doc_id, "rev": rev}


@row("race_save_deletes_first", "CON-1")
class DeletesFirst(Steady):
    """save() deletes the old version before it stores the new one."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        self.store.kept.pop((db_name, doc_id), None)
        return super().save(db_name, doc_id, doc)


@row("race_document_written_in_two_halves", "CON-1")
class Halves(Steady):
    """save() fills the stored document field by field."""

    def __init__(self) -> None:
        super().__init__()
        self.docs: dict[Key, dict[str, Any]] = {}

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        fields = self.docs.setdefault((db_name, doc_id), {})
        fresh = json.loads(written(doc))
        for name in [name for name in fields if name not in fresh]:
            fields.pop(name, None)
        for name, value in fresh.items():
            fields[name] = value
        with self.lock:
            return super().save(db_name, doc_id, doc)

    def read(self, db_name: str, doc_id: str) -> dict[str, Any]:
        found = super().read(db_name, doc_id)
        own = {k: found[k] for k in ("_id", "_rev")}
        return {**dict(self.docs.get((db_name, doc_id), {})), **own}

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.lock:
            super().delete(db_name, doc_id)
            self.docs.pop((db_name, doc_id), None)


@row("race_revision_kept_apart", "CON-1", "SAVE-14")
class RevisionApart(Steady):
    """The document is stored in one step, and its revision in the next."""

    def __init__(self) -> None:
        super().__init__()
        self.revs: dict[Key, str] = {}

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        self.revs[db_name, doc_id] = answer["rev"]
        return answer

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        found = super().get(db_name, doc_id)
        return {**found, "_rev": self.revs.get((db_name, doc_id), found["_rev"])}


@row("race_locks_taken_in_two_orders", "CON-1")
class TwoOrders(Steady):
    """save() takes the lock of the data and then that of the index; delete() the other way."""

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
    """A stale revision is looked for before the lock is taken."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        kept = self.store.kept.get((db_name, doc_id))
        if kept is not None and doc.get("_rev", kept[0]) != kept[0]:
            raise HTTPException(409, f"{doc['_rev']} is not the revision of {doc_id}")
        return super().save(db_name, doc_id, doc)


class LocksThrownAway(Steady):
    """Holds a lock for each document, from a table that whoever is done takes it out of."""

    def __init__(self) -> None:
        super().__init__()
        self.locks: dict[Key, threading.Lock] = {}

    @contextmanager
    def locked(self, db_name: str, doc_id: str) -> Iterator[None]:
        """Hold the lock of a document: those who wait hold the old one, and who comes a new one."""
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
            super().delete(db_name, doc_id)

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        rows = list(self.store.kept.items())
        return [shown(doc_id, row) for (place, doc_id), row in rows if place == db_name]


@row("race_lock_is_thrown_away_before_a_delete", "CON-3", "CON-1")
class DeletesWithoutLock(LocksThrownAway):
    """Who waits in delete() for a lock that was thrown away after use looks and pops unguarded."""

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.locked(db_name, doc_id):
            if (db_name, doc_id) not in self.store.kept:
                raise missing(db_name, doc_id)
            self.store.kept.pop((db_name, doc_id), None)


@row("race_lock_is_thrown_away_before_a_save", "CON-1", "SAVE-14")
class SavesWithoutLock(LocksThrownAway):
    """Who waits in save() for a lock that was thrown away after use counts revisions unguarded."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[Key, int] = {}

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        key, text = (db_name, doc_id), written(doc)
        with self.locked(db_name, doc_id):
            count = self.counts.get(key, 0) + 1
            self.counts[key] = count
            self.store.kept[key] = (f"{count}-r", text)
        return {"id": doc_id, "rev": f"{count}-r"}


@row("race_save_gives_up_at_once", "CON-6")
class GivesUp(Compares):
    """save() tries once, and leaves it to the caller to try again."""

    attempts = 1


@row("race_conflict_after_it_was_stored", "CON-6")
class StoredAll(Steady):
    """save() stores, looks whether somebody else did too, and then says 409."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        before = self.store.changes
        answer = super().save(db_name, doc_id, doc)
        if self.store.changes != before + 1:
            raise HTTPException(409, f"{doc_id} was saved by others too")
        return answer


@row("race_database_is_locked", "CON-6")
class Impatient(Steady):
    """save() does not wait for the lock."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        if not self.lock.acquire(blocking=False):
            raise HTTPException(503, "the database is locked")
        try:
            return super().save(db_name, doc_id, doc)
        finally:
            self.lock.release()


@row("race_lock_is_an_operational_error", "CON-6", "ERR-1")
class LockedError(Steady):
    """save() waits for the lock for a millisecond, and then lets the library's error escape."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        if not self.lock.acquire(timeout=0.001):
            raise sqlite3.OperationalError("database is locked")
        try:
            return super().save(db_name, doc_id, doc)
        finally:
            self.lock.release()
