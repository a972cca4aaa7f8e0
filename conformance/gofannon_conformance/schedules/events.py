"""The events of a backend's own code: each line, or bytecode, that a racing thread comes to.

CPython 3.11 tells them by `sys.settrace`. From 3.12 on `sys.monitoring` does, which leaves a
debugger and a measurement of coverage alone; and in 3.12 to trace bytecodes in one thread while
another one runs ends in a segmentation fault.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType, FrameType

    from gofannon_conformance.schedules.own import OwnCode

    Heard = Callable[[int, CodeType, int], None]
    TraceFunction = Callable[[FrameType, str, Any], Any]


class _Traced:
    """Hears the threads that are `heard`, each by a trace function of its own."""

    def __init__(self, code: OwnCode, event: Heard, *, opcodes: bool) -> None:
        self._code = code
        self._event = event
        self._opcodes = opcodes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind: each thread has put its former trace function back."""

    @contextmanager
    def heard(self, me: int) -> Iterator[None]:
        """Hear this thread until the block ends; a new frame is heard, the block's own is not."""
        before = sys.gettrace()  # a debugger's, or that of a measurement of coverage
        sys.settrace(self._entering(me))
        try:
            yield
        finally:
            sys.settrace(before)

    def _entering(self, me: int) -> TraceFunction:
        code, opcodes, event = self._code, self._opcodes, self._event

        def inside(frame: FrameType, what: str, _arg: Any) -> TraceFunction:
            if what == "opcode" and opcodes:
                event(me, frame.f_code, frame.f_lasti)
            elif what == "line" and not opcodes:
                event(me, frame.f_code, frame.f_lineno)
            return inside

        def entering(frame: FrameType, _what: str, _arg: Any) -> TraceFunction | None:
            if not _is_raced(frame.f_code, code):
                return None
            frame.f_trace_opcodes = opcodes
            return inside

        return entering


if sys.version_info >= (3, 12):  # pragma: no cover  # measured where it runs

    class _Monitored:
        """Hears the threads that are `heard`; the events come for every thread of the process."""

        def __init__(self, code: OwnCode, event: Heard, *, opcodes: bool) -> None:
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
        def heard(self, me: int) -> Iterator[None]:
            """Hear this thread until the block ends."""
            self._threads[get_ident()] = me
            try:
                yield
            finally:
                del self._threads[get_ident()]

        def _entering(self, code: CodeType, _offset: int) -> None:
            # By identity: equal code of two functions is instrumented apart.
            if id(code) not in self._entered and _is_raced(code, self._code):
                self._entered[id(code)] = code
                sys.monitoring.set_local_events(self._tool, code, self._what)

        def _inside(self, code: CodeType, at: int) -> None:
            me = self._threads.get(get_ident())
            if me is not None:
                self._event(me, code, at)

    _TOOLS = (4, 3, 2, 5, 0, 1)
    """The numbers that a tool may have; 0, 1, 2 and 5 are meant for others."""

    hearing: type[_Traced | _Monitored] = _Monitored
else:
    hearing = _Traced


def _is_raced(code: CodeType, own: OwnCode) -> bool:
    # A module that is imported meanwhile is no function of the backend's.
    return code in own and code.co_name != "<module>"
