"""The tests of FAULT tell every blind service of the table, and accuse nobody else."""

from collections import Counter

import pytest
import served
from faulty import faulting
from faulty.faulting import BROKEN_FAULTING
from right import Right

from gofannon_conformance.contract import load
from gofannon_conformance.profiles import profile_named
from gofannon_conformance.running import Options, Run
from gofannon_conformance.suite import base
from gofannon_conformance.suite.faults import FaultTests
from gofannon_conformance.suite.kit import Kit
from gofannon_conformance.target import Target
from gofannon_conformance.violation import NotApplicable, NotTested, Violation, Violations

pytestmark = pytest.mark.zoo

TESTS = base.tests_of(FaultTests)
GONE = "test_get_save_and_delete_raise_when_the_server_is_gone"
CREDENTIALS = "test_wrong_credentials_are_refused_without_a_secret"
GROUP = [f"FAULT-{n}" for n in range(1, 9)]


def outcomes(target, tests=TESTS, *, until=lambda raised: False):
    """Run tests of the group on one open service; give what each of them raised."""
    run = Run(Options(profile=profile_named("quick"), seed=1), load())
    session = run.open(target)
    came = {}
    try:
        for test in tests:
            came[test] = outcome(run, session, test)
            if until(came[test]):
                break
    finally:
        session.close()
        run.close_all()
    return came


def outcome(run, session, test):
    session.caller.trace.begin_test()
    kit = Kit(
        test=test,
        target=session.target,
        contract=session.contract,
        profile=run.options.profile,
        seed=run.options.seed,
        caller=session.caller,
        workspace=session.workspace,
        detected=session.detected,
        instances=session.instances,
    )
    try:
        getattr(FaultTests(), test)(kit)
    except (Violation, Violations, NotApplicable, NotTested) as raised:
        return raised
    finally:
        kit.finish()
    return None


def clauses_of(raised):
    found = raised.violations if isinstance(raised, Violations) else [raised]
    return {clause for one in found for clause in getattr(one, "clauses", ())}


@pytest.mark.parametrize("broken", BROKEN_FAULTING, ids=lambda broken: broken.name)
def test_blind_service_is_told_by_the_clauses_that_it_breaks(broken):
    owed = {*broken.clauses}
    tests = [test for test, clauses in TESTS.items() if {*clauses} & owed & {*GROUP, "ERR-4"}]
    named = set()

    def told(raised):
        named.update(clauses_of(raised))
        return owed <= named

    came = outcomes(broken.target, tests, until=told)
    assert owed <= named, came


def target_of(service, **claims):
    claims = {"server": served.store, "bound": 15.0, **claims}
    return Target(name=service.__name__, connect=service, **claims)


@pytest.mark.parametrize(
    "service",
    [
        pytest.param(service, marks=() if service is served.Served else pytest.mark.zoo)
        for service in served.RIGHT_SERVED
    ],
)
def test_right_service_is_never_accused(service):
    dialect = "overview" if service is served.Overview else "interface"
    came = outcomes(target_of(service, dialect=dialect))
    assert {test: raised for test, raised in came.items() if raised} == {}


NEED_WORDS = {
    "test_foreign_answers_are_errors",
    "test_server_in_need_is_an_error_or_waited_for",
}
"""The tests in which the kit answers for the server."""


def test_right_service_of_an_unknown_protocol_is_asked_what_needs_no_words():
    came = outcomes(target_of(served.Served, server=served.store_of_unknown_protocol))
    assert {type(raised) for test, raised in came.items() if test in NEED_WORDS} == {NotApplicable}
    assert {t: raised for t, raised in came.items() if raised and t not in NEED_WORDS} == {}


@pytest.mark.parametrize("broken", [faulting.PageFails, faulting.SaveRetried])
def test_blind_service_of_an_unknown_protocol_is_told(broken):
    target = target_of(broken, server=served.store_of_unknown_protocol)
    tests = [test for test, clauses in TESTS.items() if {"FAULT-4", "FAULT-7"} & {*clauses}]
    named = {c for raised in outcomes(target, tests).values() for c in clauses_of(raised)}
    assert named & {"FAULT-4", "FAULT-7"}


def test_wrong_credentials_are_no_matter_to_a_server_that_lets_everyone_in():
    (raised,) = outcomes(
        target_of(served.Served, server=served.store_for_all), [CREDENTIALS]
    ).values()
    assert isinstance(raised, NotApplicable)
    assert "lets in" in str(raised)


def test_service_that_goes_its_own_way_to_the_server_is_not_tested():
    with served.running() as server:

        class Headstrong(served.Served):
            def __init__(self, endpoint):
                super().__init__(server.endpoint)

        came = outcomes(target_of(Headstrong, server=lambda: server.endpoint))
    hard = {test: raised for test, raised in came.items() if test != CREDENTIALS}
    assert {type(raised) for raised in hard.values()} == {NotTested}
    assert all("endpoint.url" in str(raised) for raised in hard.values())


def test_instances_that_share_nothing_are_asked_nothing():
    class Apart(served.Served):
        made = 0

        def __init__(self, endpoint):
            super().__init__(endpoint)
            Apart.made += 1
            self.own = f"own-{Apart.made}-"

        def path(self, db_name, doc_id):
            return super().path(self.own + db_name, doc_id)

        def page(self, db_name, after):
            return super().page(self.own + db_name, after)

    came = outcomes(target_of(Apart), [GONE])
    assert {type(raised) for raised in came.values()} == {NotApplicable}


def test_each_clause_of_the_group_has_three_services_that_break_it():
    broken = Counter(clause for broken in BROKEN_FAULTING for clause in broken.clauses)
    assert [clause for clause in GROUP if broken[clause] < 3] == []


def test_group_asks_nothing_of_a_service_without_a_server():
    came = outcomes(Target(name="right", connect=Right))
    assert {type(raised) for raised in came.values()} == {NotApplicable}
    assert all("server" in str(raised) for raised in came.values())
