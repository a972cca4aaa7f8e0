"""Import into a target: the files are checked, then written, then the target is read back.

A source that is not a folder yet, a service or a backup in one JSON file, is first read into the
state folder.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from gofannon_backends.transfer import files, folder
from gofannon_backends.transfer.errors import NotAsAskedError
from gofannon_backends.transfer.reader import Reader, problem_files
from gofannon_backends.transfer.state import DuplicateError, State
from gofannon_backends.transfer.summary import Counts, Outcome, Problems, Summary, problems_in
from gofannon_backends.transfer.verifier import (
    ReadableTarget,
    compare_listing,
    compare_unverified,
)
from gofannon_backends.transfer.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gofannon_backends.transfer.document import Document
    from gofannon_backends.transfer.folder import Entry, Manifest
    from gofannon_backends.transfer.options import Options
    from gofannon_backends.transfer.progress import Progress
    from gofannon_backends.transfer.reader import Source

STATE: Final = "state.sqlite"
_DOCUMENTS: Final = "documents"
_PROBLEMS: Final = "problems.jsonl"


@dataclass(frozen=True)
class _Run:
    """One run: its state, and its folder for the copy of a source."""

    folder: Path
    state: State
    problems: Problems


@dataclass(frozen=True)
class _Files:
    """The collections of an exported folder that are imported."""

    folder: Path
    manifest: Manifest
    collections: Sequence[str]
    leave_behind: frozenset[str]

    def entry(self, collection: str) -> Entry:
        return self.manifest.collections[collection]

    def lines(self, collection: str) -> Iterator[tuple[int, Document]]:
        return folder.documents_of(
            self.folder, collection, self.entry(collection), self.leave_behind
        )

    def documents(self, collection: str) -> Iterator[Document]:
        return (document for _, document in self.lines(collection))


@dataclass(frozen=True)
class Importer:
    """Writes documents to one target, with its state in one folder."""

    target: ReadableTarget
    name: str
    options: Options
    progress: Progress
    folder: Path

    def from_source(
        self, source: Source, source_name: str, collections: Sequence[str], run: dict[str, Any]
    ) -> Summary:
        """Read a source into the state folder, and write it to the target from there."""
        reader = Reader(source, source_name, collections, self.options.dropped, self.progress)

        def work(run: _Run) -> Summary:
            copy = run.folder / _DOCUMENTS
            manifest = reader.into(copy, run.state)
            for file in problem_files(manifest, copy):
                for problem in problems_in(file):
                    run.problems.add(problem)
            summary = self._import(run, self._files(copy, manifest, collections))
            failed = {name: manifest.collections[name].failed for name in collections}
            counts = {
                name: replace(
                    count,
                    documents=count.documents + failed[name],
                    failed=count.failed + failed[name],
                )
                for name, count in summary.collections.items()
            }
            if manifest.failed and not self.options.dry_run:
                # The next run reads the source again, because it may have been corrected.
                run.state.forget()
                shutil.rmtree(copy)
            return replace(summary, source=source_name, collections=counts)

        return self._with_state({**run, "collections": list(collections)}, work)

    def from_folder(self, source: Path, manifest: Manifest, collections: Sequence[str]) -> Summary:
        """Write an exported folder to the target."""
        run = {
            "operation": "import",
            "folder": str(source.resolve()),
            "content": [manifest.collections[name].sha256 for name in collections],
            "collections": list(collections),
        }

        def work(run: _Run) -> Summary:
            summary = self._import(run, self._files(source, manifest, collections))
            if manifest.failed:
                problems = ", ".join(map(str, problem_files(manifest, source)))
                note = (
                    f"The export itself lacks {manifest.failed:,} documents of its source, "
                    f"{manifest.source}: {problems}"
                )
                summary = replace(summary, notes=(note,))
            return replace(summary, source=str(source))

        return self._with_state(run, work)

    def _files(self, source: Path, manifest: Manifest, collections: Sequence[str]) -> _Files:
        return _Files(source, manifest, collections, self.options.dropped)

    def _with_state(self, run: dict[str, Any], work: Callable[[_Run], Summary]) -> Summary:
        """Do the work with the state open; remove the state of a complete run."""
        request = {
            **run,
            "target": self.name,
            "overwrite": self.options.overwrite,
            "fields left behind": sorted(self.options.dropped),
        }
        with files.disk_errors_reported():
            if self.options.dry_run:
                with (
                    TemporaryDirectory(prefix="gofannon-") as scratch,
                    State(None, request) as state,
                ):
                    return work(_Run(Path(scratch), state, Problems()))
            files.make_private_folder(self.folder)
            file = self.folder / STATE
            if not file.exists() and any(self.folder.iterdir()):
                raise NotAsAskedError(f"{self.folder} is not empty, and not the state of a run")
            with State(file, request, restart=self.options.restart) as state:
                summary = work(_Run(self.folder, state, Problems(self.folder / _PROBLEMS)))
            if summary.complete:
                with suppress(OSError):  # what remains is harmless: the run is complete
                    _remove(self.folder)
                return summary
            note = (
                f"The state of this run is in {self.folder}: the same command tries again what was "
                "not moved; --restart starts from the beginning"
            )
            return replace(summary, notes=(*summary.notes, note))

    def _import(self, run: _Run, source: _Files) -> Summary:
        """Check the files, write what is not settled yet, and read the target back."""
        state, dry_run = run.state, self.options.dry_run
        for name in source.collections:
            self._check(name, source, state)
        writer = Writer(self.target, state, run.problems, self.progress, self.options)
        unsettled = {}
        for name in source.collections:
            done = sum(state.counts(name).values())
            what = "comparing" if dry_run else "writing"
            self.progress.begin(f"{what} {name}", source.entry(name).documents, done)
            unsettled[name] = writer.write(name, source.documents(name))
        counts = {}
        for name in source.collections:
            settled = state.counts(name)
            counts[name] = Counts(
                documents=source.entry(name).documents,
                moved=settled[Outcome.MOVED],
                replaced=settled[Outcome.REPLACED],
                already_there=settled[Outcome.ALREADY_THERE],
                conflicts=unsettled[name][Outcome.CONFLICT],
                failed=unsettled[name][Outcome.FAILED],
                verified=0 if dry_run else self._verify(name, source, run),
            )
        return Summary(
            source=source.manifest.source,
            target=self.name,
            collections=counts,
            problems=tuple(run.problems.first),
            problem_files=run.problems.files,
            dry_run=dry_run,
            resumed=state.resumed,
        )

    def _check(self, collection: str, source: _Files, state: State) -> None:
        """Compare a file with the manifest, and read it into the state unless it is there."""
        entry = source.entry(collection)
        file = source.folder / entry.file
        self.progress.begin(f"checking {collection}", entry.documents)
        folder.check(source.folder, collection, entry)
        if state.entry(collection) is not None:
            return

        def counted() -> Iterator[tuple[int, Document]]:
            for line in source.lines(collection):
                self.progress.advance()
                yield line

        try:
            count = state.fill(collection, counted())
        except DuplicateError as duplicate:
            raise NotAsAskedError(
                f"document {duplicate.doc_id!r} is there twice: {file}, lines "
                f"{duplicate.lines[0]} and {duplicate.lines[1]}"
            ) from None
        if count != entry.documents:
            raise NotAsAskedError(
                f"{file} has {count:,} documents, but its manifest says {entry.documents:,}"
            )
        state.complete(collection, entry)

    def _verify(self, collection: str, source: _Files, run: _Run) -> int:
        """Read a collection back; return how many of its settled documents are equal."""
        settled = sum(run.state.counts(collection).values())
        self.progress.begin(f"verifying {collection}", settled)
        compare_listing(self.target, collection, run.state, source.leave_behind, self.progress)
        for problem in compare_unverified(
            self.target, collection, source.documents(collection), run.state, source.leave_behind
        ):
            run.problems.add(problem)
        return run.state.verified(collection)


def _remove(folder: Path) -> None:
    """Remove a state folder. It is renamed first, so that no part of it is taken for a state."""
    removed = folder.with_name(f"{folder.name}.removed")
    shutil.rmtree(removed, ignore_errors=True)
    folder.rename(removed)
    shutil.rmtree(removed, ignore_errors=True)
