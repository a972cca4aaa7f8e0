"""The report as JSON, in the shape that `schema.json` beside it describes, and back again."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from gofannon_conformance.contract import Level, load
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
"""The version of the shape; a reader refuses another."""

_FAILURE = ("test", "what", "called", "came", "expected", "program", "reproduce")


def to_json(report: Report, *, contract: Contract | None = None) -> dict[str, Any]:
    """Give the report as plain JSON values; `from_json` makes the same report of them."""
    kits = contract or load()
    return {
        "schema": SCHEMA,
        "kit": report.kit,
        "contract": report.contract,
        "profile": report.profile,
        "seed": report.seed,
        "started": report.started,
        "seconds": report.seconds,
        "interrupted": report.interrupted,
        "targets": [_target(target, wording(target, kits)) for target in report.targets],
    }


def dumps(report: Report, *, contract: Contract | None = None) -> str:
    """Write the report as JSON text, in ASCII, so that no reader stumbles over an encoding."""
    return json.dumps(to_json(report, contract=contract), indent=1, allow_nan=False) + "\n"


def from_json(value: Mapping[str, Any]) -> Report:
    """Make a report of what `to_json` gave; `ValueError` says what else it is."""
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        found = value.get("schema") if isinstance(value, dict) else type(value).__name__
        raise ValueError(f"not a report of schema {SCHEMA}: its schema is {found!r}")
    try:
        return _read_report(value)
    except KeyError as error:
        raise ValueError(f"not a whole report: it has no {error}") from error
    except (TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"not a report: {error}") from error


def loads(text: str) -> Report:
    """Make a report of JSON text; `ValueError` says what is wrong with it."""
    return from_json(json.loads(text))


def schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) that every report keeps to."""
    text = files("gofannon_conformance.report").joinpath("schema.json").read_text(encoding="utf-8")
    described: dict[str, Any] = json.loads(text)
    return described


def _target(target: TargetReport, contract: Contract) -> dict[str, Any]:
    server = target.server
    return {
        "name": target.name,
        "server": server
        and {"product": server.product, "version": server.version, "source": server.source},
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
    told = None if passed else explain(result, contract)
    return {
        "level": str(result.level),
        "outcome": str(result.outcome),
        "tests": list(result.tests),
        "seconds": result.seconds,
        "message": told.plain() if told else result.reason,
        "example": told.program if told else "",
        "reproduce": told.again if told else "",
        "reason": result.reason,
        "failures": [
            {
                **{name: getattr(failure, name) for name in _FAILURE},
                "differences": list(failure.differences),
            }
            for failure in result.failures
        ],
    }


def _read_report(value: Mapping[str, Any]) -> Report:
    return Report(
        kit=value["kit"],
        contract=value["contract"],
        profile=value["profile"],
        seed=value["seed"],
        started=value["started"],
        seconds=value["seconds"],
        interrupted=value["interrupted"],
        targets=tuple(_read_target(target) for target in value["targets"]),
    )


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
