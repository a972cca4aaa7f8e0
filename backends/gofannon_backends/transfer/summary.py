"""The result of a run: what happened to each document, as counts, problems and text."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHOWN_PROBLEMS: Final = 100
"""The number of problems in a summary; its file has all of them."""


class Outcome(StrEnum):
    """What happened to a document."""

    MOVED = "moved"
    REPLACED = "replaced"
    ALREADY_THERE = "already there"
    CONFLICT = "conflict"
    FAILED = "failed"
    NOT_VERIFIED = "not verified"


@dataclass(frozen=True, slots=True)
class Problem:
    """A document that was not moved or not verified, and the reason."""

    collection: str
    doc_id: str
    outcome: Outcome
    reason: str

    def __str__(self) -> str:
        return f"{self.outcome}: {self.collection} {self.doc_id!r}: {self.reason}"


class Problems:
    """Collects problems from many threads: the first ones in memory, all of them in a file.

    Each line of the file is a JSON object with the fields of `Problem`. Without a problem there is
    no file.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.first: list[Problem] = []
        self.counts: Counter[tuple[str, Outcome]] = Counter()
        self._file = file
        self._lock = Lock()
        if file is not None:
            file.unlink(missing_ok=True)

    @property
    def files(self) -> tuple[str, ...]:
        """The file with all problems, if there are any."""
        return (str(self._file),) if self._file is not None and self.first else ()

    def add(self, problem: Problem) -> None:
        """Add a problem."""
        with self._lock:
            self.counts[problem.collection, problem.outcome] += 1
            if len(self.first) < SHOWN_PROBLEMS:
                self.first.append(problem)
            if self._file is not None:
                with self._file.open("a", encoding="ascii") as lines:
                    lines.write(json.dumps(asdict(problem)) + "\n")


def problems_in(file: Path) -> Iterator[Problem]:
    """Yield the problems in a file that `Problems` wrote; none if there is no such file."""
    if not file.exists():
        return
    with file.open(encoding="ascii") as lines:
        for line in lines:
            value = json.loads(line)
            yield Problem(**{**value, "outcome": Outcome(value["outcome"])})


@dataclass(frozen=True, slots=True)
class Counts:
    """The number of documents in one collection, and what happened to them.

    `documents` counts those that the source returned; `verified` those of them that were read back
    at the end and are equal.
    """

    documents: int = 0
    moved: int = 0
    replaced: int = 0
    already_there: int = 0
    conflicts: int = 0
    failed: int = 0
    verified: int = 0

    @property
    def settled(self) -> int:
        """The number of documents that the target has."""
        return self.moved + self.replaced + self.already_there

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The result of an export, an import or a migration.

    `problems` has the first hundred; the files in `problem_files` have all of them.
    """

    source: str
    target: str
    collections: dict[str, Counts]
    problems: tuple[Problem, ...] = ()
    problem_files: tuple[str, ...] = ()
    dry_run: bool = False
    resumed: bool = False
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> Counts:
        """The counts of all collections."""
        return sum(self.collections.values(), Counts())

    @property
    def complete(self) -> bool:
        """Whether each document was read back from the target and is equal.

        For a dry run: whether each one could be moved.
        """
        total = self.total
        if self.dry_run:
            return total.conflicts == total.failed == 0
        return total.verified == total.documents

    def lines(self) -> Iterator[str]:
        """Yield the lines of the summary as text."""
        yield f"{self.source} → {self.target}"
        yield ""
        yield from self._table()
        yield ""
        yield from map(str, self.problems)
        yield from (f"All problems are in {file}" for file in self.problem_files)
        yield from self.notes
        if self.resumed:
            yield "This run continued an earlier one; what that one did is counted here too."
        yield self._verdict()

    def _table(self) -> Iterator[str]:
        columns = [field.name for field in fields(Counts)]
        if self.dry_run:
            columns.remove("verified")
        rows = [["collection", *(column.replace("_", " ") for column in columns)]]
        for name, counts in self.collections.items():
            rows.append([name, *(f"{getattr(counts, column):,}" for column in columns)])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for first, *numbers in rows:
            yield "  ".join([first.ljust(widths[0]), *map(str.rjust, numbers, widths[1:])])

    def _verdict(self) -> str:
        total = self.total
        if self.dry_run:
            stay = total.conflicts + total.failed
            return (
                f"Dry run: {total.documents - stay:,} of {_documents(total.documents)} would be in "
                f"the target, {total.already_there:,} already there; {stay:,} would not be moved. "
                "Nothing was written."
            )
        if self.complete:
            return f"Complete: {_documents(total.documents)}, each one verified in the target."
        return (
            f"NOT complete: {_documents(total.documents - total.verified)} of {total.documents:,} "
            "not verified in the target "
            f"({total.conflicts:,} in conflict, {total.failed:,} failed)."
        )


def _documents(count: int) -> str:
    return f"{count:,} document" if count == 1 else f"{count:,} documents"
