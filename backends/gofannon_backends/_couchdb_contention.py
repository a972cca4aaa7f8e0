"""Changing documents that others change too: revisions, turns and patience."""

import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

PATIENCE: Final = 20.0
"""For so many seconds a change is tried against other writers, before a 409."""
LONGEST_PAUSE: Final = 0.2
LONGEST_WAIT_FOR_TURN: Final = 1.0
_QUEUES: Final = 64


@dataclass(frozen=True)
class Place:
    """A document's address, as the caller names it and as CouchDB does."""

    db_name: str
    doc_id: str
    database: str
    key: str


class Revisions:
    """The newest revisions seen, of a bounded number of documents; the oldest used goes first.

    A wrong one does no harm: CouchDB refuses it, and the right one is learnt then.
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
        """Keep the revision, in place of the one before."""
        with self._lock:
            self._known[place.database, place.key] = rev
            self._known.move_to_end((place.database, place.key))
            if len(self._known) > self._size:
                self._known.popitem(last=False)

    def forget(self, place: Place) -> None:
        """Drop what is known: the document is gone, or its state in doubt."""
        with self._lock:
            self._known.pop((place.database, place.key), None)


class Turns:
    """Lets the threads of this process that contend for a document try one after the other.

    Otherwise the newest revision that each has just learnt is nearly always another's old one.
    A turn is waited for a second at most: it is a courtesy, and CouchDB decides.
    """

    def __init__(self) -> None:
        self._locks = [threading.Lock() for _ in range(_QUEUES)]

    @contextmanager
    def queue(self, place: Place) -> Iterator[Callable[[], None]]:
        """Give a function that waits for the turn, which ends with the block."""
        lock = self._locks[hash((place.database, place.key)) % _QUEUES]
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
    """Count the tries, the first in any case, until patience is over."""
    given_up_at = time.monotonic() + PATIENCE
    yield 0
    attempt = 0
    while time.monotonic() < given_up_at:
        attempt += 1
        yield attempt


def pause(attempt: int) -> None:
    """Let others go first, the longer the more often they did; not at the first conflict."""
    longest = min(LONGEST_PAUSE, 0.005 * 2 ** min(attempt, 10)) if attempt else 0.0
    time.sleep(random.uniform(0, longest))  # noqa: S311 - jitter is no secret
