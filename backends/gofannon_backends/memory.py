"""Documents in this process's memory: for tests, demonstrations and development.

Everything is gone when the service is, and no other process sees it. Every clause of the contract
holds, and it is fast: the kit measures its own overhead against it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from threading import Lock
from typing import Any

from gofannon_backends import documents, errors
from gofannon_backends.base import DatabaseService


@dataclass(frozen=True, slots=True)
class _Stored:
    """One version of one document; its fields are never changed, only replaced."""

    fields: dict[str, Any]
    rev: str

    def handed_out(self, doc_id: str) -> dict[str, Any]:
        return {"_id": doc_id, "_rev": self.rev, **documents.copied(self.fields)}


class MemoryDatabaseService(DatabaseService):
    """A `DatabaseService` over plain dicts, safe under threads.

    >>> service = MemoryDatabaseService()
    >>> service.save("tickets", "t1", {"status": "pending"})
    {'id': 't1', 'rev': '1'}
    >>> service.get("tickets", "t1")
    {'_id': 't1', '_rev': '1', 'status': 'pending'}
    """

    def __init__(self) -> None:
        self._collections: dict[str, dict[str, _Stored]] = {}
        self._lock = Lock()
        # One count for the whole service: an id that comes back after a delete gets a fresh `rev`.
        self._revisions = count(1)

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        """Return a copy of the document; a missing one is a 404."""
        db_name, doc_id = documents.address(db_name, doc_id)
        with self._lock:
            stored = self._collections.get(db_name, {}).get(doc_id)
        if stored is None:
            raise errors.not_found(db_name, doc_id)
        return stored.handed_out(doc_id)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        """Store a copy of the document; the last writer wins, whatever `_rev` it brings."""
        fields = documents.checked(db_name, doc_id, doc)
        db_name, doc_id = documents.address(db_name, doc_id)
        with self._lock:
            rev = str(next(self._revisions))
            self._collections.setdefault(db_name, {})[doc_id] = _Stored(fields, rev)
        return {"id": doc_id, "rev": rev}

    def delete(self, db_name: str, doc_id: str) -> None:
        """Delete the document; a missing one is a 404."""
        db_name, doc_id = documents.address(db_name, doc_id)
        with self._lock:
            removed = self._collections.get(db_name, {}).pop(doc_id, None)
        if removed is None:
            raise errors.not_found(db_name, doc_id)

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        """Return copies of the documents of one moment; `[]` if there is no such collection."""
        return list(self.iter_all(db_name))

    def iter_all(self, db_name: str) -> Iterator[dict[str, Any]]:
        """Yield copies of the documents of the moment at which the first is asked for."""
        db_name = documents.collection(db_name)
        with self._lock:
            moment = list(self._collections.get(db_name, {}).items())
        for doc_id, stored in moment:
            yield stored.handed_out(doc_id)

    def collections(self) -> set[str]:
        """Return the names of the collections that a `save` has made."""
        with self._lock:
            return set(self._collections)

    def drop(self, db_name: str) -> None:
        """Remove a collection and all that is in it; one that is not there is no error."""
        db_name = documents.collection(db_name)
        with self._lock:
            self._collections.pop(db_name, None)
