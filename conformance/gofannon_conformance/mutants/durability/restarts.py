"""Services whose server forgets when it is stopped or killed, or that do not recover: DUR-3."""

import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.durability import server
from gofannon_conformance.mutants.durability.base import Document, Lasting
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.servers.endpoint import Endpoint
from gofannon_conformance.servers.process import free_port


class Program:
    """The server as an author's test has it: it can be stopped, killed, and started again."""

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
        self._process.terminate()
        self._process.communicate()

    def kill(self) -> None:
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
    """Return a target's function that starts a server with a habit."""
    return lambda: running(habit)


class Client(Lasting):
    """Sends requests to such a server, with a connection for each call."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.address = endpoint.address
        self.timeout = endpoint.timeout or 5.0

    def request(self, *order: Any) -> Any:
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

    def stored(self, db_name: str, doc_id: str) -> Document | None:
        return self.request("find", db_name, doc_id)

    def put(self, db_name: str, doc_id: str, doc: Document) -> None:
        self.request("put", db_name, doc_id, doc)

    def drop(self, db_name: str, doc_id: str) -> None:
        self.request("drop", db_name, doc_id)

    def everything(self) -> dict[tuple[str, str], Document]:
        return {(c, i): doc for c, i, doc in self.request("all")}


LASTS = {"persistent": True, "restartable": True}

SERVERS = {
    "server_in_memory_says_it_is_restartable": "in memory",
    "server_writes_behind": "behind",
    "server_writes_each_tenth_change": "each tenth",
    "server_writes_when_it_is_stopped": "at its end",
    "server_writes_in_place": "in place",
    "ids_in_lower_case_after_a_restart": "folds ids",
    "texts_misread_after_a_restart": "latin",
    "tail_of_the_log_after_a_restart": "tail",
    "gone_after_a_second_restart": "once",
    "server_forgets_deletes": "no deletes",
    "server_loses_its_last_changes": "half",
}
"""The habit of each mutant whose mistake is the server's."""

RESTARTS = [
    Mutant(
        name=name,
        clauses=("DUR-3",),
        mistake=server.HABITS[habit].__doc__ or "",
        make=Client,
        claims={
            "server": server_with(habit),
            "capabilities": None if habit == "half" else LASTS,  # it is caught without a claim
        },
    )
    for name, habit in SERVERS.items()
]


@breaks(
    RESTARTS,
    "restartable_and_says_it_is_not",
    "DUR-3",
    server=server_with("right"),
    capabilities={"restartable": False},
)
class SaysItIsLost(Client):
    """Its target says that a stop of the server loses the documents, and it does not."""


RIGHT_SERVER: dict[str, Any] = {
    "server": server_with("right"),
    "capabilities": LASTS,
    "bound": 2.0,
}


@breaks(RESTARTS, "connects_once", "DUR-3", "FAULT-5", **RIGHT_SERVER)
class ConnectsOnce(Client):
    """After a failed call, the instance never works again."""

    broken = False

    def request(self, *order: Any) -> Any:
        if self.broken:
            raise HTTPException(503, "the connection is lost")
        try:
            return super().request(*order)
        except HTTPException:
            self.broken = True
            raise


@breaks(RESTARTS, "knows_the_server_by_its_start", "DUR-3", "FAULT-5", **RIGHT_SERVER)
class KnowsTheStart(Client):
    """An instance works only with the process that it was connected to first."""

    first = None

    def request(self, *order: Any) -> Any:
        now = super().request("process")
        self.first = self.first or now
        if now != self.first:
            raise HTTPException(503, "that is another server")
        return super().request(*order)
