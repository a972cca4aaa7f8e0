"""The caller: makes the calls of one service, plain or async, and returns answers."""

from __future__ import annotations

from asyncio import CancelledError
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.program import call_shortened
from gofannon_conformance.calls.values import Answer, Call, NoAnswer, Trace
from gofannon_conformance.calls.violation import CallHung, NotTested

if TYPE_CHECKING:
    from gofannon_conformance.service.opening import Opened


class Caller:
    """Makes the calls of one service, whether its methods are plain or coroutines."""

    def __init__(self, opened: Opened, trace: Trace, *, on: str = "db") -> None:
        self.opened = opened
        self.trace = trace
        self.on = on
        self.count = 0
        self._awaited = opened.is_async

    def call(
        self,
        method: str,
        *arguments: Any,
        named: dict[str, Any] | None = None,
        shown: tuple[Any, ...] | None = None,
    ) -> Answer:
        """Call a method and return the answer; `shown` are the arguments to record instead."""
        if self.trace.hang is not None:
            raise CallHung(self.trace.hang)
        if why := self.opened.no_more_calls:
            raise NotTested(why)
        call = Call(
            method, arguments if shown is None else shown, named, self.on, awaited=self._awaited
        )
        self.trace.steps.append(call)
        answer = self.quietly(call, arguments)
        if answer.error is not None:
            self.trace.raised.add(id(call))
        return answer

    def quietly(self, call: Call, arguments: tuple[Any, ...]) -> Answer:
        """Make a call that is no part of the example, such as a clean-up."""
        self.count += 1
        if why := self.opened.no_more_calls:
            return Answer(call, self.trace, error=TimeoutError(why))
        try:
            value = self.opened.time_limit.call(self._make, call, arguments)
        except NoAnswer as error:
            return self.hung(call, error)
        except (Exception, SystemExit, CancelledError) as error:  # noqa: BLE001  # judged by the suite
            answer = Answer(call, self.trace, error=error)
            if answer.status is None or answer.status >= 500:  # an error of the server
                self.opened.watch.meet(self.opened.service)  # it may hold a new token
            self.opened.watch.raised(answer)
            return answer
        return Answer(call, self.trace, value=value)

    def hung(self, call: Call, error: NoAnswer) -> Answer:
        """Return the answer of a call that did not return, and end the test's calls with it.

        The trace keeps the answer, because a test need not look at it.
        """
        self.opened.time_limit.hang.note(call_shortened(call), error.seconds)
        trace = self.trace
        if not any(step is call for step in trace.steps):
            trace.steps.append(call)
        if trace.refused is not None and not trace.raised:
            trace.steps[:0] = [trace.refused, "# … other calls, and then"]
            trace.raised.add(id(trace.refused))
        answer = Answer(call, trace, error=error)
        if trace.hang is None:
            trace.hang = answer
        return answer

    def _make(self, call: Call, arguments: tuple[Any, ...]) -> Any:
        function = getattr(self.opened.service, call.method)
        return self.opened.loop.settle(function(*arguments, **(call.named or {})))
