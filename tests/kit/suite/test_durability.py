"""The tests of DUR accuse no right service, whatever it claims, and say what they cannot test.

That they catch wrong services is tested by the selftest: `gofannon_conformance.mutants.durability`.
"""

from dataclasses import replace

import pytest
from trying import named_by, of_groups, target_of
from trying import outcomes as outcomes_of

from gofannon_conformance.calls.violation import NotApplicable, NotTested
from gofannon_conformance.mutants import CONTROLS
from gofannon_conformance.mutants.durability.restarts import Client, running

TESTS = of_groups("DUR")
RESTART = ("test_saved_documents_outlive_a_stop_and_a_kill_of_the_server",)

ALONE = (
    "right_in_memory_of_the_process",
    "right_one_object_of_a_generator",
    "right_in_an_emptied_folder",
    "right_in_a_locked_folder",
    "right_sqlite_made_again",
)
"""Right services that share nothing with another process, or of which only one can be open.

One of each kind: `selftest --right` tries the others.
"""


def right(name, **capabilities):
    """Return the target of a right service, with other claims."""
    target = CONTROLS[name].target
    return replace(target, capabilities=replace(target.capabilities, **capabilities))


def outcomes(target, tests):
    return dict(outcomes_of(target, tests))


@pytest.mark.parametrize("name", ALONE)
def test_right_service_that_shares_nothing_is_never_accused(name):
    came = outcomes(
        right(name, persistent=False),
        [*TESTS, "test_missing_document_is_404", "test_deleted_document_is_404"],
    )
    assert named_by(came) == set()
    assert not any(isinstance(raised, NotTested) for raised in came.values()), came


@pytest.mark.parametrize(
    ("name", "persistent"),
    [("nothing_changed_in_files", None), ("nothing_changed_in_sqlite", True)],
)
def test_right_service_that_lasts_passes(name, persistent):
    came = outcomes(right(name, persistent=persistent), TESTS)
    (raised,) = filter(None, came.values())
    assert "has no stop() and start()" in str(raised)


def test_store_that_opens_once_at_a_time_is_not_accused_of_its_claim():
    came = outcomes(right("right_in_a_locked_folder", persistent=True), TESTS)
    assert {type(raised) for raised in came.values()} == {NotApplicable}
    assert "it can be opened once at a time" in " ".join(map(str, came.values()))


def test_claim_of_a_target_that_no_process_can_open_is_not_tested():
    target = replace(right("nothing_changed_in_files", persistent=True), spec="nowhere:x")
    came = outcomes(target, [test for test, clauses in TESTS.items() if "DUR-2" in clauses])
    assert {type(raised) for raised in came.values()} == {NotTested}


@pytest.mark.parametrize(
    ("name", "restartable", "said"),
    [
        ("nothing_changed_in_a_server", True, None),
        ("right_in_the_memory_of_a_server", None, "in memory by nature"),
        ("right_in_the_memory_of_a_server", False, "says that it is not restartable"),
        ("right_in_a_server_that_writes_when_stopped", None, None),
    ],
)
def test_server_outlives_a_stop_and_a_kill_or_claims_nothing(name, restartable, said):
    (raised,) = outcomes(right(name, restartable=restartable), RESTART).values()
    if said is None:
        assert raised is None
    else:
        assert isinstance(raised, NotApplicable)
        assert said in str(raised)


@pytest.mark.parametrize(("claimed", "kind"), [(None, NotApplicable), (True, NotTested)])
def test_server_that_cannot_be_stopped_is_reported(claimed, kind):
    with running("right") as program:
        claims = {"server": lambda: program.url, "capabilities": {"restartable": claimed}}
        (raised,) = outcomes(target_of(Client, **claims), RESTART).values()
    assert isinstance(raised, kind)
    assert "has no stop() and start()" in str(raised)


FIXTURES = """
import tempfile
from pathlib import Path
import pytest
from gofannon_conformance import DatabaseServiceContract
from gofannon_conformance.mutants.durability.base import Files


class Kept(Files):
    def __init__(self, folder):
        self.folder = folder


class TestMine(DatabaseServiceContract):
    capabilities = {"persistent": True}

    def connect(self, tmp_path):
        return Kept(tmp_path)


class TestOne(DatabaseServiceContract):
    @pytest.fixture
    def service(self):
        return Kept(Path(tempfile.mkdtemp()))


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

    def stored(self, *key):
        return self.mine.get(key) or super().stored(*key)
"""


def test_class_with_fixtures_is_tested_as_far_as_possible(author):
    author.writes(FIXTURES)
    author.pytest("test_mine.py", clause="DUR-1,DUR-2")
    found = {
        target["name"]: [target["clauses"][c]["outcome"] for c in ("DUR-1", "DUR-2")]
        for target in author.report()["targets"]
    }
    assert found == {
        "TestMine": ["pass", "not applicable"],
        "TestOne": ["not applicable", "not applicable"],
        "TestBuffers": ["fail", "not applicable"],
    }


def test_eventual_service_is_given_its_time():
    tests = [test for test, clauses in TESTS.items() if "DUR-1" in clauses]
    assert named_by(outcomes(CONTROLS["right_eventual"].target, tests)) == set()
    at_once = right("right_eventual", eventual=False)
    came = outcomes(at_once, ["test_other_instance_reads_at_once_what_one_has_saved"])
    assert named_by(came) == {"DUR-1"}
