"""Services whose list_all() reads in steps, between which documents change their place: CON-4."""

import sqlite3
from functools import partial
from typing import Any

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.racing.base import Key, Steady, shown, written

RACING_PAGES: list[Mutant] = []
row = partial(breaks, RACING_PAGES)


@row("race_list_begins_anew_when_its_place_is_gone", "CON-4")
class BeginsAnew(Steady):
    """list_all() goes on after the last id it saw, or from the start when that was deleted."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = []
        while True:
            page = self.page(db_name, listed[-1]["_id"] if listed else "")
            listed += page
            if len(page) < 4:
                return listed

    def page(self, db_name: str, last: str) -> list[dict[str, Any]]:
        """Give the four documents after one."""
        with self.lock:
            ids = [doc_id for place, doc_id in self.store.kept if place == db_name]
            start = ids.index(last) + 1 if last in ids else 0
            return [self.read(db_name, doc_id) for doc_id in ids[start : start + 4]]


@row("race_list_by_rowid_that_a_save_changes", "CON-4")
class ByRowid(Steady):
    """list_all() reads pages of ten by rowid, and a save() gives its document a new rowid."""

    def __init__(self) -> None:
        super().__init__()
        self.sql = sqlite3.connect(":memory:", check_same_thread=False)
        self.sql.execute("CREATE TABLE kept (c, i, rev, doc, PRIMARY KEY (c, i))")

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            answer = super().save(db_name, doc_id, doc)
            values = (db_name, doc_id, answer["rev"], written(doc))
            self.sql.execute("INSERT OR REPLACE INTO kept VALUES (?,?,?,?)", values)
        return answer

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.lock:
            super().delete(db_name, doc_id)
            self.sql.execute("DELETE FROM kept WHERE c=? AND i=?", (db_name, doc_id))

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        listed: list[tuple[Any, ...]] = []
        while True:
            page = self.page(db_name, listed[-1][0] if listed else 0)
            listed += page
            if len(page) < 10:
                return [shown(doc_id, (rev, text)) for _, doc_id, rev, text in listed]

    def page(self, db_name: str, last: int) -> list[tuple[Any, ...]]:
        """Give the ten rows after one."""
        rows = "SELECT rowid, i, rev, doc FROM kept WHERE c=? AND rowid>? ORDER BY rowid LIMIT 10"
        with self.lock:
            return self.sql.execute(rows, (db_name, last)).fetchall()

    def close(self) -> None:
        """Close the connection."""
        self.sql.close()


@row("race_list_of_two_tiers", "CON-4")
class Tiers(Steady):
    """list_all() reads the hot documents and then the cold ones, of which get() makes hot ones."""

    def __init__(self) -> None:
        super().__init__()
        self.hot: set[Key] = set()

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        with self.lock:
            found = self.read(db_name, doc_id)
            self.hot.add((db_name, doc_id))
        return found

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.hot.discard((db_name, doc_id))
            return super().save(db_name, doc_id, doc)

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        hot = self.tier(db_name, hot=True)
        return hot + self.tier(db_name, hot=False)

    def tier(self, db_name: str, *, hot: bool) -> list[dict[str, Any]]:
        """Give the documents of a collection that are in a tier."""
        with self.lock:
            keys = [key for key in self.store.kept if (key in self.hot) is hot]
            return [self.read(*key) for key in keys if key[0] == db_name]
