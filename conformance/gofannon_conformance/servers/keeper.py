"""The keeper: a process of its own that runs one server, and outlives the kit just long enough.

It is run as a script, by its path, with the standard library alone, so it imports nothing of
the kit. It takes one JSON object per line on its standard input and answers each with one that
carries its `number` again:

- `{"do": "start", "argv", "cwd", "env", "user", "log", "quit"}` gives `{"pid"}` or `{"error"}`
- `{"do": "poll"}` gives `{"code"}`: null while the program runs
- `{"do": "end", "signal", "grace"}` gives `{"code"}` once the program and all its children ended

When its input ends, or its parent is another process than at the start, the kit is gone, however
that came: the keeper ends what runs (by the signal `quit`), removes the folder, and ends too. This
does not hang on the thread that started the server (a parent-death signal would: Linux sends it
when that *thread* ends), nor on `atexit` (which SIGKILL skips), nor on the pipe alone (a forked
child of the kit may hold its other end open). The server itself is tied to the keeper, which has
one thread, by a parent-death signal, for the case that somebody kills the keeper.
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
    """The program that runs, if one does."""

    def __init__(self) -> None:
        self.program: subprocess.Popen[bytes] | None = None
        self.quit_signal = int(signal.SIGKILL)

    def start(self, order: dict[str, Any]) -> dict[str, Any]:
        """Start the program that the order names, in a session of its own."""
        user = order["user"]
        self.quit_signal = order["quit"]
        try:
            with Path(order["log"]).open("ab") as log:
                self.program = subprocess.Popen(  # noqa: S603 - the kit's own argv, no shell
                    order["argv"],
                    cwd=order["cwd"],
                    env=order["env"],
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

    def poll(self, _order: dict[str, Any]) -> dict[str, Any]:
        """Say whether the program has ended, and how."""
        return {"code": self.program.poll() if self.program else None}

    def end(self, order: dict[str, Any]) -> dict[str, Any]:
        """Signal the program, wait for it, kill it if it does not heed, and see to its children."""
        if self.program is None:
            return {"code": None}
        program, self.program = self.program, None
        signal_group(program.pid, order["signal"])
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(order["grace"])
        signal_group(program.pid, signal.SIGKILL)
        code = program.wait()
        reap_orphans()
        return {"code": code}


def die_with_parent(number: int) -> None:
    """Have the kernel send this process a signal when the keeper ends."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, number)


def adopt_orphans() -> None:
    """Become the parent of every process that the server leaves behind."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)


def signal_group(group: int, number: int) -> None:
    """Signal a process group that may be gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def children() -> list[int]:
    """Name the processes whose parent is the keeper, where the system says so."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(pid) for pid in listed.read_text().split()] if listed.exists() else []


def reap_orphans() -> None:
    """Wait for what the server left behind, and after a time kill it.

    PostgreSQL's children have sessions of their own, so that no signal to a group reaches them;
    they end by themselves when they see that the first of them is gone.
    """
    patience = time.monotonic() + LEFTOVERS_MAY_TAKE
    with contextlib.suppress(ChildProcessError):
        while True:
            if os.waitpid(-1, os.WNOHANG)[0]:
                continue
            if time.monotonic() > patience:
                for pid in children():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)


def orders(parent: int) -> Any:
    """Yield the kit's orders until it is gone."""
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
    """End in good order when the system asks for it."""
    raise SystemExit(0)


def main(folder: str, parent: int) -> None:
    """Serve the kit until it is gone, then leave nothing."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, leave)
    adopt_orphans()
    keeper = Keeper()
    deeds = {"start": keeper.start, "poll": keeper.poll, "end": keeper.end}
    try:
        for order in orders(parent):
            answer = {"number": order["number"], **deeds[order["do"]](order)}
            os.write(1, json.dumps(answer).encode() + b"\n")
    finally:
        keeper.end({"signal": keeper.quit_signal, "grace": LEFTOVERS_MAY_TAKE})
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
