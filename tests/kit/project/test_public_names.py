"""The promises of `docs/stability.md`, held: which names are public, how the contract grows.

`promised_clauses.txt` is the contract of the last release: its version, then a clause and its level
on each line. To write it for a release: `python tests/kit/project/test_public_names.py`.
"""

from __future__ import annotations

import importlib
import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from gofannon_conformance.contract import load
from gofannon_conformance.contract.clauses import Level
from gofannon_conformance.report import json as report_json

ROOT = Path(__file__).parents[3]
PROMISED_CLAUSES = Path(__file__).with_name("promised_clauses.txt")
PAGE = (ROOT / "docs/stability.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(gofannon_\w+(?:\.\w+)*)` \| (`.+`) \|$", PAGE, re.MULTILINE)
PROMISED = {module: re.findall(r"`(\w+)`", names) for module, names in ROWS}

# Not promised: what stands behind the promised names, or is there for the kit's own parts.
NOT_PROMISED = {
    "gofannon_conformance.servers": {"GivenServer", "Way"},
    "gofannon_conformance.schedules": {"STYLES", "Ended", "OwnCode", "Raced", "jittered"},
}

# Not promised either: shown on a page to explain how something works.
SHOWN = {
    "gofannon_backends.base.encoding": ["Escape", "hold", "restore"],
    "gofannon_conformance.mutants": ["CONTROLS", "MUTANTS"],
}


def test_the_page_lists_both_packages():
    assert {module.partition(".")[0] for module in PROMISED} == {
        "gofannon_conformance",
        "gofannon_backends",
    }
    assert len(PROMISED) == len(ROWS) >= 15


@pytest.mark.parametrize("module", PROMISED)
def test_every_promised_name_is_there_and_reported_of(module):
    home = importlib.import_module(module)
    for name in PROMISED[module]:
        value = getattr(home, name)
        if callable(value) and not re.match(r"typing\.", str(value)):
            assert value.__doc__, f"{module}.{name} has no docstring"


@pytest.mark.parametrize("module", PROMISED)
def test_what_a_public_module_exports_is_promised(module):
    exported = getattr(importlib.import_module(module), "__all__", None)
    if exported is not None:
        assert {*exported} - NOT_PROMISED.get(module, set()) == {*PROMISED[module]}


def test_the_entry_points_and_commands_that_are_promised_exist():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for group in ("gofannon_conformance.targets", "gofannon_backends.providers"):
        assert f"`{group}`" in PAGE
        assert project["entry-points"][group]
    for command in project["scripts"]:
        assert f"`{command}`" in PAGE


def test_every_module_that_the_pages_import_is_promised():
    shown = "\n".join(
        path.read_text(encoding="utf-8")
        for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    )
    imported = re.findall(r"^from (gofannon_[\w.]+) import \(?([\w, ]+)", shown, re.MULTILINE)
    assert imported
    promised = PROMISED | SHOWN
    for module, names in imported:
        unknown = set(re.findall(r"\w+", names)) - set(promised.get(module, ()))
        assert not unknown, f"{module}: {unknown}"


def test_the_version_of_the_json_report_is_that_of_its_schema():
    schema = report_json.schema()
    assert schema["properties"]["schema"]["const"] == report_json.SCHEMA
    assert schema["$id"].endswith(f":{report_json.SCHEMA}")
    assert files("gofannon_conformance.report").joinpath("schema.json").is_file()


def promised_clauses():
    version, *lines = PROMISED_CLAUSES.read_text(encoding="utf-8").splitlines()
    return version, dict(line.split(" ") for line in lines)


def clauses_now():
    contract = load()
    return contract.version, {clause.id: str(clause.level) for clause in contract.clauses}


def faults(before, now):
    """Say in which way a contract's growth breaks what is promised of it."""
    (old_version, old), (version, new) = before, now
    numbers, old_numbers = (tuple(map(int, text.split("."))) for text in (version, old_version))
    found = [f"{gone} is gone" for gone in old.keys() - new.keys()]
    for name, level in new.items():
        if level == Level.MUST and old.get(name, Level.MAY) == Level.MAY:
            found.append(f"{name} is a MUST and was not reported as a SHOULD for one release")
    if old != new and numbers <= old_numbers:
        found.append(f"the contract has changed and its version is still {version}")
    return sorted(found)


def test_the_contract_grows_as_is_promised():
    assert faults(promised_clauses(), clauses_now()) == []


@pytest.mark.parametrize(
    ("version", "changes", "found"),
    [
        ("1.0", {}, []),
        ("1.1", {"A-3": "SHOULD"}, []),
        ("1.1", {"A-2": "MUST"}, []),
        ("1.1", {"A-1": "SHOULD"}, []),
        (
            "1.1",
            {"A-3": "MUST"},
            ["A-3 is a MUST and was not reported as a SHOULD for one release"],
        ),
        ("1.0", {"A-3": "MAY"}, ["the contract has changed and its version is still 1.0"]),
        ("1.1", {"A-1": None}, ["A-1 is gone"]),
    ],
)
def test_a_contract_that_grows_otherwise_is_found(version, changes, found):
    before = {"A-1": "MUST", "A-2": "SHOULD"}
    now = {name: level for name, level in {**before, **changes}.items() if level}
    assert faults(("1.0", before), (version, now)) == found


if __name__ == "__main__":
    version, clauses = clauses_now()
    text = "".join(f"{name} {level}\n" for name, level in clauses.items())
    PROMISED_CLAUSES.write_text(f"{version}\n{text}", encoding="utf-8")
