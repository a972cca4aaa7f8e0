"""Services whose calls run in tasks or in threads of their own, not in the caller's thread.

The right ones are bases here; the wrong ones break CON-1 and CON-3.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from gofannon_conformance.mutants.concurrency.base import Steady
from gofannon_conformance.mutants.concurrency.presence import LookThenPop
from gofannon_conformance.mutants.mutant import Mutant, breaks

RACING_WORKERS: list[Mutant] = []
row = partial(breaks, RACING_WORKERS)

WORKERS = 2
"""Threads that a service starts itself."""


class Looping:
    """Has coroutine methods, and holds one lock during each call."""

    def __init__(self, inner: Any = None) -> None:
        self.inner = inner or Steady()
        self.locked = asyncio.Lock()

    @property
    def created(self) -> set[str]:
        """The names of the collections that have a document."""
        return self.inner.created

    async def run(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Run a call of the inner service."""
        async with self.locked:
            await asyncio.sleep(0)
            return call(*arguments)

    async def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        return await self.run(self.inner.get, db_name, doc_id)

    async def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        return await self.run(self.inner.save, db_name, doc_id, doc)

    async def delete(self, db_name: str, doc_id: str) -> None:
        await self.run(self.inner.delete, db_name, doc_id)

    async def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return await self.run(self.inner.list_all, db_name)


@row("task_delete_awaits_between_look_and_act", "CON-3", "CON-1")
class AwaitsBetween(Looping):
    """delete() awaits between the check and the deletion."""

    async def delete(self, db_name: str, doc_id: str) -> None:
        self.inner.get(db_name, doc_id)
        await asyncio.sleep(0)
        self.inner.store.kept.pop((db_name, doc_id), None)


class InThreadsOfTheLoop(Looping):
    """Runs each call in a thread of the loop."""

    async def run(self, call: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.to_thread(call, *arguments)


@row("worker_delete_looks_then_pops", "CON-3", "CON-1")
class LooksInThreadsOfTheLoop(InThreadsOfTheLoop):
    """Each call runs in a thread of the loop, where delete() checks and then deletes."""

    def __init__(self) -> None:
        super().__init__(LookThenPop())


class Pooled:
    """Runs each call in a `ThreadPoolExecutor`."""

    def __init__(self, inner: Any = None) -> None:
        self.inner = inner or Steady()
        self.pool = ThreadPoolExecutor(WORKERS)

    @property
    def created(self) -> set[str]:
        """The names of the collections that have a document."""
        return self.inner.created

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        return self.pool.submit(self.inner.get, db_name, doc_id).result()

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        return self.pool.submit(self.inner.save, db_name, doc_id, doc).result()

    def delete(self, db_name: str, doc_id: str) -> None:
        self.pool.submit(self.inner.delete, db_name, doc_id).result()

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return self.pool.submit(self.inner.list_all, db_name).result()

    def close(self) -> None:
        """End the threads."""
        self.pool.shutdown()


@row("pool_delete_looks_then_pops", "CON-3", "CON-1")
class LooksInPool(Pooled):
    """Each call runs in an executor of the service, where delete() checks and then deletes."""

    def __init__(self) -> None:
        super().__init__(LookThenPop())
