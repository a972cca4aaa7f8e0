"""The worker processes of a selftest: each runs one job after the other."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from time import monotonic
from typing import TYPE_CHECKING, Any

from gofannon_conformance.mutants.mutant import PLACE
from gofannon_conformance.selftest.trial import Job, Trial, run_job
from gofannon_conformance.service.time_limit import end_despite_hangs

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

LONGEST = 900.0
"""Time limit of one trial in seconds; then its process is ended and replaced.

It is long because the machine may be busy: calls that hang have a time limit of their own.
"""

STARTING = 120.0
"""Time limit in seconds for a process to start and to import the suite."""

CLEAN_UP = 10.0
"""Time limit in seconds for a process to close what it has open, such as servers."""

_FORKSERVER = "forkserver" in multiprocessing.get_all_start_methods()
_PROCESSES: Any = multiprocessing.get_context("forkserver" if _FORKSERVER else "spawn")
"""The way to start processes: if possible, by forking one that has only imported the suite."""


def cores() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def trials(
    jobs: Iterable[Job], *, workers: int, longest: float = LONGEST
) -> Generator[tuple[Job, Trial]]:
    """Yield each job's trial as it finishes; closing the generator stops the workers."""
    if _FORKSERVER:
        _PROCESSES.set_forkserver_preload([__name__, PLACE])
    waiting = list(reversed(list(jobs)))
    pool = [Worker() for _ in range(min(workers, len(waiting)))]
    try:
        for worker in pool:
            worker.assign(waiting.pop())
        while busy := [worker for worker in pool if worker.job is not None]:
            time_left = min(worker.until for worker in busy) - monotonic()
            ready = wait([worker.pipe for worker in busy], max(time_left, 0.0))
            for worker in busy:
                answer = None
                if worker.pipe in ready:
                    answer = worker.receive(longest)
                elif monotonic() > worker.until:
                    answer = worker.abandon(f"it did not end within {longest:.0f} s")
                if answer is None:
                    continue
                if waiting:
                    worker.assign(waiting.pop())
                yield answer
    finally:
        for worker in pool:
            worker.stop()
        for worker in pool:
            worker.join()


@dataclass
class Worker:
    """One process, started for its first job and again if it has died."""

    job: Job | None = None
    until: float = 0.0
    """The time at which it is abandoned."""
    _process: BaseProcess | None = None
    _pipe: Connection[Any, Any] | None = field(default=None, repr=False)

    @property
    def pipe(self) -> Connection[Any, Any]:
        """The pipe to the process."""
        assert self._pipe is not None  # noqa: S101  # a job was assigned
        return self._pipe

    def assign(self, job: Job) -> None:
        """Send a job to the process."""
        if self._process is None:
            self._pipe, other = _PROCESSES.Pipe()
            self._process = _PROCESSES.Process(target=work, args=(other,), daemon=True)
            self._process.start()
            other.close()
        self.job, self.until = job, monotonic() + STARTING
        with contextlib.suppress(BrokenPipeError):  # it has died: `receive` reports it
            self.pipe.send(job)

    def receive(self, longest: float) -> tuple[Job, Trial] | None:
        """Return the finished trial, or None for the message that the trial begins."""
        try:
            trial: Trial | None = self.pipe.recv()
        except (EOFError, OSError):
            assert self._process is not None  # noqa: S101  # a job was assigned
            self._process.join(CLEAN_UP)
            return self.abandon(f"its process ended with status {self._process.exitcode}")
        if trial is None:
            self.until = monotonic() + longest
            return None
        return self._finished(trial)

    def abandon(self, why: str) -> tuple[Job, Trial]:
        """End the process, and return a trial that says why there is no result."""
        self.stop()
        self.join()
        return self._finished(Trial(void=why))

    def stop(self) -> None:
        """Ask the process to end; a busy one is terminated and cleans up."""
        if self._process is None:
            return
        if self.job is None:
            with contextlib.suppress(BrokenPipeError):
                self.pipe.send(None)
        else:
            self._process.terminate()

    def join(self) -> None:
        """Wait until the process has ended; kill it after the time limit."""
        if self._process is None:
            return
        self._process.join(CLEAN_UP)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self.pipe.close()
        self._process = self._pipe = None

    def _finished(self, trial: Trial) -> tuple[Job, Trial]:
        job, self.job = self.job, None
        assert job is not None  # noqa: S101  # one was assigned
        return job, trial


def work(pipe: Connection[Any, Any]) -> None:
    """Run one job after the other, until None comes: the main function of a worker process."""
    if multiprocessing.parent_process() is not None:
        _set_up_process()
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while (job := pipe.recv()) is not None:
            pipe.send(None)
            pipe.send(run_job(job))
    end_despite_hangs(0)


def _set_up_process() -> None:
    """Ignore Ctrl-C, clean up on SIGTERM, and discard everything that a mutant prints."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, interrupt)
    null = open(os.devnull, "w")  # noqa: SIM115, PTH123  # open until the process ends
    sys.stdout = sys.stderr = null
