"""A right service with every optional method of the wider interface."""

import json
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.right.memory import Right


class Complete(Right):
    """Finds, indexes, and saves, deletes and gets many at once."""

    def find(
        self,
        db_name: str,
        selector: dict[str, Any],
        fields: list[str] | None = None,
        limit: int | None = 10_000,
    ) -> list[dict[str, Any]]:
        """Give the documents whose fields equal those of the selector."""
        with self.lock:
            found = [doc for doc in self.list_all(db_name) if self.matches(doc, selector)]
        return [self.projected(doc, fields) for doc in found[:limit]]

    def matches(self, doc: dict[str, Any], selector: dict[str, Any]) -> bool:
        """Tell whether a document has each field of the selector, with its very value."""
        return all(
            name in doc and json.dumps(doc[name], sort_keys=True) == json.dumps(v, sort_keys=True)
            for name, v in selector.items()
        )

    def projected(self, doc: dict[str, Any], fields: list[str] | None) -> dict[str, Any]:
        """Leave of a document the fields that were asked for, and its `_id`."""
        return doc if fields is None else {k: v for k, v in doc.items() if k in {"_id", *fields}}

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        """Do nothing: everything is in memory."""

    def save_many(self, db_name: str, docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Save each document under its own `_id`; what is refused stops no other."""
        return [self.saved_one(db_name, doc) for doc in docs]

    def saved_one(self, db_name: str, doc: Any) -> dict[str, Any]:
        """Save one of many, and say what became of it."""
        doc_id: Any = doc.get("_id") if isinstance(doc, dict) else None
        try:
            return {"ok": True, **self.save(db_name, doc_id, doc)}
        except HTTPException as error:
            return {"ok": False, "id": doc_id, "error": str(error.detail)}

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
