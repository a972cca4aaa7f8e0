"""Values: a `Call`, its `Answer`, and the `Trace` of the calls that a test has made."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gofannon_conformance.values.exceptions import described

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one method, with the arguments as the suite gave them."""

    method: str
    arguments: tuple[Any, ...]
    named: dict[str, Any] | None = None
    on: str = "db"
    """The name of the service in a program: `db`, or `other` for a second instance."""
    awaited: bool = False
    """Whether the method is a coroutine function."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a call, a value or an exception, and the calls that led to it."""

    call: Call
    trace: Trace
    value: Any = None
    error: BaseException | None = None

    @property
    def status(self) -> int | None:
        """The status of the `HTTPException` that was raised, or None."""
        if self.error is not None and is_http(self.error):
            status = getattr(self.error, "status_code", None)
            return status if isinstance(status, int) else None
        return None

    @property
    def detail(self) -> str:
        """The text of the `HTTPException` that was raised."""
        return str(getattr(self.error, "detail", ""))

    @property
    def refused(self) -> bool:
        """Whether the call was refused as the caller's mistake: an `HTTPException` of 4xx."""
        return self.status is not None and 400 <= self.status < 500

    @property
    def hung(self) -> bool:
        """Whether the call did not return and was interrupted."""
        return isinstance(self.error, NoAnswer)

    @property
    def returned(self) -> bool:
        """Whether the call returned rather than raised."""
        return self.error is None


class NoAnswer(TimeoutError):  # noqa: N818  # it says what happened to a call
    """A call did not return and was interrupted."""

    def __init__(self, seconds: float, why: str = "", where: str = "") -> None:
        super().__init__(f"it did not return within {seconds:g} s{why}")
        self.seconds = seconds
        self.where = where
        """The place in the service's own code where it was interrupted, if that is known."""


class Trace:
    """The calls of the current example, in order; a failure shows them as a program."""

    def __init__(
        self,
        preamble: str = "",
        raw: Callable[[str, str], Any] | None = None,
        clauses: tuple[str, ...] = (),
    ) -> None:
        self.preamble = preamble
        """Python that binds `db` to a service of the target."""
        self.raw = raw
        """The target's back door to what the store holds, if it has one."""
        self.steps: list[Call | str] = []
        self.raised: set[int] = set()
        """Which of the calls raised, by the `id()` of the `Call`."""
        self.clauses = clauses
        """The clauses that the test is about."""
        self.names: set[Any] = set()
        """Every field name that the test has saved: any other one is the backend's own."""
        self.refused: Call | None = None
        """The last call of the test's earlier examples that raised: it may have kept a lock."""
        self.hang: Answer | None = None
        """The call of this test that did not return, if there was one; no other is made."""

    def begin_test(self, clauses: tuple[str, ...] = ()) -> None:
        """Forget everything: a new test starts."""
        self.hang = None
        self.begin()
        self.names = set()
        self.clauses = clauses
        self.refused = None

    def begin(self) -> None:
        """Forget what came before: a new example starts; there is none after a call that hung."""
        if self.hang is not None:
            return
        if self.raised:
            raised = (s for s in reversed(self.steps) if id(s) in self.raised)
            self.refused = next((s for s in raised if isinstance(s, Call)), None)
        self.steps = []
        self.raised = set()

    @property
    def is_async(self) -> bool:
        """Whether the calls of this trace are awaited."""
        return any(step.awaited for step in self.steps if isinstance(step, Call))

    def uses(self, text: str) -> bool:
        """Return whether the test itself has used a text, in a field name or an argument."""
        if any(text in name for name in self.names if isinstance(name, str)):
            return True
        calls = (step.arguments for step in self.steps if not isinstance(step, str))
        return any(text in described(repr, arguments) for arguments in calls)


def is_http(error: BaseException) -> bool:
    """Return whether an exception is FastAPI's `HTTPException`, or Starlette's base of it.

    Neither library is imported for it: an exception can only be one if it was.
    """
    starlette = sys.modules.get("starlette.exceptions")
    return starlette is not None and isinstance(error, starlette.HTTPException)
