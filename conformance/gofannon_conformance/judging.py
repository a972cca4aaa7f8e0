"""What a test of the suite came to: from the exception that it raised to an outcome, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gofannon_conformance.handing import CleaningUpFailed
from gofannon_conformance.report.model import Outcome
from gofannon_conformance.resolve import said
from gofannon_conformance.usage import UsageError
from gofannon_conformance.violation import (
    NotApplicable,
    NothingMore,
    NotTested,
    Violation,
    Violations,
)
from gofannon_conformance.workspace import CollectionInUse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gofannon_conformance.accounting import FailureData, TestData
    from gofannon_conformance.contract import Contract

BROKE = "the kit or the server broke: "


def judged(error: object) -> tuple[Outcome, str, list[Violation]]:
    """Give the outcome, its reason, and the violations of what a test raised, if anything."""
    if isinstance(error, Violation):
        return Outcome.FAIL, "", [error]
    if isinstance(error, NothingMore):
        return Outcome.FAIL, "", [error.found]
    if isinstance(error, Violations):
        return Outcome.FAIL, "", error.violations
    if isinstance(error, NotApplicable):
        return Outcome.NOT_APPLICABLE, str(error), []
    if isinstance(error, (NotTested, CollectionInUse)):
        return Outcome.NOT_TESTED, str(error), []
    if isinstance(error, pytest.skip.Exception):
        return Outcome.NOT_TESTED, f"it was skipped: {error.msg}", []
    if isinstance(error, pytest.xfail.Exception):
        return Outcome.NOT_TESTED, f"it was marked as xfail, and not run: {error.msg}", []
    if isinstance(error, pytest.FixtureLookupError):
        return Outcome.ERROR, f"there is no fixture {error.argname!r} for it", []
    if isinstance(error, (UsageError, CleaningUpFailed, pytest.fail.Exception)):
        return Outcome.ERROR, " ".join(str(error).split()), []
    if isinstance(error, BaseException):
        return Outcome.ERROR, BROKE + said(error), []
    return Outcome.PASS, "", []


def rewrite(report: pytest.TestReport, data: TestData, contract: Contract, *, strict: bool) -> None:
    """Put the outcome into pytest's own report, in plain words and without the kit's frames."""
    outcome, broken = data["outcome"], data["failures"]
    if outcome == Outcome.PASS and not broken:
        return
    if report.skipped and outcome == Outcome.NOT_TESTED:
        return  # the author asked pytest to skip it; it counts against the run all the same
    if hasattr(report, "wasxfail"):
        del report.wasxfail  # a mark of pytest's does not excuse a clause; `expected_failures` does
    if broken:  # by what it tests, or by a secret that was shown meanwhile
        did_not_end = outcome in (Outcome.ERROR, Outcome.NOT_TESTED)
        why = [f"{outcome}: {data['reason']}"] if did_not_end else []
        report.longrepr = "\n\n".join([*why, *(told(contract, failure) for failure in broken)])
        excuse = "" if did_not_end else excuse_of(data, contract, strict=strict)
        report.outcome = "skipped" if excuse else "failed"
        if excuse:
            report.wasxfail = excuse
    elif outcome == Outcome.NOT_APPLICABLE:
        report.outcome = "skipped"
        report.longrepr = (str(report.location[0]), report.location[1] or 0, data["reason"])
    else:
        report.outcome = "failed"
        if not data["reason"].startswith(BROKE):
            report.longrepr = f"{outcome}: {data['reason']}"


def excuse_of(data: TestData, contract: Contract, *, strict: bool) -> str:
    """Say why a failed test does not fail the run; nothing if it does."""
    reasons = []
    for clause in {i for failure in data["failures"] for i in failure["clauses"]}:
        listed = data["target"]["expected"].get(clause)
        limit = data["target"]["limits"].get(clause)
        if listed or limit:
            reasons.append(f"{clause}: {listed or limit}")
        elif contract.clause(clause).level != "MUST" and not strict:
            reasons.append(f"{clause} is a {contract.clause(clause).level}")
        else:
            return ""
    return "; ".join(sorted(reasons))


def without(secrets: Iterable[str]) -> Callable[[str], str]:
    """Give what blots some secrets out of a text: a report is made to be shown.

    >>> without(["s3cret"])("redis://kit:s3cret@127.0.0.1")
    'redis://kit:***@127.0.0.1'
    """
    longest_first = sorted(filter(None, secrets), key=len, reverse=True)

    def shown(text: str) -> str:
        for secret in longest_first:
            text = text.replace(secret, "***")
        return text

    return shown


def told(contract: Contract, failure: FailureData) -> str:
    """Tell a failure in a few lines; the report at the end of the run tells it in full."""
    clause = contract.clause(failure["clauses"][0])
    lines = (
        ("called:  ", failure["called"]),
        ("came:    ", failure["came"]),
        ("expected:", failure["expected"]),
        *(("at       ", line) for line in failure["differences"][:5]),
        ("again:   ", failure["reproduce"]),
    )
    return "\n".join(
        [
            f"{clause.id} {clause.level}: {clause.text}",
            f"  {failure['what']}",
            *(f"  {label} {text}" for label, text in lines if text),
        ]
    )
