"""The threads of the FAULT tests: one for calls in turn, more for calls at once."""

import threading
from functools import partial

import pytest
from waiting import BOUND

from gofannon_conformance.suite.faults.threads import Threads


@pytest.fixture
def threads():
    threads = Threads()
    yield threads
    threads.close()


def test_first_call_and_calls_in_turn_share_a_thread(threads):
    alone = {threads.call([threading.get_ident], BOUND)[0] for _ in range(5)}
    meeting = threading.Barrier(4, timeout=BOUND)

    def meets():
        meeting.wait()
        return threading.get_ident()

    at_once = threads.call([meets] * 4, BOUND)
    assert len({*at_once}) == 4
    assert {at_once[0], *threads.call([threading.get_ident], BOUND)} == alone
    assert alone != {threading.get_ident()}


def test_callers_at_once_do_not_wait_for_each_other(threads):
    meeting = threading.Barrier(4, timeout=BOUND)
    answers = []
    callers = [
        threading.Thread(target=lambda: answers.extend(threads.call([meeting.wait], BOUND)))
        for _ in range(4)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert sorted(answers) == [0, 1, 2, 3]


def test_call_that_hangs_is_none_and_its_thread_is_not_used_again(threads):
    go_on, done = threading.Event(), threading.Event()
    hanging, other = threads.call([go_on.wait, done.set], 0.2)
    assert done.wait(BOUND)
    assert (hanging, other) == (None, None)
    assert threads.call([partial(int, "8")] * 2, BOUND) == [8, 8]
    go_on.set()


def test_error_of_the_kit_is_raised_in_the_callers_thread(threads):
    def fails():
        raise ValueError("no int")

    with pytest.raises(ValueError, match="no int"):
        threads.call([partial(int, "7"), fails], BOUND)
    assert threads.call([partial(int, "8")], BOUND) == [8]


def test_close_ends_the_threads(threads):
    used = threads.call([threading.current_thread] * 2, BOUND)
    threads.close()
    for thread in used:
        thread.join(BOUND)
        assert not thread.is_alive()
