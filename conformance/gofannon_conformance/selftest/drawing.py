"""The kill matrix as text: for a terminal, with rich, and as a page of Markdown."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from gofannon_conformance.mutants import Mutant
from gofannon_conformance.selftest.figures import by_group, sentences, tally, worst_of_each
from gofannon_conformance.selftest.matrix import GOOD, Result

if TYPE_CHECKING:
    from gofannon_conformance.selftest.matrix import Matrix, Row

MOST_OTHERS = 4
"""The number of other failed clauses that a terminal names; the rest is counted."""

_STYLES = {
    Result.KILLED: "green",
    Result.PASSED: "green",
    Result.PENDING: "dim",
    Result.SURVIVED: "bold red",
    Result.MISSED: "bold red",
    Result.FALSE_ALARM: "bold red",
    Result.VOID: "bold magenta",
    Result.BROKE: "bold magenta",
}


def terminal(matrix: Matrix, *, width: int, color: bool) -> str:
    """Return the matrix with a line for each service, then the errors and the figures."""
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
    for heading in ("service", "result", "meant", "also failed"):
        table.add_column(heading, overflow="fold")
    table.add_column("first", justify="right")
    for row, good, runs in worst_of_each(matrix):
        result = f"{row.result}" if runs == 1 else f"{row.result} ({good} of {runs} good)"
        table.add_row(
            row.name,
            Text(result, style=_STYLES[row.result]),
            " ".join(row.meant),
            _shortened(row.also),
            _seconds(row.first),
        )
    if matrix.rows:
        console.print(table)
    if matrix.is_complete and matrix.redundant:
        console.print("\nTests that kill no mutant alone:", style="bold")
        for test in matrix.redundant:
            console.print(f"  {test} ({len(matrix.kills[test])} mutants)")
    if matrix.errors:
        console.print("\nErrors:", style="bold")
        for row in matrix.errors:
            console.print(f"  {row.name}, seed {row.seed}: {row.result}", style="bold red")
            console.print(f"    {_about(row)}")
            console.print(f"    {row.why}")
    console.print()
    for sentence in sentences(matrix):
        console.print(sentence)
    return file.getvalue()


def markdown(matrix: Matrix) -> str:
    """Return the matrix as a page of Markdown: the figures by group, then a line per service."""
    lines = [
        "# The kill matrix",
        "",
        "Written by `gofannon-conformance selftest --markdown FILE`, with the clauses that each",
        "mutant is meant to break, the other clauses that failed, and the seconds until the first",
        "of the meant ones failed.",
        "",
        f"{tally(matrix)}.",
        "",
        "| group | clauses | mutants | killed | tests that killed one |",
        "| --- | --: | --: | --: | --: |",
        *(f"| {' | '.join(map(str, figures))} |" for figures in by_group(matrix)),
        "",
        "| mutant | its mistake | meant | also failed | first failure |",
        "| --- | --- | --- | --- | --: |",
    ]
    rows = [row for row, _, _ in worst_of_each(matrix)]
    for row in rows:
        if row.is_mutant:
            cells = [_marked(row), _about(row), ", ".join(row.meant), ", ".join(row.also)]
            lines.append(f"| {' | '.join(map(_cell, [*cells, _seconds(row.first)]))} |")
    lines += ["", "| right service | what it is | result |", "| --- | --- | --- |"]
    lines += [
        f"| {_cell(f'`{row.name}`')} | {_cell(_about(row))} | {_cell(_result(row))} |"
        for row in rows
        if not row.is_mutant
    ]
    if matrix.is_complete:
        lines += ["", "Tests that kill no mutant alone:", ""]
        lines += [f"- `{test}` ({len(matrix.kills[test])} mutants)" for test in matrix.redundant]
    return "\n".join(lines) + "\n"


def _result(row: Row) -> str:
    lacks = () if isinstance(row.service, Mutant) else row.service.lacks
    but = f", without the SHOULD clauses {', '.join(lacks)}" if lacks else ""
    return f"{row.result}{but}"


def _marked(row: Row) -> str:
    return f"`{row.name}`" if row.result in GOOD else f"**`{row.name}`** {row.result}: {row.why}"


def _about(row: Row) -> str:
    return row.service.mistake if isinstance(row.service, Mutant) else row.service.kind


def _shortened(clauses: tuple[str, ...]) -> str:
    more = len(clauses) - MOST_OTHERS
    return " ".join(clauses[:MOST_OTHERS]) + (f" +{more}" if more > 0 else "")


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.2f} s"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
