"""The command `gofannon-conformance`: it parses the arguments and calls the other folders."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

EXIT_USAGE = 2

T = TypeVar("T")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gofannon-conformance", prog_name="gofannon-conformance")
def main() -> None:
    """Test implementations of Gofannon's DatabaseService against its contract."""


@main.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option("--profile", default="standard", metavar="NAME", help="quick, standard or thorough.")
@click.option("--seed", metavar="N", help="Repeat the run that printed this seed.")
@click.option(
    "--clause",
    "clauses",
    multiple=True,
    metavar="ID",
    help="Test only this clause or group (GET-3, DOC, 'SAVE-1*'); repeatable.",
)
@click.option("--dialect", metavar="NAME", help="interface (default) or overview.")
@click.option("--strict", is_flag=True, help="SHOULD clauses count as well: exit 1 unless strict.")
@click.option("--json", "json_file", metavar="FILE", help="Write the report as JSON.")
@click.option(
    "--server",
    "servers",
    multiple=True,
    metavar="NAME",
    help="Use this server for its store, as in dynamodb:dynalite; repeatable.",
)
@click.option("--example", metavar="TEXT", help="Run one example again, as a failure prints it.")
@click.option("--color/--no-color", default=None, help="Colour; by default on a terminal.")
def run(targets: tuple[str, ...], **options: Any) -> NoReturn:
    """Run the suite on one or more TARGETs.

    A TARGET is package.module:attribute, path/file.py:attribute or a registered name. The
    attribute is a callable that returns a service, a generator function that yields one, a
    service, or a Target.

    Exit status: 0 conformant, 1 not conformant, 2 could not be run as asked.
    """
    from gofannon_conformance.cli.run import run_targets

    sys.exit(_guarded(lambda: run_targets(targets, **options)))


@main.command()
@click.argument("patterns", nargs=-1, metavar="[ID]...")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--markdown", is_flag=True, help="As Markdown.")
@click.option("--dialect", default="interface", metavar="NAME", help="interface or overview.")
def clauses(patterns: tuple[str, ...], dialect: str, *, as_json: bool, markdown: bool) -> None:
    """Print the contract's clauses: all, or those of an ID (GET-3), a group (GET) or a pattern."""
    from gofannon_conformance.contract import load, table

    if as_json and markdown:
        _fail("--json and --markdown exclude each other")
    try:
        contract = load().for_dialect(dialect)
        named = tuple(dict.fromkeys(c for pattern in patterns for c in contract.resolve(pattern)))
    except ValueError as error:
        _fail(str(error))
    write = table.as_json if as_json else table.markdown if markdown else table.plain
    click.echo(write(contract, named or contract.clauses).rstrip("\n"))


@main.command()
@click.argument("stores", nargs=-1, metavar="[STORE]...")
@click.option("--start", is_flag=True, help="Start each server, to see that it works.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def doctor(stores: tuple[str, ...], *, start: bool, as_json: bool) -> None:
    """Show which servers this machine has for the stores, and how to get the others.

    Exit status: 0 if each store has a server, 1 if one has none.
    """
    from gofannon_conformance.servers import doctor as examination

    try:
        rows = examination.rows(stores or None, start=start)
    except ValueError as error:
        _fail(str(error))
    if as_json:
        import json
        from dataclasses import asdict

        click.echo(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        click.echo("\n".join(examination.lines(rows)))
    served = {row.store for row in rows if row.available}
    sys.exit(0 if served >= {row.store for row in rows} else 1)


@main.command()
@click.argument("file", metavar="FILE")
@click.option(
    "--as",
    "form",
    default="text",
    metavar="FORM",
    help="text (default), markdown, html, junit or badge.",
)
@click.option("--target", metavar="NAME", help="Only this target; a badge shows one.")
@click.option("--output", metavar="FILE", help="Write there rather than to the terminal.")
def report(file: str, form: str, target: str | None, output: str | None) -> None:
    """Show a report again that `run --json FILE` has written, in another form."""
    from gofannon_conformance.report.saved import rendered

    text = _guarded(lambda: rendered(file, form, target))
    if output is None:
        click.echo(text.rstrip("\n"))
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        _fail(f"--output {output}: {error.strerror}")


@main.command()
@click.option("--quick", is_flag=True, help="Each mutant only until the clauses it breaks fail.")
@click.option("--right", is_flag=True, help="Only the right services, by all tests.")
@click.option("--mutant", "names", multiple=True, metavar="NAME", help="Only this one; repeatable.")
@click.option(
    "--clause",
    "clauses",
    multiple=True,
    metavar="ID",
    help="Only the mutants of this clause or group (GET-3, DOC); repeatable.",
)
@click.option("--seed", type=int, metavar="N", help="Repeat the run that printed this seed.")
@click.option("--seeds", type=click.IntRange(1), default=1, metavar="N", help="Run on N seeds.")
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="Processes; by default five a core."
)
@click.option("--json", "json_file", metavar="FILE", help="Write the matrix as JSON.")
@click.option("--markdown", "markdown_file", metavar="FILE", help="Write the matrix as Markdown.")
@click.option("--color/--no-color", default=None, help="Colour; by default on a terminal.")
def selftest(**options: Any) -> NoReturn:
    """Run the suite on the kit's own zoo, and print which clause caught each mutant.

    A mutant is a right service with one mistake, and must fail the clauses that it was made to
    break; a right service must pass. NAME may be a pattern, as in 'save_*'.

    Exit status: 0 if all is so, 1 if not, 2 if it could not be run as asked, or was interrupted.
    """
    from gofannon_conformance.selftest.command import run_selftest

    sys.exit(_guarded(lambda: run_selftest(**options)))


def _guarded(work: Callable[[], T]) -> T:
    from gofannon_conformance.usage import UsageError

    try:
        return work()
    except UsageError as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    click.echo(f"gofannon-conformance: {message}", err=True)
    sys.exit(EXIT_USAGE)


if __name__ == "__main__":
    main()
