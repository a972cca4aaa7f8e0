"""The report in other forms: Markdown, JUnit XML, HTML, a badge."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
import samples

from gofannon_conformance.report import badge, html, junit, markdown
from gofannon_conformance.report.model import Outcome

every_sample = pytest.mark.parametrize("name", samples.ALL)


class Page(HTMLParser):
    """The elements of a page in order, and its text."""

    VOID = frozenset({"meta", "br", "link", "img"})

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.words = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@every_sample
def test_the_page_is_well_formed_loads_nothing_and_escapes_what_it_quotes(name):
    text = html.render(samples.ALL[name]())
    page = Page(text)
    assert page.open == []
    assert {tag for tag, _ in page.seen}.isdisjoint({"script", "img", "link", "iframe"})
    assert not any({"src", "href", "onclick"} & set(attrs) for _, attrs in page.seen)
    assert "url(" not in text
    assert all(character.isprintable() or character == "\n" for character in text)
    text.encode()


def test_the_page_is_accessible():
    page = Page(html.render(samples.every_outcome()))
    tags = [tag for tag, _ in page.seen]
    assert ("html", {"lang": "en"}) in page.seen
    assert [tags.count(tag) for tag in ("title", "main", "h1")] == [1, 1, 1]
    assert all("scope" in attrs for tag, attrs in page.seen if tag == "th")
    assert "prefers-color-scheme: dark" in "".join(page.words)


def test_the_page_has_the_texts_of_the_terminal():
    words = " ".join("".join(Page(html.render(samples.every_outcome())).words).split())
    for text in (
        "not conformant (1 of 8 clauses passed; 1 MUST failed; 1 MUST in error",
        "CouchDB 3.5.0 (COUCHDB_URL) · dialect interface",
        "GET-3 MUST fail a missing document raises HTTPException with status 404",
        "$.a.b: True, not 1",
        "db = make() print(db.get('c', 'missing'))",
        "gofannon-conformance run mypkg.mydb:make --clause GET-3 --seed 7",
        "DOC-7 MUST: the store has no arrays in arrays",
        "CON-1, CON-2: the run has no threads",
        "largest document: 16 MiB",
        "test_paging was overridden",
    ):
        assert text in words


@every_sample
def test_junit_is_well_formed_and_counts_right(name):
    report = samples.ALL[name]()
    root = ET.fromstring(junit.render(report).encode())
    assert len(root) == len(report.targets)
    for suite, target in zip(root, report.targets, strict=True):
        assert len(suite.findall("testcase")) == int(suite.get("tests")) == len(target.clauses)
        for tag in ("failure", "error", "skipped"):
            plural = tag if tag == "skipped" else f"{tag}s"
            assert len(suite.findall(f"testcase/{tag}")) == int(suite.get(plural))


def test_junit_counts_the_untested_against_the_run():
    root = ET.fromstring(junit.render(samples.every_outcome()))
    found = {
        case.get("name").split()[0]: [(child.tag, child.get("message")) for child in case]
        for case in root.iter("testcase")
    }
    assert found == {
        "GET-1": [],
        "GET-3": [("failure", "fail: the longer one")],
        "SAVE-9": [("failure", "fail: save() put `_id` into the caller's dict")],
        "SAVE-1": [("error", "error: the server stopped answering")],
        "SAVE-15": [("skipped", "not applicable: no revisions are compared")],
        "CON-1": [("error", "not tested: the run has no threads")],
        "CON-2": [("error", "not tested: the run has no threads")],
        "DOC-7": [("skipped", "expected failure: the store has no arrays in arrays")],
    }


def test_junit_quotes_the_program():
    (failure,) = ET.fromstring(junit.render(samples.one_failure())).iter("failure")
    assert "\ndb = make()\nprint(db.get('c', 'missing'))\n" in failure.text


def test_markdown_begins_with_the_verdict_and_keeps_the_program_as_it_is():
    text = markdown.render(samples.one_failure())
    assert text.startswith(
        "# Conformance report\n\n"
        "| target | verdict |\n"
        "| --- | --- |\n"
        "| memory | not conformant (1 of 2 clauses passed; 1 MUST failed) |\n"
        "\n## memory\n\ndialect interface\n\n"
        "| clauses | pass | fail | error | n.a. | not tested | expected |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        "| GET | 1 | 1 | · | · | · | · |\n"
        "\n### Broken clauses: 1\n\n<details>\n"
        "<summary><b>GET-3</b> MUST a missing document raises HTTPException with status 404"
        "</summary>\n"
    )
    assert (
        "program:\n\n```python\nfrom mypkg.mydb import make\n\ndb = make()\n"
        "print(db.get('c', 'missing'))\n```\n\nagain:\n\n```sh\ngofannon-conformance run"
    ) in text


def test_markdown_has_the_other_sections():
    text = markdown.render(samples.every_outcome())
    for words in (
        "### Failed as expected\n\n- DOC-7 MUST: the store has no arrays in arrays",
        "### Not tested\n\n- CON-1, CON-2: the run has no threads",
        "### Also found\n\n- largest document: 16 MiB",
        "### Notes\n\n- test\\_paging was overridden",
    ):
        assert words in text


def test_markdown_of_many_failures_is_bounded():
    text = markdown.render(samples.many_failures(50))
    assert text.count("<details>") == markdown.SHOWN_IN_FULL
    assert "### Also broken" in text


def test_markdown_fences_are_longer_than_those_inside():
    report = samples.report(
        samples.target(samples.failing("GET-3", samples.failure(came="````\n# not a heading")))
    )
    assert "`````text\n````\n# not a heading\n`````" in markdown.render(report)


def test_markdown_escapes_the_texts_of_a_backend():
    text = markdown.render(samples.hostile())
    outside = re.sub(r"(?ms)^(`{3,})\w*\n.*?^\1$", "", text)
    assert all(character.isprintable() or character == "\n" for character in text)
    assert re.search(r"(?<!\\)</script>|(?<!\\)<b>&amp;|(?<!\\)<!--", outside) is None


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ([samples.result("GET-1")], ">strict<"),
        ([samples.failing("SAVE-9")], ">conformant<"),
        ([samples.failing("GET-1")], ">not conformant<"),
        ([samples.result("GET-1", Outcome.EXPECTED_FAILURE)], ">conformant except GET-1<"),
        (
            [samples.result(f"GET-{n}", Outcome.EXPECTED_FAILURE) for n in (1, 2)],
            ">conformant except 2 clauses<",
        ),
    ],
)
def test_the_badge_says_the_verdict(results, words):
    image = badge.render(samples.target(*results))
    ET.fromstring(image)
    assert words in image
    assert samples.target(*results).verdict in image


def test_the_badge_is_wide_enough_says_that_a_run_is_partial_and_escapes_the_target():
    image = badge.render(samples.target(samples.result("GET-1"), partial=True))
    assert ">strict (partial)<" in image
    width = int(re.search(r'width="(\d+)"', image)[1])
    lengths = [int(length) for length in re.findall(r'textLength="(\d+)"', image)]
    assert width == sum(lengths) + 24
    ET.fromstring(badge.render(*samples.hostile().targets))
