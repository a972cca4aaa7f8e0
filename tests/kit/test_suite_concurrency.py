"""The tests of CON find every race of the table, whatever the seed, and accuse nobody else."""

import pytest
from faulty.racing import BROKEN_RACING, RIGHT_RACING

from gofannon_conformance.contract import load
from gofannon_conformance.profiles import profile_named
from gofannon_conformance.running import Options, Run
from gofannon_conformance.suite import base
from gofannon_conformance.suite import concurrency_ways as ways
from gofannon_conformance.suite.concurrency import ConcurrencyTests
from gofannon_conformance.suite.kit import Kit
from gofannon_conformance.target import Capabilities, Target
from gofannon_conformance.violation import NotApplicable, NotTested, Violation

TESTS = base.tests_of(ConcurrencyTests)
SEEDS = (1, 2)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """A deadlock is given up after seconds."""
    monkeypatch.setattr(ways, "LONGEST", 4.0)


def target_of(service, *, capabilities=None, **claims):
    return Target(
        name=service.__name__,
        connect=service,
        capabilities=Capabilities.of(capabilities),
        **claims,
    )


def outcomes(target, tests, seed, profile="quick"):
    """Run tests of the group on one open service; give what each of them raised."""
    run = Run(Options(profile=profile_named(profile), seed=seed), load())
    session = run.open(target)
    came = {}
    try:
        for test in tests:
            session.caller.trace.begin_test()
            kit = Kit(
                test=test,
                target=session.target,
                contract=session.contract,
                profile=run.options.profile,
                seed=seed,
                caller=session.caller,
                workspace=session.workspace,
                detected=session.detected,
                instances=session.instances,
            )
            try:
                getattr(ConcurrencyTests(), test)(kit)
                came[test] = None
            except (Violation, NotApplicable, NotTested) as raised:
                came[test] = raised
            finally:
                kit.finish()
    finally:
        session.close()
    return came


def named_by(came):
    return {c for raised in came.values() for c in getattr(raised, "clauses", ())}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("broken", BROKEN_RACING, ids=lambda broken: broken.name)
def test_race_is_found_by_the_clauses_that_it_breaks(broken, seed):
    owed = set(broken.clauses)
    tests = [test for test, clauses in TESTS.items() if owed & {*clauses}]
    came = outcomes(target_of(broken.make, **broken.claims), tests, seed)
    assert owed <= named_by(came), came


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("service", RIGHT_RACING)
def test_right_service_is_never_accused(service, seed):
    came = outcomes(target_of(service), TESTS, seed)
    assert {t: r for t, r in came.items() if r and not isinstance(r, NotApplicable)} == {}
