"""Services that tell other instances late, or never: DUR-1."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gofannon_conformance.mutants.lasting.base import (
    Buffered,
    Document,
    Files,
    Later,
    Overlaid,
    Sqlite,
    in_a_folder,
)
from gofannon_conformance.mutants.mutant import Mutant, T, breaks
from gofannon_conformance.servers.endpoint import Endpoint

TELLING_OTHERS: list[Mutant] = []


def row(name: str, *clauses: str, **claims: Any) -> Callable[[T], T]:
    """Enter a service that is given a folder."""
    return breaks(TELLING_OTHERS, name, *clauses, **{**in_a_folder(), **claims})


@row("flushed_at_close", "DUR-1", "DUR-2")
class FlushedAtClose(Buffered):
    """What is saved is written when the service is closed."""

    def close(self) -> None:
        self.flush()


@row("flushed_at_each_seventh_change", "DUR-1", "DUR-2")
class EachSeventh(Buffered):
    """What is saved is written when seven changes have gathered."""

    def put(self, db_name: str, doc_id: str, doc: Document | None) -> None:
        super().put(db_name, doc_id, doc)
        if len(self.mine) >= 7:
            self.flush()


@row("written_behind", "DUR-1")
class WrittenBehind(Later):
    """A thread writes what was saved and deleted, a moment later."""


@row(
    "eventual_and_deletes_never_arrive",
    "DUR-1",
    converges_within=1.0,
    **in_a_folder(eventual=True),
)
class DeletesNeverArrive(Later):
    """Its target says that it is eventual, but what is deleted is never told to others."""

    def write(self, db_name: str, doc_id: str) -> None:
        if self.mine.get((db_name, doc_id)) is not None:
            super().write(db_name, doc_id)


@row("deletes_are_kept_to_oneself", "DUR-1", "DUR-2")
class DeletesForOneself(Overlaid):
    """A deleted document is gone for the instance that deleted it."""

    def put(self, db_name: str, doc_id: str, doc: Document | None) -> None:
        self.mine.pop((db_name, doc_id), None)
        super().put(db_name, doc_id, doc)

    def drop(self, db_name: str, doc_id: str) -> None:
        self.mine[db_name, doc_id] = None


@row("reads_are_cached", "DUR-1")
class Cached(Files):
    """What was read once is read from memory ever after."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.cache: dict[tuple[str, str], Document | None] = {}

    def stored(self, db_name: str, doc_id: str) -> Document | None:
        if (db_name, doc_id) not in self.cache:
            found = super().stored(db_name, doc_id)
            if found is None:
                return None
            self.cache[db_name, doc_id] = found
        return self.cache[db_name, doc_id]

    def put(self, db_name: str, doc_id: str, doc: Document | None) -> None:
        super().put(db_name, doc_id, doc)
        self.cache[db_name, doc_id] = doc

    def drop(self, db_name: str, doc_id: str) -> None:
        super().drop(db_name, doc_id)
        self.cache.pop((db_name, doc_id), None)


@row("lists_are_cached", "DUR-1")
class CachedList(Files):
    """The list of a collection is made anew only when the instance itself has changed it."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.lists: dict[str, dict[str, Document]] = {}

    def put(self, db_name: str, doc_id: str, doc: Document | None) -> None:
        super().put(db_name, doc_id, doc)
        self.lists.pop(db_name, None)

    def drop(self, db_name: str, doc_id: str) -> None:
        super().drop(db_name, doc_id)
        self.lists.pop(db_name, None)

    def all_in(self, db_name: str) -> dict[str, Document]:
        if db_name not in self.lists:
            self.lists[db_name] = super().all_in(db_name)
        return self.lists[db_name]


@row("committed_with_the_next_change", "DUR-1")
class NotCommitted(Sqlite):
    """The transaction of a change is committed when the next one begins."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA busy_timeout=50")

    def write(self, statement: str, *values: Any) -> None:
        with self.lock:
            self.db.commit()
            self.db.execute(statement, self.bound(values))


@row("read_when_opened_and_never_again", "DUR-1", "DUR-2")
class ReadWhenOpened(Files):
    """All is read when the service is opened, and written through, but never read again."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.all = self.everything()

    def stored(self, db_name: str, doc_id: str) -> Document | None:
        return self.all.get((db_name, doc_id))

    def put(self, db_name: str, doc_id: str, doc: Document | None) -> None:
        super().put(db_name, doc_id, doc)
        if doc is not None:
            self.all[db_name, doc_id] = doc

    def drop(self, db_name: str, doc_id: str) -> None:
        super().drop(db_name, doc_id)
        del self.all[db_name, doc_id]

    def all_in(self, db_name: str) -> dict[str, Document]:
        return {i: doc for (c, i), doc in self.all.items() if c == db_name}


@row("shares_nothing_and_says_it_does", "DUR-1", "DUR-2", **in_a_folder(persistent=True))
class FolderForEach(Files):
    """Each instance has a folder of its own, though its target says that it is persistent."""

    def place(self, given: Path) -> Path:
        return Path(tempfile.mkdtemp(dir=given))
