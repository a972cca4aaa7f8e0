"""Services that lose or show the wrong documents under concurrent writes: CON-2 to CON-4."""

import threading
import time
from functools import lru_cache, partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.concurrency.base import Row, Steady, Tables, shown
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters
from gofannon_conformance.mutants.right.files import missing

RACING_PRESENCE: list[Mutant] = []
row = partial(breaks, RACING_PRESENCE)
alter = partial(alters, RACING_PRESENCE)


@alter("put", "race_table_made_when_it_was_missing", "CON-2")
def look_then_make(self: Tables, db_name: str, doc_id: str, row: Row) -> None:
    """A collection is looked for, and then made over the one that another caller made."""
    if db_name not in self.tables:
        self.tables[db_name] = {}
    self.tables[db_name][doc_id] = row


@row("race_table_that_is_there_already", "CON-2")
class AlreadyThere(Tables):
    """A collection that another caller has made meanwhile is an error."""

    def put(self, db_name: str, doc_id: str, row: Row) -> None:
        if db_name not in self.tables:
            self.make(db_name)
        self.tables[db_name][doc_id] = row

    def make(self, db_name: str) -> None:
        """Make a missing collection."""
        with self.lock:
            if db_name in self.tables:
                raise HTTPException(500, f"the table {db_name} is there already")
            self.tables[db_name] = {}


@row("race_two_locks_for_one_collection", "CON-2")
class LazyLocks(Tables):
    """The lock of a collection is made on first use, without a lock."""

    def __init__(self) -> None:
        super().__init__()
        self.locks: dict[str, threading.Lock] = {}

    def put(self, db_name: str, doc_id: str, row: Row) -> None:
        if db_name not in self.locks:
            self.locks[db_name] = threading.Lock()
        with self.locks[db_name]:
            table = dict(self.tables.get(db_name, {}))
            table[doc_id] = row
            self.tables[db_name] = table

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.locks.get(db_name, self.lock):
            table = dict(self.tables.get(db_name, {}))
            if table.pop(doc_id, None) is None:
                raise missing(db_name, doc_id)
            self.tables[db_name] = table


@row(
    "race_delete_looks_then_pops",
    "CON-3",
    "CON-1",
    seen="moto 5.2.5, whose server looks at a condition and then acts, without a lock",
)
class LookThenPop(Steady):
    """delete() looks whether the document is there, and then takes it out."""

    def delete(self, db_name: str, doc_id: str) -> None:
        if (db_name, doc_id) not in self.store.kept:
            raise missing(db_name, doc_id)
        self.store.kept.pop((db_name, doc_id), None)


@row("race_delete_reads_first", "CON-3")
class ReadsFirst(Steady):
    """delete() calls get() for the 404, and then deletes without a check."""

    def delete(self, db_name: str, doc_id: str) -> None:
        self.get(db_name, doc_id)
        with self.lock:
            self.store.kept.pop((db_name, doc_id), None)


@row("race_lock_is_a_flag", "CON-3")
class Flag(ReadsFirst):
    """delete() waits until a flag is false, and then sets it."""

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
    """The locks of documents are in a cache, which drops those that were not used lately."""

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


@row("race_row_count_in_an_attribute", "CON-3")
class RowCount(Steady):
    """delete() reads its number of rows from an attribute that all callers share."""

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.lock:
            self.rows = int(self.store.kept.pop((db_name, doc_id), None) is not None)
        if not self.rows:
            raise missing(db_name, doc_id)


@alter("list_all", "race_list_of_a_live_dict", "CON-4", "ERR-1")
def live_dict(self: Steady, db_name: str) -> list[dict[str, Any]]:
    """list_all() iterates over the dict that others write to."""
    listed = []
    for (place, doc_id), row in self.store.kept.items():
        if place == db_name:
            listed.append(shown(doc_id, row))
    return listed


@alter("list_all", "race_list_of_ids_first", "CON-4")
def ids_first(self: Steady, db_name: str) -> list[dict[str, Any]]:
    """list_all() gets one document after another, and fails if one is deleted meanwhile."""
    with self.lock:
        ids = [doc_id for place, doc_id in self.store.kept if place == db_name]
    return [self.get(db_name, doc_id) for doc_id in ids]


@row("race_list_by_offset", "CON-4")
class ByOffset(Steady):
    """list_all() reads pages of two by offset, while deletes move the rows."""

    size = 2

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = []
        while True:
            page = self.page(db_name, len(listed))
            listed += page
            if len(page) < self.size:
                return listed

    def page(self, db_name: str, offset: int) -> list[dict[str, Any]]:
        """Return the page at an offset."""
        with self.lock:
            keys = [key for key in self.store.kept if key[0] == db_name]
            return [self.read(*key) for key in keys[offset : offset + self.size]]


@row("race_list_shows_a_moved_row_twice", "CON-4")
class MovedRows(ByOffset):
    """list_all() reads pages of ten by offset, and a save() moves its row to the end."""

    size = 10

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.store.kept.pop((db_name, doc_id), None)
            return super().save(db_name, doc_id, doc)


@row("race_list_in_an_attribute", "CON-4")
class SharedList(Steady):
    """list_all() collects its documents in an attribute of the service."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        self.listed: list[dict[str, Any]] = []
        for doc in super().list_all(db_name):
            self.listed.append(doc)
        return list(self.listed)
