"""The command `gofannon-data`: it reads what a person typed, calls the functions, and reports."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gofannon_backends.base import DatabaseService
    from gofannon_backends.transfer import Options, Progress, Summary

NOT_MOVED: Final = 1
NOT_AS_ASKED: Final = 2

_INTERRUPTED: Final = "interrupted; nothing is lost: run the same again to go on"
_TO_END: Final = (signal.SIGINT, signal.SIGTERM)
_TIDYING_SECONDS: Final = 10

_EPILOG: Final = (
    "A SOURCE or TARGET is a provider (couchdb, dynamodb, firestore, postgresql or one that is "
    "installed) with its settings in the environment or .env; PROVIDER@FILE with its settings in "
    "that file; an address (http://…, postgresql://…); or the path of an exported folder. "
    "Exit status: 0 everything moved and verified, 1 something was not, 2 it could not be "
    "run as asked."
)

_collections = click.option(
    "--collection",
    "collections",
    multiple=True,
    metavar="NAME",
    help="Move this collection only; repeatable. By default all seven, or all of the folder.",
)
_leave_behind = click.option(
    "--leave-behind",
    multiple=True,
    metavar="FIELD",
    help="Drop this top-level field, as _rev is; repeatable.",
)
_dry_run = click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
_quiet = click.option("--quiet", is_flag=True, help="Show no progress.")
_overwrite = click.option(
    "--overwrite", is_flag=True, help="Replace what the target has differently under the same id."
)
_writers = click.option(
    "--writers", default=8, metavar="N", help="Threads that write at once, 1 to 64; 8 by default."
)
_state = click.option(
    "--state", metavar="FOLDER", help="Where a run notes what it has done, to be gone on with."
)
_restart = click.option("--restart", is_flag=True, help="Forget a run that did not end.")


def _into_a_database(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of what brings documents into a database, as its help has them."""
    options = (
        *(_collections, _overwrite, _writers, _state, _restart),
        *(_leave_behind, _dry_run, _quiet),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EPILOG)
@click.version_option(package_name="gofannon-conformance", prog_name="gofannon-data")
def main() -> None:
    """Move documents between databases and files, and verify them there."""


@main.command("export", epilog=_EPILOG)
@click.argument("folder", metavar="FOLDER")
@click.option("--from", "source", metavar="SOURCE", help="By default what DATABASE_PROVIDER says.")
@_collections
@_leave_behind
@_dry_run
@_quiet
def export_(folder: str, source: str | None, **options: Any) -> NoReturn:
    """Write the documents of a database into a new FOLDER.

    The same again goes on with an export that did not end.
    """
    _run(lambda run: run.export(source, folder), options)


@main.command("import", epilog=_EPILOG)
@click.argument("path", metavar="FOLDER")
@click.option("--to", "target", metavar="TARGET", help="By default what DATABASE_PROVIDER says.")
@_into_a_database
def import_(path: str, target: str | None, **options: Any) -> NoReturn:
    """Bring an exported FOLDER, or a backup in one JSON file, into a database.

    What the database has already is not touched. The same again goes on with an import that did
    not end.
    """
    _run(lambda run: run.import_(path, target), options)


@main.command(epilog=_EPILOG)
@click.argument("source")
@click.argument("target")
@_into_a_database
def migrate(source: str, target: str, **options: Any) -> NoReturn:
    """Bring the documents of SOURCE into TARGET.

    Everything is read into a folder of its own, --state, before anything is written. The same
    again goes on with a migration that did not end.
    """
    _run(lambda run: run.migrate(source, target), options)


class _Run:
    """One call of the command: the services that it opened, and how it was asked for."""

    def __init__(self, stack: ExitStack, given: dict[str, Any]) -> None:
        from gofannon_backends.transfer import Options, Silent, shown

        self._stack = stack
        self._collections: tuple[str, ...] = given.pop("collections")
        state: str | None = given.pop("state", None)
        self._state = None if state is None else Path(state)
        quiet: bool = given.pop("quiet")
        self._options: Options = Options(**given)
        self._progress: Progress = Silent() if quiet else stack.enter_context(shown())

    def export(self, source: str | None, folder: str) -> Summary:
        from gofannon_backends.transfer import COLLECTIONS, export_to

        return export_to(
            Path(folder),
            self._opened(source),
            collections=self._collections or COLLECTIONS,
            options=self._options,
            progress=self._progress,
        )

    def import_(self, path: str, target: str | None) -> Summary:
        from gofannon_backends.transfer import import_from

        return import_from(
            Path(path),
            self._opened(target),
            collections=self._collections or None,
            options=self._options,
            state=self._state,
            progress=self._progress,
        )

    def migrate(self, source: str, target: str) -> Summary:
        from gofannon_backends.transfer import COLLECTIONS, NotAsAskedError, name_of
        from gofannon_backends.transfer import migrate as migrated
        from gofannon_backends.transfer.places import is_path

        if is_path(source) and is_path(target):
            raise NotAsAskedError("source and target are both paths: copy the folder")
        if is_path(source):
            return self.import_(source, target)
        if is_path(target):
            return self.export(source, target)
        services = self._opened(source), self._opened(target)
        if name_of(services[0]) == name_of(services[1]):
            raise NotAsAskedError(f"source and target are one: {name_of(services[0])}")
        return migrated(
            *services,
            collections=self._collections or COLLECTIONS,
            options=self._options,
            state=self._state,
            progress=self._progress,
        )

    def _opened(self, place: str | None) -> DatabaseService:
        from gofannon_backends.transfer.places import opened

        return self._stack.enter_context(closing(opened(place)))


def _run(work: Callable[[_Run], Summary], given: dict[str, Any]) -> NoReturn:
    """Do the work, print what came of it, and exit with the status that says so."""
    from gofannon_backends.transfer import NotAsAskedError, StoppedError

    try:
        with _interrupts(), ExitStack() as stack:
            summary = work(_Run(stack, given))
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
        # What the terminal cannot show, half characters too, is shown as its number.
        encoding = sys.stdout.encoding
        click.echo(line.encode(encoding, "backslashreplace").decode(encoding))
    sys.exit(0 if summary.complete else NOT_MOVED)


@contextmanager
def _interrupts() -> Iterator[None]:
    """Let Ctrl-C, or being told to end, break off what is done meanwhile."""
    heard = [number for number in _TO_END if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _interrupt) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(*_: object) -> NoReturn:
    """Break off; and end for good where the tidying up does not come to its end.

    An exception in the middle of a library's locking can leave it locked, and a connection that
    is closed then would wait for ever. The journal bears an end at any moment.
    """
    if hasattr(signal, "alarm"):  # not on Windows
        signal.signal(signal.SIGALRM, _leave)
        signal.alarm(_TIDYING_SECONDS)
    raise KeyboardInterrupt


def _leave(*_: object) -> NoReturn:
    os.write(2, f"gofannon-data: {_INTERRUPTED}\n".encode())
    os._exit(NOT_MOVED)


def _fail(message: str, status: int) -> NoReturn:
    click.echo(f"gofannon-data: {' '.join(message.split())}", err=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
