"""Reports to draw: small ones made by hand, one for each thing that a renderer must cope with."""

from __future__ import annotations

from dataclasses import replace

from gofannon_conformance.contract import Contract, load
from gofannon_conformance.contract.clauses import Level
from gofannon_conformance.report.model import (
    ClauseResult,
    Failure,
    Outcome,
    Report,
    Server,
    TargetReport,
)

HOSTILE = (
    "\x1b[31mred\x1b[0m [bold red]markup[/] </script><b>&amp; \x00\x07\r\x9b \u202egnp.exe\u2066 "
    "\ud800 ]]> `tick` | pipe <!-- -- \n# heading\t\U000e0001"
)


def contract_that_says(clause_id: str, **told: str) -> Contract:
    """Word one clause of the kit's contract in a test's own way."""
    clauses = load().clauses
    return replace(
        load(),
        dialects={},
        clauses=tuple(replace(c, **told) if c.id == clause_id else c for c in clauses),
    )


def failure(clause: str = "GET-3", **more: object) -> Failure:
    told = {
        "test": "TestGet.test_missing_document_is_404",
        "what": "get() of a document that was never saved returned a value",
        "called": "db.get('c', 'missing')",
        "came": "None",
        "expected": "HTTPException with status 404",
        "program": "from mypkg.mydb import make\n\ndb = make()\nprint(db.get('c', 'missing'))",
        "reproduce": "gofannon-conformance run mypkg.mydb:make --clause GET-3 --seed 7",
    }
    return Failure(clause=clause, **{**told, **more})


def result(clause: str, outcome: Outcome = Outcome.PASS, **more: object) -> ClauseResult:
    told = {"level": load().clause(clause).level, "tests": (f"test_{clause.lower()}",)}
    return ClauseResult(clause=clause, outcome=outcome, **{**told, **more})


def failing(clause: str = "GET-3", *failures: Failure, **more: object) -> ClauseResult:
    return result(clause, Outcome.FAIL, failures=failures or (failure(clause),), **more)


def target(*results: ClauseResult, name: str = "memory", **more: object) -> TargetReport:
    told = {"dialect": "interface", "clauses": {r.clause: r for r in results}}
    return TargetReport(name=name, **{**told, **more})


def report(*targets: TargetReport, **more: object) -> Report:
    told = {
        "kit": "0.1.0",
        "contract": "1.0",
        "profile": "standard",
        "seed": 7,
        "started": "2026-11-21T09:30:00Z",
        "seconds": 12.34,
    }
    return Report(targets=targets, **{**told, **more})


def strict() -> Report:
    return report(target(result("GET-1"), result("GET-2"), result("SAVE-9")))


def one_failure() -> Report:
    return report(target(result("GET-1"), failing("GET-3")))


def every_outcome() -> Report:
    """A target of which something is to be said under every heading."""
    return report(
        target(
            result("GET-1", seconds=0.25),
            failing(
                "GET-3",
                failure(program="db = make()\n" * 30, test="test_longer", what="the longer one"),
                failure(differences=("$.a.b: True, not 1", "$.list[2]: missing")),
            ),
            failing("SAVE-9", failure("SAVE-9", what="save() put `_id` into the caller's dict")),
            result("SAVE-1", Outcome.ERROR, reason="the server stopped answering"),
            result("SAVE-15", Outcome.NOT_APPLICABLE, reason="no revisions are compared"),
            result("CON-1", Outcome.NOT_TESTED, reason="the run has no threads"),
            result("CON-2", Outcome.NOT_TESTED, reason="the run has no threads"),
            result(
                "DOC-7",
                Outcome.EXPECTED_FAILURE,
                reason="the store has no arrays in arrays",
                failures=(failure("DOC-7", what="an array in an array was refused"),),
            ),
            name="mypkg.mydb:make",
            server=Server(product="CouchDB", version="3.5.0", source="COUCHDB_URL"),
            facts={"largest document": "16 MiB", "capabilities": "find, revisions"},
            notes=("test_paging was overridden by tests/test_mydb.py",),
            partial=True,
        )
    )


def several_targets() -> Report:
    return report(
        target(result("GET-1"), result("SAVE-9"), name="memory"),
        target(failing("GET-3"), name="couchdb"),
        target(result("DOC-7", Outcome.EXPECTED_FAILURE, reason="flat"), name="firestore"),
        target(name="empty"),
    )


def many_failures(count: int = 50) -> Report:
    musts = [clause.id for clause in load().clauses if clause.level == Level.MUST]
    return report(
        target(
            *(
                failing(clause, failure(clause, program=f"db = make()\nprint(db.get('c', {n}))"))
                for n, clause in enumerate(musts[:count])
            )
        )
    )


def hostile() -> Report:
    """Every free text of a report holds what breaks terminals, pages and parsers."""
    long = HOSTILE + "x" * 100_000
    bad = {
        "test": HOSTILE,
        "what": HOSTILE,
        "called": long,
        "came": long,
        "expected": HOSTILE,
        "differences": (HOSTILE, long) * 20,
        "program": f"print({HOSTILE!a})",
        "reproduce": "gofannon-conformance run 'a b' --clause GET-3",
    }
    return report(
        target(
            failing("GET-3", failure("GET-3", **bad)),
            failing("GET-5", *[failure("GET-5", test=f"{n}{HOSTILE}") for n in range(30)]),
            failing("GET-4", failure("GET-4", program="x" * 100_000)),
            result("CON-1", Outcome.NOT_TESTED, reason=HOSTILE),
            result(
                "DOC-7",
                Outcome.EXPECTED_FAILURE,
                reason=HOSTILE,
                failures=(failure("DOC-7", **bad),),
            ),
            name=HOSTILE,
            server=Server(product=HOSTILE, version=HOSTILE, source=HOSTILE),
            facts={HOSTILE: long},
            notes=(HOSTILE,),
        ),
        interrupted=True,
    )


ALL = {
    "strict": strict,
    "one failure": one_failure,
    "every outcome": every_outcome,
    "several targets": several_targets,
    "many failures": many_failures,
    "hostile": hostile,
    "nothing": report,
}
