"""Revisions, turns and attempts."""

import threading

import pytest
from waiting import BOUND, Gate

from gofannon_backends.couchdb import contention
from gofannon_backends.couchdb.contention import Place, Revisions, Turns, attempts, pause


def place(doc_id="a1"):
    return Place("agents", doc_id, "agents", doc_id)


class TestAttempts:
    @pytest.mark.parametrize(("seconds", "numbers"), [(0, [0]), (3, [0, 1, 2])])
    def test_end_with_the_time_but_there_is_one(self, monkeypatch, seconds, numbers):
        clock = iter(range(10))
        monkeypatch.setattr(contention.time, "monotonic", lambda: next(clock))
        monkeypatch.setattr(contention, "RETRY_SECONDS", seconds)
        assert list(attempts()) == numbers

    def test_pauses_grow_to_a_bound_and_the_first_is_none(self, monkeypatch):
        longest = []
        monkeypatch.setattr(
            contention.random, "uniform", lambda _, bound: longest.append(bound) or 0
        )
        for attempt in (0, 1, 3, 1000):
            pause(attempt)
        assert longest == [0.0, 0.01, 0.04, contention.LONGEST_PAUSE]


class TestRevisions:
    def test_the_least_recently_used_goes_first(self):
        revisions = Revisions(2)
        revisions.learn(place("a"), "1-a")
        revisions.learn(place("b"), "1-b")
        assert revisions.known(place("a")) == "1-a"
        revisions.learn(place("c"), "1-c")
        assert [revisions.known(place(doc_id)) for doc_id in "abc"] == ["1-a", None, "1-c"]

    def test_there_may_be_none(self):
        revisions = Revisions(0)
        revisions.learn(place(), "1-a")
        revisions.forget(place())
        assert revisions.known(place()) is None


class TestTurns:
    def test_a_thread_waits_until_the_turn_before_ends(self, monkeypatch):
        monkeypatch.setattr(contention, "LONGEST_WAIT_FOR_TURN", BOUND)
        turns = Turns()
        order = []
        started = Gate()

        def change():
            with turns.queue(place()) as wait_for_turn:
                started.set()
                wait_for_turn()
                order.append("second")

        thread = threading.Thread(target=change)
        with turns.queue(place()) as wait_for_turn:
            wait_for_turn()
            wait_for_turn()  # has it already
            thread.start()
            started.wait()
            order.append("first")
        thread.join()
        assert order == ["first", "second"]

    def test_only_a_thread_that_asks_for_its_turn_waits(self):
        turns = Turns()
        with turns.queue(place()) as wait_for_turn, turns.queue(place()):
            wait_for_turn()

    def test_the_wait_has_an_end(self, monkeypatch):
        monkeypatch.setattr(contention, "LONGEST_WAIT_FOR_TURN", 0.01)
        turns = Turns()
        with turns.queue(place()) as wait_for_turn:
            wait_for_turn()
            with turns.queue(place()) as wait_for_another:
                wait_for_another()
        with turns.queue(place()) as wait_for_turn:
            wait_for_turn()
