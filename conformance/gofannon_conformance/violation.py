"""How a test says that a clause is broken, does not apply, or could not be tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gofannon_conformance.calls import Answer


class Violation(AssertionError):  # noqa: N818  # it is what a test finds, not its error
    """A clause is broken: which, by what call, what came back, and what should have.

    Each combination of clauses is a class of its own (see `violation`), because Hypothesis tells
    bugs apart by the exception's type, and must not slip from one to the other while it shrinks.
    """

    def __init__(
        self,
        clauses: tuple[str, ...],
        what: str,
        *,
        answer: Answer | None = None,
        came: str = "",
        expected: str = "",
        differences: Sequence[str] = (),
    ) -> None:
        super().__init__(f"{', '.join(clauses)}: {what}")
        self.clauses = clauses
        self.what = what
        self.came = came
        self.expected = expected
        self.differences = tuple(differences)
        self.called = ""
        self.program = ""
        self.example = ""
        """The property's example, as `--example` takes it."""
        self.never_came = False
        """Whether it is that a call never came back."""
        if answer is not None:
            from gofannon_conformance.calls import describe
            from gofannon_conformance.program import call_shortened, program

            self.called = call_shortened(answer.call)
            self.came = came or describe(answer)
            self.program = program(answer.trace)
            self.never_came = answer.never_came
            if answer.never_came:  # whatever was wrong with what came: nothing came
                self.what = f"{answer.call.method}() never came back: {answer.error}"
                answer.trace.hung, answer.trace.hung_is_told = self, True


_kinds: dict[tuple[str, ...], type[Violation]] = {}


def violation(
    clauses: str | tuple[str, ...],
    what: str,
    *,
    answer: Answer | None = None,
    came: str = "",
    expected: str = "",
    differences: Sequence[str] = (),
) -> Violation:
    """Make the violation of one clause, or of several that one mistake breaks at once."""
    ids = (clauses,) if isinstance(clauses, str) else tuple(dict.fromkeys(clauses))
    if answer is not None and answer.never_came:
        ids = _broken_by_hanging(ids, answer)
    kind = _kinds.get(ids)
    if kind is None:
        kind = _kinds[ids] = type("Violation", (Violation,), {})
    return kind(ids, what, answer=answer, came=came, expected=expected, differences=differences)


def _broken_by_hanging(ids: tuple[str, ...], answer: Answer) -> tuple[str, ...]:
    """Name the clauses that are broken by a call that never came back.

    It raised no wrong error. Where an earlier call of the test was refused, that may have kept a
    lock: the test is about this rather than about the call that then waits for it.
    """
    ids = tuple(i for i in ids if not i.startswith("ERR-")) or ids
    tested = answer.trace.clauses
    refused_before = answer.trace.raised - {id(answer.call)}
    if refused_before and len(tested) <= MOST_TESTED and not {*ids} & {*tested}:
        return (*tested, *ids)
    return ids


MOST_TESTED = 2
"""A test of more clauses is about none in particular."""


class Violations(AssertionError):  # noqa: N818  # as above
    """Several cases of one test failed; each is told apart."""

    def __init__(self, violations: list[Violation]) -> None:
        super().__init__("; ".join(str(v) for v in violations))
        self.violations = violations


class NotApplicable(Exception):  # noqa: N818  # it is an outcome, not an error
    """The clause asks nothing of this target; the text says why."""


class NotTested(Exception):  # noqa: N818  # it is an outcome, not an error
    """The clause could not be tested; the text says why. It counts against the run."""


class NothingMore(NotTested):
    """After a call that never came back a test makes no other; what is to be said is `found`."""

    def __init__(self, found: Violation) -> None:
        super().__init__("nothing more is called in a test in which a call never came back")
        self.found = found
