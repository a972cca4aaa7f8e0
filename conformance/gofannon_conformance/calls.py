"""A service's calls, made one at a time, recorded, and answered as values."""

from __future__ import annotations

from asyncio import CancelledError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gofannon_conformance.patience import NoAnswer
from gofannon_conformance.resolve import said
from gofannon_conformance.violation import NothingMore, NotTested, violation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gofannon_conformance.opening import Opened
    from gofannon_conformance.violation import Violation


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
    def never_came(self) -> bool:
        """Whether the call did not come back, and was broken off."""
        return isinstance(self.error, NoAnswer)

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
        self.clauses: tuple[str, ...] = ()
        """The clauses that the test is about."""
        self.refused: Call | None = None
        """The last call of the test's earlier examples that raised: it may have kept a lock."""
        self.hung: Violation | None = None
        """What is to be said of a call of this test that never came back, if there was one."""
        self.hung_is_told = False

    def begin_test(self, clauses: tuple[str, ...] = ()) -> None:
        """Forget everything: a new test starts."""
        self.begin()
        self.names = set()
        self.clauses = clauses
        self.refused = None
        self.hung, self.hung_is_told = None, False

    def tell_hung(self) -> Violation | NotTested:
        """Say that a call of this test never came back; once that is said, nothing is tested."""
        assert self.hung is not None  # noqa: S101  # there was such a call
        if self.hung_is_told:
            return NothingMore(self.hung)
        self.hung_is_told = True
        return self.hung

    def begin(self) -> None:
        """Forget what came before: a new example starts."""
        if self.raised:
            raised = (s for s in reversed(self.steps) if id(s) in self.raised)
            self.refused = next((s for s in raised if isinstance(s, Call)), None)
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
        if self.trace.hung is not None:
            raise self.trace.tell_hung()
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
            value = self.opened.patience.wait_for(self._made, call, arguments)
        except NoAnswer as error:
            return self.lost(call, error)
        except (Exception, SystemExit, CancelledError) as error:  # noqa: BLE001  # judged by the suite
            answer = Answer(call, self.trace, error=error)
            if answer.status is None or answer.status >= 500:  # of the server
                self.opened.watch.meet(self.opened.service)  # it may have got a token since
            self.opened.watch.raised(answer)
            return answer
        return Answer(call, self.trace, value=value)

    def lost(self, call: Call, error: NoAnswer) -> Answer:
        """Answer a call that never came back; whoever asked says what that breaks, or the test.

        Nobody need look at an answer, so what is to be said is made ready here.
        """
        from gofannon_conformance.program import call_shortened

        self.opened.patience.lost(error, call_shortened(call))
        trace = self.trace
        if not any(step is call for step in trace.steps):
            trace.steps.append(call)
        if trace.refused is not None and not trace.raised:
            trace.steps[:0] = [trace.refused, "# … other calls, and then"]
            trace.raised.add(id(trace.refused))
        answer = Answer(call, trace, error=error)
        if trace.hung is None:
            trace.hung = violation(blamed_for(call.method, trace.clauses), "", answer=answer)
            trace.hung_is_told = False
        return answer

    def _made(self, call: Call, arguments: tuple[Any, ...]) -> Any:
        function = getattr(self.opened.service, call.method)
        return self.opened.loop.settle(function(*arguments, **(call.named or {})))


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
"""The clauses that are about each method."""


def blamed_for(method: str, clauses: Sequence[str]) -> tuple[str, ...]:
    """Name the clause that a call breaks which never comes back in a test of some clauses.

    >>> blamed_for("delete", ["DEL-5", "GET-1"]), blamed_for("save", ["ID-2"])
    (('DEL-5',), ('ID-2',))
    >>> blamed_for("delete", ["GET-5"])
    ('DEL-1',)
    """
    own = GROUPS[method]
    about_it = [c for c in clauses if c.partition("-")[0] == own]
    about_none = [c for c in clauses if c.partition("-")[0] not in (*GROUPS.values(), "ASYNC")]
    return (*about_it, *about_none, f"{own}-1")[:1]


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
    if isinstance(answer.error, NoAnswer):
        where = answer.error.where
        return "nothing: the call was broken off" + (f" in {where}" if where else "")
    if answer.status is not None:
        return f"HTTPException {answer.status}: {shortened(getattr(answer.error, 'detail', ''))}"
    if is_http(answer.error):
        return f"HTTPException with the status {getattr(answer.error, 'status_code', None)!r}"
    return f"{said(answer.error)}, which is no HTTPException"
