"""The time limit: a hanging call is interrupted, its clause is reported, and the run goes on."""

import asyncio
import bdb
import concurrent.futures
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from fastapi import HTTPException
from given import AsyncService
from trying import clauses_of, kits, outcome, outcomes, target_of
from waiting import Clock, eventually

from gofannon_conformance.calls.values import NoAnswer
from gofannon_conformance.calls.violation import NotTested, Violation
from gofannon_conformance.mutants.right import Right
from gofannon_conformance.run.verdict import judged_with_hang
from gofannon_conformance.service import event_loop, time_limit
from gofannon_conformance.service.time_limit import Hang, Overdue, TimeLimit

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "SIGURG"), reason="no signal can break a call off"
)

CLOCK = Clock()
HOUR = 3600


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Let time pass only where a call hangs, and look often."""
    monkeypatch.setattr(time_limit, "monotonic", CLOCK)
    monkeypatch.setattr(time_limit, "LOOKING", 0.01)
    monkeypatch.setattr(time_limit, "AGAIN", 0.05)


@pytest.fixture
def watched():
    time_limit.start()
    yield
    time_limit.stop()


def wait_for_a_lock():
    CLOCK.sleep(HOUR)
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def wait_for_a_socket():
    mine, its = socket.socketpair()
    with mine, its:
        mine.recv(1)


async def wait_for_an_event():
    await asyncio.Event().wait()


def ask_for_ever():
    while True:
        pass


def try_again_whatever_comes(pause=0.01):
    while True:
        try:
            wait_for_a_lock()
        except:  # noqa: E722
            time.sleep(pause)


def try_again_at_once():
    lock = threading.Lock()
    lock.acquire()
    while True:
        try:
            lock.acquire()
        except:  # noqa: E722
            continue


def make_an_error_of_it():
    try:
        wait_for_a_lock()
    except BaseException as error:
        raise HTTPException(500) from error


def make_nothing_of_it():
    try:
        wait_for_a_lock()
    except BaseException:  # noqa: BLE001
        return []


@pytest.mark.parametrize(
    "hangs",
    [
        wait_for_a_socket,
        ask_for_ever,
        try_again_whatever_comes,
        try_again_at_once,
        make_an_error_of_it,
        make_nothing_of_it,
        lambda: subprocess.run(["/bin/sleep", str(HOUR)], check=False),
        lambda: time.sleep(HOUR),
        lambda: queue.Queue().get(),
        lambda: concurrent.futures.Future().result(),
        lambda: asyncio.run(wait_for_an_event()),
    ],
)
def test_what_does_not_come_back_is_broken_off(watched, hangs):
    with pytest.raises(NoAnswer, match="it did not return within 0 s"):
        TimeLimit(0).call(hangs)


def test_place_where_it_hangs_is_reported(watched):
    with pytest.raises(NoAnswer, match="it did not return within 1 s") as broken_off:
        TimeLimit(1).call(wait_for_a_lock)
    assert broken_off.value.where.startswith("wait_for_a_lock() (test_time_limit.py, line ")


def test_what_comes_back_is_left_alone(watched):
    waiting = TimeLimit(60)
    assert waiting.call(lambda a, *, b: (a, b), 1, b=2) == (1, 2)
    with pytest.raises(ZeroDivisionError):
        waiting.call(lambda: 1 / 0)
    assert time_limit._watch.due == time_limit.NEVER


def take(seconds):
    CLOCK.sleep(seconds)
    CLOCK.be_read()
    return "returned"


def test_next_call_has_all_its_time(watched):
    waiting = TimeLimit(10)
    for _ in range(3):
        assert waiting.call(take, 9) == "returned"


def test_within_a_call_that_is_bounded_nothing_is_bounded_again(watched):
    assert TimeLimit(60).call(lambda: TimeLimit(0).call(take, 1)) == "returned"


def test_what_is_not_in_the_main_thread_is_not_bounded(watched):
    with concurrent.futures.ThreadPoolExecutor() as executor:
        assert executor.submit(TimeLimit(0).call, take, 1).result() == "returned"


@pytest.fixture
def unwatched(monkeypatch):
    """Leave out the open sessions of other tests in this process, which look at calls."""
    watch = time_limit._Watch()
    monkeypatch.setattr(time_limit, "_watch", watch)
    monkeypatch.setattr(time_limit, "start", watch.start)
    monkeypatch.setattr(time_limit, "stop", watch.stop)


@pytest.mark.usefixtures("unwatched")
def test_nothing_is_bounded_where_nobody_looks(monkeypatch):
    assert TimeLimit(0).call(lambda: time_limit._watch.due) == time_limit.NEVER
    monkeypatch.delattr(signal, "SIGURG")  # as on Windows
    time_limit.start()
    assert TimeLimit(0).call(lambda: time_limit._watch.due) == time_limit.NEVER
    time_limit.stop()


@pytest.mark.usefixtures("unwatched")
def test_handler_that_was_there_is_there_again():
    threads = set(threading.enumerate())
    before = signal.getsignal(signal.SIGURG)
    time_limit.start()
    time_limit.start()
    time_limit.stop()
    assert signal.getsignal(signal.SIGURG) is not before
    time_limit.stop()
    assert signal.getsignal(signal.SIGURG) is before
    eventually(lambda: not set(threading.enumerate()) - threads)


def test_another_thread_ends_no_looking(watched):
    thread = threading.Thread(target=time_limit.stop)
    thread.start()
    thread.join()
    with pytest.raises(NoAnswer):
        TimeLimit(1).call(wait_for_a_lock)


def test_alarm_of_the_author_goes_off_and_the_bound_stays(watched):
    rang = []
    before = signal.signal(signal.SIGALRM, lambda *_: rang.append(True))

    def alarmed():
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        eventually(lambda: rang)
        wait_for_a_lock()

    try:
        with pytest.raises(NoAnswer):
            TimeLimit(1).call(alarmed)
    finally:
        signal.signal(signal.SIGALRM, before)


def test_ctrl_c_is_no_call_that_never_comes_back(watched):
    def interrupted():
        try:
            wait_for_a_lock()
        except Overdue:
            raise KeyboardInterrupt from None

    with pytest.raises(KeyboardInterrupt):
        TimeLimit(1).call(interrupted)
    assert TimeLimit(60).call(int) == 0


def test_who_looks_into_a_call_with_a_debugger_has_all_the_time(watched):
    def debugged():
        before, debugger = sys.gettrace(), bdb.Bdb()
        debugger.reset()
        sys.settrace(debugger.trace_dispatch)
        try:
            return take(4)
        finally:
            sys.settrace(before)

    assert TimeLimit(1).call(debugged) == "returned"


def test_less_is_waited_once_a_call_is_known_to_hang_but_never_less_than_right_calls_take():
    waiting = TimeLimit(60)
    assert waiting.seconds == 60
    waiting.hang.note("get('c', 'a')", 60)
    assert waiting.seconds == time_limit.AFTER_A_HANG
    waiting.slowest = 2
    assert waiting.seconds == 10
    waiting.slowest = 30
    assert waiting.seconds == 60


def test_time_that_is_waited_in_vain_has_an_end(monkeypatch):
    monkeypatch.setattr(time_limit, "MOST_LOST", 25)
    hang = Hang()
    ended = []
    for _ in range(4):
        hang.note("get('c', 'a')", 10)
        hang.decide(answers=True)
        ended.append(bool(hang.no_more_calls))
    assert ended == [False, False, False, True]


def test_closing_what_hangs_is_no_trouble(watched):
    waiting = TimeLimit(1)
    with pytest.raises(NoAnswer):
        waiting.close(wait_for_a_lock)
    waiting.hang.note("get('c', 'a')", 1)
    waiting.close(wait_for_a_lock)
    waiting.close(wait_for_a_lock)


# --- the suite on services that hang ------------------------------------------------------------


class DeleteWaits(Right):
    def delete(self, db_name, doc_id):
        self.check_id(doc_id)
        if self.key(db_name, doc_id) not in self.kept:
            wait_for_a_lock()
        super().delete(db_name, doc_id)


class KeepsLock(Right):
    opened = 0

    def __init__(self):
        super().__init__()
        self.plain = threading.Lock()
        KeepsLock.opened += 1

    def get(self, db_name, doc_id):
        self.take_turns()
        return super().get(db_name, doc_id)

    def list_all(self, db_name):
        self.take_turns()
        return super().list_all(db_name)

    def save(self, db_name, doc_id, doc):
        self.take_turns()
        self.plain.acquire()
        answer = super().save(db_name, doc_id, doc)
        self.plain.release()
        return answer

    def take_turns(self):
        if self.plain.locked():
            wait_for_a_lock()


class Deaf(Right):
    def get(self, *_):
        wait_for_a_lock()

    save = delete = list_all = get


class AwaitsNobody(AsyncService):
    async def delete(self, db_name, doc_id):
        try:
            await super().delete(db_name, doc_id)
        except HTTPException:
            CLOCK.sleep(HOUR)
            await asyncio.Event().wait()


class BlocksTheLoop(AsyncService):
    async def delete(self, db_name, doc_id):
        try:
            await super().delete(db_name, doc_id)
        except HTTPException:
            wait_for_a_lock()


MISSING, SECOND, RIGHT_ONE = "test_missing_document", "test_second_delete", "test_returns_none"


def test_clause_is_broken_by_a_call_that_never_comes_back():
    came = dict(outcomes(target_of(AwaitsNobody), [MISSING, RIGHT_ONE, SECOND]))
    assert clauses_of(came[MISSING]) == {"DEL-2"}
    assert came[MISSING].what.startswith("delete() never returned: it did not return within 20 s")
    assert came[MISSING].came.startswith("nothing: the call was interrupted")
    assert came[MISSING].program.splitlines()[-1].startswith("print(run(db.del")
    assert came[RIGHT_ONE] is None
    assert clauses_of(came[SECOND]) == {"DEL-6"}


def test_event_loop_that_is_blocked_is_left_behind(monkeypatch):
    monkeypatch.setattr(event_loop, "CANCELLING", 0.01)
    came = dict(outcomes(target_of(BlocksTheLoop), [MISSING, "test_missing_document_is_404"]))
    assert clauses_of(came[MISSING]) == {"DEL-2"}
    assert came["test_missing_document_is_404"] is None


def test_next_test_has_a_new_instance_and_the_program_shows_what_kept_the_lock():
    refused = "test_document_that_is_no_dict_is_refused"
    KeepsLock.opened = 0
    came = dict(outcomes(target_of(KeepsLock), [refused, RIGHT_ONE]))
    assert clauses_of(came[refused]) & {"SAVE-10", "SAVE-12"}
    assert "suppress(Exception)" in came[refused].program
    assert came[RIGHT_ONE] is None
    assert KeepsLock.opened == 2


def test_where_no_instance_answers_nothing_more_is_tested():
    came = dict(outcomes(target_of(Deaf), [MISSING, SECOND]))
    assert isinstance(came[MISSING], Violation)
    assert isinstance(came[SECOND], NotTested)
    assert "no instance of the service answers any more: list_all(" in str(came[SECOND])


def test_too_many_calls_that_never_come_back_end_the_testing(monkeypatch):
    monkeypatch.setattr(time_limit, "MOST_LOST", 1.5 * time_limit.AFTER_A_HANG)
    came = dict(outcomes(target_of(DeleteWaits), [MISSING, SECOND, MISSING, SECOND, RIGHT_ONE]))
    assert isinstance(came[RIGHT_ONE], NotTested)
    assert "too many calls of the service never return" in str(came[RIGHT_ONE])


def test_object_that_is_always_the_same_is_used_as_long_as_it_answers():
    service = DeleteWaits()
    target = replace(target_of(DeleteWaits), connect=lambda: service)
    came = dict(outcomes(target, [MISSING, RIGHT_ONE]))
    assert clauses_of(came[MISSING]) == {"DEL-2"}
    assert came[RIGHT_ONE] is None


def test_property_ends_with_the_first_call_that_never_comes_back():
    calls = []

    class Hangs(Right):
        def save(self, db_name, doc_id, doc):
            calls.append(doc_id)
            if any(isinstance(value, float) for value in doc.values()):
                wait_for_a_lock()
            return super().save(db_name, doc_id, doc)

    with kits(target_of(Hangs)) as kit_of:
        kit = kit_of("test_any_document_comes_back")
        found = outcome(kit)
        made = len(calls)
        assert isinstance(found, Violation)
        assert found.hung
        assert "did not fail each time" not in found.what
        assert found.program.count("db.save(") <= made


def test_program_at_random_ends_with_the_first_call_that_never_comes_back():
    (came,) = dict(
        outcomes(target_of(DeleteWaits), ["test_any_program_behaves_as_a_dict_of_documents"])
    ).values()
    assert clauses_of(came) <= {"DEL-2", "DEL-4", "DEL-6"}
    assert "did not fail each time" not in came.what


def test_cleaning_up_that_never_comes_back_is_a_second_delete():
    with kits(target_of(DeleteWaits)) as kit_of:
        kit = kit_of(RIGHT_ONE)
        collection = kit.collection()
        collection.save("gone", {"n": 1})
        collection.delete("gone")
        with pytest.raises(Violation) as found:
            kit.finish()
        assert found.value.clauses == ("DEL-6",)


def test_hanging_that_nobody_looks_at_is_reported_at_the_end():
    with kits(target_of(DeleteWaits)) as kit_of:
        kit = kit_of(RIGHT_ONE)
        kit.collection().delete("nobody")
        (found,) = judged_with_hang(None, kit.session).violations
        assert found.clauses == ("DEL-1",)
        kit.finish()


def test_slow_service_is_right():
    class Slow(Right):
        def save(self, db_name, doc_id, doc):
            take(15)
            return super().save(db_name, doc_id, doc)

    assert dict(outcomes(target_of(Slow), [RIGHT_ONE])) == {RIGHT_ONE: None}
