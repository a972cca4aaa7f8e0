"""The command `gofannon-data`: it parses the arguments, calls the functions, and reports."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from gofannon_backends.transfer import arguments, files
from gofannon_backends.transfer.errors import NotAsAskedError, StoppedError
from gofannon_backends.transfer.operations import export_to, import_from, name_of
from gofannon_backends.transfer.operations import migrate as migrate_between
from gofannon_backends.transfer.options import Options
from gofannon_backends.transfer.progress import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gofannon_backends.base import DatabaseService
    from gofannon_backends.transfer.summary import Summary

NOT_MOVED: Final = 1
NOT_AS_ASKED: Final = 2

_INTERRUPTED: Final = "interrupted; nothing is lost: run the same command again to continue"
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_CLEANUP_SECONDS: Final = 10

_EPILOG: Final = (
    "A SOURCE or TARGET is a provider (couchdb, dynamodb, firestore, postgresql or an installed "
    "one) with its settings in the environment or .env; PROVIDER@FILE with its settings in that "
    "file; an address (http://…, postgresql://…); or the path of an exported folder. "
    "Exit status: 0 everything was moved and verified, 1 something was not, 2 the request could "
    "not be carried out."
)
_IN_SETTINGS: Final = "Default: the provider in DATABASE_PROVIDER."


def _every_command(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of all three commands."""
    for option in (
        click.option("--quiet", is_flag=True, help="Show no progress."),
        click.option("--dry-run", is_flag=True, help="Report what would be done; write nothing."),
        click.option(
            "--leave-behind",
            multiple=True,
            metavar="FIELD",
            help="Drop this top-level field, as _rev is dropped; repeatable.",
        ),
        click.option(
            "--collection",
            "collections",
            multiple=True,
            metavar="NAME",
            help="Move only this collection; repeatable. Default: all seven, or all of the folder.",
        ),
    ):
        command = option(command)
    return command


def _writing_command(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of the commands that write to a database."""
    for option in (
        click.option(
            "--restart", is_flag=True, help="Delete the state of an unfinished run and start again."
        ),
        click.option(
            "--state",
            metavar="FOLDER",
            type=click.Path(path_type=Path),
            help="Folder for the state, from which an interrupted run continues.",
        ),
        click.option(
            "--writers",
            default=8,
            metavar="N",
            help="Number of writing threads, 1 to 64; default 8.",
        ),
        click.option(
            "--overwrite",
            is_flag=True,
            help="Replace different documents with the same id in the target.",
        ),
    ):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EPILOG)
@click.version_option(package_name="gofannon-conformance", prog_name="gofannon-data")
def main() -> None:
    """Copy documents between databases and files, and verify the result."""


@main.command(epilog=_EPILOG)
@click.argument("folder")
@click.option("--from", "source", metavar="SOURCE", help=_IN_SETTINGS)
@_every_command
def export(folder: str, source: str | None, **options: Any) -> NoReturn:
    """Write the documents of a database into a new FOLDER.

    The same command continues an unfinished export.
    """
    _run(lambda run: run.export(source, folder), options)


@main.command("import", epilog=_EPILOG)
@click.argument("path", metavar="FOLDER")
@click.option("--to", "target", metavar="TARGET", help=_IN_SETTINGS)
@_writing_command
@_every_command
def import_(path: str, target: str | None, **options: Any) -> NoReturn:
    """Write an exported FOLDER, or a backup in one JSON file, into a database.

    Documents that the database already has are not changed. The same command continues an
    unfinished import.
    """
    _run(lambda run: run.import_(path, target), options)


@main.command(epilog=_EPILOG)
@click.argument("source")
@click.argument("target")
@_writing_command
@_every_command
def migrate(source: str, target: str, **options: Any) -> NoReturn:
    """Copy the documents of SOURCE into TARGET.

    Everything is read into the folder --state before anything is written. The same command
    continues an unfinished migration.
    """
    _run(lambda run: run.migrate(source, target), options)


class _Run:
    """One run of the command: its options and the services that it opened."""

    def __init__(
        self,
        stack: ExitStack,
        *,
        quiet: bool,
        collections: tuple[str, ...],
        state: Path | None = None,
        **options: Any,
    ) -> None:
        self._stack = stack
        self._given: dict[str, Any] = {"options": Options(**options)}
        self._state = state
        if collections:
            self._given["collections"] = collections
        if not quiet:
            self._given["progress"] = stack.enter_context(shown())

    def export(self, source: str | None, folder: str) -> Summary:
        return export_to(Path(folder), self._opened(source), **self._given)

    def import_(self, path: str, target: str | None) -> Summary:
        files.must_exist(Path(path))  # before a target is opened
        return import_from(Path(path), self._opened(target), **self._given, state=self._state)

    def migrate(self, source: str, target: str) -> Summary:
        if arguments.is_path(source) and arguments.is_path(target):
            raise NotAsAskedError("source and target are both paths; copy the folder instead")
        if arguments.is_path(source):
            return self.import_(source, target)
        if arguments.is_path(target):
            return self.export(source, target)
        services = self._opened(source), self._opened(target)
        if name_of(services[0]) == name_of(services[1]):
            raise NotAsAskedError(f"source and target are the same: {name_of(services[0])}")
        return migrate_between(*services, **self._given, state=self._state)

    def _opened(self, place: str | None) -> DatabaseService:
        return self._stack.enter_context(closing(arguments.opened(place)))


def _run(work: Callable[[_Run], Summary], given: dict[str, Any]) -> NoReturn:
    """Do the work, print the summary, and exit with its status."""
    try:
        with _interrupts(), ExitStack() as stack:
            summary = work(_Run(stack, **given))
    except NotAsAskedError as error:
        _fail(str(error), NOT_AS_ASKED)
    except StoppedError as error:
        _fail(str(error), NOT_MOVED)
    except ModuleNotFoundError as error:
        _fail(f"{error}: pip install 'gofannon-conformance[settings]'", NOT_AS_ASKED)
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}", NOT_AS_ASKED)
    except KeyboardInterrupt:
        _fail(_INTERRUPTED, NOT_MOVED)
    for line in summary.lines():
        # Characters that the terminal cannot show are escaped, lone surrogates too.
        encoding = sys.stdout.encoding
        click.echo(line.encode(encoding, "backslashreplace").decode(encoding))
    sys.exit(0 if summary.complete else NOT_MOVED)


@contextmanager
def _interrupts() -> Iterator[None]:
    """Raise `KeyboardInterrupt` in the block on Ctrl-C or SIGTERM."""
    handled = [number for number in _STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _interrupt) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(*_: object) -> NoReturn:
    """Raise `KeyboardInterrupt`, and end the process if the cleanup takes too long.

    An exception inside a library can leave its lock locked; closing the connection would then
    wait for ever. The state allows an end at any moment.
    """
    if hasattr(signal, "alarm"):  # not on Windows
        signal.signal(signal.SIGALRM, _exit)
        signal.alarm(_CLEANUP_SECONDS)
    raise KeyboardInterrupt


def _exit(*_: object) -> NoReturn:
    os.write(2, f"gofannon-data: {_INTERRUPTED}\n".encode())
    os._exit(NOT_MOVED)


def _fail(message: str, status: int) -> NoReturn:
    click.echo(f"gofannon-data: {' '.join(message.split())}", err=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
