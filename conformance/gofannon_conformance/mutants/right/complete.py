"""A right service with every optional method of the wider interface.

The mutants of FIND, IDX and BULK are variations on it: each step that a mistake may touch is a
method of its own.
"""

import json
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.right.memory import DatabaseService, Right


class Wider(DatabaseService):
    """Finds, indexes, and saves, deletes and gets many at once, by the four methods."""

    def find(
        self,
        db_name: str,
        selector: dict[str, Any],
        fields: list[str] | None = None,
        limit: int | None = 10_000,
    ) -> list[dict[str, Any]]:
        """Give the documents whose fields equal those of the selector."""
        found = [doc for doc in self.scanned(db_name) if self.means(selector, doc)]
        return [self.projected(doc, fields) for doc in self.limited(found, limit)]

    def scanned(self, db_name: str) -> list[dict[str, Any]]:
        """Give the documents that a selector is held against."""
        return self.list_all(db_name)

    def means(self, selector: dict[str, Any], doc: dict[str, Any]) -> bool:
        """Tell whether a document has each field of the selector, with an equal value."""
        return all(name in doc and self.same(v, doc[name]) for name, v in selector.items())

    def same(self, asked: Any, held: Any) -> bool:
        """Tell whether two values are equal as JSON."""
        return canonical(asked) == canonical(held)

    def limited(self, found: list[dict[str, Any]], limit: int | None) -> list[dict[str, Any]]:
        """Leave no more documents than were asked for."""
        return found[:limit]

    def projected(self, doc: dict[str, Any], fields: list[str] | None) -> dict[str, Any]:
        """Leave of a document the fields that were asked for, and its `_id`."""
        return doc if fields is None else {n: doc[n] for n in ("_id", *fields) if n in doc}

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        """Do nothing: everything is in memory."""

    def save_many(self, db_name: str, docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Save each document under its own `_id`; what is refused stops no other."""
        return [self.saved_one(db_name, doc) for doc in docs]

    def saved_one(self, db_name: str, doc: Any) -> dict[str, Any]:
        """Save one of many, and say what became of it."""
        doc_id: Any = doc.get("_id") if isinstance(doc, dict) else None
        try:
            return {"ok": True, "id": doc_id, "rev": self.rev_of(db_name, doc_id, doc)}
        except HTTPException as error:
            return {"ok": False, "id": doc_id, "error": str(error.detail)}

    def rev_of(self, db_name: str, doc_id: Any, doc: Any) -> str:
        """Save a document, and give its revision."""
        rev: str = self.save(db_name, doc_id, doc)["rev"]
        return rev

    def delete_many(self, db_name: str, doc_ids: list[str]) -> list[dict[str, Any]]:
        """Delete each document that is there."""
        return [self.deleted_one(db_name, doc_id) for doc_id in doc_ids]

    def deleted_one(self, db_name: str, doc_id: str) -> dict[str, Any]:
        """Delete one of many, and say what became of it."""
        try:
            self.delete(db_name, doc_id)
        except HTTPException as error:
            if error.status_code != 404:
                return {"ok": False, "id": doc_id, "error": str(error.detail)}
        return {"ok": True, "id": doc_id}

    def get_many(self, db_name: str, doc_ids: list[str]) -> dict[str, dict[str, Any] | None]:
        """Give each document that is there, and None for each that is not."""
        return {doc_id: self.got_one(db_name, doc_id) for doc_id in doc_ids}

    def got_one(self, db_name: str, doc_id: str) -> dict[str, Any] | None:
        """Give one of many, or None."""
        try:
            return self.get(db_name, doc_id)
        except HTTPException as error:
            if error.status_code != 404:
                raise
            return None


class Complete(Wider, Right):
    """Has every method, in memory."""

    def rev_of(self, db_name: str, doc_id: Any, doc: Any) -> str:
        """Save a document, and give its revision, whatever the dialect's answer is."""
        with self.lock:
            self.save(db_name, doc_id, doc)
            return self.found(db_name, doc_id).rev


def canonical(value: Any) -> str:
    """Write a value so that what is equal as JSON is written alike, `1` and `1.0` too."""
    return by_type(_numbers_by_value(value))


def by_type(value: Any) -> str:
    """Write a value so that only what has the same types and values is written alike."""
    return json.dumps(value, sort_keys=True)


def _numbers_by_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _numbers_by_value(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_numbers_by_value(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
