"""What a recorder writes down: the order of all events, and what came of each call."""

import asyncio
import threading

import pytest
from fastapi import HTTPException

from gofannon_conformance.histories import History, Outcome, Recorder
from gofannon_conformance.histories.recording import outcome_of

DOCUMENT = ("agents", "a")


def raising(error):
    def function():
        raise error

    return function


@pytest.mark.parametrize(
    ("method", "error", "outcome"),
    [
        ("get", HTTPException(404), Outcome.MISSING),
        ("delete", HTTPException(404), Outcome.MISSING),
        ("save", HTTPException(404), Outcome.REFUSED),
        ("save", HTTPException(409), Outcome.REFUSED),
        ("delete", HTTPException(429), Outcome.REFUSED),
        ("save", HTTPException(500), Outcome.FAILED),
        ("save", KeyError("a"), Outcome.FAILED),
        ("get", SystemExit(1), Outcome.FAILED),
    ],
)
def test_exception_tells_what_came_of_the_call(method, error, outcome):
    operation = Recorder().call("A", method, DOCUMENT, raising(error), {"n": 1})
    assert (operation.outcome, operation.error) == (outcome, error)
    assert outcome_of(method, error) is outcome
    assert operation.is_uncertain is (outcome is Outcome.FAILED)


def test_events_are_numbered_and_timed_in_the_order_in_which_they_happen():
    times = iter((0.5, 1.5, 2.5, 3.5))
    recorder = Recorder(clock=lambda: next(times))
    inner = []

    def save():
        inner.append(recorder.call("B", "get", DOCUMENT, lambda: {"n": 0}))
        return {"id": "a", "rev": "1"}

    outer = recorder.call("A", "save", DOCUMENT, save, {"n": 1})
    assert [(o.thread, o.start, o.end, o.began, o.ended) for o in recorder.history()] == [
        ("A", 1, 4, 0.5, 3.5),
        ("B", 2, 3, 1.5, 2.5),
    ]
    assert (outer.value, outer.argument, outer.returned) == (
        {"id": "a", "rev": "1"},
        {"n": 1},
        True,
    )


def test_call_that_has_not_ended_is_pending():
    recorder = Recorder()
    begun = recorder.begin("A", "save", DOCUMENT, {"n": 1})
    (operation,) = recorder.history()
    assert operation == begun
    assert operation.is_uncertain
    assert (operation.outcome, operation.end, operation.ended) == (Outcome.PENDING, None, None)


def test_what_ends_the_thread_goes_through_and_leaves_the_call_pending():
    recorder = Recorder()
    with pytest.raises(KeyboardInterrupt):
        recorder.call("A", "get", DOCUMENT, raising(KeyboardInterrupt()))
    assert [o.outcome for o in recorder.history()] == [Outcome.PENDING]


def test_coroutines_are_recorded_as_calls_are():
    recorder = Recorder()

    async def get():
        await asyncio.sleep(0)
        return {"n": 1}

    async def missing():
        raise HTTPException(404)

    async def both():
        return await asyncio.gather(
            recorder.awaited("A", "get", DOCUMENT, get),
            recorder.awaited("B", "get", DOCUMENT, missing),
        )

    found, nothing = asyncio.run(both())
    assert (found.start, found.end, found.value) == (1, 4, {"n": 1})
    assert (nothing.start, nothing.end, nothing.outcome) == (2, 3, Outcome.MISSING)


def test_threads_lose_no_event():
    recorder = Recorder()

    def calls(thread):
        for _ in range(50):
            recorder.call(thread, "get", ("agents", thread), lambda: None)

    threads = [threading.Thread(target=calls, args=(name,)) for name in "ABCD"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history = recorder.history()
    assert len(history) == 200
    assert {e for o in history for e in (o.start, o.end)} == set(range(1, 401))
    apart = history.by_document()
    assert {document: len(own) for document, own in apart.items()} == {
        ("agents", name): 50 for name in "ABCD"
    }


def test_history_is_in_the_order_of_the_starts():
    recorder = Recorder()
    operations = [recorder.call("A", "get", DOCUMENT, lambda: None) for _ in range(3)]
    assert History.of(reversed(operations)).operations == tuple(operations)
