"""The report as Markdown, for a pull request or the summary page of a CI job."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from gofannon_conformance.contract import load
from gofannon_conformance.report.explain import explain, wording
from gofannon_conformance.report.legible import on_one_line
from gofannon_conformance.report.model import Outcome
from gofannon_conformance.report.summary import (
    COLUMNS,
    broken,
    by_reason,
    run_sentence,
    server_sentence,
    tally,
    verdict_sentence,
    with_outcome,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gofannon_conformance.contract import Contract
    from gofannon_conformance.report.model import ClauseResult, Report, TargetReport

SHOWN_IN_FULL = 25


def render(report: Report, *, contract: Contract | None = None) -> str:
    """Write the report as GitHub's Markdown; nothing that a backend said is read as markup."""
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
    yield from _section("Broken as well", (f"{r.clause} {r.level}" for r in found[SHOWN_IN_FULL:]))
    yield from _section(
        "Failed as expected",
        (
            f"{result.clause} {result.level}: {_inline(result.reason)}"
            for result in with_outcome(target, Outcome.EXPECTED_FAILURE)
        ),
    )
    untested = by_reason(with_outcome(target, Outcome.NOT_TESTED))
    yield from _section(
        "Not tested", (f"{', '.join(ids)}: {_inline(reason)}" for reason, ids in untested.items())
    )
    yield from _section(
        "Found out besides",
        (f"{_inline(name)}: {_inline(fact)}" for name, fact in target.facts.items()),
    )
    yield from _section("To know", map(_inline, target.notes))


def _section(title: str, items: Iterable[str]) -> list[str]:
    lines = [f"- {item}" for item in items]
    return ["", f"### {title}", "", *lines] if lines else []


def _broken(result: ClauseResult, contract: Contract) -> Iterator[str]:
    told = explain(result, contract)
    sentence = escape(told.text.replace("`", ""))
    yield from ("<details>", f"<summary><b>{told.clause}</b> {told.level} {sentence}</summary>", "")
    for label, text in told.paragraphs:
        yield from (f"{label}:", "", *_fenced(text, "text"), "")
    for label, text, language in (
        ("program", told.program, "python"),
        ("again", told.again, "sh"),
        ("hint", told.hint, "text"),
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
    """Make one line of a text in which Markdown and HTML find no markup."""
    return re.sub(r"(^[-+]|[\\`*_{}\[\]<>#!|~&@$])", r"\\\1", on_one_line(text))
