"""Threads that are kept, and lent to one task after the other, as a server's pool does it.

A service may hold a connection for each thread that has called it, until it is closed: thousands
of threads that come and go would be more than it ever meets.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from contextvars import Context
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def lend(task: Callable[[], object], *, name: str) -> threading.Event:
    """Have a thread of that name do a task; the event is set when it has ended, however it has.

    The task finds the context variables of a new thread.
    """
    try:
        hand = _IDLE.pop()
    except IndexError:
        hand = _Hand()
    done = threading.Event()
    hand.orders.put((name, task, done))
    return done


class _Hand:
    """One thread; what never ends keeps it, and then it is not lent again."""

    def __init__(self) -> None:
        self.orders: SimpleQueue[tuple[str, Callable[[], object], threading.Event]] = SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            threading.current_thread().name = "idle"
            name, task, done = self.orders.get()
            threading.current_thread().name = name
            try:
                Context().run(task)
            except BaseException:  # noqa: BLE001  # told as that of any other thread, which goes on
                threading.excepthook(
                    threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread()))
                )
            del task
            _IDLE.append(self)
            done.set()


_IDLE: deque[_Hand] = deque()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_IDLE.clear)  # its threads are the parent's
