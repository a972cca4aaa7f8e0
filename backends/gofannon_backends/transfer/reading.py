"""Reading a source into a folder, collection by collection, each page-wise and in one go.

The interface has no way to begin in the middle of a collection. One that was not read to its end
is read again from its start when the run goes on; one that was is not.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, Protocol

from fastapi import HTTPException

from gofannon_backends.transfer import durable, folder
from gofannon_backends.transfer.failures import NotAsAskedError, StoppedError
from gofannon_backends.transfer.folder import Entry, Manifest
from gofannon_backends.transfer.passing import UnfitError, taken
from gofannon_backends.transfer.sorted_runs import sweep
from gofannon_backends.transfer.state import only_run
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

    from gofannon_backends.transfer.progress import Progress

UNFINISHED: Final = "unfinished-export.json"
_ALL_AT_ONCE: Final = "list_all"


class Source(Protocol):
    """What can be read from: any `DatabaseService`."""

    def iter_all(self, db_name: str) -> Iterator[dict[str, Any]]:
        """Yield every document of a collection."""


@dataclass(frozen=True)
class Reading:
    """What is to be read, and under which name the source is told from others."""

    source: Source
    name: str
    collections: Sequence[str]
    leave_behind: AbstractSet[str]
    progress: Progress

    def into(self, target: Path) -> Manifest:
        """Read into a folder, or go on with it; return the manifest that is written at the end.

        A folder of another run, of a finished export or of anything else is not touched.
        """
        durable.private_folder(target)
        with durable.disk_errors_reported(), only_run(target):
            return self._into(target)

    def counted(self) -> dict[str, Counts]:
        """Read everything and write nothing."""
        found = {}
        for collection in self.collections:
            problems = Problems()
            self.progress.begin(f"reading {collection}", None)
            count = failed = 0
            for document in self._documents(collection, problems):
                count += 1
                failed += document is None
            found[collection] = Counts(documents=count, failed=failed)
        return found

    def _into(self, target: Path) -> Manifest:
        run = {
            "operation": "export",
            "source": self.name,
            "collections": list(self.collections),
            "fields left behind": sorted(self.leave_behind),
        }
        sweep(target)
        unfinished = target / UNFINISHED
        if not unfinished.exists():
            _refuse_unless_empty(target)
            durable.write_json(unfinished, {"run": run, "started": _now(), "done": {}})
        begun = _begun(unfinished, run)
        if not (target / folder.MANIFEST).exists():
            done: dict[str, dict[str, Any]] = begun["done"]
            for collection in self.collections:
                if collection not in done:
                    done[collection] = asdict(self._collection(collection, target))
                    durable.write_json(unfinished, begun)
            entries = {name: Entry(**done[name]) for name in self.collections}
            for collection, entry in entries.items():
                _verify(target, collection, entry)
            Manifest(self.name, begun["started"], _now(), entries).write(target)
        manifest = folder.read_manifest(target)
        unfinished.unlink()
        return manifest

    def _collection(self, collection: str, target: Path) -> Entry:
        """Read one collection into its file."""
        self.progress.begin(f"reading {collection}", None)
        name = folder.file_name(collection)
        problems = Problems(_problems_file(target, name))
        count = size = failed = 0
        content = hashlib.sha256()
        with durable.written(target / name) as stream:
            for line in self._documents(collection, problems):
                if line is None:
                    failed += 1
                    continue
                stream.write(line)
                content.update(line)
                count += 1
                size += len(line)
        entry = Entry(name, count, size, content.hexdigest(), failed)
        _refuse_duplicates(target, collection, entry, self.leave_behind)
        return entry

    def _documents(self, collection: str, problems: Problems) -> Iterator[bytes | None]:
        """Give the line of each document; None for one that cannot be taken along."""
        for number, given in enumerate(given_by(self.source, collection), start=1):
            self.progress.advance()
            try:
                yield taken(collection, given, self.leave_behind).line()
            except UnfitError as unfit:
                why = unfit.reason if unfit.doc_id else f"{unfit.reason} (it is number {number:,})"
                problems.add(Problem(collection, unfit.doc_id, Outcome.FAILED, why))
                yield None


def given_by(service: Source, collection: str, role: str = "source") -> Iterator[object]:
    """Give what a service gives; its failure in the middle is a `StoppedError`, never an end."""
    # A service of the interface's four methods has no pages, and gives all at once.
    listing = getattr(service, "iter_all", None) or getattr(service, _ALL_AT_ONCE)
    count = 0
    try:
        for document in listing(collection):
            yield document
            count += 1
    except (NotAsAskedError, StoppedError):
        raise
    except HTTPException as failure:
        raise StoppedError(_gone(role, collection, count, str(failure.detail))) from None
    except Exception as failure:  # noqa: BLE001 - a service's own error, whose text may hold secrets
        raise StoppedError(_gone(role, collection, count, type(failure).__name__)) from None


def summary_of(manifest: Manifest, target: Path, *, resumed: bool = False) -> Summary:
    """Return the summary of a finished export."""
    files = problem_files(manifest, target)
    found = chain.from_iterable(map(problems_in, files))
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
        problem_files=tuple(map(str, files)),
        resumed=resumed,
    )


def problem_files(manifest: Manifest, target: Path) -> list[Path]:
    """Return the files with the documents that an export lacks, if it lacks any."""
    entries = manifest.collections.values()
    return [_problems_file(target, entry.file) for entry in entries if entry.failed]


def _problems_file(target: Path, name: str) -> Path:
    """Return where the problems with reading a collection are kept, beside its file."""
    return target / f"{name.removesuffix('.jsonl')}.problems.jsonl"


def _now() -> str:
    """Return the time as ISO 8601 text, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _begun(unfinished: Path, run: dict[str, Any]) -> dict[str, Any]:
    begun = durable.read_json(unfinished)
    try:
        before: dict[str, Any] = begun["run"]
        str(begun["started"])
        for entry in begun["done"].values():
            Entry(**entry)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise NotAsAskedError(f"{unfinished} is damaged: remove the folder to begin anew") from None
    for name, value in run.items():
        if before.get(name) != value:
            raise NotAsAskedError(
                f"{unfinished.parent} holds an export that did not end, with another {name}: "
                f"{before.get(name)}, and not {value}. Ask as it did to go on with it, or "
                "give another folder"
            )
    return dict(begun)


def _refuse_unless_empty(target: Path) -> None:
    if (target / folder.MANIFEST).exists():
        manifest = folder.read_manifest(target)
        raise NotAsAskedError(
            f"{target} holds a finished export already, of {manifest.source}, which ended at "
            f"{manifest.finished}: give another folder"
        )
    left_over = UNFINISHED + durable.UNFINISHED
    if any(entry.name != left_over for entry in target.iterdir()):
        raise NotAsAskedError(f"{target} is not empty: give a folder that is, or a new one")


def _refuse_duplicates(
    target: Path, collection: str, entry: Entry, leave_behind: AbstractSet[str]
) -> None:
    try:
        folder.fingerprints(target, collection, entry, leave_behind, scratch=target).close()
    except folder.DuplicateError as twice:
        raise StoppedError(
            f"the source gave document {twice.doc_id!r} of collection {collection!r} twice; if the "
            "collection was being changed, run the same again"
        ) from None


def _verify(target: Path, collection: str, entry: Entry) -> None:
    try:
        folder.check(target, collection, entry)
    except NotAsAskedError as wrong:
        raise StoppedError(
            f"collection {collection!r} does not read back as it was written: {wrong}"
        ) from None


def _gone(role: str, collection: str, count: int, why: str) -> str:
    return (
        f"the {role} failed in collection {collection!r} after {count:,} documents: {why}. What "
        f"was read of it does not count; run the same again to go on"
    )
