"""One service tried by tests of the suite, in this process, without pytest around them.

The tests and what they are handed are those of a run; pytest would only add its own time to each.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from gofannon_conformance.contract import load
from gofannon_conformance.judging import judged
from gofannon_conformance.report.model import Outcome
from gofannon_conformance.resolve import resolve, said
from gofannon_conformance.running import Options, Run
from gofannon_conformance.suite import DatabaseServiceContract
from gofannon_conformance.suite.base import tests_of
from gofannon_conformance.suite.kit import Kit
from gofannon_conformance.usage import UsageError
from gofannon_conformance.violation import Violation, Violations

if TYPE_CHECKING:
    from gofannon_conformance.profiles import Profile
    from gofannon_conformance.running import Session
    from gofannon_conformance.target import Target

TESTS = tests_of(DatabaseServiceContract)
"""Every test of the suite with its clauses, in the order of the contract."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be tried: a target as one writes it, by which tests, how hard, on which seed."""

    spec: str
    tests: tuple[str, ...]
    profile: Profile
    seed: int
    until: frozenset[str] = frozenset()
    """Stop when each of these clauses has failed; none means to run every test."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one test came to."""

    test: str
    outcome: Outcome
    at: float
    """Seconds since the trial began."""
    clauses: tuple[str, ...] = ()
    """The clauses that it says are broken."""
    said: str = ""
    """The first failure in its own words, or why it is no pass."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What the tests made of one service."""

    told: tuple[Told, ...] = ()
    seconds: float = 0.0
    void: str = ""
    """Why the service was not tried at all: it could not be imported, or not opened."""

    @property
    def failed(self) -> dict[str, list[str]]:
        """The clauses that failed, each with the tests that say so."""
        failed: dict[str, list[str]] = {}
        for told in self.told:
            for clause in told.clauses:
                failed.setdefault(clause, []).append(told.test)
        return failed


def tried(job: Job, target: Target | None = None) -> Trial:
    """Open a service and run tests on it; whatever it does, the answer is a value.

    The target is the one that the job's spec means, unless it is given.
    """
    began = perf_counter()
    run = Run(Options(profile=job.profile, seed=job.seed), load())
    try:
        session = run.open(resolve(job.spec) if target is None else target)
    except Exception as error:  # noqa: BLE001  # whatever it is, nothing was tried
        words = str(error) if isinstance(error, UsageError) else said(error)
        return Trial(void=words, seconds=perf_counter() - began)
    told = []
    left = set(job.until)
    try:
        for test in job.tests:
            told.append(_told(run, session, test, began))
            left -= set(told[-1].clauses)
            if job.until and not left:
                break
    finally:
        trouble = _closed(session)
    if trouble:
        at = perf_counter() - began
        told.append(Told(test="closing the service", outcome=Outcome.ERROR, at=at, said=trouble))
    return Trial(told=tuple(told), seconds=perf_counter() - began)


def _told(run: Run, session: Session, test: str, began: float) -> Told:
    kit = Kit.of(session, run.options, test)
    raised: Exception | None = None
    try:
        getattr(DatabaseServiceContract(), test)(kit)
    except Exception as error:  # noqa: BLE001  # it is judged, as a run would
        raised = error
    try:
        kit.finish()
    except Violation as found:  # a call never came back, which nobody has said yet
        raised = raised if isinstance(raised, (Violation, Violations)) else found
    except Exception as error:  # noqa: BLE001  # the same
        raised = raised or error
    outcome, reason, violations = judged(raised)
    leaks = session.opened.watch.take()
    violations += leaks
    return Told(
        test=test,
        outcome=Outcome.FAIL if leaks and outcome is not Outcome.ERROR else outcome,
        at=perf_counter() - began,
        clauses=tuple(dict.fromkeys(c for violation in violations for c in violation.clauses)),
        said=violations[0].what if violations else reason,
    )


def _closed(session: Session) -> str:
    try:
        session.close()
    except Exception as error:  # noqa: BLE001  # an author's close() may raise anything
        return said(error)
    return ""
