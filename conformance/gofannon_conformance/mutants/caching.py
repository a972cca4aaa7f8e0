"""Services with a wrong cache: GET, LIST, SAVE, ISO, DOC."""

from collections import Counter
from copy import deepcopy
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters
from gofannon_conformance.mutants.right import OWN, Kept, Right, keys_are_text

CACHING: list[Mutant] = []
row = partial(breaks, CACHING)
alter = partial(alters, CACHING)


class Remembering(Right):
    """Caches each document and each listing that it returned, until a write there."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: Counter[Any] = Counter()

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        self.forget(db_name, doc_id)
        return answer

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        self.forget(db_name, doc_id)

    def forget(self, db_name: str, doc_id: str) -> None:
        for key in ((db_name, doc_id), (db_name,)):
            self.memo.pop(key, None)
            self.reads.pop(key, None)

    def again(self, fresh: Any, *key: str) -> Any:
        """Return a copy of the cached value, or cache what was read."""
        return deepcopy(self.memo.setdefault(key, fresh))


class SharedLater(Remembering):
    """Copies cached values for the first two readers only."""

    def again(self, fresh: Any, *key: str) -> Any:
        copied = super().again(fresh, *key)
        self.reads[key] += 1
        return copied if self.reads[key] < 3 else self.memo[key]


@alter("get", "third_read_is_shared", "GET-6")
def third_read(self: SharedLater, db_name: str, doc_id: str) -> dict[str, Any]:
    """The third get() of a version, and each later one, returns the cached dict itself."""
    return self.again(SharedLater.get(self, db_name, doc_id), db_name, doc_id)


@alter("list_all", "third_listing_is_shared", "LIST-8")
def third_listing(self: SharedLater, db_name: str) -> list[dict[str, Any]]:
    """The third list_all() between two writes, and each later one, returns cached documents."""
    return list(self.again(SharedLater.list_all(self, db_name), db_name))


@row("refused_document_is_cached", "SAVE-10")
class RefusedCached(Remembering):
    """The version that was refused replaces the cached one."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        return self.again(super().get(db_name, doc_id), db_name, doc_id)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        try:
            return super().save(db_name, doc_id, doc)
        except HTTPException:
            if isinstance(doc_id, str) and (db_name, doc_id) in self.memo and isinstance(doc, dict):
                own = {k: v for k, v in doc.items() if isinstance(v, (str, int)) and k not in OWN}
                if keys_are_text(own):
                    self.memo[db_name, doc_id] = {**own, "_id": doc_id}
            raise


@row("dict_that_was_read_is_unchanged", "SAVE-5")
class ReadIsUnchanged(Right):
    """The dict that get() returned is compared with itself, and not written."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        self.memo[db_name, doc_id] = super().get(db_name, doc_id)
        return self.memo[db_name, doc_id]

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        kept = self.earlier(db_name, doc_id)
        if kept is not None and isinstance(doc, dict) and self.memo.get((db_name, doc_id)) is doc:
            self.written(doc)
            return {"id": doc_id, "rev": kept.rev}
        return super().save(db_name, doc_id, doc)


@row("listing_of_the_other_collection_forgotten", "ISO-2")
class OtherForgotten(Remembering):
    """If two collections have an id, saving it clears the listing of the other one."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return self.again(super().list_all(db_name), db_name)

    def forget(self, db_name: str, doc_id: str) -> None:
        there = [k.collection for k in self.kept.values() if k.doc_id == doc_id]
        others = [name for name in there if name != db_name]
        for name in others or [db_name]:
            super().forget(name, doc_id)


@row("null_in_a_column_makes_floats", "DOC-4")
class ColumnOfFloats(Right):
    """An integer comes back as a float if another document has null in that field."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        self.memo |= {(db_name, name): None for name, value in doc.items() if value is None}
        return answer

    def shown(self, kept: Kept, doc_id: str) -> dict[str, Any]:
        return {
            k: float(v) if (kept.collection, k) in self.memo and is_safe(v) else v
            for k, v in super().shown(kept, doc_id).items()
        }


def is_safe(value: Any) -> bool:
    return type(value) is int and abs(value) <= 2**53
