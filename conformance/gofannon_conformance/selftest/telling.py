"""What a matrix comes to: its figures in sentences, and as values for other programs."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from gofannon_conformance import __version__
from gofannon_conformance.contract import load
from gofannon_conformance.mutants import Mutant
from gofannon_conformance.selftest.matrix import GOOD, Verdict
from gofannon_conformance.selftest.plan import group_of

if TYPE_CHECKING:
    from gofannon_conformance.selftest.matrix import Matrix, Row

ENOUGH = 2
"""How many mutants each clause is to have at least."""


def sentences(matrix: Matrix) -> list[str]:
    """Say what the matrix comes to, the most important last."""
    said = []
    if matrix.tells_redundancy:
        said.append(
            f"{len(matrix.redundant)} of {len(matrix.on_trial)} tests kill no mutant that no other "
            "test kills"
        )
        if matrix.idle:
            said.append(f"these tests kill no mutant at all: {', '.join(matrix.idle)}")
        if few := too_few(matrix):
            said.append(f"fewer than {ENOUGH} mutants are meant for {', '.join(few)}")
    if pending := [row.name for row in matrix.rows if row.verdict is Verdict.PENDING]:
        said.append(
            f"pending, because the suite does not test their clauses yet: {', '.join(pending)}"
        )
    if matrix.interrupted:
        said.append("it was interrupted: this is what was found until then")
    said.append(tally(matrix))
    return said


def tally(matrix: Matrix) -> str:
    """Give the counts in one line."""
    due = [row for row in matrix.mutants if row.verdict is not Verdict.PENDING]
    killed = sum(row.verdict is Verdict.KILLED for row in due)
    passed = sum(row.verdict is Verdict.PASSED for row in matrix.right)
    runs = " (each run on a seed counts)" if len({row.seed for row in matrix.rows}) > 1 else ""
    parts = [f"{killed} of {len(due)} mutants killed"] if due else []
    parts += [f"{passed} of {len(matrix.right)} right services passed"] if matrix.right else []
    errors = len(matrix.errors)
    parts.append(f"{errors} error{'s' * (errors != 1)}" if errors else "no error")
    return f"{', '.join(parts)}{runs}, in {matrix.seconds:.0f} s on {matrix.workers} processes"


def too_few(matrix: Matrix) -> list[str]:
    """Give the clauses that the suite claims to test and that fewer mutants than two break."""
    meant = Counter(clause for row in matrix.mutants for clause in row.meant)
    return [c.id for c in load().clauses if c.covered and meant[c.id] < ENOUGH]


def worst_of_each(matrix: Matrix) -> list[tuple[Row, int, int]]:
    """Give one row for each service, one that is not good if there is one, and its good runs."""
    rows: dict[str, list[Row]] = {}
    for row in matrix.rows:
        rows.setdefault(row.name, []).append(row)
    return [
        (min(own, key=lambda r: r.verdict in GOOD), sum(r.verdict in GOOD for r in own), len(own))
        for own in rows.values()
    ]


def by_group(matrix: Matrix) -> list[tuple[str, int, int, int, int]]:
    """Give, for each group: its clauses, mutants meant for it, those killed, tests that kill."""
    told = []
    for group in load().groups:
        own = [r for r in matrix.mutants if any(group_of(c) == group.name for c in r.meant)]
        tests = {test for r in own for test in r.killers}
        if own:
            clauses = {c for r in own for c in r.meant if group_of(c) == group.name}
            killed = sum(row.verdict is Verdict.KILLED for row in own)
            told.append((group.name, len(clauses), len(own), killed, len(tests)))
    return told


def as_json(matrix: Matrix) -> str:
    """Give the whole matrix as JSON."""
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
        "verdict": row.verdict,
        "why": row.why,
        "meant": list(row.meant),
        "missed": list(row.missed),
        "failed": row.failed,
        "first": None if row.first is None else round(row.first, 3),
        "seconds": round(row.trial.seconds, 3),
    }
