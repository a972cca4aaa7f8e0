"""Asking a target for its documents, and telling its refusals from its failures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from fastapi import HTTPException

from gofannon_backends.transfer.passing import UnfitError, taken

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

_NOT_THE_DOCUMENTS: Final = frozenset({401, 403, 408, 429})
"""Of the statuses below 500: credentials, time and throttling are no document's fault."""


class Target(Protocol):
    """What can be written to: any `DatabaseService`."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        """Return the document; a missing one is a 404."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        """Create the document, or replace it whole."""


class TargetFailedError(Exception):
    """The target failed for a reason that is not the document's, and may pass."""


class RefusedError(Exception):
    """The target does not take the document."""


def checksum_in(
    target: Target, collection: str, doc_id: str, leave_behind: AbstractSet[str]
) -> bytes | None:
    """Return the checksum of a target's document; None if there is none of that id.

    What is there and is no document that could be moved has a checksum that is no document's.
    """
    found = asked(lambda: target.get(collection, doc_id), missing=True)
    return checksum_of(collection, found, leave_behind)


def checksum_of(
    collection: str, found: object | None, leave_behind: AbstractSet[str]
) -> bytes | None:
    """Return the checksum of what a target gave for an id; None if it gave nothing."""
    try:
        return None if found is None else taken(collection, found, leave_behind).checksum()
    except UnfitError:
        return b""


def asked(call: Callable[[], Any], *, missing: bool = False) -> Any:
    """Make a call to the target; what goes wrong is told apart by whose fault it is."""
    try:
        return call()
    except HTTPException as failure:
        status, why = failure.status_code, str(failure.detail)
    except Exception as failure:  # noqa: BLE001 - a service's own error, whose text may hold secrets
        status, why = 500, f"the target's service raised {type(failure).__name__}"
    if missing and status == 404:
        return None
    if status in _NOT_THE_DOCUMENTS or status >= 500:
        raise TargetFailedError(why)
    raise RefusedError(why)
