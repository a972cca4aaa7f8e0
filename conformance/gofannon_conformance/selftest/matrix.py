"""The kill matrix: for each service of the zoo, which clauses were meant, and which failed."""

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


class Verdict(StrEnum):
    """What the suite's trial of one service says of the suite."""

    KILLED = "killed"
    """Each clause that the mutant was meant to break has failed."""
    SURVIVED = "survived"
    """No clause has failed."""
    MISSED = "missed"
    """Clauses have failed, but not each that was meant."""
    VOID = "void"
    """The service was not tried: it could not be imported, or not opened, or never ended."""
    PENDING = "pending"
    """The suite does not claim yet to test what was meant."""
    PASSED = "passed"
    """A right service has broken nothing but the SHOULD clauses that it is known to lack."""
    FALSE_ALARM = "false alarm"
    """A right service was told that it is wrong."""
    BROKE = "the kit broke"
    """A test ended in an error of its own, or could not be run."""


GOOD = frozenset({Verdict.KILLED, Verdict.PASSED, Verdict.PENDING})


@dataclass(frozen=True, kw_only=True)
class Row:
    """One service on one seed."""

    service: Mutant | Control
    seed: int
    trial: Trial
    meant: tuple[str, ...]
    """The clauses that it was meant to break and that the suite claims to test."""

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
        """The clauses that failed, each with the tests that said so."""
        return self.trial.failed

    @property
    def missed(self) -> tuple[str, ...]:
        """The clauses that were meant, and did not fail."""
        return tuple(clause for clause in self.meant if clause not in self.failed)

    @property
    def also(self) -> tuple[str, ...]:
        """The clauses that failed besides."""
        return tuple(sorted(clause for clause in self.failed if clause not in self.meant))

    @property
    def killers(self) -> frozenset[str]:
        """The tests that named a clause that was meant."""
        return frozenset(test for c in self.meant for test in self.failed.get(c, ()))

    @property
    def first(self) -> float | None:
        """Seconds until a clause that was meant first failed."""
        return min((told.at for told in self.trial.told if told.test in self.killers), default=None)

    @property
    def trouble(self) -> str:
        """What the kit itself ran into: a test that broke, or that could not be run."""
        for told in self.trial.told:
            if told.outcome is Outcome.ERROR:
                return f"{told.test}: {told.said}"
        return ""

    @property
    def verdict(self) -> Verdict:
        """What the trial says of the suite."""
        if self.trial.void:
            return Verdict.VOID
        if self.trouble:
            return Verdict.BROKE
        if not isinstance(self.service, Mutant):
            right = {*self.failed} <= self._excused
            untested = any(told.outcome is Outcome.NOT_TESTED for told in self.trial.told)
            return Verdict.PASSED if right and not untested else Verdict.FALSE_ALARM
        if not self.meant:
            return Verdict.PENDING
        if not self.failed:
            return Verdict.SURVIVED
        return Verdict.MISSED if self.missed else Verdict.KILLED

    @property
    def _excused(self) -> frozenset[str]:
        return frozenset() if isinstance(self.service, Mutant) else frozenset(self.service.lacks)

    @property
    def why(self) -> str:
        """What is to be known of a verdict that is not good."""
        verdict = self.verdict
        if verdict is Verdict.VOID:
            return self.trial.void
        if verdict is Verdict.BROKE:
            return self.trouble
        if verdict is Verdict.FALSE_ALARM:
            return next(
                f"{told.test}: {' '.join((*told.clauses, told.said))}"
                for told in self.trial.told
                if told.outcome is Outcome.NOT_TESTED or not {*told.clauses} <= self._excused
            )
        if verdict is Verdict.SURVIVED:
            return "nothing has failed"
        if verdict is Verdict.MISSED:
            return f"{', '.join(self.missed)} did not fail, but {', '.join(self.also) or 'others'}"
        return ""


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """All the rows of one selftest, in the order of the zoo, and how they were made."""

    rows: tuple[Row, ...]
    tests: Mapping[str, tuple[str, ...]]
    """Every test of the suite, with its clauses."""
    form: str
    """`whole`, or `quick`: each mutant only until the clauses that it breaks have failed."""
    is_all: bool
    """Whether it is the whole zoo, nothing left out."""
    seconds: float
    workers: int
    interrupted: bool = False

    @property
    def errors(self) -> tuple[Row, ...]:
        """The rows that say that the suite, or the zoo, is not as it should be."""
        return tuple(row for row in self.rows if row.verdict not in GOOD)

    @property
    def mutants(self) -> tuple[Row, ...]:
        """The rows of services that are wrong on purpose."""
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
        """For each test, the mutants that no other test killed."""
        killers = Counter(name for names in self.kills.values() for name in names)
        return {
            test: tuple(name for name in names if killers[name] == 1)
            for test, names in self.kills.items()
        }

    @property
    def tells_redundancy(self) -> bool:
        """Whether every test was run on every mutant, so that it shows which one is needed."""
        return self.form == "whole" and self.is_all and not self.interrupted

    @property
    def on_trial(self) -> tuple[str, ...]:
        """The tests that could have killed something: a mutant was meant for one of its clauses."""
        meant = {clause for row in self.mutants for clause in row.meant}
        return tuple(test for test, clauses in self.tests.items() if not meant.isdisjoint(clauses))

    @property
    def redundant(self) -> tuple[str, ...]:
        """The tests that kill nothing that no other test kills."""
        return tuple(test for test in self.on_trial if not self.alone[test])

    @property
    def idle(self) -> tuple[str, ...]:
        """The tests that kill nothing, though they could: nobody knows whether they can fail."""
        return tuple(test for test in self.on_trial if not self.kills[test])
