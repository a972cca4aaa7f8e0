"""Services whose memory of what was read or saved misleads them: GET, LIST, SAVE, ISO, DOC."""

from collections import Counter
from copy import deepcopy
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import OWN, Kept, Right, keys_are_text

CACHING: list[Mutant] = []
row = partial(breaks, CACHING)


class Remembering(Right):
    """Remembers each document and each listing that it gave, until something is written there."""

    def __init__(self) -> None:
        super().__init__()
        self.remembered: dict[Any, Any] = {}
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
            self.remembered.pop(key, None)
            self.reads.pop(key, None)

    def again(self, fresh: Any, *key: str) -> Any:
        """Give what is remembered, or remember what was read."""
        return deepcopy(self.remembered.setdefault(key, fresh))


class SharedLater(Remembering):
    """Copies what it remembers for the first two readers only."""

    def again(self, fresh: Any, *key: str) -> Any:
        copied = super().again(fresh, *key)
        self.reads[key] += 1
        return copied if self.reads[key] < 3 else self.remembered[key]


@row("third_read_is_shared", "GET-6")
class ThirdRead(SharedLater):
    """The third get() of a version, and each later one, gives the cached dict itself."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        got: dict[str, Any] = self.again(super().get(db_name, doc_id), db_name, doc_id)
        return got


@row("third_listing_is_shared", "LIST-8")
class ThirdListing(SharedLater):
    """The third list_all() between two writes, and each later one, gives the cached documents."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return list(self.again(super().list_all(db_name), db_name))


@row("refused_document_is_cached", "SAVE-10")
class RefusedCached(Remembering):
    """A document that was read before is remembered as the version that was refused."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        got: dict[str, Any] = self.again(super().get(db_name, doc_id), db_name, doc_id)
        return got

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        try:
            return super().save(db_name, doc_id, doc)
        except HTTPException:
            self.remember_refused((db_name, doc_id), doc)
            raise

    def remember_refused(self, key: Any, doc: Any) -> None:
        if isinstance(key[1], str) and key in self.remembered and isinstance(doc, dict):
            plain = {k: v for k, v in doc.items() if isinstance(v, (str, int)) and k not in OWN}
            if keys_are_text(plain):
                self.remembered[key] = {**plain, "_id": key[1]}


@row("dict_that_was_read_is_unchanged", "SAVE-5")
class ReadIsUnchanged(Right):
    """The very dict that get() gave is compared with itself, and not written."""

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[Any, Any] = {}

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        self.given[db_name, doc_id] = super().get(db_name, doc_id)
        return self.given[db_name, doc_id]

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        self.check_id(doc_id)
        kept = self.kept.get((db_name, doc_id))
        if kept is not None and isinstance(doc, dict) and self.given.get((db_name, doc_id)) is doc:
            self.written(doc)
            return {"id": doc_id, "rev": kept.rev}
        return super().save(db_name, doc_id, doc)


@row("listing_of_the_other_collection_forgotten", "ISO-2")
class OtherForgotten(Remembering):
    """Where two collections have one id, saving it forgets the listing of the other one."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.again(super().list_all(db_name), db_name)
        return listed

    def forget(self, db_name: str, doc_id: str) -> None:
        there = [k.collection for k in self.kept.values() if k.doc_id == doc_id]
        others = [name for name in there if name != db_name]
        for name in others or [db_name]:
            super().forget(name, doc_id)


@row("null_in_a_column_makes_floats", "DOC-4")
class ColumnOfFloats(Right):
    """An integer comes back as a float where another document has null in that field."""

    def __init__(self) -> None:
        super().__init__()
        self.with_null: set[tuple[str, str]] = set()

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        self.with_null |= {(db_name, name) for name, value in doc.items() if value is None}
        return answer

    def shown(self, kept: Kept, doc_id: str) -> dict[str, Any]:
        return {
            k: float(v) if (kept.collection, k) in self.with_null and is_safe(v) else v
            for k, v in super().shown(kept, doc_id).items()
        }


def is_safe(value: Any) -> bool:
    return type(value) is int and abs(value) <= 2**53
