"""Verification: the target is read back and compared with what was moved, document by document.

The listing of the target is compared by checksums in any order. A document that the listing lacks
or has differently is requested by its id before it is called wrong.

A change after the reading is not seen, nor are two documents whose canonical JSON has the same
first 128 bits of SHA-256.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gofannon_backends.transfer.document import UnfitError, document_of
from gofannon_backends.transfer.reader import documents_from
from gofannon_backends.transfer.summary import Outcome, Problem
from gofannon_backends.transfer.target import RefusedError, TargetFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gofannon_backends.transfer.progress import Progress
    from gofannon_backends.transfer.state import State
    from gofannon_backends.transfer.summary import Problems
    from gofannon_backends.transfer.target import Target


def verify(
    target: Target, collection: str, state: State, problems: Problems, progress: Progress
) -> None:
    """Read a collection back and mark its equal documents as verified; add the others' problems."""

    def listed() -> Iterator[tuple[str, bytes]]:
        for given in documents_from(target.service, collection, "target"):
            progress.advance()
            try:
                document = document_of(collection, given, target.leave_behind)
            except UnfitError:
                continue  # not a document that was moved
            yield document.doc_id, document.checksum()

    state.begin_verification(collection)
    state.verify(collection, listed())
    for doc_id, expected in state.unverified(collection):
        why = _difference(target, collection, doc_id, expected)
        if why is None:
            state.verify(collection, [(doc_id, expected)])
        else:
            state.unsettle(collection, doc_id)
            problems.add(Problem(collection, doc_id, Outcome.NOT_VERIFIED, why))


def _difference(target: Target, collection: str, doc_id: str, expected: bytes) -> str | None:
    try:
        found = target.checksum(collection, doc_id)
    except (RefusedError, TargetFailedError) as failure:
        return f"it could not be read back: {failure}"
    if found is None:
        return "it is not in the target"
    return None if found == expected else "the target returns it with other content"
