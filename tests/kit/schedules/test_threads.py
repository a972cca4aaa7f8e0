"""The pool of threads: they are reused, and each task finds one like a new thread."""

import sqlite3
import threading
from collections import deque
from contextvars import ContextVar

import pytest

from gofannon_conformance.schedules import STYLES, own_code, race, threads
from gofannon_conformance.schedules.threads import run_in_thread


@pytest.fixture(autouse=True)
def no_idle_threads(monkeypatch):
    monkeypatch.setattr(threads, "_IDLE", deque())


def test_a_thread_is_reused_with_a_new_name_and_new_context_variables():
    variable, seen = ContextVar("variable", default=0), []

    def task():
        thread = threading.current_thread()
        seen.append((thread.name, variable.get(), thread.ident))
        variable.set(1)

    for name in ("thread A", "thread B"):
        assert run_in_thread(task, name=name).wait(10)
    assert [(name, value) for name, value, _ in seen] == [("thread A", 0), ("thread B", 0)]
    assert seen[0][2] == seen[1][2]


def test_two_concurrent_tasks_have_two_threads():
    both = threading.Barrier(2, timeout=10)
    done = [run_in_thread(both.wait, name="task") for _ in range(2)]
    assert all(event.wait(10) for event in done)
    assert len(threads._IDLE) == 2


def test_an_error_of_a_task_is_reported_and_its_thread_reused(monkeypatch):
    errors = []
    monkeypatch.setattr(threading, "excepthook", lambda args: errors.append(args.exc_type))
    assert run_in_thread(lambda: 1 / 0, name="task").wait(10)
    assert errors == [ZeroDivisionError]
    assert len(threads._IDLE) == 1


def test_a_task_that_never_ends_keeps_its_thread():
    lock = threading.Lock()
    with lock:
        done = run_in_thread(lock.acquire, name="task")
        assert run_in_thread(lambda: None, name="task").wait(10)
        assert not done.is_set()
        assert len(threads._IDLE) == 1


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


def test_many_races_call_a_service_from_few_threads():
    service = PerThread()
    for seed in range(50):
        tasks = [service.get] * 3
        raced = race(tasks, code=own_code(service), seed=seed, style=STYLES[0])
        assert [ended.value for ended in raced.results] == [(1,)] * 3
    assert len(service.connections) <= 6, "three, or a few more if one was still busy"
    for connection in service.connections:
        connection.close()
