"""Sorting more records than memory should hold: in runs on the disk, merged as they are read."""

from __future__ import annotations

import heapq
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Self

_READ_RECORDS: Final = 512
_PREFIX: Final = "sorting-"


class SortedRuns:
    """Takes records of `size` bytes in any order, and gives them in the order of their bytes.

    At most `in_memory` records are held; the rest lies in files in a folder of its own under
    `folder` (the system's place for such files if None), which `close()` removes. At most
    `at_once` files are open for reading on each of the few levels of merging.
    """

    def __init__(
        self, size: int, folder: Path | None = None, *, in_memory: int = 50_000, at_once: int = 64
    ) -> None:
        self._size = size
        self._in_memory = in_memory
        self._at_once = at_once
        self._pending: list[bytes] = []
        self._levels: list[list[Path]] = [[]]
        self._written = 0
        self._folder = TemporaryDirectory(prefix=_PREFIX, dir=folder, ignore_cleanup_errors=True)

    def add(self, record: bytes) -> None:
        """Take one record."""
        self._pending.append(record)
        if len(self._pending) >= self._in_memory:
            self._write_level(0, sorted(self._pending))
            self._pending.clear()

    def __iter__(self) -> Iterator[bytes]:
        """Give all records taken so far, sorted; it can be done again."""
        files = [file for level in self._levels for file in level]
        return heapq.merge(sorted(self._pending), *map(self._read, files))

    def close(self) -> None:
        """Remove the files."""
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _write_level(self, level: int, records: Iterable[bytes]) -> None:
        self._written += 1
        file = Path(self._folder.name) / f"run-{self._written}"
        with file.open("wb") as run:
            run.writelines(records)
        if level == len(self._levels):
            self._levels.append([])
        self._levels[level].append(file)
        if len(self._levels[level]) == self._at_once:
            files = self._levels[level]
            self._levels[level] = []
            self._write_level(level + 1, heapq.merge(*map(self._read, files)))
            for merged in files:
                merged.unlink()

    def _read(self, file: Path) -> Iterator[bytes]:
        with file.open("rb") as run:
            while block := run.read(self._size * _READ_RECORDS):
                for start in range(0, len(block), self._size):
                    yield block[start : start + self._size]


def sweep(folder: Path) -> None:
    """Remove what sorting left in a folder when it was killed."""
    for left_over in folder.glob(f"{_PREFIX}*"):
        shutil.rmtree(left_over, ignore_errors=True)
