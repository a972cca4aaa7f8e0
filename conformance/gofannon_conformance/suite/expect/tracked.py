"""A collection and the documents that it must hold, checked after each change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.suite.expect import answers

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.suite.expect.answers import Documents


class Tracked:
    """An empty collection, and the documents that it must hold after each change."""

    def __init__(self, collection: Collection, check: Callable[[Documents], object]) -> None:
        self.held: Documents = {}
        self._collection = collection
        self._check = check

    def save(self, doc_id: str, doc: dict[str, Any]) -> None:
        """Save a document, and check."""
        self.held[doc_id] = doc
        answers.saved(self._collection.save(doc_id, doc))
        self.check()

    def delete(self, doc_id: str) -> None:
        """Delete a document, and check."""
        del self.held[doc_id]
        answers.deleted(self._collection.delete(doc_id))
        self.check()

    def check(self) -> None:
        """Run the check."""
        self._check(self.held)
