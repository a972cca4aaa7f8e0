"""Exceptions of a test: a clause is broken, does not apply, or could not be tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gofannon_conformance.calls.program import call_shortened, program
from gofannon_conformance.calls.values import NoAnswer, is_http
from gofannon_conformance.values.exceptions import said
from gofannon_conformance.values.source import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gofannon_conformance.calls.values import Answer


CONFLICT = 409


class Violation(AssertionError):  # noqa: N818  # a test found it, it is no error of the test
    """A clause is broken: which, by what call, what was returned, and what was expected.

    Each combination of clauses has a class of its own (see `violation`): Hypothesis tells bugs
    apart by the exception's type, and must not mix two of them while it shrinks.
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
        self.hung = False
        """Whether the violation is that a call did not return."""
        self.unaccepted: Answer | None = None
        """The answer of a `save()` that raised, where the test needs a document to be saved."""
        if answer is not None:
            self.called = call_shortened(answer.call)
            self.came = came or describe(answer)
            self.program = program(answer.trace)
            self.hung = answer.hung
            if answer.call.method == "save" and answer.status == CONFLICT:
                self.unaccepted = answer
            if answer.hung:  # whatever the test expected of the answer, there is none
                self.what = f"{answer.call.method}() never returned: {answer.error}"


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
    """Return the violation of one clause, or of several that one mistake breaks at once."""
    ids = (clauses,) if isinstance(clauses, str) else tuple(dict.fromkeys(clauses))
    if answer is not None and answer.hung:
        ids = _broken_by_hang(ids, answer)
    kind = _kinds.get(ids)
    if kind is None:
        kind = _kinds[ids] = type("Violation", (Violation,), {})
    return kind(ids, what, answer=answer, came=came, expected=expected, differences=differences)


def hang_violation(hang: Answer) -> Violation:
    """Return the violation by a call that did not return, where the test itself reports none."""
    clauses = blamed_for(hang.call.method, hang.trace.clauses)
    return violation(clauses, "the call never returned", answer=hang)


GROUPS = {
    "get": "GET",
    "save": "SAVE",
    "delete": "DEL",
    "list_all": "LIST",
    "find": "FIND",
    "ensure_index": "IDX",
    "save_many": "BULK",
    "delete_many": "BULK",
    "get_many": "BULK",
}
"""The group of clauses about each method."""


def blamed_for(method: str, clauses: Sequence[str]) -> tuple[str, ...]:
    """Return the clause that a hanging call breaks in a test of the given clauses.

    >>> blamed_for("delete", ["DEL-5", "GET-1"]), blamed_for("save", ["ID-2"])
    (('DEL-5',), ('ID-2',))
    >>> blamed_for("delete", ["GET-5"])
    ('DEL-1',)
    """
    own = GROUPS[method]
    about_it = [c for c in clauses if c.partition("-")[0] == own]
    about_none = [c for c in clauses if c.partition("-")[0] not in (*GROUPS.values(), "ASYNC")]
    return (*about_it, *about_none, f"{own}-1")[:1]


def _broken_by_hang(ids: tuple[str, ...], answer: Answer) -> tuple[str, ...]:
    """Return the clauses that a hanging call breaks.

    It raised no wrong error. An earlier call of the test that was refused may have kept a lock:
    then the test is about that call, rather than about the one that waits for the lock.
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
    """Several cases of one test failed; each is reported."""

    def __init__(self, violations: list[Violation]) -> None:
        super().__init__("; ".join(str(v) for v in violations))
        self.violations = violations


class NotApplicable(Exception):  # noqa: N818  # it is an outcome, not an error
    """The clause asks nothing of this target; the text says why."""


class NotTested(Exception):  # noqa: N818  # it is an outcome, not an error
    """The clause could not be tested; the text says why. It counts against the run."""


class CallHung(BaseException):
    """A call of this test did not return, so the test ends here.

    No `except Exception` of a test or of Hypothesis catches it: Hypothesis would shrink the
    example, one hanging call after another.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer.error))
        self.answer = answer


def describe(answer: Answer) -> str:
    """Return the result of a call in a line or a few.

    >>> from gofannon_conformance.calls.values import Answer, Call, Trace
    >>> describe(Answer(Call("get", ("c", "a")), Trace(), value=None))
    'None'
    """
    if answer.error is None:
        return shortened(answer.value)
    if isinstance(answer.error, NoAnswer):
        where = answer.error.where
        return "nothing: the call was interrupted" + (f" in {where}" if where else "")
    if answer.status is not None:
        return f"HTTPException {answer.status}: {shortened(getattr(answer.error, 'detail', ''))}"
    if is_http(answer.error):
        return f"HTTPException with the status {getattr(answer.error, 'status_code', None)!r}"
    return f"{said(answer.error)}, which is no HTTPException"
