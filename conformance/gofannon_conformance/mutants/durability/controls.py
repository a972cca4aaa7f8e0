"""Right services of many kinds for DUR: in memory, in a folder, and with a server."""

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from gofannon_conformance.mutants.concurrency.workers import InThreadsOfTheLoop
from gofannon_conformance.mutants.durability.base import (
    IN_A_FOLDER,
    Files,
    InMemory,
    Later,
    Sqlite,
    in_a_folder,
)
from gofannon_conformance.mutants.durability.processes import of_the_process
from gofannon_conformance.mutants.durability.restarts import LASTS, Client, server_with
from gofannon_conformance.mutants.mutant import Control, T
from gofannon_conformance.servers.endpoint import Endpoint

LASTING_CONTROLS: list[Control] = []
"""The right services for DUR."""


def right(name: str, *, groups: tuple[str, ...] = ("DUR",), **claims: Any) -> Callable[[T], T]:
    """Enter a class or a function that makes a right service; its docstring describes it."""

    def entered(make: T) -> T:
        kind = make.__doc__ or ""
        LASTING_CONTROLS.append(
            Control(name=name, kind=kind, make=make, claims=claims, tried_by=groups)
        )
        return make

    return entered


# --- they share nothing with another process, or only one can be open -----------------------------


@right("right_in_memory_of_the_process", **IN_A_FOLDER)
class InMemoryOfAll(InMemory):
    """A dict that all instances of a process share."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.kept = of_the_process(InMemoryOfAll, endpoint)


@right("right_in_a_folder_of_its_own", **IN_A_FOLDER)
class TemporaryFolder(Files):
    """Files in a folder that each instance creates for itself."""

    def place(self, given: Path) -> Path:
        return Path(tempfile.mkdtemp(dir=given))


@right("right_in_an_emptied_folder", **IN_A_FOLDER)
class Emptied(Files):
    """Files in a folder that is emptied when it is opened."""

    def place(self, given: Path) -> Path:
        shutil.rmtree(given / "emptied", ignore_errors=True)
        return given / "emptied"


@right("right_in_a_locked_folder", **IN_A_FOLDER)
class Locked(Files):
    """Files in a folder that one instance may open at a time."""

    def __init__(self, endpoint: Endpoint) -> None:
        import fcntl  # not every system has it

        super().__init__(endpoint)
        self.lock = (self.folder / "lock").open("w")
        fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        self.lock.close()


@right("right_sqlite_in_memory", **IN_A_FOLDER)
class SqliteInMemory(Sqlite):
    """A table of SQLite in memory."""

    def place(self, given: Path) -> Path | str:
        return ":memory:"


@right("right_sqlite_made_again", **IN_A_FOLDER)
class SqliteCreatedAgain(Sqlite):
    """A table of SQLite that each opening creates again, which breaks the one before."""

    def place(self, given: Path) -> Path | str:
        (given / "again.db").unlink(missing_ok=True)
        return given / "again.db"


_OBJECTS: dict[str, Any] = {}
"""Services that exist once in a run."""


@right("right_one_object", **IN_A_FOLDER)
def one_object(endpoint: Endpoint) -> InMemory:
    """In memory, and each opening returns the same object."""
    return _OBJECTS.setdefault(f"one {endpoint.url}", InMemory())


class ClosedAtTheEnd(InMemory):
    """Fails once it is closed, until it is opened again."""

    def open(self) -> None:
        self.kept = self.kept or {}

    def close(self) -> None:
        self.kept = None  # type: ignore[assignment]  # every use fails


@right("right_one_object_of_a_generator", **IN_A_FOLDER)
def one_object_of_a_generator(endpoint: Endpoint) -> Iterator[ClosedAtTheEnd]:
    """In memory, the same object each time, which fails when one of them is closed."""
    one: ClosedAtTheEnd = _OBJECTS.setdefault(f"closed {endpoint.url}", ClosedAtTheEnd())
    one.open()
    try:
        yield one
    finally:
        one.close()


# --- they last ------------------------------------------------------------------------------------


@right("right_files_of_a_generator", **IN_A_FOLDER)
def files_of_a_generator(endpoint: Endpoint) -> Iterator[Files]:
    """Files, from a generator, as fixtures are."""
    yield Files(endpoint)


@right("right_async_files", **IN_A_FOLDER)
def awaited_files(endpoint: Endpoint) -> InThreadsOfTheLoop:
    """Files, with coroutine methods."""
    return InThreadsOfTheLoop(Files(endpoint))


@right("right_async_sqlite", **IN_A_FOLDER)
async def awaited_sqlite(endpoint: Endpoint) -> InThreadsOfTheLoop:
    """A table of SQLite, with coroutine methods, from a coroutine."""
    return InThreadsOfTheLoop(Sqlite(endpoint))


@right("right_closed_for_all", **IN_A_FOLDER)
class ClosedForAll(Sqlite):
    """A connection to SQLite that all instances share, and each of them may close."""

    shared: ClassVar[dict[str, Sqlite]] = {}

    def __init__(self, endpoint: Endpoint) -> None:
        self.lock = threading.RLock()
        self.endpoint = endpoint

    @property
    def db(self) -> Any:
        """The connection, opened again if it was closed."""
        if self.endpoint.url not in self.shared:
            self.shared[self.endpoint.url] = Sqlite(self.endpoint)
        return self.shared[self.endpoint.url].db

    def close(self) -> None:
        if self.endpoint.url in self.shared:
            self.shared.pop(self.endpoint.url).close()


right("nothing_changed_in_files", **IN_A_FOLDER)(Files)
right("nothing_changed_in_sqlite", **IN_A_FOLDER)(Sqlite)


@right("right_eventual", converges_within=10.0, **in_a_folder(eventual=True))
class Eventual(Later):
    """Files that are written a moment later, by a target that says that it is eventual."""


# --- their server may be stopped ------------------------------------------------------------------


@right(
    "nothing_changed_in_a_server",
    groups=("DUR", "FAULT"),
    server=server_with("right"),
    capabilities=LASTS,
    bound=15.0,
)
class InAServer(Client):
    """The service with a server that the mutants of DUR-3 are made of."""


@right("right_in_a_server_that_claims_nothing", server=server_with("right"))
class ClaimsNothing(Client):
    """The documents outlive a kill of the server, and the target claims nothing."""


@right("right_in_the_memory_of_a_server", server=server_with("in memory"))
class InTheMemoryOfAServer(Client):
    """The server forgets everything when it is stopped, and the target claims nothing."""


@right("right_in_a_server_that_writes_when_stopped", server=server_with("at its end"))
class WritesWhenStopped(Client):
    """The documents outlive a stop of the server, but no kill, and the target claims nothing."""
