"""The report as Markdown, for a pull request or the summary page of a CI job."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from gofannon_conformance.contract import load
from gofannon_conformance.report.explain import explain, wording
from gofannon_conformance.report.legible import on_one_line
from gofannon_conformance.report.summary import (
    COLUMNS,
    broken,
    run_sentence,
    sections,
    server_sentence,
    tally,
    verdict_sentence,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gofannon_conformance.contract import Contract
    from gofannon_conformance.report.model import ClauseResult, Report, TargetReport

SHOWN_IN_FULL = 25


def render(report: Report, *, contract: Contract | None = None) -> str:
    """Return the report as GitHub's Markdown; texts of a backend are escaped."""
    kits = contract or load()
    lines = ["# Conformance report", ""]
    lines += _table(
        ["target", "verdict"],
        (
            [
                _inline(target.name),
                _inline(verdict_sentence(target, interrupted=report.interrupted)),
            ]
            for target in report.targets
        ),
    )
    for target in report.targets:
        lines += _target(target, wording(target, kits))
    return "\n".join([*lines, "", _inline(run_sentence(report)), ""])


def _target(target: TargetReport, contract: Contract) -> Iterator[str]:
    yield from ("", f"## {_inline(target.name)}", "", _inline(server_sentence(target)), "")
    yield from _table(
        ["clauses", *COLUMNS.values()],
        (
            [group, *(str(counts[outcome] or "·") for outcome in COLUMNS)]
            for group, counts in tally(target, contract).items()
        ),
    )
    found = broken(target)
    if found:
        yield from ("", f"### Broken clauses: {len(found)}", "")
    for result in found[:SHOWN_IN_FULL]:
        yield from _broken(result, contract)
    if more := found[SHOWN_IN_FULL:]:
        yield from ("", "### Also broken", "", *(f"- {r.clause} {r.level}" for r in more))
    for title, items in sections(target).items():
        yield from ("", f"### {title}", "")
        yield from (f"- {f'{_inline(n)}: ' if n else ''}{_inline(text)}" for n, text in items)


def _broken(result: ClauseResult, contract: Contract) -> Iterator[str]:
    explained = explain(result, contract)
    sentence = escape(explained.text.replace("`", ""))
    yield from (
        "<details>",
        f"<summary><b>{explained.clause}</b> {explained.level} {sentence}</summary>",
        "",
    )
    for label, text in explained.paragraphs:
        yield from (f"{label}:", "", *_fenced(text, "text"), "")
    for label, text, language in (
        ("program", explained.program, "python"),
        ("again", explained.again, "sh"),
        ("hint", explained.hint, "text"),
    ):
        if text:
            yield from (f"{label}:", "", *_fenced(text, language), "")
    yield from ("</details>", "")


def _fenced(text: str, language: str) -> Iterator[str]:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}{language}", text, fence)


def _table(headings: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|{'|'.join(' --- ' for _ in headings)}|"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _inline(text: str) -> str:
    """Return a text as one line without markup for Markdown or HTML."""
    return re.sub(r"(^[-+]|[\\`*_{}\[\]<>#!|~&@$])", r"\\\1", on_one_line(text))
