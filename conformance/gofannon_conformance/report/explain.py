"""The explanation of a broken clause: the call, the answer, the expected answer, the next step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gofannon_conformance.report.legible import legible, on_one_line, program_text
from gofannon_conformance.report.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gofannon_conformance.contract import Clause, Contract
    from gofannon_conformance.report.model import ClauseResult, Failure, TargetReport

MOST_DIFFERENCES = 12
MOST_OTHERS = 6


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A clause's outcome, ready to be shown: every text is escaped and shortened."""

    clause: str
    level: str
    text: str
    """The clause's sentence, with Markdown's code marks."""
    paragraphs: tuple[tuple[str, str], ...]
    """Labels and texts, in the order in which they are shown."""
    program: str = ""
    again: str = ""
    hint: str = ""

    @property
    def headline(self) -> str:
        """The clause's id, level and sentence, as plain text."""
        return f"{self.clause} {self.level}  {self.text.replace('`', '')}".rstrip()

    def plain(self) -> str:
        """Return the explanation as plain text, for files and for other programs."""
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
    """Return the contract in the target's dialect, or unchanged if it does not know the dialect."""
    return contract.for_dialect(target.dialect) if target.dialect in contract.dialects else contract


def explain(result: ClauseResult, contract: Contract) -> Explanation:
    """Return the explanation of a clause: its smallest failure, and one line for each other one.

    A saved report may have a clause that this kit does not know, which is shown without its text.
    """
    clause = next((each for each in contract.clauses if each.id == result.clause), None)
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


def smallest_first(failures: Iterable[Failure]) -> list[Failure]:
    """Return the failures, those with the shortest program first, those without one last."""
    return sorted(failures, key=lambda failure: len(failure.program) or float("inf"))


def _paragraphs(
    result: ClauseResult, failures: list[Failure], clause: Clause | None
) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if result.outcome is Outcome.ERROR:
        found.append(("in error", legible(result.reason)))
    elif result.reason and not failures:
        found.append(("what", legible(result.reason)))  # an expected failure that passes
    for failure in failures[:1]:
        found += [
            ("what", legible(failure.what)),
            ("called", legible(failure.called)),
            ("came back", legible(failure.came)),
            ("expected", legible(failure.expected)),
            ("differs", _differences(failure)),
            ("test", legible(failure.test)),
        ]
    found.append(("where", clause.where if clause else ""))
    found += [("also in", text) for text in _one_line_each(failures[1:])]
    return [(label, text) for label, text in found if text]


def _differences(failure: Failure) -> str:
    lines = [on_one_line(line) for line in failure.differences[:MOST_DIFFERENCES]]
    left_out = len(failure.differences) - len(lines)
    return "\n".join([*lines, *([f"… and {left_out} more places"] if left_out else [])])


def _one_line_each(others: list[Failure]) -> list[str]:
    lines = [on_one_line(f"{other.test}: {other.what}") for other in others[:MOST_OTHERS]]
    left_out = len(others) - len(lines)
    return [*lines, *([f"… {left_out} more tests"] if left_out else [])]
