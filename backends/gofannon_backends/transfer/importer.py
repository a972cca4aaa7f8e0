"""Import into a target: the files are checked, then written, then the target is read back.

A source that is not a folder yet, a service or a backup in one JSON file, is first read into the
state folder.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from gofannon_backends.transfer import files
from gofannon_backends.transfer.errors import NotAsAskedError
from gofannon_backends.transfer.reader import Reader
from gofannon_backends.transfer.state import DuplicateError, State
from gofannon_backends.transfer.summary import Outcome, Problems, Summary, problems_in
from gofannon_backends.transfer.target import Target
from gofannon_backends.transfer.verifier import verify
from gofannon_backends.transfer.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gofannon_backends.base import DatabaseService
    from gofannon_backends.transfer.document import Document
    from gofannon_backends.transfer.exported import Exported
    from gofannon_backends.transfer.options import Options
    from gofannon_backends.transfer.progress import Progress
    from gofannon_backends.transfer.reader import Source

STATE: Final = "state.sqlite"
_DOCUMENTS: Final = "documents"
_PROBLEMS: Final = "problems.jsonl"


@dataclass(frozen=True)
class Importer:
    """Writes collections to one target, with its state in one folder."""

    target: DatabaseService
    name: str
    collections: Sequence[str]
    options: Options
    progress: Progress
    folder: Path

    def from_source(self, source: Source, source_name: str, run: dict[str, Any]) -> Summary:
        """Read a source into the state folder, and write it to the target from there."""
        reader = Reader(source, source_name, self.collections, self.options.dropped, self.progress)
        with self._opened(run) as (folder, state, problems):
            exported = reader.into(folder / _DOCUMENTS, state)
            for file in exported.problem_files:
                for problem in problems_in(file):
                    problems.add(problem)
            summary = self._import(source_name, exported, state, problems)
            if exported.failed and not self.options.dry_run:
                # The next run reads the source again, because it may have been corrected.
                state.forget()
                shutil.rmtree(exported.folder)
        return self._ended(summary)

    def from_folder(self, exported: Exported) -> Summary:
        """Write an exported folder to the target."""
        run = {
            "operation": "import",
            "folder": str(exported.folder.resolve()),
            "content": [exported.collections[name].sha256 for name in self.collections],
        }
        with self._opened(run) as (_, state, problems):
            summary = self._import(str(exported.folder), exported, state, problems)
        if exported.failed:
            note = (
                f"The export itself lacks {exported.failed:,} documents of its source, "
                f"{exported.source}: {', '.join(map(str, exported.problem_files))}"
            )
            summary = replace(summary, notes=(note,))
        return self._ended(summary)

    @contextmanager
    def _opened(self, run: dict[str, Any]) -> Iterator[tuple[Path, State, Problems]]:
        """Open the folder of a run, with its state and its problems; a dry run has a temporary one.

        An error of the disk in the block is a `StoppedError`.
        """
        request = {
            **run,
            "collections": list(self.collections),
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
                    yield Path(scratch), state, Problems()
                return
            files.make_private_folder(self.folder)
            file = self.folder / STATE
            if not file.exists() and any(self.folder.iterdir()):
                raise NotAsAskedError(f"{self.folder} is not empty, and not the state of a run")
            with State(file, request, restart=self.options.restart) as state:
                yield self.folder, state, Problems(self.folder / _PROBLEMS)

    def _ended(self, summary: Summary) -> Summary:
        """Remove the state folder of a complete run; say of another one where its state is."""
        if self.options.dry_run:
            return summary
        if summary.complete:
            # It is renamed first, so that no part of it is taken for a state.
            removed = self.folder.with_name(f"{self.folder.name}.removed")
            with suppress(OSError):  # what remains is harmless: the run is complete
                shutil.rmtree(removed, ignore_errors=True)
                self.folder.rename(removed)
                shutil.rmtree(removed, ignore_errors=True)
            return summary
        note = (
            f"The state of this run is in {self.folder}: the same command tries again what was "
            "not moved; --restart starts from the beginning"
        )
        return replace(summary, notes=(*summary.notes, note))

    def _import(
        self, source_name: str, exported: Exported, state: State, problems: Problems
    ) -> Summary:
        """Check the files, write what is not settled yet, and read the target back."""
        dropped, dry_run = self.options.dropped, self.options.dry_run
        unread = problems.counts.copy()
        target = Target(self.target, dropped)
        writer = Writer(target, state, problems, self.progress, self.options)
        for name in self.collections:
            self._check(name, exported, state)
        for name in self.collections:
            what = "comparing" if dry_run else "writing"
            total = exported.collections[name].documents
            self.progress.begin(f"{what} {name}", total, state.counts(name).settled)
            writer.write(name, exported.documents(name, dropped))
        counts = {}
        for name in self.collections:
            written = state.counts(name)
            if not dry_run:
                self.progress.begin(f"verifying {name}", written.settled)
                verify(target, name, state, problems, self.progress)
            counts[name] = replace(
                written,
                documents=exported.collections[name].documents + unread[name, Outcome.FAILED],
                conflicts=problems.counts[name, Outcome.CONFLICT],
                failed=problems.counts[name, Outcome.FAILED],
                verified=state.counts(name).verified,
            )
        return Summary(
            source=source_name,
            target=self.name,
            collections=counts,
            problems=tuple(problems.first),
            problem_files=problems.files,
            dry_run=dry_run,
            resumed=state.resumed,
        )

    def _check(self, collection: str, exported: Exported, state: State) -> None:
        """Compare a file with the manifest, and read it into the state unless it is there."""
        entry = exported.collections[collection]
        file = exported.folder / entry.file
        self.progress.begin(f"checking {collection}", entry.documents)
        exported.check(collection)
        if collection in state.entries():
            return

        def counted() -> Iterator[Document]:
            for document in exported.documents(collection, self.options.dropped):
                self.progress.advance()
                yield document

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
