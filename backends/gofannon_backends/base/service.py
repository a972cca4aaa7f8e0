"""`DatabaseService`, the interface of every backend, with defaults for the optional methods."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import islice
from types import TracebackType
from typing import Any, Self

from fastapi import HTTPException

from gofannon_backends.base import bulk, documents, errors
from gofannon_backends.base.selection import Selection, field_names

_NOT_FOUND = 404


class DatabaseService(ABC):
    """A store of JSON documents in named collections.

    `db_name` names a collection and `doc_id` a document in it. Every error is FastAPI's
    `HTTPException`. A service is a context manager that closes its connections at the end.

    A backend must implement the first four methods. The others call these four; a backend
    overrides one if its store has a faster way, with the same results.
    """

    @abstractmethod
    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        """Return the document, with its `_id` and `_rev`; a missing one is a 404."""

    @abstractmethod
    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        """Create or replace the whole document; return its `id` and its new `rev`."""

    @abstractmethod
    def delete(self, db_name: str, doc_id: str) -> None:
        """Delete the document; a missing one is a 404."""

    @abstractmethod
    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        """Return every document of the collection; `[]` if the collection does not exist."""

    def iter_all(self, db_name: str) -> Iterator[dict[str, Any]]:
        """Yield the documents that `list_all` returns, page by page if the store has pages.

        Errors are raised while iterating. `close()` the iterator, or drop it, to stop early: it
        then releases what it holds of the store.
        """
        yield from self.list_all(db_name)

    def find(
        self,
        db_name: str,
        selector: dict[str, Any],
        fields: list[str] | None = None,
        limit: int | None = 10000,
    ) -> list[dict[str, Any]]:
        """Return the documents whose fields equal those of the selector; `{}` selects all.

        Values are compared by type and value: `True` is not 1, null is not absent, and there are
        no operators. `fields` lists the fields to return with `_id`; `limit=None` is no limit.
        """
        selection = Selection.of(db_name, selector, fields, limit)
        matches = (document for document in self.iter_all(db_name) if selection.matches(document))
        return [selection.project(document) for document in islice(matches, selection.limit)]

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        """Make `find` by these fields faster, if the store can; no result changes."""
        names = field_names(documents.collection(db_name), fields)
        if not names or not isinstance(index_name, (str, type(None))):
            raise errors.bad_request(
                db_name, why="an index needs at least one field, and its name is a str"
            )

    def save_many(self, db_name: str, docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Save each document under its `_id`, in order; return one entry per document.

        An entry is `{"ok": True, "id", "rev"}` or `{"ok": False, "id", "error"}`. A refused
        document stops no other. After a failure of the store the rest is not tried.
        """
        db_name = documents.collection(db_name)
        given = bulk.listed(db_name, docs, what="documents")
        return bulk.entries(given, bulk.id_in, lambda doc: self.save(db_name, bulk.id_in(doc), doc))

    def delete_many(self, db_name: str, doc_ids: list[str]) -> list[dict[str, Any]]:
        """Delete each document, in order; return entries like those of `save_many`, without `rev`.

        The entry of a missing document is `ok`.
        """
        db_name = documents.collection(db_name)

        def delete(doc_id: str) -> dict[str, Any]:
            try:
                self.delete(db_name, doc_id)
            except HTTPException as error:
                if error.status_code != _NOT_FOUND:
                    raise
            return {"id": doc_id}

        given = bulk.listed(db_name, doc_ids, what="document ids")
        return bulk.entries(given, lambda doc_id: doc_id, delete)

    def get_many(self, db_name: str, doc_ids: list[str]) -> dict[str, dict[str, Any] | None]:
        """Return the document of every id, None for a missing one; any other error is raised."""
        db_name = documents.collection(db_name)
        return {doc_id: self._find(db_name, doc_id) for doc_id in bulk.ids(db_name, doc_ids)}

    def _find(self, db_name: str, doc_id: str) -> dict[str, Any] | None:
        try:
            return self.get(db_name, doc_id)
        except HTTPException as error:
            if error.status_code != _NOT_FOUND:
                raise
            return None

    def close(self) -> None:  # noqa: B027 - a service without connections has nothing to close
        """Close the service's connections; closing twice is allowed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
