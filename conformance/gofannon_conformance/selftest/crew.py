"""Trials side by side: worker processes that are handed one job after the other."""

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
from gofannon_conformance.patience import end_at_last
from gofannon_conformance.selftest.trial import Job, Trial, tried

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

LONGEST = 180.0
"""Seconds that one trial may take; then its process is ended, and another one goes on."""

STARTING = 120.0
"""Seconds that a process may take to start and to import the suite, before its first trial."""

FAREWELL = 10.0
"""Seconds that a process has to put away what it has open, servers among it."""

_FORKSERVER = "forkserver" in multiprocessing.get_all_start_methods()
_PROCESSES: Any = multiprocessing.get_context("forkserver" if _FORKSERVER else "spawn")
"""How processes are started: where it can be done, from one that has imported the suite already
and has done nothing else."""


def cores() -> int:
    """Give how many processes this one may keep busy."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def trials(
    jobs: Iterable[Job], *, workers: int, longest: float = LONGEST
) -> Generator[tuple[Job, Trial]]:
    """Give the trial of each job as it ends; whoever stops asking has the processes ended."""
    if _FORKSERVER:
        _PROCESSES.set_forkserver_preload([__name__, PLACE])
    waiting = list(reversed(list(jobs)))
    crew = [Worker() for _ in range(min(workers, len(waiting)))]
    try:
        for worker in crew:
            worker.take(waiting.pop())
        while busy := [worker for worker in crew if worker.job is not None]:
            patience = min(worker.until for worker in busy) - monotonic()
            ready = wait([worker.ear for worker in busy], max(patience, 0.0))
            for worker in busy:
                answer = None
                if worker.ear in ready:
                    answer = worker.answer(longest)
                elif monotonic() > worker.until:
                    answer = worker.given_up(f"it had not ended after {longest:.0f} s")
                if answer is None:
                    continue
                if waiting:
                    worker.take(waiting.pop())
                yield answer
    finally:
        for worker in crew:
            worker.dismiss()
        for worker in crew:
            worker.gone()


@dataclass
class Worker:
    """One process, started when it is first given a job and again if it has died."""

    job: Job | None = None
    until: float = 0.0
    """When it is given up."""
    _process: BaseProcess | None = None
    _pipe: Connection[Any, Any] | None = field(default=None, repr=False)

    @property
    def ear(self) -> Connection[Any, Any]:
        """Where its answer arrives."""
        assert self._pipe is not None  # noqa: S101  # it was given a job
        return self._pipe

    def take(self, job: Job) -> None:
        """Begin a job."""
        if self._process is None:
            self._pipe, other = _PROCESSES.Pipe()
            self._process = _PROCESSES.Process(target=work, args=(other,), daemon=True)
            self._process.start()
            other.close()
        self.job, self.until = job, monotonic() + STARTING
        with contextlib.suppress(BrokenPipeError):  # it has died: its ear says so next
            self.ear.send(job)

    def answer(self, longest: float) -> tuple[Job, Trial] | None:
        """Take what it says: None that the trial begins, or what that has come to."""
        try:
            trial: Trial | None = self.ear.recv()
        except (EOFError, OSError):
            assert self._process is not None  # noqa: S101  # it was given a job
            self._process.join(FAREWELL)
            return self.given_up(f"its process ended with status {self._process.exitcode}")
        if trial is None:
            self.until = monotonic() + longest
            return None
        return self._finished(trial)

    def given_up(self, why: str) -> tuple[Job, Trial]:
        """End the process, and say why nothing came of its job."""
        self.dismiss()
        self.gone()
        return self._finished(Trial(void=why))

    def dismiss(self) -> None:
        """Tell the process to end: at once if it is at work, which it then puts away."""
        if self._process is None:
            return
        if self.job is None:
            with contextlib.suppress(BrokenPipeError):
                self.ear.send(None)
        else:
            self._process.terminate()

    def gone(self) -> None:
        """Wait until the process has ended."""
        if self._process is None:
            return
        self._process.join(FAREWELL)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self.ear.close()
        self._process = self._pipe = None

    def _finished(self, trial: Trial) -> tuple[Job, Trial]:
        job, self.job = self.job, None
        assert job is not None  # noqa: S101  # it was given one
        return job, trial


def work(pipe: Connection[Any, Any]) -> None:
    """Do one job after the other, until there is none; the life of a worker process."""
    if multiprocessing.parent_process() is not None:
        _be_quiet_and_orderly()
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while (job := pipe.recv()) is not None:
            pipe.send(None)
            pipe.send(tried(job))
    end_at_last(0)


def _be_quiet_and_orderly() -> None:
    """Leave Ctrl-C to the parent, clean up when it says so, and print nothing of a mutant's."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, interrupt)
    nowhere = open(os.devnull, "w")  # noqa: SIM115, PTH123  # it stays open as long as the process
    sys.stdout = sys.stderr = nowhere
