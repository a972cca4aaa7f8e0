"""Recording calls from many threads or tasks, in the one order in which they began and ended."""

from __future__ import annotations

import threading
import time
from asyncio import CancelledError
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gofannon_conformance.histories.operations import (
    Document,
    History,
    Method,
    Operation,
    Outcome,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

NOT_FOUND = 404


class Recorder:
    """Writes down calls; any number of threads may use one recorder at once.

    >>> recorder = Recorder()
    >>> recorder.call("main", "get", ("agents", "a"), lambda: {"_id": "a"}).value
    {'_id': 'a'}
    >>> [(o.start, o.end, o.outcome.value) for o in recorder.history()]
    [(1, 2, 'returned')]
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._events = 0
        self._operations: dict[int, Operation] = {}

    def call(
        self,
        thread: str,
        method: Method,
        document: Document,
        function: Callable[[], Any],
        argument: Any = None,
    ) -> Operation:
        """Make a call and write it down; what it raises is its outcome, and is not raised."""
        begun = self.begin(thread, method, document, argument)
        try:
            value = function()
        except (Exception, SystemExit, CancelledError) as error:  # noqa: BLE001  # recorded
            return self.raised(begun, error)
        return self.returned(begun, value)

    async def awaited(
        self,
        thread: str,
        method: Method,
        document: Document,
        function: Callable[[], Awaitable[Any]],
        argument: Any = None,
    ) -> Operation:
        """Make a call of a coroutine and write it down, as `call` does."""
        begun = self.begin(thread, method, document, argument)
        try:
            value = await function()
        except (Exception, SystemExit, CancelledError) as error:  # noqa: BLE001  # recorded
            return self.raised(begun, error)
        return self.returned(begun, value)

    def begin(
        self, thread: str, method: Method, document: Document, argument: Any = None
    ) -> Operation:
        """Write down that a call is about to be made; it counts as pending until it ends."""
        with self._lock:
            self._events += 1
            operation = Operation(
                thread=thread,
                method=method,
                document=document,
                argument=argument,
                start=self._events,
                began=self._clock(),
            )
            self._operations[operation.start] = operation
        return operation

    def returned(self, begun: Operation, value: Any) -> Operation:
        """Write down what a call returned."""
        return self._end(begun, Outcome.RETURNED, value=value)

    def raised(self, begun: Operation, error: BaseException) -> Operation:
        """Write down what a call raised."""
        return self._end(begun, outcome_of(begun.method, error), error=error)

    def forget(self, operation: Operation) -> None:
        """Strike out a call, which is no part of the history."""
        with self._lock:
            self._operations.pop(operation.start, None)

    def history(self) -> History:
        """Give what was written down so far; calls that have not ended are pending."""
        with self._lock:
            return History.of(self._operations.values())

    def _end(self, begun: Operation, outcome: Outcome, **came: Any) -> Operation:
        with self._lock:
            self._events += 1
            ended = replace(begun, outcome=outcome, end=self._events, ended=self._clock(), **came)
            self._operations[begun.start] = ended
        return ended


def outcome_of(method: Method, error: BaseException) -> Outcome:
    """Tell by an exception's `status_code` whether its call did anything.

    >>> outcome_of("get", KeyError("a"))
    <Outcome.FAILED: 'failed'>
    """
    status = getattr(error, "status_code", None)
    if not isinstance(status, int) or not 400 <= status < 500:
        return Outcome.FAILED
    if status == NOT_FOUND and method != "save":
        return Outcome.MISSING
    return Outcome.REFUSED
