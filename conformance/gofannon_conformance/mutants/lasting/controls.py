"""Right services of many natures for DUR: what shares nothing, what lasts, what a server keeps."""

import asyncio
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from gofannon_conformance.mutants.lasting.base import (
    Document,
    Files,
    Lasting,
    Later,
    Sqlite,
    in_a_folder,
)
from gofannon_conformance.mutants.lasting.outliving_processes import of_the_process
from gofannon_conformance.mutants.lasting.restarted import LASTS, Asking, server_with
from gofannon_conformance.mutants.mutant import Control, T
from gofannon_conformance.mutants.right.waiting import AsyncDatabaseService
from gofannon_conformance.servers.endpoint import Endpoint

LASTING_CONTROLS: list[Control] = []
"""The right services for DUR."""


def right(name: str, *, groups: tuple[str, ...] = ("DUR",), **claims: Any) -> Callable[[T], T]:
    """Enter a class or a function that makes a right service; its docstring is what it is."""

    def entered(make: T) -> T:
        kind = make.__doc__ or ""
        LASTING_CONTROLS.append(
            Control(name=name, kind=kind, make=make, claims=claims, tried_by=groups)
        )
        return make

    return entered


# --- they share nothing with another process, or cannot be asked ----------------------------------


class InMemory(Lasting):
    """Has a dict."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Document] = {}

    @property
    def created(self) -> set[str]:
        return {collection for collection, _ in list(self.kept)}

    def stored(self, db_name: str, doc_id: str) -> Document | None:
        return self.kept.get((db_name, doc_id))

    def put(self, db_name: str, doc_id: str, doc: Document | None) -> None:
        if doc is not None:
            self.kept[db_name, doc_id] = doc

    def drop(self, db_name: str, doc_id: str) -> None:
        del self.kept[db_name, doc_id]

    def all_in(self, db_name: str) -> dict[str, Document]:
        return {i: doc for (c, i), doc in list(self.kept.items()) if c == db_name}


@right("right_in_memory_of_the_process", **in_a_folder())
class InMemoryOfAll(InMemory):
    """A dict that all instances of a process have in common."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.kept = of_the_process(InMemoryOfAll, endpoint)


@right("right_in_a_folder_of_its_own", **in_a_folder())
class TemporaryFolder(Files):
    """Files in a folder that each instance makes for itself."""

    def place(self, given: Path) -> Path:
        return Path(tempfile.mkdtemp(dir=given))


@right("right_in_an_emptied_folder", **in_a_folder())
class Emptied(Files):
    """Files in a folder that is emptied when it is opened."""

    def place(self, given: Path) -> Path:
        shutil.rmtree(given / "emptied", ignore_errors=True)
        return given / "emptied"


@right("right_in_a_locked_folder", **in_a_folder())
class Locked(Files):
    """Files in a folder that one instance may have at a time."""

    def __init__(self, endpoint: Endpoint) -> None:
        import fcntl  # not every system has it

        super().__init__(endpoint)
        self.lock = (self.folder / "lock").open("w")
        fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        """Let another one in."""
        self.lock.close()


@right("right_sqlite_in_memory", **in_a_folder())
class SqliteInMemory(Sqlite):
    """A table of SQLite in memory."""

    def place(self, given: Path) -> Path | str:
        return ":memory:"


@right("right_sqlite_made_anew", **in_a_folder())
class SqliteMadeAnew(Sqlite):
    """A table of SQLite that is made anew when it is opened, which breaks the one before it."""

    def place(self, given: Path) -> Path | str:
        (given / "anew.db").unlink(missing_ok=True)
        return given / "anew.db"


_OBJECTS: dict[str, Any] = {}
"""Those of which there is one in each run."""


@right("right_one_object", **in_a_folder())
def one_object(endpoint: Endpoint) -> InMemory:
    """In memory, and to open it gives the same object each time."""
    return _OBJECTS.setdefault(f"one {endpoint.url}", InMemory())


class ClosedAtTheEnd(InMemory):
    """Is of no use when it is closed, until it is opened again."""

    kept: Any

    def open(self) -> None:
        """Begin anew, if it was closed."""
        self.kept = self.kept or {}

    def close(self) -> None:
        """Forget everything."""
        self.kept = None


@right("right_one_object_of_a_generator", **in_a_folder())
def one_object_of_a_generator(endpoint: Endpoint) -> Iterator[ClosedAtTheEnd]:
    """In memory, the same object each time, of no use when one of them is closed."""
    one: ClosedAtTheEnd = _OBJECTS.setdefault(f"closed {endpoint.url}", ClosedAtTheEnd())
    one.open()
    try:
        yield one
    finally:
        one.close()


# --- they last ------------------------------------------------------------------------------------


@right("right_sqlite_with_a_log", **in_a_folder())
class SqliteWithLog(Sqlite):
    """A table of SQLite, with a write-ahead log."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.db.execute("PRAGMA journal_mode=WAL")


@right("right_files_of_a_generator", **in_a_folder())
def files_of_a_generator(endpoint: Endpoint) -> Iterator[Files]:
    """Files, from a generator, as fixtures are."""
    yield Files(endpoint)


class Awaited(AsyncDatabaseService):
    """Does in a thread what another service does at once."""

    def __init__(self, inner: Lasting) -> None:
        self.inner = inner

    @property
    def created(self) -> set[str]:
        """The names of the collections that have a document."""
        return self.inner.created

    async def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        return await asyncio.to_thread(self.inner.get, db_name, doc_id)

    async def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        return await asyncio.to_thread(self.inner.save, db_name, doc_id, doc)

    async def delete(self, db_name: str, doc_id: str) -> None:
        await asyncio.to_thread(self.inner.delete, db_name, doc_id)

    async def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return await asyncio.to_thread(self.inner.list_all, db_name)


@right("right_async_files", **in_a_folder())
def awaited_files(endpoint: Endpoint) -> Awaited:
    """Files, with coroutine methods."""
    return Awaited(Files(endpoint))


@right("right_async_sqlite", **in_a_folder())
async def awaited_sqlite(endpoint: Endpoint) -> Awaited:
    """A table of SQLite, with coroutine methods, from a coroutine."""
    return Awaited(Sqlite(endpoint))


@right("right_closed_for_all", **in_a_folder())
class ClosedForAll(Sqlite):
    """A connection to SQLite that all instances have in common, and each of them may close."""

    shared: ClassVar[dict[str, Sqlite]] = {}

    def __init__(self, endpoint: Endpoint) -> None:
        self.lock = threading.RLock()
        self.endpoint = endpoint

    @property
    def db(self) -> Any:
        """The connection, opened anew if it was closed."""
        if self.endpoint.url not in self.shared:
            self.shared[self.endpoint.url] = Sqlite(self.endpoint)
        return self.shared[self.endpoint.url].db

    def close(self) -> None:
        """Close the connection of all."""
        if self.endpoint.url in self.shared:
            self.shared.pop(self.endpoint.url).close()


right("nothing_changed_in_files", **in_a_folder())(Files)
right("nothing_changed_in_sqlite", **in_a_folder())(Sqlite)


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
class InAServer(Asking):
    """The service of a server that the mutants of DUR-3 are made of."""


@right("right_in_a_server_that_claims_nothing", server=server_with("right"))
class ClaimsNothing(Asking):
    """The documents outlive a kill of the server, and nobody says so."""


@right("right_in_the_memory_of_a_server", server=server_with("in memory"))
class InTheMemoryOfAServer(Asking):
    """The server forgets everything when it is stopped, and nobody says otherwise."""


@right("right_in_a_server_that_writes_when_stopped", server=server_with("at its end"))
class WritesWhenStopped(Asking):
    """The documents outlive a stop of the server, no kill, and nobody says otherwise."""
