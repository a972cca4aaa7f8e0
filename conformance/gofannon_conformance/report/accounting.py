"""The outcomes of clauses, computed from the results of tests.

Test results are plain dicts, because pytest-xdist sends them from other processes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from gofannon_conformance.report.explain import smallest_first
from gofannon_conformance.report.model import (
    ClauseResult,
    Failure,
    Outcome,
    Server,
    TargetReport,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gofannon_conformance.contract import Clause, Contract


class FailureData(TypedDict):
    """One violation, as it is sent between processes."""

    clauses: list[str]
    what: str
    called: str
    came: str
    expected: str
    differences: list[str]
    program: str
    reproduce: str


class TargetData(TypedDict):
    """The target of a test result."""

    name: str
    dialect: str
    server: dict[str, str] | None
    limits: dict[str, str]
    expected: dict[str, str]
    altered: dict[str, str]
    capabilities: dict[str, str]


class TestData(TypedDict):
    """The result of one test."""

    target: TargetData
    test: str
    clauses: list[str]
    outcome: str
    reason: str
    seconds: float
    failures: list[FailureData]
    facts: dict[str, str]


@dataclass
class Account:
    """The results of one target so far."""

    name: str
    results: list[TestData] = field(default_factory=list)
    planned: set[str] = field(default_factory=set)
    """The tests that were selected to run."""
    notes: list[str] = field(default_factory=list)

    def add(self, result: TestData) -> None:
        """Add the result of one test."""
        self.results.append(result)

    @property
    def target(self) -> TargetData | None:
        """The target; None if no test of it has begun."""
        return self.results[-1]["target"] if self.results else None

    def report(
        self,
        contract: Contract,
        suite: Mapping[str, tuple[str, ...]],
        selected: frozenset[str] | None,
    ) -> TargetReport:
        """Return the report of this target.

        `suite` is every test with its clauses, `selected` the clauses that options selected.
        """
        target = self.target
        facts: dict[str, str] = {}
        for result in self.results:
            facts.update(result["facts"])
        clauses = {}
        for clause in contract.clauses:
            found = self._clause(clause, suite, selected)
            if found is not None:
                clauses[clause.id] = found
        covered = {c.id for c in contract.clauses if c.covered}
        return TargetReport(
            name=self.name,
            dialect=contract.dialect,
            clauses=clauses,
            server=Server(**target["server"]) if target and target["server"] else None,
            facts=facts | (target["capabilities"] if target else {}),
            notes=(*self.notes, *self._notes()),
            partial=not covered <= clauses.keys(),
        )

    def _clause(
        self, clause: Clause, suite: Mapping[str, tuple[str, ...]], selected: frozenset[str] | None
    ) -> ClauseResult | None:
        tests = [name for name, ids in suite.items() if clause.id in ids]
        results = [r for r in self.results if clause.id in r["clauses"]]
        failures = [
            _failure(clause.id, result["test"], data)
            for result in self.results
            for data in result["failures"]
            if clause.id in data["clauses"]
        ]
        if not failures:
            if not clause.covered or (selected is not None and clause.id not in selected):
                return None
            if tests and not results and not self._not_reached(tests) and not self._removed(tests):
                return None  # left out by `-k` or `--lf`
        outcome, reason = self._outcome(clause, tests, results, failed=bool(failures))
        if outcome is Outcome.FAIL and not failures:
            failures = [Failure(clause=clause.id, test=tests[0], what=reason)]
        return ClauseResult(
            clause=clause.id,
            level=clause.level,
            outcome=outcome,
            tests=tuple(tests) or tuple(dict.fromkeys(f.test for f in failures)),
            seconds=round(sum(r["seconds"] for r in results), 6),
            reason=reason,
            failures=tuple(smallest_first(failures)),
        )

    def _outcome(
        self, clause: Clause, tests: list[str], results: list[TestData], *, failed: bool
    ) -> tuple[Outcome, str]:
        target = self.target
        limit = target["limits"].get(clause.id, "") if target else ""
        listed = target["expected"].get(clause.id, "") if target else ""
        if failed and listed:
            return Outcome.EXPECTED_FAILURE, listed
        if failed and limit:
            return Outcome.NOT_APPLICABLE, f"a limit of the server, not of the backend: {limit}"
        if failed:
            return Outcome.FAIL, ""
        if removed := self._removed(tests):
            return Outcome.NOT_TESTED, removed
        by_outcome: dict[str, list[TestData]] = {}
        for result in results:
            by_outcome.setdefault(result["outcome"], []).append(result)
        for kind in (Outcome.ERROR, Outcome.NOT_TESTED):
            if kind in by_outcome:
                return kind, by_outcome[kind][0]["reason"]
        if left := self._not_reached(tests):
            return Outcome.NOT_TESTED, f"the run was stopped before {left[0]}"
        if Outcome.PASS in by_outcome:
            ran = {r["test"] for r in results}
            if listed and ran >= set(tests):
                return Outcome.FAIL, (
                    f"it is listed as an expected failure ({listed}), but it passes: "
                    "remove it from the list"
                )
            return Outcome.PASS, ""
        if Outcome.NOT_APPLICABLE in by_outcome:
            return Outcome.NOT_APPLICABLE, by_outcome[Outcome.NOT_APPLICABLE][0]["reason"]
        if Outcome.FAIL in by_outcome:
            stopped = by_outcome[Outcome.FAIL][0]
            broken = ", ".join(sorted({i for f in stopped["failures"] for i in f["clauses"]}))
            return Outcome.NOT_TESTED, f"{stopped['test']} stopped at the failure of {broken}"
        return Outcome.NOT_TESTED, "no test of it ran"

    def _not_reached(self, tests: list[str]) -> list[str]:
        ran = {r["test"] for r in self.results}
        return [name for name in tests if name in self.planned and name not in ran]

    def _removed(self, tests: list[str]) -> str:
        altered = self.target["altered"] if self.target else {}
        changed = [f"{name} was {altered[name]}" for name in tests if name in altered]
        return f"{changed[0]} by the author's class" if changed else ""

    def _notes(self) -> list[str]:
        target = self.target
        if target is None:
            return []
        notes = [
            f"{name} was {how} in the author's class; list a known failure in "
            "`expected_failures` instead"
            for name, how in target["altered"].items()
        ]
        if target["limits"]:
            product = target["server"]["product"] if target["server"] else "the server"
            notes += [f"limit of {product}: {i}: {why}" for i, why in target["limits"].items()]
        return notes


def _failure(clause: str, test: str, data: FailureData) -> Failure:
    return Failure(
        clause=clause,
        test=test,
        what=data["what"],
        called=data["called"],
        came=data["came"],
        expected=data["expected"],
        differences=tuple(data["differences"]),
        program=data["program"],
        reproduce=data["reproduce"],
    )
