"""`connect` and `wait_for`: a service for a script, as programs in a report use them."""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from gofannon_conformance.service.opening import Opened, opened
from gofannon_conformance.service.provision import provided
from gofannon_conformance.target.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from gofannon_conformance.service.event_loop import EventLoop


def connect(spec: str) -> Any:
    """Open a service of the target that a spec names; it is closed when the script ends.

    A second service of the same spec is connected to the server of the first.
    """
    if not _first_of:
        atexit.register(_kept.close)
    known = _first_of.get(spec)
    if known is None:
        one = _first_of[spec] = _kept.enter_context(provided(resolve(spec)))
    else:
        one = _kept.enter_context(opened(resolve(spec), known.endpoint, loop=known.loop))
    _loops.append(one.loop)
    return one.service


def wait_for(awaitable: Awaitable[Any]) -> Any:
    """Return the result of an awaitable of the service that `connect` opened last, in its loop."""
    return _loops[-1].run(awaitable)


_kept = ExitStack()
_first_of: dict[str, Opened] = {}
_loops: list[EventLoop] = []
