"""Services whose server forgets when it is stopped or killed, or that cannot bear it: DUR-3."""

import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.lasting import server
from gofannon_conformance.mutants.lasting.base import Document, Lasting
from gofannon_conformance.mutants.mutant import Mutant, T, breaks
from gofannon_conformance.servers.endpoint import Endpoint
from gofannon_conformance.servers.process import free_port

RESTARTED: list[Mutant] = []


class Program:
    """The server as its author's test has it: it can be stopped, killed, and started again."""

    def __init__(self, habit: str, folder: str) -> None:
        port = free_port()
        program = (sys.executable, "-I", server.__file__)
        self._command = (*program, habit, folder, str(port))
        self.url = f"tcp://127.0.0.1:{port}"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(  # noqa: S603  # this interpreter, a module of this package
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None  # noqa: S101  # it is a pipe
        self._process.stdout.readline()

    def stop(self) -> None:
        """Stop it in order."""
        self._process.terminate()
        self._process.communicate()

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def running(habit: str) -> Iterator[Program]:
    """Run a server with a habit."""
    with tempfile.TemporaryDirectory(prefix="gofannon-conformance-") as folder:
        program = Program(habit, folder)
        try:
            yield program
        finally:
            program.kill()


def server_with(habit: str) -> Callable[[], Any]:
    """Give the function of a target that starts a server with a habit."""
    return lambda: running(habit)


class Asking(Lasting):
    """Asks such a server, by a connection for each call."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.address = endpoint.address
        self.timeout = endpoint.timeout or 5.0

    def ask(self, *order: Any) -> Any:
        """Make one request."""
        try:
            with socket.create_connection(self.address, timeout=self.timeout) as connection:
                connection.sendall(json.dumps(order).encode() + b"\n")
                line = connection.makefile("rb").readline()
            if not line.endswith(b"\n"):
                raise HTTPException(503, "the server's answer has no end")
            return json.loads(line)
        except (OSError, ValueError) as error:
            raise HTTPException(503, f"the server does not answer: {error}") from None

    @property
    def created(self) -> set[str]:
        return set(self.ask("names"))

    def stored(self, db_name: str, doc_id: str) -> Document | None:
        return self.ask("find", db_name, doc_id)

    def put(self, db_name: str, doc_id: str, doc: Document | None) -> None:
        self.ask("put", db_name, doc_id, doc)

    def drop(self, db_name: str, doc_id: str) -> None:
        self.ask("drop", db_name, doc_id)

    def all_in(self, db_name: str) -> dict[str, Document]:
        return dict(self.ask("all", db_name))


LASTS = {"persistent": True, "restartable": True}


def row(
    name: str, *clauses: str, habit: str, capabilities: Any = LASTS, **claims: Any
) -> Callable[[T], T]:
    """Enter a service of a server with a habit."""
    server = server_with(habit)
    return breaks(RESTARTED, name, *clauses, server=server, capabilities=capabilities, **claims)


@row("server_in_memory_says_it_is_restartable", "DUR-3", habit="in memory")
class ServerInMemory(Asking):
    """The server keeps nothing over a stop, though its target says that it does."""


@row("server_writes_behind", "DUR-3", habit="behind")
class ServerWritesBehind(Asking):
    """The server acknowledges first, and writes a moment later."""


@row("server_writes_each_tenth_change", "DUR-3", habit="each tenth")
class ServerWritesEachTenth(Asking):
    """The server writes when ten changes have gathered, and when it is stopped."""


@row("server_writes_when_it_is_stopped", "DUR-3", habit="at its end")
class ServerWritesAtItsEnd(Asking):
    """The server writes what it knows when it is stopped: a kill loses everything."""


@row("server_writes_in_place", "DUR-3", habit="in place")
class ServerWritesInPlace(Asking):
    """The server writes each document over its earlier version, piece by piece."""


@row("ids_in_lower_case_after_a_restart", "DUR-3", habit="folds ids")
class ServerFoldsIds(Asking):
    """The server reads ids in lower case when it starts."""


@row("texts_misread_after_a_restart", "DUR-3", habit="latin")
class ServerMisreads(Asking):
    """The server writes texts in UTF-8, and reads them as Latin 1 when it starts."""


@row("tail_of_the_log_after_a_restart", "DUR-3", habit="tail")
class ServerReadsTheTail(Asking):
    """The server knows what it wrote last when it starts, and nothing older."""


@row("gone_after_a_second_restart", "DUR-3", habit="once")
class ServerReadsOnce(Asking):
    """The server takes its files away when it has read them."""


@row("server_forgets_deletes", "DUR-3", habit="no deletes")
class ServerForgetsDeletes(Asking):
    """The server deletes in its memory only."""


@row("server_loses_its_last_changes", "DUR-3", habit="half", capabilities=None)
class HalfIsLeft(Asking):
    """The server loses the changes since it wrote last, when it is stopped."""


@row(
    "restartable_and_says_it_is_not",
    "DUR-3",
    habit="right",
    capabilities={"restartable": False},
)
class SaysItIsLost(Asking):
    """Its target says that a stop of the server loses the documents, and it does not."""


@row("connects_once", "DUR-3", "FAULT-5", habit="right", bound=2.0)
class ConnectsOnce(Asking):
    """Once the server was away, the instance never works again."""

    broken = False

    def ask(self, *order: Any) -> Any:
        if self.broken:
            raise HTTPException(503, "the connection is lost")
        try:
            return super().ask(*order)
        except HTTPException:
            self.broken = True
            raise


@row("knows_the_server_by_its_start", "DUR-3", "FAULT-5", habit="right", bound=2.0)
class KnowsTheStart(Asking):
    """An instance works with the very process that it was connected to first."""

    first = None

    def ask(self, *order: Any) -> Any:
        now = super().ask("process")
        self.first = self.first or now
        if now != self.first:
            raise HTTPException(503, "that is another server")
        return super().ask(*order)
