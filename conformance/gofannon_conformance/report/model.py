"""The report as values; every renderer is a pure function of `Report`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gofannon_conformance.contract.clauses import Level


class Outcome(StrEnum):
    """The outcome of a clause in a run."""

    PASS = "pass"  # noqa: S105  # not a password
    FAIL = "fail"
    ERROR = "error"
    NOT_APPLICABLE = "not applicable"
    NOT_TESTED = "not tested"
    EXPECTED_FAILURE = "expected failure"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One way in which a clause was broken, with all that a person needs to fix it.

    Texts may have several lines. `called`, `came` and `expected` are the call, its answer and the
    expected answer; `program` is Python against the target; `reproduce` is one shell command.
    """

    clause: str
    test: str
    what: str
    called: str = ""
    came: str = ""
    expected: str = ""
    differences: tuple[str, ...] = ()
    program: str = ""
    reproduce: str = ""


@dataclass(frozen=True, kw_only=True)
class ClauseResult:
    """The outcome of one clause on one target."""

    clause: str
    level: Level
    outcome: Outcome
    tests: tuple[str, ...] = ()
    seconds: float = 0.0
    reason: str = ""
    """Why it is not applicable, not tested, in error, or expected to fail; otherwise empty."""
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Server:
    """The server that a target ran on."""

    product: str
    version: str
    source: str


@dataclass(frozen=True, kw_only=True)
class TargetReport:
    """The results of one target."""

    name: str
    dialect: str
    clauses: Mapping[str, ClauseResult]
    """By clause id, in the order of the contract; only the clauses that were selected."""
    server: Server | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    """Measurements without a judgement: "largest document" → "16 MiB", "capabilities" → …"""
    notes: tuple[str, ...] = ()
    """Notes for the reader: an overridden test, a limit of an emulator."""
    partial: bool = False
    """Whether options left out some clauses (`--clause`, `-k`, `--lf`)."""

    @property
    def verdict(self) -> str:
        """`strict`, `conformant`, `conformant except …` or `not conformant`."""
        musts = [r for r in self.clauses.values() if r.level == "MUST"]
        shoulds = [r for r in self.clauses.values() if r.level == "SHOULD"]
        broken = {Outcome.FAIL, Outcome.ERROR, Outcome.NOT_TESTED}
        if not self.clauses or any(r.outcome in broken for r in musts):
            return "not conformant"
        excepted = [r.clause for r in musts if r.outcome is Outcome.EXPECTED_FAILURE]
        if excepted:
            return f"conformant except {', '.join(excepted)}"
        met = {Outcome.PASS, Outcome.NOT_APPLICABLE}
        return "strict" if all(r.outcome in met for r in shoulds) else "conformant"


@dataclass(frozen=True, kw_only=True)
class Report:
    """One run: its settings and the results of its targets."""

    kit: str
    contract: str
    profile: str
    seed: int
    started: str
    """ISO 8601, UTC."""
    seconds: float
    targets: tuple[TargetReport, ...]
    interrupted: bool = False
