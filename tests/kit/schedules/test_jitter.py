"""Jittered coroutines: their behaviour is unchanged, and races between awaits show."""

import asyncio
import contextvars
import random

import pytest

from gofannon_conformance.schedules import jittered


class Racy:
    """Looks, awaits, then pops."""

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


async def successes(method, seed):
    store, draws = Racy(), random.Random(seed)
    calls = [jittered(getattr(store, method)(), draws) for _ in range(3)]
    return (await asyncio.gather(*calls, return_exceptions=True)).count(None)


async def is_late_save(seed, drive=jittered):
    """Return whether the version that was read first was written last."""
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


def test_more_orders_occur_than_in_a_plain_loop():
    async def plain(coroutine, _):
        return await coroutine

    assert not asyncio.run(is_late_save(0, plain))
    lost = [seed for seed in range(100) if asyncio.run(is_late_save(seed))]
    assert 5 < len(lost) < 95
    assert lost == [seed for seed in range(100) if asyncio.run(is_late_save(seed))]


def test_a_race_between_two_awaits_shows_and_a_lock_prevents_it():
    assert {asyncio.run(successes("delete", seed)) for seed in range(50)} >= {1, 2, 3}
    assert {asyncio.run(successes("delete_under_a_lock", seed)) for seed in range(50)} == {1}


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


def test_a_cancellation_reaches_the_coroutine_which_may_clean_up(draws):
    seen = []

    async def waits():
        try:
            seen.append("began")
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            await asyncio.sleep(0)
            seen.append("cleaned up")
            raise

    async def cancels():
        task = asyncio.create_task(jittered(waits(), draws))
        while not seen:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancels())
    assert seen == ["began", "cancelled", "cleaned up"]


def test_a_cancellation_in_a_pause_reaches_the_coroutine(draws):
    seen = []

    async def goes_on():
        while True:
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                seen.append("cancelled")
                return "done"

    async def cancels():
        task = asyncio.create_task(jittered(goes_on(), draws))
        for _ in range(20):
            await asyncio.sleep(0)
        task.cancel()
        return await task

    assert asyncio.run(cancels()) == "done"
    assert seen == ["cancelled"]


def test_context_variables_are_those_of_the_task(draws):
    variable = contextvars.ContextVar("variable", default=0)

    async def sets():
        variable.set(variable.get() + 1)
        await asyncio.sleep(0)
        return variable.get()

    async def outer():
        variable.set(1)
        inside = await jittered(sets(), draws)
        separate = await asyncio.create_task(jittered(sets(), draws))
        return inside, separate, variable.get()

    assert asyncio.run(outer()) == (2, 3, 2)
