"""Tests of the suite tried on one service, each with what it raised."""

from contextlib import contextmanager

from gofannon_conformance.calls.violation import (
    CallHung,
    NotApplicable,
    NotTested,
    Violation,
    Violations,
)
from gofannon_conformance.contract import load
from gofannon_conformance.run.kit import Kit
from gofannon_conformance.run.options import Options
from gofannon_conformance.run.profiles import Profile, profile_named
from gofannon_conformance.run.sessions import Run
from gofannon_conformance.run.verdict import judged_with_hang
from gofannon_conformance.selftest.trial import TESTS
from gofannon_conformance.suite import DatabaseServiceContract
from gofannon_conformance.target import Capabilities, Target

__all__ = ["TESTS", "clauses_of", "kits", "named_by", "of_groups", "outcomes", "target_of"]


def target_of(service, *, capabilities=None, **claims):
    return Target(
        name=service.__name__,
        connect=service,
        capabilities=Capabilities.of(capabilities),
        **claims,
    )


def of_groups(*groups):
    """Return the tests whose first clause is of some groups."""
    return {test: ids for test, ids in TESTS.items() if ids[0].partition("-")[0] in groups}


@contextmanager
def kits(target, *, seed=1, profile="quick"):
    """Open a service; give a function that makes what a test of that name is handed."""
    profile = profile if isinstance(profile, Profile) else profile_named(profile)
    run = Run(Options(profile=profile, seed=seed), load())
    session = run.open(target)
    try:
        yield lambda test: Kit.of(session, run.options, test, TESTS.get(test, ()))
    finally:
        session.close()
        run.close_all()


def outcomes(target, tests, **more):
    """Run tests of the suite on one open service; give what each of them raised, as it does."""
    with kits(target, **more) as kit_of:
        for test in tests:
            yield test, outcome(kit_of(test))


def outcome(kit):
    raised = None
    try:
        getattr(DatabaseServiceContract(), kit.test)(kit)
    except (Violation, Violations, NotApplicable, NotTested, CallHung) as error:
        raised = error
    violations = judged_with_hang(raised, kit.session).violations
    kit.finish()
    if len(violations) > 1:
        return Violations(violations)
    return violations[0] if violations else raised


def clauses_of(raised):
    """Return the clauses that a test has named."""
    if isinstance(raised, Violation):
        return set(raised.clauses)
    if isinstance(raised, Violations):
        return {clause for violation in raised.violations for clause in violation.clauses}
    return set()


def named_by(came):
    """Return the clauses that some tests have named."""
    return {clause for raised in came.values() for clause in clauses_of(raised)}
