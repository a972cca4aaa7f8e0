"""The run of a selftest: passes jobs to the workers and collects their trials in a matrix."""

from __future__ import annotations

from contextlib import closing
from time import monotonic
from typing import TYPE_CHECKING

from gofannon_conformance.selftest.matrix import Matrix, Row
from gofannon_conformance.selftest.plan import is_slow_job
from gofannon_conformance.selftest.trial import TESTS
from gofannon_conformance.selftest.workers import trials

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.selftest.plan import Plan


def selftest(plan: Plan, *, workers: int, show: Callable[[Row], object]) -> Matrix:
    """Try every service of a plan; Ctrl-C ends the run with the rows so far."""
    began = monotonic()
    jobs = plan.jobs()
    rows: dict[int, Row] = {}
    places = {job: place for place, job in enumerate(jobs)}
    interrupted = False
    try:
        # The long jobs first, so that the last one does not run alone.
        ordered = sorted(jobs, key=is_slow_job, reverse=True)
        with closing(trials(ordered, workers=workers)) as ended:
            for job, trial in ended:
                service, meant = jobs[job]
                row = Row(service=service, seed=job.seed, trial=trial, meant=meant)
                rows[places[job]] = row
                show(row)
    except KeyboardInterrupt:
        interrupted = True
    return Matrix(
        rows=tuple(rows[place] for place in sorted(rows)),
        tests=TESTS,
        form=plan.form,
        is_all=plan.is_all,
        seconds=monotonic() - began,
        workers=workers,
        interrupted=interrupted,
    )
