"""The recorder: the order of all events, and how each call ended."""

import asyncio
import threading

import pytest
from fastapi import HTTPException

from gofannon_conformance.histories import Ending, History, Recorder
from gofannon_conformance.histories.recording import ending_of

DOCUMENT = ("agents", "a")


def raising(error):
    def function():
        raise error

    return function


@pytest.mark.parametrize(
    ("method", "error", "ending"),
    [
        ("get", HTTPException(404), Ending.MISSING),
        ("delete", HTTPException(404), Ending.MISSING),
        ("save", HTTPException(404), Ending.REFUSED),
        ("save", HTTPException(409), Ending.REFUSED),
        ("delete", HTTPException(429), Ending.REFUSED),
        ("save", HTTPException(500), Ending.FAILED),
        ("save", KeyError("a"), Ending.FAILED),
        ("get", SystemExit(1), Ending.FAILED),
    ],
)
def test_exception_decides_the_ending(method, error, ending):
    operation = Recorder().call("A", method, DOCUMENT, raising(error), {"n": 1})
    assert (operation.ending, operation.error) == (ending, error)
    assert ending_of(method, error) is ending
    assert operation.is_uncertain is (ending is Ending.FAILED)


def test_events_are_numbered_in_their_order():
    recorder = Recorder()
    inner = []

    def save():
        inner.append(recorder.call("B", "get", DOCUMENT, lambda: {"n": 0}))
        return {"id": "a", "rev": "1"}

    outer = recorder.call("A", "save", DOCUMENT, save, {"n": 1})
    assert [(o.thread, o.start, o.end) for o in recorder.history()] == [("A", 1, 4), ("B", 2, 3)]
    assert (outer.value, outer.argument) == ({"id": "a", "rev": "1"}, {"n": 1})
    assert outer.returned


def test_call_that_has_not_ended_is_pending():
    recorder = Recorder()
    with pytest.raises(KeyboardInterrupt):
        recorder.call("A", "get", DOCUMENT, raising(KeyboardInterrupt()))
    (operation,) = recorder.history()
    assert operation.is_uncertain
    assert (operation.ending, operation.end) == (Ending.PENDING, None)


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
    assert (nothing.start, nothing.end, nothing.ending) == (2, 3, Ending.MISSING)


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
    assert History.of(reversed(history.operations)).operations == history.operations
    assert len(history) == 200
    assert {e for o in history for e in (o.start, o.end)} == set(range(1, 401))
    apart = history.by_document()
    assert {document: len(own) for document, own in apart.items()} == {
        ("agents", name): 50 for name in "ABCD"
    }
