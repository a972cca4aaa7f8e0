"""Services whose documents outlive them, in a folder that all instances and processes are given.

What forgets, or tells others late, is made of these; so each step that a mistake may touch is a
method of its own.
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

from fastapi import HTTPException

from gofannon_conformance.mutants.right import DatabaseService, folder
from gofannon_conformance.mutants.right.files import check_id, storable
from gofannon_conformance.servers.endpoint import Endpoint

Document = dict[str, Any]


def in_a_folder(**capabilities: bool) -> dict[str, Any]:
    """Claim for a service that it is given a folder, as if that were a server, by no network."""
    return {"server": folder, "capabilities": {"faultable": False, **capabilities}}


class Lasting(DatabaseService):
    """Answers as the contract says, with what its steps know; it has no revisions."""

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
    @abstractmethod
    def created(self) -> set[str]:
        """The names of the collections that have a document."""

    @abstractmethod
    def stored(self, db_name: str, doc_id: str) -> Document | None:
        """Give a document, or None."""

    @abstractmethod
    def put(self, db_name: str, doc_id: str, doc: Document | None) -> None:
        """Store a document."""

    @abstractmethod
    def drop(self, db_name: str, doc_id: str) -> None:
        """Remove a document."""

    @abstractmethod
    def all_in(self, db_name: str) -> dict[str, Document]:
        """Give the documents of a collection by their ids."""


def missing(db_name: str, doc_id: str) -> HTTPException:
    """Make the exception for a document that is not there."""
    return HTTPException(404, f"there is no document {doc_id!r} in {db_name!r}")


class Files(Lasting):
    """Has a file for each document, put in its place by a rename."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.folder = self.place(Path(endpoint.url))
        self.folder.mkdir(parents=True, exist_ok=True)

    def place(self, given: Path) -> Path:
        """Choose where in the folder that it was given the files are."""
        return given

    def file(self, db_name: str, doc_id: str) -> Path:
        """Give the place of a document's file."""
        return self.folder / f"{sha256(json.dumps([db_name, doc_id]).encode()).hexdigest()}.json"

    def everything(self) -> dict[tuple[str, str], Document]:
        """Read all files."""
        found = {}
        for file in list(self.folder.glob("*.json")):
            try:
                collection, doc_id, doc = json.loads(file.read_text())
            except FileNotFoundError:  # it was deleted meanwhile
                continue
            found[collection, doc_id] = doc
        return found

    @property
    def created(self) -> set[str]:
        return {collection for collection, _ in self.everything()}

    def stored(self, db_name: str, doc_id: str) -> Document | None:
        try:
            return json.loads(self.file(db_name, doc_id).read_text())[2]
        except FileNotFoundError:
            return None

    def put(self, db_name: str, doc_id: str, doc: Document | None) -> None:
        new = self.folder / uuid4().hex
        new.write_text(json.dumps([db_name, doc_id, doc]))
        new.replace(self.file(db_name, doc_id))

    def drop(self, db_name: str, doc_id: str) -> None:
        self.file(db_name, doc_id).unlink(missing_ok=True)

    def all_in(self, db_name: str) -> dict[str, Document]:
        return {i: doc for (c, i), doc in self.everything().items() if c == db_name}


class Overlaid(Files):
    """Shows what it keeps to itself before what the files hold; None stands for a deleted one."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.mine: dict[tuple[str, str], Document | None] = {}
        self.turn = threading.Lock()

    def stored(self, db_name: str, doc_id: str) -> Document | None:
        try:
            return self.mine[db_name, doc_id]
        except KeyError:
            return super().stored(db_name, doc_id)

    def all_in(self, db_name: str) -> dict[str, Document]:
        mine = {i: doc for (c, i), doc in list(self.mine.items()) if c == db_name}
        shown = {**super().all_in(db_name), **mine}
        return {doc_id: doc for doc_id, doc in shown.items() if doc is not None}

    def flush(self) -> None:
        """Write what it keeps to itself."""
        for db_name, doc_id in list(self.mine):
            self.write(db_name, doc_id)

    def write(self, db_name: str, doc_id: str) -> None:
        """Write what it keeps to itself of one document, unless that was written already."""
        with self.turn:  # else an older version could be written after a newer one
            if (db_name, doc_id) not in self.mine:
                return
            doc = self.mine[db_name, doc_id]
            if doc is None:
                Files.drop(self, db_name, doc_id)
            else:
                Files.put(self, db_name, doc_id, doc)
            if self.mine.get((db_name, doc_id)) is doc:  # else it was changed meanwhile
                self.mine.pop((db_name, doc_id), None)


class Buffered(Overlaid):
    """Keeps to itself what it is told."""

    def put(self, db_name: str, doc_id: str, doc: Document | None) -> None:
        with self.turn:
            self.mine[db_name, doc_id] = doc

    def drop(self, db_name: str, doc_id: str) -> None:
        with self.turn:
            self.mine[db_name, doc_id] = None


class Later(Buffered):
    """Writes a moment later what it is told, in a thread; whoever closes it waits for that.

    It is right where its target says that it is eventual.
    """

    moment = 0.05

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.writers: list[threading.Timer] = []

    def put(self, db_name: str, doc_id: str, doc: Document | None) -> None:
        super().put(db_name, doc_id, doc)
        writer = threading.Timer(self.moment, self.write, (db_name, doc_id))
        self.writers.append(writer)
        writer.start()

    def drop(self, db_name: str, doc_id: str) -> None:
        self.put(db_name, doc_id, None)

    def close(self) -> None:
        """Wait until all is written."""
        for writer in self.writers:
            writer.join()


class Sqlite(Lasting):
    """Has a row for each document, in a table in a file, by one connection."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.lock = threading.RLock()
        place = self.place(Path(endpoint.url))
        self.db = sqlite3.connect(place, check_same_thread=False, timeout=10)
        self.db.execute("PRAGMA synchronous=OFF")
        self.db.execute("CREATE TABLE IF NOT EXISTS kept (c, i, doc, PRIMARY KEY (c, i))")
        self.db.commit()

    def place(self, given: Path) -> Path | str:
        """Choose where in the folder that it was given the file is."""
        return given / "documents.db"

    @property
    def created(self) -> set[str]:
        return {json.loads(name) for (name,) in self.rows("SELECT DISTINCT c FROM kept")}

    def stored(self, db_name: str, doc_id: str) -> Document | None:
        rows = self.rows("SELECT doc FROM kept WHERE c=? AND i=?", db_name, doc_id)
        return json.loads(rows[0][0]) if rows else None

    def put(self, db_name: str, doc_id: str, doc: Document | None) -> None:
        self.write("INSERT OR REPLACE INTO kept VALUES (?,?,?)", db_name, doc_id, doc)

    def drop(self, db_name: str, doc_id: str) -> None:
        self.write("DELETE FROM kept WHERE c=? AND i=?", db_name, doc_id)

    def all_in(self, db_name: str) -> dict[str, Document]:
        rows = self.rows("SELECT i, doc FROM kept WHERE c=?", db_name)
        return {json.loads(doc_id): json.loads(doc) for doc_id, doc in rows}

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read."""
        with self.lock:
            return self.db.execute(statement, self.bound(values)).fetchall()

    def write(self, statement: str, *values: Any) -> None:
        """Change something, in a transaction of its own."""
        with self.lock, self.db:
            self.db.execute(statement, self.bound(values))

    def bound(self, values: tuple[Any, ...]) -> list[str]:
        """Give values as they are stored; names are JSON too: SQLite's text holds not every one."""
        return [json.dumps(value) for value in values]

    def close(self) -> None:
        """Close the connection."""
        self.db.close()
