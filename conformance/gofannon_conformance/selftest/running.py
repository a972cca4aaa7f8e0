"""The selftest itself: jobs to the workers, their trials into a matrix, until all or Ctrl-C."""

from __future__ import annotations

from contextlib import closing
from time import monotonic
from typing import TYPE_CHECKING

from gofannon_conformance.selftest.crew import trials
from gofannon_conformance.selftest.matrix import Matrix, Row
from gofannon_conformance.selftest.plan import takes_seconds
from gofannon_conformance.selftest.trial import TESTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.selftest.plan import Plan


def selftest(plan: Plan, *, workers: int, watch: Callable[[Row], object]) -> Matrix:
    """Try every service of a plan; Ctrl-C ends it with the rows that are there."""
    began = monotonic()
    jobs = plan.jobs()
    rows: dict[int, Row] = {}
    places = {job: place for place, job in enumerate(jobs)}
    interrupted = False
    try:
        # The long ones first, so that none is left to be waited for alone.
        in_turn = sorted(jobs, key=takes_seconds, reverse=True)
        with closing(trials(in_turn, workers=workers)) as ended:
            for job, trial in ended:
                service, meant = jobs[job]
                row = Row(service=service, seed=job.seed, trial=trial, meant=meant)
                rows[places[job]] = row
                watch(row)
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
