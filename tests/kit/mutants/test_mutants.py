"""The zoo: each mutant is found by its name, and described in one sentence."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from gofannon_conformance import mutants
from gofannon_conformance.contract import load
from gofannon_conformance.mutants import CONTROLS, MUTANTS
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Right, folder
from gofannon_conformance.mutants.seen import MET, SEEN
from gofannon_conformance.service.opening import opened
from gofannon_conformance.target.resolve import resolve
from gofannon_conformance.usage import UsageError

EVERYTHING = {**CONTROLS, **MUTANTS}
PAGE = Path(__file__).parents[3] / "docs" / "how-we-know.md"


def test_the_zoo_is_large():
    assert len(MUTANTS) >= 500
    assert len(CONTROLS) >= 6


@pytest.mark.parametrize("name", EVERYTHING)
def test_service_is_found_by_its_name(name):
    target = resolve(f"gofannon_conformance.mutants:{name}")
    assert target.name == name
    assert target.connect is EVERYTHING[name].make


def test_unknown_name_is_reported_with_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'save_merges_the_top_level'"):
        resolve("gofannon_conformance.mutants:save_merges_top_level")


def test_every_mistake_is_one_sentence():
    wrong = [
        mutant.name
        for mutant in MUTANTS.values()
        if not mutant.mistake.endswith(".") or "\n\n" in mutant.mistake or "TODO" in mutant.mistake
    ]
    assert wrong == []


def test_every_mutant_names_clauses_of_the_contract():
    known = {clause.id for clause in load().clauses}
    assert [m.name for m in MUTANTS.values() if not m.clauses or not {*m.clauses} <= known] == []


def test_every_clause_has_two_mutants():
    breaking = Counter(clause for mutant in MUTANTS.values() for clause in mutant.clauses)
    assert [clause.id for clause in load().clauses if breaking[clause.id] < 2] == []


def test_every_right_service_lacks_only_what_it_should_do():
    should = {clause.id for clause in load().clauses if clause.level == "SHOULD"}
    assert all({*control.lacks} <= should for control in CONTROLS.values())


def test_mistake_of_real_software_names_it():
    assert MET.keys() <= MUTANTS.keys()
    assert all(MUTANTS[name].seen == where for name, where in MET.items())
    assert all(mutant.seen for mutant in SEEN)


def test_mistake_of_real_software_is_on_the_page():
    text = PAGE.read_text(encoding="utf-8")
    rows = [f"| `{m.name}` | {m.seen} |" for m in MUTANTS.values() if m.seen]
    assert [row for row in rows if row not in text] == []


def test_claims_are_those_of_a_target():
    table: list[Mutant] = []

    @breaks(table, "made_here", "GET-1", dialect="overview", secrets=("s",), spec="here:Made")
    class Made(Right):
        """Something is wrong."""

    (mutant,) = table
    target = mutant.target
    assert (target.dialect, target.secrets, target.spec) == ("overview", ("s",), "here:Made")
    assert mutant.mistake == "Something is wrong."


def test_importing_the_zoo_loads_no_test_library():
    code = (
        "import sys, gofannon_conformance.mutants as zoo; zoo.MUTANTS;"
        "print(sorted({'pytest', 'hypothesis'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_module_lists_the_names():
    assert {"nothing_changed", "save_merges_the_top_level"} <= {*dir(mutants)}


@pytest.fixture
def endpoint():
    given = folder()
    yield next(given)
    given.close()


@pytest.mark.parametrize("name", ["right_files", "right_sqlite"])
def test_instances_on_one_folder_share_its_documents(name, endpoint):
    target = CONTROLS[name].target
    with opened(target, endpoint) as first, opened(target, endpoint) as second:
        first.service.save("things", "one", {"n": 1})
        second.service.save("things", "two", {"n": 2})
        assert second.service.get("things", "one")["n"] == 1
        assert {doc["_id"] for doc in first.service.list_all("things")} == {"one", "two"}
        first.service.delete("things", "two")
        assert [doc["_id"] for doc in second.service.list_all("things")] == ["one"]
        assert first.service.created == second.service.created == {"things"}
