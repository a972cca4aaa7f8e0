"""The turn, the choices and the events, each without the others."""

import os
import sys
import threading
import time
from collections import deque
from contextlib import nullcontext

import pytest

from gofannon_conformance.schedules import STYLES, Ended, Style, hands, own_code, race, racing
from gofannon_conformance.schedules import events as events_module
from gofannon_conformance.schedules import turns as turns_module
from gofannon_conformance.schedules.own import OwnCode
from gofannon_conformance.schedules.raced import Switch, Why, _instruction
from gofannon_conformance.schedules.sleeping import Sleeper
from gofannon_conformance.schedules.styles import choice
from gofannon_conformance.schedules.turns import Abandoned, Turns

CODE = compile("pass", "<nothing>", "exec")


def until(happened, bound=20.0):
    end = time.monotonic() + bound
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.0005)


class Listed:
    """Gives the turn as a list says; at the end of it, to whoever has it."""

    def __init__(self, *threads):
        self.threads = list(threads)
        self.asked = []

    def onward(self, running, ready):
        self.asked.append((running, tuple(ready)))
        return self.threads.pop(0) if self.threads else running

    def instead(self, ready):
        return ready[0]


def play(chosen, *scripts):
    """Run scripts, each a function of `step`, as threads that take turns; give what was said."""
    turns, said = Turns(len(scripts), chosen), []

    def run(me):
        def step(word):
            said.append(word)
            turns.event(me, CODE, len(said))

        try:
            turns.begin(me)
            scripts[me](step)
        except Abandoned:
            said.append(f"{me} abandoned")
        turns.end(me)

    threads = [threading.Thread(target=run, args=[i], daemon=True) for i in range(len(scripts))]
    for thread in threads:
        thread.start()
    return turns, said, threads


def played(chosen, *scripts):
    turns, said, threads = play(chosen, *scripts)
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


def test_a_thread_that_waits_for_another_loses_the_turn_until_it_comes_back():
    lock = threading.Lock()

    def holds(step):
        with lock:
            step("holds")
        step("let go")

    def waits(step):
        step("before")
        with lock:
            step("has it")

    turns, said = played(Listed(1, 1), holds, waits)
    assert said[:3] == ["holds", "before", "let go"]
    assert (1, 0, Why.WAITING) in [(p.thread, p.to, p.why) for p in turns.passed]
    assert said[-1] == "has it"


def test_the_first_that_comes_back_has_the_turn_when_all_wait():
    first, second = threading.Event(), threading.Event()

    def waits(step):
        assert first.wait(20)
        step("first")
        second.set()

    def waits_too(step):
        assert second.wait(20)
        step("second")

    turns, said, _ = play(Listed(), waits, waits_too)
    until(lambda: (turns.look(), len(turns._away) == 2)[1])
    first.set()
    while not turns.all_ended.acquire(timeout=0.0005):
        turns.look()
    assert said == ["first", "second"]


def test_who_is_ready_does_not_depend_on_how_fast_a_thread_wakes(monkeypatch):
    monkeypatch.setattr(turns_module, "_AWAKE", 1.0)  # it may wait long for a processor
    lock = threading.Lock()

    def holds(step):
        with lock:
            step("holds")
        for word in "xyz":
            step(word)

    def waits(step):
        with lock:
            step("has it")

    ready = []
    for _ in range(10):
        chosen = Listed(1)
        played(chosen, holds, waits)
        ready.append(chosen.asked[:2])
    assert ready.count([(0, (1,)), (0, (1,))]) >= 8  # the machine may be too busy to tell


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


def test_all_threads_are_ended_at_their_next_event_when_the_race_is_closed():
    reached = threading.Event()

    def endless(step):
        while True:
            reached.set()
            step("on")

    turns, said, threads = play(Listed(), endless, words("never"))
    assert reached.wait(20)
    turns.close()
    for thread in threads:
        thread.join(20)
    assert "0 abandoned" in said
    assert "1 abandoned" in said
    assert "never" not in said


def test_a_race_that_is_closed_keeps_no_hand_over():
    turns, _, threads = play(Listed(), words("a"))
    until(lambda: not threads[0].is_alive())
    turns.close()
    assert turns.passed == []


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


def test_a_thread_that_runs_alone_for_very_long_falls_behind():
    chosen = choice(Style("some", changes=1, steps=1), 1, 2)
    running = 0
    for _ in range(10_000):
        running = chosen.onward(running, ())
    assert chosen.onward(0, (1,)) == 1


def test_a_style_is_known_by_its_name():
    assert [str(style) for style in STYLES] == [
        "lines",
        "priorities, 1 changes",
        "priorities, 2 changes",
        "priorities, 3 changes",
        "opcodes",
    ]


@pytest.fixture
def sleeper():
    """A thread that sleeps or spins, as told, and its `Sleeper`."""
    made, spin, stop = [], threading.Event(), threading.Event()

    def run():
        made.append(Sleeper())
        spin.wait()
        while not stop.is_set():
            pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    until(lambda: made)
    made[0].spin = spin.set
    made[0].end = lambda: (spin.set(), stop.set(), thread.join(20))
    yield made[0]
    made[0].end()
    made[0].close()
    made[0].close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a thread's state")
def test_a_thread_that_waits_is_told_from_one_that_computes(sleeper):
    until(lambda: sleeper.stuck(0.001))
    assert not sleeper.awake()
    sleeper.spin()
    until(sleeper.awake)
    until(lambda: not sleeper.stuck(0.001))
    until(lambda: sleeper.stuck(1.0))
    sleeper.end()
    until(lambda: not sleeper.awake())


def test_where_no_state_is_told_only_time_tells(monkeypatch):
    def refused(*_):
        raise FileNotFoundError

    monkeypatch.setattr(os, "open", refused)
    sleeper = Sleeper()
    assert not sleeper.awake()
    assert not sleeper.stuck(0.001)
    assert sleeper.stuck(0.1)


def test_races_end_where_no_state_is_told(monkeypatch):
    class Untold(Sleeper):
        def __init__(self):
            self._file = -1

    class Locked:
        def __init__(self):
            self.lock = threading.Lock()
            self.number = 0

        def add(self):
            with self.lock:
                seen = self.number
                self.number = seen + 1

    monkeypatch.setattr("gofannon_conformance.schedules.turns.Sleeper", Untold)
    for seed in range(10):
        service = Locked()
        race([service.add] * 3, code=own_code(service), seed=seed, style=STYLES[0])
        assert service.number == 3


class Deaf:
    """Hears nothing: the threads only begin and end."""

    def __init__(self, code, event, *, opcodes):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def heard(self, me):
        return nullcontext()


def test_tasks_without_events_run_one_after_the_other(monkeypatch):
    monkeypatch.setattr(racing, "hearing", Deaf)
    error = ValueError("no")

    def fails():
        raise error

    raced = race([lambda: 1, fails, lambda: 3], code=OwnCode([]), seed=3, style=STYLES[0])
    assert raced.results == (Ended(1), Ended(error=error), Ended(3))
    assert raced.steps == 0
    assert [switch.why for switch in raced.switches] == [Why.ENDED] * 2


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
    until(lambda: len(hands._IDLE) == 1)  # it can be lent again


def raced_function(number):
    total = number
    total += 1
    return total


@pytest.mark.parametrize("opcodes", [False, True])
def test_a_thread_is_heard_at_each_line_or_bytecode_of_own_code_only(opcodes):
    heard = []

    def event(me, code, at):
        heard.append((me, code.co_name, at))

    with events_module.hearing(OwnCode([__file__]), event, opcodes=opcodes) as hearer:
        with hearer.heard(7):
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


def test_the_trace_function_hears_what_it_is_for():
    heard = []
    own = OwnCode([__file__])
    frame = sys._getframe()
    for opcodes in (False, True):
        tracer = events_module._Traced(own, lambda *e: heard.append(e), opcodes=opcodes)
        inside = tracer._entering(3)(frame, "call", None)
        assert inside(frame, "return", None) is inside
        assert heard == []
        inside(frame, "opcode" if opcodes else "line", None)
        ((me, code, _),) = heard
        assert (me, code) == (3, frame.f_code)
        heard.clear()
    frame.f_trace_opcodes = False
    assert (
        events_module._Traced(OwnCode([]), None, opcodes=False)._entering(3)(frame, "", 0) is None
    )


def test_a_switch_before_the_first_event_has_no_place():
    stop = Switch("A", "B", Why.WAITING, "", 0, "", "")
    assert str(stop) == "thread A had to wait; thread B went on"
