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
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from gofannon_backends.transfer.errors import NotAsAskedError
from gofannon_backends.transfer.folder import Entry
from gofannon_backends.transfer.summary import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from gofannon_backends.transfer.document import Document

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
        key BLOB NOT NULL,
        checksum BLOB NOT NULL,
        line INTEGER NOT NULL,
        intended TEXT,
        outcome TEXT,
        verified INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (collection, key)
    ) WITHOUT ROWID""",
)
_ROWS: Final = 10_000
"""How many rows are committed at once while a collection is read."""

_DAMAGED: Final = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})


class DuplicateError(Exception):
    """A collection has two documents with one id; `lines` are their places, from 1."""

    def __init__(self, doc_id: str, lines: tuple[int, int]) -> None:
        super().__init__(doc_id)
        self.doc_id = doc_id
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Mark:
    """What a run knows of one document.

    `intended` is what it was about to become when this run last wrote it. `settled` means that the
    target has confirmed it, `verified` that it was read back and is equal.
    """

    intended: Outcome | None
    settled: bool
    verified: bool


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
            if file is None or not isinstance(error, sqlite3.Error):
                raise
            if code == sqlite3.SQLITE_BUSY:
                raise NotAsAskedError(f"another run is using {file.parent}") from None
            if code in _DAMAGED:
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
            self.forget(everything=True)
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

    def close(self) -> None:
        """Close the file and free its lock."""
        with self._lock:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def forget(self, *, everything: bool = False) -> None:
        """Delete all rows of documents and collections; with `everything`, the request too."""
        with self._transaction():
            for table in ("collections", "documents", *(["run"] if everything else [])):
                self._database.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours

    # --- Collections ------------------------------------------------------------------------------

    def fill(self, collection: str, documents: Iterable[tuple[int, Document]]) -> int:
        """Add a row for each document of a collection, given with its line from 0; return how many.

        Rows of an earlier attempt are deleted. Raises `DuplicateError`.
        """
        number = self._numbers[collection]
        count = 0
        with self._transaction():
            self._database.execute("DELETE FROM documents WHERE collection = ?", (number,))
            for line, document in documents:
                key = document.key()
                try:
                    self._database.execute(
                        "INSERT INTO documents (collection, key, checksum, line)"
                        " VALUES (?, ?, ?, ?)",
                        (number, key, document.checksum(), line),
                    )
                except sqlite3.IntegrityError:
                    (first,) = self._one(
                        "SELECT line FROM documents WHERE collection = ? AND key = ?", number, key
                    )
                    raise DuplicateError(document.doc_id, (first + 1, line + 1)) from None
                count += 1
                if count % _ROWS == 0:
                    self._database.execute("COMMIT")
                    self._database.execute("BEGIN")
        return count

    def complete(self, collection: str, entry: Entry) -> None:
        """Record that all rows of a collection are there, and the entry of its file."""
        with self._transaction():
            self._database.execute(
                "INSERT OR REPLACE INTO collections VALUES (?, ?)",
                (self._numbers[collection], json.dumps(asdict(entry))),
            )

    def entry(self, collection: str) -> Entry | None:
        """Return the entry of a complete collection; None for any other."""
        with self._lock:
            row = self._one(
                "SELECT entry FROM collections WHERE number = ?", self._numbers[collection]
            )
        return None if row is None else Entry(**json.loads(row[0]))

    # --- Documents --------------------------------------------------------------------------------

    def mark(self, collection: str, document: Document) -> Mark:
        """Return what is known of a document."""
        with self._lock:
            row = self._one(
                "SELECT intended, outcome, verified FROM documents"
                " WHERE collection = ? AND key = ?",
                self._numbers[collection],
                document.key(),
            )
        intended, outcome, verified = row or (None, None, 0)
        return Mark(
            intended=None if intended is None else Outcome(intended),
            settled=outcome is not None,
            verified=bool(verified),
        )

    def settled(self, collection: str, documents: Iterable[Document]) -> set[bytes]:
        """Return the keys of those documents that are settled."""
        keys = [document.key() for document in documents]
        with self._lock:
            rows = self._database.execute(
                "SELECT key FROM documents WHERE collection = ? AND outcome IS NOT NULL"  # noqa: S608
                f" AND key IN ({_places(keys)})",
                (self._numbers[collection], *keys),
            ).fetchall()
        return {key for (key,) in rows}

    def begin(self, collection: str, outcomes: Mapping[bytes, Outcome]) -> None:
        """Record, by key, that these documents are about to be written."""
        self._set("intended", collection, outcomes)

    def settle(self, collection: str, outcomes: Mapping[bytes, Outcome]) -> None:
        """Record, by key, that the target has these documents."""
        self._set("outcome", collection, outcomes)

    def unsettle(self, collection: str, document: Document) -> None:
        """Record that the target does not have the document: the next run tries it again."""
        self._set("outcome", collection, {document.key(): None})

    def verify(self, collection: str, found: Iterable[tuple[bytes, bytes]]) -> None:
        """Mark documents as verified, by checksum and key; others have another content."""
        number = self._numbers[collection]
        with self._transaction():
            self._database.executemany(
                "UPDATE documents SET verified = checksum = ? WHERE collection = ? AND key = ?",
                [(checksum, number, key) for checksum, key in found],
            )

    def begin_verification(self, collection: str) -> None:
        """Delete the result of an earlier verification."""
        with self._transaction():
            self._database.execute(
                "UPDATE documents SET verified = 0 WHERE collection = ? AND verified",
                (self._numbers[collection],),
            )

    def counts(self, collection: str) -> dict[Outcome, int]:
        """Return how many documents are settled, by outcome, in this run and earlier ones."""
        with self._lock:
            rows = self._database.execute(
                "SELECT outcome, count(*) FROM documents"
                " WHERE collection = ? AND outcome IS NOT NULL GROUP BY outcome",
                (self._numbers[collection],),
            ).fetchall()
        return dict.fromkeys(Outcome, 0) | {Outcome(outcome): count for outcome, count in rows}

    def verified(self, collection: str) -> int:
        """Return how many settled documents are verified."""
        with self._lock:
            (count,) = self._one(
                "SELECT count(*) FROM documents"
                " WHERE collection = ? AND outcome IS NOT NULL AND verified",
                self._numbers[collection],
            )
        return int(count)

    def _set(self, column: str, collection: str, outcomes: Mapping[bytes, Outcome | None]) -> None:
        # One statement for many rows: each statement gives the interpreter to another thread.
        with self._transaction():
            for outcome in set(outcomes.values()):
                keys = [key for key, one in outcomes.items() if one is outcome]
                self._database.execute(
                    f"UPDATE documents SET {column} = ?"  # noqa: S608 - a column of ours
                    f" WHERE collection = ? AND key IN ({_places(keys)})",
                    (outcome, self._numbers[collection], *keys),
                )

    def _one(self, statement: str, *values: object) -> Any:
        return self._database.execute(statement, values).fetchone()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, self._database:
            self._database.execute("BEGIN")
            yield


def _places(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


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
