"""The threads of the FAULT tests: one for calls in turn, more for calls at once."""

import threading
from functools import partial

import pytest

from gofannon_conformance.suite.faults_crew import Crew

SOON = 10.0


@pytest.fixture
def crew():
    crew = Crew()
    yield crew
    crew.leave()


def test_calls_in_turn_are_made_in_one_thread(crew):
    threads = {crew.together([threading.get_ident], SOON)[0] for _ in range(5)}
    assert len(threads) == 1
    assert threads != {threading.get_ident()}


def test_thread_of_the_first_call_is_that_of_the_calls_in_turn(crew):
    alone = crew.together([threading.get_ident], SOON)
    meeting = threading.Barrier(4, timeout=SOON)

    def meets():
        meeting.wait()
        return threading.get_ident()

    at_once = crew.together([meets] * 4, SOON)
    assert len({*at_once}) == 4
    assert at_once[0] == alone[0] == crew.together([threading.get_ident], SOON)[0]


def test_callers_at_once_do_not_wait_for_each_other(crew):
    meeting = threading.Barrier(4, timeout=SOON)
    answers = []
    callers = [
        threading.Thread(target=lambda: answers.extend(crew.together([meeting.wait], SOON)))
        for _ in range(4)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert sorted(answers) == [0, 1, 2, 3]


def test_call_that_does_not_end_is_none_and_its_thread_is_not_asked_again(crew):
    go_on = threading.Event()
    assert crew.together([go_on.wait, partial(int, "7")], 0.2) == [None, 7]
    assert crew.together([partial(int, "8")] * 2, SOON) == [8, 8]
    go_on.set()


def test_what_the_kit_raises_is_raised_where_the_call_was_asked_for(crew):
    with pytest.raises(ValueError, match="no int"):
        crew.together([partial(int, "7"), partial(fails, "no int")], SOON)
    assert crew.together([partial(int, "8")], SOON) == [8]


def fails(words):
    raise ValueError(words)


def test_threads_end_when_it_is_over(crew):
    before = threading.active_count()
    with_its_own = crew.together([threading.current_thread] * 2, SOON)
    crew.leave()
    for thread in with_its_own:
        thread.join(SOON)
    assert threading.active_count() <= before
