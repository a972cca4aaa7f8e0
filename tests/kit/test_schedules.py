"""Races are found, replayed and told; locked code never races and never hangs."""

import queue
import socket
import socketserver
import sys
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar

import pytest

from gofannon_conformance.schedules import STYLES, Style, hands, own_code, race
from gofannon_conformance.schedules.raced import Ended, Passed, Raced, Why, name

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
        self.lock = self.made()

    def made(self):
        return threading.Lock()

    def delete(self, key):
        with self.lock:
            super().delete(key)


class Reentrant(Locked):
    def made(self):
        return threading.RLock()

    def delete(self, key):
        with self.lock:
            self.again(key)

    def again(self, key):
        with self.lock:
            Racy.delete(self, key)


class OfCondition(Locked):
    """A turn of its own, made of a condition."""

    def made(self):
        self.busy = False
        return threading.Condition()

    def delete(self, key):
        with self.lock:
            while self.busy:
                self.lock.wait()
            self.busy = True
        try:
            Racy.delete(self, key)
        finally:
            with self.lock:
                self.busy = False
                self.lock.notify()


class OfSemaphore(Locked):
    def made(self):
        return threading.BoundedSemaphore(1)


class OfQueue(Locked):
    """The one token in a queue is the right to delete."""

    def made(self):
        tokens = queue.Queue()
        tokens.put("token")
        return tokens

    def delete(self, key):
        token = self.lock.get()
        try:
            Racy.delete(self, key)
        finally:
            self.lock.put(token)


class PerDocument(Locked):
    """A lock for each document, made under a lock for all of them."""

    def __init__(self):
        super().__init__()
        self.locks = {}

    def delete(self, key):
        with self.lock:
            lock = self.locks.setdefault(key, threading.Lock())
        with lock:
            Racy.delete(self, key)


class Nested(PerDocument):
    def delete(self, key):
        with self.lock, self.locks.setdefault(key, threading.Lock()):
            Racy.delete(self, key)


class OfGenerator(Locked):
    @contextmanager
    def alone(self):
        with self.lock:
            yield

    def steps(self, key):
        yield key in self.documents
        yield self.documents.pop(key, None)

    def delete(self, key):
        with self.alone():
            there, _ = self.steps(key)
        if not there:
            raise KeyError(key)


class OfWorker(Racy):
    """A thread of its own does all the work, one thing after the other."""

    def __init__(self):
        super().__init__()
        self.pool = ThreadPoolExecutor(1)

    def delete(self, key):
        self.pool.submit(super().delete, key).result()


class OfThreads(Locked):
    """A new thread for each call."""

    def delete(self, key):
        raised = []

        def work():
            try:
                Locked.delete(self, key)
            except KeyError as error:
                raised.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if raised:
            raise raised[0]


class Counter:
    def __init__(self):
        self.number = 0

    def add(self):
        self.number += 1


class LockedCounter(Counter):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def add(self):
        with self.lock:
            super().add()


SAFE = [
    Locked,
    Reentrant,
    OfCondition,
    OfSemaphore,
    OfQueue,
    PerDocument,
    Nested,
    OfGenerator,
    OfWorker,
    OfThreads,
]


def deletes(store, style, seed, code=None):
    """Race three deletes of one document; give the race, in which one of them should succeed."""
    store.documents["d"] = {}
    code = own_code(store) if code is None else code
    raced = race([lambda: store.delete("d")] * 3, code=code, seed=seed, style=style, bound=20)
    assert raced.unfinished == ()
    return raced


def successes(raced):
    return [ended.error for ended in raced.results].count(None)


def counted(style):
    """Give the style, its changes spread over the steps that three deletes take."""
    return style.over(deletes(Racy(), style, 0).steps) if style.changes else style


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_a_delete_that_looks_then_pops_is_seen_to_succeed_twice(style):
    style, store = counted(style), Racy()
    code = own_code(store)
    twice = [seed for seed in range(200) if successes(deletes(store, style, seed, code)) > 1]
    assert len(twice) >= 10
    assert twice[0] < 50


@pytest.mark.parametrize("style", PRIORITIES, ids=str)
def test_priorities_need_no_count_of_the_steps(style):
    assert any(successes(deletes(Racy(), style, seed)) > 1 for seed in range(200))


def test_an_addition_in_one_line_loses_a_count_between_two_bytecodes():
    def lost(style, seed):
        counter = Counter()
        race([counter.add] * 3, code=own_code(counter), seed=seed, style=style)
        return counter.number < 3

    assert sum(lost(OPCODES, seed) for seed in range(100)) >= 10
    assert any(lost(Style("few", opcodes=True, changes=2, steps=25), seed) for seed in range(100))
    assert not any(lost(LINES, seed) for seed in range(20))


@pytest.mark.parametrize("style", [LINES, PRIORITIES[1], OPCODES], ids=str)
@pytest.mark.parametrize("kind", SAFE)
def test_a_store_that_locks_never_deletes_twice_and_never_hangs(kind, style):
    store = kind()
    code = own_code(store)
    style = style.over(40) if style.changes else style
    assert {successes(deletes(store, style, seed, code)) for seed in range(70)} == {1}


def test_a_count_under_a_lock_is_never_lost():
    for seed in range(100):
        counter = LockedCounter()
        race([counter.add] * 3, code=own_code(counter), seed=seed, style=OPCODES)
        assert counter.number == 3


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_the_same_seed_gives_the_same_schedule(style):
    for seed in range(20):
        first, second = (deletes(Racy(), style, seed) for _ in range(2))
        assert first.switches == second.switches
        assert first.steps == second.steps
        assert [e.error is None for e in first.results] == [e.error is None for e in second.results]


def test_other_seeds_give_other_schedules():
    assert len({deletes(Racy(), LINES, seed).switches for seed in range(30)}) > 15


def test_a_schedule_around_a_lock_is_replayed_too():
    same = 0
    for seed in range(30):
        first, second = (deletes(Locked(), LINES, seed) for _ in range(2))
        same += first.switches == second.switches
    assert same >= 25  # on a busy machine a thread may seem to sleep that only was not let run


def test_the_schedule_tells_where_each_thread_stopped_and_who_went_on():
    seed = next(s for s in range(200) if successes(deletes(Racy(), LINES, s)) > 1)
    drawn = str(deletes(Racy(), LINES, seed))
    assert f"(style lines, seed {seed}):\nthread " in drawn
    assert " of test_schedules.py in Racy.delete: `self.documents.pop(key, None)`; thread " in drawn
    assert drawn.splitlines()[-1].startswith("in the end: A ")
    assert "returned" in drawn.splitlines()[-1]


def test_a_schedule_of_bytecodes_names_the_next_one():
    counter = Counter()
    style = Style("each", opcodes=True, chance=0.9)
    drawn = str(race([counter.add] * 2, code=own_code(counter), seed=1, style=style))
    assert " of test_schedules.py in Counter.add, before " in drawn
    assert "STORE_ATTR: `self.number += 1`" in drawn


def test_a_thread_that_waits_for_a_lock_is_told_to_wait():
    drawn = "".join(str(deletes(Locked(), LINES, seed)) for seed in range(10))
    assert "had to wait in line " in drawn
    assert " in Locked.delete: `with self.lock:`; thread " in drawn


def test_a_long_schedule_loses_its_middle():
    code = compile("def f(): pass", "/x/store.py", "exec").co_consts[0]
    stop = Passed(0, 1, Why.CHOSEN, (code, 7))
    lines = Raced((Ended(1),), 100, (stop,) * 50, 3, LINES).drawn(longest=10).splitlines()
    assert len(lines) == 14
    assert lines[7] == "… 40 more hand-overs …"
    assert lines[2] == "thread A stopped before line 7 of store.py in f; thread B went on"


def test_a_task_alone_has_no_schedule_to_tell():
    raced = race([lambda: 7], code=own_code(Racy()), seed=1, style=LINES)
    assert raced.results == (Ended(7),)
    assert "no thread was stopped" in str(raced)


def test_threads_have_letters():
    assert [name(i) for i in (0, 25, 26, 53)] == ["A", "Z", "A1", "B2"]


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


def test_a_task_that_never_ends_is_given_up_and_ended():
    service = Endless()
    tasks = [service.spin, lambda: 1]
    raced = race(tasks, code=own_code(service), seed=1, style=LINES, bound=0.3)
    assert raced.unfinished == (0,)
    assert raced.results[1] == Ended(1)
    assert "A did not end" in str(raced)
    assert not [t for t in threading.enumerate() if t.name == "thread A"]


def test_a_task_that_hangs_is_given_up_and_left_to_its_daemon():
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


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_a_task_that_spins_until_another_has_run_ends(style):
    for seed in range(5):
        service = Endless()
        tasks = [service.spin, service.spin, service.release]
        raced = race(tasks, code=own_code(service), seed=seed, style=style.over(30), bound=20)
        assert raced.unfinished == ()


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
def test_tasks_that_wait_for_each_other_end(style):
    for seed in range(20):
        service = Events()
        raced = race(
            [service.ask, service.answer], code=own_code(service), seed=seed, style=style, bound=20
        )
        assert [ended.value for ended in raced.results] == ["asked", "answered"]


class Plain:
    """Code of many kinds, whose results are known."""

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
def test_what_right_code_does_is_not_changed(style):
    service = Plain()
    tasks = [lambda n=n: service.all(n) for n in (3, 4, 5)]
    raced = race(tasks, code=own_code(service), seed=2, style=style)
    right = [(0, [0, 1], n + 1, TypeError, 720, [2, 1, 0]) for n in (3, 4, 5)]
    assert [ended.value for ended in raced.results] == right


def test_a_trace_function_that_was_there_is_put_back():
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


def test_threads_that_others_trace_are_raced_all_the_same(monkeypatch):
    seen, before = [], threading.gettrace()

    def theirs(frame, _event, _arg):
        seen.append(frame.f_code.co_name)

    monkeypatch.setattr(hands, "_IDLE", deque())  # those that are there already are not traced
    threading.settrace(theirs)
    try:
        twice = [seed for seed in range(60) if successes(deletes(Racy(), LINES, seed)) > 1]
    finally:
        threading.settrace(before)
    assert twice
    assert "end" in seen  # once the task is done the thread is theirs again


class Echo(socketserver.StreamRequestHandler):
    """The server's side of a store: `get`, `pop` and `put` of its one document."""

    def handle(self):
        for line in self.rfile:
            with self.server.lock:
                word = line.strip()
                there = self.server.there
                self.server.there = word == b"put" or (there and word != b"pop")
            self.wfile.write(b"yes\n" if there else b"no\n")


class Served:
    """Deletes over a connection of each thread: asks, then pops, in two round trips."""

    def __init__(self, address):
        self.address = address
        self.local = threading.local()
        self.open = []

    def ask(self, word):
        if not hasattr(self.local, "file"):
            with socket.create_connection(self.address) as connection:
                self.local.file = connection.makefile("rwb")
            self.open.append(self.local.file)
        self.local.file.write(word + b"\n")
        self.local.file.flush()
        return self.local.file.readline() == b"yes\n"

    def delete(self):
        if not self.ask(b"get"):
            raise KeyError
        self.ask(b"pop")

    def delete_at_once(self):
        if not self.ask(b"pop"):
            raise KeyError


@pytest.fixture
def served():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        server.block_on_close = False
        server.there, server.lock = False, threading.Lock()
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        store = Served(server.server_address)
        yield store
        server.shutdown()
        for file in store.open:
            file.close()


@pytest.mark.parametrize("style", [LINES, PRIORITIES[1], OPCODES], ids=str)
def test_a_store_behind_a_socket_is_raced_between_its_round_trips(served, style):
    code = own_code(served)

    def trial(delete, seed):
        served.ask(b"put")
        return successes(race([delete] * 3, code=code, seed=seed, style=style, bound=20))

    assert any(trial(served.delete, seed) > 1 for seed in range(100))
    assert {trial(served.delete_at_once, seed) for seed in range(30)} == {1}
