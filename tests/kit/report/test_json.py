"""The JSON report: its format, its schema, and reading it."""

from __future__ import annotations

import copy
import json

import jsonschema
import pytest
import samples

from gofannon_conformance.contract import load
from gofannon_conformance.report.json import dumps, from_json, loads, schema, to_json
from gofannon_conformance.run.profiles import PROFILES

VALIDATOR = jsonschema.Draft202012Validator(schema())


def test_the_shape_is_the_documented_one():
    contract = samples.contract_that_says("GET-3", where="WHERE", hint="HINT")
    assert to_json(samples.one_failure(), contract=contract) == {
        "schema": 1,
        "kit": "0.1.0",
        "contract": "1.0",
        "profile": "standard",
        "seed": 7,
        "started": "2026-11-21T09:30:00Z",
        "seconds": 12.34,
        "interrupted": False,
        "targets": [
            {
                "name": "memory",
                "server": None,
                "dialect": "interface",
                "verdict": "not conformant",
                "partial": False,
                "facts": {},
                "notes": [],
                "clauses": {
                    "GET-1": {
                        "level": "MUST",
                        "outcome": "pass",
                        "tests": ["test_get-1"],
                        "seconds": 0.0,
                        "message": "",
                        "example": "",
                        "reproduce": "",
                        "reason": "",
                        "failures": [],
                    },
                    "GET-3": {
                        "level": "MUST",
                        "outcome": "fail",
                        "tests": ["test_get-3"],
                        "seconds": 0.0,
                        "message": MESSAGE,
                        "example": PROGRAM,
                        "reproduce": REPRODUCE,
                        "reason": "",
                        "failures": [
                            {
                                "test": "TestGet.test_missing_document_is_404",
                                "what": "get() of a document that was never saved returned a value",
                                "called": "db.get('c', 'missing')",
                                "came": "None",
                                "expected": "HTTPException with status 404",
                                "program": PROGRAM,
                                "reproduce": REPRODUCE,
                                "differences": [],
                            }
                        ],
                    },
                },
            }
        ],
    }


PROGRAM = "from mypkg.mydb import make\n\ndb = make()\nprint(db.get('c', 'missing'))"
REPRODUCE = "gofannon-conformance run mypkg.mydb:make --clause GET-3 --seed 7"
MESSAGE = f"""\
GET-3 MUST  a missing document raises HTTPException with status 404
  what: get() of a document that was never saved returned a value
  called: db.get('c', 'missing')
  came back: None
  expected: HTTPException with status 404
  test: TestGet.test_missing_document_is_404
  where: WHERE
  program:
{PROGRAM}
  again: {REPRODUCE}
  hint: HINT"""


@pytest.mark.parametrize("name", samples.ALL)
def test_a_report_keeps_to_the_schema_in_ascii_and_round_trips(name):
    text = dumps(samples.ALL[name]())
    assert text.isascii()
    VALIDATOR.validate(json.loads(text))
    assert loads(text) == samples.ALL[name]()


def test_the_schema_is_one_and_has_the_dialects_and_profiles_of_the_kit():
    jsonschema.Draft202012Validator.check_schema(schema())
    target = schema()["$defs"]["target"]["properties"]
    assert set(target["dialect"]["enum"]) == set(load().dialects)
    assert set(schema()["properties"]["profile"]["enum"]) == set(PROFILES)


def set_at(path, value):
    def change(report):
        *above, last = path
        for step in above:
            report = report[step]
        report[last] = value

    return change


TARGET = ("targets", 0)
FAILED = (*TARGET, "clauses", "GET-3")
BROKEN = {
    "another schema": set_at(["schema"], 2),
    "seed as text": set_at(["seed"], "7"),
    "negative time": set_at(["seconds"], -1),
    "unknown profile": set_at(["profile"], "slow"),
    "local time": set_at(["started"], "2026-11-21T09:30:00+01:00"),
    "unknown key": set_at(["extra"], 1),
    "no kit": lambda report: report.pop("kit"),
    "target without a name": set_at([*TARGET, "name"], ""),
    "verdict in other words": set_at([*TARGET, "verdict"], "mostly conformant"),
    "verdict except nothing": set_at([*TARGET, "verdict"], "conformant except "),
    "verdict except words": set_at([*TARGET, "verdict"], "conformant except GET-3, lists"),
    "server as text": set_at([*TARGET, "server"], "CouchDB 3"),
    "unknown dialect": set_at([*TARGET, "dialect"], "dutch"),
    "fact that is no text": set_at([*TARGET, "facts"], {"largest": 16}),
    "clause id in small letters": set_at([*TARGET, "clauses", "get-1"], {}),
    "unknown level": set_at([*FAILED, "level"], "must"),
    "unknown outcome": set_at([*FAILED, "outcome"], "skipped"),
    "tests as text": set_at([*FAILED, "tests"], "test_get"),
    "failure without a message": set_at([*FAILED, "message"], ""),
    "failure without failures": set_at([*FAILED, "failures"], []),
    "pass with failures": set_at([*FAILED, "outcome"], "pass"),
    "not tested without a reason": set_at([*TARGET, "clauses", "GET-1", "outcome"], "not tested"),
    "failure without its program": lambda report: report["targets"][0]["clauses"]["GET-3"][
        "failures"
    ][0].pop("program"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_schema_refuses(name):
    report = to_json(samples.one_failure())
    VALIDATOR.validate(report)
    broken = copy.deepcopy(report)
    BROKEN[name](broken)
    assert not VALIDATOR.is_valid(broken)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "not a report of schema 1: its schema is 'list'"),
        ('{"schema": 2}', "not a report of schema 1: its schema is 2"),
        ('{"schema": 1}', "not a complete report: it has no 'kit'"),
        ("{", "Expecting property name"),
    ],
)
def test_another_value_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        loads(text)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("unknown outcome", "not a report: 'skipped' is not a valid Outcome"),
        ("server as text", "not a report: "),
        ("failure without its program", "it has no 'program'"),
    ],
)
def test_a_broken_report_is_refused(name, words):
    broken = to_json(samples.one_failure())
    BROKEN[name](broken)
    with pytest.raises(ValueError, match=words):
        from_json(broken)


def test_a_saved_verdict_is_computed_again():
    saved = to_json(samples.one_failure())
    saved["targets"][0]["verdict"] = "strict"
    assert from_json(saved).targets[0].verdict == "not conformant"
