"""The interface that every backend implements, and what all of them share of it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import islice
from types import TracebackType
from typing import Any, Self

from fastapi import HTTPException

from gofannon_backends import _bulk, documents, errors
from gofannon_backends._selection import Selection, field_names

_NOT_FOUND = 404


class DatabaseService(ABC):
    """A store of JSON documents in named collections.

    `db_name` names a collection and `doc_id` a document in it; every error is FastAPI's
    `HTTPException`. A service is a context manager: leaving it closes its connections.

    A backend owes the first four methods. The rest is built on them here; one whose store has
    something faster overrides it, and answers the same.
    """

    @abstractmethod
    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        """Return the document, with its `_id` and `_rev`; a missing one is a 404."""

    @abstractmethod
    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        """Create the document, or replace it whole; return its `id` and its new `rev`."""

    @abstractmethod
    def delete(self, db_name: str, doc_id: str) -> None:
        """Delete the document; a missing one is a 404."""

    @abstractmethod
    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        """Return every document of the collection; `[]` if there is no such collection."""

    def iter_all(self, db_name: str) -> Iterator[dict[str, Any]]:
        """Yield what `list_all` returns; a backend whose store has pages yields page by page.

        Errors are raised while iterating. Stopping early is fine: `close()` the iterator, or
        let go of it, and what it holds of the store is given back.
        """
        yield from self.list_all(db_name)

    def find(
        self,
        db_name: str,
        selector: dict[str, Any],
        fields: list[str] | None = None,
        limit: int | None = 10000,
    ) -> list[dict[str, Any]]:
        """Return the documents whose fields equal those of the selector; `{}` means all.

        Values are compared by type and value: `True` is not 1, null is not absent, and nothing is
        an operator. `fields` names what is shown besides `_id`; `limit=None` gives every match.
        """
        selection = Selection.of(db_name, selector, fields, limit)
        meant = (document for document in self.iter_all(db_name) if selection.means(document))
        return [selection.shown(document) for document in islice(meant, selection.limit)]

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        """Make `find` by these fields faster, where the store can; nothing else changes."""
        names = field_names(documents.collection(db_name), fields)
        if not names or not isinstance(index_name, (str, type(None))):
            raise errors.bad_request(
                db_name, why="an index has a field at least, and a str as name"
            )

    def save_many(self, db_name: str, docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Save each document under its `_id`, in order; return an entry for each.

        `{"ok": True, "id", "rev"}`, or `{"ok": False, "id", "error"}`: one that is refused stops
        no other. After a failure of the store itself the rest is not tried, and its entries say so.
        """
        db_name = documents.collection(db_name)
        given = _bulk.listed(db_name, docs, what="documents")
        return _bulk.entries(
            given, _bulk.id_in, lambda doc: self.save(db_name, _bulk.id_in(doc), doc)
        )

    def delete_many(self, db_name: str, doc_ids: list[str]) -> list[dict[str, Any]]:
        """Delete each document, in order; return entries as `save_many` does, without `rev`.

        A document that is not there is `ok`.
        """
        db_name = documents.collection(db_name)
        given = _bulk.listed(db_name, doc_ids, what="document ids")
        return _bulk.entries(
            given, lambda doc_id: doc_id, lambda doc_id: self._made_absent(db_name, doc_id)
        )

    def get_many(self, db_name: str, doc_ids: list[str]) -> dict[str, dict[str, Any] | None]:
        """Return the document of every id, None for one that is not there.

        Any other error is raised: a store that cannot be reached is not a store without documents.
        """
        db_name = documents.collection(db_name)
        return {i: self._found(db_name, i) for i in _bulk.ids(db_name, doc_ids)}

    def _made_absent(self, db_name: str, doc_id: str) -> dict[str, Any]:
        try:
            self.delete(db_name, doc_id)
        except HTTPException as error:
            if error.status_code != _NOT_FOUND:
                raise
        return {"id": doc_id}

    def _found(self, db_name: str, doc_id: str) -> dict[str, Any] | None:
        try:
            return self.get(db_name, doc_id)
        except HTTPException as error:
            if error.status_code != _NOT_FOUND:
                raise
            return None

    def close(self) -> None:  # noqa: B027 - a service that holds nothing has nothing to close
        """Give back what the service holds of its store; closing twice is fine."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
