"""The suite fails on what is wrong, by the clause that is broken, and passes what is right."""

from collections import Counter

import pytest
from faulty import BROKEN
from right import Guarded, Modest, Objects, Overview, Right

from gofannon_conformance.contract import Level, load
from gofannon_conformance.profiles import profile_named
from gofannon_conformance.running import Options, Run
from gofannon_conformance.suite import DatabaseServiceContract, base
from gofannon_conformance.suite.kit import Kit
from gofannon_conformance.target import Capabilities, Target
from gofannon_conformance.violation import NotApplicable, NotTested, Violation, Violations

TESTS = base.tests_of(DatabaseServiceContract)
COVERED = [clause for clause in load().clauses if clause.covered]
SHOULD = {clause.id for clause in COVERED if clause.level is Level.SHOULD}


def target_of(service, *, capabilities=None, **claims):
    return Target(
        name=service.__name__,
        connect=service,
        capabilities=Capabilities.of(capabilities),
        collections=lambda opened: opened.created,
        **claims,
    )


def kit_of(run, session, test):
    session.caller.trace.begin_test()
    return Kit(
        test=test,
        target=session.target,
        contract=session.contract,
        profile=run.options.profile,
        seed=run.options.seed,
        caller=session.caller,
        workspace=session.workspace,
        detected=session.detected,
        secrets=session.secrets,
    )


def outcomes(target, tests, *, seed=1):
    """Run tests of the suite on one open service; give what each of them raised."""
    run = Run(Options(profile=profile_named("quick"), seed=seed), load())
    session = run.open(target)
    try:
        for test in tests:
            yield test, outcome(kit_of(run, session, test))
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


def row(broken, clause):
    return pytest.param(broken, clause, id=f"{clause}-{broken.name}")


@pytest.mark.parametrize(
    ("broken", "clause"), [row(broken, clause) for broken in BROKEN for clause in broken.clauses]
)
def test_broken_service_is_caught_by_the_clause_that_it_breaks(broken, clause):
    tests = [test for test, clauses in TESTS.items() if clause in clauses]
    came = []
    for test, raised in outcomes(target_of(broken.service, **broken.claims), tests):
        if clause in clauses_of(raised):
            return
        came.append(f"{test}: {raised!r}")
    pytest.fail(f"{broken.mistake} No test of {clause} has told:\n" + "\n".join(came))


@pytest.mark.parametrize("test", TESTS)
def test_every_test_of_the_suite_tells_of_a_broken_service(test):
    for broken in BROKEN:
        owed = {*broken.clauses} & {*TESTS[test]}
        if not owed:
            continue
        ((_, raised),) = outcomes(target_of(broken.service, **broken.claims), [test])
        if clauses_of(raised) & owed:
            return
    pytest.fail(f"no broken service fails {test}")


def test_every_clause_that_is_claimed_has_a_broken_service():
    broken = {clause for broken in BROKEN for clause in broken.clauses}
    assert [clause.id for clause in COVERED if clause.id not in broken] == []


def test_every_broken_service_has_a_name_of_its_own_and_a_sentence():
    names = Counter(broken.name for broken in BROKEN)
    assert [name for name, count in names.items() if count > 1] == []
    assert [b.name for b in BROKEN if not (b.mistake or "").rstrip().endswith(".")] == []


NOT_APPLICABLE = {
    Right: {"test_stale_revision_is_refused"},
    Guarded: {
        "test_old_revision_does_not_stop_a_save",
        "test_foreign_revision_does_not_stop_a_save",
    },
    Overview: {"test_stale_revision_is_refused"},
}
"""The tests that ask nothing of a right service, because it lacks, or has, a capability."""

NOT_DONE = {Modest: SHOULD - {"API-3"}}
"""The clauses that a service breaks which does what it must, and not what it should."""


@pytest.mark.parametrize(
    ("service", "dialect", "seed"),
    [
        *(pytest.param(Right, "interface", seed, id=f"right-{seed}") for seed in (1, 2, 3)),
        pytest.param(Guarded, "interface", 1, id="with-conflicts"),
        pytest.param(Overview, "overview", 1, id="overview"),
        pytest.param(Objects, "interface", 1, id="keeps-objects"),
        pytest.param(Modest, "interface", 1, id="only-what-it-must"),
    ],
)
def test_right_service_passes_every_test(service, dialect, seed):
    came = dict(outcomes(target_of(service, dialect=dialect), TESTS, seed=seed))
    not_done = NOT_DONE.get(service, set())
    skipped = {test for test, raised in came.items() if isinstance(raised, NotApplicable)}
    assert {t: r for t, r in came.items() if r and t not in skipped and not clauses_of(r)} == {}
    broken = {test: raised for test, raised in came.items() if clauses_of(raised) - not_done}
    assert broken == {}
    assert {clause for raised in came.values() for clause in clauses_of(raised)} == not_done
    assert skipped == NOT_APPLICABLE.get(service, NOT_APPLICABLE[Right])
