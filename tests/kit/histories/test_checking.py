"""Histories with known results, and the search compared with one that tries every order."""

import itertools
import random

import pytest
from histories_given import (
    DOCUMENT,
    FAILED,
    LINEARIZABLE,
    MISSING,
    NOT_LINEARIZABLE,
    REFUSED,
    WRONG,
    at_random,
    call,
    delete,
    get,
    save,
)

from gofannon_conformance.histories import CheckResult, History, check, linearizable
from gofannon_conformance.histories.checking import effects_of

RIGHT = {
    "nothing": [],
    "read-of-an-overlapping-save": [save("A", 1, 4, 1), get("B", 2, 3, 1)],
    "saves-overlap-either-may-stay": [save("A", 1, 3, 1), save("B", 2, 4, 2), get("A", 5, 6, 1)],
    "both-deletes-with-a-save-between": [
        save("A", 1, 2, 1),
        delete("A", 3, 7),
        save("C", 4, 8, 2),
        delete("B", 5, 9),
    ],
    "failed-save-happened-later": [
        save("A", 1, 2, 1, FAILED),
        get("B", 3, 4),
        get("B", 5, 6, 1),
    ],
    "failed-read-has-no-meaning": [call("A", "get", 1, 2, 9, FAILED)],
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


def test_fields_of_the_backend_are_no_content():
    seen = get("B", 3, 4, {"version": 1.0, "_id": "a", "_rev": "1"})
    assert linearizable([save("A", 1, 2, 1), seen]) is LINEARIZABLE


def test_documents_are_checked_separately():
    other = ("agents", "b")
    history = History.of(
        [*WRONG["lost-update"], call("A", "save", 10, 11, 1, document=other)],
    )
    assert check(history) == {DOCUMENT: NOT_LINEARIZABLE, other: LINEARIZABLE}


def test_a_history_that_is_too_hard_is_not_decided():
    overlapping = [save(f"T{n}", n + 1, 100 + n, n) for n in range(12)]
    reads = [get("A", 210 + 2 * n, 211 + 2 * n, n) for n in range(12)]
    assert linearizable([*overlapping, *reads], bound=500) is CheckResult.NOT_DECIDED
    assert check(History.of([*overlapping, *reads]), bound=500) == {
        DOCUMENT: CheckResult.NOT_DECIDED
    }
    assert linearizable([*overlapping, reads[4]], bound=500) is LINEARIZABLE


def test_many_writes_without_reads_are_cheap():
    rounds = [
        save(f"T{n}", 100 * r + n + 1, 100 * r + 50 + n, 100 * r + n)
        for r in range(5)
        for n in range(16)
    ]
    assert linearizable([*rounds, get("A", 900, 901, 407)], bound=500) is LINEARIZABLE
    assert linearizable([*rounds, get("A", 900, 901, 307)], bound=500) is NOT_LINEARIZABLE


def test_uncertain_writes_that_explain_nothing_are_free():
    failed = [save(f"T{n}", n + 1, 100 + n, n, FAILED) for n in range(40)]
    history = [*failed, delete("B", 300, 301, FAILED), get("A", 200, 201, 7)]
    assert len(effects_of(history)) == 2
    assert linearizable(history, bound=10) is LINEARIZABLE


def by_every_order(operations, *, silent_deletes=False):
    """Return whether some order explains them: try all, with every subset of uncertain writes."""
    certain = [o for o in operations if not o.is_uncertain and o.ending is not REFUSED]
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
        if operation.ending is MISSING:
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


def test_search_agrees_with_every_order_on_thousands_of_histories():
    source = random.Random(20_240)
    results = {True: 0, False: 0}
    for trial in range(4000):
        operations = at_random(source.randrange, 2 + trial % 4)
        silent = trial % 5 == 0
        right = by_every_order(operations, silent_deletes=silent)
        found = linearizable(operations, silent_deletes=silent)
        assert found is (LINEARIZABLE if right else NOT_LINEARIZABLE), operations
        results[right] += 1
    assert min(results.values()) > 800
