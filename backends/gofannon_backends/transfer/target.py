"""The target of a run: what it has and what it saves, its refusals and its failures told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fastapi import HTTPException

from gofannon_backends.transfer.document import UnfitError, document_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gofannon_backends.base import DatabaseService
    from gofannon_backends.transfer.document import Document

_NOT_FOUND: Final = 404
_NOT_THE_DOCUMENT: Final = frozenset({401, 403, 408, 429})
"""Statuses below 500 that are not about the document: credentials, time-outs, throttling."""


class TargetFailedError(Exception):
    """The target failed for a reason that is not the document's, and may be temporary."""


class RefusedError(Exception):
    """The target refuses the document."""


@dataclass(frozen=True)
class Target:
    """A service that is written to: any `DatabaseService`, or its four methods alone.

    Its methods raise `RefusedError` or `TargetFailedError`.
    """

    service: DatabaseService
    leave_behind: frozenset[str]

    def checksum(self, collection: str, doc_id: str) -> bytes | None:
        """Return the checksum of a document; None if it is missing, empty if it is invalid."""
        found = _answer(lambda: self.service.get(collection, doc_id), missing=True)
        return self._checksum_of(collection, found)

    def checksums(self, collection: str, documents: Sequence[Document]) -> dict[str, bytes | None]:
        """Return the checksums of many documents by id; nothing if it cannot answer for all."""
        get_many = getattr(self.service, "get_many", None)
        if get_many is None:
            return {}
        doc_ids = [document.doc_id for document in documents]
        try:
            found = _answer(lambda: get_many(collection, doc_ids))
            return {doc_id: self._checksum_of(collection, found[doc_id]) for doc_id in doc_ids}
        except (RefusedError, TargetFailedError, LookupError, TypeError):
            return {}

    def save(self, collection: str, document: Document) -> None:
        """Save a document."""
        fields = dict(document.fields)
        _answer(lambda: self.service.save(collection, document.doc_id, fields))

    @property
    def saves_many(self) -> bool:
        """Whether it has `save_many`."""
        return hasattr(self.service, "save_many")

    def save_many(self, collection: str, documents: Sequence[Document]) -> list[str]:
        """Save many documents; return the ids of those that it reports as saved."""
        try:
            entries = _answer(
                lambda: self.service.save_many(collection, [one.whole() for one in documents])
            )
        except (RefusedError, TargetFailedError):
            return []
        if not isinstance(entries, list) or len(entries) != len(documents):
            return []
        return [
            document.doc_id
            for document, entry in zip(documents, entries, strict=True)
            if isinstance(entry, dict)
            and entry.get("ok") is True
            and entry.get("id") == document.doc_id
        ]

    def _checksum_of(self, collection: str, found: object) -> bytes | None:
        try:
            if found is None:
                return None
            return document_of(collection, found, self.leave_behind).checksum()
        except UnfitError:
            return b""


def _answer(call: Callable[[], Any], *, missing: bool = False) -> Any:
    """Return the answer to a call; with `missing`, a 404 is None."""
    try:
        return call()
    except HTTPException as failure:
        status, why = failure.status_code, str(failure.detail)
    except Exception as failure:  # noqa: BLE001 - a service's own error, whose text may hold secrets
        status, why = 500, f"the target's service raised {type(failure).__name__}"
    if missing and status == _NOT_FOUND:
        return None
    if status in _NOT_THE_DOCUMENT or status >= 500:
        raise TargetFailedError(why)
    raise RefusedError(why)
