"""Services with two copies of some data, which differ after a race: CON-1, CON-4."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from functools import partial
from typing import Any

from gofannon_conformance.mutants.concurrency.base import (
    Row,
    Steady,
    Tables,
    shown,
    written,
)
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right.files import missing

RACING_COPIES: list[Mutant] = []
row = partial(breaks, RACING_COPIES)


class Joining(Steady):
    """A read waits for the answer of the same read that has begun before."""

    def once(self, what: Hashable, read: Callable[[], Any]) -> Any:
        """Read, or wait for the same read."""
        mine: Future[Any] = Future()
        answer = self.memo.setdefault(what, mine)
        if answer is mine:
            mine.set_result(read())
            del self.memo[what]
        return answer.result()


@row("race_get_joins_one_under_way", "CON-1")
class JoinsGet(Joining):
    """get() returns what an earlier get() has read before the last save()."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        key = (db_name, doc_id)
        row: Row | None = self.once(key, lambda: self.store.kept.get(key))
        if row is None:
            raise missing(db_name, doc_id)
        return shown(doc_id, row)


@row("race_list_joins_one_under_way", "CON-4")
class JoinsList(Joining):
    """list_all() returns what an earlier one has read before the last save()."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        listed = self.once(db_name, partial(super().list_all, db_name))
        return [dict(doc) for doc in listed]


@row("race_unchanged_is_not_saved_though_it_was_deleted", "CON-1")
class SkipsUnchanged(Steady):
    """save() notes its text after a delete() may have come, and then skips the same text."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        noted = self.memo.get((db_name, doc_id))
        if noted is not None and noted[1] == written(doc):
            return {"id": doc_id, "rev": noted[0]}
        answer = super().save(db_name, doc_id, doc)
        self.memo[db_name, doc_id] = (answer["rev"], written(doc))
        return answer

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.lock:
            super().delete(db_name, doc_id)
            self.memo.pop((db_name, doc_id), None)


PIECE = 64
"""Characters."""


@row("race_long_text_is_written_in_pieces", "CON-1", "SAVE-14")
class Pieces(Steady):
    """save() stores a text in pieces, one after the other, over those of the earlier version."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        text, rev = written(doc), self.revision()
        for place in range(0, len(text), PIECE):
            self.memo[db_name, doc_id, place] = text[place : place + PIECE]
        with self.lock:
            self.store.kept[db_name, doc_id] = (rev, str(len(text)))
        return {"id": doc_id, "rev": rev}

    def read(self, db_name: str, doc_id: str) -> dict[str, Any]:
        row = self.store.kept.get((db_name, doc_id))
        if row is None:
            raise missing(db_name, doc_id)
        places = range(0, int(row[1]), PIECE)
        return shown(doc_id, (row[0], "".join(self.memo[db_name, doc_id, n] for n in places)))


@row("race_emptied_table_is_dropped_with_what_came", "CON-1")
class DropsEmptied(Tables):
    """A delete() that empties a collection drops it, with documents that were saved meanwhile."""

    def put(self, db_name: str, doc_id: str, row: Row) -> None:
        with self.lock:
            self.tables.setdefault(db_name, {})[doc_id] = row

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        if not self.tables.get(db_name):
            self.tables.pop(db_name, None)
