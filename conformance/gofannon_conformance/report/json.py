"""The report as JSON, as `schema.json` describes it, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from gofannon_conformance.contract import load
from gofannon_conformance.contract.clauses import Level
from gofannon_conformance.report.explain import explain, wording
from gofannon_conformance.report.model import (
    ClauseResult,
    Failure,
    Outcome,
    Report,
    Server,
    TargetReport,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gofannon_conformance.contract import Contract

SCHEMA = 1
"""The version of the format; a reader refuses any other."""

_REPORT = ("kit", "contract", "profile", "seed", "started", "seconds", "interrupted")
_FAILURE = ("test", "what", "called", "came", "expected", "program", "reproduce")


def to_json(report: Report, *, contract: Contract | None = None) -> dict[str, Any]:
    """Return the report as plain JSON values; `from_json` is the reverse."""
    kits = contract or load()
    return {
        "schema": SCHEMA,
        **{name: getattr(report, name) for name in _REPORT},
        "targets": [_target(target, wording(target, kits)) for target in report.targets],
    }


def dumps(report: Report, *, contract: Contract | None = None) -> str:
    """Return the report as JSON text, in ASCII, so that its encoding does not matter."""
    return json.dumps(to_json(report, contract=contract), indent=1, allow_nan=False) + "\n"


def from_json(value: Mapping[str, Any]) -> Report:
    """Return the report of the output of `to_json`; raise `ValueError` for anything else."""
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        found = value.get("schema") if isinstance(value, dict) else type(value).__name__
        raise ValueError(f"not a report of schema {SCHEMA}: its schema is {found!r}")
    try:
        return Report(
            **{name: value[name] for name in _REPORT},
            targets=tuple(_read_target(target) for target in value["targets"]),
        )
    except KeyError as error:
        raise ValueError(f"not a complete report: it has no {error}") from error
    except (TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"not a report: {error}") from error


def loads(text: str) -> Report:
    """Return the report of a JSON text; raise `ValueError` if it is none."""
    return from_json(json.loads(text))


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a report."""
    text = files("gofannon_conformance.report").joinpath("schema.json").read_text(encoding="utf-8")
    described: dict[str, Any] = json.loads(text)
    return described


def _target(target: TargetReport, contract: Contract) -> dict[str, Any]:
    return {
        "name": target.name,
        "server": target.server and asdict(target.server),
        "dialect": target.dialect,
        "verdict": target.verdict,
        "partial": target.partial,
        "facts": dict(target.facts),
        "notes": list(target.notes),
        "clauses": {
            clause_id: _clause(result, contract) for clause_id, result in target.clauses.items()
        },
    }


def _clause(result: ClauseResult, contract: Contract) -> dict[str, Any]:
    passed = result.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE, Outcome.NOT_TESTED)
    explained = None if passed else explain(result, contract)
    return {
        "level": str(result.level),
        "outcome": str(result.outcome),
        "tests": list(result.tests),
        "seconds": result.seconds,
        "message": explained.plain() if explained else result.reason,
        "example": explained.program if explained else "",
        "reproduce": explained.again if explained else "",
        "reason": result.reason,
        "failures": [
            {
                **{name: getattr(failure, name) for name in _FAILURE},
                "differences": list(failure.differences),
            }
            for failure in result.failures
        ],
    }


def _read_target(value: Mapping[str, Any]) -> TargetReport:
    server = value["server"]
    return TargetReport(
        name=value["name"],
        dialect=value["dialect"],
        clauses={
            clause_id: _read_clause(clause_id, result)
            for clause_id, result in value["clauses"].items()
        },
        server=server and Server(**server),
        facts=dict(value["facts"]),
        notes=tuple(value["notes"]),
        partial=value["partial"],
    )


def _read_clause(clause_id: str, value: Mapping[str, Any]) -> ClauseResult:
    return ClauseResult(
        clause=clause_id,
        level=Level(value["level"]),
        outcome=Outcome(value["outcome"]),
        tests=tuple(value["tests"]),
        seconds=value["seconds"],
        reason=value["reason"],
        failures=tuple(
            Failure(
                clause=clause_id,
                differences=tuple(failure["differences"]),
                **{name: failure[name] for name in _FAILURE},
            )
            for failure in value["failures"]
        ),
    )
