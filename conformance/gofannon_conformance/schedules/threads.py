"""A pool of threads that are reused for one task after another.

A service may hold a connection for each thread that has called it. So the suite calls it from a
few threads, as a server's pool does, and not from thousands of new ones.
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


def run_in_thread(task: Callable[[], object], *, name: str) -> threading.Event:
    """Run a task in a thread of that name, and return an event that is set at its end.

    The task runs with empty context variables, as in a new thread.
    """
    try:
        worker = _IDLE.pop()
    except IndexError:
        worker = _Worker()
    done = threading.Event()
    worker.tasks.put((name, task, done))
    return done


class _Worker:
    """One thread; it is not reused while its task does not end."""

    def __init__(self) -> None:
        self.tasks: SimpleQueue[tuple[str, Callable[[], object], threading.Event]] = SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            threading.current_thread().name = "idle"
            name, task, done = self.tasks.get()
            threading.current_thread().name = name
            try:
                Context().run(task)
            except BaseException:  # noqa: BLE001  # reported as for any thread
                threading.excepthook(
                    threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread()))
                )
            del task
            _IDLE.append(self)
            done.set()


_IDLE: deque[_Worker] = deque()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_IDLE.clear)  # its threads are the parent's
