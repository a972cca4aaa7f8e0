"""Instances on one store that do not see what the others did: CON-5, and no other clause."""

import threading
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.racing.base import Key, Row, Shared, missing, written

RACING_INSTANCES: list[Mutant] = []
row = partial(breaks, RACING_INSTANCES)


@row("instance_caches_documents", "CON-5")
class CachesDocuments(Shared):
    """Each instance keeps the documents that it has read."""

    def __init__(self) -> None:
        super().__init__()
        self.cache: dict[Key, dict[str, Any]] = {}

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        with self.lock:
            if (db_name, doc_id) not in self.cache:
                self.cache[db_name, doc_id] = super().get(db_name, doc_id)
            return dict(self.cache[db_name, doc_id])

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            answer = super().save(db_name, doc_id, doc)
            self.cache.pop((db_name, doc_id), None)
        return answer

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.lock:
            super().delete(db_name, doc_id)
            self.cache.pop((db_name, doc_id), None)


@row("instance_remembers_what_is_missing", "CON-5")
class NegativeCache(Shared):
    """Each instance remembers what it did not find."""

    def __init__(self) -> None:
        super().__init__()
        self.gone: set[Key] = set()

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        with self.lock:
            if (db_name, doc_id) in self.gone:
                raise missing(db_name, doc_id)
            try:
                return super().get(db_name, doc_id)
            except HTTPException:
                self.gone.add((db_name, doc_id))
                raise

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.gone.discard((db_name, doc_id))
            return super().save(db_name, doc_id, doc)


@row("instance_caches_lists", "CON-5")
class CachesLists(Shared):
    """Each instance keeps its lists until it writes to the collection itself."""

    def __init__(self) -> None:
        super().__init__()
        self.lists: dict[str, list[dict[str, Any]]] = {}

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        with self.lock:
            if db_name not in self.lists:
                self.lists[db_name] = super().list_all(db_name)
            return [dict(doc) for doc in self.lists[db_name]]

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.lists.pop(db_name, None)
            return super().save(db_name, doc_id, doc)

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.lock:
            self.lists.pop(db_name, None)
            super().delete(db_name, doc_id)


@row("instance_remembers_that_a_collection_is_missing", "CON-5")
class KnowsCollections(Shared):
    """Each instance remembers that a collection was not there when it looked."""

    def __init__(self) -> None:
        super().__init__()
        self.absent: set[str] = set()

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        with self.lock:
            if db_name in self.absent:
                return []
            if db_name not in self.created:
                self.absent.add(db_name)
            return super().list_all(db_name)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.absent.discard(db_name)
            return super().save(db_name, doc_id, doc)


@row("instance_holds_back_what_it_saves", "CON-5")
class HoldsBack(Shared):
    """Each instance shows its last save() to itself at once, and to others with its next call."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[Key, Row] = {}

    def flush(self) -> None:
        """Store what was held back."""
        self.store.kept.update(self.held)
        self.held.clear()

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        with self.lock:
            self.flush()
            return super().get(db_name, doc_id)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.flush()
            rev = self.revision()
            self.held[db_name, doc_id] = (rev, written(doc))
            return {"id": doc_id, "rev": rev}

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.lock:
            self.flush()
            super().delete(db_name, doc_id)

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        with self.lock:
            self.flush()
            return super().list_all(db_name)


@row("instance_locks_against_itself_only", "CON-5")
class OwnLock(Shared):
    """delete() looks and then takes, under a lock that the other instance does not know."""

    def __init__(self) -> None:
        super().__init__()
        self.own = threading.Lock()

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.own:
            if (db_name, doc_id) not in self.store.kept:
                raise missing(db_name, doc_id)
            with self.lock:
                self.store.kept.pop((db_name, doc_id), None)
