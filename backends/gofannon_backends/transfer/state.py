"""The state of a run: one SQLite file, from which an interrupted run continues.

It holds the request, the collections that are complete, and a row for each document. A row is
marked before its document is written, and again when the target has confirmed it. Where the second
mark is missing, the target is asked: if the document is there, the first mark says that this run
wrote it.

The file is locked while it is open. A killed process loses no mark and frees the lock; a loss of
power may lose the last marks.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar

from gofannon_backends.transfer.errors import NotAsAskedError
from gofannon_backends.transfer.exported import Entry
from gofannon_backends.transfer.summary import Counts, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Self

    from gofannon_backends.transfer.document import Document

_Row = TypeVar("_Row")

_SETTINGS: Final = (
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA cache_size = -16384",  # KiB
)
_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS run (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS collections (number INTEGER PRIMARY KEY, entry TEXT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS documents (
        collection INTEGER NOT NULL,
        id TEXT NOT NULL,
        checksum BLOB NOT NULL,
        line INTEGER NOT NULL,
        intended TEXT,
        outcome TEXT,
        verified INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (collection, id)
    ) WITHOUT ROWID""",
)
_ROWS: Final = 10_000
"""How many rows are committed at once while a collection is read."""

_THESE: Final = "collection = ? AND id IN (SELECT value FROM json_each(?))"
"""Many rows in one statement, because each statement gives the interpreter to another thread."""

_DAMAGED: Final = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})


class DuplicateError(Exception):
    """A collection has two documents with one id; `lines` are their places, from 1."""

    def __init__(self, doc_id: str, lines: tuple[int, int]) -> None:
        super().__init__(doc_id)
        self.doc_id = doc_id
        self.lines = lines


class State:
    """The open state of one run. Threads share it.

    Without a file it is temporary, for a dry run. Raises `NotAsAskedError` if another run has it
    open, if it belongs to a different request, or if it is damaged.
    """

    def __init__(self, file: Path | None, run: Mapping[str, Any], *, restart: bool = False) -> None:
        self._numbers = {name: number for number, name in enumerate(run["collections"])}
        self._lock = Lock()
        if file is not None:
            file.touch(mode=0o600)
        self._database = sqlite3.connect(
            file or "", timeout=0, isolation_level=None, check_same_thread=False
        )
        try:
            self.resumed = self._prepare(file, run, restart=restart)
        except BaseException as error:
            self._database.close()
            code = getattr(error, "sqlite_errorcode", None)
            if file is not None and code == sqlite3.SQLITE_BUSY:
                raise NotAsAskedError(f"another run is using {file.parent}") from None
            if file is not None and code in _DAMAGED:
                raise _damaged(file) from None
            raise

    def _prepare(self, file: Path | None, run: Mapping[str, Any], *, restart: bool) -> bool:
        """Create the tables, or compare the request; return whether there was a run before."""
        for setting in _SETTINGS:
            self._database.execute(setting)
        if file is not None and self._one("PRAGMA quick_check(1)") != ("ok",):
            raise _damaged(file)
        for table in _TABLES:
            self._database.execute(table)
        if restart:
            for table in ("run", "collections", "documents"):
                self._database.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
        before = {
            name: json.loads(value)
            for name, value in self._database.execute("SELECT name, value FROM run")
        }
        self.started: str = before.pop("started", datetime.now(UTC).isoformat(timespec="seconds"))
        if file is not None and before:
            _refuse_difference(file.parent, before, run)
            return True
        with self._transaction():
            self._database.executemany(
                "INSERT INTO run VALUES (?, ?)",
                [(k, json.dumps(v)) for k, v in {**run, "started": self.started}.items()],
            )
        return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._database.close()

    # --- Collections ------------------------------------------------------------------------------

    def fill(self, collection: str, documents: Iterable[Document]) -> int:
        """Add a row for each document of a collection; return how many.

        Rows of an earlier attempt are deleted. Raises `DuplicateError`.
        """
        number = self._numbers[collection]

        def insert(line: int, document: Document) -> None:
            doc_id = json.dumps(document.doc_id)
            try:
                self._database.execute(
                    "INSERT INTO documents (collection, id, checksum, line) VALUES (?, ?, ?, ?)",
                    (number, doc_id, document.checksum(), line),
                )
            except sqlite3.IntegrityError:
                (first,) = self._one(
                    "SELECT line FROM documents WHERE collection = ? AND id = ?", number, doc_id
                )
                raise DuplicateError(document.doc_id, (first, line)) from None

        with self._transaction():
            self._database.execute("DELETE FROM documents WHERE collection = ?", (number,))
        return self._each(documents, insert)

    def complete(self, collection: str, entry: Entry) -> None:
        """Record that all rows of a collection are there, and the entry of its file."""
        with self._transaction():
            self._database.execute(
                "INSERT OR REPLACE INTO collections VALUES (?, ?)",
                (self._numbers[collection], entry.model_dump_json()),
            )

    def entries(self) -> dict[str, Entry]:
        """Return the entries of the complete collections."""
        with self._lock:
            rows = dict(self._database.execute("SELECT number, entry FROM collections").fetchall())
        return {
            name: Entry.model_validate_json(rows[number])
            for name, number in self._numbers.items()
            if number in rows
        }

    def forget(self) -> None:
        """Record that no collection is complete: the next run reads all of them again."""
        with self._transaction():
            self._database.execute("DELETE FROM collections")

    # --- Documents --------------------------------------------------------------------------------

    def settled(self, collection: str, doc_ids: Iterable[str]) -> set[str]:
        """Return those of the documents that are settled."""
        with self._lock:
            rows = self._database.execute(
                f"SELECT id FROM documents WHERE {_THESE} AND outcome IS NOT NULL",  # noqa: S608
                self._these(collection, doc_ids),
            ).fetchall()
        return {json.loads(doc_id) for (doc_id,) in rows}

    def begin(self, collection: str, doc_ids: Iterable[str], outcome: Outcome) -> None:
        """Record what these documents are about to become."""
        self._set("intended = ?", collection, doc_ids, outcome)

    def settle(self, collection: str, doc_ids: Iterable[str]) -> None:
        """Record that the target has these documents; those never begun were already there."""
        self._set("outcome = coalesce(intended, ?)", collection, doc_ids, Outcome.ALREADY_THERE)

    def unsettle(self, collection: str, doc_id: str) -> None:
        """Record that the target does not have the document: the next run tries it again."""
        self._set("outcome = ?", collection, [doc_id], None)

    def verify(self, collection: str, found: Iterable[tuple[str, bytes]]) -> None:
        """Mark documents as verified, by id and checksum; others have another content."""
        number = self._numbers[collection]

        def mark(_: int, found: tuple[str, bytes]) -> None:
            doc_id, checksum = found
            self._database.execute(
                "UPDATE documents SET verified = checksum = ? WHERE collection = ? AND id = ?",
                (checksum, number, json.dumps(doc_id)),
            )

        self._each(found, mark)

    def begin_verification(self, collection: str) -> None:
        """Delete the result of an earlier verification."""
        with self._transaction():
            self._database.execute(
                "UPDATE documents SET verified = 0 WHERE collection = ? AND verified",
                (self._numbers[collection],),
            )

    def unverified(self, collection: str) -> Iterator[tuple[str, bytes]]:
        """Yield id and checksum of each settled document that is not verified."""
        last = ""
        while True:
            with self._lock:
                row = self._one(
                    "SELECT id, checksum FROM documents WHERE collection = ? AND id > ?"
                    " AND outcome IS NOT NULL AND NOT verified ORDER BY id LIMIT 1",
                    self._numbers[collection],
                    last,
                )
            if row is None:
                return
            last, checksum = row
            yield json.loads(last), checksum

    def counts(self, collection: str) -> Counts:
        """Return how many documents are settled and verified, in this run and earlier ones."""
        with self._lock:
            rows = self._database.execute(
                "SELECT outcome, count(*), sum(verified) FROM documents"
                " WHERE collection = ? AND outcome IS NOT NULL GROUP BY outcome",
                (self._numbers[collection],),
            ).fetchall()
        settled = {outcome: count for outcome, count, _ in rows}
        return Counts(
            moved=settled.get(Outcome.MOVED, 0),
            replaced=settled.get(Outcome.REPLACED, 0),
            already_there=settled.get(Outcome.ALREADY_THERE, 0),
            verified=sum(verified for _, _, verified in rows),
        )

    # --- The database -----------------------------------------------------------------------------

    def _set(
        self, change: str, collection: str, doc_ids: Iterable[str], outcome: Outcome | None
    ) -> None:
        with self._transaction():
            self._database.execute(
                f"UPDATE documents SET {change} WHERE {_THESE}",  # noqa: S608 - texts of ours
                (outcome, *self._these(collection, doc_ids)),
            )

    def _these(self, collection: str, doc_ids: Iterable[str]) -> tuple[int, str]:
        """Return the values for `_THESE`. An id is JSON: lone surrogates have no UTF-8."""
        return self._numbers[collection], json.dumps([json.dumps(doc_id) for doc_id in doc_ids])

    def _each(self, rows: Iterable[_Row], act: Callable[[int, _Row], None]) -> int:
        """Call `act` with the number of each row from 1 and the row; return how many there are."""
        count = 0
        with self._transaction():
            for count, row in enumerate(rows, start=1):
                act(count, row)
                if count % _ROWS == 0:
                    self._database.execute("COMMIT")
                    self._database.execute("BEGIN")
        return count

    def _one(self, statement: str, *values: object) -> Any:
        return self._database.execute(statement, values).fetchone()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, self._database:
            self._database.execute("BEGIN")
            yield


def _refuse_difference(folder: Path, before: Mapping[str, Any], run: Mapping[str, Any]) -> None:
    restart = "" if run.get("operation") == "export" else "start again with --restart, or "
    for name in [*run, *before]:
        if before.get(name) != run.get(name):
            raise NotAsAskedError(
                f"{folder} has an unfinished run with another {name}: {_shown(before.get(name))}, "
                f"not {_shown(run.get(name))}. Repeat the earlier command to continue it, "
                f"{restart}or give another folder"
            )


def _damaged(file: Path) -> NotAsAskedError:
    return NotAsAskedError(f"{file} is damaged: remove {file.parent} to start again")


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
