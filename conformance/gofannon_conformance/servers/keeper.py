"""The keeper: a process that runs one server, and ends it when the kit is gone.

The kit runs this file as a script, so it imports only the standard library. It reads one JSON
object per line on its standard input and answers each with one that repeats its `number`:

- `{"do": "start", "argv", "cwd", "env", "user", "log", "quit"}` gives `{"pid"}` or `{"error"}`
- `{"do": "poll"}` gives `{"code"}`: null while the program runs
- `{"do": "end", "signal", "grace"}` gives `{"code"}` once the program and all its children ended

When its input ends, or its parent process changes, the kit is gone: the keeper ends the program (by
the signal `quit`), removes the folder, and ends too. Simpler means fail: Linux sends a
parent-death signal when the parent's *thread* ends, SIGKILL skips `atexit`, and a forked child of
the kit may hold the pipe open. The server itself gets a parent-death signal from the keeper, which
has one thread, in case the keeper is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LOOK_FOR_PARENT_EVERY = 0.5
LEFTOVERS_MAY_TAKE = 5.0
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Keeper:
    """Runs one program at a time."""

    def __init__(self) -> None:
        self.program: subprocess.Popen[bytes] | None = None
        self.quit_signal = int(signal.SIGKILL)

    def start(self, request: dict[str, Any]) -> dict[str, Any]:
        """Start a program in its own session."""
        user = request["user"]
        self.quit_signal = request["quit"]
        try:
            with Path(request["log"]).open("ab") as log:
                self.program = subprocess.Popen(  # noqa: S603 - the kit's own argv, no shell
                    request["argv"],
                    cwd=request["cwd"],
                    env=request["env"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=partial(die_with_parent, self.quit_signal),  # noqa: PLW1509 - this process has one thread
                    **({"user": user, "extra_groups": []} if user else {}),
                )
        except OSError as error:
            return {"error": str(error)}
        return {"pid": self.program.pid}

    def poll(self, _request: dict[str, Any]) -> dict[str, Any]:
        """Return the exit status of the program, or None."""
        return {"code": self.program.poll() if self.program else None}

    def end(self, request: dict[str, Any]) -> dict[str, Any]:
        """Signal the program, wait for it, kill it after `grace`, and wait for its children."""
        if self.program is None:
            return {"code": None}
        program, self.program = self.program, None
        signal_group(program.pid, request["signal"])
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(request["grace"])
        signal_group(program.pid, signal.SIGKILL)
        code = program.wait()
        reap_orphans()
        return {"code": code}


def die_with_parent(number: int) -> None:
    """Ask the kernel to send this process a signal when the keeper ends."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, number)


def adopt_orphans() -> None:
    """Become the parent of every process that the server leaves."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)


def signal_group(group: int, number: int) -> None:
    """Send a signal to a process group that may be gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def children() -> list[int]:
    """Return the child processes of the keeper, where the system lists them."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(pid) for pid in listed.read_text().split()] if listed.exists() else []


def reap_orphans() -> None:
    """Wait for the processes that the server left, and kill them after a time.

    PostgreSQL's children have their own sessions, so no signal to a group reaches them; they end
    by themselves once their first process is gone.
    """
    deadline = time.monotonic() + LEFTOVERS_MAY_TAKE
    with contextlib.suppress(ChildProcessError):
        while True:
            if os.waitpid(-1, os.WNOHANG)[0]:
                continue
            if time.monotonic() > deadline:
                for pid in children():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)


def requests(parent: int) -> Any:
    """Yield the kit's requests until it is gone."""
    pending = b""
    while os.getppid() == parent:
        if not select.select([0], [], [], LOOK_FOR_PARENT_EVERY)[0]:
            continue
        received = os.read(0, 65536)
        if not received:
            return
        *lines, pending = (pending + received).split(b"\n")
        for line in lines:
            yield json.loads(line)


def leave(_number: int, _frame: object) -> None:
    """End normally on SIGTERM."""
    raise SystemExit(0)


def main(folder: str, parent: int) -> None:
    """Serve the kit until it is gone, then remove everything."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, leave)
    adopt_orphans()
    keeper = Keeper()
    actions = {"start": keeper.start, "poll": keeper.poll, "end": keeper.end}
    try:
        for request in requests(parent):
            answer = {"number": request["number"], **actions[request["do"]](request)}
            os.write(1, json.dumps(answer).encode() + b"\n")
    finally:
        keeper.end({"signal": keeper.quit_signal, "grace": LEFTOVERS_MAY_TAKE})
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
