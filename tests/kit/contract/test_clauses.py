"""The contract: complete, well formed, and found by id, group, chapter and glob."""

import subprocess
import sys

import pytest

from gofannon_conformance.contract import UnknownClause, load
from gofannon_conformance.contract.clauses import DEFAULT_DIALECT, Level, _reworded

COUNTS = {
    "API": 3, "GET": 8, "SAVE": 15, "DEL": 7, "LIST": 9, "ISO": 6, "ID": 7, "DOC": 14, "SCH": 9,
    "ERR": 4, "CON": 6, "DUR": 3, "FAULT": 8, "FIND": 5, "IDX": 1, "BULK": 5, "ASYNC": 1,
}  # fmt: skip
PAGES = {
    "interface.md", "database-service.md", "implementing-new-database.md", "architecture.md",
    "README.md", "substitutability",
}  # fmt: skip

contract = load()


def test_every_group_has_all_its_clauses_in_order():
    ids = [f"{name}-{n}" for name, count in COUNTS.items() for n in range(1, count + 1)]
    assert [clause.id for clause in contract.clauses] == ids
    assert [group.name for group in contract.groups] == list(COUNTS)


@pytest.mark.parametrize("clause", contract.clauses, ids=lambda clause: clause.id)
def test_a_clause_is_complete(clause):
    assert clause.level in Level
    assert clause.text.strip()
    assert "\n" not in clause.text + clause.hint + clause.where
    assert not clause.text.endswith(".")
    assert clause.hint.endswith(".")
    assert clause.text.count("`") % 2 == clause.hint.count("`") % 2 == 0
    assert clause.capability is None or clause.capability in contract.capabilities
    assert set(clause.source) <= PAGES
    for page in clause.source:
        named = "follows from" if page == "substitutability" else f'{page}, "'
        assert named in clause.where
    assert clause.source or "the wider interface" in clause.where


def test_each_of_the_seven_schemas_has_its_own_clause():
    collections = [contract.clause(f"SCH-{n}").text.split("`")[1] for n in range(1, 8)]
    assert collections[0] == "agents"
    assert collections[-1] == "agent_data_store"
    assert len(set(collections)) == 7


def test_a_clause_names_the_capability_that_it_needs():
    needed = {
        "SAVE-14": "revisions", "SAVE-15": "conflicts", "DUR-1": "persistent",
        "DUR-3": "restartable", "FAULT-2": "faultable", "FIND-3": "find", "BULK-4": "get_many",
        "GET-1": None,
    }  # fmt: skip
    assert {clause: contract.clause(clause).capability for clause in needed} == needed


def test_hints_are_each_clauses_own():
    hints = [clause.hint for clause in contract.clauses]
    assert len(set(hints)) == len(hints)


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("GET-3", ["GET-3"]),
        ("get-3", ["GET-3"]),
        (" dur ", ["DUR-1", "DUR-2", "DUR-3"]),
        ("ID", [f"ID-{n}" for n in range(1, 8)]),
        ("I*-1", ["ISO-1", "ID-1", "IDX-1"]),
        ("sch-[12]", ["SCH-1", "SCH-2"]),
        ("SAVE-1?", [f"SAVE-{n}" for n in range(10, 16)]),
    ],
)
def test_a_pattern_names_clauses(pattern, ids):
    assert [clause.id for clause in contract.resolve(pattern)] == ids


def test_the_chapter_of_the_wider_interface_names_all_of_it_and_a_star_everything():
    groups = {clause.group for clause in contract.resolve("EXT")}
    assert groups == {"FIND", "IDX", "BULK", "ASYNC"}
    assert contract.resolve("*") == contract.clauses


@pytest.mark.parametrize(
    ("name", "suggested"), [("GTE-3", "GET-3"), ("DELL-2", "DEL-2"), ("LISTS", "LIST")]
)
def test_an_unknown_name_suggests_the_nearest(name, suggested):
    for find in (contract.clause, contract.resolve):
        with pytest.raises(UnknownClause, match=suggested) as caught:
            find(name)
        assert repr(name) in str(caught.value)


def test_an_unknown_name_lists_the_groups():
    with pytest.raises(UnknownClause, match="the groups are: API, GET, SAVE"):
        contract.resolve("qqqqqq")


def test_the_overview_replaces_three_clauses_and_nothing_else():
    assert contract.dialect == DEFAULT_DIALECT
    assert contract.for_dialect(DEFAULT_DIALECT).clauses == contract.clauses
    overview = contract.for_dialect("overview")
    pairs = zip(overview.clauses, contract.clauses, strict=True)
    assert [mine.id for mine, usual in pairs if mine != usual] == ["SAVE-1", "DEL-2", "DEL-3"]
    assert overview.dialect == "overview"
    assert "404" not in overview.clause("DEL-2").text


def test_an_unknown_dialect_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"unknown dialect 'overveew'.*interface, overview"):
        contract.for_dialect("overveew")


def test_a_dialect_with_an_unknown_clause_is_an_error():
    with pytest.raises(UnknownClause, match=r"do not exist: \['GET-99'\]"):
        _reworded(contract.clauses, {"clauses": {"GET-99": {}}}, {})


def test_reading_the_table_loads_no_test_library():
    program = (
        "import sys; from gofannon_conformance.contract import load; load();"
        "print({'pytest', 'hypothesis', 'pydantic', 'fastapi'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "set()"
