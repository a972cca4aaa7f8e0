"""Verification: the target is read back and compared with the files, document by document.

The listing of the target is compared by checksums in any order. A document that the listing lacks
or has differently is requested by its id before it is called wrong.

A change after the reading is not seen, nor are two documents whose canonical JSON has the same
first 128 bits of SHA-256.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from gofannon_backends.transfer.document import UnfitError, document_of
from gofannon_backends.transfer.reader import Source, documents_from
from gofannon_backends.transfer.requests import (
    RefusedError,
    Target,
    TargetFailedError,
    target_checksum,
)
from gofannon_backends.transfer.summary import Outcome, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from gofannon_backends.transfer.document import Document
    from gofannon_backends.transfer.progress import Progress
    from gofannon_backends.transfer.state import State

_BATCH: Final = 1_000


class ReadableTarget(Source, Target, Protocol):
    """A service that can be written to and read back: any `DatabaseService`."""


def compare_listing(
    target: ReadableTarget,
    collection: str,
    state: State,
    leave_behind: AbstractSet[str],
    progress: Progress,
) -> None:
    """Mark the documents that the target lists with the same content as verified."""
    state.begin_verification(collection)
    found: list[tuple[bytes, bytes]] = []
    for given in documents_from(target, collection, "target"):
        progress.advance()
        try:
            document = document_of(collection, given, leave_behind)
        except UnfitError:
            continue  # not a document that was moved
        found.append((document.checksum(), document.key()))
        if len(found) == _BATCH:
            state.verify(collection, found)
            found.clear()
    state.verify(collection, found)


def compare_unverified(
    target: Target,
    collection: str,
    documents: Iterable[Document],
    state: State,
    leave_behind: AbstractSet[str],
) -> Iterator[Problem]:
    """Request each settled document that is not verified by its id; yield those that are wrong."""
    left = sum(state.counts(collection).values()) - state.verified(collection)
    for document in documents:
        if not left:
            return
        mark = state.mark(collection, document)
        if mark.verified or not mark.settled:
            continue
        left -= 1
        why = _difference(target, collection, document, leave_behind)
        if why is None:
            state.verify(collection, [(document.checksum(), document.key())])
        else:
            state.unsettle(collection, document)
            yield Problem(collection, document.doc_id, Outcome.NOT_VERIFIED, why)


def _difference(
    target: Target, collection: str, document: Document, leave_behind: AbstractSet[str]
) -> str | None:
    try:
        found = target_checksum(target, collection, document.doc_id, leave_behind)
    except (RefusedError, TargetFailedError) as failure:
        return f"it could not be read back: {failure}"
    if found is None:
        return "it is not in the target"
    return None if found == document.checksum() else "the target returns it with other content"
