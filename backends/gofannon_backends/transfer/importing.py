"""Bringing files into a target: checked first, then written, then read back, all resumable.

What is no folder of files yet, a service or a backup in one JSON file, is read into the state
folder first, and counts as files from then on.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from gofannon_backends.transfer import durable, folder
from gofannon_backends.transfer.reading import UNFINISHED, Reading, problem_files
from gofannon_backends.transfer.sorted_runs import sweep
from gofannon_backends.transfer.state import JOURNAL, Journal, only_run, open_state, remove_state
from gofannon_backends.transfer.summary import Counts, Outcome, Problems, Summary, problems_in
from gofannon_backends.transfer.verifying import ReadableTarget, confirmed, unlike
from gofannon_backends.transfer.writing import Place, Writing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gofannon_backends.transfer.folder import Entry, Manifest
    from gofannon_backends.transfer.options import Options
    from gofannon_backends.transfer.passing import Document
    from gofannon_backends.transfer.progress import Progress
    from gofannon_backends.transfer.reading import Source
    from gofannon_backends.transfer.sorted_runs import SortedRuns

_DOCUMENTS: Final = "documents"
_REMOVED: Final = "documents.removed"
_PROBLEMS: Final = "problems.jsonl"


@dataclass(frozen=True)
class _State:
    """Where a run keeps what it has done, and whether there was something already."""

    folder: Path
    resumed: bool
    problems: Problems
    journal: Path | None


@dataclass(frozen=True)
class _Part:
    """One collection of a run: where it stands, and the fingerprints of its documents."""

    place: Place
    source: Path
    entry: Entry
    expected: SortedRuns


@dataclass(frozen=True)
class Importing:
    """The way into one target, by way of one state folder."""

    target: ReadableTarget
    name: str
    options: Options
    progress: Progress
    state: Path

    def from_source(
        self, source: Source, source_name: str, collections: Sequence[str], run: dict[str, Any]
    ) -> Summary:
        """Read a source into the state folder, and bring it from there into the target."""
        reading = Reading(source, source_name, collections, self.options.left, self.progress)
        with self._opened({**run, "collections": list(collections)}) as state:
            copy = state.folder / _DOCUMENTS
            if (copy / folder.MANIFEST).exists() and not (copy / UNFINISHED).exists():
                manifest = folder.read_manifest(copy)
            else:
                manifest = reading.into(copy)
            for file in problem_files(manifest, copy):
                for problem in problems_in(file):
                    state.problems.add(problem)
            summary = self._written(copy, manifest, collections, state)
            failed = {name: manifest.collections[name].failed for name in collections}
            counts = {
                name: replace(
                    count,
                    documents=count.documents + failed[name],
                    failed=count.failed + failed[name],
                )
                for name, count in summary.collections.items()
            }
            summary = replace(summary, source=source_name, collections=counts)
            if manifest.failed:
                self._read_anew_next_time(state.folder)
            return self._ended(summary, state)

    def from_folder(self, source: Path, manifest: Manifest, collections: Sequence[str]) -> Summary:
        """Bring an exported folder into the target."""
        run = {
            "operation": "import",
            "folder": str(source.resolve()),
            "content": [manifest.collections[name].sha256 for name in collections],
            "collections": list(collections),
        }
        with self._opened(run) as state:
            summary = self._written(source, manifest, collections, state)
            if manifest.failed:
                files = ", ".join(map(str, problem_files(manifest, source)))
                note = (
                    f"The export itself lacks {manifest.failed:,} documents of its source, "
                    f"{manifest.source}: {files}"
                )
                summary = replace(summary, notes=(note,))
            return self._ended(replace(summary, source=str(source)), state)

    @contextmanager
    def _opened(self, run: dict[str, Any]) -> Iterator[_State]:
        """Open the state of this run, for it alone; that of a dry run is gone at its end."""
        with ExitStack() as stack:
            stack.enter_context(durable.disk_errors_reported())
            if self.options.dry_run:
                scratch = Path(stack.enter_context(TemporaryDirectory(prefix="gofannon-")))
                yield _State(scratch, resumed=False, problems=Problems(), journal=None)
                return
            durable.private_folder(self.state)
            if self.options.restart:
                with only_run(self.state):
                    remove_state(self.state)
                durable.private_folder(self.state)
            stack.enter_context(only_run(self.state))
            asked = {
                **run,
                "target": self.name,
                "overwrite": self.options.overwrite,
                "fields left behind": sorted(self.options.left),
            }
            resumed = open_state(self.state, asked)
            sweep(self.state)
            shutil.rmtree(self.state / _REMOVED, ignore_errors=True)
            yield _State(
                self.state,
                resumed=resumed,
                problems=Problems(self.state / _PROBLEMS),
                journal=self.state / JOURNAL,
            )

    def _written(
        self, source: Path, manifest: Manifest, collections: Sequence[str], state: _State
    ) -> Summary:
        """Check the files, write what is not settled yet, and read the target back."""
        with ExitStack() as stack:
            parts: list[_Part] = []
            for number, name in enumerate(collections):
                part = self._checked(Place(name, number), source, manifest.collections[name], state)
                stack.callback(part.expected.close)
                parts.append(part)
            journal = Journal(state.journal, [part.entry.documents for part in parts])
            stack.callback(journal.close)
            writing = Writing(
                target=self.target,
                journal=journal,
                problems=state.problems,
                progress=self.progress,
                leave_behind=self.options.left,
                overwrite=self.options.overwrite,
                writers=self.options.writers,
                dry_run=self.options.dry_run,
            )
            what = "comparing" if self.options.dry_run else "writing"
            unsettled = []
            for part in parts:
                done = sum(journal.counts(part.place.number).values())
                self.progress.begin(f"{what} {part.place.collection}", part.entry.documents, done)
                unsettled.append(writing.write(part.place, self._documents(part)))
            counts = {}
            for part, left in zip(parts, unsettled, strict=True):
                done_as = journal.counts(part.place.number)
                counts[part.place.collection] = Counts(
                    documents=part.entry.documents,
                    moved=done_as[Outcome.MOVED],
                    replaced=done_as[Outcome.REPLACED],
                    already_there=done_as[Outcome.ALREADY_THERE],
                    conflicts=left[Outcome.CONFLICT],
                    failed=left[Outcome.FAILED],
                    verified=0 if self.options.dry_run else self._verified(part, journal, state),
                )
        return Summary(
            source=manifest.source,
            target=self.name,
            collections=counts,
            problems=tuple(state.problems.first),
            problem_files=state.problems.files,
            dry_run=self.options.dry_run,
            resumed=state.resumed,
        )

    def _checked(self, place: Place, source: Path, entry: Entry, state: _State) -> _Part:
        self.progress.begin(f"checking {place.collection}", entry.documents)
        folder.check(source, place.collection, entry)
        expected = folder.fingerprints(
            source,
            place.collection,
            entry,
            self.options.left,
            scratch=state.folder,
            progress=self.progress,
        )
        return _Part(place, source, entry, expected)

    def _documents(self, part: _Part) -> Iterator[tuple[int, Document]]:
        return folder.documents_of(
            part.source, part.place.collection, part.entry, self.options.left
        )

    def _verified(self, part: _Part, journal: Journal, state: _State) -> int:
        """Read a collection back; return how many of its settled documents are there as written."""
        settled = sum(journal.counts(part.place.number).values())
        self.progress.begin(f"verifying {part.place.collection}", settled)
        doubtful = unlike(
            self.target,
            part.place.collection,
            part.expected,
            lambda line: journal.settled(part.place.number, line),
            self.options.left,
            progress=self.progress,
            scratch=state.folder,
        )
        wrong = confirmed(
            self.target, part.place, self._documents(part), doubtful, self.options.left
        )
        for line, problem in wrong:
            journal.unsettle(part.place.number, line)
            state.problems.add(problem)
            settled -= 1
        return settled

    def _read_anew_next_time(self, state: Path) -> None:
        """Forget a copy that lacks documents: the source may be put right, and be asked again.

        The journal first: it is of the lines of that copy.
        """
        if not self.options.dry_run:
            (state / JOURNAL).unlink()
            shutil.rmtree((state / _DOCUMENTS).rename(state / _REMOVED))

    def _ended(self, summary: Summary, state: _State) -> Summary:
        """Remove the state of a run that has nothing left to do; say where that of another is."""
        if self.options.dry_run:
            return replace(summary, problem_files=())
        if summary.complete:
            with suppress(OSError):  # harmless where it stays: nothing in it is left to do
                remove_state(state.folder)
            return summary
        note = (
            f"The state of this run is in {state.folder}: the same again tries what was not moved; "
            "--restart begins anew"
        )
        return replace(summary, notes=(*summary.notes, note))
