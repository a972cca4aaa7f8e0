"""The interface that every backend implements, and what all of them share of it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self


class DatabaseService(ABC):
    """A store of JSON documents in named collections.

    `db_name` names a collection and `doc_id` a document in it; every error is FastAPI's
    `HTTPException`. A service is a context manager: leaving it closes its connections.
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
