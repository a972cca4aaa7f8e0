"""Opening a service of a target, and closing it."""

from __future__ import annotations

import inspect
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    ExitStack,
    contextmanager,
)
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.values import NoAnswer
from gofannon_conformance.secrets.watch import Watch
from gofannon_conformance.service.event_loop import EventLoop
from gofannon_conformance.service.time_limit import TimeLimit
from gofannon_conformance.target.target import METHODS
from gofannon_conformance.usage import UsageError
from gofannon_conformance.values.exceptions import said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gofannon_conformance.servers import Endpoint, Server
    from gofannon_conformance.target import Target


OPENING = 300.0
"""Seconds that the first opening of a target may take: an author's generator may start a server."""


@dataclass(kw_only=True)
class Opened:
    """An open service, and the loop in which its coroutines run."""

    service: Any
    loop: EventLoop
    watch: Watch = field(default_factory=Watch)
    """Looks for secrets in what its calls raise; all instances of a session share one."""
    time_limit: TimeLimit = field(default_factory=TimeLimit)
    """Limits its calls; all instances of a target share one."""
    endpoint: Endpoint | None = None
    """The server that it is connected to, if the kit provided one."""
    server: Server | None = None
    took: float = 0.0
    """Seconds that it took to open it."""
    abandoned: bool = False
    """Whether its calls hang: closing it would wait for the same locks, so it is not closed."""
    unusable: str = ""
    """Why this instance is not called any more."""

    @property
    def no_more_calls(self) -> str:
        """Why it is not called any more; "" while it is."""
        return self.unusable or self.time_limit.hang.no_more_calls

    @property
    def is_async(self) -> bool:
        """Whether the service's methods are coroutine functions."""
        return any(inspect.iscoroutinefunction(_attribute(self.service, m)) for m in METHODS)


def _attribute(service: Any, name: str) -> Any:
    try:
        return getattr(service, name, None)
    except Exception:  # noqa: BLE001  # the calls of the tests report it
        return None


@contextmanager
def opened(
    target: Target,
    endpoint: Endpoint | None = None,
    *,
    server: Server | None = None,
    connect: Callable[..., Any] | None = None,
    loop: EventLoop | None = None,
    longest: float | None = None,
    watch: Watch | None = None,
    time_limit: TimeLimit | None = None,
) -> Iterator[Opened]:
    """Open a service of a target, and close it: by its generator, or by its `close()`.

    An exception of the author's code while connecting is a `UsageError` in one line, and so is
    more than `longest` seconds, by default `OPENING`. Coroutines run in the given loop, which stays
    open, or in one of the service's own.
    """
    with ExitStack() as own:
        if loop is None:
            loop = EventLoop()
            own.callback(loop.close)
        opening = TimeLimit(OPENING if longest is None else longest)
        arguments = () if endpoint is None else (endpoint,)
        try:
            service, clean_up = opening.call(
                _opened, target, connect or target.connect, arguments, loop
            )
        except NoAnswer as error:
            loop.renew()
            raise UsageError(f"{target.spec or target.name}: opening it failed: {error}") from error
        one = Opened(
            service=service,
            loop=loop,
            watch=watch or Watch(),
            time_limit=time_limit or TimeLimit(),
            endpoint=endpoint,
            server=server,
            took=opening.slowest,
        )
        try:
            yield one
        finally:
            if not one.abandoned:
                one.time_limit.close(clean_up)


def _opened(
    target: Target, connect: Callable[..., Any], arguments: tuple[Any, ...], loop: EventLoop
) -> tuple[Any, Callable[[], None]]:
    try:
        service, clean_up = _connected(connect, arguments, loop)
    except UsageError:
        raise
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"{target.spec or target.name}: opening it failed: {said(error)}"
        ) from error
    try:
        _check_is_service(target, service)
    except UsageError:
        clean_up()
        raise
    return service, clean_up


def _connected(
    connect: Callable[..., Any], arguments: tuple[Any, ...], loop: EventLoop
) -> tuple[Any, Callable[[], None]]:
    made = connect(*arguments)
    if inspect.isasyncgen(made):
        service = _first(lambda: loop.run(anext(made)), StopAsyncIteration)
        return service, lambda: _exhaust(lambda: loop.run(anext(made)), StopAsyncIteration)
    if inspect.isgenerator(made):
        service = _first(lambda: next(made), StopIteration)
        return service, lambda: _exhaust(lambda: next(made), StopIteration)
    made = loop.settle(made)
    if isinstance(made, AbstractContextManager) and not hasattr(made, "get"):
        return made.__enter__(), lambda: _leave(made)
    if isinstance(made, AbstractAsyncContextManager) and not hasattr(made, "get"):
        service = loop.run(made.__aenter__())
        return service, lambda: loop.run(made.__aexit__(None, None, None))
    return made, lambda: _close(made, loop)


def _first(resume: Callable[[], Any], end: type[BaseException]) -> Any:
    try:
        return resume()
    except end:
        raise UsageError("the target's generator yields nothing; it must yield a service") from None


def _exhaust(resume: Callable[[], Any], end: type[BaseException]) -> None:
    try:
        resume()
    except end:
        return
    raise UsageError("the target's generator yields more than once; it must yield one service")


def _leave(manager: AbstractContextManager[Any]) -> None:
    manager.__exit__(None, None, None)


def _close(service: Any, loop: EventLoop) -> None:
    for name in ("close", "aclose"):
        method = getattr(service, name, None)
        if callable(method) and not isinstance(service, type):
            loop.settle(method())
            return


def _check_is_service(target: Target, service: Any) -> None:
    if not any(callable(getattr(service, method, None)) for method in METHODS):
        raise UsageError(
            f"{target.spec or target.name}: it gave a {type(service).__name__}, which is no "
            f"service: it has none of {', '.join(METHODS)}"
        )
