"""Reading a source into a folder, one collection after the other.

The interface cannot start in the middle of a collection. A collection that was not read to its end
is read again from its start.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Protocol

from fastapi import HTTPException

from gofannon_backends.transfer import files, folder
from gofannon_backends.transfer.document import UnfitError, document_of
from gofannon_backends.transfer.errors import NotAsAskedError, StoppedError
from gofannon_backends.transfer.folder import MANIFEST, Entry, Manifest
from gofannon_backends.transfer.state import DuplicateError
from gofannon_backends.transfer.summary import (
    SHOWN_PROBLEMS,
    Counts,
    Outcome,
    Problem,
    Problems,
    Summary,
    problems_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from gofannon_backends.transfer.document import Document
    from gofannon_backends.transfer.progress import Progress
    from gofannon_backends.transfer.state import State


class Source(Protocol):
    """A service that can be read from: any `DatabaseService`."""

    def iter_all(self, db_name: str) -> Iterator[dict[str, Any]]:
        """Yield every document of a collection."""


@dataclass(frozen=True)
class Reader:
    """Reads collections of a source; `name` identifies the source in the state and the manifest."""

    source: Source
    name: str
    collections: Sequence[str]
    leave_behind: AbstractSet[str]
    progress: Progress

    def into(self, target: Path, state: State) -> Manifest:
        """Read the collections that the state lacks into a folder; return its manifest."""
        files.make_private_folder(target)
        for collection in self.collections:
            if state.entry(collection) is None:
                (target / MANIFEST).unlink(missing_ok=True)
                state.complete(collection, self._read(collection, target, state))
        if not (target / MANIFEST).exists():
            entries = {name: state.entry(name) for name in self.collections}
            complete = {name: entry for name, entry in entries.items() if entry is not None}
            for collection, entry in complete.items():
                _verify(target, collection, entry)
            finished = datetime.now(UTC).isoformat(timespec="seconds")
            Manifest(self.name, state.started, finished, complete).write(target)
        return folder.read_manifest(target)

    def counts(self) -> dict[str, Counts]:
        """Read everything and write nothing; return the counts of each collection."""
        found = {}
        for collection in self.collections:
            problems = Problems()
            count = sum(1 for _ in self._documents(collection, problems))
            found[collection] = Counts(documents=count + problems.count, failed=problems.count)
        return found

    def _read(self, collection: str, target: Path, state: State) -> Entry:
        """Read one collection into its file."""
        name = folder.file_name(collection)
        problems = Problems(_problems_file(target, name))
        content = hashlib.sha256()
        with files.written(target / name) as stream:

            def documents_written() -> Iterator[tuple[int, Document]]:
                for number, document in enumerate(self._documents(collection, problems)):
                    line = document.line()
                    stream.write(line)
                    content.update(line)
                    yield number, document

            try:
                count = state.fill(collection, documents_written())
            except DuplicateError as duplicate:
                raise StoppedError(
                    f"the source returned document {duplicate.doc_id!r} of collection "
                    f"{collection!r} twice; if the collection was being changed, run the same "
                    "command again"
                ) from None
            size = stream.tell()
        return Entry(name, count, size, content.hexdigest(), problems.count)

    def _documents(self, collection: str, problems: Problems) -> Iterator[Document]:
        """Yield each document that can be moved; add the others to the problems."""
        self.progress.begin(f"reading {collection}", None)
        for number, given in enumerate(documents_from(self.source, collection), start=1):
            self.progress.advance()
            try:
                document = document_of(collection, given, self.leave_behind)
            except UnfitError as unfit:
                why = unfit.reason if unfit.doc_id else f"{unfit.reason} (it is number {number:,})"
                problems.add(Problem(collection, unfit.doc_id, Outcome.FAILED, why))
            else:
                yield document


def documents_from(service: Source, collection: str, role: str = "source") -> Iterator[object]:
    """Yield what a service lists; a failure in the middle is a `StoppedError`, never an end."""
    # A service with only the interface's four methods has no pages.
    listing = getattr(service, "iter_all", None) or service.list_all  # type: ignore[attr-defined]
    count = 0
    try:
        for document in listing(collection):
            yield document
            count += 1
    except (NotAsAskedError, StoppedError):
        raise
    except Exception as failure:  # noqa: BLE001 - a service's own error, whose text may hold secrets
        why = failure.detail if isinstance(failure, HTTPException) else type(failure).__name__
        raise StoppedError(
            f"the {role} failed in collection {collection!r} after {count:,} documents: {why}. "
            "This collection will be read again; run the same command again to continue"
        ) from None


def summary_of(manifest: Manifest, target: Path, *, resumed: bool) -> Summary:
    """Return the summary of a finished export."""
    problems = problem_files(manifest, target)
    found = chain.from_iterable(map(problems_in, problems))
    return Summary(
        source=manifest.source,
        target=str(target),
        collections={
            name: Counts(
                documents=entry.documents + entry.failed,
                moved=entry.documents,
                failed=entry.failed,
                verified=entry.documents,
            )
            for name, entry in manifest.collections.items()
        },
        problems=tuple(islice(found, SHOWN_PROBLEMS)),
        problem_files=tuple(map(str, problems)),
        resumed=resumed,
    )


def problem_files(manifest: Manifest, target: Path) -> list[Path]:
    """Return the files with the documents that could not be exported."""
    entries = manifest.collections.values()
    return [_problems_file(target, entry.file) for entry in entries if entry.failed]


def _problems_file(target: Path, name: str) -> Path:
    return target / f"{name.removesuffix('.jsonl')}.problems.jsonl"


def _verify(target: Path, collection: str, entry: Entry) -> None:
    try:
        folder.check(target, collection, entry)
    except NotAsAskedError as wrong:
        raise StoppedError(
            f"collection {collection!r} does not read back as it was written: {wrong}"
        ) from None
