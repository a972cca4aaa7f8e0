"""Writing documents into a target with many threads, each of them one batch at a time.

The target is asked for the documents before they are written, and what is there is overwritten only
on request. Another program that creates the same document in between is not seen: the interface
has no "create only".

A batch is written with the target's own `get_many` and `save_many`, where it has them. Documents
for which this fails are then tried one by one, which shows whether the document or the target is
the cause.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final

from gofannon_backends.transfer.errors import StoppedError
from gofannon_backends.transfer.summary import Outcome, Problem
from gofannon_backends.transfer.target import RefusedError, TargetFailedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gofannon_backends.transfer.document import Document
    from gofannon_backends.transfer.options import Options
    from gofannon_backends.transfer.progress import Progress
    from gofannon_backends.transfer.state import State
    from gofannon_backends.transfer.summary import Problems
    from gofannon_backends.transfer.target import Target

_BATCH_DOCUMENTS: Final = 100
_BATCH_BYTES: Final = 512 * 1024
"""The largest batch: small, so that little time passes between the question and the write, and
because each writer has one in memory."""

_ATTEMPTS: Final = 4
_FIRST_PAUSE: Final = 0.2
_GIVE_UP_AFTER: Final = 10
"""After so many failed documents in a row, the target is the cause."""

_STOP_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.1

_WRITTEN: Final = (Outcome.MOVED, Outcome.REPLACED)


@dataclass
class Writer:
    """Writes documents to one target."""

    target: Target
    state: State
    problems: Problems
    progress: Progress
    options: Options
    _stop: Event = field(default_factory=Event)
    _reading: Lock = field(default_factory=Lock)
    _counting: Lock = field(default_factory=Lock)
    _failed_in_a_row: int = 0
    _stopped_by: BaseException | None = None

    def write(self, collection: str, documents: Iterable[Document]) -> None:
        """Write the documents of one collection; add those that were not written to the problems.

        Documents that the state has as settled are skipped. A target that fails for one document
        after the other is a `StoppedError`.
        """
        batches = _batches(documents)
        threads = [
            Thread(target=self._work, args=(collection, batches), daemon=True)
            for _ in range(self.options.writers)
        ]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                # A join without a time-out blocks Ctrl-C on some systems.
                while thread.is_alive():
                    thread.join(_POLL_SECONDS)
        except BaseException:
            self._stop.set()
            # A call that hangs is left behind: the state knows that it was begun.
            given_up_at = monotonic() + _STOP_SECONDS
            for thread in threads:
                thread.join(max(0.0, given_up_at - monotonic()))
            raise
        if self._stopped_by is not None:
            raise self._stopped_by

    def _work(self, collection: str, batches: Iterator[list[Document]]) -> None:
        """Write batches until there are no more; run by each thread."""
        try:
            while not self._stop.is_set():
                with self._reading:
                    batch = next(batches, None)
                if batch is None:
                    return
                self._write_batch(collection, batch)
        except BaseException as error:  # noqa: BLE001 - `write` raises it
            with self._counting:
                self._stopped_by = self._stopped_by or error
            self._stop.set()

    def _write_batch(self, collection: str, batch: list[Document]) -> None:
        settled = self.state.settled(collection, [document.doc_id for document in batch])
        batch = [document for document in batch if document.doc_id not in settled]
        found = self.target.checksums(collection, batch) if batch else {}
        planned = {
            document.doc_id: self._planned(document, found[document.doc_id])
            for document in batch
            if document.doc_id in found
        }
        saved = self._save_together(collection, batch, planned)
        for document in batch:
            if self._stop.is_set():
                return
            if document.doc_id not in saved:
                self._write_one(collection, document, planned.get(document.doc_id))
            self.progress.advance()

    def _planned(self, document: Document, found: bytes | None) -> Outcome:
        """Return what becomes of a document, by the checksum of what the target has."""
        if found is None:
            return Outcome.MOVED
        if found == document.checksum():
            return Outcome.ALREADY_THERE
        return Outcome.REPLACED if self.options.overwrite else Outcome.CONFLICT

    def _save_together(
        self, collection: str, batch: list[Document], planned: dict[str, Outcome]
    ) -> set[str]:
        """Save the documents of a batch that are missing or to be replaced; return the saved ids.

        They are removed from the plan, which is out of date for them then.
        """
        chosen = [document for document in batch if planned.get(document.doc_id) in _WRITTEN]
        if not chosen or not self.target.saves_many or self.options.dry_run:
            return set()
        plans = {document.doc_id: planned.pop(document.doc_id) for document in chosen}
        for outcome in set(plans.values()):
            self.state.begin(collection, [one for one in plans if plans[one] is outcome], outcome)
        saved = self.target.save_many(collection, chosen)
        if saved:
            self.state.settle(collection, saved)
            self._count()
        return set(saved)

    def _write_one(self, collection: str, document: Document, planned: Outcome | None) -> None:
        """Write one document, with retries; add it to the problems if the target does not have it.

        The plan for the batch is recent enough for the first attempt only.
        """
        outcome, why = Outcome.FAILED, ""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                outcome = self._attempt(collection, document, planned if attempt == 1 else None)
            except RefusedError as refused:
                why = str(refused)
            except TargetFailedError as failure:
                longest = _FIRST_PAUSE * 2**attempt
                pause = random.uniform(longest / 2, longest)  # noqa: S311 - no secret depends on it
                if attempt < _ATTEMPTS and not self._stop.wait(pause):
                    continue
                why = str(failure)
                self._count(failed=why)
                break
            self._count()
            break
        if outcome is Outcome.CONFLICT:
            why = "the target has a different document with this id; it was not changed"
        if outcome in (Outcome.CONFLICT, Outcome.FAILED):
            self.problems.add(Problem(collection, document.doc_id, outcome, why))

    def _attempt(self, collection: str, document: Document, planned: Outcome | None) -> Outcome:
        """Write one document if it is missing or to be replaced; return what became of it."""
        if planned is None:
            found = self.target.checksum(collection, document.doc_id)
            planned = self._planned(document, found)
        if planned is Outcome.CONFLICT:
            return planned
        if planned in _WRITTEN:
            self.state.begin(collection, [document.doc_id], planned)
            if not self.options.dry_run:
                self.target.save(collection, document)
        self.state.settle(collection, [document.doc_id])
        return planned

    def _count(self, *, failed: str | None = None) -> None:
        """Count the failures in a row; raise `StoppedError` if there are too many."""
        with self._counting:
            self._failed_in_a_row = 0 if failed is None else self._failed_in_a_row + 1
            if self._failed_in_a_row >= _GIVE_UP_AFTER:
                raise StoppedError(
                    f"the target failed for {_GIVE_UP_AFTER} documents in a row, the last time "
                    f"with: {failed}. Run the same command again to continue"
                )


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    size = 0
    for document in documents:
        batch.append(document)
        size += len(document.line())
        if len(batch) == _BATCH_DOCUMENTS or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
