"""The command: its options, its exit status, the report that it writes."""

import json

import jsonschema
import pytest

from gofannon_conformance.report.json import loads, schema


def test_written_report_keeps_to_its_schema_and_has_the_clauses_that_were_named(author):
    result = author.run(
        "stores.py:ForgetsNone", "--clause=DEL", clause="SAVE-1*,GET-1", report=True
    )
    jsonschema.validate(author.report(), schema())
    read = loads((author.folder / "report.json").read_text())
    assert (read.seed, read.profile) == (1, "quick")
    ids = set(author.outcomes())
    assert {"DEL-1", "SAVE-1", "SAVE-10", "GET-1"} <= ids
    assert not {"GET-3", "SAVE-2", "API-2"} & ids
    assert "a partial run" in author.output_of(result)


def test_report_that_cannot_be_written_is_reported_after_the_run(author):
    author.writes(
        "import shutil\nfrom stores import Right\n"
        "def make():\n    yield Right()\n    shutil.rmtree('gone')\n",
        "target.py",
    )
    author.pytester.mkdir("gone")
    result = author.run("target.py:make", "--json=gone/report.json", clause="GET-3")
    assert result.ret == 2
    assert "1 of 1 clause passed" in author.output_of(result)
    result.stderr.fnmatch_lines(["gofannon-conformance: --json gone/report.json: it could not*"])


def test_example_of_a_property_is_run_alone(author):
    author.run("stores.py:ForgetsNone", clause="GET-1", report=True)
    (words,) = {
        word
        for failure in author.clauses()["GET-1"]["failures"]
        for word in failure["reproduce"].split()
        if word.startswith("--example=test_any_document_comes_back:")
    }
    author.writes(
        "import stores\n"
        "class Counting(stores.ForgetsNone):\n"
        "    def save(self, db_name, doc_id, doc):\n"
        "        with open('saves', 'a') as saves: saves.write('x')\n"
        "        return super().save(db_name, doc_id, doc)\n",
        "counting.py",
    )
    result = author.kit("run", "counting.py:Counting", words)
    assert result.ret == 1
    assert len((author.folder / "saves").read_text()) <= 2
    result.stderr.fnmatch_lines(["Counting: 1 test, *"])
    assert author.kit("run", "stores.py:Right", words).ret == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("clauses", "GET-3"), "a missing document raises `HTTPException` with status 404"),
        (("clauses", "--json", "GET-3"), '"GET-3"'),
        (("clauses", "--markdown", "GET"), "| GET-3 |"),
        (("clauses", "--dialect", "overview", "SAVE-1"), "document"),
        (("--version",), "gofannon-conformance, version"),
        (("run", "--help"), "Exit status: 0 conformant, 1 not conformant, 2 could not be run"),
    ],
)
def test_words_print_what_they_say(author, words, told):
    result = author.kit(*words)
    assert result.ret == 0
    assert told in author.output_of(result)


def test_doctor_says_what_there_is_for_each_store(author):
    result = author.kit("doctor", "--json", "postgresql")
    rows = json.loads(result.stdout.str())
    assert {row["store"] for row in rows} == {"postgresql"}
    assert result.ret == (0 if any(row["available"] for row in rows) else 1)
    assert "postgresql" in author.output_of(author.kit("doctor", "postgresql"))
