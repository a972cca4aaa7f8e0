"""Services whose calls run elsewhere than in the thread that makes them: in tasks, in workers.

The right ones are bases here; the wrong ones break CON-1 and CON-3 where the calls meet.
"""

import asyncio
import queue
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.racing.base import Key, Steady
from gofannon_conformance.mutants.racing.presence import LookThenPop

RACING_WORKERS: list[Mutant] = []
row = partial(breaks, RACING_WORKERS)

WORKERS = 2
"""Threads that a service starts for itself."""


class Looping:
    """Has coroutine methods, and holds one lock through every one of them."""

    def __init__(self) -> None:
        self.inner = Steady()
        self.locked = asyncio.Lock()

    @property
    def created(self) -> set[str]:
        """The names of the collections that have a document."""
        return self.inner.created

    async def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        async with self.locked:
            await asyncio.sleep(0)
            return self.inner.get(db_name, doc_id)

    async def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        async with self.locked:
            await asyncio.sleep(0)
            return self.inner.save(db_name, doc_id, doc)

    async def delete(self, db_name: str, doc_id: str) -> None:
        async with self.locked:
            await asyncio.sleep(0)
            self.inner.delete(db_name, doc_id)

    async def list_all(self, db_name: str) -> list[dict[str, Any]]:
        async with self.locked:
            return self.inner.list_all(db_name)


@row("task_delete_awaits_between_look_and_act", "CON-3", "CON-1")
class AwaitsBetween(Looping):
    """delete() awaits between looking and taking."""

    async def delete(self, db_name: str, doc_id: str) -> None:
        self.inner.get(db_name, doc_id)
        await asyncio.sleep(0)
        self.inner.store.kept.pop((db_name, doc_id), None)


@row("task_cache_is_filled_after_the_write", "CON-1")
class AwaitsThenCaches(Looping):
    """get() awaits the store, and then fills the cache that a save() has cleared meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.cache: dict[Key, dict[str, Any]] = {}

    async def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        if (db_name, doc_id) not in self.cache:
            found = await super().get(db_name, doc_id)
            await asyncio.sleep(0)
            self.cache[db_name, doc_id] = found
        return dict(self.cache[db_name, doc_id])

    async def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = await super().save(db_name, doc_id, doc)
        self.cache.pop((db_name, doc_id), None)
        return answer

    async def delete(self, db_name: str, doc_id: str) -> None:
        await super().delete(db_name, doc_id)
        self.cache.pop((db_name, doc_id), None)


class InThreadsOfTheLoop(Looping):
    """Runs each call in a thread of the loop."""

    def __init__(self, inner: Steady | None = None) -> None:
        super().__init__()
        self.inner = inner or Steady()

    async def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        return await asyncio.to_thread(self.inner.get, db_name, doc_id)

    async def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        return await asyncio.to_thread(self.inner.save, db_name, doc_id, doc)

    async def delete(self, db_name: str, doc_id: str) -> None:
        await asyncio.to_thread(self.inner.delete, db_name, doc_id)

    async def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return await asyncio.to_thread(self.inner.list_all, db_name)


@row("worker_delete_looks_then_pops", "CON-3", "CON-1")
class LooksInThreadsOfTheLoop(InThreadsOfTheLoop):
    """Each call runs in a thread of the loop, where delete() looks and then takes."""

    def __init__(self) -> None:
        super().__init__(LookThenPop())


class HandedOver:
    """Hands each call to threads of its own, and waits for what becomes of it."""

    def __init__(self, inner: Steady | None = None) -> None:
        self.inner = inner or Steady()

    @property
    def created(self) -> set[str]:
        """The names of the collections that have a document."""
        return self.inner.created

    def hand_over(self, call: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Have a call made in another thread."""
        raise NotImplementedError

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        return self.hand_over(self.inner.get, db_name, doc_id).result()

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        return self.hand_over(self.inner.save, db_name, doc_id, doc).result()

    def delete(self, db_name: str, doc_id: str) -> None:
        self.hand_over(self.inner.delete, db_name, doc_id).result()

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return self.hand_over(self.inner.list_all, db_name).result()


class Pooled(HandedOver):
    """Hands each call to a `ThreadPoolExecutor`."""

    def __init__(self, inner: Steady | None = None) -> None:
        super().__init__(inner)
        self.pool = ThreadPoolExecutor(WORKERS)

    def hand_over(self, call: Callable[..., Any], *arguments: Any) -> Future[Any]:
        return self.pool.submit(call, *arguments)

    def close(self) -> None:
        """End the threads."""
        self.pool.shutdown()


@row("pool_delete_looks_then_pops", "CON-3", "CON-1")
class LooksInPool(Pooled):
    """Each call runs in an executor of the service's own, where delete() looks and then takes."""

    def __init__(self) -> None:
        super().__init__(LookThenPop())


Job = tuple[Future[Any], Callable[[], Any]]


class Queued(HandedOver):
    """Puts each call into a queue, from which threads of its own take them one by one."""

    def __init__(self, inner: Steady | None = None) -> None:
        super().__init__(inner)
        self.jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        for _ in range(WORKERS):
            threading.Thread(target=work, args=(self.jobs,), daemon=True).start()
            weakref.finalize(self, self.jobs.put, None)

    def hand_over(self, call: Callable[..., Any], *arguments: Any) -> Future[Any]:
        answer: Future[Any] = Future()
        self.jobs.put((answer, partial(call, *arguments)))
        return answer


def work(jobs: queue.SimpleQueue[Job | None]) -> None:
    """Do jobs until the last one."""
    while (job := jobs.get()) is not None:
        answer, call = job
        try:
            answer.set_result(call())
        except Exception as error:  # noqa: BLE001  # it is the answer of the call
            answer.set_exception(error)


@row("queue_delete_looks_then_pops", "CON-3", "CON-1")
class LooksInQueue(Queued):
    """Two workers take the calls from a queue, and there delete() looks and then takes."""

    def __init__(self) -> None:
        super().__init__(LookThenPop())
