"""Histories whose verdict is known, and the search held against one that tries every order."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gofannon_conformance.histories import History, Operation, Outcome, Verdict, check, linearizable
from gofannon_conformance.histories.checking import effects_of

DOCUMENT = ("agents", "a")
LINEARIZABLE, NOT_LINEARIZABLE = Verdict.LINEARIZABLE, Verdict.NOT_LINEARIZABLE
MISSING, REFUSED, FAILED = Outcome.MISSING, Outcome.REFUSED, Outcome.FAILED


def call(thread, method, start, end, value=None, outcome=Outcome.RETURNED, document=DOCUMENT):
    """One operation; the value is the version that a save brought or a get saw."""
    brought = {"version": value} if value is not None else None
    return Operation(
        thread=thread,
        method=method,
        document=document,
        start=start,
        end=end,
        outcome=outcome,
        argument=brought if method == "save" else None,
        value=brought if method == "get" else None,
    )


def save(thread, start, end, value, outcome=Outcome.RETURNED):
    return call(thread, "save", start, end, value, outcome)


def get(thread, start, end, value=None):
    return call(thread, "get", start, end, value, MISSING if value is None else Outcome.RETURNED)


def delete(thread, start, end, outcome=Outcome.RETURNED):
    return call(thread, "delete", start, end, outcome=outcome)


RIGHT = {
    "nothing": [],
    "missing": [get("A", 1, 2), delete("A", 3, 4, MISSING)],
    "one-after-the-other": [save("A", 1, 2, 1), get("A", 3, 4, 1), delete("A", 5, 6)],
    "read-of-an-overlapping-save": [save("A", 1, 4, 1), get("B", 2, 3, 1)],
    "no-read-of-an-overlapping-save": [save("A", 1, 4, 1), get("B", 2, 3)],
    "saves-overlap-either-may-stay": [save("A", 1, 3, 1), save("B", 2, 4, 2), get("A", 5, 6, 1)],
    "one-delete-of-two": [save("A", 1, 2, 1), delete("A", 3, 5), delete("B", 4, 6, MISSING)],
    "both-deletes-with-a-save-between": [
        save("A", 1, 2, 1),
        delete("A", 3, 7),
        save("C", 4, 8, 2),
        delete("B", 5, 9),
    ],
    "refused-save-did-nothing": [
        save("A", 1, 2, 1),
        save("B", 3, 4, 2, REFUSED),
        get("A", 5, 6, 1),
    ],
    "failed-save-never-happened": [save("A", 1, 2, 1, FAILED), get("B", 3, 4)],
    "failed-save-happened-later": [
        save("A", 1, 2, 1, FAILED),
        get("B", 3, 4),
        get("B", 5, 6, 1),
    ],
    "failed-delete-happened-later": [
        save("A", 1, 2, 1),
        delete("A", 3, 4, FAILED),
        get("B", 5, 6, 1),
        get("B", 7, 8),
    ],
    "failed-read-says-nothing": [call("A", "get", 1, 2, 9, FAILED)],
    "pending-save-was-seen": [
        call("A", "save", 1, None, 1, Outcome.PENDING),
        get("B", 2, 3, 1),
    ],
    "two-versions-of-equal-content": [
        save("A", 1, 2, 1),
        save("A", 3, 4, 2),
        save("A", 5, 6, 1),
        get("B", 7, 8, 1),
    ],
}

WRONG = {
    "lost-update": [save("A", 1, 2, 1), save("B", 3, 4, 2), get("A", 5, 6, 1)],
    "stale-read": [save("A", 1, 2, 1), save("A", 3, 5, 2), get("A", 6, 8, 1), get("B", 7, 9, 2)],
    "resurrected": [save("A", 1, 2, 1), delete("B", 3, 4), get("A", 5, 6, 1)],
    "double-delete": [save("A", 1, 2, 1), delete("A", 3, 5), delete("B", 4, 6)],
    "delete-of-nothing": [delete("A", 1, 2)],
    "missing-though-saved": [save("A", 1, 2, 1), get("B", 3, 4)],
    "delete-finds-nothing-though-saved": [save("A", 1, 2, 1), delete("B", 3, 4, MISSING)],
    "never-written": [save("A", 1, 2, 1), get("B", 3, 4, 7)],
    "read-before-it-was-saved": [get("B", 1, 2, 1), save("A", 3, 4, 1)],
    "reads-disagree": [
        save("A", 1, 9, 1),
        save("B", 2, 10, 2),
        get("C", 3, 4, 1),
        get("C", 5, 6, 2),
        get("C", 7, 8, 1),
    ],
    "refused-save-was-seen": [
        save("A", 1, 2, 1),
        save("B", 3, 4, 2, REFUSED),
        get("A", 5, 6, 2),
    ],
    "failed-save-seen-and-gone": [
        save("A", 1, 2, 1),
        save("B", 3, 4, 2, FAILED),
        get("C", 5, 6, 2),
        get("C", 7, 8, 1),
    ],
    "all-deletes-found-nothing": [
        save("A", 1, 2, 1),
        delete("A", 3, 5, MISSING),
        delete("B", 4, 6, MISSING),
    ],
    "true-is-not-one": [save("A", 1, 2, True), get("A", 3, 4, 1)],
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_history_is_linearizable(name):
    assert linearizable(RIGHT[name]) is LINEARIZABLE
    assert by_every_order(RIGHT[name])


@pytest.mark.parametrize("name", WRONG)
def test_wrong_history_is_not_linearizable(name):
    assert linearizable(WRONG[name]) is NOT_LINEARIZABLE
    assert not by_every_order(WRONG[name])


def test_silent_delete_of_what_is_missing_is_right_in_its_dialect():
    twice = WRONG["double-delete"]
    assert linearizable(twice, silent_deletes=True) is LINEARIZABLE
    after = [*twice, get("A", 7, 8, 1)]
    assert linearizable(after, silent_deletes=True) is NOT_LINEARIZABLE


def test_own_fields_of_a_backend_are_no_content():
    saved = save("A", 1, 2, 1)
    seen = Operation(
        thread="B",
        method="get",
        document=DOCUMENT,
        start=3,
        end=4,
        outcome=Outcome.RETURNED,
        value={"version": 1.0, "_id": "a", "_rev": "1"},
    )
    assert linearizable([saved, seen]) is LINEARIZABLE


def test_documents_are_judged_apart():
    other = ("agents", "b")
    history = History.of(
        [*WRONG["lost-update"], call("A", "save", 10, 11, 1, document=other)],
    )
    assert check(history) == {DOCUMENT: NOT_LINEARIZABLE, other: LINEARIZABLE}


def test_too_hard_a_history_is_not_decided():
    overlapping = [save(f"T{n}", n + 1, 100 + n, n) for n in range(12)]
    reads = [get("A", 210 + 2 * n, 211 + 2 * n, n) for n in range(12)]
    assert linearizable([*overlapping, *reads], bound=500) is Verdict.NOT_DECIDED
    assert check(History.of([*overlapping, *reads]), bound=500) == {DOCUMENT: Verdict.NOT_DECIDED}
    assert linearizable([*overlapping, reads[4]], bound=500) is LINEARIZABLE


def test_many_writers_whom_nobody_reads_are_cheap():
    rounds = [
        save(f"T{n}", 100 * r + n + 1, 100 * r + 50 + n, 100 * r + n)
        for r in range(5)
        for n in range(16)
    ]
    assert linearizable([*rounds, get("A", 900, 901, 407)], bound=500) is LINEARIZABLE
    assert linearizable([*rounds, get("A", 900, 901, 307)], bound=500) is NOT_LINEARIZABLE


def test_writes_that_may_have_happened_and_help_nobody_cost_nothing():
    failed = [save(f"T{n}", n + 1, 100 + n, n, FAILED) for n in range(40)]
    history = [*failed, delete("B", 300, 301, FAILED), get("A", 200, 201, 7)]
    assert len(effects_of(history)) == 2
    assert linearizable(history, bound=10) is LINEARIZABLE


def by_every_order(operations, *, silent_deletes=False):
    """Try every subset of the uncertain writes, and every order that respects time."""
    certain = [o for o in operations if not o.is_uncertain and o.outcome is not REFUSED]
    uncertain = [o for o in operations if o.is_uncertain and o.method != "get"]
    for count in range(len(uncertain) + 1):
        for happened in itertools.combinations(uncertain, count):
            for order in itertools.permutations([*certain, *happened]):
                if respects_time(order) and plays(order, silent_deletes):
                    return True
    return False


def respects_time(order):
    return not any(
        later.end is not None and not later.is_uncertain and later.end < earlier.start
        for earlier, later in itertools.combinations(order, 2)
    )


def plays(order, silent_deletes):
    version = None
    for operation in order:
        if operation.outcome is MISSING:
            if version is not None:
                return False
        elif operation.method == "get":
            if repr(operation.value["version"]) != repr(version):
                return False
        elif operation.method == "save":
            version = operation.argument["version"]
        elif version is None and not operation.is_uncertain and not silent_deletes:
            return False
        else:
            version = None
    return True


def at_random(draw, size):
    """A history of a few threads on one document, whose answers are drawn at random."""
    events = list(range(1, 2 * size + 1))
    open_calls, operations = {}, []
    for event in events:
        idle = [t for t in "ABC" if t not in open_calls]
        begun = len(operations) + len(open_calls)
        if idle and begun < size and (not open_calls or draw(2)):
            open_calls[idle[draw(len(idle))]] = event
        elif open_calls:
            threads = sorted(open_calls)
            thread = threads[draw(len(threads))]
            operations.append(answered_at_random(draw, thread, open_calls.pop(thread), event))
    return sorted(operations, key=lambda o: o.start)


ANSWERS = [Outcome.RETURNED] * 6 + [MISSING, REFUSED, FAILED]


def answered_at_random(draw, thread, start, end):
    method = ("save", "save", "get", "get", "delete")[draw(5)]
    value = 1 + draw(2) if method != "delete" else None
    outcome = ANSWERS[draw(len(ANSWERS))]
    if outcome is MISSING and method == "save":
        outcome = Outcome.RETURNED
    if outcome is FAILED and draw(2):
        return call(thread, method, start, None, value, Outcome.PENDING)
    return call(thread, method, start, end, value, outcome)


def test_search_agrees_with_every_order_on_thousands_of_histories():
    source = random.Random(20_240)
    verdicts = {True: 0, False: 0}
    for trial in range(4000):
        operations = at_random(source.randrange, 2 + trial % 4)
        silent = trial % 5 == 0
        right = by_every_order(operations, silent_deletes=silent)
        found = linearizable(operations, silent_deletes=silent)
        assert found is (LINEARIZABLE if right else NOT_LINEARIZABLE), operations
        verdicts[right] += 1
    assert min(verdicts.values()) > 800


@settings(max_examples=150, deadline=None)
@given(st.data(), st.integers(1, 6), st.booleans())
def test_search_agrees_with_every_order(data, size, silent):
    operations = at_random(lambda n: data.draw(st.integers(0, n - 1)), size)
    right = by_every_order(operations, silent_deletes=silent)
    found = linearizable(operations, silent_deletes=silent)
    assert found is (LINEARIZABLE if right else NOT_LINEARIZABLE)
