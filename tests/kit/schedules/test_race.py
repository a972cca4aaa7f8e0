"""Races are found, repeated and described; code with locks never races and never hangs."""

import sys
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import pytest

from gofannon_conformance.schedules import STYLES, Style, own_code, race, threads
from gofannon_conformance.schedules.outcome import Ended, Passed, Raced, Why

LINES, *PRIORITIES, OPCODES = STYLES


class Racy:
    """Looks, then pops: two that look before either pops both say that they deleted it."""

    def __init__(self):
        self.documents = {}

    def delete(self, key):
        if key not in self.documents:
            raise KeyError(key)
        self.documents.pop(key, None)


class Locked(Racy):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def delete(self, key):
        with self.lock:
            super().delete(key)


class OfCondition(Racy):
    """Uses a condition as a lock."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Condition()
        self.busy = False

    def delete(self, key):
        with self.lock:
            while self.busy:
                self.lock.wait()
            self.busy = True
        try:
            super().delete(key)
        finally:
            with self.lock:
                self.busy = False
                self.lock.notify()


class OfWorker(Racy):
    """Runs all calls in one thread of its own."""

    def __init__(self):
        super().__init__()
        self.pool = ThreadPoolExecutor(1)

    def delete(self, key):
        self.pool.submit(super().delete, key).result()


class Counter:
    def __init__(self):
        self.number = 0

    def add(self):
        self.number += 1


def deletes(store, style, seed, code=None):
    """Race three deletes of one document, of which one should succeed."""
    store.documents["d"] = {}
    code = own_code(store) if code is None else code
    raced = race([lambda: store.delete("d")] * 3, code=code, seed=seed, style=style, bound=20)
    assert raced.unfinished == ()
    return raced


def successes(raced):
    return [ended.error for ended in raced.results].count(None)


def counted(style):
    """Return the style with its changes spread over the steps of three deletes."""
    return style.over(deletes(Racy(), style, 0).steps) if style.changes else style


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_a_delete_that_looks_then_pops_is_seen_to_succeed_twice(style):
    style, store = counted(style), Racy()
    code = own_code(store)
    twice = [seed for seed in range(200) if successes(deletes(store, style, seed, code)) > 1]
    assert len(twice) >= 10
    assert twice[0] < 50


def test_an_addition_in_one_line_loses_a_count_between_two_bytecodes():
    def lost(style, seed):
        counter = Counter()
        race([counter.add] * 3, code=own_code(counter), seed=seed, style=style)
        return counter.number < 3

    assert sum(lost(OPCODES, seed) for seed in range(100)) >= 10
    assert any(lost(Style("few", opcodes=True, changes=2, steps=25), seed) for seed in range(100))
    assert not any(lost(LINES, seed) for seed in range(20))


@pytest.mark.parametrize("style", [LINES, PRIORITIES[1], OPCODES], ids=str)
@pytest.mark.parametrize("kind", [Locked, OfCondition, OfWorker])
def test_a_store_that_locks_never_deletes_twice_and_never_hangs(kind, style):
    store = kind()
    code = own_code(store)
    style = style.over(40) if style.changes else style
    assert {successes(deletes(store, style, seed, code)) for seed in range(70)} == {1}


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_the_same_seed_gives_the_same_schedule(style):
    for seed in range(20):
        first, second = (deletes(Racy(), style, seed) for _ in range(2))
        assert first.passed == second.passed
        assert first.steps == second.steps
        assert [e.error is None for e in first.results] == [e.error is None for e in second.results]
    assert len({deletes(Racy(), style, seed).passed for seed in range(30)}) > 10


def test_a_schedule_around_a_lock_is_replayed_too():
    same = 0
    for seed in range(30):
        first, second = (deletes(Locked(), LINES, seed) for _ in range(2))
        same += first.passed == second.passed
    assert same >= 25  # on a busy machine a thread that may not run seems to sleep


def test_a_schedule_shows_where_each_thread_stopped_and_which_went_on():
    seed = next(s for s in range(200) if successes(deletes(Racy(), LINES, s)) > 1)
    drawn = str(deletes(Racy(), LINES, seed))
    assert f"(style lines, seed {seed}):\nthread " in drawn
    assert " of test_race.py in Racy.delete: `self.documents.pop(key, None)`; thread " in drawn
    assert drawn.splitlines()[-1].startswith("in the end: A ")
    assert "returned" in drawn.splitlines()[-1]


def test_a_schedule_of_bytecodes_names_the_next_one():
    counter = Counter()
    style = Style("each", opcodes=True, chance=0.9)
    drawn = str(race([counter.add] * 2, code=own_code(counter), seed=1, style=style))
    assert " of test_race.py in Counter.add, before " in drawn
    assert "STORE_ATTR: `self.number += 1`" in drawn


def test_a_schedule_shows_that_a_thread_waits_for_a_lock():
    drawn = "".join(str(deletes(Locked(), LINES, seed)) for seed in range(10))
    assert "had to wait in line " in drawn
    assert " in Locked.delete: `with self.lock:`; thread " in drawn


def test_a_long_schedule_loses_its_middle():
    code = compile("def f(): pass", "/x/store.py", "exec").co_consts[0]
    stop = Passed(0, 1, Why.CHOSEN, (code, 7))
    lines = str(Raced((Ended(1),), 100, (stop,) * 80, 3, LINES)).splitlines()
    assert len(lines) == 44
    assert lines[22] == "… 40 more switches …"
    assert lines[2] == "thread A stopped before line 7 of store.py in f; thread B went on"


def test_a_single_task_has_no_schedule():
    raced = race([lambda: 7], code=own_code(Racy()), seed=1, style=LINES)
    assert raced.results == (Ended(7),)
    assert "no thread was stopped" in str(raced)


class Odd(BaseException):
    pass


class Raising:
    def fail(self, error):
        self.failed = True
        raise error


def test_what_a_task_raises_is_its_result():
    service, errors = Raising(), [ValueError("no"), Odd(), SystemExit(3), KeyboardInterrupt()]
    tasks = [lambda e=e: service.fail(e) for e in errors]
    raced = race(tasks, code=own_code(service), seed=1, style=LINES)
    assert [ended.error for ended in raced.results] == errors
    assert "B raised Odd" in str(raced)


class Endless:
    def __init__(self):
        self.stop = False
        self.rounds = 0

    def spin(self):
        while not self.stop:
            self.rounds += 1

    def release(self):
        self.stop = True


def test_a_task_that_never_ends_is_abandoned_and_ended():
    service = Endless()
    tasks = [service.spin, lambda: 1]
    raced = race(tasks, code=own_code(service), seed=1, style=LINES, bound=0.3)
    assert raced.unfinished == (0,)
    assert raced.results[1] == Ended(1)
    assert "A did not end" in str(raced)
    assert not [t for t in threading.enumerate() if t.name == "thread A"]


def test_a_task_that_hangs_is_abandoned_in_its_daemon_thread():
    lock = threading.Lock()
    lock.acquire()
    raced = race([lock.acquire, lambda: 1], code=own_code(Racy()), seed=1, style=LINES, bound=0.3)
    assert raced.unfinished == (0,)
    assert raced.results[1] == Ended(1)
    (thread,) = [t for t in threading.enumerate() if t.name == "thread A"]
    assert thread.daemon
    lock.release()
    thread.join(10)
    assert raced.unfinished == (0,)


class Events:
    """Two tasks that wait for each other."""

    def __init__(self):
        self.asked = threading.Event()
        self.answered = threading.Event()

    def ask(self):
        self.asked.set()
        assert self.answered.wait(20)
        return "asked"

    def answer(self):
        assert self.asked.wait(20)
        self.answered.set()
        return "answered"


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_tasks_that_need_each_other_end(style):
    for seed in range(20):
        events, endless = Events(), Endless()
        for service, tasks, values in (
            (events, [events.ask, events.answer], ["asked", "answered"]),
            (endless, [endless.spin, endless.spin, endless.release], [None] * 3),
        ):
            spread = style.over(30)
            raced = race(tasks, code=own_code(service), seed=seed, style=spread, bound=20)
            assert [ended.value for ended in raced.results] == values
            assert raced.unfinished == ()


class Plain:
    """Code of many kinds with known results."""

    variable = ContextVar("variable", default=0)

    def recursive(self, n):
        return 1 if n < 2 else n * self.recursive(n - 1)

    def generated(self, n):
        try:
            yield from range(n)
        finally:
            self.variable.set(self.variable.get() + 1)

    def all(self, n):
        before = self.variable.get()
        self.variable.set(n)
        generator = self.generated(n)
        firsts = [next(generator), next(generator)]
        generator.close()
        try:
            self.recursive("no")
        except TypeError as error:
            caught = type(error)
        called = sorted(range(3), key=lambda i: self.recursive(i) * -i)
        return before, firsts, self.variable.get(), caught, self.recursive(6), called


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_the_results_of_right_code_do_not_change(style):
    service = Plain()
    tasks = [lambda n=n: service.all(n) for n in (3, 4, 5)]
    raced = race(tasks, code=own_code(service), seed=2, style=style)
    right = [(0, [0, 1], n + 1, TypeError, 720, [2, 1, 0]) for n in (3, 4, 5)]
    assert [ended.value for ended in raced.results] == right


def test_an_earlier_trace_function_is_restored():
    def mine(_frame, _event, _arg):
        return None

    found, after = [], []

    def installed(frame, event, arg):
        return mine(frame, event, arg)

    class Watched(threading.Thread):
        def run(self):
            sys.settrace(installed)
            try:
                found.extend(race([Counter().add] * 2, code=code, seed=1, style=LINES).results)
                after.append(sys.gettrace())
            finally:
                sys.settrace(None)

    code = own_code(Counter())
    watched = Watched()
    watched.start()
    watched.join()
    assert after == [installed]
    assert found == [Ended(None)] * 2


def test_threads_with_another_trace_function_are_raced_too(monkeypatch):
    seen, before = [], threading.gettrace()

    def theirs(frame, _event, _arg):
        seen.append(frame.f_code.co_name)

    monkeypatch.setattr(threads, "_IDLE", deque())  # existing threads are not traced
    threading.settrace(theirs)
    try:
        twice = [seed for seed in range(60) if successes(deletes(Racy(), LINES, seed)) > 1]
    finally:
        threading.settrace(before)
    assert twice
    assert "end" in seen  # their trace function is restored after the task
