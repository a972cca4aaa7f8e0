"""Services whose other instances see changes late, or never: DUR-1."""

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from gofannon_conformance.mutants.durability.base import (
    IN_A_FOLDER,
    Buffered,
    Document,
    Files,
    Later,
    Overlaid,
    Sqlite,
    in_a_folder,
)
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters
from gofannon_conformance.servers.endpoint import Endpoint

INSTANCES: list[Mutant] = []
alter = partial(alters, INSTANCES)


@alter("close", "flushed_at_close", "DUR-1", "DUR-2", **IN_A_FOLDER)
def flushed_at_close(self: Buffered) -> None:
    """Changes are written when the service is closed."""
    self.flush()


@alter("put", "flushed_at_each_seventh_change", "DUR-1", "DUR-2", **IN_A_FOLDER)
def each_seventh(self: Buffered, db_name: str, doc_id: str, doc: Document) -> None:
    """Saves are written when there are seven changes."""
    Buffered.put(self, db_name, doc_id, doc)
    if len(self.mine) >= 7:
        self.flush()


@breaks(INSTANCES, "written_behind", "DUR-1", **IN_A_FOLDER)
class WrittenBehind(Later):
    """A thread writes changes a moment later."""


@alter(
    "write",
    "eventual_and_deletes_never_arrive",
    "DUR-1",
    converges_within=1.0,
    **in_a_folder(eventual=True),
)
def deletes_never_arrive(self: Later, db_name: str, doc_id: str) -> None:
    """Its target says that it is eventual, but others never see a delete."""
    if self.mine.get((db_name, doc_id)) is not None:
        Later.write(self, db_name, doc_id)


@breaks(INSTANCES, "deletes_are_kept_to_oneself", "DUR-1", "DUR-2", **IN_A_FOLDER)
class DeletesForOneself(Overlaid):
    """A deleted document is gone for the instance that deleted it only."""

    def put(self, db_name: str, doc_id: str, doc: Document) -> None:
        self.mine.pop((db_name, doc_id), None)
        super().put(db_name, doc_id, doc)

    def drop(self, db_name: str, doc_id: str) -> None:
        self.mine[db_name, doc_id] = None


@breaks(INSTANCES, "reads_are_cached", "DUR-1", **IN_A_FOLDER)
class Cached(Files):
    """A document that was read once is read from memory from then on."""

    def stored(self, db_name: str, doc_id: str) -> Document | None:
        if (db_name, doc_id) not in self.memo:
            found = super().stored(db_name, doc_id)
            if found is None:
                return None
            self.memo[db_name, doc_id] = found
        return self.memo[db_name, doc_id]

    def put(self, db_name: str, doc_id: str, doc: Document) -> None:
        super().put(db_name, doc_id, doc)
        self.memo[db_name, doc_id] = doc

    def drop(self, db_name: str, doc_id: str) -> None:
        super().drop(db_name, doc_id)
        self.memo.pop((db_name, doc_id), None)


@breaks(INSTANCES, "lists_are_cached", "DUR-1", **IN_A_FOLDER)
class CachedList(Files):
    """The list of a collection is read again only when the instance itself has changed it."""

    def put(self, db_name: str, doc_id: str, doc: Document) -> None:
        super().put(db_name, doc_id, doc)
        self.memo.pop(db_name, None)

    def drop(self, db_name: str, doc_id: str) -> None:
        super().drop(db_name, doc_id)
        self.memo.pop(db_name, None)

    def all_in(self, db_name: str) -> dict[str, Document]:
        if db_name not in self.memo:
            self.memo[db_name] = super().all_in(db_name)
        return self.memo[db_name]


@breaks(INSTANCES, "committed_with_the_next_change", "DUR-1", **IN_A_FOLDER)
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


@alter("place", "shares_nothing_and_says_it_does", "DUR-1", "DUR-2", **in_a_folder(persistent=True))
def folder_for_each(self: Files, given: Path) -> Path:
    """Each instance has a folder of its own, though its target says that it is persistent."""
    return Path(tempfile.mkdtemp(dir=given))
