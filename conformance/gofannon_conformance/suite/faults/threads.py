"""Threads that are reused from call to call: what a service keeps per thread must recover too."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gofannon_conformance.calls.values import Answer


class Threads:
    """Makes calls at once, each with a time limit; several threads may use it.

    Calls that follow each other are made in one thread, so the thread that met a fault is the one
    that finds out whether the service works again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []

    def call(self, calls: Sequence[Callable[[], Answer]], seconds: float) -> list[Answer | None]:
        """Make calls at once; None stands for one that did not end within the seconds."""
        with self._lock:
            workers = [self._idle.pop(0) if self._idle else _Worker() for _ in calls]
        answers = [worker.do(call) for worker, call in zip(workers, calls, strict=True)]
        ended, _ = wait(answers, seconds)
        idle = []
        for worker, answer in zip(workers, answers, strict=True):
            if answer in ended:
                idle.append(worker)
            else:
                worker.stop()  # its call hangs: it is not used again
        with self._lock:
            self._idle[:0] = idle
        return [answer.result() if answer in ended else None for answer in answers]

    def close(self) -> None:
        """Let every idle thread end."""
        with self._lock:
            for worker in self._idle:
                worker.stop()
            self._idle.clear()


class _Worker:
    """A daemon thread: one whose call hangs does not keep the process alive."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[tuple[Callable[[], Answer], Future[Answer]] | None]
        self._calls = SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def do(self, call: Callable[[], Answer]) -> Future[Answer]:
        answer: Future[Answer] = Future()
        self._calls.put((call, answer))
        return answer

    def stop(self) -> None:
        self._calls.put(None)

    def _work(self) -> None:
        while (task := self._calls.get()) is not None:
            call, answer = task
            try:
                answer.set_result(call())
            except Exception as error:  # noqa: BLE001  # raised again in the caller's thread
                answer.set_exception(error)
