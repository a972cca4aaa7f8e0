"""The check whether a thread sleeps: it waits for a lock, an answer or the clock."""

from __future__ import annotations

import os
from threading import get_native_id


class Sleeper:
    """One thread, as seen by others; created in the thread itself.

    Linux shows the state of each thread. To read it releases the interpreter's lock, so a thread
    that waited only for that lock is awake when it is looked at. On other systems a thread counts
    as asleep if it had no event for a while.
    """

    def __init__(self) -> None:
        try:
            self._file = os.open(f"/proc/self/task/{get_native_id()}/stat", os.O_RDONLY)
        except OSError:
            self._file = -1

    def awake(self) -> bool:
        """Return whether the thread is known to be awake."""
        return self._state() == b"R"

    def stuck(self, still: float) -> bool:
        """Return whether a thread without an event for `still` seconds waits for something."""
        state = self._state()
        if state == b"R":
            return still > _COMPUTING
        return still > (_UNKNOWN if state is None else 0.0)

    def close(self) -> None:
        """Close the file of the thread's state."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _state(self) -> bytes | None:
        if self._file < 0:
            return None
        try:
            stat = os.pread(self._file, 100, 0)
        except OSError:  # the thread has ended
            return None
        # "pid (name) state …", and the name may contain anything
        return stat.rpartition(b") ")[2][:1]


_UNKNOWN = 0.003
_COMPUTING = 0.05
"""A thread that is awake for so long without an event spins outside the backend's code."""
