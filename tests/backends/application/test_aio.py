"""The async wrapper: the answers of the service, from threads, with a free event loop."""

import asyncio
import threading
from contextvars import ContextVar

import pytest
from application import BOUND
from fastapi import HTTPException
from telemetry import Telemetry

from gofannon_backends.aio import AsyncDatabaseService, in_threads
from gofannon_backends.memory import MemoryDatabaseService
from gofannon_conformance import DatabaseServiceContract


class TestBothWrappers(DatabaseServiceContract):
    """The whole suite on an async wrapper around an observed service with a real SDK."""

    def connect(self):
        return in_threads(Telemetry().observing(MemoryDatabaseService()))


def use(service, action, **options):
    """Run a coroutine function on a wrapper of the service, in a new event loop."""

    async def main():
        async with in_threads(service, **options) as db:
            return await action(db)

    return asyncio.run(main())


async def read_all(db):
    return [document async for document in db.iter_all("agents")]


class Plain:
    """A service without the optional methods, `iter_all` and `close`."""

    def list_all(self, db_name):
        return [{"_id": db_name}]


class TestTheMethods:
    def test_it_has_the_optional_ones_of_the_service(self):
        class Finding(MemoryDatabaseService):
            def find(self, db_name, selector, fields=None, limit=10_000):
                return [db_name, selector, fields, limit]

        found = use(Finding(), lambda db: db.find("agents", {"a": 1}, limit=5))
        assert found == ["agents", {"a": 1}, None, 5]
        assert asyncio.iscoroutinefunction(in_threads(Finding()).find)
        assert not hasattr(in_threads(Plain()), "find")

    def test_its_repr_shows_the_service(self):
        assert repr(in_threads("db")) == "in_threads('db')"

    def test_an_incomplete_service_cannot_be_made(self):
        with pytest.raises(TypeError, match="abstract"):
            type("Incomplete", (AsyncDatabaseService,), {"get": None})()


class Meeting(MemoryDatabaseService):
    """Its `get` waits until as many calls as expected are running; counts them."""

    def __init__(self, calls):
        super().__init__()
        self.barrier, self.lock = threading.Barrier(calls), threading.Lock()
        self.running = self.most = 0

    def get(self, db_name, doc_id):
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.barrier.wait(BOUND)
        with self.lock:
            self.running -= 1
        return super().get(db_name, doc_id)


class TestThreads:
    def test_calls_run_at_once_and_the_loop_goes_on(self):
        service = Meeting(3)
        service.save("agents", "a", {})

        async def action(db):
            waiting = [asyncio.ensure_future(db.get("agents", "a")) for _ in range(2)]
            listed = await db.list_all("agents")  # while the two wait
            assert not any(task.done() for task in waiting)
            return listed, await asyncio.gather(*waiting, db.get("agents", "a"))

        listed, found = use(service, action)
        assert [document["_id"] for document in [*listed, *found]] == ["a"] * 4

    def test_no_more_run_at_once_than_the_limit(self):
        service = Meeting(2)
        service.save("agents", "a", {})

        async def action(db):
            await asyncio.gather(*(db.get("agents", "a") for _ in range(20)))

        use(service, action, threads=2)
        assert service.most == 2

    def test_a_call_has_the_callers_context(self):
        user = ContextVar("user")

        class Asking(MemoryDatabaseService):
            def list_all(self, db_name):
                return [{"_id": user.get()}]

        async def action(db):
            user.set("ann")
            return await db.list_all("agents")

        assert use(Asking(), action) == [{"_id": "ann"}]

    def test_a_cancelled_write_is_not_undone(self):
        began, go_on, ended = threading.Event(), threading.Event(), threading.Event()

        class Held(MemoryDatabaseService):
            def save(self, db_name, doc_id, doc):
                began.set()
                assert go_on.wait(BOUND)
                super().save(db_name, doc_id, doc)
                ended.set()

        async def action(db):
            await cancel_when(began, asyncio.ensure_future(db.save("agents", "a", {})))
            go_on.set()

        held = Held()
        use(held, action)
        assert ended.wait(BOUND)
        assert held.get("agents", "a")["_id"] == "a"


async def cancel_when(began, task):
    assert await asyncio.to_thread(began.wait, BOUND)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class Pages(MemoryDatabaseService):
    """Yields many documents; counts them, and records that its generator was closed."""

    def __init__(self):
        super().__init__()
        self.count, self.ended = 0, threading.Event()

    def iter_all(self, db_name):
        self.reading = self.documents()  # kept: only `close()` ends it
        return self.reading

    def documents(self):
        try:
            for self.count in range(1, 10_000):
                yield {"_id": str(self.count)}
        finally:
            self.ended.set()


class TestIterAll:
    def test_every_document_comes_once(self):
        service = MemoryDatabaseService()
        for number in range(250):
            service.save("agents", f"a{number}", {"n": number})
        assert use(service, read_all) == service.list_all("agents")

    def test_a_service_without_iter_all_is_listed(self):
        assert use(Plain(), read_all) == [{"_id": "agents"}]

    def test_it_reads_no_more_than_a_hundred_ahead_and_closes_when_left(self):
        pages = Pages()

        async def action(db):
            documents = db.iter_all("agents")
            assert pages.count == 0
            async for document in documents:
                assert document == {"_id": "1"}
                break
            await documents.aclose()
            assert await asyncio.to_thread(pages.ended.wait, BOUND)

        use(pages, action)
        assert pages.count == 100

    def test_it_closes_when_it_is_cancelled(self):
        began, go_on = threading.Event(), threading.Event()

        class Stuck(Pages):
            def documents(self):
                for document in super().documents():
                    began.set()
                    assert go_on.wait(BOUND)
                    yield document

        stuck = Stuck()

        async def action(db):
            await cancel_when(began, asyncio.ensure_future(read_all(db)))
            go_on.set()
            assert await asyncio.to_thread(stuck.ended.wait, BOUND)

        use(stuck, action)

    def test_an_error_between_documents_is_raised(self):
        class Failing(MemoryDatabaseService):
            def iter_all(self, db_name):
                yield from ({"_id": str(number)} for number in range(150))
                raise HTTPException(503)

        with pytest.raises(HTTPException) as caught:
            use(Failing(), read_all)
        assert caught.value.status_code == 503


class TestClose:
    def test_the_service_is_closed_once_and_in_a_thread(self):
        closed = []

        class Closing(MemoryDatabaseService):
            def close(self):
                closed.append(threading.current_thread())

        use(Closing(), lambda db: db.close())
        assert len(closed) == 1
        assert closed != [threading.main_thread()]

    @pytest.mark.parametrize(
        "call",
        [
            lambda db: db.get("agents", "a"),
            lambda db: db.list_all(db_name="agents"),
            lambda db: anext(db.iter_all("agents")),
        ],
    )
    def test_a_later_call_is_503(self, call):
        async def late():
            db = in_threads(MemoryDatabaseService())
            await db.close()
            await call(db)

        with pytest.raises(HTTPException) as caught:
            asyncio.run(late())
        assert caught.value.status_code == 503

    def test_an_iterator_may_be_closed_after_the_wrapper(self):
        async def action(db):
            documents = db.iter_all("agents")
            await anext(documents)
            await db.close()
            await documents.aclose()

        use(Pages(), action)
