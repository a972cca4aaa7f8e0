"""A broken clause in words: what was called, what came, what should have, what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gofannon_conformance.report.legible import legible, on_one_line, program_text
from gofannon_conformance.report.model import Outcome

if TYPE_CHECKING:
    from gofannon_conformance.contract import Clause, Contract
    from gofannon_conformance.report.model import ClauseResult, Failure, TargetReport

MOST_DIFFERENCES = 12
MOST_OTHERS = 6


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A clause's outcome, ready to be shown: every text is escaped and bounded."""

    clause: str
    level: str
    text: str
    """The clause's sentence, with Markdown's code marks."""
    paragraphs: tuple[tuple[str, str], ...]
    """Labels and texts, in the order in which they teach."""
    program: str = ""
    again: str = ""
    hint: str = ""

    @property
    def headline(self) -> str:
        """The clause's id, level and sentence, as plain text."""
        return f"{self.clause} {self.level}  {self.text.replace('`', '')}".rstrip()

    def plain(self) -> str:
        """Write the whole as plain text, for files and for other programs."""
        indented = [f"  {label}: {text}".replace("\n", "\n    ") for label, text in self.paragraphs]
        lines = [self.headline, *indented]
        if self.program:
            lines += ["  program:", self.program]
        if self.again:
            lines.append(f"  again: {self.again}")
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


def wording(target: TargetReport, contract: Contract) -> Contract:
    """Give the contract as the target's dialect words it; a dialect it lacks changes nothing."""
    return contract.for_dialect(target.dialect) if target.dialect in contract.dialects else contract


def explain(result: ClauseResult, contract: Contract) -> Explanation:
    """Explain a clause that did not pass, by its smallest failure; the others in a line each.

    A saved report may name a clause that this kit does not have: its sentence is then missing.
    """
    clause = _clause(result.clause, contract)
    failures = smallest_first(result.failures)
    failure = failures[0] if failures else None
    return Explanation(
        clause=result.clause,
        level=str(result.level),
        text=clause.text if clause else "",
        paragraphs=tuple(_paragraphs(result, failures, clause)),
        program=program_text(failure.program.strip("\n")) if failure is not None else "",
        again=legible(failure.reproduce, limit=None) if failure is not None else "",
        hint=legible(clause.hint) if clause else "",
    )


def smallest_first(failures: tuple[Failure, ...]) -> list[Failure]:
    """Order failures by the length of their programs; one without a program comes last."""
    return sorted(failures, key=lambda failure: len(failure.program) or float("inf"))


def _clause(clause_id: str, contract: Contract) -> Clause | None:
    return next((clause for clause in contract.clauses if clause.id == clause_id), None)


def _where(clause: Clause | None) -> str:
    return (clause.where or ", ".join(clause.source)) if clause else ""


def _paragraphs(
    result: ClauseResult, failures: list[Failure], clause: Clause | None
) -> list[tuple[str, str]]:
    words: list[tuple[str, str]] = []
    if result.outcome is Outcome.ERROR:
        words.append(("in error", legible(result.reason)))
    elif result.reason and not failures:
        words.append(("what", legible(result.reason)))  # an expected failure that passes
    for failure in failures[:1]:
        words += [
            ("what", legible(failure.what)),
            ("called", legible(failure.called)),
            ("came back", legible(failure.came)),
            ("expected", legible(failure.expected)),
            ("differs", _differences(failure)),
            ("test", legible(failure.test)),
        ]
    words.append(("where", _where(clause)))
    words += [("also in", text) for text in _in_a_line_each(failures[1:])]
    return [(label, text) for label, text in words if text]


def _differences(failure: Failure) -> str:
    lines = [on_one_line(line) for line in failure.differences[:MOST_DIFFERENCES]]
    left_out = len(failure.differences) - len(lines)
    return "\n".join([*lines, *([f"… and in {left_out} places more"] if left_out else [])])


def _in_a_line_each(others: list[Failure]) -> list[str]:
    lines = [on_one_line(f"{other.test}: {other.what}") for other in others[:MOST_OTHERS]]
    left_out = len(others) - len(lines)
    return [*lines, *([f"… {left_out} tests more"] if left_out else [])]
