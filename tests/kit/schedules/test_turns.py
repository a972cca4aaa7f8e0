"""The turn, the choices of styles, sleeping threads and events, each tested alone."""

import os
import sys
import threading
from collections import deque
from dataclasses import replace

import pytest
from waiting import eventually

from gofannon_conformance.schedules import STYLES, Ended, Style, race
from gofannon_conformance.schedules import events as events_module
from gofannon_conformance.schedules import threads as hands
from gofannon_conformance.schedules.outcome import Passed, Why, _instruction
from gofannon_conformance.schedules.own_code import OwnCode
from gofannon_conformance.schedules.sleep import Sleeper
from gofannon_conformance.schedules.styles import PRIORITIES, choice, stopped_at
from gofannon_conformance.schedules.turns import Turns

CODE = compile("pass", "<nothing>", "exec")


class Listed:
    """Passes the turn as a list says; after its end, the running thread keeps it."""

    def __init__(self, *threads):
        self.threads = list(threads)
        self.asked = []

    def onward(self, running, ready):
        self.asked.append((running, tuple(ready)))
        return self.threads.pop(0) if self.threads else running

    def instead(self, ready):
        return ready[0]

    def quiet(self, running):
        return 0


def played(chosen, *scripts):
    """Run scripts, each a function of `step`, as threads that take turns."""
    turns, said = Turns(len(scripts), chosen), []

    def run(me):
        def step(word):
            said.append(word)
            turns.event(me, CODE, len(said))

        turns.begin(me)
        scripts[me](step)
        turns.end(me)

    threads = [threading.Thread(target=run, args=[i], daemon=True) for i in range(len(scripts))]
    for thread in threads:
        thread.start()
    while not turns.all_ended.acquire(timeout=0.0005):
        turns.look()
    for thread in threads:
        thread.join(20)
    return turns, said


def words(*those):
    def script(step):
        for word in those:
            step(word)

    return script


def test_the_turn_goes_where_the_choice_says():
    chosen = Listed(1, 2, 0)
    turns, said = played(chosen, words("a", "b"), words("c"), words("d"))
    assert said == ["a", "c", "d", "b"]
    assert [(p.thread, p.to, p.why) for p in turns.passed] == [
        (0, 1, Why.CHOSEN),
        (1, 2, Why.CHOSEN),
        (2, 0, Why.CHOSEN),
        (0, 1, Why.ENDED),
        (1, 2, Why.ENDED),
    ]
    assert chosen.asked[0] == (0, (1, 2))
    assert turns.steps == 4
    assert turns.passed[0].place == (CODE, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a thread's state")
def test_a_thread_that_computes_is_waited_for_but_not_for_ever():
    started, stop, turns = threading.Event(), threading.Event(), None

    def spins(step):
        started.set()
        while not stop.is_set():
            pass
        step("spun")

    def goes(step):
        step("x")
        step("y")
        stop.set()

    turns, said = played(Listed(), spins, goes)
    assert said == ["x", "y", "spun"]
    assert turns.passed[0].why is Why.WAITING


def test_by_chance_the_turn_passes_as_often_as_it_should():
    chosen = choice(Style("some", chance=0.2), 1, 3)
    onward = [chosen.onward(0, (1, 2)) for _ in range(2000)]
    assert 300 < len([to for to in onward if to]) < 500
    assert {1, 2} <= set(onward)
    assert choice(Style("all", chance=1.0), 1, 1).onward(0, ()) == 0


def test_whether_others_were_ready_changes_no_later_chance():
    first, second = (choice(Style("some", chance=0.2), 5, 2) for _ in range(2))
    for _ in range(10):
        first.onward(0, ())
        second.onward(0, ())
    assert [first.onward(0, (1,)) for _ in range(20)] == [second.onward(0, (1,)) for _ in range(20)]


def passes(style, seed, *, is_quiet):
    """Return the running thread at each of many events; quiet ones are skipped, or asked for."""
    chosen, found = choice(style, seed, 3), []
    running = chosen.instead((0, 1, 2))
    while len(found) < 300:
        if is_quiet and (events := chosen.quiet(running)):
            chosen.skip(running, events)
            found += [running] * events
        running = chosen.onward(running, [i for i in range(3) if i != running])
        found.append(running)
    return found[:300]


@pytest.mark.parametrize(
    "style", [*PRIORITIES, stopped_at(1), stopped_at(5, 9, 2), replace(stopped_at(3), spinning=10)]
)
@pytest.mark.parametrize("seed", range(5))
def test_quiet_events_are_those_at_which_the_turn_stays(style, seed):
    assert passes(style, seed, is_quiet=True) == passes(style, seed, is_quiet=False)


def test_priorities_change_at_as_many_events_as_they_should():
    for changes in (1, 2, 3):
        for seed in range(20):
            chosen = choice(Style("some", changes=changes, steps=50), seed, 4)
            running, others, passed = chosen.instead((0, 1, 2, 3)), [], 0
            for _ in range(50):
                others = [i for i in range(4) if i != running]
                to = chosen.onward(running, others)
                passed += to != running
                running = to
            assert 1 <= passed <= changes


@pytest.fixture
def sleeper():
    """Return the `Sleeper` of a thread that sleeps, until its `spin` is called."""
    made, spin, stop = [], threading.Event(), threading.Event()

    def run():
        made.append(Sleeper())
        spin.wait()
        while not stop.is_set():
            pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    eventually(lambda: made)
    made[0].spin = spin.set
    made[0].end = lambda: (spin.set(), stop.set(), thread.join(20))
    yield made[0]
    made[0].end()
    made[0].close()
    made[0].close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a thread's state")
def test_a_sleeper_tells_a_waiting_thread_from_a_computing_one(sleeper):
    eventually(lambda: sleeper.stuck(0.001))
    assert not sleeper.awake()
    sleeper.spin()
    eventually(sleeper.awake)
    eventually(lambda: not sleeper.stuck(0.001))
    eventually(lambda: sleeper.stuck(1.0))
    sleeper.end()
    eventually(lambda: not sleeper.awake())


def test_without_a_thread_state_the_time_decides(monkeypatch):
    def refused(*_):
        raise FileNotFoundError

    monkeypatch.setattr(os, "open", refused)
    sleeper = Sleeper()
    assert not sleeper.awake()
    assert not sleeper.stuck(0.001)
    assert sleeper.stuck(0.1)


def test_races_end_without_thread_states(monkeypatch):
    class Stateless(Sleeper):
        def __init__(self):
            self._file = -1

    lock = threading.Lock()

    def locked():
        with lock:
            return 1

    monkeypatch.setattr("gofannon_conformance.schedules.turns.Sleeper", Stateless)
    for seed in range(10):
        raced = race([locked] * 3, code=OwnCode([__file__]), seed=seed, style=STYLES[0])
        assert [ended.value for ended in raced.results] == [1] * 3


def test_tasks_without_own_code_run_one_after_the_other():
    error = ValueError("no")

    def fails():
        raise error

    raced = race([lambda: 1, fails, lambda: 3], code=OwnCode([]), seed=3, style=STYLES[0])
    assert raced.results == (Ended(1), Ended(error=error), Ended(3))
    assert raced.steps == 0
    assert [passed.why for passed in raced.passed] == [Why.ENDED] * 2


def test_a_race_of_nothing_is_refused():
    with pytest.raises(ValueError, match="needs a task"):
        race([], code=OwnCode([]), seed=1, style=STYLES[0])


def test_a_thread_that_cannot_be_started_leaves_none_behind(monkeypatch):
    start, started = threading.Thread.start, []

    def refused(thread):
        if started:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(hands, "_IDLE", deque())
    monkeypatch.setattr(threading.Thread, "start", refused)
    with pytest.raises(RuntimeError, match="can't start"):
        race([lambda: 1, lambda: 2], code=OwnCode([]), seed=1, style=STYLES[0])
    eventually(lambda: len(hands._IDLE) == 1)  # it can be reused


def raced_function(number):
    total = number
    total += 1
    return total


@pytest.mark.parametrize("opcodes", [False, True])
def test_a_listener_reports_each_line_or_bytecode_of_own_code_only(opcodes):
    heard = []

    def event(me, code, at):
        heard.append((me, code.co_name, at))

    with events_module.Listener(OwnCode([__file__]), event, opcodes=opcodes) as listener:
        with listener.thread(7):
            raced_function(1)
            os.path.join("a", "b")  # noqa: PTH118  # code of the standard library
        raced_function(2)
    raced_function(3)
    first = raced_function.__code__.co_firstlineno
    if opcodes:
        assert {_instruction(raced_function.__code__, at)[0] - first for *_, at in heard} >= {1, 2}
        assert len(heard) > 6
    else:
        assert heard == [(7, "raced_function", first + i) for i in (1, 2, 3)]


def test_a_switch_before_the_first_event_has_no_place():
    text = Passed(0, 1, Why.WAITING, None).text(opcodes=False)
    assert text == "thread A had to wait; thread B went on"
