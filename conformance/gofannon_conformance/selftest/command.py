"""`gofannon-conformance selftest`: from what a person typed to the matrix and an exit status."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gofannon_conformance.runner import terminated_as_interrupted
from gofannon_conformance.selftest.crew import cores
from gofannon_conformance.selftest.drawing import markdown, terminal
from gofannon_conformance.selftest.plan import planned
from gofannon_conformance.selftest.running import selftest
from gofannon_conformance.selftest.telling import as_json, too_few
from gofannon_conformance.selftest.watching import Watching
from gofannon_conformance.usage import UsageError

if TYPE_CHECKING:
    from gofannon_conformance.selftest.matrix import Matrix

BEGIN, END = "<!-- selftest: begin -->", "<!-- selftest: end -->"
"""Where a page has its matrix; what stands around them stays."""

PER_CORE = 5
"""Processes for each core: most of the time of the deep groups is spent waiting."""

AS_IT_SHOULD, ERRORS, NOT_RUN = 0, 1, 2


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
    """Run the suite on the zoo, show the matrix, write the files, and give the exit status."""
    if quick and right:
        raise UsageError("--quick and --right: the right services have one form only")
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
    sys.stderr.write(
        f"selftest: {total} services to try, the {plan.form} form, {workers} processes, "
        f"seed {plan.seeds[0]}\n"
    )
    with terminated_as_interrupted(), Watching(total, color=colored) as watching:
        matrix = selftest(plan, workers=workers, watch=watching)
    width = os.get_terminal_size().columns if sys.stdout.isatty() else 120
    sys.stdout.write(terminal(matrix, width=width, color=colored))
    sys.stdout.flush()
    for option, (file, written) in files.items():
        if file is not None:
            try:
                place(Path(file), written(matrix))
            except OSError as error:
                raise UsageError(f"{option} {file}: {error.strerror}") from error
    return exit_status(matrix)


def place(file: Path, text: str) -> None:
    """Write a file; of one that has the two marks, only what stands between them."""
    old = file.read_text(encoding="utf-8") if file.is_file() else ""
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    marked = f"{before}{begin}\n{text}{end}{after}"
    file.write_text(marked if begin and end else text, encoding="utf-8")


def exit_status(matrix: Matrix) -> int:
    """Give 0 if all is as it should be, 1 if not, 2 if that is not known."""
    if not matrix.rows:
        return NOT_RUN
    if matrix.errors or (matrix.tells_redundancy and (matrix.idle or too_few(matrix))):
        return ERRORS
    return NOT_RUN if matrix.interrupted else AS_IT_SHOULD
