"""The clause table in its forms."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gofannon_conformance.contract import load
from gofannon_conformance.contract.table import WIDTH, as_json, markdown, page, plain

contract = load()
DOCS_PAGE = Path(__file__).parents[3] / "docs" / "clauses.md"


def test_the_docs_page_is_the_table_as_the_module_itself_writes_it():
    remedy = "run `python -m gofannon_conformance.contract.table > docs/clauses.md`"
    text = DOCS_PAGE.read_text(encoding="utf-8")
    assert text == page(contract), remedy
    command = [sys.executable, "-m", "gofannon_conformance.contract.table"]
    written = subprocess.run(command, capture_output=True, check=True).stdout
    assert written.decode("utf-8").replace("\r\n", "\n") == text
    untested = [group.name for group in contract.groups if not group.covered]
    assert text.count("*The suite does not test this group yet.*") == len(untested)


@pytest.mark.parametrize("dialect", ["interface", "overview"])
def test_plain_text_fits_a_terminal(dialect):
    worded = contract.for_dialect(dialect)
    texts = [plain(worded, worded.clauses), *(plain(worded, [c]) for c in worded.clauses)]
    assert max(len(line) for text in texts for line in text.splitlines()) <= WIDTH


def test_plain_text_is_aligned_under_the_clause_and_holds_every_word():
    text = plain(contract, contract.clauses)
    assert (
        "\n\nSAVE — creating and replacing a document\n"
        "SAVE-1    MUST    returns a dict with `id` equal to `doc_id` and `rev`, a\n"
        "                  non-empty `str`\n"
    ) in text
    flat = " ".join(text.split())
    for clause in contract.clauses:
        assert f"{clause.id} {clause.level} {' '.join(clause.text.split())}" in flat


def test_one_clause_is_shown_in_full():
    text = plain(contract, [contract.clause("GET-3")])
    flat = " ".join(text.split())
    clause = contract.clause("GET-3")
    assert text.startswith("GET-3 · MUST · reading one document\n")
    assert clause.text in flat
    assert f"Source: {clause.where}." in flat
    assert f"If it fails, check this: {clause.hint}" in flat


def test_one_clause_says_what_it_needs_and_shows_its_other_wordings():
    flat = " ".join(plain(contract, [contract.clause("DUR-3")]).split())
    assert f"capability `restartable`: {contract.capabilities['restartable']}." in flat
    assert ("The suite does not test it yet." in flat) is not contract.clause("DUR-3").covered
    other = contract.for_dialect("overview").clause("DEL-2").text
    flat = " ".join(plain(contract, [contract.clause("DEL-2")]).split())
    assert f"In the dialect `overview`: {other}." in flat


def test_markdown_has_a_row_for_each_clause():
    text = markdown(contract, contract.resolve("SAVE"))
    rows = [line for line in text.splitlines() if line.startswith("| SAVE-")]
    assert len(rows) == 15
    assert rows[13].startswith("| SAVE-14 | MUST `[revisions]` | `rev` differs")
    assert all(row.count(" | ") == 3 for row in rows)


def test_json_holds_every_field():
    value = json.loads(as_json(contract, contract.resolve("GET-1")))
    (clause,) = value["clauses"]
    assert (value["contract"], value["dialect"]) == (contract.version, "interface")
    assert clause["id"] == "GET-1"
    assert set(clause) == {
        "id", "level", "group", "text", "source", "where", "capability", "hint", "covered",
    }  # fmt: skip
