"""Local programs as servers: run by a keeper process, on a loopback port."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from gofannon_conformance.servers import keeper as keeper_script
from gofannon_conformance.servers.provider import Server, ServerError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gofannon_conformance.servers.endpoint import Endpoint

LOOPBACK: Final = "127.0.0.1"
POSIX: Final = os.name == "posix"
KILL: Final = signal.SIGKILL if POSIX else signal.SIGTERM
PORTS: Final = range(20_000, 32_000)
"""Below the ports that systems use for outgoing connections: the port of a stopped server must
still be free when it starts again."""
LAST_LINES: Final = 20
KEEPER: Final = (sys.executable, "-I", "-S", keeper_script.__file__)
"""Without site-packages and the kit it starts in a few hundredths of a second."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A server program: its command, how to find out that it is ready, how to end it."""

    argv: tuple[str, ...]
    ready: Callable[[], bool]
    """Returns whether it answers; False or `OSError` while it does not."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the kit's own environment."""
    user: str | None = None
    stop_signal: int = signal.SIGTERM
    quit_signal: int = KILL
    """Ends it at once, when its data is no longer needed."""
    heals: bool = False
    """Whether SIGKILL leaves things outside its folder that its next start removes."""
    stop_within: float = 10.0
    ready_within: float = 30.0


def free_port() -> int:
    """Return a free loopback port."""
    # Not the global generator: a run seeds it, so that every worker would choose the same port.
    for port in random.SystemRandom().sample(PORTS, 200):
        with socket.socket() as probe:
            # As servers do: a port with old connections in TIME_WAIT is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise ServerError(f"no free port on {LOOPBACK} between {PORTS.start} and {PORTS.stop}")


class Keeper:
    """The client of a keeper process, and the folder that the keeper removes at the end."""

    def __init__(self, name: str, user: str | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"gofannon-{name}-"))
        self.log = self.folder / "output.log"
        if user is not None:
            shutil.chown(self.folder, user)
        self._lock = threading.RLock()
        self._numbers = itertools.count()
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, our own script
            [*KEEPER, str(self.folder), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        # Runs at `close`, at exit, or when this object is garbage-collected.
        self._end_all = weakref.finalize(self, _end, self._process, self.folder, os.getpid())

    def start(
        self,
        argv: tuple[str, ...],
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        quit_signal: int = KILL,
    ) -> int:
        """Start a program and return its process id."""
        answer = self._ask(
            do="start",
            argv=argv,
            cwd=str(self.folder),
            env={**os.environ, **(environment or {})},
            user=user,
            log=str(self.log),
            quit=quit_signal,
        )
        if "error" in answer:
            raise ServerError(f"{argv[0]} could not be started: {answer['error']}")
        pid: int = answer["pid"]
        return pid

    def code(self) -> int | None:
        """Return the program's exit status, or None while it runs."""
        code: int | None = self._ask(do="poll")["code"]
        return code

    def run(self, argv: tuple[str, ...], user: str | None = None, within: float = 60.0) -> None:
        """Run a program to its end; raise `ServerError` with its last lines if it fails."""
        self.start(argv, user=user)
        until = time.monotonic() + within
        while (code := self.code()) is None and time.monotonic() < until:
            time.sleep(0.01)
        self.end(KILL, 0.0)
        if code != 0:
            end = f"took over {within:g} s" if code is None else f"ended with status {code}"
            raise ServerError(f"{argv[0]} {end}{self.last_lines()}")

    def end(self, number: int, grace: float) -> None:
        """Signal the program and wait until it and its children are gone."""
        self._ask(do="end", signal=number, grace=grace)

    def close(self) -> None:
        """End the program and the keeper at once, and remove the folder."""
        with self._lock:
            self._end_all()

    def last_lines(self) -> str:
        """Return the last lines that the program printed, as the end of a message."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        if not lines:
            return "; it printed nothing"
        return "\n    ".join(["; it printed last:", *lines[-LAST_LINES:]])

    @property
    def _requests(self) -> IO[bytes]:
        assert self._process.stdin is not None  # noqa: S101 - Popen was given PIPE
        return self._process.stdin

    @property
    def _answers(self) -> IO[bytes]:
        assert self._process.stdout is not None  # noqa: S101 - Popen was given PIPE
        return self._process.stdout

    def _ask(self, **request: Any) -> dict[str, Any]:
        with self._lock:
            number = next(self._numbers)
            try:
                self._requests.write(json.dumps({"number": number, **request}).encode() + b"\n")
                self._requests.flush()
                # Ctrl-C may have interrupted an earlier request before its answer was read.
                while line := self._answers.readline():
                    answer: dict[str, Any] = json.loads(line)
                    if answer["number"] == number:
                        return answer
            except (OSError, ValueError):  # a broken pipe; a closed one
                pass
        raise ServerError("the server's keeper is gone: it was closed or killed")


def _end(keeping: subprocess.Popen[bytes], folder: Path, owner: int) -> None:
    if owner != os.getpid():
        return  # a forked child: the server belongs to its parent
    for pipe in (keeping.stdin, keeping.stdout):
        with contextlib.suppress(BrokenPipeError):  # the keeper was killed with a request pending
            if pipe is not None:
                pipe.close()
        keeping.wait()
    # A keeper that was killed has not removed it.
    shutil.rmtree(folder, ignore_errors=True)


class LocalServer(Server):
    """A program that a keeper runs."""

    def __init__(self, keeper: Keeper, program: Program, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.log = keeper.log
        self.pid: int | None = None
        """Of the program, while it runs."""
        self._keeper = keeper
        self._program = program
        self._closed = False
        self._killed = False

    @property
    def running(self) -> bool:
        """Whether the program runs."""
        return self.pid is not None and not self._closed and self._keeper.code() is None

    def start(self) -> None:
        """Start the program and wait until it answers."""
        if self.running:
            return
        self._end(KILL, 0.0)  # remove the children of a program that ended by itself
        program = self._program
        self.pid = self._keeper.start(
            program.argv, program.environment, program.user, program.quit_signal
        )
        self._killed = False
        try:
            self._wait()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """End the program by its stop signal, and wait until it has ended."""
        self._end(self._program.stop_signal, self._program.stop_within)

    def kill(self) -> None:
        """Kill the program, and wait until its children have ended too."""
        self._end(KILL, 1.0)
        self._killed = True

    def close(self) -> None:
        """End the program at once and remove its folder."""
        if self._killed and self._program.heals and not self._closed:
            with contextlib.suppress(ServerError):
                self.start()
        self._closed, self.pid = True, None
        self._keeper.close()

    def _end(self, number: int, grace: float) -> None:
        if self.pid is not None:
            self._keeper.end(number, grace)
            self.pid = None

    def _wait(self) -> None:
        why = why_not_ready(self._program.ready, self._status, self._program.ready_within)
        if why:
            text = f"{self.endpoint.product} {why}{self._keeper.last_lines()}"
            raise ServerError(self.endpoint.redacted(text))

    def _status(self) -> str:
        code = self._keeper.code()
        return "" if code is None else f"ended with status {code}"


def launch(
    name: str,
    prepare: Callable[[Keeper], tuple[Program, Endpoint]],
    *,
    user: str | None = None,
) -> LocalServer:
    """Start a server in a new folder, which `prepare` fills; remove all of it if that fails."""
    if not POSIX:
        raise Unavailable("the kit starts programs on POSIX systems only", "use a container")
    keeper = Keeper(name, user)
    try:
        server = LocalServer(keeper, *prepare(keeper))
        server.start()
    except BaseException:
        keeper.close()
        raise
    return server


def why_not_ready(ready: Callable[[], bool], ended: Callable[[], str], within: float) -> str:
    """Wait until a server is ready; return an empty text, or why it is not.

    `ready` is false or raises `OSError` while the server does not answer. `ended` says how the
    server has ended, if it has.
    """
    until = time.monotonic() + within
    while True:
        with contextlib.suppress(OSError):
            if ready():
                return ""
        if how := ended():
            return f"{how} before it was ready"
        if time.monotonic() > until:
            return f"was not ready within {within:g} s"
        time.sleep(0.01)
