"""Threads that stay from call to call: what a service keeps for a thread must recover as well."""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gofannon_conformance.calls import Answer


class Crew:
    """Makes calls at once, and waits for none for ever; it may itself be used by many threads.

    Calls that are made one after the other are made in one thread, so that the thread that met a
    fault is the one that finds out whether the service works again.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._idle: list[_Worker] = []

    def together(
        self, calls: Sequence[Callable[[], Answer]], seconds: float
    ) -> list[Answer | None]:
        """Make calls at once; None stands for one that has not ended within some seconds."""
        with self._guard:
            workers = [self._idle.pop(0) if self._idle else _Worker() for _ in calls]
        tasks = [worker.do(call) for worker, call in zip(workers, calls, strict=True)]
        deadline = time.monotonic() + seconds
        ended = [task.ended.wait(max(0.0, deadline - time.monotonic())) for task in tasks]
        free = [worker for worker, is_free in zip(workers, ended, strict=True) if is_free]
        for worker, is_free in zip(workers, ended, strict=True):
            if not is_free:
                worker.leave()  # it hangs: it is not asked again
        with self._guard:
            self._idle[:0] = free
        answers = [task.answer for task in tasks]  # as it is now: what comes later comes too late
        for task in tasks:
            if task.raised is not None:
                raise task.raised
        return answers

    def leave(self) -> None:
        """Let every thread end, once it has done what it does."""
        with self._guard:
            for worker in self._idle:
                worker.leave()
            self._idle.clear()


class _Task:
    def __init__(self, call: Callable[[], Answer]) -> None:
        self.call = call
        self.answer: Answer | None = None
        self.raised: Exception | None = None
        """What the kit itself raised; what a service raises is an answer."""
        self.ended = threading.Event()


class _Worker:
    def __init__(self) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def do(self, call: Callable[[], Answer]) -> _Task:
        task = _Task(call)
        self._tasks.put(task)
        return task

    def leave(self) -> None:
        self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task.answer = task.call()
            except Exception as error:  # noqa: BLE001  # it is raised where the call was asked for
                task.raised = error
            task.ended.set()
