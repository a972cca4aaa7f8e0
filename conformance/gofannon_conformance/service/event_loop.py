"""The event loop of a service: one thread, one loop."""

from __future__ import annotations

import asyncio
import inspect
import threading
from typing import TYPE_CHECKING, Any

from gofannon_conformance.service.time_limit import Overdue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine


class EventLoop:
    """One event loop in a thread of its own, started with the first coroutine.

    A service keeps connections that belong to the loop they were made in, so all coroutines of one
    service run here, whichever thread makes the call.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()

    def run(self, awaitable: Awaitable[Any]) -> Any:
        """Return the result of an awaitable, or raise its exception."""

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
        """Return a value, awaited if it is awaitable."""
        return self.run(value) if inspect.isawaitable(value) else value

    def close(self) -> None:
        """Stop the loop; nothing may be awaited afterwards."""
        with self._lock:
            if self._loop is not None and self._ends(_cancel_tasks(), 2 * CANCELLING):
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()
                self._loop.close()
            self._loop = None

    def renew(self) -> None:
        """Leave a loop that a coroutine blocks; the next coroutine starts a new one."""
        with self._lock:
            if self._loop is not None and not self._ends(asyncio.sleep(0), CANCELLING):
                self._loop = None

    def _ends(self, coroutine: Coroutine[Any, Any, Any], seconds: float) -> bool:
        assert self._loop is not None  # noqa: S101  # the caller has checked
        waited_for = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            waited_for.result(seconds)
        except TimeoutError:  # the thread is a daemon: it may hang
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


async def _cancel_tasks() -> None:
    """Cancel the tasks that a service left, so that closing the loop prints no warnings."""
    loop = asyncio.get_running_loop()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.wait(left, timeout=CANCELLING) if left else None
    await loop.shutdown_asyncgens()


CANCELLING = 5.0
"""Seconds that a service's own tasks may take to end when they are cancelled."""
