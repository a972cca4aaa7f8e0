"""Services that forget, or tell others late: DUR. Those that are right in their ways stand last.

Each keeps its documents in files of a folder of its own, which other instances and other processes
share, unless that is the mistake.
"""

import asyncio
import atexit
import fcntl
import json
import os
import shutil
import sqlite3
import tempfile
import threading
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import lasting_server
from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant

HOME = Path(os.environ.get("LASTING_HOME") or tempfile.mkdtemp(prefix="lasting-"))
if "LASTING_HOME" not in os.environ:  # the processes that the suite starts use the same
    os.environ["LASTING_HOME"] = str(HOME)
    atexit.register(shutil.rmtree, HOME, ignore_errors=True)

BROKEN_LASTING = []


@dataclass(frozen=True, kw_only=True)
class FoundHere(Mutant):
    """A mutant that a new process finds in this module, by its class's name."""

    @property
    def target(self):
        return replace(super().target, spec=f"{__name__}:{self.make.__name__}")


def row(name, *clauses, **claims):
    def entered(service):
        BROKEN_LASTING.append(
            FoundHere(
                name=name, clauses=clauses, mistake=service.__doc__, make=service, claims=claims
            )
        )
        return service

    return entered


def missing(db_name, doc_id):
    return HTTPException(404, f"there is no document {doc_id!r} in {db_name!r}")


class Base:
    """Answers as the contract says, with what `find`, `put`, `drop` and `all_in` know."""

    created = frozenset()

    def get(self, db_name, doc_id):
        found = self.find(db_name, doc_id)
        if found is None:
            raise missing(db_name, doc_id)
        return {**found, "_id": doc_id}

    def save(self, db_name, doc_id, doc):
        own = {k: v for k, v in doc.items() if k not in ("_id", "_rev")}
        self.put(db_name, doc_id, json.loads(json.dumps(own)))
        return {"id": doc_id, "rev": uuid4().hex}

    def delete(self, db_name, doc_id):
        if self.find(db_name, doc_id) is None:
            raise missing(db_name, doc_id)
        self.drop(db_name, doc_id)

    def list_all(self, db_name):
        return [{**doc, "_id": doc_id} for doc_id, doc in self.all_in(db_name).items()]


class Files(Base):
    """A file for each document, put in its place by a rename."""

    def __init__(self):
        self.folder = self.place()
        self.folder.mkdir(parents=True, exist_ok=True)

    def place(self):
        return HOME / type(self).__name__

    def file(self, db_name, doc_id):
        return self.folder / f"{sha256(json.dumps([db_name, doc_id]).encode()).hexdigest()}.json"

    def find(self, db_name, doc_id):
        try:
            return json.loads(self.file(db_name, doc_id).read_text())[2]
        except FileNotFoundError:
            return None

    def put(self, db_name, doc_id, doc):
        new = self.folder / uuid4().hex
        new.write_text(json.dumps([db_name, doc_id, doc]))
        new.replace(self.file(db_name, doc_id))

    def drop(self, db_name, doc_id):
        self.file(db_name, doc_id).unlink(missing_ok=True)

    def all_in(self, db_name):
        found = {}
        for file in self.folder.glob("*.json"):
            try:
                collection, doc_id, doc = json.loads(file.read_text())
            except FileNotFoundError:
                continue
            if collection == db_name:
                found[doc_id] = doc
        return found


class Overlaid(Files):
    """Shows its own view of some documents before what the files hold."""

    def __init__(self):
        super().__init__()
        self.mine = {}

    def find(self, db_name, doc_id):
        if (db_name, doc_id) in self.mine:
            return self.mine[db_name, doc_id]
        return super().find(db_name, doc_id)

    def all_in(self, db_name):
        mine = {i: doc for (c, i), doc in self.mine.items() if c == db_name}
        shown = {**super().all_in(db_name), **mine}
        return {doc_id: doc for doc_id, doc in shown.items() if doc is not None}

    def flush(self):
        for (db_name, doc_id), doc in [*self.mine.items()]:
            if doc is None:
                super().drop(db_name, doc_id)
            else:
                Files.put(self, db_name, doc_id, doc)
        self.mine.clear()


class Buffered(Overlaid):
    def put(self, db_name, doc_id, doc):
        self.mine[db_name, doc_id] = doc

    def drop(self, db_name, doc_id):
        self.mine[db_name, doc_id] = None


# --- another instance


@row("flushed_at_close", "DUR-1", "DUR-2")
class FlushedAtClose(Buffered):
    """What is saved is written when the service is closed."""

    def close(self):
        self.flush()


@row("flushed_at_each_seventh", "DUR-1", "DUR-2")
class EachSeventh(Buffered):
    """What is saved is written when seven changes have gathered."""

    def put(self, db_name, doc_id, doc):
        super().put(db_name, doc_id, doc)
        if len(self.mine) >= 7:
            self.flush()


@row("written_behind", "DUR-1")
class WrittenBehind(Buffered):
    """A thread writes what was saved, a moment later."""

    def put(self, db_name, doc_id, doc):
        self.mine[db_name, doc_id] = doc
        threading.Timer(0.1, self.flush).start()

    def flush(self):
        for (db_name, doc_id), doc in [*self.mine.items()]:
            if doc is not None:
                Files.put(self, db_name, doc_id, doc)
                self.mine.pop((db_name, doc_id), None)


@row("deletes_are_kept_to_oneself", "DUR-1", "DUR-2")
class DeletesForOneself(Overlaid):
    """A deleted document is gone for the instance that deleted it."""

    def put(self, db_name, doc_id, doc):
        self.mine.pop((db_name, doc_id), None)
        super().put(db_name, doc_id, doc)

    def drop(self, db_name, doc_id):
        self.mine[db_name, doc_id] = None


@row("reads_are_cached", "DUR-1")
class Cached(Files):
    """What was read once is read from memory ever after."""

    def __init__(self):
        super().__init__()
        self.cache = {}

    def find(self, db_name, doc_id):
        if (db_name, doc_id) not in self.cache:
            found = super().find(db_name, doc_id)
            if found is None:
                return None
            self.cache[db_name, doc_id] = found
        return self.cache[db_name, doc_id]

    def put(self, db_name, doc_id, doc):
        super().put(db_name, doc_id, doc)
        self.cache[db_name, doc_id] = doc

    def drop(self, db_name, doc_id):
        super().drop(db_name, doc_id)
        self.cache.pop((db_name, doc_id), None)


@row("lists_are_cached", "DUR-1")
class CachedList(Files):
    """The list of a collection is made anew when the instance itself has changed it."""

    def __init__(self):
        super().__init__()
        self.lists = {}

    def put(self, db_name, doc_id, doc):
        super().put(db_name, doc_id, doc)
        self.lists.pop(db_name, None)

    def drop(self, db_name, doc_id):
        super().drop(db_name, doc_id)
        self.lists.pop(db_name, None)

    def all_in(self, db_name):
        if db_name not in self.lists:
            self.lists[db_name] = super().all_in(db_name)
        return self.lists[db_name]


class Sqlite(Base):
    """A table in a file."""

    def __init__(self):
        self.lock = threading.RLock()
        self.db = sqlite3.connect(self.place(), check_same_thread=False, timeout=10)
        self.db.execute("PRAGMA synchronous=OFF")
        self.db.execute("CREATE TABLE IF NOT EXISTS kept (c, i, doc, PRIMARY KEY (c, i))")
        self.db.commit()

    def place(self):
        return HOME / f"{type(self).__name__}.db"

    def find(self, db_name, doc_id):
        rows = self.rows("SELECT doc FROM kept WHERE c=? AND i=?", db_name, doc_id)
        return json.loads(rows[0][0]) if rows else None

    def put(self, db_name, doc_id, doc):
        self.write("INSERT OR REPLACE INTO kept VALUES (?,?,?)", db_name, doc_id, json.dumps(doc))

    def drop(self, db_name, doc_id):
        self.write("DELETE FROM kept WHERE c=? AND i=?", db_name, doc_id)

    def all_in(self, db_name):
        rows = self.rows("SELECT i, doc FROM kept WHERE c=?", db_name)
        return {doc_id: json.loads(doc) for doc_id, doc in rows}

    def rows(self, statement, *values):
        with self.lock:
            return self.db.execute(statement, values).fetchall()

    def write(self, statement, *values):
        with self.lock, self.db:
            self.db.execute(statement, values)

    def close(self):
        self.db.close()


@row("commits_with_the_next_change", "DUR-1")
class NotCommitted(Sqlite):
    """The transaction of a change is committed when the next one begins."""

    def __init__(self):
        super().__init__()
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA busy_timeout=50")

    def write(self, statement, *values):
        with self.lock:
            self.db.commit()
            self.db.execute(statement, values)


@row("read_when_opened", "DUR-1", "DUR-2")
class ReadWhenOpened(Files):
    """All is read when the service is opened, and written through, but never read again."""

    def __init__(self):
        super().__init__()
        self.all = {}
        for file in self.folder.glob("*.json"):
            collection, doc_id, doc = json.loads(file.read_text())
            self.all[collection, doc_id] = doc

    def find(self, db_name, doc_id):
        return self.all.get((db_name, doc_id))

    def put(self, db_name, doc_id, doc):
        super().put(db_name, doc_id, doc)
        self.all[db_name, doc_id] = doc

    def drop(self, db_name, doc_id):
        super().drop(db_name, doc_id)
        del self.all[db_name, doc_id]

    def all_in(self, db_name):
        return {i: doc for (c, i), doc in self.all.items() if c == db_name}


@row("shares_nothing_and_says_it_does", "DUR-1", "DUR-2", capabilities={"persistent"})
class FolderForEach(Files):
    """Each instance has a folder of its own, though its target says that it is persistent."""

    def place(self):
        return Path(tempfile.mkdtemp(dir=HOME))


# --- a new process

SHARED = {}


class InModule(Buffered):
    """All instances of a process share a dict."""

    def __init__(self):
        super().__init__()
        self.mine = SHARED.setdefault(type(self), {})

    def find(self, db_name, doc_id):
        return self.mine.get((db_name, doc_id))

    def all_in(self, db_name):
        mine = {i: doc for (c, i), doc in self.mine.items() if c == db_name}
        return {doc_id: doc for doc_id, doc in mine.items() if doc is not None}


@row("written_at_exit", "DUR-2")
class WrittenAtExit(InModule):
    """What a process has saved is written when it ends."""

    def __init__(self):
        super().__init__()
        if not self.mine:
            for file in self.folder.glob("*.json"):
                collection, doc_id, doc = json.loads(file.read_text())
                self.mine[collection, doc_id] = doc
        atexit.register(lambda: self.folder.is_dir() and self.flush())


@row("in_memory_and_says_it_lasts", "DUR-2", capabilities={"persistent"})
class SaysItLasts(InModule):
    """A dict of the process, though its target says that it is persistent."""


@row("namespace_of_the_process", "DUR-2", capabilities={"persistent"})
class OfTheProcess(Files):
    """The folder bears the number of the process."""

    def place(self):
        return HOME / f"{type(self).__name__}-{os.getpid()}"


@row("lasts_and_says_it_does_not", "DUR-2", capabilities={"persistent": False})
class SaysItForgets(Files):
    """Its target says that it is not persistent, and it is."""


@row("cache_of_the_process", "DUR-2")
class CachedInModule(Cached):
    """What was read once is read from memory by all instances of the process."""

    def __init__(self):
        super().__init__()
        self.cache = SHARED.setdefault(type(self), {})


@row("deleted_in_the_process", "DUR-2")
class DeletedInModule(DeletesForOneself):
    """What is deleted is marked in the memory of the process."""

    def __init__(self):
        super().__init__()
        self.mine = SHARED.setdefault(type(self), {})


# --- a server


class Served(Base):
    """Speaks to the server of `lasting_server`, by a connection for each call."""

    def __init__(self, endpoint):
        self.address = endpoint.address

    def ask(self, *order):
        try:
            return lasting_server.ask(self.address, *order)
        except (OSError, ValueError) as error:
            raise HTTPException(503, f"the server does not answer: {error}") from None

    def find(self, db_name, doc_id):
        return self.ask("find", db_name, doc_id)

    def put(self, db_name, doc_id, doc):
        self.ask("put", db_name, doc_id, doc)

    def drop(self, db_name, doc_id):
        self.ask("drop", db_name, doc_id)

    def all_in(self, db_name):
        return dict(self.ask("all", db_name))


def server(habit):
    def started():
        with lasting_server.Program(habit) as program:
            yield program

    return started


RESTARTABLE = {"persistent", "restartable"}


def served(name, *clauses, habit, capabilities=RESTARTABLE, **claims):
    return row(name, *clauses, server=server(habit), capabilities=capabilities, **claims)


@served("server_in_memory", "DUR-3", habit="memory")
class ServerInMemory(Served):
    """The server keeps nothing over a stop, though its target says that it does."""


@served("server_writes_behind", "DUR-3", habit="behind")
class ServerWritesBehind(Served):
    """The server acknowledges first, and writes a moment later."""


@served("server_writes_each_tenth", "DUR-3", habit="tenth")
class ServerWritesEachTenth(Served):
    """The server writes when ten changes have gathered, and when it is stopped."""


@served("server_writes_at_its_end", "DUR-3", habit="end")
class ServerWritesAtItsEnd(Served):
    """The server writes what it knows when it is stopped."""


@served("server_writes_in_place", "DUR-3", habit="in place")
class ServerWritesInPlace(Served):
    """The server writes each document over its earlier version, piece by piece."""


@served("server_forgets_deletes", "DUR-3", habit="no deletes")
class ServerForgetsDeletes(Served):
    """The server deletes in its memory only."""


@served("half_is_left_after_a_stop", "DUR-3", habit="half", capabilities=None)
class HalfIsLeft(Served):
    """The server loses the changes since it wrote last, when it is stopped."""


@served(
    "restartable_and_says_it_is_not", "DUR-3", habit="right", capabilities={"restartable": False}
)
class SaysItIsLost(Served):
    """Its target says that a stop of the server loses the documents, and it does not."""


@served("connects_once", "DUR-3", "FAULT-5", habit="right", bound=2.0)
class ConnectsOnce(Served):
    """Once the server was away, the instance never works again."""

    broken = False

    def ask(self, *order):
        if self.broken:
            raise HTTPException(503, "the connection is lost")
        try:
            return super().ask(*order)
        except HTTPException:
            self.broken = True
            raise


@served("knows_the_server_by_its_start", "DUR-3", "FAULT-5", habit="right", bound=2.0)
class KnowsTheStart(Served):
    """An instance works with the very process that it was connected to first."""

    first = None

    def ask(self, *order):
        now = super().ask("process")
        self.first = self.first or now
        if now != self.first:
            raise HTTPException(503, "that is another server")
        return super().ask(*order)


# --- right ones


class InMemory(Base):
    """A dict of its own."""

    def __init__(self):
        self.kept = {}

    def find(self, db_name, doc_id):
        return self.kept.get((db_name, doc_id))

    def put(self, db_name, doc_id, doc):
        self.kept[db_name, doc_id] = doc

    def drop(self, db_name, doc_id):
        del self.kept[db_name, doc_id]

    def all_in(self, db_name):
        return {i: doc for (c, i), doc in self.kept.items() if c == db_name}


class InMemoryOfAll(InMemory):
    """A dict of the module."""

    def __init__(self):
        self.kept = SHARED.setdefault("in memory of all", {})


class TemporaryFolder(Files):
    """A folder of its own."""

    def place(self):
        return Path(tempfile.mkdtemp(dir=HOME))


class SqliteWal(Sqlite):
    """A table in a file, with a log."""

    def __init__(self):
        super().__init__()
        self.db.execute("PRAGMA journal_mode=WAL")


class SqliteInMemory(Sqlite):
    """A table in memory."""

    def place(self):
        return ":memory:"


class SqliteMadeAnew(Sqlite):
    """A table in a file that is removed when it is opened: the one before it works no longer."""

    def place(self):
        super().place().unlink(missing_ok=True)
        return super().place()


class Emptied(Files):
    """A folder that is emptied when it is opened."""

    def place(self):
        shutil.rmtree(super().place(), ignore_errors=True)
        return super().place()


class Locked(Files):
    """A folder that one instance may have at a time."""

    def __init__(self):
        super().__init__()
        self.lock = (self.folder / "lock").open("w")
        fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self):
        self.lock.close()


ONE = InMemory()


def one_object():
    return ONE


class ClosedAtTheEnd(InMemory):
    def close(self):
        self.kept = None


TWO = ClosedAtTheEnd()


def one_object_of_a_generator():
    TWO.kept = TWO.kept or {}
    try:
        yield TWO
    finally:
        TWO.close()


def files_of_a_generator():
    yield Files()


class Awaited:
    """A service whose methods are coroutines."""

    created = frozenset()

    def __init__(self, inner):
        self.inner = inner

    def __getattr__(self, name):
        async def method(*arguments):
            return await asyncio.to_thread(getattr(self.inner, name), *arguments)

        if name not in ("get", "save", "delete", "list_all"):
            raise AttributeError(name)
        return method


def awaited_files():
    return Awaited(Files())


async def awaited_sqlite():
    return Awaited(Sqlite())


class ClosedForAll(Sqlite):
    """One connection for all instances, which the first close() closes for all of them."""

    one = None

    def __init__(self):
        self.lock = threading.RLock()

    @property
    def db(self):
        if type(self).one is None:
            type(self).one = Sqlite()
        return type(self).one.db

    def close(self):
        if type(self).one is not None:
            type(self).one.close()
            type(self).one = None


RIGHT_ALONE = (
    InMemory,
    InMemoryOfAll,
    TemporaryFolder,
    SqliteInMemory,
    SqliteMadeAnew,
    Emptied,
    Locked,
    one_object,
    one_object_of_a_generator,
)
"""Those that share nothing with another process, or cannot be asked."""

RIGHT_LASTING = (
    Files,
    Sqlite,
    SqliteWal,
    files_of_a_generator,
    awaited_files,
    awaited_sqlite,
    ClosedForAll,
)


class SoonWritten(Buffered):
    """A thread writes all that was saved and deleted, a moment later: right for an eventual one."""

    def put(self, db_name, doc_id, doc):
        super().put(db_name, doc_id, doc)
        threading.Timer(0.05, self.write, (db_name, doc_id)).start()

    def drop(self, db_name, doc_id):
        self.put(db_name, doc_id, None)

    def write(self, *key):
        if key not in self.mine:
            return
        doc = self.mine[key]
        if doc is None:
            Files.drop(self, *key)
        else:
            Files.put(self, *key, doc)
        if self.mine.get(key) is doc:
            self.mine.pop(key, None)
