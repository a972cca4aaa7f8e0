"""Services that are wrong about what is there while others save and delete: CON-2 to CON-4."""

import threading
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.racing.base import Row, Steady, Tables, missing, shown

RACING_PRESENCE: list[Mutant] = []
row = partial(breaks, RACING_PRESENCE)


@row("race_table_made_when_it_was_missing", "CON-2")
class LookThenMake(Tables):
    """A collection is looked for, and then made over the one that another caller made."""

    def put(self, db_name: str, doc_id: str, row: Row) -> None:
        if db_name not in self.tables:
            self.tables[db_name] = {}
        self.tables[db_name][doc_id] = row


@row("race_table_that_is_there_already", "CON-2")
class AlreadyThere(Tables):
    """That another caller has made the collection meanwhile is an error."""

    def put(self, db_name: str, doc_id: str, row: Row) -> None:
        if db_name not in self.tables:
            self.make(db_name)
        self.tables[db_name][doc_id] = row

    def make(self, db_name: str) -> None:
        """Make a collection that is not there."""
        with self.lock:
            if db_name in self.tables:
                raise HTTPException(500, f"the table {db_name} is there already")
            self.tables[db_name] = {}


@row("race_table_known_before_it_is_made", "CON-2", "ERR-1")
class KnownTooSoon(Tables):
    """The collection counts as made before it is."""

    def __init__(self) -> None:
        super().__init__()
        self.known: set[str] = set()

    def put(self, db_name: str, doc_id: str, row: Row) -> None:
        if db_name not in self.known:
            self.known.add(db_name)
            self.tables.setdefault(db_name, {})
        self.tables[db_name][doc_id] = row


@row("race_two_locks_for_one_collection", "CON-2")
class LazyLocks(Tables):
    """The lock of a collection is made by the first who needs it, with no lock about that."""

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


@row("race_delete_raises_key_error", "CON-3", "ERR-1")
class LookThenDel(Steady):
    """delete() looks whether the document is there, and then deletes what may be gone."""

    def delete(self, db_name: str, doc_id: str) -> None:
        if (db_name, doc_id) not in self.store.kept:
            raise missing(db_name, doc_id)
        del self.store.kept[db_name, doc_id]


@row("race_delete_reads_first", "CON-3")
class ReadsFirst(Steady):
    """delete() leaves the 404 to a get() before it, and is a deletion that always succeeds."""

    def delete(self, db_name: str, doc_id: str) -> None:
        self.get(db_name, doc_id)
        with self.lock:
            self.store.kept.pop((db_name, doc_id), None)


@row("race_row_count_in_an_attribute", "CON-3")
class RowCount(Steady):
    """How many rows a delete() took is read from an attribute that all callers share."""

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.lock:
            self.rows = int(self.store.kept.pop((db_name, doc_id), None) is not None)
        if not self.rows:
            raise missing(db_name, doc_id)


@row("race_delete_counts_documents", "CON-3")
class Counts(Steady):
    """Whether delete() took something is told by how many documents there are."""

    def delete(self, db_name: str, doc_id: str) -> None:
        before = len(self.store.kept)
        with self.lock:
            self.store.kept.pop((db_name, doc_id), None)
        if len(self.store.kept) == before:
            raise missing(db_name, doc_id)


@row("race_list_of_a_live_dict", "CON-4", "ERR-1")
class LiveDict(Steady):
    """list_all() goes through the dict that others write to."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        listed = []
        for (place, doc_id), row in self.store.kept.items():
            if place == db_name:
                listed.append(shown(doc_id, row))
        return listed


@row("race_list_of_ids_first", "CON-4")
class IdsFirst(Steady):
    """list_all() gets one document after another; one that is gone meanwhile ends it."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        with self.lock:
            ids = [doc_id for place, doc_id in self.store.kept if place == db_name]
        return [self.get(db_name, doc_id) for doc_id in ids]


@row("race_list_by_offset", "CON-4")
class ByOffset(Steady):
    """list_all() reads pages of two by offset, while rows move up."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = []
        offset = 0
        while True:
            page = self.page(db_name, offset)
            listed += page
            offset += 2
            if len(page) < 2:
                return listed

    def page(self, db_name: str, offset: int) -> list[dict[str, Any]]:
        """Give two documents, or what there is after so many."""
        with self.lock:
            keys = [key for key in self.store.kept if key[0] == db_name][offset : offset + 2]
            return [self.read(*key) for key in keys]


@row("race_list_shows_a_moved_row_twice", "CON-4")
class MovedRows(ByOffset):
    """list_all() reads pages by offset, and a save() moves its row to the end."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.store.kept.pop((db_name, doc_id), None)
            return super().save(db_name, doc_id, doc)


@row("race_list_in_an_attribute", "CON-4")
class SharedList(Steady):
    """list_all() gathers its documents in an attribute of the service."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        self.listed: list[dict[str, Any]] = []
        for doc in super().list_all(db_name):
            self.listed.append(doc)
        return list(self.listed)
