"""The report for a terminal or a log: a table, the failures in full, the verdict last."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from gofannon_conformance.contract import load
from gofannon_conformance.report.explain import explain, wording
from gofannon_conformance.report.legible import as_ascii, legible, on_one_line
from gofannon_conformance.report.model import Outcome
from gofannon_conformance.report.summary import (
    COLUMNS,
    broken,
    by_reason,
    not_met,
    run_sentence,
    server_sentence,
    tally,
    totals,
    verdict_sentence,
    with_outcome,
)

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from rich.console import OverflowMethod
    from rich.table import Table
    from rich.text import Text

    from gofannon_conformance.contract import Contract
    from gofannon_conformance.report.explain import Explanation
    from gofannon_conformance.report.model import ClauseResult, Report, TargetReport

SHOWN_IN_FULL = 12
"""The number of broken clauses of a target shown in full; the others get one line each."""
WIDE_ENOUGH_FOR_TITLES = 100

_STYLES = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.ERROR: "bold magenta",
    Outcome.NOT_APPLICABLE: "dim",
    Outcome.NOT_TESTED: "yellow",
    Outcome.EXPECTED_FAILURE: "cyan",
}


def render(
    report: Report,
    *,
    width: int = 80,
    color: bool,
    ascii: bool = False,  # noqa: A002  # the builtin is not called here
    contract: Contract | None = None,
) -> str:
    """Return the report for a terminal of that width.

    Without `color` it has no control characters; with `ascii` only ASCII ones. The lines of
    programs and commands are not wrapped, so that they can be copied.
    """
    drawing = _Drawing(width=width, color=color, ascii=ascii)
    kits = contract or load()
    for target in report.targets:
        _draw_target(drawing, target, wording(target, kits))
    drawing.line()
    drawing.line(run_sentence(report), "dim")
    if report.interrupted:
        drawing.line("Interrupted: the report is incomplete.", "bold yellow")
    _draw_verdicts(drawing, report)
    return drawing.text()


class _Drawing:
    """A text made with rich, which depends only on its arguments."""

    def __init__(self, *, width: int, color: bool, ascii: bool) -> None:  # noqa: A002
        from rich.console import Console

        self._file = StringIO()
        self._ascii = ascii
        self._cut: OverflowMethod = "crop" if ascii else "ellipsis"
        self.width = width
        self._console = Console(
            file=self._file,
            width=width,
            force_terminal=color,
            force_jupyter=False,
            no_color=not color,
            color_system="standard" if color else None,
            markup=False,
            emoji=False,
            highlight=False,
            legacy_windows=False,
        )

    def line(self, text: str = "", style: str = "") -> None:
        """Add a text, wrapped between words."""
        from rich.text import Text

        self._console.print(Text(self.written(text), style=style, overflow="fold"))

    def verbatim(self, text: str, style: str = "") -> None:
        """Add lines without wrapping them."""
        from rich.text import Text

        self._console.print(Text(self.written(text), style=style), soft_wrap=True)

    def title(self, text: str, style: str = "bold") -> None:
        """Add the title of a section."""
        self.line()
        self.line(text, style)

    def labelled(self, rows: Iterable[tuple[str, str]], *, label_style: str = "dim") -> None:
        """Add labels and texts, each wrapped in its own column."""
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(width=0)
        grid.add_column(max_width=self.width * 2 // 5, overflow="fold")
        grid.add_column(overflow="fold")
        for label, text in rows:
            name = Text(self.written(label), style=label_style)
            grid.add_row("", name, Text(self.written(text)))
        self._console.print(grid)

    def table(self, first: str, headings: Iterable[str]) -> Table:
        """Return a new table with a column of names and columns of counts."""
        from rich.box import SIMPLE_HEAD, Box
        from rich.table import Table

        plain = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
        table = Table(box=plain if self._ascii else SIMPLE_HEAD, show_edge=False, padding=(0, 1))
        table.add_column(first, overflow=self._cut, no_wrap=True)
        for heading in headings:
            table.add_column(heading, justify="right", no_wrap=True)
        return table

    def draw(self, table: Table) -> None:
        """Add a table."""
        self._console.print(table)

    def text(self) -> str:
        """Return the whole text, without the spaces at the ends of lines."""
        lines = self._file.getvalue().strip("\n").split("\n")
        return "\n".join(line.rstrip(" ") for line in lines) + "\n"

    def written(self, text: str) -> str:
        """Return a text in the characters that are allowed."""
        return as_ascii(text) if self._ascii else text


def _draw_target(drawing: _Drawing, target: TargetReport, contract: Contract) -> None:
    drawing.title(on_one_line(target.name))
    drawing.line(on_one_line(server_sentence(target)), "dim")
    drawing.line()
    if target.clauses:
        _draw_table(drawing, target, contract)
    else:
        drawing.line("No clause was run.", "bold red")
    _draw_broken(drawing, target, contract)
    _draw_expected(drawing, target, contract)
    untested = by_reason(with_outcome(target, Outcome.NOT_TESTED))
    if untested:
        drawing.title("Not tested: this counts against the run", "bold yellow")
        drawing.labelled((", ".join(ids), legible(reason)) for reason, ids in untested.items())
    not_applicable = by_reason(with_outcome(target, Outcome.NOT_APPLICABLE))
    if not_applicable:
        drawing.title("Not applicable")
        drawing.labelled(
            (", ".join(ids), legible(reason)) for reason, ids in not_applicable.items()
        )
    if target.facts:
        drawing.title("Also found")
        drawing.labelled((on_one_line(name), legible(fact)) for name, fact in target.facts.items())
    if target.notes:
        drawing.title("Notes")
        drawing.labelled(("-", legible(note)) for note in target.notes)


def _draw_table(drawing: _Drawing, target: TargetReport, contract: Contract) -> None:
    titles = {group.name: group.title for group in contract.groups}
    with_titles = drawing.width >= WIDE_ENOUGH_FOR_TITLES
    table = drawing.table("clauses", COLUMNS.values())
    counted = tally(target, contract)
    for group, counts in counted.items():
        title = f"{group:<6} {titles.get(group, '')}" if with_titles else group
        table.add_row(title, *_cells(drawing, counts))
    if len(counted) > 1:
        table.add_row("all", *_cells(drawing, totals(target)), style="bold")
    drawing.draw(table)


def _cells(drawing: _Drawing, counts: Counter[Outcome]) -> list[Text]:
    from rich.text import Text

    dot = drawing.written("·")
    return [
        Text(str(counts[outcome]), style=_STYLES[outcome])
        if counts[outcome]
        else Text(dot, style="dim")
        for outcome in COLUMNS
    ]


def _draw_broken(drawing: _Drawing, target: TargetReport, contract: Contract) -> None:
    found = broken(target)
    if found:
        drawing.title(f"Broken clauses: {len(found)}", "bold red")
    shown: dict[str, str] = {}
    for result in found[:SHOWN_IN_FULL]:
        _draw_explanation(drawing, explain(result, contract), result.outcome, shown)
    rest = found[SHOWN_IN_FULL:]
    if rest:
        drawing.title(f"Also broken: {len(rest)}", "bold red")
        drawing.labelled((r.clause, f"{r.level}  {_what(r)}") for r in rest)
        drawing.line("  To see one of them in full, run again with `--clause ID`.", "dim")


def _what(result: ClauseResult) -> str:
    text = result.failures[0].what if result.failures else result.reason
    return on_one_line(text, limit=120)


def _draw_explanation(
    drawing: _Drawing, explanation: Explanation, outcome: Outcome, shown: dict[str, str]
) -> None:
    drawing.title(explanation.headline, _STYLES[outcome])
    drawing.labelled(explanation.paragraphs)
    if explanation.program:
        same = shown.setdefault(explanation.program, explanation.clause)
        if same == explanation.clause:
            drawing.line("  program:", "dim")
            drawing.verbatim(explanation.program)
        else:
            drawing.line(f"  program: the same as for {same}, above", "dim")
    if explanation.again:
        drawing.verbatim(f"  again: {explanation.again}")
    if explanation.hint:
        drawing.labelled([("hint:", explanation.hint)])


def _draw_expected(drawing: _Drawing, target: TargetReport, contract: Contract) -> None:
    expected = with_outcome(target, Outcome.EXPECTED_FAILURE)
    if not expected:
        return
    drawing.title(f"Failed as expected: {len(expected)}", "bold cyan")
    for result in expected:
        drawing.labelled(
            [(f"{result.clause} {result.level}", explain(result, contract).text.replace("`", ""))]
        )
        what = [("what", _what(result))] if result.failures else []
        drawing.labelled([("because", legible(result.reason)), *what])


def _draw_verdicts(drawing: _Drawing, report: Report) -> None:
    if len(report.targets) == 1:
        (target,) = report.targets
        sentence = verdict_sentence(target, interrupted=report.interrupted)
        drawing.line(f"{on_one_line(target.name)}: {sentence}", _verdict_style(target))
        return
    drawing.line()
    if report.targets:
        _draw_verdict_table(drawing, report)
        drawing.line()
    conformant = sum(target.verdict in ("strict", "conformant") for target in report.targets)
    style = "bold green" if 0 < len(report.targets) == conformant else "bold red"
    drawing.line(f"{conformant} of {len(report.targets)} targets are conformant", style)


def _draw_verdict_table(drawing: _Drawing, report: Report) -> None:
    from rich.text import Text

    table = drawing.table("target", ("passed", "MUST missed", "SHOULD missed"))
    table.add_column("verdict", overflow="fold")
    for target in report.targets:
        missed = [str(len(not_met(target, level))) for level in ("MUST", "SHOULD")]
        passed = f"{totals(target)[Outcome.PASS]} of {len(target.clauses)}"
        verdict = target.verdict + (" (partial run)" if target.partial else "")
        name = drawing.written(on_one_line(target.name))
        table.add_row(Text(name), passed, *missed, Text(verdict, style=_verdict_style(target)))
    drawing.draw(table)


def _verdict_style(target: TargetReport) -> str:
    if " except " in target.verdict:
        return "bold yellow"
    return "bold red" if target.verdict == "not conformant" else "bold green"
