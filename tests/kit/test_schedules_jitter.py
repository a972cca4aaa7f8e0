"""A coroutine that is driven with more yields does all that it did, and races show."""

import asyncio
import contextvars
import gc
import random
import warnings

import pytest

from gofannon_conformance.schedules import jittered


class Racy:
    """Looks, lets the loop go round, then pops."""

    def __init__(self):
        self.documents = {"d"}
        self.lock = asyncio.Lock()

    async def delete(self):
        if "d" not in self.documents:
            raise KeyError
        await asyncio.sleep(0)
        self.documents.discard("d")

    async def delete_under_a_lock(self):
        async with self.lock:
            await self.delete()


async def successes(method, seed, drive=jittered):
    store, draws = Racy(), random.Random(seed)
    calls = [drive(getattr(store, method)(), draws) for _ in range(3)]
    return (await asyncio.gather(*calls, return_exceptions=True)).count(None)


async def late_save(seed, drive=jittered):
    """Tell whether a version that was read first was written last."""
    number = 0

    async def add(waits):
        nonlocal number
        seen = number
        for _ in range(waits):
            await asyncio.sleep(0)
        number = seen + 1

    draws = random.Random(seed)

    async def second():
        for _ in range(2):
            await asyncio.sleep(0)
        await add(0)

    await asyncio.gather(drive(add(1), draws), drive(second(), draws))
    return number == 1


def test_more_orders_are_tried_than_the_loop_has_by_itself():
    async def plain(coroutine, _):
        return await coroutine

    assert not asyncio.run(late_save(0, plain))
    lost = [seed for seed in range(100) if asyncio.run(late_save(seed))]
    assert 5 < len(lost) < 95


def test_a_race_between_two_awaits_shows_and_a_lock_prevents_it():
    assert {asyncio.run(successes("delete", seed)) for seed in range(50)} >= {1, 2, 3}
    assert {asyncio.run(successes("delete_under_a_lock", seed)) for seed in range(50)} == {1}


def test_the_same_seed_gives_the_same_order():
    def order(seed):
        done, draws = [], random.Random(seed)

        async def one(name):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            done.append(name)

        async def all_of_them():
            await asyncio.gather(*(jittered(one(name), draws) for name in "abcde"))

        asyncio.run(all_of_them())
        return "".join(done)

    assert [order(seed) for seed in range(20)] == [order(seed) for seed in range(20)]
    assert len({order(seed) for seed in range(20)}) > 5


@pytest.fixture(params=range(8))
def draws(request):
    return random.Random(request.param)


def test_results_and_exceptions_pass_through(draws):
    async def value():
        await asyncio.sleep(0)
        return await asyncio.wait_for(asyncio.sleep(0.001, "slept"), 5)

    async def error():
        await asyncio.sleep(0)
        raise ValueError("no")

    assert asyncio.run(jittered(value(), draws)) == "slept"
    with pytest.raises(ValueError, match="no"):
        asyncio.run(jittered(error(), draws))


def test_a_cancellation_reaches_the_coroutine_and_may_be_caught(draws):
    seen = []

    async def waits():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            await asyncio.sleep(0)
            seen.append("cleaned up")
            raise

    async def cancels():
        task = asyncio.create_task(jittered(waits(), draws))
        while not seen and not task.done():
            for _ in range(10):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancels())
    assert seen == ["cancelled", "cleaned up"]


def test_an_answer_that_was_sent_arrives_after_the_extra_rounds(draws):
    class Asks:
        def __await__(self):
            return (yield "question")

    async def ask():
        return await Asks()

    driven = jittered(ask(), draws)
    said = driven.send(None)
    while said is None:
        said = driven.send(None)
    assert said == "question"

    def answered(answer):
        while True:
            driven.send(answer)
            answer = None

    with pytest.raises(StopIteration) as stopped:
        answered("answer")
    assert stopped.value.value == "answer"


def test_context_variables_are_those_of_the_task(draws):
    variable = contextvars.ContextVar("variable", default=0)

    async def sets():
        variable.set(variable.get() + 1)
        await asyncio.sleep(0)
        return variable.get()

    async def outer():
        variable.set(1)
        inside = await jittered(sets(), draws)
        apart = await asyncio.create_task(jittered(sets(), draws))
        return inside, apart, variable.get()

    assert asyncio.run(outer()) == (2, 3, 2)


def test_it_may_be_thrown_at_closed_and_abandoned(draws):
    closed = []

    async def waits():
        try:
            await asyncio.sleep(0)
        finally:
            closed.append(True)

    driven = jittered(waits(), draws)
    while not closed:
        try:
            driven.send(None)
        except StopIteration:
            break
    driven = jittered(waits(), draws)
    with pytest.raises(ValueError, match="thrown"):
        driven.throw(ValueError("thrown"))
    with pytest.raises(KeyError):
        jittered(waits(), draws).throw(KeyError, "k", None)
    with pytest.raises(KeyError):
        jittered(waits(), draws).throw(KeyError)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jittered(waits(), draws).close()
        gc.collect()
