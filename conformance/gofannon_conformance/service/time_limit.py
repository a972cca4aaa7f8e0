"""A time limit for calls: a call that hangs is interrupted by a signal.

A service that takes a lock twice, retries without end or waits for a message that never comes
hangs in the main thread, where the tests run; an async one makes it wait, too. Only a signal
interrupts it: the handler raises in whatever code the thread runs. A watching thread looks a few
times a second how long the current call has been running, and sends the signal. So a call costs
a look at the clock and no system call, of which a timer for each call would take several. The only
alarm of a process (`SIGALRM`, `setitimer`) stays the author's: pytest-timeout uses it. The signal
is SIGURG, which is ignored by default and which no one else uses.

The signal is sent again until the call has returned. One that arrives just before the thread
begins to wait interrupts nothing, its exception may be swallowed, and clean-up code may wait for
the same lock.

There is no limit where there is no such signal (Windows), in other threads than the main one, and
in C code that does not check for signals.
"""

from __future__ import annotations

import signal
import sys
import sysconfig
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from threading import get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from gofannon_conformance.calls.values import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

T = TypeVar("T")

LONGEST = 60.0
"""Seconds that a call may take, unless the profile says otherwise. A right store on a busy machine
needs a fraction of them for its largest document."""

MANY = 3_000
"""A call about many documents may take this many times the average of all calls."""

AFTER_A_HANG = 5.0
"""Seconds that a call may take after another one of the same service hung."""

TIMES_THE_SLOWEST = 5
"""But never less than this many times the slowest call that returned."""

MOST_LOST = 60.0
"""Seconds that may be lost in further hanging calls before no more calls are made."""

CLOSING = 15.0
"""Seconds that closing may take where calls hung: it may have to stop a server."""

LOOKING = 0.2
"""Seconds from one look at the current call to the next."""

AGAIN = 1.0
"""Seconds until the signal is sent again: the interrupted code may be cleaning up."""

OFTEN = 0.01
"""Seconds until it is sent again where it has been swallowed `SWALLOWED` times."""

SWALLOWED = 5

EXIT = 2.0
"""Seconds that hanging threads may delay the end of the process."""

NEVER = float("inf")


class Overdue(BaseException):
    """Raised in a call that takes too long; no `except Exception` of a service catches it."""


class _Watch:
    """Watches the main thread, from the first `start()` to the last `stop()`."""

    def __init__(self) -> None:
        self.thread: int | None = None
        """The thread that is watched; None while nothing is."""
        self.due = NEVER
        """The time at which the current call must have returned."""
        self.rang = False
        """Whether it did not."""
        self.where = ""
        self.ever_rang = False
        self.traced_before: tuple[Any, ...] = ()
        """The trace function that was set before this class set its own, if it did."""
        self._swallowed = 0
        self._users = 0
        self._over = threading.Event()
        self._former: Any = None

    def start(self) -> None:
        """Start to watch, if that is possible here and not done already."""
        if not hasattr(signal, "SIGURG") or get_ident() != threading.main_thread().ident:
            return
        self._users += 1
        if self._users > 1:
            return
        self._former = signal.signal(signal.SIGURG, self._ring)
        self.thread, self._over = get_ident(), threading.Event()
        looking = threading.Thread(
            target=self._look, args=(self._over,), name="conformance-time-limit", daemon=True
        )
        looking.start()

    def stop(self) -> None:
        """Stop to watch, after as many calls as of `start()`."""
        if get_ident() != self.thread:
            return
        self._users -= 1
        if not self._users:
            self.thread = None
            self._over.set()
            signal.signal(signal.SIGURG, self._former or signal.SIG_DFL)

    def _look(self, over: threading.Event) -> None:
        sent, pause = 0, LOOKING
        while not over.wait(pause):
            thread = self.thread
            if thread is None or monotonic() < self.due:
                sent, pause = 0, LOOKING
                continue
            signal.pthread_kill(thread, signal.SIGURG)
            sent += 1
            pause = AGAIN if sent < SWALLOWED else OFTEN

    def _ring(self, _number: int, frame: FrameType | None) -> None:
        if monotonic() < self.due:
            return
        if _is_debugged():
            self.due = monotonic() + LONGEST
            return
        if not self.rang:
            self.where, self._swallowed = _place_of(frame), 0
        self.rang = self.ever_rang = True
        self._swallowed += 1
        if self._swallowed > SWALLOWED:
            self._raise_at_next_line(frame)
        raise Overdue

    def _raise_at_next_line(self, frame: FrameType | None) -> None:
        """Raise again at the next line, outside of the `try` that swallowed the last exception.

        `except: pass` around the waiting code leaves no other moment for it.
        """

        def raising(_frame: FrameType, event: str, _: object) -> Any:
            if event == "line" and monotonic() >= self.due:
                raise Overdue  # which ends the tracing
            return raising

        self.traced_before = self.traced_before or (sys.gettrace(),)
        sys.settrace(lambda *_: None)
        while frame is not None and not _is_in_kit(frame):
            if not _is_in_library(frame):
                frame.f_trace = raising
            frame = frame.f_back

    def over(self) -> None:
        """Prepare for the next call, after one that was interrupted."""
        self.rang = False
        if self.traced_before:
            sys.settrace(*self.traced_before)
            self.traced_before = ()


_watch = _Watch()

start, stop = _watch.start, _watch.stop


@dataclass
class Hang:
    """The calls of one target that did not return; all its sessions share one."""

    first: str = ""
    """The first of them, and how long it was waited for; "" while all calls return."""
    no_more_calls: str = ""
    """Why no more calls of the target are made."""
    closing: bool = False
    """Whether closing a service hung, too."""
    beyond_bound: bool = False
    """Whether a test of FAULT reported that a call did not end within the target's bound."""
    _lost: float = 0.0

    def note(self, call: str, seconds: float) -> None:
        """Note that a call did not return within the seconds it was given."""
        if self.first:
            self._lost += seconds
        else:
            self.first = f"{call} did not return within {seconds:g} s"

    def decide(self, *, answers: bool) -> None:
        """Decide whether calls go on, on another instance that answers or does not."""
        if not answers:
            self.no_more_calls = f"no instance of the service answers any more: {self.first}"
        elif self._lost > MOST_LOST:
            self.no_more_calls = f"too many calls of the service never return: first, {self.first}"


class TimeLimit:
    """How long the calls of one target may take: less, once one of them hung."""

    def __init__(self, longest: float = LONGEST, hang: Hang | None = None) -> None:
        self.longest = longest
        self.hang = Hang() if hang is None else hang
        self.slowest = 0.0
        """Seconds that the slowest call took that returned."""
        self._sum = 0.0
        self._count = 0

    @property
    def seconds(self) -> float:
        """Seconds that the next call may take."""
        if not self.hang.first:
            return self.longest + (MANY * self._sum / self._count if self._count else 0.0)
        return min(self.longest, max(AFTER_A_HANG, TIMES_THE_SLOWEST * self.slowest))

    def call(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Call a function of the target; raise `NoAnswer` if it does not return in time."""
        return self._within(self.seconds, function, arguments, named)

    def close(self, function: Callable[[], Any]) -> None:
        """Call the function that closes a service; where calls hung, it need not return."""
        if not self.hang.first:
            self.call(function)
            return
        try:
            self._within(AGAIN if self.hang.closing else CLOSING, function, (), {})
        except NoAnswer:
            self.hang.closing = True

    def _within(
        self, seconds: float, function: Callable[..., T], arguments: Any, named: dict[str, Any]
    ) -> T:
        watch = _watch
        if watch.thread != get_ident() or watch.due != NEVER:
            return function(*arguments, **named)
        began = monotonic()
        try:
            watch.due = began + seconds
            return function(*arguments, **named)
        finally:
            watch.due = NEVER  # before anything else: from here on the signal does nothing
            if watch.rang:
                watch.over()
                if not isinstance(sys.exception(), KeyboardInterrupt):
                    raise NoAnswer(seconds, self._why, watch.where) from None
            else:
                took = monotonic() - began
                self._sum += took
                self._count += 1
                self.slowest = max(self.slowest, took)

    @property
    def _why(self) -> str:
        return f" (a shorter limit, since {self.hang.first})" if self.hang.first else ""


def end_despite_hangs(status: int) -> None:
    """End the process with a status, even if threads of a service still hang.

    Python waits at its end for threads that are no daemons, and for those of every executor.
    """
    if _watch.ever_rang:
        threading.Thread(target=_end, args=(status,), daemon=True).start()


def _end(status: int) -> None:
    import os

    while not getattr(threading, "_SHUTTING_DOWN", False):
        time.sleep(LOOKING)
    time.sleep(EXIT)  # this thread is a daemon: it ends with the process
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


_STDLIB = sysconfig.get_path("stdlib")


def _place_of(frame: FrameType | None) -> str:
    """Return the place in the service's code where a thread is, outside of the standard library."""
    while frame is not None and _is_in_library(frame):
        frame = frame.f_back
    if frame is None or _is_in_kit(frame):
        return ""
    code = frame.f_code
    return f"{code.co_name}() ({Path(code.co_filename).name}, line {frame.f_lineno})"


def _is_in_library(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    return file.startswith((_STDLIB, "<")) and "site-packages" not in file


def _is_in_kit(frame: FrameType) -> bool:
    """Return whether a frame is of the code in this package, which makes the calls."""
    return str(frame.f_globals.get("__name__")).startswith(f"{__package__}.")


_DEBUGGERS = frozenset({"bdb", "pdb", "ipdb", "pudb", "pydevd", "_pydevd_bundle", "debugpy"})


def _is_debugged() -> bool:
    """Return whether a debugger is at work in the call, which may then take all the time."""
    trace = sys.gettrace()
    kinds = (trace, *type(getattr(trace, "__self__", None)).__mro__)
    homes = {str(getattr(kind, "__module__", "")).partition(".")[0] for kind in kinds}
    monitoring = getattr(sys, "monitoring", None)
    uses = None if monitoring is None else monitoring.get_tool(monitoring.DEBUGGER_ID)
    return uses is not None or not homes.isdisjoint(_DEBUGGERS)
