"""What a run leaves on the disk so that the next one goes on where it ended, whatever ended it.

A state folder says in `run.json` which run it is of. In its `journal` each document has a line
before it is written to the target, and another when the target has said yes:

    b 3 17      collection 3, line 17 of its file: about to be created there
    m 3 17      ... it was moved
    u 3 17      ... and was not there when the target was read back

A killed process loses no line that was written; a machine that loses power may lose the last
second's. A document whose second line is missing is looked for in the target again; if it is
there as it was to be written, the first line tells that it was this run that wrote it.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from gofannon_backends.transfer import durable
from gofannon_backends.transfer.failures import NotAsAskedError
from gofannon_backends.transfer.summary import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

RUN: Final = "run.json"
JOURNAL: Final = "journal"

_FLUSH_SECONDS: Final = 1.0

_INTENTIONS: Final = {b"b": Outcome.MOVED, b"o": Outcome.REPLACED}
_RESULTS: Final = {b"m": Outcome.MOVED, b"r": Outcome.REPLACED, b"a": Outcome.ALREADY_THERE}
_TAKEN_BACK: Final = b"u"
_INTENTION_OF: Final = {outcome: letter for letter, outcome in _INTENTIONS.items()}
_RESULT_OF: Final = {outcome: letter for letter, outcome in _RESULTS.items()}


def open_state(folder: Path, run: Mapping[str, Any]) -> bool:
    """Make the folder the state of this run, or find that it is; say whether it was there before.

    `NotAsAskedError` if it is the state of a run that was asked for in other words, or holds
    anything else.
    """
    durable.private_folder(folder)
    if (folder / RUN).exists():
        before = durable.read_json(folder / RUN)
        if not isinstance(before, dict):
            raise NotAsAskedError(f"{folder / RUN} is damaged: remove {folder} to begin anew")
        for name in [*run, *before]:
            if before.get(name) != run.get(name):
                raise NotAsAskedError(
                    f"{folder} is the state of an unfinished run with another {name}: "
                    f"{_shown(before.get(name))}, and not {_shown(run.get(name))}. Ask as it "
                    "did to go on with it; or begin anew with --restart, or with another --state"
                )
        return True
    if any(entry.name != RUN + durable.UNFINISHED for entry in folder.iterdir()):
        raise NotAsAskedError(f"{folder} is not empty, and not the state of an earlier run")
    durable.write_json(folder / RUN, run)
    return False


def remove_state(folder: Path) -> None:
    """Remove a state folder, so that no half of it can be taken for one."""
    removed = folder.with_name(f"{folder.name}.removed")
    shutil.rmtree(removed, ignore_errors=True)
    if (folder / RUN).exists():
        folder.rename(removed)
        shutil.rmtree(removed, ignore_errors=True)


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Keep a second run out of the folder for the time of the block; a killed one frees it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise NotAsAskedError(f"another run is using {folder}") from None
        yield
    finally:
        os.close(descriptor)


class Bits:
    """A yes or no for each line of a file, an eighth of a byte each."""

    def __init__(self, size: int) -> None:
        self._bytes = bytearray((size + 7) // 8)

    def __contains__(self, number: int) -> bool:
        return bool(self._bytes[number >> 3] & 1 << (number & 7))

    def add(self, number: int) -> None:
        """Make it a yes."""
        self._bytes[number >> 3] |= 1 << (number & 7)

    def remove(self, number: int) -> None:
        """Make it a no."""
        self._bytes[number >> 3] &= ~(1 << (number & 7))


class Journal:
    """What was begun and what is settled, for collections of so many lines each.

    Without a file it only counts, for a dry run. It takes lines from many threads. After a torn or
    damaged line nothing is believed, and the file is cut there: to know less is safe.
    """

    def __init__(self, file: Path | None, sizes: Sequence[int]) -> None:
        self._sizes = sizes
        self._begun = {outcome: [Bits(size) for size in sizes] for outcome in _INTENTIONS.values()}
        self._settled = [Bits(size) for size in sizes]
        self._counts = [dict.fromkeys(_RESULTS.values(), 0) for _ in sizes]
        self._lock = Lock()
        self._flushed = monotonic()
        self._descriptor: int | None = None
        if file is not None:
            self._read(file)
            self._descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def begun(self, collection: int, line: int) -> Outcome | None:
        """Return what a document was about to become when the run, or one before it, wrote it."""
        for outcome, begun in self._begun.items():
            if line in begun[collection]:
                return outcome
        return None

    def settled(self, collection: int, line: int) -> bool:
        """Say whether the target has the document, as far as it was told."""
        return line in self._settled[collection]

    def counts(self, collection: int) -> dict[Outcome, int]:
        """Return how many documents are settled, by outcome, in this run and those before."""
        with self._lock:
            return dict(self._counts[collection])

    def begin(self, collection: int, line: int, outcome: Outcome) -> None:
        """Note that a document is about to be written."""
        self.begin_many(collection, {line: outcome})

    def begin_many(self, collection: int, outcomes: Mapping[int, Outcome]) -> None:
        """Note that the documents of these lines are about to be written."""
        with self._lock:
            for line, outcome in outcomes.items():
                self._intend(collection, line, outcome)
            self._append(collection, ((_INTENTION_OF[o], line) for line, o in outcomes.items()))

    def settle(self, collection: int, line: int, outcome: Outcome) -> None:
        """Note that the target has the document."""
        self.settle_many(collection, {line: outcome})

    def settle_many(self, collection: int, outcomes: Mapping[int, Outcome]) -> None:
        """Note that the target has the documents of these lines."""
        with self._lock:
            for line, outcome in outcomes.items():
                self._count(collection, line, outcome)
            self._append(collection, ((_RESULT_OF[o], line) for line, o in outcomes.items()))

    def unsettle(self, collection: int, line: int) -> None:
        """Note that the target does not have the document after all: it is to be tried again."""
        with self._lock:
            self._uncount(collection, line)
            self._append(collection, [(_TAKEN_BACK, line)])

    def close(self) -> None:
        """Flush and close the file; what comes after is not noted in it."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _intend(self, collection: int, line: int, outcome: Outcome) -> None:
        for intended, begun in self._begun.items():
            if intended is outcome:
                begun[collection].add(line)
            else:
                begun[collection].remove(line)

    def _count(self, collection: int, line: int, outcome: Outcome) -> None:
        if line not in self._settled[collection]:
            self._settled[collection].add(line)
            self._counts[collection][outcome] += 1

    def _uncount(self, collection: int, line: int) -> None:
        if line in self._settled[collection]:
            self._settled[collection].remove(line)
            self._counts[collection][self.begun(collection, line) or Outcome.ALREADY_THERE] -= 1

    def _append(self, collection: int, lettered: Iterable[tuple[bytes, int]]) -> None:
        if self._descriptor is None:
            return
        lines = [b"%s %d %d\n" % (letter, collection, line) for letter, line in lettered]
        os.write(self._descriptor, b"".join(lines))
        now = monotonic()
        if now - self._flushed > _FLUSH_SECONDS:
            os.fsync(self._descriptor)
            self._flushed = now

    def _read(self, file: Path) -> None:
        if not file.exists():
            return
        good = 0
        with file.open("r+b") as lines:
            for line in lines:
                if not self._believed(line):
                    lines.truncate(good)
                    break
                good += len(line)

    def _believed(self, line: bytes) -> bool:
        letter, _, rest = line.partition(b" ")
        try:
            collection, number = (int(part) for part in rest.split(b" "))
        except ValueError:
            return False
        fit = (
            line.endswith(b"\n")
            and 0 <= collection < len(self._sizes)
            and 0 <= number < self._sizes[collection]
        )
        if fit and letter in _INTENTIONS:
            self._intend(collection, number, _INTENTIONS[letter])
        elif fit and letter in _RESULTS:
            self._count(collection, number, _RESULTS[letter])
        elif fit and letter == _TAKEN_BACK:
            self._uncount(collection, number)
        else:
            return False
        return True


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
