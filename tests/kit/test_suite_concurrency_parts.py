"""The parts of CON's tests: programs, ways to run them, what a trial is judged to show."""

import asyncio
import threading
import time
from contextlib import suppress

import pytest
import trying
from fastapi import HTTPException
from given import workspace_of
from trying import kits, named_by, outcomes, target_of

from gofannon_conformance.calls import Trace
from gofannon_conformance.histories import Operation, Outcome, content, explain
from gofannon_conformance.mutants.faulting.served import Served
from gofannon_conformance.mutants.faulting.store import store
from gofannon_conformance.mutants.racing.base import Compares, Steady, missing
from gofannon_conformance.mutants.racing.instances import NegativeCache
from gofannon_conformance.mutants.racing.presence import LookThenPop
from gofannon_conformance.mutants.racing.replicas import (
    EVENTUAL,
    ON_THE_WAY,
    NotToldOfDeletes,
    Replica,
)
from gofannon_conformance.mutants.racing.workers import AwaitsBetween, Looping
from gofannon_conformance.mutants.racing.writes import TwoOrders
from gofannon_conformance.opening import EventLoop, Opened
from gofannon_conformance.schedules import own_code
from gofannon_conformance.suite import concurrency_seeking as seeking
from gofannon_conformance.suite import concurrency_ways as ways
from gofannon_conformance.suite.concurrency_programs import program
from gofannon_conformance.suite.concurrency_trials import Stage
from gofannon_conformance.suite.concurrency_verdicts import Judge, told
from gofannon_conformance.target import Target
from gofannon_conformance.violation import NotApplicable, NotTested, Violation

TESTS = trying.of_groups("CON")
TEST = "test_calls_at_once_are_as_calls_in_some_order"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(ways, "LONGEST", 2.0)


def came_of(target, tests):
    return dict(outcomes(target, tests))


def stage_of(service):
    collection = workspace_of(service).collection()
    return Stage(collection, [collection.caller.opened])


def one_by_one(tasks):
    for task in tasks:
        task()
    return ways.Ran("one by one")


def violation_of(service, *threads, judge=None, run=one_by_one, before="one"):
    trial = stage_of(service).play(program(*threads, before=before), run)
    with pytest.raises(Violation) as raised:
        (judge or Judge(("CON-1",), Trace(), revisions=True)).judge(trial)
    return raised.value


def test_program_is_told_in_a_line():
    many = program(*["delete"] * 8, before="one two")
    assert told(many).endswith("| and 2 more like these; 'one' and 'two' were saved before")
    assert told(program("save", "list_all", before="", on=(0, 1))) == (
        "at once: A: save('one') | B (instance 2): list_all()"
    )


class Mixed(Steady):
    """Answers about another document."""

    def get(self, db_name, doc_id):
        return {**super().get(db_name, doc_id), "_id": "another"}


class SavedAnother(Steady):
    def save(self, db_name, doc_id, doc):
        return {**super().save(db_name, doc_id, doc), "id": "another"}


class Fails(Steady):
    def get(self, db_name, doc_id):
        raise HTTPException(400, "no")


class ListsNothing(Steady):
    def list_all(self, db_name):
        return None


class ListsTwice(Steady):
    def list_all(self, db_name):
        return super().list_all(db_name) * 2


@pytest.mark.parametrize(
    ("service", "clauses", "what"),
    [
        (Mixed, {"CON-1", "GET-2"}, "answers are mixed up between callers"),
        (SavedAnother, {"CON-1", "SAVE-1"}, "answers are mixed up between callers"),
        (Fails, {"CON-1", "ERR-2"}, "raised 400 ('no') because others were calling"),
        (ListsNothing, {"CON-1"}, "gave what is no list of dicts"),
        (ListsTwice, {"CON-1", "LIST-5"}, "shows the document 'one' 2 times"),
    ],
)
def test_answer_is_judged(service, clauses, what):
    found = violation_of(service(), "get")
    assert set(found.clauses) == clauses
    assert what in found.what


def test_echo_of_another_save_is_told_in_the_overview():
    class Echoes(Steady):
        def save(self, db_name, doc_id, doc):
            super().save(db_name, doc_id, doc)
            return {"version": "another", "_id": doc_id}

    judge = Judge(("CON-1",), Trace(), dialect="overview")
    assert judge.silent_deletes
    found = violation_of(Echoes(), "get", judge=judge)
    assert found.clauses == ("CON-1", "SAVE-1")
    assert "was answered with another" in found.what


def test_service_whose_code_is_not_at_hand_is_raced_in_plain_threads(monkeypatch):
    monkeypatch.setattr(seeking, "own_code", lambda service: own_code(object()))
    came = came_of(target_of(Steady), TESTS)
    assert {t: r for t, r in came.items() if r and not isinstance(r, NotApplicable)} == {}

    class SlowToPop(LookThenPop):
        def delete(self, db_name, doc_id):
            if (db_name, doc_id) not in self.store.kept:
                raise missing(db_name, doc_id)
            time.sleep(0.002)
            self.store.kept.pop((db_name, doc_id), None)

    assert {"CON-1", "CON-3"} <= named_by(came_of(target_of(SlowToPop), TESTS))


class SlowCompares(Compares):
    """Loses most saves where many write, as a store does that is a round trip away."""

    attempts = 1

    def swap(self, key, before, after):
        time.sleep(0.002)
        return super().swap(key, before, after)


def test_writers_that_lose_mostly_are_told():
    came = came_of(target_of(SlowCompares), ["test_many_writers_of_one_document_all_finish"])
    (found,) = came.values()
    assert found.clauses == ("CON-6",)
    assert "saves gave up with 409 while 16 writers saved one document" in found.what


def test_writers_that_never_come_to_an_end_are_told():
    class Hopeless(Steady):
        def save(self, db_name, doc_id, doc):
            if doc.get("version", "").startswith(("P", "O")):
                raise HTTPException(409, "try again")
            return super().save(db_name, doc_id, doc)

    came = came_of(target_of(Hopeless), ["test_many_writers_of_one_document_all_finish"])
    (found,) = came.values()
    assert found.clauses == ("CON-6",)
    assert "42 of 48 saves were done" in found.what


def test_after_a_deadlock_the_run_goes_on_and_waits_for_no_other():
    tests = [TEST, "test_one_of_many_deletes_succeeds"]
    first, second = came_of(target_of(TwoOrders), tests).values()
    assert "never ended" in first.what
    assert isinstance(second, NotTested)


def test_after_a_deadlock_of_the_only_instance_nobody_waits_for_it():
    only = TwoOrders()
    came = came_of(Target(name="only", connect=lambda: only), [TEST])
    assert "never ended" in came[TEST].what
    hung = seeking.Hung()
    with pytest.raises(TimeoutError, match="hangs since"):
        hung.get("a", "b")
    assert not hasattr(hung, "find")


def test_task_that_never_ends_is_told():
    class Sleeps(Looping):
        async def delete(self, db_name, doc_id):
            await asyncio.sleep(0)
            if self.locked.locked():
                await asyncio.sleep(60)
            async with self.locked:
                for _ in range(20):
                    await asyncio.sleep(0)
                self.inner.delete(db_name, doc_id)

    service = Sleeps()
    collection = workspace_of(service).collection()
    opened = collection.caller.opened

    def run(tasks):
        return ways.in_tasks(tasks, loop=opened.loop, code=own_code(service), seed=1)

    found = violation_of_stage(Stage(collection, [opened]), run)
    assert "never ended" in found.what
    opened.loop.close()


def violation_of_stage(stage, run):
    trial = stage.play(program("delete", "delete"), run)
    with pytest.raises(Violation) as raised:
        Judge(("CON-1",), Trace()).judge(trial)
    return raised.value


def test_threads_that_never_end_are_counted():
    lock = threading.Lock()
    lock.acquire()
    ran = ways.in_threads([lambda: None, lock.acquire])
    assert ran.unfinished == (1,)
    lock.release()


def breaks_off():
    raise LookupError


def test_thread_of_the_kit_that_breaks_off_is_no_pass(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda args: None)
    with pytest.raises(RuntimeError, match="broke off"):
        ways.in_threads([lambda: None, breaks_off])
    with pytest.raises(LookupError):
        ways.scheduled([breaks_off], code=own_code(Steady()), seed=1, style=ways.CROWDED)


def test_task_is_stopped_at_each_of_its_awaits_in_turn():
    service = AwaitsBetween()
    loop = EventLoop()
    stage = Stage(workspace_of(service).collection(), [Opened(service, loop)])
    code = own_code(service)

    def stopped(step):
        def run(tasks):
            return ways.in_stopped_tasks(tasks, loop=loop, code=code, step=step, patience=0.5)

        trial = stage.play(program("delete", "delete"), run)
        return [o.returned for o in trial.operations if o.thread in ("A", "B")]

    assert stopped(1) == [True, True]
    assert sorted(stopped(1 << 40)) == [False, True]
    loop.close()


def test_history_too_hard_to_judge_is_no_pass(monkeypatch):
    monkeypatch.setattr(
        "gofannon_conformance.suite.concurrency_verdicts.check",
        lambda history, silent_deletes: dict.fromkeys(
            history.by_document(), seeking_verdict("NOT_DECIDED")
        ),
    )
    came = came_of(target_of(Steady), [TEST])
    assert isinstance(came[TEST], NotTested)
    assert "too hard to be judged" in str(came[TEST])


def seeking_verdict(name):
    from gofannon_conformance.histories import Verdict

    return Verdict[name]


def test_instances_that_converge_within_their_bound_are_right(monkeypatch):
    monkeypatch.setattr("gofannon_conformance.suite.concurrency.ACROSS", ("save1", "get2"))
    tests = [t for t, clauses in TESTS.items() if "CON-5" in clauses]
    sequential, racing = came_of(target_of(Replica, **EVENTUAL), tests).values()
    assert sequential is None
    assert isinstance(racing, NotApplicable)


def test_instances_share_a_store_though_to_ask_a_new_process_took_all_patience(monkeypatch):
    monkeypatch.setattr("gofannon_conformance.capabilities.PATIENCE", 0.0)
    monkeypatch.setattr("gofannon_conformance.capabilities._persistent", takes_its_time)
    tests = ["test_other_instance_sees_each_change"]
    (found,) = came_of(target_of(NotToldOfDeletes, **SOON), tests).values()
    assert found.clauses[0] == "CON-5"


def takes_its_time(kit):
    """Find nothing, when a change has long arrived at the other replicas."""
    time.sleep(5 * ON_THE_WAY)
    return ""


SOON = {**EVENTUAL, "converges_within": 5 * ON_THE_WAY}


@pytest.mark.parametrize("broken", [NotToldOfDeletes, NegativeCache])
def test_instances_that_never_converge_are_told(broken):
    tests = ["test_other_instance_sees_each_change"]
    (found,) = came_of(target_of(broken, **SOON), tests).values()
    assert found.clauses[0] == "CON-5"
    assert "other.get(collection, 'one')" in found.program


def test_what_is_no_document_has_a_content_too():
    assert content(None) != content({})
    assert content({"a": bytearray(b"x")}) == content({"a": bytearray(b"x")})


def test_delete_of_what_was_never_saved_is_told():
    def deleted(thread, start, outcome):
        return Operation(
            thread=thread,
            method="delete",
            document=("agents", "a"),
            start=start,
            end=start + 1,
            outcome=outcome,
        )

    told = explain([deleted("A", 1, Outcome.RETURNED), deleted("B", 3, Outcome.MISSING)])
    assert told.sentence == "thread A's delete() reported success, but nothing had been saved"


class AsksThenDeletes(Served):
    """Deletes what it has just seen, and whoever else has done so meanwhile is no matter to it."""

    def delete(self, db_name, doc_id):
        self.get(db_name, doc_id)
        with suppress(HTTPException):
            super().delete(db_name, doc_id)


def test_race_is_found_while_requests_are_delayed_on_their_way():
    with kits(target_of(AsksThenDeletes, server=store)) as kit_of:
        kit = kit_of(TEST)
        seeker = seeking.Seeker(kit, "CON-3")
        with pytest.raises(Violation, match="two deletes both reported success"):
            seeker.seek_on_the_way(lambda *_: program("delete", "delete"))
        kit.finish()


def test_search_on_the_way_counts_what_it_could_not_decide(monkeypatch):
    with kits(target_of(Served, server=store)) as kit_of:
        kit = kit_of(TEST)
        seeker = seeking.Seeker(kit, "CON-1")
        monkeypatch.setattr(seeker.judge, "judge", lambda _: setattr(seeker.judge, "undecided", 1))
        with pytest.raises(NotTested, match="too hard"):
            seeker.seek_on_the_way(lambda *_: program("delete", "delete"))
        kit.finish()
