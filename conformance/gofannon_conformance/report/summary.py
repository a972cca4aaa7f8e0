"""What every renderer counts and orders: outcomes by group, broken clauses, reasons, verdicts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gofannon_conformance.report.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gofannon_conformance.contract import Contract
    from gofannon_conformance.report.model import ClauseResult, Report, TargetReport

COLUMNS: Mapping[Outcome, str] = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "fail",
    Outcome.ERROR: "error",
    Outcome.NOT_APPLICABLE: "n.a.",
    Outcome.NOT_TESTED: "not tested",
    Outcome.EXPECTED_FAILURE: "expected",
}
"""The heading of each outcome, in the order of the columns."""

_LEVELS = ("MUST", "SHOULD", "MAY")


def tally(target: TargetReport, contract: Contract) -> dict[str, Counter[Outcome]]:
    """Count outcomes by clause group, in the contract's order; groups it lacks come last."""
    counts: dict[str, Counter[Outcome]] = {group.name: Counter() for group in contract.groups}
    for result in target.clauses.values():
        group = result.clause.rpartition("-")[0]
        counts.setdefault(group, Counter())[result.outcome] += 1
    return {group: count for group, count in counts.items() if count}


def totals(target: TargetReport) -> Counter[Outcome]:
    """Count the outcomes of a target."""
    return Counter(result.outcome for result in target.clauses.values())


def broken(target: TargetReport) -> list[ClauseResult]:
    """Give the clauses that failed or erred: each MUST before each SHOULD."""
    found = with_outcome(target, Outcome.FAIL, Outcome.ERROR)
    return sorted(found, key=lambda result: _LEVELS.index(result.level))


def with_outcome(target: TargetReport, *outcomes: Outcome) -> list[ClauseResult]:
    """Give the clauses that came out so, in the contract's order."""
    return [result for result in target.clauses.values() if result.outcome in outcomes]


def not_met(target: TargetReport, level: str) -> list[ClauseResult]:
    """Give the clauses of a level that failed, erred or were not tested, expected or not."""
    missed = with_outcome(target, *_MISSED)
    return [result for result in missed if result.level == level]


def by_reason(results: Iterable[ClauseResult]) -> dict[str, list[str]]:
    """Give the clause ids that share each reason."""
    reasons: dict[str, list[str]] = {}
    for result in results:
        reasons.setdefault(result.reason or "no reason was given", []).append(result.clause)
    return reasons


def verdict_sentence(target: TargetReport, *, interrupted: bool = False) -> str:
    """Say the verdict, and what it rests on."""
    return f"{target.verdict} ({'; '.join(_grounds(target, interrupted=interrupted))})"


def _grounds(target: TargetReport, *, interrupted: bool) -> list[str]:
    count = len(target.clauses)
    if not count:
        return ["no clause was run"]
    tested = totals(target)
    grounds = [f"{tested[Outcome.PASS]} of {count} clause{'s' * (count != 1)} passed"]
    for level in _LEVELS:
        missed = [r.outcome for r in target.clauses.values() if r.level == level]
        grounds += [
            f"{missed.count(outcome)} {level} {words}"
            for outcome, words in _MISSED.items()
            if outcome in missed
        ]
    if target.partial:
        grounds.append("a partial run: clauses were left out")
    if interrupted:
        grounds.append("interrupted")
    return grounds


_MISSED = {
    Outcome.FAIL: "failed",
    Outcome.ERROR: "in error",
    Outcome.NOT_TESTED: "not tested",
    Outcome.EXPECTED_FAILURE: "failed as expected",
}


def run_sentence(report: Report) -> str:
    """Say how the run was made, so that it can be made again."""
    return (
        f"kit {report.kit} · contract {report.contract} · profile {report.profile} · "
        f"seed {report.seed} · {report.started} · {report.seconds:.1f} s"
    )


def server_sentence(target: TargetReport) -> str:
    """Say what a target ran on and which dialect it was held to."""
    words = [f"dialect {target.dialect}"]
    if target.server is not None:
        server = target.server
        words.insert(0, f"{server.product} {server.version} ({server.source})")
    return " · ".join(words)
