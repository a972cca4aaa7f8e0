"""The report in a terminal or a log."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import samples

from gofannon_conformance.report.model import Outcome
from gofannon_conformance.report.terminal import SHOWN_IN_FULL, render

ONE_FAILURE = """\
memory
dialect interface

 clauses   pass   fail   error   n.a.   not tested   expected
──────────────────────────────────────────────────────────────
 GET          1      1       ·      ·            ·          ·

Broken clauses: 1

GET-3 MUST  a missing document raises HTTPException with status 404
  what       get() of a document that was never saved returned a value
  called     db.get('c', 'missing')
  came back  None
  expected   HTTPException with status 404
  test       TestGet.test_missing_document_is_404
  where      WHERE
  program:
from mypkg.mydb import make

db = make()
print(db.get('c', 'missing'))
  again: gofannon-conformance run mypkg.mydb:make --clause GET-3 --seed 7
  hint:  HINT

kit 0.1.0 · contract 1.0 · profile standard · seed 7 · 2026-11-21T09:30:00Z ·
12.3 s
memory: not conformant (1 of 2 clauses passed; 1 MUST failed)
"""


def plain(report, **more):
    return render(report, color=False, **more)


def test_a_failure_in_full():
    contract = samples.contract_that_says("GET-3", where="WHERE", hint="HINT")
    assert plain(samples.one_failure(), contract=contract) == ONE_FAILURE


@pytest.mark.parametrize("name", samples.ALL)
def test_a_log_has_no_control_character_may_be_ascii_and_colour_changes_no_word(name):
    report = samples.ALL[name]()
    text = plain(report)
    assert all(character.isprintable() or character == "\n" for character in text)
    text.encode()
    assert plain(report, ascii=True).isascii()
    coloured = render(report, color=True)
    assert "\x1b[" in coloured
    uncoloured = re.sub(r"\x1b\[[\d;]*m", "", coloured)
    assert [line.rstrip() for line in uncoloured.splitlines()] == text.splitlines()


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"FORCE_COLOR": "1", "COLUMNS": "40"}])
def test_the_environment_changes_nothing(monkeypatch, environment):
    before = [render(samples.one_failure(), color=color) for color in (True, False)]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert [render(samples.one_failure(), color=color) for color in (True, False)] == before


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("name", ["strict", "one failure", "every outcome", "hostile"])
def test_only_lines_to_copy_are_longer_than_the_width(name, width):
    lines = plain(samples.ALL[name](), width=width).splitlines()
    copied = re.compile(r"  again: |print\(|db = |from |# |db\.")
    assert [line for line in lines if len(line) > width and not copied.match(line)] == []


def test_a_program_is_never_wrapped_and_can_be_run_as_it_is_shown():
    program = (
        f"shown = {{'a': ['x' * 3, '\N{SNOWMAN}'], 'text': '{'long ' * 80}'}}\n\n"
        "for n in range(2):\n    shown[n] = n"
    )
    report = samples.report(
        samples.target(samples.failing("GET-3", samples.failure(program=program)))
    )
    text = plain(report, ascii=True)
    names: dict[str, object] = {}
    exec(text.partition("  program:\n")[2].partition("\n  again:")[0], names)
    assert names["shown"] == {"a": ["xxx", "\N{SNOWMAN}"], "text": "long " * 80, 0: 0, 1: 1}


def test_must_comes_before_should():
    text = plain(
        samples.report(samples.target(samples.failing("SAVE-9"), samples.failing("DEL-1")))
    )
    assert text.index("DEL-1 MUST") < text.index("SAVE-9 SHOULD")


def test_a_target_is_reported_in_full_and_each_clause_and_program_once():
    text = plain(samples.every_outcome())
    assert text.count("GET-3 MUST") == 1
    assert text.count("from mypkg.mydb import make") == 1
    for words in (
        "differs    $.a.b: True, not 1\n             $.list[2]: missing",
        "also in    test_longer: the longer one",
        "program: the same as for GET-3, above",
        "CouchDB 3.5.0 (COUCHDB_URL) · dialect interface",
        "in error  the server stopped answering",
        "DOC-7 MUST  arrays in arrays, and mixed arrays",
        "because  the store has no arrays in arrays",
        "what     an array in an array was refused",
        "CON-1, CON-2  the run has no threads",
        "largest document  16 MiB",
        "test_paging was overridden",
        "a partial\nrun: clauses were left out",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome.FAIL, "1 MUST failed)"),
        (Outcome.ERROR, "1 MUST in error)"),
        (Outcome.NOT_TESTED, "1 MUST not tested)"),
        (
            Outcome.EXPECTED_FAILURE,
            "conformant except GET-1 (0 of 1 clause passed; 1 MUST failed as\nexpected)",
        ),
    ],
)
def test_the_verdict_counts_an_outcome(outcome, words):
    report = samples.report(samples.target(samples.result("GET-1", outcome, reason="so")))
    assert words in plain(report)


def test_many_failures_stay_readable():
    text = plain(samples.many_failures(50))
    assert text.count("  again: ") == SHOWN_IN_FULL
    assert f"Also broken: {50 - SHOWN_IN_FULL}" in text
    assert "To see one of them in full, run again with `--clause ID`." in text
    assert len(text.splitlines()) < 50 * 8


def test_several_targets_end_in_a_table_of_verdicts():
    lines = plain(samples.several_targets()).splitlines()
    assert lines[-8:] == [
        " target      passed   MUST missed   SHOULD missed   verdict",
        "────────────────────────────────────────────────────────────────────────────",
        " memory      2 of 2             0               0   strict",
        " couchdb     0 of 1             1               0   not conformant",
        " firestore   0 of 1             1               0   conformant except DOC-7",
        " empty       0 of 0             0               0   not conformant",
        "",
        "1 of 4 targets are conformant",
    ]


def test_a_run_of_nothing_says_so():
    assert plain(samples.report()).endswith("\n0 of 0 targets are conformant\n")
    assert "No clause was run." in plain(samples.report(samples.target()))


def test_an_interrupted_run_says_so():
    report = samples.report(samples.target(samples.result("GET-1")), interrupted=True)
    assert "Interrupted: the report is incomplete." in plain(report)
    assert plain(report).endswith("memory: strict (1 of 1 clause passed; interrupted)\n")


def test_long_labels_wrap_and_lose_nothing():
    ids = [f"CON-{n}" for n in range(1, 7)]
    untested = [samples.result(i, Outcome.NOT_TESTED, reason="the run has no threads") for i in ids]
    facts = {"longest id tried that still came back": "10,000 characters"}
    text = plain(samples.report(samples.target(*untested, facts=facts)))
    assert "  CON-1, CON-2, CON-3, CON-4,       the run has no threads\n  CON-5, CON-6\n" in text
    assert "\n  longest id tried that still came  10,000 characters\n  back\n" in text


def test_a_wide_terminal_shows_the_groups_titles():
    assert "GET    reading one document" in plain(samples.strict(), width=120)


def test_a_clause_of_another_kit_is_shown_without_its_sentence():
    known = samples.failing("GET-1")
    result = replace(known, clause="NEW-1")
    text = plain(samples.report(samples.target(result, dialect="dutch")))
    assert "\nNEW-1 MUST\n  what" in text
    assert "\n NEW          ·      1" in text


def test_a_failure_with_only_a_sentence():
    bare = samples.failure(
        called="", came="", expected="", program="", reproduce="", differences=("d",) * 20
    )
    text = plain(samples.report(samples.target(samples.failing("GET-3", bare))))
    assert "called" not in text
    assert "program" not in text
    assert "again" not in text
    assert "… and 8 more places" in text


def test_a_program_too_long_to_show_is_replaced():
    text = plain(samples.hostile())
    assert "# 100,000 characters long: see the JSON report (`--json`)" in text
    assert len(text) < 20_000
