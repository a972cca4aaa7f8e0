"""The progress of a run of the suite: the kinds of its results, grouped by clause group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gofannon_conformance.report import progress
from gofannon_conformance.report.model import Outcome
from gofannon_conformance.report.progress import MARKS_IN_A_LINE

if TYPE_CHECKING:
    import pytest

    from gofannon_conformance.report.accounting import TestData

__all__ = ["MARKS_IN_A_LINE", "Kind", "Progress", "kind_of"]


class Kind(progress.Kind):
    """The result of a test, as the progress shows it."""

    PASSED = ".", "passed"
    FAILED = "F", "failed", "failure"
    FAILED_A_SHOULD = "f", "SHOULD failed", "failure"
    EXPECTED = "x", "expected"
    NOT_APPLICABLE = "-", "n.a."
    NOT_TESTED = "?", "not tested"
    ERROR = "E", "in error", "failure"


_KINDS = {
    Outcome.PASS: Kind.PASSED,
    Outcome.NOT_APPLICABLE: Kind.NOT_APPLICABLE,
    Outcome.NOT_TESTED: Kind.NOT_TESTED,
    Outcome.ERROR: Kind.ERROR,
}


def kind_of(report: pytest.TestReport, data: TestData) -> Kind:
    """Return the kind of a test's result, by its outcome and its expected failures."""
    if not data["failures"]:
        return _KINDS[Outcome(data["outcome"])]
    if report.failed:
        return Kind.FAILED
    excused = data["target"]["expected"].keys() | data["target"]["limits"].keys()
    broken = {clause for failure in data["failures"] for clause in failure["clauses"]}
    return Kind.EXPECTED if broken <= excused else Kind.FAILED_A_SHOULD


class Progress(progress.Progress):
    """Shows how many tests have ended, and with which results."""

    def start(self, nodeid: str) -> None:
        """Show which test begins."""
        _, _, name = nodeid.rpartition("::")
        self.show(name.removeprefix("test_").replace("_", " "))

    def advance(self, data: TestData, kind: Kind) -> None:
        """Show the result of a test."""
        self.add(kind, group=data["clauses"][0].partition("-")[0])
