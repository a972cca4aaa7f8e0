"""Documents in this process's memory: for tests, demonstrations and development.

The documents end with the service, and no other process sees them. Every clause of the contract
holds. The kit measures its own overhead against this backend.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from threading import Lock
from typing import Any

from gofannon_backends.base import DatabaseService, documents, errors


@dataclass(frozen=True, slots=True)
class _Version:
    """One version of one document; its fields are replaced, never changed."""

    fields: dict[str, Any]
    rev: str

    def document(self, doc_id: str) -> dict[str, Any]:
        return {"_id": doc_id, "_rev": self.rev, **documents.copied(self.fields)}


class MemoryDatabaseService(DatabaseService):
    """A `DatabaseService` over plain dicts, safe for threads.

    >>> service = MemoryDatabaseService()
    >>> service.save("tickets", "t1", {"status": "pending"})
    {'id': 't1', 'rev': '1'}
    >>> service.get("tickets", "t1")
    {'_id': 't1', '_rev': '1', 'status': 'pending'}
    """

    def __init__(self) -> None:
        self._collections: dict[str, dict[str, _Version]] = {}
        self._lock = Lock()
        # One counter for the service: an id that is saved again after a delete gets a new `rev`.
        self._revisions = count(1)

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        """Return a copy of the document; a missing one is a 404."""
        db_name, doc_id = documents.address(db_name, doc_id)
        with self._lock:
            version = self._collections.get(db_name, {}).get(doc_id)
        if version is None:
            raise errors.not_found(db_name, doc_id)
        return version.document(doc_id)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        """Store a copy of the document; the last writer wins, whatever its `_rev`."""
        fields = documents.checked(db_name, doc_id, doc)
        db_name, doc_id = documents.address(db_name, doc_id)
        with self._lock:
            rev = str(next(self._revisions))
            self._collections.setdefault(db_name, {})[doc_id] = _Version(fields, rev)
        return {"id": doc_id, "rev": rev}

    def delete(self, db_name: str, doc_id: str) -> None:
        """Delete the document; a missing one is a 404."""
        db_name, doc_id = documents.address(db_name, doc_id)
        with self._lock:
            removed = self._collections.get(db_name, {}).pop(doc_id, None)
        if removed is None:
            raise errors.not_found(db_name, doc_id)

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        """Return copies of the documents, all of one moment; `[]` for a missing collection."""
        return list(self.iter_all(db_name))

    def iter_all(self, db_name: str) -> Iterator[dict[str, Any]]:
        """Yield copies of the documents that exist when the iteration starts."""
        db_name = documents.collection(db_name)
        with self._lock:
            versions = list(self._collections.get(db_name, {}).items())
        for doc_id, version in versions:
            yield version.document(doc_id)

    def collections(self) -> set[str]:
        """Return the names of the collections that a `save` has created."""
        with self._lock:
            return set(self._collections)

    def drop(self, db_name: str) -> None:
        """Remove a collection and its documents; a missing collection is no error."""
        db_name = documents.collection(db_name)
        with self._lock:
            self._collections.pop(db_name, None)
