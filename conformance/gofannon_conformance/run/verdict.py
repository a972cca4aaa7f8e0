"""From the exception that a test raised to its outcome and its violations."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from gofannon_conformance.calls.violation import (
    CallHung,
    NotApplicable,
    NotTested,
    Violation,
    Violations,
    hang_violation,
)
from gofannon_conformance.report.model import Outcome
from gofannon_conformance.run.refusals import explained
from gofannon_conformance.run.sessions import CleaningUpFailed
from gofannon_conformance.run.workspace import CollectionInUse
from gofannon_conformance.usage import UsageError
from gofannon_conformance.values.exceptions import said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.run.sessions import Session


BROKE = "the kit or the server broke: "


class Judged(NamedTuple):
    """The outcome of a test, its reason if it has no violation, and its violations."""

    outcome: Outcome
    reason: str
    violations: list[Violation]


def judged_with_hang(error: object, session: Session | None) -> Judged:
    """Return the outcome of a test's body: of its exception, and of a call that hung in it."""
    hang = None if session is None else session.caller.trace.hang
    outcome, reason, violations = judged(error)
    if session is not None and violations:
        if server := session.revived_server():
            last = violations[-1].called
            return Judged(Outcome.ERROR, f"{server} ended by itself in this test, at {last}", [])
        violations = merged([explained(found, session) for found in violations])
    if hang is not None and not any(found.hung for found in violations):
        return Judged(Outcome.FAIL, "", [*violations, hang_violation(hang)])
    return Judged(outcome, reason, violations)


def merged(violations: list[Violation]) -> list[Violation]:
    """Return the violations without those whose clauses and calls another one has, too."""
    return list({(found.clauses, found.what, found.called): found for found in violations}.values())


def run_test(test: Callable[[Kit], None], kit: Kit) -> Judged:
    """Run a test without pytest, clean up after it, and return its outcome with all leaks."""
    raised: BaseException | None = None
    try:
        test(kit)
    except (Exception, CallHung) as error:  # noqa: BLE001  # it is judged, as in a run
        raised = error
    outcome, reason, violations = judged_with_hang(raised, kit.session)
    try:
        kit.finish()
    except Exception as error:  # noqa: BLE001  # the same
        after = judged(error)
        if not violations and outcome is Outcome.PASS:
            outcome, reason, _ = after
        violations = violations or after.violations
    leaks = kit.watch.take()
    if leaks and outcome is not Outcome.ERROR:
        outcome = Outcome.FAIL
    return Judged(outcome, reason, [*violations, *leaks])


def judged(error: object) -> Judged:
    """Return the outcome of an exception, or of None."""
    if isinstance(error, Violation):
        return Judged(Outcome.FAIL, "", [error])
    if isinstance(error, CallHung):
        return Judged(Outcome.FAIL, "", [hang_violation(error.answer)])
    if isinstance(error, Violations):
        return Judged(Outcome.FAIL, "", error.violations)
    if isinstance(error, NotApplicable):
        return Judged(Outcome.NOT_APPLICABLE, str(error), [])
    if isinstance(error, (NotTested, CollectionInUse)):
        return Judged(Outcome.NOT_TESTED, str(error), [])
    if isinstance(error, pytest.skip.Exception):
        return Judged(Outcome.NOT_TESTED, f"it was skipped: {error.msg}", [])
    if isinstance(error, pytest.xfail.Exception):
        return Judged(Outcome.NOT_TESTED, f"it was marked as xfail, and not run: {error.msg}", [])
    if isinstance(error, pytest.FixtureLookupError):
        return Judged(Outcome.ERROR, f"there is no fixture {error.argname!r} for it", [])
    if isinstance(error, (UsageError, CleaningUpFailed, pytest.fail.Exception)):
        return Judged(Outcome.ERROR, " ".join(str(error).split()), [])
    if isinstance(error, BaseException):
        return Judged(Outcome.ERROR, BROKE + said(error), [])
    return Judged(Outcome.PASS, "", [])


def without(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return a function that masks secrets in a text, because reports are shown to others.

    >>> without(["s3cret"])("redis://kit:s3cret@127.0.0.1")
    'redis://kit:***@127.0.0.1'
    """
    longest_first = sorted(filter(None, secrets), key=len, reverse=True)

    def masked(text: str) -> str:
        for secret in longest_first:
            text = text.replace(secret, "***")
        return text

    return masked
