"""The events of a backend's own code: each line, or bytecode, that a racing thread reaches.

CPython 3.11 reports them by `sys.settrace`. From 3.12 on it is `sys.monitoring`, which does not
disturb debuggers and coverage; and in 3.12, tracing bytecodes in one thread while another runs
ends in a segmentation fault.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType, FrameType

    from gofannon_conformance.schedules.own_code import OwnCode

    OnEvent = Callable[[int, CodeType, int], None]
    TraceFunction = Callable[[FrameType, str, Any], Any]


class _Traced:
    """Reports the events of each thread that listens, by a trace function of that thread."""

    def __init__(self, code: OwnCode, event: OnEvent, *, opcodes: bool) -> None:
        self._code = code
        self._event = event
        self._opcodes = opcodes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing: each thread has restored its former trace function."""

    @contextmanager
    def thread(self, me: int) -> Iterator[None]:
        """Listen to this thread in the block; only frames that are entered in it have events."""
        before = sys.gettrace()  # a debugger's, or that of coverage
        sys.settrace(tracer(self._code, partial(self._event, me), opcodes=self._opcodes))
        try:
            yield
        finally:
            sys.settrace(before)


def tracer(
    code: OwnCode, event: Callable[[CodeType, int], None], *, opcodes: bool = False
) -> TraceFunction:
    """Return a trace function that reports each line, or each bytecode, of a backend's code."""
    kind = "opcode" if opcodes else "line"

    def inside(frame: FrameType, what: str, _: Any) -> TraceFunction:
        if what == kind:
            event(frame.f_code, frame.f_lasti if opcodes else frame.f_lineno)
        return inside

    def entering(frame: FrameType, _event: str, _: Any) -> TraceFunction | None:
        if not _is_raced(frame.f_code, code):
            return None
        frame.f_trace_opcodes = opcodes
        return inside

    return entering


if sys.version_info >= (3, 12):  # pragma: no cover  # measured where it runs

    class _Monitored:
        """Reports the events of each thread that listens, out of those of the whole process."""

        def __init__(self, code: OwnCode, event: OnEvent, *, opcodes: bool) -> None:
            self._code = code
            self._event = event
            events = sys.monitoring.events
            self._what = events.INSTRUCTION if opcodes else events.LINE
            self._threads: dict[int, int] = {}
            self._entered: dict[int, CodeType] = {}
            self._tool = 0

        def __enter__(self) -> Self:
            monitoring = sys.monitoring
            self._tool = next(t for t in _TOOLS if monitoring.get_tool(t) is None)
            monitoring.use_tool_id(self._tool, "gofannon-conformance")
            starts = monitoring.events.PY_START, monitoring.events.PY_RESUME
            for event in starts:
                monitoring.register_callback(self._tool, event, self._entering)
            monitoring.register_callback(self._tool, self._what, self._inside)
            monitoring.set_events(self._tool, starts[0] | starts[1])
            return self

        def __exit__(self, *_: object) -> None:
            monitoring = sys.monitoring
            monitoring.set_events(self._tool, 0)
            for code in self._entered.values():
                monitoring.set_local_events(self._tool, code, 0)
            events = monitoring.events
            for event in (events.PY_START, events.PY_RESUME, self._what):
                monitoring.register_callback(self._tool, event, None)
            monitoring.free_tool_id(self._tool)

        @contextmanager
        def thread(self, me: int) -> Iterator[None]:
            """Listen to this thread in the block."""
            self._threads[get_ident()] = me
            try:
                yield
            finally:
                del self._threads[get_ident()]

        def _entering(self, code: CodeType, _offset: int) -> None:
            # By identity: equal code of two functions is instrumented separately.
            if id(code) not in self._entered and _is_raced(code, self._code):
                self._entered[id(code)] = code
                sys.monitoring.set_local_events(self._tool, code, self._what)

        def _inside(self, code: CodeType, at: int) -> None:
            me = self._threads.get(get_ident())
            if me is not None:
                self._event(me, code, at)

    _TOOLS = (4, 3, 2, 5, 0, 1)
    """The possible ids of a tool; 0, 1, 2 and 5 are reserved for others."""

    Listener: type[_Traced | _Monitored] = _Monitored
else:
    Listener = _Traced


def _is_raced(code: CodeType, own: OwnCode) -> bool:
    # The code of a module that is imported during a race is no function of the backend.
    return code in own and code.co_name != "<module>"
