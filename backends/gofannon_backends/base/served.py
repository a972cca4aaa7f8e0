"""Services whose store is a server that takes many documents per request."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from gofannon_backends.base import bulk, documents
from gofannon_backends.base.service import DatabaseService

_Held = TypeVar("_Held")


class ServedDatabaseService(DatabaseService, Generic[_Held]):
    """A `DatabaseService` with pages and bulk methods; a backend defines the requests.

    `_Held` is the form in which the store takes a document. The default of another optional method
    (`find`, `delete_many`) is overridden by a backend whose store has a request for it.
    """

    saved_per_request: ClassVar[int] = 100
    read_per_request: ClassVar[int] = 100
    """The limits of one request; all documents that are read may be large."""

    @abstractmethod
    def iter_all(self, db_name: str) -> Iterator[dict[str, Any]]:
        """Yield every document, page by page."""

    @abstractmethod
    def _ready(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> bulk.Ready[_Held]:
        """Return a checked document; raise a 4xx if the store cannot hold it."""

    @abstractmethod
    def _save_chunk(self, db_name: str, chunk: list[bulk.Ready[_Held]]) -> Sequence[str | None]:
        """Save documents by one request; return their revisions, as `bulk.saved` describes."""

    @abstractmethod
    def _get_chunk(self, db_name: str, doc_ids: list[str]) -> dict[str, dict[str, Any] | None]:
        """Read documents by one request; a missing one may be left out."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        """Return every document; `[]` if the collection does not exist."""
        return list(self.iter_all(db_name))

    def save_many(self, db_name: str, docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Save each document under its `_id`, in order; many per request."""
        db_name = documents.collection(db_name)
        return bulk.saved(
            bulk.listed(db_name, docs, what="documents"),
            lambda doc: self._ready(db_name, bulk.id_in(doc), doc),
            lambda chunk: self._save_chunk(db_name, chunk),
            lambda doc: self.save(db_name, bulk.id_in(doc), doc),
            most=self.saved_per_request,
        )

    def get_many(self, db_name: str, doc_ids: list[str]) -> dict[str, dict[str, Any] | None]:
        """Return the document of every id, None for one that is not there; many per request."""
        db_name = documents.collection(db_name)
        wanted = bulk.ids(db_name, doc_ids)
        found: dict[str, dict[str, Any] | None] = dict.fromkeys(wanted)
        for start in range(0, len(wanted), self.read_per_request):
            found |= self._get_chunk(db_name, wanted[start : start + self.read_per_request])
        return found
