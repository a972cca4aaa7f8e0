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
    """Makes calls at once, the first always in the same thread, and waits for none for ever."""

    def __init__(self) -> None:
        self._workers: list[_Worker] = []

    def together(
        self, calls: Sequence[Callable[[], Answer]], seconds: float
    ) -> list[Answer | None]:
        """Make calls at once; None stands for one that has not ended within some seconds."""
        while len(self._workers) < len(calls):
            self._workers.append(_Worker())
        tasks = [worker.do(call) for worker, call in zip(self._workers, calls, strict=False)]
        deadline = time.monotonic() + seconds
        for number, task in enumerate(tasks):
            if not task.ended.wait(max(0.0, deadline - time.monotonic())):
                self._workers[number].leave()  # it hangs: its place is another one's
                self._workers[number] = _Worker()
        return [task.answer for task in tasks]  # as it is now: what comes later has come too late

    def leave(self) -> None:
        """Let every thread end, once it has done what it does."""
        for worker in self._workers:
            worker.leave()
        self._workers.clear()


class _Task:
    def __init__(self, call: Callable[[], Answer]) -> None:
        self.call = call
        self.answer: Answer | None = None
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
            task.answer = task.call()
            task.ended.set()
