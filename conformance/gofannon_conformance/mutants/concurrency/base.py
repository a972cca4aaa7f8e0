"""The right services that the mutants of CON derive from: one for each way to be right.

They are as short as possible: each line is one more place at which a test may stop a call. They
do not check arguments.
"""

import json
import threading
from typing import Any, ClassVar

from fastapi import HTTPException

from gofannon_conformance.mutants.right.files import missing

Key = tuple[str, str]
"""A collection and an id."""

Row = tuple[str, str]
"""A revision and the text of a document."""


class Store:
    """The data that instances may share: rows by collection and id, and their lock."""

    def __init__(self) -> None:
        self.kept: dict[Key, Row] = {}
        self.changes = 0
        self.lock = threading.RLock()


class Steady:
    """Holds one lock during each call."""

    def __init__(self, store: Store | None = None) -> None:
        self.store = Store() if store is None else store
        self.lock = self.store.lock
        self.memo: dict[Any, Any] = {}  # what a mutant remembers

    @property
    def created(self) -> set[str]:
        """The names of the collections that have a document."""
        return {db_name for db_name, _ in list(self.store.kept)}

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        with self.lock:
            return self.read(db_name, doc_id)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        text = written(doc)
        with self.lock:
            rev = self.revision()
            self.store.kept[db_name, doc_id] = (rev, text)
        return {"id": doc_id, "rev": rev}

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.lock:
            if self.store.kept.pop((db_name, doc_id), None) is None:
                raise missing(db_name, doc_id)

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        with self.lock:
            return [self.read(*key) for key in self.store.kept if key[0] == db_name]

    def revision(self) -> str:
        """Return the revision of a new version."""
        with self.lock:
            self.store.changes += 1
            return f"{self.store.changes}-r"

    def read(self, db_name: str, doc_id: str) -> dict[str, Any]:
        """Return a document as the caller gets it."""
        row = self.store.kept.get((db_name, doc_id))
        if row is None:
            raise missing(db_name, doc_id)
        return shown(doc_id, row)


class Tables(Steady):
    """Keeps a dict for each collection; subclasses define how a first document is stored."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, dict[str, Row]] = {}

    @property
    def created(self) -> set[str]:
        """The names of the collections that were written to."""
        return set(self.tables)

    def read(self, db_name: str, doc_id: str) -> dict[str, Any]:
        row = self.tables.get(db_name, {}).get(doc_id)
        if row is None:
            raise missing(db_name, doc_id)
        return shown(doc_id, row)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        row = (self.revision(), written(doc))
        self.put(db_name, doc_id, row)
        return {"id": doc_id, "rev": row[0]}

    def put(self, db_name: str, doc_id: str, row: Row) -> None:
        """Store a row, in a collection that may be new."""
        raise NotImplementedError

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.lock:
            if self.tables.get(db_name, {}).pop(doc_id, None) is None:
                raise missing(db_name, doc_id)

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        with self.lock:
            return [self.read(db_name, doc_id) for doc_id in list(self.tables.get(db_name, {}))]


class Compares(Steady):
    """save() reads the row, and stores if it has not changed; else it tries again."""

    attempts = 1000

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        text = written(doc)
        for _ in range(self.attempts):
            before = self.store.kept.get((db_name, doc_id))
            rev = self.revision()
            if self.swap((db_name, doc_id), before, (rev, text)):
                return {"id": doc_id, "rev": rev}
        raise HTTPException(409, f"{doc_id} is being saved by others")

    def swap(self, key: Key, before: Row | None, after: Row) -> bool:
        """Replace a row if it has not changed."""
        with self.lock:
            if self.store.kept.get(key) is not before:
                return False
            self.store.kept[key] = after
            return True


class Forgetting(Steady):
    """Calls `forget` after each change of a document."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        self.forget((db_name, doc_id))
        return answer

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        self.forget((db_name, doc_id))

    def forget(self, key: Key) -> None:
        """Forget what was kept of a document."""
        raise NotImplementedError


class Shared(Steady):
    """One of several instances on one store in memory; each class has a store of its own."""

    everything: ClassVar[Store] = Store()

    def __init_subclass__(cls) -> None:
        cls.everything = Store()

    def __init__(self) -> None:
        super().__init__(self.everything)


def written(doc: dict[str, Any]) -> str:
    """Return the stored text of a document."""
    return json.dumps({k: v for k, v in doc.items() if k not in ("_id", "_rev")})


def shown(doc_id: str, row: Row) -> dict[str, Any]:
    """Return a document as the caller gets it."""
    rev, text = row
    return {**json.loads(text), "_id": doc_id, "_rev": rev}
