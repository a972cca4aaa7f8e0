"""A recorder of calls from many threads or tasks, which numbers their starts and ends."""

from __future__ import annotations

import threading
from asyncio import CancelledError
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gofannon_conformance.histories.operations import Document, Ending, History, Method, Operation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

NOT_FOUND = 404

RECORDED = (Exception, SystemExit, CancelledError)
"""What a call may raise as its result; anything else ends the thread."""


class Recorder:
    """Records calls; any number of threads may share one recorder.

    >>> recorder = Recorder()
    >>> recorder.call("main", "get", ("agents", "a"), lambda: {"_id": "a"}).value
    {'_id': 'a'}
    >>> [(o.start, o.end, o.ending.value) for o in recorder.history()]
    [(1, 2, 'returned')]
    """

    def __init__(self) -> None:
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
        """Make a call and record it; an exception is recorded, not raised."""
        begun = self._begin(thread, method, document, argument)
        try:
            value = function()
        except RECORDED as error:
            return self._end(begun, ending_of(method, error), error=error)
        return self._end(begun, Ending.RETURNED, value=value)

    async def awaited(
        self,
        thread: str,
        method: Method,
        document: Document,
        function: Callable[[], Awaitable[Any]],
        argument: Any = None,
    ) -> Operation:
        """Await a call and record it, as `call` does."""
        begun = self._begin(thread, method, document, argument)
        try:
            value = await function()
        except RECORDED as error:
            return self._end(begun, ending_of(method, error), error=error)
        return self._end(begun, Ending.RETURNED, value=value)

    def forget(self, operation: Operation) -> None:
        """Remove a call from the history."""
        with self._lock:
            self._operations.pop(operation.start, None)

    def history(self) -> History:
        """Return the calls so far; those that have not ended are pending."""
        with self._lock:
            return History.of(self._operations.values())

    def _begin(self, thread: str, method: Method, document: Document, argument: Any) -> Operation:
        with self._lock:
            self._events += 1
            operation = Operation(
                thread=thread,
                method=method,
                document=document,
                argument=argument,
                start=self._events,
            )
            self._operations[operation.start] = operation
        return operation

    def _end(self, begun: Operation, ending: Ending, **result: Any) -> Operation:
        with self._lock:
            self._events += 1
            ended = replace(begun, ending=ending, end=self._events, **result)
            self._operations[begun.start] = ended
        return ended


def ending_of(method: Method, error: BaseException) -> Ending:
    """Return by an exception's `status_code` whether its call had an effect.

    >>> ending_of("get", KeyError("a"))
    <Ending.FAILED: 'failed'>
    """
    status = getattr(error, "status_code", None)
    if not isinstance(status, int) or not 400 <= status < 500:
        return Ending.FAILED
    if status == NOT_FOUND and method != "save":
        return Ending.MISSING
    return Ending.REFUSED
