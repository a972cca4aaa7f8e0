"""Services that know something in two places, which come apart: CON-1, and CON-4 for a list."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from functools import partial
from typing import Any

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.racing.base import (
    Key,
    Row,
    Steady,
    Tables,
    missing,
    shown,
    written,
)

RACING_COPIES: list[Mutant] = []
row = partial(breaks, RACING_COPIES)


class Joining(Steady):
    """Whoever reads what is being read already waits for that answer, and has the same."""

    def __init__(self) -> None:
        super().__init__()
        self.under_way: dict[Hashable, Future[Any]] = {}

    def once(self, what: Hashable, read: Callable[[], Any]) -> Any:
        """Read, unless somebody is about it."""
        mine: Future[Any] = Future()
        answer = self.under_way.setdefault(what, mine)
        if answer is mine:
            mine.set_result(read())
            del self.under_way[what]
        return answer.result()


@row("race_get_joins_one_under_way", "CON-1")
class JoinsGet(Joining):
    """get() is answered with what another get() under way had read before the last save()."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        key = (db_name, doc_id)
        row: Row | None = self.once(key, lambda: self.store.kept.get(key))
        if row is None:
            raise missing(db_name, doc_id)
        return shown(doc_id, row)


@row("race_list_joins_one_under_way", "CON-4")
class JoinsList(Joining):
    """list_all() is answered with what another one under way had read before the last save()."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        listed = self.once(db_name, partial(super().list_all, db_name))
        return [dict(doc) for doc in listed]


class _Own(threading.local):
    """What a thread has to itself."""

    def __init__(self) -> None:
        self.cache: dict[Key, dict[str, Any]] = {}


@row("race_cache_of_the_thread", "CON-1")
class CacheOfThread(Steady):
    """Each thread keeps what it has read until it writes to the document itself."""

    def __init__(self) -> None:
        super().__init__()
        self.own = _Own()

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        cache = self.own.cache
        if (db_name, doc_id) not in cache:
            cache[db_name, doc_id] = super().get(db_name, doc_id)
        return dict(cache[db_name, doc_id])

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        self.own.cache.pop((db_name, doc_id), None)
        return super().save(db_name, doc_id, doc)

    def delete(self, db_name: str, doc_id: str) -> None:
        self.own.cache.pop((db_name, doc_id), None)
        super().delete(db_name, doc_id)


@row("race_known_ids_are_taken_out_late", "CON-1")
class KnownIds(Steady):
    """delete() takes the id out of the known ones when another save() may have entered it again."""

    def __init__(self) -> None:
        super().__init__()
        self.known: set[Key] = set()

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        if (db_name, doc_id) not in self.known:
            raise missing(db_name, doc_id)
        return super().get(db_name, doc_id)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.known.add((db_name, doc_id))
            return super().save(db_name, doc_id, doc)

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        self.known.discard((db_name, doc_id))


@row("race_second_copy_is_mended_with_an_old_one", "CON-1")
class Mends(Steady):
    """get() makes the second copy like the first, as that was before others changed both."""

    def __init__(self) -> None:
        super().__init__()
        self.second: dict[Key, Row] = {}

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        first = self.store.kept.get((db_name, doc_id))
        if first is not None and self.second.get((db_name, doc_id)) != first:
            self.second[db_name, doc_id] = first
        found = self.second.get((db_name, doc_id))
        if found is None:
            raise missing(db_name, doc_id)
        return shown(doc_id, found)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            answer = super().save(db_name, doc_id, doc)
            self.second[db_name, doc_id] = self.store.kept[db_name, doc_id]
        return answer

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.lock:
            super().delete(db_name, doc_id)
            self.second.pop((db_name, doc_id), None)


@row("race_unchanged_is_not_saved_though_it_was_deleted", "CON-1")
class SkipsUnchanged(Steady):
    """save() notes what it stored when it may be deleted again, and then skips saving the same."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: dict[Key, Row] = {}

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        noted = self.noted.get((db_name, doc_id))
        if noted is not None and noted[1] == written(doc):
            return {"id": doc_id, "rev": noted[0]}
        answer = super().save(db_name, doc_id, doc)
        self.noted[db_name, doc_id] = (answer["rev"], written(doc))
        return answer

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.lock:
            super().delete(db_name, doc_id)
            self.noted.pop((db_name, doc_id), None)


PIECE = 64
"""Characters."""


@row("race_long_text_is_written_in_pieces", "CON-1", "SAVE-14")
class Pieces(Steady):
    """save() stores a text in pieces, one after another, over those of the earlier version."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: dict[tuple[str, str, int], str] = {}

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        text, rev = written(doc), self.revision()
        for place in range(0, len(text), PIECE):
            self.pieces[db_name, doc_id, place] = text[place : place + PIECE]
        with self.lock:
            self.store.kept[db_name, doc_id] = (rev, str(len(text)))
        return {"id": doc_id, "rev": rev}

    def read(self, db_name: str, doc_id: str) -> dict[str, Any]:
        row = self.store.kept.get((db_name, doc_id))
        if row is None:
            raise missing(db_name, doc_id)
        places = range(0, int(row[1]), PIECE)
        return shown(doc_id, (row[0], "".join(self.pieces[db_name, doc_id, n] for n in places)))


@row("race_emptied_table_is_dropped_with_what_came", "CON-1")
class DropsEmptied(Tables):
    """The delete() that empties a collection drops it, with what was saved into it meanwhile."""

    def put(self, db_name: str, doc_id: str, row: Row) -> None:
        with self.lock:
            self.tables.setdefault(db_name, {})[doc_id] = row

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        if not self.tables.get(db_name):
            self.tables.pop(db_name, None)
