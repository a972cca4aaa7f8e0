"""The command, the pytest option, the subclass and the entry point: one suite, one report."""

import json
import re

import pytest

WAYS = ("command", "option", "subclass", "entry point")

GROUPS = "API,GET,LIST,DOC"
"""Where what is wrong shows, and properties are; all groups four times would take minutes."""

MADE_UP = re.compile(r"gfc_[a-z]{6}|0x[0-9a-f]+|'_rev': '\d+'", re.IGNORECASE)


FEW = "API,GET,DEL,LIST"
"""Enough to see that what is right passes, whichever the way."""


def run_by(way, author, store, groups):
    """Run the suite on a store, one way; give what the report says of each clause."""
    if way == "command":
        author.run(f"stores.py:{store}", clause=groups, report=True)
    elif way == "option":
        author.pytest(f"--conformance=stores.py:{store}", clause=groups)
    elif way == "subclass":
        author.subclasses(store)
        author.pytest("test_mine.py", clause=groups)
    else:
        author.pytester.mkdir("mydb-1.dist-info").joinpath("METADATA").write_text(
            "Metadata-Version: 2.1\nName: mydb\nVersion: 1\n"
        )
        (author.folder / "mydb-1.dist-info" / "entry_points.txt").write_text(
            f"[gofannon_conformance.targets]\nmydb = stores:{store}\n"
        )
        author.environment.setenv("PYTHONPATH", str(author.folder))
        author.run("mydb", clause=groups, report=True)
    told = {}
    for clause, result in author.clauses().items():
        parts = {k: v for k, v in result.items() if k in ("level", "outcome", "tests")}
        failures = [
            {k: f[k] for k in ("test", "what", "called", "came", "expected")}
            for f in result["failures"]
        ]
        told[clause] = json.loads(MADE_UP.sub("gfc_", json.dumps([parts, failures])))
    return told


@pytest.mark.parametrize(
    ("store", "groups", "at_least"), [("Right", FEW, 20), ("ForgetsNone", GROUPS, 30)]
)
def test_all_ways_give_the_same_outcomes_for_the_same_reasons(author, store, groups, at_least):
    first, *others = [run_by(way, author, store, groups) for way in WAYS]
    assert len(first) > at_least
    for way, told in zip(WAYS[1:], others, strict=True):
        for clause, result in first.items():
            assert told[clause] == result, (way, clause)
        assert list(told) == list(first), way
    broken = {clause for clause, (parts, _) in first.items() if parts["outcome"] == "fail"}
    assert broken if store == "ForgetsNone" else not broken


def test_several_targets_are_reported_side_by_side_each_as_it_is(author):
    targets = ("stores.py:Async", "stores.py:yielding", "memory", "stores.py:Silent")
    result = author.kit("run", *targets, "--clause=GET-1,DEL-2", "--json=report.json")
    assert result.ret == 1
    assert {t["name"]: t["verdict"] for t in author.report()["targets"]} == {
        "Async": "strict",
        "yielding": "strict",
        "memory": "strict",
        "Silent": "not conformant",
    }
    result.stdout.fnmatch_lines(["3 of 4 targets are conformant"])
    assert (author.folder / "cleaned-up").exists()


def test_option_runs_the_suite_beside_the_authors_own_tests(author):
    author.writes("def test_own(): pass\n")
    result = author.pytest("--conformance=stores.py:right", clause="GET-3")
    result.assert_outcomes(passed=2, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines(["*conformance .*", "right: strict (1 of 1 clause passed*"])
