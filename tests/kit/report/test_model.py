"""The verdict, the reasons, and escaped texts."""

from __future__ import annotations

import pytest
import samples

from gofannon_conformance.report import summary
from gofannon_conformance.report.legible import as_ascii, legible, on_one_line, shortened
from gofannon_conformance.report.model import Outcome

VERDICTS = [
    ("strict", {}),
    ("strict", {"GET-1": Outcome.NOT_APPLICABLE}),
    ("strict", {"SAVE-9": Outcome.NOT_APPLICABLE}),
    ("conformant", {"SAVE-9": Outcome.FAIL}),
    ("conformant", {"SAVE-9": Outcome.EXPECTED_FAILURE}),
    ("conformant", {"SAVE-9": Outcome.NOT_TESTED}),
    ("conformant except GET-1", {"GET-1": Outcome.EXPECTED_FAILURE}),
    ("not conformant", {"GET-1": Outcome.FAIL}),
    ("not conformant", {"GET-1": Outcome.ERROR}),
    ("not conformant", {"GET-1": Outcome.NOT_TESTED}),
    ("not conformant", {"GET-1": Outcome.EXPECTED_FAILURE, "GET-2": Outcome.FAIL}),
]


@pytest.mark.parametrize(("verdict", "outcomes"), VERDICTS)
def test_the_verdict(verdict, outcomes):
    clauses = dict.fromkeys(("GET-1", "GET-2", "SAVE-9"), Outcome.PASS) | outcomes
    assert samples.target(*map(samples.result, clauses, clauses.values())).verdict == verdict


def test_nothing_run_is_not_conformant():
    assert samples.target().verdict == "not conformant"


def test_clauses_are_grouped_by_reason():
    reasons = {"CON-1": "no threads", "CON-2": "", "CON-3": "no threads"}
    untested = [samples.result(i, Outcome.NOT_TESTED, reason=why) for i, why in reasons.items()]
    assert summary.by_reason(untested) == {
        "no threads": ["CON-1", "CON-3"],
        "no reason was given": ["CON-2"],
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines", "two\nlines"),
        ("two\r\nlines", "two\nlines"),
        ("\tdeep", "    deep"),
        ("bell\x07 escape\x1b[2J", "bell\\x07 escape\\x1b[2J"),
        ("\x9b31m", "\\x9b31m"),
        ("user\u202egnp.exe", "user\\u202egnp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("lone\ud800", "lone\\ud800"),
        ("naïve 日本 🎉", "naïve 日本 🎉"),
    ],
)
def test_unprintable_characters_are_escaped(text, shown):
    assert legible(text) == shown


def test_a_long_text_loses_its_middle_and_says_so():
    assert shortened("a" * 60 + "b" * 60, 30) == (
        f"{'a' * 20} … (90 characters left out) … {'b' * 10}"
    )
    assert len(legible("x" * 100_000)) < 900


def test_one_line_is_one_line_and_ascii_replaces_our_own_signs():
    assert on_one_line("a\n  b\r\n\x0bc") == "a b c"
    assert as_ascii("… · 日") == "... . \\u65e5"
