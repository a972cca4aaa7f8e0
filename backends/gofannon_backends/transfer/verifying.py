"""Reading a target back, and comparing it with the files, document by document.

Both sides are sorted by the checksum of the id and gone through side by side, so that neither has
to fit into memory and neither's order counts. What the listing lacks, or has differently, is asked
for by its id before it is called wrong.

It can miss what changes after it was read, and two documents whose canonical JSON differs and has
the same first 128 bits of SHA-256.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Protocol

from gofannon_backends.transfer import folder
from gofannon_backends.transfer.asking import (
    RefusedError,
    Target,
    TargetFailedError,
    checksum_in,
)
from gofannon_backends.transfer.passing import UnfitError, taken
from gofannon_backends.transfer.reading import Source, given_by
from gofannon_backends.transfer.sorted_runs import SortedRuns
from gofannon_backends.transfer.summary import Outcome, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from gofannon_backends.transfer.passing import Document
    from gofannon_backends.transfer.progress import Progress
    from gofannon_backends.transfer.writing import Place


class ReadableTarget(Source, Target, Protocol):
    """What can be written to and read back: any `DatabaseService`."""


def unlike(
    target: ReadableTarget,
    collection: str,
    expected: SortedRuns,
    settled: Callable[[int], bool],
    leave_behind: AbstractSet[str],
    *,
    progress: Progress,
    scratch: Path,
) -> array[int]:
    """Return the lines, in order, of the documents that the target's listing has not, or not so.

    Only those lines are looked for that are `settled`.
    """
    with SortedRuns(folder.FINGERPRINT_BYTES, scratch) as listed:
        for given in given_by(target, collection, "target"):
            progress.advance()
            try:
                document = taken(collection, given, leave_behind)
            except UnfitError:
                continue  # no document of ours
            listed.add(folder.fingerprint(document.doc_id, document.checksum()))
        doubtful = array("Q", filter(settled, _missing(expected, listed)))
    return array("Q", sorted(doubtful))


def confirmed(
    target: Target,
    place: Place,
    documents: Iterator[tuple[int, Document]],
    doubtful: array[int],
    leave_behind: AbstractSet[str],
) -> Iterator[tuple[int, Problem]]:
    """Ask for each doubtful document by its id; give the lines of those that are wrong, and why."""
    wanted = iter(doubtful)
    line = next(wanted, None)
    for number, document in documents:
        if line is None:
            return
        if number == line:
            why = _wrong(target, place.collection, document, leave_behind)
            if why is not None:
                problem = Problem(place.collection, document.doc_id, Outcome.NOT_VERIFIED, why)
                yield number, problem
            line = next(wanted, None)


def _missing(expected: Iterable[bytes], listed: Iterable[bytes]) -> Iterator[int]:
    """Give the lines of the expected fingerprints that the listed ones lack; both are sorted."""
    others = iter(listed)
    other = next(others, None)
    for record in expected:
        content = record[: folder.CONTENT_BYTES]
        while other is not None and other[: folder.CONTENT_BYTES] < content:
            other = next(others, None)
        if other is None or other[: folder.CONTENT_BYTES] != content:
            yield folder.line_of(record)


def _wrong(
    target: Target, collection: str, document: Document, leave_behind: AbstractSet[str]
) -> str | None:
    try:
        found = checksum_in(target, collection, document.doc_id, leave_behind)
    except (RefusedError, TargetFailedError) as failure:
        return f"it could not be read back: {failure}"
    if found is None:
        return "it is not in the target"
    return None if found == document.checksum() else "the target gives it back differently"
