"""The async face: the same answers as the service's, from threads, without holding up the loop."""

import asyncio
import threading
from contextvars import ContextVar

import pytest
from fastapi import HTTPException

from gofannon_backends.aio import AsyncDatabaseService, in_threads
from gofannon_backends.memory import MemoryDatabaseService
from gofannon_backends.observability import observed
from gofannon_conformance import DatabaseServiceContract


class TestAnAsyncFace(DatabaseServiceContract):
    """The whole suite on the two wrappers together, one in the other."""

    def connect(self):
        return in_threads(observed(MemoryDatabaseService()))


@pytest.fixture
def service():
    return MemoryDatabaseService()


def on(service, use, **options):
    """Run `use` on a face of the service, in a loop of its own."""

    async def main():
        async with in_threads(service, **options) as face:
            return await use(face)

    return asyncio.run(main())


def status(call):
    with pytest.raises(HTTPException) as caught:
        call()
    return caught.value.status_code


class TestTheMethods:
    def test_they_answer_as_the_services_do(self, service):
        async def use(db):
            saved = await db.save("agents", doc_id="a1", doc={"name": "A"})
            found = await db.get("agents", "a1")
            listed = await db.list_all(db_name="agents")
            return saved, found, listed, await db.delete("agents", "a1")

        saved, found, listed, deleted = on(service, use)
        assert saved == {"id": "a1", "rev": "1"}
        assert found == {"_id": "a1", "_rev": "1", "name": "A"}
        assert (listed, deleted) == ([found], None)
        assert service.list_all("agents") == []

    def test_they_raise_as_the_services_do(self, service):
        assert status(lambda: on(service, lambda db: db.get("agents", "nobody"))) == 404
        assert status(lambda: on(service, lambda db: db.save("agents", "", {}))) == 400

    def test_optional_ones_are_there_if_the_service_has_them(self):
        assert not hasattr(in_threads(object()), "find")

        class Finding(MemoryDatabaseService):
            def find(self, db_name, selector, fields=None, limit=10_000):
                return [db_name, selector, fields, limit]

        found = on(Finding(), lambda db: db.find("agents", {"a": 1}, limit=5))
        assert found == ["agents", {"a": 1}, None, 5]
        assert asyncio.iscoroutinefunction(in_threads(Finding()).find)

    def test_it_is_shown_as_what_it_is(self):
        assert repr(in_threads("db")) == "in_threads('db')"

    def test_an_incomplete_service_cannot_be_made(self):
        with pytest.raises(TypeError, match="abstract"):
            type("Incomplete", (AsyncDatabaseService,), {"get": None})()


class Gated(MemoryDatabaseService):
    """Lets its `get` go on when as many calls as it waits for are under way."""

    def __init__(self, calls):
        super().__init__()
        self.barrier = threading.Barrier(calls)

    def get(self, db_name, doc_id):
        self.barrier.wait(30)
        return super().get(db_name, doc_id)


class TestThreads:
    def test_calls_run_at_once_and_the_loop_goes_on(self):
        gated = Gated(3)
        gated.save("agents", "a", {})

        async def use(db):
            waiting = [asyncio.ensure_future(db.get("agents", "a")) for _ in range(2)]
            listed = await db.list_all("agents")  # while the two are held
            assert not any(task.done() for task in waiting)
            return listed, await asyncio.gather(*waiting, db.get("agents", "a"))

        listed, found = on(gated, use)
        assert [document["_id"] for document in [*listed, *found]] == ["a"] * 4

    def test_no_more_than_asked_for(self):
        most, now, lock = 0, 0, threading.Lock()

        class Counting(MemoryDatabaseService):
            def list_all(self, db_name):
                nonlocal most, now
                with lock:
                    now += 1
                    most = max(most, now)
                threading.Event().wait(0.005)
                with lock:
                    now -= 1
                return []

        async def use(db):
            await asyncio.gather(*(db.list_all("agents") for _ in range(20)))

        on(Counting(), use, threads=2)
        assert most == 2

    def test_the_callers_context_is_there(self):
        user = ContextVar("user")

        class Asking(MemoryDatabaseService):
            def list_all(self, db_name):
                return [{"_id": user.get()}]

        async def use(db):
            user.set("ann")
            return await db.list_all("agents")

        assert on(Asking(), use) == [{"_id": "ann"}]

    def test_a_cancelled_write_is_not_undone(self):
        began, go_on, ended = threading.Event(), threading.Event(), threading.Event()

        class Held(MemoryDatabaseService):
            def save(self, db_name, doc_id, doc):
                began.set()
                assert go_on.wait(30)
                super().save(db_name, doc_id, doc)
                ended.set()

        async def use(db):
            saving = asyncio.ensure_future(db.save("agents", "a", {}))
            await asyncio.to_thread(began.wait, 30)
            saving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await saving
            go_on.set()

        held = Held()
        on(held, use)
        assert ended.wait(30)
        assert held.get("agents", "a")["_id"] == "a"


class Pages(MemoryDatabaseService):
    """Has many documents; notes how many were taken, and whether the reading was given back."""

    def __init__(self):
        super().__init__()
        self.taken, self.ended = 0, threading.Event()

    def iter_all(self, db_name):
        self.reading = self.documents()  # kept, so that nobody but `close()` ends it
        return self.reading

    def documents(self):
        try:
            for self.taken in range(1, 10_000):
                yield {"_id": str(self.taken)}
        finally:
            self.ended.set()


class TestReadingOn:
    def test_every_document_comes_once(self, service):
        for number in range(250):
            service.save("agents", f"a{number}", {"n": number})

        async def use(db):
            return [document async for document in db.iter_all("agents")]

        assert on(service, use) == service.list_all("agents")

    def test_a_service_without_pages_is_listed(self):
        class Plain:
            def list_all(self, db_name):
                return [{"_id": db_name}]

        async def use(db):
            return [document async for document in db.iter_all("agents")]

        assert on(Plain(), use) == [{"_id": "agents"}]

    def test_no_more_is_read_than_a_portion_ahead(self):
        pages = Pages()

        async def use(db):
            documents = db.iter_all("agents")
            assert pages.taken == 0
            first = await anext(documents)
            await documents.aclose()
            return first

        assert on(pages, use) == {"_id": "1"}
        assert pages.taken <= 100

    def test_a_reading_that_is_left_is_given_back(self):
        pages = Pages()

        async def use(db):
            async for _ in db.iter_all("agents"):
                break
            await asyncio.to_thread(pages.ended.wait, 30)

        on(pages, use)
        assert pages.ended.is_set()

    def test_a_reading_that_is_cancelled_is_given_back(self):
        began, go_on = threading.Event(), threading.Event()

        class Stuck(Pages):
            def documents(self):
                for document in super().documents():
                    began.set()
                    assert go_on.wait(30)
                    yield document

        stuck = Stuck()

        async def read(db):
            async for _ in db.iter_all("agents"):
                pytest.fail("it was cancelled before")

        async def use(db):
            reading = asyncio.ensure_future(read(db))
            await asyncio.to_thread(began.wait, 30)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            go_on.set()
            await asyncio.to_thread(stuck.ended.wait, 30)

        on(stuck, use)
        assert stuck.ended.is_set()

    def test_an_error_on_the_way_is_raised(self):
        class Failing(MemoryDatabaseService):
            def iter_all(self, db_name):
                yield from ({"_id": str(number)} for number in range(150))
                raise HTTPException(503)

        async def use(db):
            return [document async for document in db.iter_all("agents")]

        assert status(lambda: on(Failing(), use)) == 503


class TestTheEnd:
    def test_the_service_is_closed_once_and_in_a_thread(self):
        closed = []

        class Closing(MemoryDatabaseService):
            def close(self):
                closed.append(threading.current_thread())

        async def use(db):
            await db.close()
            await db.close()

        on(Closing(), use)
        assert len(closed) == 1
        assert closed != [threading.main_thread()]

    def test_a_service_that_cannot_be_closed_will_do(self):
        class Plain:
            def list_all(self, db_name):
                return []

        assert on(Plain(), lambda db: db.list_all("agents")) == []

    def test_a_later_call_is_503(self, service):
        async def late(call):
            db = in_threads(service)
            await db.close()
            return await call(db)

        for call in (
            lambda db: db.get("agents", "a"),
            lambda db: db.list_all(db_name="agents"),
            lambda db: anext(db.iter_all("agents")),
        ):
            assert status(lambda call=call: asyncio.run(late(call))) == 503

    def test_a_reading_may_outlive_the_face(self):
        pages = Pages()

        async def use():
            db = in_threads(pages)
            documents = db.iter_all("agents")
            await anext(documents)
            await db.close()
            await documents.aclose()

        asyncio.run(use())
