"""The parts of CON's tests: programs, the ways to run them, and the checks of a trial."""

import asyncio
import threading
import time
from contextlib import suppress
from itertools import count
from types import SimpleNamespace

import pytest
import trying
from fastapi import HTTPException
from given import workspace_of
from trying import kits, named_by, outcomes, target_of
from waiting import BOUND

from gofannon_conformance.calls.values import Trace
from gofannon_conformance.calls.violation import NotApplicable, NotTested, Violation
from gofannon_conformance.histories import CheckResult, content
from gofannon_conformance.mutants.concurrency.base import Steady, missing
from gofannon_conformance.mutants.concurrency.instances import NegativeCache
from gofannon_conformance.mutants.concurrency.presence import LookThenPop
from gofannon_conformance.mutants.concurrency.replicas import EVENTUAL, ON_THE_WAY, NotToldOfDeletes
from gofannon_conformance.mutants.concurrency.workers import AwaitsBetween, Looping
from gofannon_conformance.mutants.concurrency.writes import TwoOrders
from gofannon_conformance.mutants.faults.base import Served
from gofannon_conformance.mutants.faults.store import store
from gofannon_conformance.run import capabilities
from gofannon_conformance.schedules import own_code
from gofannon_conformance.schedules.styles import LINES
from gofannon_conformance.service.event_loop import EventLoop
from gofannon_conformance.service.opening import Opened
from gofannon_conformance.suite.concurrency import search, trial, ways
from gofannon_conformance.suite.concurrency.checks import Judge
from gofannon_conformance.suite.concurrency.programs import program
from gofannon_conformance.suite.concurrency.replay import described
from gofannon_conformance.suite.concurrency.seeker import Seeker
from gofannon_conformance.suite.concurrency.trial import Stage
from gofannon_conformance.target import Target

TESTS = trying.of_groups("CON")
TEST = "test_calls_at_once_are_as_calls_in_some_order"


@pytest.fixture
def impatient(monkeypatch):
    """For calls that never end."""
    monkeypatch.setattr(ways, "LONGEST", 10.0)


def results_of(target, tests):
    return dict(outcomes(target, tests))


def stage_of(service):
    collection = workspace_of(service).collection()
    return Stage(collection, [collection.caller.opened])


def one_by_one(tasks):
    for task in tasks:
        task()
    return ways.Ran("one by one")


def violation_of(service, thread, judge=None):
    played = stage_of(service).play(program(thread, before="one"), one_by_one)
    with pytest.raises(Violation) as raised:
        (judge or Judge(("CON-1",), Trace(), revisions=True)).judge(played)
    return raised.value


def test_program_is_described_in_a_line():
    many = program(*["delete"] * 8, before="one two")
    assert described(many).endswith("| and 2 more like these; 'one' and 'two' were saved before")
    assert described(program("save", "list_all", before="", on=(0, 1))) == (
        "concurrently: A: save('one') | B (instance 2): list_all()"
    )


def wrong(method, change):
    """Return a service with one method that returns a changed value."""

    def changed(self, *arguments):
        return change(getattr(Steady, method)(self, *arguments))

    return type("Wrong", (Steady,), {method: changed})()


def refuse(_):
    raise HTTPException(400, "no")


@pytest.mark.parametrize(
    ("method", "change", "clauses", "what"),
    [
        ("get", lambda doc: {**doc, "_id": "another"}, {"GET-2"}, "answers are mixed up"),
        ("save", lambda saved: {**saved, "id": "another"}, {"SAVE-1"}, "answers are mixed up"),
        ("get", refuse, {"ERR-2"}, "raised 400 ('no') because others were calling"),
        ("list_all", lambda _: None, set(), "did not return a list of dicts"),
        ("list_all", lambda docs: docs * 2, {"LIST-5"}, "shows 'one' 2 times"),
        ("revision", lambda _: "1-r", {"SAVE-14"}, "both returned the revision '1-r'"),
    ],
)
def test_answer_is_judged(method, change, clauses, what):
    found = violation_of(wrong(method, change), "get save")
    assert set(found.clauses) == {"CON-1", *clauses}
    assert what in found.what


def test_echo_of_another_save_is_found_in_the_overview():
    judge = Judge(("CON-1",), Trace(), dialect="overview")
    assert judge.silent_deletes
    echoes = wrong("save", lambda saved: {"version": "another", "_id": saved["id"]})
    found = violation_of(echoes, "get", judge=judge)
    assert found.clauses == ("CON-1", "SAVE-1")
    assert "returned another" in found.what


def test_service_without_local_code_is_raced_in_plain_threads(monkeypatch):
    monkeypatch.setattr(search, "own_code", lambda service: own_code(object()))
    results = results_of(target_of(Steady), TESTS)
    assert {t: r for t, r in results.items() if r and not isinstance(r, NotApplicable)} == {}

    class SlowToPop(LookThenPop):
        def delete(self, db_name, doc_id):
            if (db_name, doc_id) not in self.store.kept:
                raise missing(db_name, doc_id)
            time.sleep(0.002)
            self.store.kept.pop((db_name, doc_id), None)

    assert {"CON-1", "CON-3"} <= named_by(results_of(target_of(SlowToPop), TESTS))


class GivesUp(Steady):
    """Refuses two of three saves that are tried again."""

    numbers = count()

    def save(self, db_name, doc_id, doc):
        if "." in doc.get("version", "") and next(self.numbers) % 3:
            raise HTTPException(409, "try again")
        return super().save(db_name, doc_id, doc)


class Hopeless(Steady):
    """Never saves the documents of two of the writers."""

    saves = 0

    def save(self, db_name, doc_id, doc):
        if doc.get("version", "").startswith(("P", "O")):
            raise HTTPException(409, "try again")
        Hopeless.saves += 1
        return super().save(db_name, doc_id, doc)


@pytest.mark.parametrize(
    ("service", "what"),
    [
        (GivesUp, "saves gave up with 409 while 16 writers saved one document"),
        (Hopeless, "42 of 48 saves were done"),
    ],
)
def test_writers_that_give_up_or_never_finish_are_found(service, what, monkeypatch):
    # Each save moves the clock by a second: the writers try until the other saves are done.
    monkeypatch.setattr(ways, "LONGEST", 42)
    monkeypatch.setattr(trial, "time", SimpleNamespace(monotonic=lambda: Hopeless.saves))
    results = results_of(target_of(service), ["test_many_writers_of_one_document_all_finish"])
    (found,) = results.values()
    assert found.clauses == ("CON-6",)
    assert what in found.what


@pytest.mark.usefixtures("impatient")
def test_after_a_deadlock_the_other_tests_do_not_wait():
    tests = [TEST, "test_one_of_many_deletes_succeeds"]
    first, second = results_of(target_of(TwoOrders), tests).values()
    assert "did not end" in first.what
    assert isinstance(second, NotTested)


@pytest.mark.usefixtures("impatient")
def test_after_a_deadlock_of_the_only_instance_its_calls_raise():
    only = TwoOrders()
    results = results_of(Target(name="only", connect=lambda: only), [TEST])
    assert "did not end" in results[TEST].what
    hung = search.Hung()
    with pytest.raises(TimeoutError, match="hangs since"):
        hung.get("a", "b")
    assert not hasattr(hung, "find")


@pytest.mark.usefixtures("impatient")
def test_task_that_never_ends_is_found():
    class Sleeps(Looping):
        async def delete(self, db_name, doc_id):
            await asyncio.sleep(0)
            if self.locked.locked():
                await asyncio.Event().wait()
            async with self.locked:
                for _ in range(20):
                    await asyncio.sleep(0)
                self.inner.delete(db_name, doc_id)

    service = Sleeps()
    collection = workspace_of(service).collection()
    opened = collection.caller.opened

    def run(tasks):
        return ways.in_tasks(tasks, loop=opened.loop, code=own_code(service), seed=1)

    played = Stage(collection, [opened]).play(program("delete", "delete"), run)
    with pytest.raises(Violation, match="did not end"):
        Judge(("CON-1",), Trace()).judge(played)
    opened.loop.close()


def test_threads_that_never_end_are_counted(monkeypatch):
    start, while_the_first_ends, later = 0.0, 0.0, 1e9
    clock = iter([start, while_the_first_ends, later])
    monkeypatch.setattr(ways, "time", SimpleNamespace(monotonic=clock.__next__))
    lock = threading.Lock()
    lock.acquire()
    ran = ways.in_threads([lambda: None, lock.acquire])
    assert ran.unfinished == (1,)
    lock.release()


def fails():
    raise LookupError


def test_error_of_the_kit_in_a_thread_is_no_pass(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda args: None)
    with pytest.raises(RuntimeError, match="a thread of the kit failed"):
        ways.in_threads([lambda: None, fails])
    with pytest.raises(LookupError):
        ways.scheduled([fails], code=own_code(Steady()), seed=1, style=LINES)


def test_task_is_stopped_at_each_of_its_awaits_in_turn():
    service = AwaitsBetween()
    loop = EventLoop()
    stage = Stage(workspace_of(service).collection(), [Opened(service=service, loop=loop)])
    code = own_code(service)

    def stopped(step):
        def run(tasks):
            return ways.in_stopped_tasks(tasks, loop=loop, code=code, step=step, patience=BOUND)

        played = stage.play(program("delete", "delete"), run)
        return [o.returned for o in played.operations if o.thread in ("A", "B")]

    assert stopped(1) == [True, True]
    assert sorted(stopped(1 << 40)) == [False, True]
    loop.close()


def test_history_that_is_too_hard_to_check_is_no_pass(monkeypatch):
    monkeypatch.setattr(
        "gofannon_conformance.suite.concurrency.checks.check",
        lambda history, silent_deletes: dict.fromkeys(
            history.by_document(), CheckResult.NOT_DECIDED
        ),
    )
    (found,) = results_of(target_of(Steady), ["test_one_of_many_deletes_succeeds"]).values()
    assert isinstance(found, NotTested)
    assert "too hard to check" in str(found)


def test_slow_detection_of_a_new_process_does_not_hide_a_shared_store(monkeypatch):
    monkeypatch.setattr(capabilities, "LONGEST_DELAY", 0.0)
    monkeypatch.setitem(capabilities._TRIALS, "persistent", takes_its_time)
    tests = ["test_other_instance_sees_each_change"]
    (found,) = results_of(target_of(NotToldOfDeletes, **SOON), tests).values()
    assert found.clauses[0] == "CON-5"


def takes_its_time(kit):
    """Detect nothing, after a change has arrived at the other replicas."""
    time.sleep(5 * ON_THE_WAY)
    return ""


SOON = {**EVENTUAL, "converges_within": 5 * ON_THE_WAY}


@pytest.mark.parametrize("broken", [NotToldOfDeletes, NegativeCache])
def test_instances_that_never_converge_are_found(broken):
    tests = ["test_other_instance_sees_each_change"]
    (found,) = results_of(target_of(broken, **SOON), tests).values()
    assert found.clauses[0] == "CON-5"
    assert "other.get(collection, 'one')" in found.program


def test_a_value_that_is_no_document_has_a_content():
    assert content(None) != content({})
    assert content({"a": bytearray(b"x")}) == content({"a": bytearray(b"x")})


class AsksThenDeletes(Served):
    """Deletes what it has just read, and ignores that another caller deleted it meanwhile."""

    def delete(self, db_name, doc_id):
        self.get(db_name, doc_id)
        with suppress(HTTPException):
            super().delete(db_name, doc_id)


def test_race_is_found_while_requests_are_delayed():
    with kits(target_of(AsksThenDeletes, server=store)) as kit_of:
        kit = kit_of(TEST)
        seeker = Seeker(kit, "CON-3")
        with pytest.raises(Violation, match="two deletes both reported success"):
            seeker.seek_in_transit(lambda *_: program("delete", "delete"))
        kit.finish()


def test_search_in_transit_counts_histories_that_are_too_hard(monkeypatch):
    with kits(target_of(Served, server=store)) as kit_of:
        kit = kit_of(TEST)
        seeker = Seeker(kit, "CON-1")
        monkeypatch.setattr(seeker.judge, "judge", lambda _: setattr(seeker.judge, "undecided", 1))
        with pytest.raises(NotTested, match="too hard"):
            seeker.seek_in_transit(lambda *_: program("delete", "delete"))
        kit.finish()
