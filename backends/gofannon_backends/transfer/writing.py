"""Writing documents into a target with many threads, each of them a batch at a time.

Before documents are written the target is asked for them: what is there is not overwritten, unless
that was asked for. Another program that creates the same document between the question and the
writing is not seen; the interface has no way to say "create only".

A batch goes in by the target's own `get_many` and `save_many`, where it has them. What does not go
in so, for whatever reason, is then tried by itself: that tells what is wrong with it, and whether
it is the document or the target.
"""

from __future__ import annotations

import queue
import random
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final

from gofannon_backends.transfer.asking import (
    RefusedError,
    TargetFailedError,
    asked,
    checksum_in,
    checksum_of,
)
from gofannon_backends.transfer.failures import StoppedError
from gofannon_backends.transfer.summary import Outcome, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from gofannon_backends.transfer.asking import Target
    from gofannon_backends.transfer.passing import Document
    from gofannon_backends.transfer.progress import Progress
    from gofannon_backends.transfer.state import Journal
    from gofannon_backends.transfer.summary import Problems

_BATCH_DOCUMENTS: Final = 100
_BATCH_BYTES: Final = 512 * 1024
"""How much is asked for at once: little, so that the answer is new when it is acted upon; and
each writer has two batches in memory."""

_ATTEMPTS: Final = 4
_FIRST_PAUSE: Final = 0.2
_GIVE_UP_AFTER: Final = 10
"""So many documents in a row that the target has failed: it is the target, not the documents."""

_STOP_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.1


_Batch = list[tuple[int, "Document"]]
_Present = dict[str, bytes | None]


@dataclass(frozen=True)
class Place:
    """A collection of a run: its name, and its number in the journal."""

    collection: str
    number: int


@dataclass
class Writing:
    """How documents are written to one target."""

    target: Target
    journal: Journal
    problems: Problems
    progress: Progress
    leave_behind: AbstractSet[str]
    overwrite: bool
    writers: int
    dry_run: bool
    _stop: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)
    _failed_in_a_row: int = 0
    _stopped_by: BaseException | None = None

    def write(self, place: Place, documents: Iterator[tuple[int, Document]]) -> dict[Outcome, int]:
        """Write the documents of one collection; return how many were not, by outcome.

        What the journal has as settled is passed over. A target that fails document after
        document is a `StoppedError`.
        """
        waiting: queue.Queue[_Batch | None] = queue.Queue(self.writers)
        unsettled = {Outcome.CONFLICT: 0, Outcome.FAILED: 0}
        threads = [
            Thread(target=self._work, args=(place, waiting, unsettled), daemon=True)
            for _ in range(self.writers)
        ]
        for thread in threads:
            thread.start()
        open_ones = (
            (line, document)
            for line, document in documents
            if not self.journal.settled(place.number, line)
        )
        try:
            for batch in _batches(open_ones):
                self._put(waiting, batch)
                if self._stop.is_set():
                    break
            for _ in threads:
                self._put(waiting, None)
            for thread in threads:
                # In turns: a bare join() would let no Ctrl-C through on every system.
                while thread.is_alive():
                    thread.join(_POLL_SECONDS)
        except BaseException:
            self._stop.set()
            # A call that hangs is not waited for: the journal knows that it was begun.
            given_up_at = monotonic() + _STOP_SECONDS
            for thread in threads:
                thread.join(max(0.0, given_up_at - monotonic()))
            raise
        if self._stopped_by is not None:
            raise self._stopped_by
        return unsettled

    def _put(
        self,
        waiting: queue.Queue[_Batch | None],
        item: _Batch | None,
    ) -> None:
        while not self._stop.is_set():
            try:
                waiting.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return

    def _work(
        self,
        place: Place,
        waiting: queue.Queue[_Batch | None],
        unsettled: dict[Outcome, int],
    ) -> None:
        try:
            while not self._stop.is_set():
                try:
                    batch = waiting.get(timeout=_POLL_SECONDS)
                except queue.Empty:
                    continue
                if batch is None:
                    return
                self._settle_batch(place, batch, unsettled)
        except BaseException as error:  # noqa: BLE001 - it is raised where the writing was asked for
            with self._lock:
                self._stopped_by = self._stopped_by or error
            self._stop.set()

    def _settle_batch(self, place: Place, batch: _Batch, unsettled: dict[Outcome, int]) -> None:
        present = self._present(place, batch)
        done = self._saved_at_once(place, batch, present)
        for line, document in batch:
            if self._stop.is_set():
                return
            problem = None
            if line not in done:
                problem = self._settled(place, line, document, present)
            if problem is not None:
                self.problems.add(problem)
                with self._lock:
                    unsettled[problem.outcome] += 1
            self.progress.advance()

    def _present(self, place: Place, batch: _Batch) -> _Present:
        """Return the checksums of what the target has of a batch, None for what it has not.

        Nothing is returned where the target cannot answer for all: each is then asked for alone.
        """
        get_many = getattr(self.target, "get_many", None)
        if get_many is None:
            return {}
        doc_ids = [document.doc_id for _, document in batch]
        try:
            found = asked(lambda: get_many(place.collection, doc_ids))
            return {
                doc_id: checksum_of(place.collection, found[doc_id], self.leave_behind)
                for doc_id in doc_ids
            }
        except (RefusedError, TargetFailedError, LookupError, TypeError):
            return {}

    def _saved_at_once(self, place: Place, batch: _Batch, present: _Present) -> set[int]:
        """Save what the target lacks of a batch, or is to replace; return the lines that went in.

        The others are no longer in `present`: they may be there all the same, or be refused.
        """
        save_many = getattr(self.target, "save_many", None)
        if save_many is None or self.dry_run:
            return set()
        intended: dict[int, Outcome] = {}
        documents: dict[int, Document] = {}
        for line, document in batch:
            if document.doc_id not in present:
                continue
            found = present[document.doc_id]
            if found is None or (self.overwrite and found != document.checksum()):
                intended[line] = Outcome.MOVED if found is None else Outcome.REPLACED
                documents[line] = document
        if not documents:
            return set()
        self.journal.begin_many(place.number, intended)
        for document in documents.values():
            del present[document.doc_id]
        try:
            given = [document.whole() for document in documents.values()]
            entries = asked(lambda: save_many(place.collection, given))
        except (RefusedError, TargetFailedError):
            return set()
        saved = _lines_saved(documents, entries)
        self.journal.settle_many(place.number, {line: intended[line] for line in saved})
        if saved:
            with self._lock:
                self._failed_in_a_row = 0
        return saved

    def _settled(
        self, place: Place, line: int, document: Document, present: _Present
    ) -> Problem | None:
        """Bring one document into the target; return what is wrong if it is not there then."""
        problem: Problem | None = None
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                # An answer for a batch is good for the first try only.
                known = present if attempt == 1 else {}
                problem = self._tried(place, line, document, known)
            except RefusedError as refused:
                problem = _failed(place, document, str(refused))
            except TargetFailedError as failure:
                problem = _failed(place, document, str(failure))
                longest = _FIRST_PAUSE * 2**attempt
                pause = random.uniform(longest / 2, longest)  # noqa: S311 - no secret depends on it
                if attempt < _ATTEMPTS and not self._stop.wait(pause):
                    continue
                self._count_failure(str(failure))
                return problem
            break
        with self._lock:
            self._failed_in_a_row = 0
        return problem

    def _tried(
        self, place: Place, line: int, document: Document, known: _Present
    ) -> Problem | None:
        begun = self.journal.begun(place.number, line)
        if document.doc_id in known:
            present = known[document.doc_id]
        else:
            present = checksum_in(self.target, place.collection, document.doc_id, self.leave_behind)
        if present == document.checksum():
            outcome = begun or Outcome.ALREADY_THERE
        elif present is not None and not self.overwrite:
            return Problem(
                place.collection,
                document.doc_id,
                Outcome.CONFLICT,
                "the target has another document of this id, which was left as it is",
            )
        else:
            outcome = Outcome.MOVED if present is None else Outcome.REPLACED
            if not self.dry_run:
                self.journal.begin(place.number, line, outcome)
                asked(
                    lambda: self.target.save(
                        place.collection, document.doc_id, dict(document.fields)
                    )
                )
        self.journal.settle(place.number, line, outcome)
        return None

    def _count_failure(self, why: str) -> None:
        with self._lock:
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= _GIVE_UP_AFTER:
                raise StoppedError(
                    f"the target failed for {_GIVE_UP_AFTER} documents in a row, the last time "
                    f"with: {why}. Run the same again to go on"
                )


def _lines_saved(documents: dict[int, Document], entries: object) -> set[int]:
    """Return the lines of those documents that the answer of `save_many` says are saved."""
    if not isinstance(entries, list) or len(entries) != len(documents):
        return set()
    return {
        line
        for (line, document), entry in zip(documents.items(), entries, strict=True)
        if isinstance(entry, dict)
        and entry.get("ok") is True
        and entry.get("id") == document.doc_id
    }


def _batches(documents: Iterator[tuple[int, Document]]) -> Iterator[_Batch]:
    batch: _Batch = []
    size = 0
    for line, document in documents:
        batch.append((line, document))
        size += len(document.line())
        if len(batch) == _BATCH_DOCUMENTS or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _failed(place: Place, document: Document, why: str) -> Problem:
    return Problem(place.collection, document.doc_id, Outcome.FAILED, why)
