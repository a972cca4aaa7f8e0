"""The threads that the kit lends: kept, like new ones to each task, and never lost."""

import sqlite3
import threading
from collections import deque
from contextvars import ContextVar

import pytest

from gofannon_conformance.schedules import STYLES, hands, own_code, race


@pytest.fixture(autouse=True)
def none_is_idle(monkeypatch):
    monkeypatch.setattr(hands, "_IDLE", deque())


def test_a_thread_is_lent_again():
    used = []
    for _ in range(20):
        assert hands.lend(lambda: used.append(threading.get_ident()), name="task").wait(10)
    assert len(set(used)) == 1


def test_two_tasks_at_once_have_two_threads():
    both = threading.Barrier(2, timeout=10)
    dones = [hands.lend(both.wait, name="task") for _ in range(2)]
    assert all(done.wait(10) for done in dones)
    assert len(hands._IDLE) == 2


def test_a_task_has_its_name_and_none_of_the_variables_of_the_last_one():
    variable, seen = ContextVar("variable", default=0), []

    def task():
        seen.append((threading.current_thread().name, variable.get()))
        variable.set(1)

    for name in ("thread A", "thread B"):
        assert hands.lend(task, name=name).wait(10)
    assert seen == [("thread A", 0), ("thread B", 0)]


def test_a_task_that_breaks_off_is_told_and_its_thread_lent_again(monkeypatch):
    told = []
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(args.exc_type))
    assert hands.lend(lambda: 1 / 0, name="task").wait(10)
    assert told == [ZeroDivisionError]
    assert len(hands._IDLE) == 1


def test_a_task_that_never_ends_keeps_its_thread():
    lock = threading.Lock()
    with lock:
        done = hands.lend(lock.acquire, name="task")
        assert hands.lend(lambda: None, name="task").wait(10)
        assert not done.is_set()
        assert len(hands._IDLE) == 1


class PerThread:
    """Holds a connection for each thread that has called it, until it is closed."""

    def __init__(self):
        self.local = threading.local()
        self.connections = []

    def get(self):
        if not hasattr(self.local, "connection"):
            self.local.connection = sqlite3.connect(":memory:", check_same_thread=False)
            self.connections.append(self.local.connection)
        return self.local.connection.execute("SELECT 1").fetchone()

    def close(self):
        for connection in self.connections:
            connection.close()


def test_races_call_a_service_by_no_more_threads_than_race_at_once():
    service = PerThread()
    for seed in range(50):
        tasks = [service.get] * 3
        raced = race(tasks, code=own_code(service), seed=seed, style=STYLES[0])
        assert [ended.value for ended in raced.results] == [(1,)] * 3
    assert len(service.connections) <= 6, "three, or a few more where one has not gone back yet"
    service.close()
