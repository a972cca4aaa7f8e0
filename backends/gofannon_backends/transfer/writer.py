"""Writing documents into a target with many threads, each of them one batch at a time.

The target is asked for the documents before they are written, and what is there is overwritten only
on request. Another program that creates the same document in between is not seen: the interface
has no "create only".

A batch is written with the target's own `get_many` and `save_many`, where it has them. Documents
for which this fails are then tried one by one, which shows whether the document or the target is
the cause.
"""

from __future__ import annotations

import queue
import random
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final

from gofannon_backends.transfer.errors import StoppedError
from gofannon_backends.transfer.requests import (
    RefusedError,
    TargetFailedError,
    checksum_of,
    request,
    target_checksum,
)
from gofannon_backends.transfer.summary import Outcome, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gofannon_backends.transfer.document import Document
    from gofannon_backends.transfer.options import Options
    from gofannon_backends.transfer.progress import Progress
    from gofannon_backends.transfer.requests import Target
    from gofannon_backends.transfer.state import State
    from gofannon_backends.transfer.summary import Problems

_BATCH_DOCUMENTS: Final = 100
_BATCH_BYTES: Final = 512 * 1024
"""The largest batch: small, so that little time passes between the question and the write, and
because two batches per writer are in memory."""

_ATTEMPTS: Final = 4
_FIRST_PAUSE: Final = 0.2
_GIVE_UP_AFTER: Final = 10
"""After so many failed documents in a row, the target is the cause."""

_STOP_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.1

_Batch = list["Document"]
_Present = dict[str, bytes | None]
"""Checksums of what the target has, by id; None for what it lacks."""


@dataclass
class Writer:
    """Writes documents to one target."""

    target: Target
    state: State
    problems: Problems
    progress: Progress
    options: Options
    _stop: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)
    _failed_in_a_row: int = 0
    _stopped_by: BaseException | None = None

    def write(self, collection: str, documents: Iterable[Document]) -> dict[Outcome, int]:
        """Write the documents of one collection; return how many were not written, by outcome.

        Documents that the state has as settled are skipped. A target that fails for one document
        after the other is a `StoppedError`.
        """
        batches: queue.Queue[_Batch | None] = queue.Queue(self.options.writers)
        unsettled = {Outcome.CONFLICT: 0, Outcome.FAILED: 0}
        threads = [
            Thread(target=self._work, args=(collection, batches, unsettled), daemon=True)
            for _ in range(self.options.writers)
        ]
        for thread in threads:
            thread.start()
        try:
            for batch in self._batches(collection, documents):
                self._put(batches, batch)
                if self._stop.is_set():
                    break
            for _ in threads:
                self._put(batches, None)
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
        return unsettled

    def _batches(self, collection: str, documents: Iterable[Document]) -> Iterator[_Batch]:
        """Yield the documents that are not settled, in batches."""
        for batch in _batches(documents):
            settled = self.state.settled(collection, batch)
            unsettled = [document for document in batch if document.key() not in settled]
            if unsettled:
                yield unsettled

    def _put(self, batches: queue.Queue[_Batch | None], item: _Batch | None) -> None:
        while not self._stop.is_set():
            try:
                batches.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return

    def _work(
        self,
        collection: str,
        batches: queue.Queue[_Batch | None],
        unsettled: dict[Outcome, int],
    ) -> None:
        """Write batches until there are no more; run by each thread."""
        try:
            while not self._stop.is_set():
                try:
                    batch = batches.get(timeout=_POLL_SECONDS)
                except queue.Empty:
                    continue
                if batch is None:
                    return
                self._write_batch(collection, batch, unsettled)
        except BaseException as error:  # noqa: BLE001 - `write` raises it
            with self._lock:
                self._stopped_by = self._stopped_by or error
            self._stop.set()

    def _write_batch(self, collection: str, batch: _Batch, unsettled: dict[Outcome, int]) -> None:
        present = self._present(collection, batch)
        saved = self._save_together(collection, batch, present)
        for document in batch:
            if self._stop.is_set():
                return
            problem = None
            if document.doc_id not in saved:
                problem = self._write_one(collection, document, present)
            if problem is not None:
                self.problems.add(problem)
                with self._lock:
                    unsettled[problem.outcome] += 1
            self.progress.advance()

    def _present(self, collection: str, batch: _Batch) -> _Present:
        """Return what the target has of a batch; nothing if it cannot answer for all at once."""
        get_many = getattr(self.target, "get_many", None)
        if get_many is None:
            return {}
        doc_ids = [document.doc_id for document in batch]
        try:
            found = request(lambda: get_many(collection, doc_ids))
            return {
                doc_id: checksum_of(collection, found[doc_id], self.options.dropped)
                for doc_id in doc_ids
            }
        except (RefusedError, TargetFailedError, LookupError, TypeError):
            return {}

    def _save_together(self, collection: str, batch: _Batch, present: _Present) -> set[str]:
        """Save the documents of a batch that are missing or to be replaced; return the saved ids.

        Their ids are removed from `present`, because it is out of date then.
        """
        save_many = getattr(self.target, "save_many", None)
        if save_many is None or self.options.dry_run:
            return set()
        chosen: list[Document] = []
        intended: dict[str, Outcome] = {}
        for document in batch:
            if document.doc_id not in present:
                continue
            found = present[document.doc_id]
            if found is None or (self.options.overwrite and found != document.checksum()):
                del present[document.doc_id]
                chosen.append(document)
                intended[document.doc_id] = Outcome.MOVED if found is None else Outcome.REPLACED
        if not chosen:
            return set()
        self.state.begin(collection, {one.key(): intended[one.doc_id] for one in chosen})
        try:
            entries = request(lambda: save_many(collection, [one.whole() for one in chosen]))
        except (RefusedError, TargetFailedError):
            return set()
        saved = _saved(chosen, entries)
        self.state.settle(collection, {one.key(): intended[one.doc_id] for one in saved})
        if saved:
            with self._lock:
                self._failed_in_a_row = 0
        return {document.doc_id for document in saved}

    def _write_one(self, collection: str, document: Document, present: _Present) -> Problem | None:
        """Write one document, with retries; return the problem if the target does not have it."""
        problem: Problem | None = None
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                # The answer for the batch is recent enough for the first attempt only.
                problem = self._attempt(collection, document, present if attempt == 1 else {})
            except RefusedError as refused:
                problem = Problem(collection, document.doc_id, Outcome.FAILED, str(refused))
            except TargetFailedError as failure:
                longest = _FIRST_PAUSE * 2**attempt
                pause = random.uniform(longest / 2, longest)  # noqa: S311 - no secret depends on it
                if attempt < _ATTEMPTS and not self._stop.wait(pause):
                    continue
                self._count_failure(str(failure))
                return Problem(collection, document.doc_id, Outcome.FAILED, str(failure))
            break
        with self._lock:
            self._failed_in_a_row = 0
        return problem

    def _attempt(self, collection: str, document: Document, known: _Present) -> Problem | None:
        if document.doc_id in known:
            present = known[document.doc_id]
        else:
            present = target_checksum(
                self.target, collection, document.doc_id, self.options.dropped
            )
        if present == document.checksum():
            outcome = self.state.mark(collection, document).intended or Outcome.ALREADY_THERE
        elif present is not None and not self.options.overwrite:
            return Problem(
                collection,
                document.doc_id,
                Outcome.CONFLICT,
                "the target has a different document with this id; it was not changed",
            )
        else:
            outcome = Outcome.MOVED if present is None else Outcome.REPLACED
            if not self.options.dry_run:
                self.state.begin(collection, {document.key(): outcome})
                fields = dict(document.fields)
                request(lambda: self.target.save(collection, document.doc_id, fields))
        self.state.settle(collection, {document.key(): outcome})
        return None

    def _count_failure(self, why: str) -> None:
        with self._lock:
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= _GIVE_UP_AFTER:
                raise StoppedError(
                    f"the target failed for {_GIVE_UP_AFTER} documents in a row, the last time "
                    f"with: {why}. Run the same command again to continue"
                )


def _saved(documents: _Batch, entries: object) -> _Batch:
    """Return the documents that the answer of `save_many` reports as saved."""
    if not isinstance(entries, list) or len(entries) != len(documents):
        return []
    return [
        document
        for document, entry in zip(documents, entries, strict=True)
        if isinstance(entry, dict)
        and entry.get("ok") is True
        and entry.get("id") == document.doc_id
    ]


def _batches(documents: Iterable[Document]) -> Iterator[_Batch]:
    batch: _Batch = []
    size = 0
    for document in documents:
        batch.append(document)
        size += len(document.line())
        if len(batch) == _BATCH_DOCUMENTS or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
