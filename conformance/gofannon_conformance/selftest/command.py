"""The command `gofannon-conformance selftest`: options in, the matrix and an exit status out."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gofannon_conformance.run.interrupts import terminated_as_interrupted
from gofannon_conformance.selftest.drawing import markdown, terminal
from gofannon_conformance.selftest.figures import as_json, too_few
from gofannon_conformance.selftest.plan import planned
from gofannon_conformance.selftest.progress import shown
from gofannon_conformance.selftest.run import selftest
from gofannon_conformance.selftest.workers import cores
from gofannon_conformance.usage import UsageError

if TYPE_CHECKING:
    from gofannon_conformance.selftest.matrix import Matrix

PER_CORE = 5
"""Processes per core: most of the time of the slow groups is spent waiting."""

PASSED, ERRORS, NOT_RUN = 0, 1, 2


def run_selftest(
    *,
    quick: bool,
    right: bool,
    names: tuple[str, ...],
    clauses: tuple[str, ...],
    seed: int | None,
    seeds: int,
    jobs: int | None,
    json_file: str | None,
    markdown_file: str | None,
    color: bool | None,
) -> int:
    """Run the selftest, print the matrix, write the files, and return the exit status."""
    if quick and right:
        raise UsageError("--quick and --right exclude each other")
    plan = planned(
        form="right" if right else "quick" if quick else "whole",
        names=names,
        clauses=clauses,
        seed=random.SystemRandom().randrange(1, 2**32) if seed is None else seed,
        seeds=seeds,
    )
    files = {"--json": (json_file, as_json), "--markdown": (markdown_file, markdown)}
    for option, (file, _) in files.items():
        if file is not None and not Path(file).absolute().parent.is_dir():
            raise UsageError(f"{option} {file}: there is no such folder")
    colored = sys.stdout.isatty() and "NO_COLOR" not in os.environ if color is None else color
    workers = jobs or PER_CORE * cores()
    total = len(plan.services) * len(plan.seeds)
    heading = (
        f"selftest: {total} services, {plan.form} form, {workers} processes, seed {plan.seeds[0]}"
    )
    with terminated_as_interrupted(), shown(total, heading, color=colored) as show:
        matrix = selftest(plan, workers=workers, show=show)
    width = os.get_terminal_size().columns if sys.stdout.isatty() else 120
    sys.stdout.write(terminal(matrix, width=width, color=colored))
    sys.stdout.flush()
    for option, (file, written) in files.items():
        if file is not None:
            try:
                Path(file).write_text(written(matrix), encoding="utf-8")
            except OSError as error:
                raise UsageError(f"{option} {file}: {error.strerror}") from error
    return exit_status(matrix)


def exit_status(matrix: Matrix) -> int:
    """Return 0 if every service has the right result, 1 if not, 2 if the run is incomplete."""
    if not matrix.rows:
        return NOT_RUN
    if matrix.errors or (matrix.is_complete and (matrix.idle or too_few(matrix))):
        return ERRORS
    return NOT_RUN if matrix.interrupted else PASSED
