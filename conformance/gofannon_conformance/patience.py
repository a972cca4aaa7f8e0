"""Calls that never come back: broken off where they wait, so that the run comes to its end.

A service that takes a lock twice, asks again without end or waits for what nobody sends does so
in the main thread, where the tests run (an async one keeps that waiting, too). Only a signal gets
it out of there: the handler raises, out of whatever the thread is in. It is sent by a thread that
looks a few times a second how long the call at hand has been going on. So a call costs a look at
the clock, and no system call, of which a timer set for each would take several; and the only alarm
that a process has (`SIGALRM`, `setitimer`) stays the author's: pytest-timeout uses it, and its
handler would not know of ours. The signal is SIGURG, since it does nothing where nobody asked for
it, and nobody does.

It is sent again until the call has come back: one that arrives just before the thread begins to
wait interrupts nothing, what it raises may be swallowed, and what cleans up may wait for the same
lock.

Nothing is bounded where there is no such signal (Windows), in other threads than the main one, and
in code written in C that does not look after signals.
"""

from __future__ import annotations

import signal
import sys
import sysconfig
import threading
import time
from pathlib import Path
from threading import get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

T = TypeVar("T")

LONGEST = 60.0
"""Seconds that a call may take, unless the profile says otherwise: a right store on a busy machine
needs a fraction of them for its largest document."""

MANY = 3_000
"""So many times what a call takes on the average, one may take that is about many documents."""

IMPATIENT = 5.0
"""Seconds that a call is given when another one of the same service never came back."""

TIMES_THE_SLOWEST = 5
"""But no fewer than so many times what the slowest call took that did come back."""

SPENT = 60.0
"""Seconds that may be waited in vain, after the first time, until nothing more is asked."""

CLOSING = 15.0
"""Seconds that closing is given where calls never came back: it may have a server to put away."""

LOOKING = 0.2
"""Seconds from one look at the call at hand to the next."""

AGAIN = 1.0
"""Seconds until the signal is sent again: what the first one met may be cleaning up."""

OFTEN = 0.01
"""Seconds until it is sent again where it has been swallowed `SWALLOWED` times."""

SWALLOWED = 5

FAREWELL = 2.0
"""Seconds that threads which hang may hold up the end of the process."""

NEVER = float("inf")


class Overdue(BaseException):
    """Raised in what has taken too long; no `except Exception` of a service is to hold it up."""


class NoAnswer(TimeoutError):  # noqa: N818  # it says what became of a call
    """What was called did not come back, and was broken off."""

    def __init__(self, seconds: float, why: str = "", where: str = "") -> None:
        super().__init__(f"it did not come back within {seconds:g} s{why}")
        self.seconds = seconds
        self.where = where
        """The place in the service's own code at which it was broken off, if that is known."""


class _Watch:
    """Looks after the main thread, while anybody has it started."""

    def __init__(self) -> None:
        self.thread: int | None = None
        """The thread that is looked after; None means that nobody looks."""
        self.due = NEVER
        """When what that thread does must be over."""
        self.rang = False
        """Whether it was not."""
        self.where = ""
        self.ever_rang = False
        self.traced_before: tuple[Any, ...] = ()
        """What traced the thread before this did, if this does."""
        self._swallowed = 0
        self._users = 0
        self._over = threading.Event()
        self._former: Any = None

    def start(self) -> None:
        """Begin to look, if it can be done here and is not done already."""
        if not hasattr(signal, "SIGURG") or get_ident() != threading.main_thread().ident:
            return
        self._users += 1
        if self._users > 1:
            return
        self._former = signal.signal(signal.SIGURG, self._ring)
        self.thread, self._over = get_ident(), threading.Event()
        looking = threading.Thread(
            target=self._look, args=(self._over,), name="conformance-patience", daemon=True
        )
        looking.start()

    def stop(self) -> None:
        """Look no longer, once everybody has said so who had it started."""
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
            self._raise_in_what_swallows(frame)
        raise Overdue

    def _raise_in_what_swallows(self, frame: FrameType | None) -> None:
        """Raise once more at the next line, which is outside of the `try` that held the last one.

        `except: pass` around what waits leaves no other moment for it.
        """

        def raising(_frame: FrameType, event: str, _: object) -> Any:
            if event == "line" and monotonic() >= self.due:
                raise Overdue  # which ends the tracing
            return raising

        self.traced_before = self.traced_before or (sys.gettrace(),)
        sys.settrace(lambda *_: None)
        while frame is not None and frame.f_globals.get("__name__") not in _KITS_OWN:
            if not _is_in_library(frame):
                frame.f_trace = raising
            frame = frame.f_back

    def over(self) -> None:
        """Be ready for the next call, after one that was broken off."""
        self.rang = False
        if self.traced_before:
            sys.settrace(*self.traced_before)
            self.traced_before = ()


_watch = _Watch()

start, stop = _watch.start, _watch.stop


class Patience:
    """How long the calls of one target are waited for, and what was learned of those in vain."""

    def __init__(self, longest: float = LONGEST) -> None:
        self.longest = longest
        self.slowest = 0.0
        """Seconds that the slowest call took that came back."""
        self._took = 0.0
        self._came_back = 0
        self.hung = ""
        """The first call that never came back, in words."""
        self.given_up = ""
        """Why nothing more is asked of the target."""
        self._spent = 0.0
        self._closed_in_vain = False

    @property
    def seconds(self) -> float:
        """How long the next call is waited for: less, once one was found that never comes back."""
        if not self.hung:
            return self.longest + self._for_many
        return min(self.longest, max(IMPATIENT, TIMES_THE_SLOWEST * self.slowest))

    @property
    def _for_many(self) -> float:
        """How long a slow service may take besides for a call that is about many documents."""
        return MANY * self._took / self._came_back if self._came_back else 0.0

    @property
    def is_spent(self) -> bool:
        """Whether so much time was lost that nothing more is to be asked of the target."""
        return self._spent > SPENT

    def wait_for(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Call a function of the target's; raise `NoAnswer` if it does not come back in time."""
        return self._within(self.seconds, function, arguments, named)

    def close(self, function: Callable[[], Any]) -> None:
        """Call what closes a service; where calls hang, it need not come back."""
        if not self.hung:
            self.wait_for(function)
            return
        try:
            self._within(AGAIN if self._closed_in_vain else CLOSING, function, (), {})
        except NoAnswer:
            self._closed_in_vain = True

    def lost(self, error: NoAnswer, words: str) -> None:
        """Take in that a call did not come back; the words name it."""
        self._spent += self.seconds if self.hung else 0.0
        self.hung = self.hung or f"{words} did not come back within {error.seconds:g} s"

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
                self._took += took
                self._came_back += 1
                self.slowest = max(self.slowest, took)

    @property
    def _why(self) -> str:
        if not self.hung:
            return ""
        return f" (it is given no more, since {self.hung})"


def end_at_last(status: int) -> None:
    """See to it that the process ends with a status, whatever threads of a service still hang.

    Python waits at its end for threads that are no daemons, and for those of every executor.
    """
    if _watch.ever_rang:
        threading.Thread(target=_end, args=(status,), daemon=True).start()


def _end(status: int) -> None:
    import os

    while not getattr(threading, "_SHUTTING_DOWN", False):
        time.sleep(LOOKING)
    time.sleep(FAREWELL)  # this thread ends with the process, if that comes to its end
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


_STDLIB = sysconfig.get_path("stdlib")


def _place_of(frame: FrameType | None) -> str:
    """Name the place in the service's code that a thread is at, below the standard library's."""
    while frame is not None and _is_in_library(frame):
        frame = frame.f_back
    if frame is None or frame.f_globals.get("__name__") in _KITS_OWN:
        return ""
    code = frame.f_code
    return f"{code.co_name}() ({Path(code.co_filename).name}, line {frame.f_lineno})"


def _is_in_library(frame: FrameType) -> bool:
    file = frame.f_code.co_filename
    return file.startswith((_STDLIB, "<")) and "site-packages" not in file


_KITS_OWN = (__name__, "gofannon_conformance.opening", "gofannon_conformance.calls")

_DEBUGGERS = frozenset({"bdb", "pdb", "ipdb", "pudb", "pydevd", "_pydevd_bundle", "debugpy"})


def _is_debugged() -> bool:
    """Tell whether somebody looks into the call with a debugger, and so has all the time."""
    trace = sys.gettrace()
    kinds = (trace, *type(getattr(trace, "__self__", None)).__mro__)
    homes = {str(getattr(kind, "__module__", "")).partition(".")[0] for kind in kinds}
    monitoring = getattr(sys, "monitoring", None)
    uses = None if monitoring is None else monitoring.get_tool(monitoring.DEBUGGER_ID)
    return uses is not None or not homes.isdisjoint(_DEBUGGERS)
