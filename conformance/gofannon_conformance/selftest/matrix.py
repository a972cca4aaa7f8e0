"""The kill matrix: for each service, the clauses that it should break and those that failed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from gofannon_conformance.mutants import Mutant
from gofannon_conformance.report.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gofannon_conformance.mutants import Control
    from gofannon_conformance.selftest.trial import Trial


class Result(StrEnum):
    """The result of trying the suite on one service."""

    KILLED = "killed"
    """Every clause that the mutant is meant to break failed."""
    SURVIVED = "survived"
    """No clause failed."""
    MISSED = "missed"
    """Some clauses failed, but not all of the meant ones."""
    VOID = "void"
    """The service was not tried: importing or opening it failed, or the trial did not end."""
    PENDING = "pending"
    """The suite does not claim to test the meant clauses yet."""
    PASSED = "passed"
    """A right service broke nothing but the SHOULD clauses that it is known to lack."""
    FALSE_ALARM = "false alarm"
    """A right service failed."""
    BROKE = "the kit broke"
    """A test ended in an error of its own, or could not run."""


GOOD = frozenset({Result.KILLED, Result.PASSED, Result.PENDING})


@dataclass(frozen=True, kw_only=True)
class Row:
    """One service with one seed."""

    service: Mutant | Control
    seed: int
    trial: Trial
    meant: tuple[str, ...]
    """The clauses that it is meant to break and that the suite claims to test."""

    @property
    def name(self) -> str:
        """The name of the service."""
        return self.service.name

    @property
    def is_mutant(self) -> bool:
        """Whether it is wrong on purpose."""
        return isinstance(self.service, Mutant)

    @cached_property
    def failed(self) -> dict[str, list[str]]:
        """The clauses that failed, each with the tests that found it."""
        return self.trial.failed

    @property
    def missed(self) -> tuple[str, ...]:
        """The meant clauses that did not fail."""
        return tuple(clause for clause in self.meant if clause not in self.failed)

    @property
    def also(self) -> tuple[str, ...]:
        """The other clauses that failed."""
        return tuple(sorted(clause for clause in self.failed if clause not in self.meant))

    @property
    def killers(self) -> frozenset[str]:
        """The tests that found a meant clause broken."""
        return frozenset(test for c in self.meant for test in self.failed.get(c, ()))

    @property
    def first(self) -> float | None:
        """Seconds until the first meant clause failed."""
        return min((e.at for e in self.trial.entries if e.test in self.killers), default=None)

    @property
    def error(self) -> str:
        """The first error of the kit itself: a test that broke or could not run."""
        for entry in self.trial.entries:
            if entry.outcome is Outcome.ERROR:
                return f"{entry.test}: {entry.message}"
        return ""

    @property
    def result(self) -> Result:
        """The result of the trial."""
        if self.trial.void:
            return Result.VOID
        if self.error:
            return Result.BROKE
        if not isinstance(self.service, Mutant):
            right = {*self.failed} <= self._excused
            untested = any(e.outcome is Outcome.NOT_TESTED for e in self.trial.entries)
            return Result.PASSED if right and not untested else Result.FALSE_ALARM
        if not self.meant:
            return Result.PENDING
        if not self.failed:
            return Result.SURVIVED
        return Result.MISSED if self.missed else Result.KILLED

    @property
    def _excused(self) -> frozenset[str]:
        return frozenset() if isinstance(self.service, Mutant) else frozenset(self.service.lacks)

    @property
    def why(self) -> str:
        """The reason of a result that is not good."""
        result = self.result
        if result is Result.VOID:
            return self.trial.void
        if result is Result.BROKE:
            return self.error
        if result is Result.FALSE_ALARM:
            return next(
                f"{entry.test}: {' '.join((*entry.clauses, entry.message))}"
                for entry in self.trial.entries
                if entry.outcome is Outcome.NOT_TESTED or not {*entry.clauses} <= self._excused
            )
        if result is Result.SURVIVED:
            return "no clause failed"
        if result is Result.MISSED:
            return f"{', '.join(self.missed)} did not fail, but {', '.join(self.also) or 'others'}"
        return ""


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """All rows of one selftest, in the order of the services, and how it was run."""

    rows: tuple[Row, ...]
    tests: Mapping[str, tuple[str, ...]]
    """Every test of the suite, with its clauses."""
    form: str
    """`whole`, `right`, or `quick`: each mutant only until its meant clauses have failed."""
    is_all: bool
    """Whether no service was left out."""
    seconds: float
    workers: int
    interrupted: bool = False

    @property
    def errors(self) -> tuple[Row, ...]:
        """The rows with a bad result."""
        return tuple(row for row in self.rows if row.result not in GOOD)

    @property
    def mutants(self) -> tuple[Row, ...]:
        """The rows of mutants."""
        return tuple(row for row in self.rows if row.is_mutant)

    @property
    def right(self) -> tuple[Row, ...]:
        """The rows of right services."""
        return tuple(row for row in self.rows if not row.is_mutant)

    @cached_property
    def kills(self) -> dict[str, tuple[str, ...]]:
        """For each test, the mutants that it killed."""
        killed: dict[str, dict[str, None]] = {test: {} for test in self.tests}
        for row in self.mutants:
            for test in row.killers:
                killed[test][row.name] = None
        return {test: tuple(names) for test, names in killed.items()}

    @cached_property
    def alone(self) -> dict[str, tuple[str, ...]]:
        """For each test, the mutants that only it killed."""
        killers = Counter(name for names in self.kills.values() for name in names)
        return {
            test: tuple(name for name in names if killers[name] == 1)
            for test, names in self.kills.items()
        }

    @property
    def is_complete(self) -> bool:
        """Whether every test ran on every mutant, so that the matrix shows which test is needed."""
        return self.form == "whole" and self.is_all and not self.interrupted

    @property
    def with_mutants(self) -> tuple[str, ...]:
        """The tests that have a mutant for one of their clauses."""
        meant = {clause for row in self.mutants for clause in row.meant}
        return tuple(test for test, clauses in self.tests.items() if not meant.isdisjoint(clauses))

    @property
    def redundant(self) -> tuple[str, ...]:
        """The tests that kill no mutant alone."""
        return tuple(test for test in self.with_mutants if not self.alone[test])

    @property
    def idle(self) -> tuple[str, ...]:
        """The tests that kill no mutant, so that it is unknown whether they can fail."""
        return tuple(test for test in self.with_mutants if not self.kills[test])
