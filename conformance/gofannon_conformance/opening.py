"""From a `Target` to a live service and back: connecting, awaiting, cleaning up."""

from __future__ import annotations

import asyncio
import atexit
import inspect
import threading
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    ExitStack,
    contextmanager,
)
from typing import TYPE_CHECKING, Any

from gofannon_conformance.leaks import Watch
from gofannon_conformance.patience import NoAnswer, Overdue, Patience
from gofannon_conformance.resolve import resolve, said
from gofannon_conformance.target import METHODS
from gofannon_conformance.usage import UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator

    from gofannon_conformance.target import Target


class EventLoop:
    """One event loop on a thread of its own, started when the first coroutine is to be run.

    Services keep connections that belong to the loop they were made in, so everything that one
    service awaits is awaited here, whichever thread the call comes from.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()

    def run(self, awaitable: Awaitable[Any]) -> Any:
        """Wait for an awaitable and give its result, or raise what it raises."""

        async def waiting() -> tuple[Any, BaseException | None]:
            try:
                return await awaitable, None
            except BaseException as error:  # noqa: BLE001  # an exit would end the loop's thread,
                return None, error  # and a cancellation would lose who was cancelled

        waited_for = asyncio.run_coroutine_threadsafe(waiting(), self._running())
        try:
            value, error = waited_for.result()
        except Overdue:
            waited_for.cancel()
            raise
        if error is not None:
            raise error
        return value

    def settle(self, value: Any) -> Any:
        """Give a value as it is, or the result of waiting for it."""
        return self.run(value) if inspect.isawaitable(value) else value

    def close(self) -> None:
        """Stop the loop; nothing may be awaited afterwards."""
        with self._lock:
            if self._loop is not None and self._ends(_wind_up(), 2 * LONGEST_FAREWELL):
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()
                self._loop.close()
            self._loop = None

    def renew(self) -> None:
        """Let a loop be that a coroutine keeps from turning; the next to be run gets a new one."""
        with self._lock:
            if self._loop is not None and not self._ends(asyncio.sleep(0), LONGEST_FAREWELL):
                self._loop = None

    def _ends(self, coroutine: Coroutine[Any, Any, Any], seconds: float) -> bool:
        assert self._loop is not None  # noqa: S101  # it was looked at just before
        waited_for = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            waited_for.result(seconds)
        except TimeoutError:  # the thread is a daemon, and stays with what it hangs in
            waited_for.cancel()
            return False
        return True

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="conformance-event-loop", daemon=True
                )
                self._thread.start()
            return self._loop


async def _wind_up() -> None:
    """Cancel what a service left running, so that nothing is told of it when the loop closes."""
    loop = asyncio.get_running_loop()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.wait(left, timeout=LONGEST_FAREWELL) if left else None
    await loop.shutdown_asyncgens()


LONGEST_FAREWELL = 5.0
"""Seconds that a service's own tasks have to end when they are cancelled."""


OPENING = 300.0
"""Seconds that the first opening of a target may take: an author's generator may start a server."""


class Opened:
    """A service that is open, and the loop in which its coroutines run."""

    def __init__(self, service: Any, loop: EventLoop) -> None:
        self.service = service
        self.loop = loop
        self.endpoint: Any = None
        """The `Endpoint` of the server that it is connected to, if the kit provided one."""
        self.server: Any = None
        """The `Server` at that endpoint."""
        self.took = 0.0
        """Seconds that it took to open it."""
        self.abandoned = False
        """Whether its calls hang: closing it would wait for the same locks, so it is not closed."""
        self.hangs = ""
        """Why none of its calls is made any more, if it was left behind for good."""
        self.watch = Watch()
        """Looks for secrets in what its calls raise; all instances of a session have one."""
        self.patience = Patience()
        """Waits for its calls; all instances of a target have one."""

    @property
    def is_async(self) -> bool:
        """Whether the service's methods are coroutine functions."""
        return any(inspect.iscoroutinefunction(getattr(self.service, m, None)) for m in METHODS)


@contextmanager
def opened(
    target: Target,
    *arguments: Any,
    connect: Callable[..., Any] | None = None,
    loop: EventLoop | None = None,
    longest: float | None = None,
) -> Iterator[Opened]:
    """Open a service of a target, and clean up after it: its generator, or its `close()`.

    What the author's code raises while connecting is a `UsageError` in one line, and so is that it
    takes `longest` seconds. Its coroutines run in the given loop, which stays open, or in one of
    its own.
    """
    with ExitStack() as own:
        if loop is None:
            loop = EventLoop()
            own.callback(loop.close)
        opening = Patience(OPENING if longest is None else longest)
        try:
            service, clean_up = opening.wait_for(
                _opened, target, connect or target.connect, arguments, loop
            )
        except NoAnswer as error:
            loop.renew()
            raise UsageError(f"{target.spec or target.name}: opening it failed: {error}") from error
        one = Opened(service, loop)
        one.took = opening.slowest
        try:
            yield one
        finally:
            if not one.abandoned:
                one.patience.close(clean_up)


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


def connect(spec: str) -> Any:
    """Open a service of the target that a spec means, for a script; the script's end closes it.

    The programs in a report begin with it where a plain import would not do. A second service of
    the same spec is connected to the server of the first.
    """
    from gofannon_conformance.provision import provided

    if not _first_of:
        atexit.register(_kept.close)
    known = _first_of.get(spec)
    if known is None:
        service = _first_of[spec] = _kept.enter_context(provided(resolve(spec)))
    else:
        arguments = [] if known.endpoint is None else [known.endpoint]
        service = _kept.enter_context(opened(resolve(spec), *arguments, loop=known.loop))
    _loops.append(service.loop)
    return service.service


def run(awaitable: Awaitable[Any]) -> Any:
    """Wait for an awaitable of the service that `connect` opened last, in that service's loop."""
    return _loops[-1].run(awaitable)


_kept = ExitStack()
_first_of: dict[str, Opened] = {}
_loops: list[EventLoop] = []
