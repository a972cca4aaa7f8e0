"""Instances on one store that do not see the others' changes: only CON-5."""

import threading
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.concurrency.base import (
    Forgetting,
    Key,
    Shared,
)
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right.files import missing

RACING_INSTANCES: list[Mutant] = []
row = partial(breaks, RACING_INSTANCES)


@row("instance_caches_documents", "CON-5")
class CachesDocuments(Forgetting, Shared):
    """Each instance keeps the documents that it has read."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        with self.lock:
            if (db_name, doc_id) not in self.memo:
                self.memo[db_name, doc_id] = super().get(db_name, doc_id)
            return dict(self.memo[db_name, doc_id])

    def forget(self, key: Key) -> None:
        with self.lock:
            self.memo.pop(key, None)


@row("instance_remembers_what_is_missing", "CON-5")
class NegativeCache(Shared):
    """Each instance remembers the ids that were missing."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        with self.lock:
            if (db_name, doc_id) in self.memo:
                raise missing(db_name, doc_id)
            try:
                return super().get(db_name, doc_id)
            except HTTPException:
                self.memo[db_name, doc_id] = "missing"
                raise

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.memo.pop((db_name, doc_id), None)
            return super().save(db_name, doc_id, doc)


@row("instance_caches_lists", "CON-5")
class CachesLists(Forgetting, Shared):
    """Each instance keeps its lists until it writes to the collection itself."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        with self.lock:
            if db_name not in self.memo:
                self.memo[db_name] = super().list_all(db_name)
            return [dict(doc) for doc in self.memo[db_name]]

    def forget(self, key: Key) -> None:
        with self.lock:
            self.memo.pop(key[0], None)


@row("instance_locks_against_itself_only", "CON-5")
class OwnLock(Shared):
    """delete() checks and then deletes, under a lock of its instance only."""

    def __init__(self) -> None:
        super().__init__()
        self.own = threading.Lock()

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.own:
            if (db_name, doc_id) not in self.store.kept:
                raise missing(db_name, doc_id)
            with self.lock:
                self.store.kept.pop((db_name, doc_id), None)
