"""Right services that keep documents in a folder, which all instances and processes share.

The mutants of DUR override their steps.
"""

import json
import sqlite3
import threading
from abc import abstractmethod
from copy import deepcopy
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from gofannon_conformance.mutants.right import DatabaseService, folder
from gofannon_conformance.mutants.right.files import check_id, missing, storable
from gofannon_conformance.servers.endpoint import Endpoint

Document = dict[str, Any]


def in_a_folder(**capabilities: bool) -> dict[str, Any]:
    """Return the claims of a service whose server is a folder, reached by no network."""
    return {"server": folder, "capabilities": {"faultable": False, **capabilities}}


IN_A_FOLDER = in_a_folder()


class Lasting(DatabaseService):
    """Answers as the contract says, from what its steps store; it has no revisions."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        check_id(doc_id)
        found = self.stored(db_name, doc_id)
        if found is None:
            raise missing(db_name, doc_id)
        return {**deepcopy(found), "_id": doc_id}

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        check_id(doc_id)
        self.put(db_name, doc_id, json.loads(json.dumps(storable(doc))))
        return {"id": doc_id, "rev": uuid4().hex}

    def delete(self, db_name: str, doc_id: str) -> None:
        check_id(doc_id)
        if self.stored(db_name, doc_id) is None:
            raise missing(db_name, doc_id)
        self.drop(db_name, doc_id)

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        found = self.all_in(db_name)
        return [{**deepcopy(doc), "_id": doc_id} for doc_id, doc in found.items()]

    @property
    def created(self) -> set[str]:
        """The names of the collections that have a document."""
        return {collection for collection, _ in self.everything()}

    def all_in(self, db_name: str) -> dict[str, Document]:
        """Return the documents of a collection by their ids."""
        return {i: doc for (c, i), doc in self.everything().items() if c == db_name}

    @abstractmethod
    def stored(self, db_name: str, doc_id: str) -> Document | None:
        """Return a document, or None."""

    @abstractmethod
    def put(self, db_name: str, doc_id: str, doc: Document) -> None:
        """Store a document."""

    @abstractmethod
    def drop(self, db_name: str, doc_id: str) -> None:
        """Remove a document."""

    @abstractmethod
    def everything(self) -> dict[tuple[str, str], Document]:
        """Return all documents by collection and id."""


class InMemory(Lasting):
    """Has a dict."""

    def __init__(self) -> None:
        self.kept: dict[Any, Any] = {}

    def stored(self, db_name: str, doc_id: str) -> Document | None:
        return self.kept.get((db_name, doc_id))

    def put(self, db_name: str, doc_id: str, doc: Document) -> None:
        self.kept[db_name, doc_id] = doc

    def drop(self, db_name: str, doc_id: str) -> None:
        del self.kept[db_name, doc_id]

    def everything(self) -> dict[tuple[str, str], Document]:
        return dict(self.kept)


class Files(Lasting):
    """Has a file for each document, put in its place by a rename."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.folder = self.place(Path(endpoint.url))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.memo: dict[Any, Any] = {}  # what a mutant remembers

    def place(self, given: Path) -> Path:
        """Return the folder of the files, from the one that it is given."""
        return given

    def file(self, db_name: str, doc_id: str) -> Path:
        return self.folder / f"{sha256(json.dumps([db_name, doc_id]).encode()).hexdigest()}.json"

    def everything(self) -> dict[tuple[str, str], Document]:
        found = {}
        for file in list(self.folder.glob("*.json")):
            try:
                collection, doc_id, doc = json.loads(file.read_text())
            except FileNotFoundError:  # it was deleted meanwhile
                continue
            found[collection, doc_id] = doc
        return found

    def stored(self, db_name: str, doc_id: str) -> Document | None:
        try:
            return json.loads(self.file(db_name, doc_id).read_text())[2]
        except FileNotFoundError:
            return None

    def put(self, db_name: str, doc_id: str, doc: Document) -> None:
        new = self.folder / uuid4().hex
        new.write_text(json.dumps([db_name, doc_id, doc]))
        new.replace(self.file(db_name, doc_id))

    def drop(self, db_name: str, doc_id: str) -> None:
        self.file(db_name, doc_id).unlink(missing_ok=True)


class Overlaid(Files):
    """Shows its own changes over the files; None stands for a deleted document."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.mine: dict[tuple[str, str], Document | None] = {}
        self.turn = threading.Lock()

    def stored(self, db_name: str, doc_id: str) -> Document | None:
        try:
            return self.mine[db_name, doc_id]
        except KeyError:
            return super().stored(db_name, doc_id)

    def everything(self) -> dict[tuple[str, str], Document]:
        shown = {**super().everything(), **dict(self.mine)}
        return {key: doc for key, doc in shown.items() if doc is not None}

    def flush(self) -> None:
        """Write all changes to the files."""
        for db_name, doc_id in list(self.mine):
            self.write(db_name, doc_id)

    def write(self, db_name: str, doc_id: str) -> None:
        """Write the change of a document to its file, unless that was done already."""
        with self.turn:  # otherwise an older version could be written after a newer one
            if (db_name, doc_id) not in self.mine:
                return
            doc = self.mine[db_name, doc_id]
            if doc is None:
                Files.drop(self, db_name, doc_id)
            else:
                Files.put(self, db_name, doc_id, doc)
            if self.mine.get((db_name, doc_id)) is doc:  # otherwise it was changed meanwhile
                self.mine.pop((db_name, doc_id), None)


class Buffered(Overlaid):
    """Writes no change to the files by itself."""

    def put(self, db_name: str, doc_id: str, doc: Document) -> None:
        self.change(db_name, doc_id, doc)

    def drop(self, db_name: str, doc_id: str) -> None:
        self.change(db_name, doc_id, None)

    def change(self, db_name: str, doc_id: str, doc: Document | None) -> None:
        with self.turn:
            self.mine[db_name, doc_id] = doc


class Later(Buffered):
    """Writes each change a moment later, in a thread; closing it waits for the writes.

    It is right if its target says that it is eventual.
    """

    moment = 0.05

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.writers: list[threading.Timer] = []

    def change(self, db_name: str, doc_id: str, doc: Document | None) -> None:
        super().change(db_name, doc_id, doc)
        writer = threading.Timer(self.moment, self.write, (db_name, doc_id))
        self.writers.append(writer)
        writer.start()

    def close(self) -> None:
        for writer in self.writers:
            writer.join()


class Sqlite(Lasting):
    """Has a row for each document, in a table in a file, over one connection."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.lock = threading.RLock()
        place = self.place(Path(endpoint.url))
        self.db = sqlite3.connect(place, check_same_thread=False, timeout=10)
        self.db.execute("PRAGMA synchronous=OFF")
        self.db.execute("CREATE TABLE IF NOT EXISTS kept (c, i, doc, PRIMARY KEY (c, i))")
        self.db.commit()

    def place(self, given: Path) -> Path | str:
        """Return the place of the file, from the folder that it is given."""
        return given / "documents.db"

    def stored(self, db_name: str, doc_id: str) -> Document | None:
        rows = self.rows("SELECT doc FROM kept WHERE c=? AND i=?", db_name, doc_id)
        return rows[0][0] if rows else None

    def put(self, db_name: str, doc_id: str, doc: Document) -> None:
        self.write("INSERT OR REPLACE INTO kept VALUES (?,?,?)", db_name, doc_id, doc)

    def drop(self, db_name: str, doc_id: str) -> None:
        self.write("DELETE FROM kept WHERE c=? AND i=?", db_name, doc_id)

    def everything(self) -> dict[tuple[str, str], Document]:
        return {(c, i): doc for c, i, doc in self.rows("SELECT c, i, doc FROM kept")}

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.lock:
            found = self.db.execute(statement, self.bound(values)).fetchall()
        return [tuple(map(json.loads, row)) for row in found]

    def write(self, statement: str, *values: Any) -> None:
        """Change something, in a transaction of its own."""
        with self.lock, self.db:
            self.db.execute(statement, self.bound(values))

    def bound(self, values: tuple[Any, ...]) -> list[str]:
        """Return values as JSON, names too: SQLite does not store every text."""
        return [json.dumps(value) for value in values]

    def close(self) -> None:
        self.db.close()
