"""Reading a source into a folder, one collection after the other.

The interface cannot start in the middle of a collection. A collection that was not read to its end
is read again from its start.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol

from fastapi import HTTPException

from gofannon_backends.transfer import files
from gofannon_backends.transfer.document import UnfitError, document_of
from gofannon_backends.transfer.errors import NotAsAskedError, StoppedError
from gofannon_backends.transfer.exported import MANIFEST, Entry, Exported, file_name, problems_file
from gofannon_backends.transfer.state import DuplicateError
from gofannon_backends.transfer.summary import Counts, Outcome, Problem, Problems

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

    def into(self, target: Path, state: State) -> Exported:
        """Read the collections that the state lacks into a folder, and write its manifest."""
        files.make_private_folder(target)
        entries = state.entries()
        for collection in self.collections:
            if collection not in entries:
                (target / MANIFEST).unlink(missing_ok=True)
                entries[collection] = self._read(collection, target, state)
                state.complete(collection, entries[collection])
        if not (target / MANIFEST).exists():
            finished = datetime.now(UTC).isoformat(timespec="seconds")
            exported = Exported(target, self.name, state.started, finished, entries)
            for collection in self.collections:
                try:
                    exported.check(collection)
                except NotAsAskedError as wrong:
                    raise StoppedError(
                        f"collection {collection!r} does not read back as it was written: {wrong}"
                    ) from None
            exported.write_manifest()
        return Exported.read(target)

    def counts(self, problems: Problems) -> dict[str, Counts]:
        """Read everything and write nothing; return what would be moved of each collection."""
        found = {}
        for collection in self.collections:
            count = sum(1 for _ in self._documents(collection, problems))
            failed = problems.counts[collection, Outcome.FAILED]
            found[collection] = Counts(documents=count + failed, moved=count, failed=failed)
        return found

    def _read(self, collection: str, target: Path, state: State) -> Entry:
        """Read one collection into its file."""
        name = file_name(collection)
        problems = Problems(target / problems_file(name))
        content = sha256()
        with files.written(target / name) as stream:

            def documents_written() -> Iterator[Document]:
                for document in self._documents(collection, problems):
                    line = document.line()
                    stream.write(line)
                    content.update(line)
                    yield document

            try:
                count = state.fill(collection, documents_written())
            except DuplicateError as duplicate:
                raise StoppedError(
                    f"the source returned document {duplicate.doc_id!r} of collection "
                    f"{collection!r} twice; if the collection was being changed, run the same "
                    "command again"
                ) from None
            size = stream.tell()
        return Entry(
            file=name,
            documents=count,
            bytes=size,
            sha256=content.hexdigest(),
            failed=problems.counts.total(),
        )

    def _documents(self, collection: str, problems: Problems) -> Iterator[Document]:
        """Yield each document that can be moved; add the others to the problems."""
        self.progress.begin(f"reading {collection}", None)
        for number, given in enumerate(documents_from(self.source, collection), start=1):
            self.progress.advance()
            try:
                yield document_of(collection, given, self.leave_behind)
            except UnfitError as unfit:
                why = unfit.reason if unfit.doc_id else f"{unfit.reason} (it is number {number:,})"
                problems.add(Problem(collection, unfit.doc_id, Outcome.FAILED, why))


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
