"""The figures of a matrix: in sentences for people, as JSON for programs."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from gofannon_conformance import __version__
from gofannon_conformance.contract import load
from gofannon_conformance.mutants import Mutant
from gofannon_conformance.selftest.matrix import GOOD, Result
from gofannon_conformance.selftest.plan import group_of

if TYPE_CHECKING:
    from gofannon_conformance.selftest.matrix import Matrix, Row

ENOUGH = 2
"""The least number of mutants of a clause."""


def sentences(matrix: Matrix) -> list[str]:
    """Return the figures as sentences, the most important last."""
    lines = []
    if matrix.is_complete:
        lines.append(
            f"{len(matrix.redundant)} of {len(matrix.with_mutants)} tests kill no mutant alone"
        )
        if matrix.idle:
            lines.append(f"these tests kill no mutant: {', '.join(matrix.idle)}")
        if few := too_few(matrix):
            lines.append(f"fewer than {ENOUGH} mutants are meant for {', '.join(few)}")
    if pending := [row.name for row in matrix.rows if row.result is Result.PENDING]:
        lines.append(
            f"pending, because the suite does not test their clauses yet: {', '.join(pending)}"
        )
    if matrix.interrupted:
        lines.append("interrupted: the figures are incomplete")
    lines.append(tally(matrix))
    return lines


def tally(matrix: Matrix) -> str:
    """Return the counts in one line."""
    due = [row for row in matrix.mutants if row.result is not Result.PENDING]
    killed = sum(row.result is Result.KILLED for row in due)
    passed = sum(row.result is Result.PASSED for row in matrix.right)
    runs = " (each run on a seed counts)" if len({row.seed for row in matrix.rows}) > 1 else ""
    parts = [f"{killed} of {len(due)} mutants killed"] if due else []
    parts += [f"{passed} of {len(matrix.right)} right services passed"] if matrix.right else []
    errors = len(matrix.errors)
    parts.append(f"{errors} error{'s' * (errors != 1)}" if errors else "no error")
    return f"{', '.join(parts)}{runs}, in {matrix.seconds:.0f} s on {matrix.workers} processes"


def too_few(matrix: Matrix) -> list[str]:
    """Return the clauses that the suite claims to test and that have too few mutants."""
    meant = Counter(clause for row in matrix.mutants for clause in row.meant)
    return [c.id for c in load().clauses if c.covered and meant[c.id] < ENOUGH]


def worst_of_each(matrix: Matrix) -> list[tuple[Row, int, int]]:
    """Return for each service one row, a bad one if any, and the counts of good and all runs."""
    rows: dict[str, list[Row]] = {}
    for row in matrix.rows:
        rows.setdefault(row.name, []).append(row)
    return [
        (min(own, key=lambda r: r.result in GOOD), sum(r.result in GOOD for r in own), len(own))
        for own in rows.values()
    ]


def by_group(matrix: Matrix) -> list[tuple[str, int, int, int, int]]:
    """Return for each group its counts: clauses, mutants, killed mutants, tests that kill."""
    rows = []
    for group in load().groups:
        own = [r for r in matrix.mutants if any(group_of(c) == group.name for c in r.meant)]
        tests = {test for r in own for test in r.killers}
        if own:
            clauses = {c for r in own for c in r.meant if group_of(c) == group.name}
            killed = sum(row.result is Result.KILLED for row in own)
            rows.append((group.name, len(clauses), len(own), killed, len(tests)))
    return rows


def as_json(matrix: Matrix) -> str:
    """Return the matrix as JSON."""
    value = {
        "schema": 1,
        "kit": __version__,
        "contract": load().version,
        "form": matrix.form,
        "seeds": sorted({row.seed for row in matrix.rows}),
        "processes": matrix.workers,
        "seconds": round(matrix.seconds, 3),
        "interrupted": matrix.interrupted,
        "summary": tally(matrix),
        "services": [_service(row) for row in matrix.rows],
        "tests": {
            test: {
                "clauses": list(clauses),
                "kills": list(matrix.kills[test]),
                "kills alone": list(matrix.alone[test]),
            }
            for test, clauses in matrix.tests.items()
        },
    }
    return json.dumps(value, indent=1) + "\n"


def _service(row: Row) -> dict[str, Any]:
    service = row.service
    is_mutant = isinstance(service, Mutant)
    return {
        "name": row.name,
        "kind": "mutant" if is_mutant else "right",
        "about": service.mistake if isinstance(service, Mutant) else service.kind,
        "seen": service.seen if isinstance(service, Mutant) else "",
        "seed": row.seed,
        "verdict": row.result,
        "why": row.why,
        "meant": list(row.meant),
        "missed": list(row.missed),
        "failed": row.failed,
        "first": None if row.first is None else round(row.first, 3),
        "seconds": round(row.trial.seconds, 3),
    }
