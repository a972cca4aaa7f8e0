"""The figures and sentences of all renderers: counts, broken clauses, sections, verdicts."""

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
    """Return the outcomes' counts by clause group, in the contract's order, unknown groups last."""
    counts: dict[str, Counter[Outcome]] = {group.name: Counter() for group in contract.groups}
    for result in target.clauses.values():
        group = result.clause.rpartition("-")[0]
        counts.setdefault(group, Counter())[result.outcome] += 1
    return {group: count for group, count in counts.items() if count}


def totals(target: TargetReport) -> Counter[Outcome]:
    """Return the outcomes' counts of a target."""
    return Counter(result.outcome for result in target.clauses.values())


def broken(target: TargetReport) -> list[ClauseResult]:
    """Return the clauses that failed or were in error, MUST before SHOULD."""
    found = with_outcome(target, Outcome.FAIL, Outcome.ERROR)
    return sorted(found, key=lambda result: _LEVELS.index(result.level))


def with_outcome(target: TargetReport, *outcomes: Outcome) -> list[ClauseResult]:
    """Return the clauses with one of these outcomes, in the contract's order."""
    return [result for result in target.clauses.values() if result.outcome in outcomes]


def not_met(target: TargetReport, level: str) -> list[ClauseResult]:
    """Return the clauses of a level that did not pass and should have, expected or not."""
    missed = with_outcome(target, *_MISSED)
    return [result for result in missed if result.level == level]


def by_reason(results: Iterable[ClauseResult]) -> dict[str, list[str]]:
    """Return the clause ids by their reason."""
    reasons: dict[str, list[str]] = {}
    for result in results:
        reasons.setdefault(result.reason or "no reason was given", []).append(result.clause)
    return reasons


def sections(target: TargetReport) -> dict[str, list[tuple[str, str]]]:
    """Return the lists that follow the broken clauses, by title, as names and texts."""
    expected = with_outcome(target, Outcome.EXPECTED_FAILURE)
    untested = by_reason(with_outcome(target, Outcome.NOT_TESTED))
    lists = {
        "Failed as expected": [(f"{r.clause} {r.level}", r.reason) for r in expected],
        "Not tested": [(", ".join(ids), reason) for reason, ids in untested.items()],
        "Also found": list(target.facts.items()),
        "Notes": [("", note) for note in target.notes],
    }
    return {title: items for title, items in lists.items() if items}


def verdict_sentence(target: TargetReport, *, interrupted: bool = False) -> str:
    """Return the verdict and its reasons."""
    return f"{target.verdict} ({'; '.join(_reasons(target, interrupted=interrupted))})"


def _reasons(target: TargetReport, *, interrupted: bool) -> list[str]:
    count = len(target.clauses)
    if not count:
        return ["no clause was run"]
    tested = totals(target)
    reasons = [f"{tested[Outcome.PASS]} of {count} clause{'s' * (count != 1)} passed"]
    for level in _LEVELS:
        missed = [r.outcome for r in target.clauses.values() if r.level == level]
        reasons += [
            f"{missed.count(outcome)} {level} {words}"
            for outcome, words in _MISSED.items()
            if outcome in missed
        ]
    if target.partial:
        reasons.append("a partial run: clauses were left out")
    if interrupted:
        reasons.append("interrupted")
    return reasons


_MISSED = {
    Outcome.FAIL: "failed",
    Outcome.ERROR: "in error",
    Outcome.NOT_TESTED: "not tested",
    Outcome.EXPECTED_FAILURE: "failed as expected",
}


def run_sentence(report: Report) -> str:
    """Return the settings of a run, which repeat it."""
    return (
        f"kit {report.kit} · contract {report.contract} · profile {report.profile} · "
        f"seed {report.seed} · {report.started} · {report.seconds:.1f} s"
    )


def server_sentence(target: TargetReport) -> str:
    """Return the server and the dialect of a target."""
    parts = [f"dialect {target.dialect}"]
    if target.server is not None:
        server = target.server
        parts.insert(0, f"{server.product} {server.version} ({server.source})")
    return " · ".join(parts)
