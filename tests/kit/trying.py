"""Tests of the suite tried on one service, each with what it raised."""

from gofannon_conformance.contract import load
from gofannon_conformance.profiles import profile_named
from gofannon_conformance.running import Options, Run
from gofannon_conformance.selftest.trial import TESTS, kit_for
from gofannon_conformance.suite import DatabaseServiceContract
from gofannon_conformance.target import Capabilities, Target
from gofannon_conformance.violation import NotApplicable, NotTested, Violation, Violations

__all__ = ["TESTS", "clauses_of", "outcomes", "target_of"]


def target_of(service, *, capabilities=None, **claims):
    return Target(
        name=service.__name__,
        connect=service,
        capabilities=Capabilities.of(capabilities),
        collections=lambda opened: opened.created,
        **claims,
    )


def outcomes(target, tests, *, seed=1):
    """Run tests of the suite on one open service; give what each of them raised."""
    run = Run(Options(profile=profile_named("quick"), seed=seed), load())
    session = run.open(target)
    try:
        for test in tests:
            yield test, outcome(kit_for(run, session, test))
    finally:
        session.close()


def outcome(kit):
    try:
        getattr(DatabaseServiceContract(), kit.test)(kit)
    except (Violation, Violations, NotApplicable, NotTested) as raised:
        return raised
    finally:
        kit.finish()
    return None


def clauses_of(raised):
    if isinstance(raised, Violation):
        return set(raised.clauses)
    if isinstance(raised, Violations):
        return {clause for violation in raised.violations for clause in violation.clauses}
    return set()
