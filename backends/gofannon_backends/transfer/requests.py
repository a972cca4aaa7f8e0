"""Requests to the target, with its refusals and its failures told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from fastapi import HTTPException

from gofannon_backends.transfer.document import UnfitError, document_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

_NOT_THE_DOCUMENT: Final = frozenset({401, 403, 408, 429})
"""Statuses below 500 that are not about the document: credentials, time-outs, throttling."""


class Target(Protocol):
    """A service that can be written to: any `DatabaseService`."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        """Return the document; a missing one is a 404."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        """Create the document, or replace all of it."""


class TargetFailedError(Exception):
    """The target failed for a reason that is not the document's, and may be temporary."""


class RefusedError(Exception):
    """The target refuses the document."""


def target_checksum(
    target: Target, collection: str, doc_id: str, leave_behind: AbstractSet[str]
) -> bytes | None:
    """Return the checksum of a document in the target; None if it is not there."""
    found = request(lambda: target.get(collection, doc_id), missing=True)
    return checksum_of(collection, found, leave_behind)


def checksum_of(
    collection: str, found: object | None, leave_behind: AbstractSet[str]
) -> bytes | None:
    """Return the checksum of what a target returned; None for nothing, empty for no document."""
    try:
        return None if found is None else document_of(collection, found, leave_behind).checksum()
    except UnfitError:
        return b""


def request(call: Callable[[], Any], *, missing: bool = False) -> Any:
    """Make a call to the target; raise `RefusedError` or `TargetFailedError`.

    With `missing`, a 404 is None.
    """
    try:
        return call()
    except HTTPException as failure:
        status, why = failure.status_code, str(failure.detail)
    except Exception as failure:  # noqa: BLE001 - a service's own error, whose text may hold secrets
        status, why = 500, f"the target's service raised {type(failure).__name__}"
    if missing and status == 404:
        return None
    if status in _NOT_THE_DOCUMENT or status >= 500:
        raise TargetFailedError(why)
    raise RefusedError(why)
