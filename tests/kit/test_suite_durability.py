"""The tests of DUR find what forgets or tells late, and accuse nobody else."""

from dataclasses import replace

import lasting_server
import pytest
from faulty import lasting

from gofannon_conformance.contract import load
from gofannon_conformance.profiles import profile_named
from gofannon_conformance.running import Options, Run
from gofannon_conformance.suite import base
from gofannon_conformance.suite.durability import DurabilityTests
from gofannon_conformance.suite.get import GetTests
from gofannon_conformance.suite.kit import Kit
from gofannon_conformance.target import Capabilities, Target
from gofannon_conformance.violation import NotApplicable, NotTested, Violation

TESTS = base.tests_of(DurabilityTests)


class Both(DurabilityTests, GetTests):
    """What is asked of an instance that has been through the tests of DUR."""


def target_of(make, *, capabilities=None, **claims):
    return Target(
        name=make.__name__,
        connect=make,
        spec=f"faulty.lasting:{make.__name__}",
        capabilities=Capabilities.of(capabilities),
        **claims,
    )


def outcomes(target, tests):
    run = Run(Options(profile=profile_named("quick"), seed=1), load())
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
                seed=1,
                caller=session.caller,
                workspace=session.workspace,
                detected=session.detected,
                instances=session.instances,
            )
            try:
                getattr(Both(), test)(kit)
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


@pytest.mark.parametrize("broken", lasting.BROKEN_LASTING, ids=lambda broken: broken.name)
def test_what_forgets_is_found_by_the_clauses_that_it_breaks(broken):
    owed = set(broken.clauses)
    tests = [test for test, clauses in TESTS.items() if owed & {*clauses}]
    came = outcomes(broken.target, tests)
    assert owed <= named_by(came), came


@pytest.mark.parametrize("persistent", [None, False])
@pytest.mark.parametrize("make", lasting.RIGHT_ALONE)
def test_right_service_that_keeps_to_itself_is_never_accused(make, persistent):
    came = outcomes(
        target_of(make, capabilities={"persistent": persistent}),
        [*TESTS, "test_missing_document_is_404", "test_deleted_document_is_404"],
    )
    assert named_by(came) == set()
    assert not any(isinstance(raised, NotTested) for raised in came.values()), came


@pytest.mark.parametrize("persistent", [None, True])
@pytest.mark.parametrize("make", lasting.RIGHT_LASTING)
def test_right_service_that_lasts_passes(make, persistent):
    came = outcomes(target_of(make, capabilities={"persistent": persistent}), TESTS)
    (raised,) = filter(None, came.values())
    assert "names no server" in str(raised)


@pytest.mark.parametrize("restartable", [None, True])
def test_right_server_outlives_a_stop_and_a_kill(restartable):
    claims = {"server": lasting.server("right"), "capabilities": {"restartable": restartable}}
    came = outcomes(target_of(lasting.Served, **claims), RESTART)
    assert came == {RESTART[0]: None}


def test_claim_of_a_store_that_opens_once_at_a_time_is_not_held_against_it():
    came = outcomes(target_of(lasting.Locked, capabilities={"persistent": True}), TESTS)
    assert {type(raised) for raised in came.values()} == {NotApplicable}
    assert "it can be opened once at a time" in " ".join(map(str, came.values()))


def test_claim_that_no_process_can_be_asked_about_is_not_tested():
    target = replace(target_of(lasting.Files, capabilities={"persistent": True}), spec="nowhere:x")
    came = outcomes(target, [test for test, clauses in TESTS.items() if "DUR-2" in clauses])
    assert {type(raised) for raised in came.values()} == {NotTested}


RESTART = ("test_what_was_told_outlives_a_stop_and_a_kill_of_the_server",)


@pytest.mark.parametrize(
    ("habit", "restartable", "said"),
    [
        ("memory", None, "in memory by nature"),
        ("memory", False, "says that it is not restartable"),
        ("end", None, None),  # it keeps a stop; nobody has claimed more
    ],
)
def test_server_that_claims_nothing_may_forget(habit, restartable, said):
    claims = {"server": lasting.server(habit), "capabilities": {"restartable": restartable}}
    (raised,) = outcomes(target_of(lasting.Served, **claims), RESTART).values()
    if said is None:
        assert raised is None
    else:
        assert isinstance(raised, NotApplicable)
        assert said in str(raised)


@pytest.mark.parametrize(("claimed", "kind"), [(None, NotApplicable), (True, NotTested)])
def test_server_that_cannot_be_stopped_is_said_to_be(claimed, kind):
    with lasting_server.Program("right") as program:
        claims = {"server": lambda: program.url, "capabilities": {"restartable": claimed}}
        (raised,) = outcomes(target_of(lasting.Served, **claims), RESTART).values()
    assert isinstance(raised, kind)
    assert "has no stop() and start()" in str(raised)


FIXTURES = """
import pytest
from faulty.lasting import Files, TemporaryFolder
from gofannon_conformance import DatabaseServiceContract


class Kept(Files):
    def __init__(self, folder):
        self.given = folder
        super().__init__()

    def place(self):
        return self.given


class TestMine(DatabaseServiceContract):
    capabilities = {"persistent": True}

    def connect(self, tmp_path):
        return Kept(tmp_path)


class TestOne(DatabaseServiceContract):
    @pytest.fixture
    def service(self):
        return TemporaryFolder()


class TestBuffers(DatabaseServiceContract):
    def connect(self, tmp_path):
        return Buffers(tmp_path)


class Buffers(Kept):
    def __init__(self, folder):
        super().__init__(folder)
        self.mine = {}

    def put(self, *order):
        self.mine[order[:2]] = order[2]

    def close(self):
        for key, doc in self.mine.items():
            super().put(*key, doc)

    def find(self, *key):
        return self.mine.get(key) or super().find(*key)
"""


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("TestMine", {"DUR-1": "pass", "DUR-2": "not applicable"}),
        ("TestOne", {"DUR-1": "not applicable", "DUR-2": "not applicable"}),
        ("TestBuffers", {"DUR-1": "fail", "DUR-2": "not applicable"}),
    ],
)
def test_class_with_fixtures_is_asked_what_it_can_answer(author, name, outcome):
    author.writes(FIXTURES)
    author.pytest(f"test_mine.py::{name}", clause="DUR-1,DUR-2")
    found = author.outcomes()
    assert {clause: found[clause] for clause in outcome} == outcome


def test_eventual_service_is_given_its_time():
    claims = {"capabilities": {"eventual": True}, "converges_within": 10.0}
    came = outcomes(
        target_of(lasting.SoonWritten, **claims),
        [test for test, clauses in TESTS.items() if "DUR-1" in clauses],
    )
    assert named_by(came) == set()
    came = outcomes(
        target_of(lasting.SoonWritten), ["test_other_instance_reads_at_once_what_one_was_told"]
    )
    assert named_by(came) == {"DUR-1"}
