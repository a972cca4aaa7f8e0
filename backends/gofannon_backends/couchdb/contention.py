"""What changes of one document by several writers need: known revisions, turns, timed attempts."""

import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

RETRY_SECONDS: Final = 20.0
"""How long a change is tried against other writers, before a 409."""
LONGEST_PAUSE: Final = 0.2
LONGEST_WAIT_FOR_TURN: Final = 1.0
_LOCKS: Final = 64


@dataclass(frozen=True)
class Place:
    """A document's address, as the caller names it and as CouchDB does."""

    db_name: str
    doc_id: str
    database: str
    key: str


class Revisions:
    """The newest revisions seen, of at most `size` documents; the least recently used goes first.

    A wrong revision does no harm: CouchDB refuses it, and the right one is read then.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str], str] = OrderedDict()

    def known(self, place: Place) -> str | None:
        """Return the newest revision seen of the document, if it is still kept."""
        with self._lock:
            rev = self._known.get((place.database, place.key))
            if rev is not None:
                self._known.move_to_end((place.database, place.key))
            return rev

    def learn(self, place: Place, rev: str) -> None:
        """Keep the document's new revision."""
        with self._lock:
            self._known[place.database, place.key] = rev
            self._known.move_to_end((place.database, place.key))
            if len(self._known) > self._size:
                self._known.popitem(last=False)

    def forget(self, place: Place) -> None:
        """Remove a revision: the document is gone, or its state is unknown."""
        with self._lock:
            self._known.pop((place.database, place.key), None)


class Turns:
    """Locks for the threads of this process that change the same document.

    Without them the newest revision that a thread has just read is nearly always out of date. They
    only save requests, as CouchDB decides which change wins: a thread waits for a second at most.
    """

    def __init__(self) -> None:
        self._locks = [threading.Lock() for _ in range(_LOCKS)]

    @contextmanager
    def queue(self, place: Place) -> Iterator[Callable[[], None]]:
        """Yield a function that waits for the turn; the turn ends with the block."""
        lock = self._locks[hash((place.database, place.key)) % _LOCKS]
        has_turn = False

        def wait_for_turn() -> None:
            nonlocal has_turn
            has_turn = has_turn or lock.acquire(timeout=LONGEST_WAIT_FOR_TURN)

        try:
            yield wait_for_turn
        finally:
            if has_turn:
                lock.release()


def attempts() -> Iterator[int]:
    """Yield the numbers of the attempts: 0 in any case, more for `RETRY_SECONDS`."""
    no_more_after = time.monotonic() + RETRY_SECONDS
    yield 0
    attempt = 0
    while time.monotonic() < no_more_after:
        attempt += 1
        yield attempt


def pause(attempt: int) -> None:
    """Wait a random time that grows with the attempts; not after the first conflict."""
    longest = min(LONGEST_PAUSE, 0.005 * 2 ** min(attempt, 10)) if attempt else 0.0
    time.sleep(random.uniform(0, longest))  # noqa: S311 - jitter is no secret
