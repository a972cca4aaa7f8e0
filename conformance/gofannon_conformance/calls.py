"""A service's calls, made one at a time, recorded, and answered as values."""

from __future__ import annotations

from asyncio import CancelledError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gofannon_conformance.resolve import said
from gofannon_conformance.violation import NotTested

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.opening import Opened


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one method, with the arguments as the suite gave them."""

    method: str
    arguments: tuple[Any, ...]
    named: dict[str, Any] | None = None
    on: str = "db"
    """The name of the service in a program: `db`, or `other` for a second instance."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to: a value, or an exception; and the calls that led to it."""

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
    def returned(self) -> bool:
        """Whether the call returned rather than raised."""
        return self.error is None


class Trace:
    """The calls of the example at hand, in order; what a failure shows as a program."""

    def __init__(self) -> None:
        self.steps: list[Call | str] = []
        self.raised: set[int] = set()
        """Which of the calls raised, by the `id()` of the `Call`."""
        self.names: set[Any] = set()
        """Every field name that the test has saved: any other one is the backend's own."""
        self.preamble = ""
        self.raw: Callable[[str, str], Any] | None = None
        """The target's back door to what the store holds, if it has one."""
        self.is_async = False

    def begin_test(self) -> None:
        """Forget everything: a new test starts."""
        self.begin()
        self.names = set()

    def begin(self) -> None:
        """Forget what came before: a new example starts."""
        self.steps = []
        self.raised = set()


class Caller:
    """Makes the calls of one service, whether its methods are plain or coroutines."""

    def __init__(self, opened: Opened, trace: Trace, *, on: str = "db") -> None:
        self.opened = opened
        self.trace = trace
        self.on = on
        self.count = 0

    def call(
        self,
        method: str,
        *arguments: Any,
        named: dict[str, Any] | None = None,
        shown: tuple[Any, ...] | None = None,
    ) -> Answer:
        """Call a method and give the answer; `shown` are the arguments to record instead."""
        if self.opened.hangs:
            raise NotTested(self.opened.hangs)
        call = Call(method, arguments if shown is None else shown, named, self.on)
        self.trace.steps.append(call)
        answer = self.quietly(call, arguments)
        if answer.error is not None:
            self.trace.raised.add(id(call))
        return answer

    def quietly(self, call: Call, arguments: tuple[Any, ...]) -> Answer:
        """Make a call that is no part of the example, such as cleaning up."""
        self.count += 1
        if self.opened.hangs:
            return Answer(call, self.trace, error=TimeoutError(self.opened.hangs))
        try:
            function = getattr(self.opened.service, call.method)
            value = self.opened.loop.settle(function(*arguments, **(call.named or {})))
        except (Exception, SystemExit, CancelledError) as error:  # noqa: BLE001  # judged by the suite
            answer = Answer(call, self.trace, error=error)
            self.opened.watch.raised(answer)
            return answer
        return Answer(call, self.trace, value=value)


def is_http(error: BaseException) -> bool:
    """Tell whether an exception is FastAPI's `HTTPException`, Starlette's base included.

    Neither library is imported for it: an exception can only be one if it was.
    """
    import sys

    starlette = sys.modules.get("starlette.exceptions")
    return starlette is not None and isinstance(error, starlette.HTTPException)


def describe(answer: Answer) -> str:
    """Say what a call came to, in a line or a few.

    >>> describe(Answer(Call("get", ("c", "a")), Trace(), value=None))
    'None'
    """
    from gofannon_conformance.program import shortened

    if answer.error is None:
        return shortened(answer.value)
    if answer.status is not None:
        return f"HTTPException {answer.status}: {shortened(getattr(answer.error, 'detail', ''))}"
    if is_http(answer.error):
        return f"HTTPException with the status {getattr(answer.error, 'status_code', None)!r}"
    return f"{said(answer.error)}, which is no HTTPException"
