"""A right service with every optional method.

The mutants of FIND, IDX and BULK are variations of it. Each step that a mistake may change is a
method.
"""

import json
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.right.memory import DatabaseService, Right


class Wider(DatabaseService):
    """Has the optional methods, made of the four."""

    def find(
        self,
        db_name: str,
        selector: dict[str, Any],
        fields: list[str] | None = None,
        limit: int | None = 10_000,
    ) -> list[dict[str, Any]]:
        """Return the documents whose fields equal those of the selector."""
        found = [doc for doc in self.scanned(db_name) if self.means(selector, doc)]
        return [self.projected(doc, fields) for doc in self.limited(found, limit)]

    def scanned(self, db_name: str) -> list[dict[str, Any]]:
        """Return the documents that are compared with the selector."""
        return self.list_all(db_name)

    def means(self, selector: dict[str, Any], doc: dict[str, Any]) -> bool:
        """Return whether a document has each field of the selector, with an equal value."""
        return all(name in doc and self.same(v, doc[name]) for name, v in selector.items())

    def same(self, wanted: Any, held: Any) -> bool:
        """Return whether two values are equal as JSON."""
        return canonical(wanted) == canonical(held)

    def limited(self, found: list[dict[str, Any]], limit: int | None) -> list[dict[str, Any]]:
        """Return the first documents, at most `limit`."""
        return found[:limit]

    def projected(self, doc: dict[str, Any], fields: list[str] | None) -> dict[str, Any]:
        """Return the requested fields of a document, and its `_id`."""
        return doc if fields is None else {n: doc[n] for n in ("_id", *fields) if n in doc}

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        """Do nothing: everything is in memory."""

    def save_many(self, db_name: str, docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Save each document under its own `_id`; a refused one does not stop the others."""
        return [self.saved_one(db_name, doc) for doc in docs]

    def saved_one(self, db_name: str, doc: Any) -> dict[str, Any]:
        """Save one of many documents, and return its result."""
        doc_id: Any = doc.get("_id") if isinstance(doc, dict) else None
        try:
            return {"ok": True, "id": doc_id, "rev": self.rev_of(db_name, doc_id, doc)}
        except HTTPException as error:
            return {"ok": False, "id": doc_id, "error": str(error.detail)}

    def rev_of(self, db_name: str, doc_id: Any, doc: Any) -> str:
        """Save a document, and return its revision."""
        rev: str = self.save(db_name, doc_id, doc)["rev"]
        return rev

    def delete_many(self, db_name: str, doc_ids: list[str]) -> list[dict[str, Any]]:
        """Delete each document that exists."""
        return [self.deleted_one(db_name, doc_id) for doc_id in doc_ids]

    def deleted_one(self, db_name: str, doc_id: str) -> dict[str, Any]:
        """Delete one of many documents, and return its result."""
        try:
            self.delete(db_name, doc_id)
        except HTTPException as error:
            if error.status_code != 404:
                return {"ok": False, "id": doc_id, "error": str(error.detail)}
        return {"ok": True, "id": doc_id}

    def get_many(self, db_name: str, doc_ids: list[str]) -> dict[str, dict[str, Any] | None]:
        """Return each document that exists, and None for the others."""
        return {doc_id: self.got_one(db_name, doc_id) for doc_id in doc_ids}

    def got_one(self, db_name: str, doc_id: str) -> dict[str, Any] | None:
        """Return one of many documents, or None."""
        try:
            return self.get(db_name, doc_id)
        except HTTPException as error:
            if error.status_code != 404:
                raise
            return None


class Complete(Wider, Right):
    """Has every method, in memory."""

    def rev_of(self, db_name: str, doc_id: Any, doc: Any) -> str:
        """Save a document, and return its revision, in each dialect."""
        with self.lock:
            self.save(db_name, doc_id, doc)
            return self.found(db_name, doc_id).rev


def canonical(value: Any) -> str:
    """Return a text that is the same for values that are equal as JSON, also `1` and `1.0`."""
    return by_type(_numbers_by_value(value))


def by_type(value: Any) -> str:
    """Return a text that is the same only for values of the same types."""
    return json.dumps(value, sort_keys=True)


def _numbers_by_value(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _numbers_by_value(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_numbers_by_value(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
