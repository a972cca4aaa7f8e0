"""The report as one page of HTML without scripts, fonts or requests."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from gofannon_conformance.contract import load
from gofannon_conformance.report.explain import explain, wording
from gofannon_conformance.report.legible import legible, on_one_line
from gofannon_conformance.report.model import Outcome
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
    from collections.abc import Iterator

    from gofannon_conformance.contract import Contract
    from gofannon_conformance.report.model import ClauseResult, Report, TargetReport

_STYLE = """
:root { color-scheme: light dark; --line: #c8ccd1; --quiet: #59606a; --bad: #a1260d;
  --good: #17662f; --warn: #7a4d00; --sheet: #f3f4f6; }
@media (prefers-color-scheme: dark) { :root { --line: #444b55; --quiet: #a4acb8; --bad: #ff9a85;
  --good: #7ddc9a; --warn: #f0c06a; --sheet: #22262c; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.2; overflow-wrap: anywhere; } h2 { margin-top: 2.5rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; }
th, td { text-align: right; padding: .25rem .75rem; border-bottom: 1px solid var(--line); }
th:first-child, table.words :is(th, td) { text-align: left; } tbody th { font-weight: normal; }
.quiet { color: var(--quiet); } .bad { color: var(--bad); font-weight: 600; }
.good { color: var(--good); font-weight: 600; } .warn { color: var(--warn); font-weight: 600; }
details { border-top: 1px solid var(--line); padding: .5rem 0; } summary { cursor: pointer; }
dt { color: var(--quiet); float: left; clear: left; width: 6rem; }
dd { margin-left: 6.5rem; white-space: pre-wrap; }
li, dd { overflow-wrap: anywhere; }
pre { background: var(--sheet); padding: .75rem; overflow-x: auto; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
"""

_CLASSES = {
    Outcome.PASS: "good",
    Outcome.FAIL: "bad",
    Outcome.ERROR: "bad",
    Outcome.NOT_TESTED: "warn",
    Outcome.EXPECTED_FAILURE: "warn",
    Outcome.NOT_APPLICABLE: "quiet",
}


def render(report: Report, *, contract: Contract | None = None) -> str:
    """Return the report as a page, light or dark as the browser is set."""
    kits = contract or load()
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Conformance report</title><style>{_STYLE}</style></head><body><main>",
            "<h1>Conformance report</h1>",
            f'<p class="quiet">{escape(run_sentence(report))}</p>',
            *_verdicts(report),
            *(line for t in report.targets for line in _target(t, wording(t, kits))),
            "</main></body></html>\n",
        ]
    )


def _verdicts(report: Report) -> Iterator[str]:
    yield '<div class="scroll"><table class="words"><thead><tr><th scope="col">target</th>'
    yield '<th scope="col">verdict</th></tr></thead><tbody>'
    for target in report.targets:
        sentence = verdict_sentence(target, interrupted=report.interrupted)
        name = escape(on_one_line(target.name))
        kind = _verdict_class(target.verdict)
        yield f'<tr><th scope="row">{name}</th><td class="{kind}">{escape(sentence)}</td></tr>'
    yield "</tbody></table></div>"


def _verdict_class(verdict: str) -> str:
    if " except " in verdict:
        return "warn"
    return "bad" if verdict == "not conformant" else "good"


def _target(target: TargetReport, contract: Contract) -> Iterator[str]:
    yield f"<section><h2>{escape(on_one_line(target.name))}</h2>"
    yield f'<p class="quiet">{escape(on_one_line(server_sentence(target)))}</p>'
    yield from _counts(target, contract)
    found = broken(target)
    if found:
        yield f"<h3>Broken clauses: {len(found)}</h3>"
    for result in found:
        yield from _broken(result, contract, is_open=result is found[0])
    for title, items in sections(target).items():
        yield f"<h3>{title}</h3><ul>"
        for name, text in items:
            bold = f"<b>{escape(on_one_line(name))}</b>: " if name else ""
            yield f"<li>{bold}{escape(legible(text))}</li>"
        yield "</ul>"
    yield "</section>"


def _counts(target: TargetReport, contract: Contract) -> Iterator[str]:
    titles = {group.name: group.title for group in contract.groups}
    yield '<div class="scroll"><table><thead><tr><th scope="col">clauses</th>'
    yield "".join(f'<th scope="col">{heading}</th>' for heading in COLUMNS.values())
    yield "</tr></thead><tbody>"
    for group, counts in tally(target, contract).items():
        cells = "".join(
            f'<td class="{_CLASSES[outcome]}">{counts[outcome]}</td>'
            if counts[outcome]
            else '<td class="quiet">0</td>'
            for outcome in COLUMNS
        )
        title = escape(titles.get(group, ""))
        yield f'<tr><th scope="row"><b>{group}</b> <span class="quiet">{title}</span></th>'
        yield f"{cells}</tr>"
    yield "</tbody></table></div>"


def _broken(result: ClauseResult, contract: Contract, *, is_open: bool) -> Iterator[str]:
    explained = explain(result, contract)
    yield f"<details{' open' * is_open}><summary><b>{explained.clause}</b> {explained.level} "
    yield f'<span class="bad">{result.outcome}</span> {_code_marked(explained.text)}</summary><dl>'
    yield from (f"<dt>{label}</dt><dd>{escape(text)}</dd>" for label, text in explained.paragraphs)
    if explained.hint:
        yield f"<dt>hint</dt><dd>{_code_marked(explained.hint)}</dd>"
    yield "</dl>"
    for label, text in (("program", explained.program), ("again", explained.again)):
        if text:
            yield f'<p class="quiet">{label}</p><pre tabindex="0">{escape(text)}</pre>'
    yield "</details>"


def _code_marked(text: str) -> str:
    """Return a sentence of the contract with its code marks as HTML."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))
