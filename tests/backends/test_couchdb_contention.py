"""Revisions, turns and patience, each on its own."""

import threading
import time

from gofannon_backends import _couchdb_contention as contention
from gofannon_backends._couchdb_contention import Place, Revisions, Turns, attempts, pause


def place(doc_id="a1"):
    return Place("agents", doc_id, "agents", doc_id)


class TestPatience:
    def test_is_a_matter_of_time(self, monkeypatch):
        monkeypatch.setattr(contention, "PATIENCE", 0.05)
        begin = time.monotonic()
        for attempt in attempts():
            pause(attempt)
        assert 0.05 <= time.monotonic() - begin < 0.05 + contention.LONGEST_PAUSE + 0.1

    def test_lasts_for_one_try_at_least(self, monkeypatch):
        monkeypatch.setattr(contention, "PATIENCE", 0.0)
        assert list(attempts()) == [0]

    def test_pauses_grow_to_a_bound_and_the_first_is_none(self, monkeypatch):
        longest = []
        monkeypatch.setattr(
            contention.random, "uniform", lambda _, bound: longest.append(bound) or 0
        )
        for attempt in (0, 1, 3, 1000):
            pause(attempt)
        assert longest == [0.0, 0.01, 0.04, contention.LONGEST_PAUSE]


class TestRevisions:
    def test_the_least_used_goes_first(self):
        revisions = Revisions(2)
        revisions.learn(place("a"), "1-a")
        revisions.learn(place("b"), "1-b")
        assert revisions.known(place("a")) == "1-a"
        revisions.learn(place("c"), "1-c")
        known = [revisions.known(place(doc_id)) for doc_id in "abc"]
        assert known == ["1-a", None, "1-c"]

    def test_there_may_be_none(self):
        revisions = Revisions(0)
        revisions.learn(place(), "1-a")
        revisions.forget(place())
        assert revisions.known(place()) is None


class TestTurns:
    def test_come_one_after_the_other(self):
        turns = Turns()
        inside = []

        def change():
            with turns.queue(place()) as wait_for_turn:
                wait_for_turn()
                wait_for_turn()
                inside.append("in")
                time.sleep(0.001)
                inside.append("out")

        threads = [threading.Thread(target=change) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert inside == ["in", "out"] * 8

    def test_are_not_waited_for_by_who_meets_no_conflict(self):
        turns = Turns()
        with turns.queue(place()) as wait_for_turn:
            wait_for_turn()
            with turns.queue(place()):
                pass

    def test_are_not_waited_for_endlessly(self, monkeypatch):
        monkeypatch.setattr(contention, "LONGEST_WAIT_FOR_TURN", 0.05)
        turns = Turns()
        with turns.queue(place()) as wait_for_turn:
            wait_for_turn()
            with turns.queue(place()) as wait_in_vain:
                begin = time.monotonic()
                wait_in_vain()
                assert 0.05 <= time.monotonic() - begin < 0.5
        with turns.queue(place()) as wait_for_turn:
            wait_for_turn()
