"""The kill matrix drawn: for a terminal, with rich, and as Markdown for a page."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from gofannon_conformance.mutants import Mutant
from gofannon_conformance.selftest.matrix import GOOD, Verdict
from gofannon_conformance.selftest.telling import by_group, sentences, tally, worst_of_each

if TYPE_CHECKING:
    from gofannon_conformance.selftest.matrix import Matrix, Row

MOST_BESIDES = 4
"""How many clauses that failed besides are named on a terminal; the others are counted."""

_STYLES = {
    Verdict.KILLED: "green",
    Verdict.PASSED: "green",
    Verdict.PENDING: "dim",
    Verdict.SURVIVED: "bold red",
    Verdict.MISSED: "bold red",
    Verdict.FALSE_ALARM: "bold red",
    Verdict.VOID: "bold magenta",
    Verdict.BROKE: "bold magenta",
}


def terminal(matrix: Matrix, *, width: int, color: bool) -> str:
    """Draw the matrix, a line for each service, then what it comes to, the errors last but one."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    file = StringIO()
    console = Console(
        file=file,
        width=width,
        force_terminal=color,
        no_color=not color,
        color_system="standard" if color else None,
        markup=False,
        emoji=False,
        highlight=False,
    )
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("service", "verdict", "meant", "failed besides"):
        table.add_column(heading, overflow="fold")
    table.add_column("first", justify="right")
    for row, good, runs in worst_of_each(matrix):
        verdict = f"{row.verdict}" if runs == 1 else f"{row.verdict} ({good} of {runs} good)"
        table.add_row(
            row.name,
            Text(verdict, style=_STYLES[row.verdict]),
            " ".join(row.meant),
            _shortened(row.also),
            _seconds(row.first),
        )
    if matrix.rows:
        console.print(table)
    if matrix.tells_redundancy and matrix.redundant:
        console.print("\nKills nothing that no other test kills:", style="bold")
        for test in matrix.redundant:
            console.print(f"  {test} ({len(matrix.kills[test])} mutants)")
    if matrix.errors:
        console.print("\nErrors:", style="bold")
        for row in matrix.errors:
            console.print(f"  {row.name}, seed {row.seed}: {row.verdict}", style="bold red")
            console.print(f"    {_about(row)}")
            console.print(f"    {row.why}")
    console.print()
    for sentence in sentences(matrix):
        console.print(sentence)
    return file.getvalue()


def markdown(matrix: Matrix) -> str:
    """Give the matrix as Markdown: the figures by group, then a line for each service."""
    lines = [
        f"{tally(matrix)}.",
        "",
        "| group | clauses | mutants | killed | tests that killed one |",
        "| --- | --: | --: | --: | --: |",
        *(f"| {' | '.join(map(str, figures))} |" for figures in by_group(matrix)),
        "",
        "| mutant | its mistake | meant | failed besides | first failure |",
        "| --- | --- | --- | --- | --: |",
    ]
    rows = [row for row, _, _ in worst_of_each(matrix)]
    for row in rows:
        if row.is_mutant:
            told = [_marked(row), _about(row), ", ".join(row.meant), ", ".join(row.also)]
            lines.append(f"| {' | '.join(map(_cell, [*told, _seconds(row.first)]))} |")
    lines += ["", "| right service | what it is | verdict |", "| --- | --- | --- |"]
    lines += [
        f"| {_cell(f'`{row.name}`')} | {_cell(_about(row))} | {_cell(_verdict(row))} |"
        for row in rows
        if not row.is_mutant
    ]
    if matrix.tells_redundancy:
        lines += ["", "Tests that kill nothing that no other test kills:", ""]
        lines += [f"- `{test}` ({len(matrix.kills[test])} mutants)" for test in matrix.redundant]
    return "\n".join(lines) + "\n"


def _verdict(row: Row) -> str:
    lacks = () if isinstance(row.service, Mutant) else row.service.lacks
    but = f", but for {', '.join(lacks)}, which it should keep and need not" if lacks else ""
    return f"{row.verdict}{but}"


def _marked(row: Row) -> str:
    return f"`{row.name}`" if row.verdict in GOOD else f"**`{row.name}`** {row.verdict}: {row.why}"


def _about(row: Row) -> str:
    return row.service.mistake if isinstance(row.service, Mutant) else row.service.kind


def _shortened(clauses: tuple[str, ...]) -> str:
    more = len(clauses) - MOST_BESIDES
    return " ".join(clauses[:MOST_BESIDES]) + (f" +{more}" if more > 0 else "")


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.2f} s"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
