"""Opening a service and putting it away; the loop in which its coroutines run."""

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import given
import pytest
from given import AsyncService

import gofannon_conformance
from gofannon_backends.memory import MemoryDatabaseService
from gofannon_conformance.service import event_loop
from gofannon_conformance.service.event_loop import EventLoop
from gofannon_conformance.service.opening import opened
from gofannon_conformance.target import Target
from gofannon_conformance.usage import UsageError


@pytest.fixture
def loop():
    loop = EventLoop()
    yield loop
    loop.close()


def target(connect, **more):
    return Target(name="t", connect=connect, **more)


def refusal(connect):
    with pytest.raises(UsageError) as raised, opened(target(connect)):
        pass
    assert "\n" not in str(raised.value)
    return str(raised.value)


class TestTheLoop:
    def test_it_gives_what_a_coroutine_gives(self, loop):
        assert loop.run(asyncio.sleep(0, "result")) == "result"

    def test_it_takes_any_awaitable_and_any_plain_value(self, loop):
        class Awaitable:
            def __await__(self):
                yield from asyncio.sleep(0).__await__()
                return "awaited"

        assert loop.settle(Awaitable()) == "awaited"
        for value in (None, 0, [], "text", {"a": 1}):
            assert loop.settle(value) is value

    @pytest.mark.parametrize(
        "error",
        [
            ValueError("mine"),
            SystemExit(3),
            KeyboardInterrupt(),
            asyncio.CancelledError("mine"),
            StopAsyncIteration(),
        ],
    )
    def test_what_a_coroutine_raises_passes_and_the_loop_goes_on(self, loop, error):
        async def raising():
            raise error

        with pytest.raises(type(error)) as raised:
            loop.run(raising())
        assert raised.value is error
        assert loop.run(asyncio.sleep(0, "still there")) == "still there"

    def test_several_threads_await_at_once_in_the_same_one(self, loop):
        everybody_is_here = asyncio.Barrier(4)

        async def where():
            await everybody_is_here.wait()
            return asyncio.get_running_loop(), threading.current_thread().name

        with ThreadPoolExecutor(4) as pool:
            ((_, name),) = set(pool.map(lambda _: loop.run(where()), range(4)))
        assert name == "conformance-event-loop"

    def test_closing_twice_and_unused_is_fine(self):
        loop = EventLoop()
        loop.close()
        loop.run(asyncio.sleep(0))
        loop.close()
        loop.close()
        assert not loop._thread.is_alive()

    def test_what_a_service_left_running_is_cancelled(self, loop, caplog):
        ended = []

        async def forever():
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("cancelled")

        async def leave_something_running():
            leave_something_running.task = asyncio.ensure_future(forever())
            await asyncio.sleep(0)

        loop.run(leave_something_running())
        loop.close()
        assert ended == ["cancelled"]
        assert not caplog.records

    def test_what_does_not_let_itself_be_cancelled_is_not_waited_for(self, loop, monkeypatch):
        monkeypatch.setattr(event_loop, "CANCELLING", 0.01)

        async def stubborn():
            while True:
                with suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()

        async def leave_it():
            leave_it.task = asyncio.ensure_future(stubborn())
            leave_it.task._log_destroy_pending = False
            await asyncio.sleep(0)

        loop.run(leave_it())
        loop.close()
        assert not leave_it.task.done()


class TestWhatIsNoService:
    def test_raising_is_reported_with_its_place(self):
        def make():
            raise ConnectionError("refused")

        told = refusal(make)
        assert told.startswith("t: opening it failed: ConnectionError: refused (test_opening.py, ")

    def test_exiting_is_reported(self):
        async def make():
            sys.exit("set DB_URL")

        told = "t: opening it failed: SystemExit: set DB_URL"
        assert refusal(make).startswith(told)
        assert refusal(lambda: sys.exit("set DB_URL")).startswith(told)

    def test_authors_own_usage_error_is_reported_as_it_is(self):
        def make():
            raise UsageError("set DB_URL")

        assert refusal(make) == "set DB_URL"

    @pytest.mark.parametrize("value", [None, 5, "text", object()])
    def test_any_other_thing_is_reported(self, value):
        assert refusal(lambda: value) == (
            f"t: it gave a {type(value).__name__}, which is no service: "
            "it has none of get, save, delete, list_all"
        )

    def test_it_is_put_away_all_the_same(self):
        log = []

        def make():
            yield None
            log.append("resumed")

        assert "gave a NoneType" in refusal(make)
        assert log == ["resumed"]

    @pytest.mark.parametrize(
        ("times", "told"),
        [
            (0, "yields nothing; it must yield a service"),
            (2, "yields more than once; it must yield one service"),
        ],
    )
    def test_generator_that_does_not_yield_once_is_reported(self, times, told):
        def make():
            for _ in range(times):
                yield MemoryDatabaseService()

        async def make_async():
            for _ in range(times):
                yield MemoryDatabaseService()

        assert refusal(make) == refusal(make_async) == f"the target's generator {told}"

    def test_spec_is_named_where_there_is_one(self):
        with (
            pytest.raises(UsageError, match=r"^m:make: it gave"),
            opened(target(lambda: None, spec="m:make")),
        ):
            pass


class TestPuttingAway:
    def test_aclose_is_awaited(self):
        class Closing(AsyncService):
            async def aclose(self):
                Closing.closed = True

        with opened(target(Closing)) as service:
            assert service.is_async
        assert Closing.closed

    def test_a_class_that_is_the_service_is_not_closed(self):
        class Static:
            def get(self): ...

            def close(self):
                raise AssertionError

        with opened(target(lambda: Static)) as service:
            assert service.service is Static

    def test_it_is_put_away_after_an_error(self):
        log = []

        def make():
            yield MemoryDatabaseService()
            log.append("resumed")

        with pytest.raises(ZeroDivisionError), opened(target(make)):
            raise ZeroDivisionError
        assert log == ["resumed"]

    def test_arguments_reach_the_author_and_another_way_may_be_given(self):
        with opened(target(dict), "endpoint", connect=lambda e: {"given": e}) as service:
            assert service.service == {"given": "endpoint"}

    def test_everything_of_a_service_is_awaited_in_one_loop(self):
        loops = []

        async def make():
            loops.append(asyncio.get_running_loop())
            yield AsyncService()
            loops.append(asyncio.get_running_loop())

        with opened(target(make)) as service:
            service.loop.run(service.service.list_all("c"))
        assert loops[0] is loops[1]


class TestConnect:
    def test_a_service_is_opened_by_its_spec_stays_open_and_has_a_loop(self):
        service = gofannon_conformance.connect("given:NaiveService")
        assert service.list_all("c") == []
        assert type(service).__name__ == "NaiveService"
        service = gofannon_conformance.connect("given:AsyncService")
        assert gofannon_conformance.wait_for(service.list_all("c")) == []

    def test_it_is_put_away_in_silence_when_the_script_ends(self, tmp_path):
        (tmp_path / "shop.py").write_text(
            "from given import AsyncService\n"
            "async def make():\n    yield AsyncService()\n    print('put away')\n"
        )
        script = (
            f"import sys; sys.path.append({str(Path(given.__file__).parent)!r})\n"
            "from gofannon_conformance import connect\n"
            "from gofannon_conformance import wait_for as run\n"
            "db = connect('shop:make')\nprint(run(db.list_all('c')))"
        )
        ran = subprocess.run(
            [sys.executable, "-c", script],
            check=False,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert (ran.stdout, ran.stderr) == ("[]\nput away\n", "")
