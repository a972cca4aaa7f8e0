"""Writing documents into a target with many threads, each document by itself.

Before documents are written the target is asked for them, a few at a time: what is there is not
overwritten, unless that was asked for. Another program that creates the same document between the
question and the writing is not seen; the interface has no way to say "create only".
"""

from __future__ import annotations

import queue
import random
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol

from fastapi import HTTPException

from gofannon_backends.transfer.failures import StoppedError
from gofannon_backends.transfer.passing import Document, UnfitError, taken
from gofannon_backends.transfer.summary import Outcome, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from typing import Any

    from gofannon_backends.transfer.progress import Progress
    from gofannon_backends.transfer.state import Journal
    from gofannon_backends.transfer.summary import Problems

_BATCH_DOCUMENTS: Final = 16
_BATCH_BYTES: Final = 256 * 1024
"""How much is asked for at once: little, so that the answer is new when it is acted upon."""

_ATTEMPTS: Final = 4
_FIRST_PAUSE: Final = 0.2
_GIVE_UP_AFTER: Final = 10
"""So many documents in a row that the target has failed: it is the target, not the documents."""

_NOT_THE_DOCUMENTS: Final = frozenset({401, 403, 408, 429})
"""Of the statuses below 500: credentials, time and throttling are no document's fault."""

_STOP_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.1


class Target(Protocol):
    """What can be written to: any `DatabaseService`."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        """Return the document; a missing one is a 404."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        """Create the document, or replace it whole."""


class TargetFailedError(Exception):
    """The target failed for a reason that is not the document's, and may pass."""


class RefusedError(Exception):
    """The target does not take the document."""


_Batch = list[tuple[int, Document]]
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
        for line, document in batch:
            if self._stop.is_set():
                return
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
            found = _asked(lambda: get_many(place.collection, doc_ids))
            return {
                doc_id: _checksum_of(place.collection, found[doc_id], self.leave_behind)
                for doc_id in doc_ids
            }
        except (RefusedError, TargetFailedError, LookupError, TypeError):
            return {}

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
                _asked(
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


def checksum_in(
    target: Target, collection: str, doc_id: str, leave_behind: AbstractSet[str]
) -> bytes | None:
    """Return the checksum of a target's document; None if there is none of that id.

    What is there and is no document that could be moved has a checksum that is no document's.
    """
    found = _asked(lambda: target.get(collection, doc_id), missing=True)
    return _checksum_of(collection, found, leave_behind)


def _checksum_of(
    collection: str, found: object | None, leave_behind: AbstractSet[str]
) -> bytes | None:
    try:
        return None if found is None else taken(collection, found, leave_behind).checksum()
    except UnfitError:
        return b""


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


def _asked(call: Any, *, missing: bool = False) -> Any:
    """Make a call to the target; what goes wrong is told apart by whose fault it is."""
    try:
        return call()
    except HTTPException as failure:
        status, why = failure.status_code, str(failure.detail)
    except Exception as failure:  # noqa: BLE001 - a service's own error, whose text may hold secrets
        status, why = 500, f"the target's service raised {type(failure).__name__}"
    if missing and status == 404:
        return None
    if status in _NOT_THE_DOCUMENTS or status >= 500:
        raise TargetFailedError(why)
    raise RefusedError(why)


def _failed(place: Place, document: Document, why: str) -> Problem:
    return Problem(place.collection, document.doc_id, Outcome.FAILED, why)
