"""The trial of one service: runs tests of the suite on it, in this process and without pytest.

The tests and their kit are those of a normal run; pytest would only add time to each.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from gofannon_conformance.contract import load
from gofannon_conformance.report.model import Outcome
from gofannon_conformance.run.kit import Kit
from gofannon_conformance.run.options import Options
from gofannon_conformance.run.sessions import Run
from gofannon_conformance.run.verdict import run_test
from gofannon_conformance.suite import DatabaseServiceContract
from gofannon_conformance.suite.base import tests_of
from gofannon_conformance.target.resolve import resolve
from gofannon_conformance.usage import UsageError
from gofannon_conformance.values.exceptions import said

if TYPE_CHECKING:
    from gofannon_conformance.run.profiles import Profile
    from gofannon_conformance.run.sessions import Session
    from gofannon_conformance.target import Target

TESTS = tests_of(DatabaseServiceContract)
"""Every test of the suite with its clauses, in the order of the contract."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A target, the tests to run on it, and their profile and seed."""

    spec: str
    tests: tuple[str, ...]
    profile: Profile
    seed: int
    until: frozenset[str] = frozenset()
    """Stop once all of these clauses have failed; if empty, run every test."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The result of one test in a trial."""

    test: str
    outcome: Outcome
    at: float
    """Seconds since the trial began."""
    clauses: tuple[str, ...] = ()
    """The clauses that it found broken."""
    message: str = ""
    """The first failure, or the reason why the test did not pass."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The results of the tests on one service."""

    entries: tuple[Entry, ...] = ()
    seconds: float = 0.0
    void: str = ""
    """Why the service was not tried: importing or opening it failed."""

    @property
    def failed(self) -> dict[str, list[str]]:
        """The clauses that failed, each with the tests that found it."""
        failed: dict[str, list[str]] = {}
        for entry in self.entries:
            for clause in entry.clauses:
                failed.setdefault(clause, []).append(entry.test)
        return failed


def run_job(job: Job, target: Target | None = None) -> Trial:
    """Open a service and run tests on it; every failure becomes part of the trial.

    Without a target, the job's spec names it.
    """
    began = perf_counter()
    run = Run(Options(profile=job.profile, seed=job.seed), load())
    try:
        session = run.open(resolve(job.spec) if target is None else target)
    except Exception as error:  # noqa: BLE001  # any error means that nothing was tried
        message = str(error) if isinstance(error, UsageError) else said(error)
        return Trial(void=message, seconds=perf_counter() - began)
    entries = []
    left = set(job.until)
    try:
        for test in job.tests:
            entries.append(_run_test(run, session, test, began))
            left -= set(entries[-1].clauses)
            if job.until and not left:
                break
    finally:
        problem = _close(session)
    if problem:
        at = perf_counter() - began
        entries.append(
            Entry(test="closing the service", outcome=Outcome.ERROR, at=at, message=problem)
        )
    return Trial(entries=tuple(entries), seconds=perf_counter() - began)


def _run_test(run: Run, session: Session, test: str, began: float) -> Entry:
    kit = Kit.of(session, run.options, test, TESTS[test])
    outcome, reason, violations = run_test(getattr(DatabaseServiceContract(), test), kit)
    return Entry(
        test=test,
        outcome=outcome,
        at=perf_counter() - began,
        clauses=tuple(dict.fromkeys(c for violation in violations for c in violation.clauses)),
        message=violations[0].what if violations else reason,
    )


def _close(session: Session) -> str:
    try:
        session.close()
    except Exception as error:  # noqa: BLE001  # an author's close() may raise anything
        return said(error)
    return ""
