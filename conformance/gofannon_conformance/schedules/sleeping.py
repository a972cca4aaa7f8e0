"""Whether a thread sleeps: it waits for a lock, an answer or the clock, and computes nothing."""

from __future__ import annotations

import os
from threading import get_native_id


class Sleeper:
    """One thread, seen by others; to be made in the thread itself.

    Linux tells the state of each thread. Reading it releases the interpreter's lock, so that a
    thread that only waited for that one is awake by the time that it is looked at. Elsewhere
    a thread counts as asleep when it has come to no event for a while.
    """

    def __init__(self) -> None:
        try:
            self._file = os.open(f"/proc/self/task/{get_native_id()}/stat", os.O_RDONLY)
        except OSError:
            self._file = -1

    def awake(self) -> bool:
        """Tell whether the thread is known to be awake."""
        return self._state() == b"R"

    def stuck(self, still: float) -> bool:
        """Tell whether a thread that came to no event for `still` seconds waits for something."""
        state = self._state()
        if state == b"R":
            return still > _COMPUTING
        return still > (_UNKNOWN if state is None else 0.0)

    def close(self) -> None:
        """Let go of the thread."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _state(self) -> bytes | None:
        if self._file < 0:
            return None
        try:
            stat = os.pread(self._file, 100, 0)
        except OSError:  # the thread is gone
            return None
        # "pid (name) state …", and the name may hold anything
        return stat.rpartition(b") ")[2][:1]


_UNKNOWN = 0.003
_COMPUTING = 0.05
"""A thread that is awake for so long and comes to no event spins outside the backend's code."""
