"""How a test waits: for an event, for what comes true, or by a clock that the test moves."""

import threading
import time

BOUND = 60.0
"""Seconds within which what must come has come, on the busiest machine."""


class Gate(threading.Event):
    """An event that must come: to wait for it in vain fails the test."""

    def wait(self, timeout=BOUND):
        assert super().wait(timeout), "what the test waits for did not come"
        return True


def eventually(holds):
    """Return what a function returns as soon as it is true."""
    until = time.monotonic() + BOUND
    while not (found := holds()):
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.005)
    return found


class Clock:
    """A clock that stands still until it is moved; it replaces `time`, or `time.monotonic`."""

    def __init__(self):
        self._now = 0.0
        self._read = threading.Semaphore(0)

    def monotonic(self):
        if threading.current_thread() is not threading.main_thread():
            self._read.release()
        return self._now

    __call__ = monotonic

    def sleep(self, seconds):
        """Move the clock, and return at once."""
        self._now += seconds

    def be_read(self):
        """Wait until a watching thread has read the clock, and has done what it does then."""
        while self._read.acquire(blocking=False):
            pass
        for _ in range(2):
            assert self._read.acquire(timeout=BOUND), "nobody looks at the clock"
