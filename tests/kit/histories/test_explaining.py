"""The explanation of a wrong history: its smallest wrong part, a sentence and a timeline."""

import random

import pytest
from fastapi import HTTPException
from histories_given import (
    FAILED,
    NOT_LINEARIZABLE,
    REFUSED,
    WRONG,
    at_random,
    call,
    delete,
    get,
    save,
)

from gofannon_conformance.histories import Ending, explain, linearizable

PENDING = Ending.PENDING

EXPLAINED = {
    "lost-update": """
thread A's get() began after thread B's save() of 2 had returned, and still saw 1
A  [save 1: ok]            [get: 1]
B              [save 2: ok]
""",
    "stale-read": """
thread A's get() began after thread A's save() of 2 had returned, and still saw 1
A  [save 1: ok][save 2: ok][get: 1]
""",
    "resurrected": """
thread A's get() began after thread B's delete() had returned, and still saw 1
A  [save 1: ok]            [get: 1]
B              [delete: ok]
""",
    "double-delete": """
two deletes both reported success, but the document was saved only once between them
A  [save 1: ok][delete: ok]
B               [delete: ok]
""",
    "delete-of-nothing": """
thread A's delete() reported success, but nothing had been saved
A  [delete: ok]
""",
    "missing-though-saved": """
thread B's get() began after thread A's save() of 1 had returned, \
and found nothing (404): no delete() can have come between
A  [save 1: ok]
B              [get: 404]
""",
    "never-written": """
thread B's get() saw 7, which nobody saved
B  [get: 7]
""",
    "read-before-it-was-saved": """
thread B's get() saw 1 before any save() of it had begun
B  [get: 1]
""",
    "reads-disagree": """
thread C's get() saw 1 after thread C's get() had seen 2, and no save() of 1 can have come between
A  [save 1: ok               ]
B   [save 2: ok               ]
C    [get: 1][get: 2][get: 1]
""",
    "refused-save-was-seen": """
thread A's get() saw 2, but thread B's save() of 2 had been refused (refused)
A  [get: 2]
""",
    "failed-save-seen-and-gone": """
thread C's get() saw 1 after thread C's get() had seen 2, and no save() of 1 can have come between
A  [save 1: ok]
B              [save 2: failed ...
C                                  [get: 2][get: 1]
""",
}


@pytest.mark.parametrize("name", EXPLAINED)
def test_anomaly_is_explained(name):
    assert f"\n{explain(WRONG[name])}\n" == EXPLAINED[name]


MORE = {
    "deletes-of-a-document-that-was-saved-more-often": (
        [save("A", 1, 2, 1), save("B", 3, 4, 2), delete("A", 5, 7), delete("B", 6, 8)],
        "two deletes both reported success, and no save() can have come between them",
    ),
    "three-deletes-of-two": (
        [
            save("A", 1, 2, 1),
            save("A", 3, 20, 2),
            delete("B", 4, 21),
            delete("C", 5, 22),
            delete("D", 6, 23),
        ],
        "3 deletes reported success, but the document was saved only twice between them",
    ),
    "found-again": (
        [save("A", 1, 2, 1), delete("B", 3, 9), get("C", 4, 5), get("C", 6, 7, 1)],
        (
            "thread C's get() saw 1 after thread C's get() had found nothing (404), "
            "and no save() of 1 can have come between"
        ),
    ),
    "deleted-though-missing": (
        [save("A", 1, 2, 1), delete("B", 3, 9), get("C", 4, 5), delete("C", 6, 7)],
        (
            "thread C's delete() reported success after thread C's get() had found nothing (404), "
            "and no save() can have come between"
        ),
    ),
    "no-document": (
        [save("A", 1, 2, {"n": 1}), call("B", "get", 3, 4)],
        "thread B's get() saw None, which nobody saved",
    ),
    "refused": (
        [
            save("A", 1, 2, 1),
            save("B", 3, 4, 2, REFUSED, error=HTTPException(409, "conflict")),
            get("A", 5, 6, 2),
        ],
        "thread A's get() saw 2, but thread B's save() of 2 had been refused (409)",
    ),
    "silent-deletes": (
        [*WRONG["double-delete"], get("A", 7, 8, 1)],
        "thread A's get() began after thread B's delete() had returned, and still saw 1",
        "silent",
    ),
    "gone-though-seen": (
        [save("A", 1, 9, 1), get("C", 2, 3, 1), get("D", 4, 5)],
        (
            "thread D's get() found nothing (404) after thread C's get() had seen 1, "
            "and no delete() can have come between"
        ),
    ),
}


@pytest.mark.parametrize("name", MORE)
def test_sentence_names_the_anomaly(name):
    operations, explained, *silent = MORE[name]
    if not silent:
        assert linearizable(operations) is NOT_LINEARIZABLE
    assert explain(operations, silent_deletes=bool(silent)).sentence == explained


def test_torn_document_is_explained_by_its_saves():
    one, two = {"left": 1, "right": 1}, {"left": 2, "right": 2}
    read = get("C", 5, 6, {"left": 1, "right": 2, "_id": "a"})
    torn = explain([save("A", 1, 2, one), save("B", 3, 4, two), read])
    assert str(torn) == (
        "thread C's get() saw {'left': 1, 'right': 2}, which nobody saved: "
        "it is put together from thread A's save() of 1 and thread B's save() of 2\n"
        "C  [get: {'left': 1, 'right': 2}]"
    )


def test_calls_without_an_answer_have_no_closing_bracket():
    operations = [
        call("A", "save", 1, None, 1, PENDING),
        get("C", 2, 3, 1),
        delete("B", 4, 5, FAILED, error=KeyError("a")),
        get("C", 6, 7),
        get("C", 8, 9, 1),
    ]
    assert str(explain(operations)) == (
        "thread C's get() saw 1 after thread C's get() had found nothing (404), "
        "and no save() of 1 can have come between\n"
        "A  [save 1: no answer ...\n"
        "C   [get: 1][get: 404][get: 1]"
    )


def test_other_anomalies_are_explained_by_the_longest_possible_order():
    explained = explain(
        [save("B", 1, 3, 1), save("C", 2, 5, 2), get("A", 4, 8, 2), get("D", 6, 9, 1)],
    )
    assert str(explained) == (
        "no order of these calls explains all of them: after thread C's save() of 2, "
        "thread B's save() of 1, thread D's get(), none of the others can follow: "
        "thread A's get() (2)\n"
        "B  [save 1: ok]\n"
        "C   [save 2: ok ]\n"
        "A              [get: 2]\n"
        "D                [get: 1]"
    )


def test_smallest_part_is_wrong_and_small():
    source = random.Random(11)
    sizes = []
    for trial in range(1500):
        operations = at_random(source.randrange, 3 + trial % 6)
        if linearizable(operations) is NOT_LINEARIZABLE:
            explained = explain(operations)
            assert linearizable(explained.operations) is NOT_LINEARIZABLE
            assert all(operation in operations for operation in explained.operations)
            sizes.append(len(explained.operations))
    assert len(sizes) > 400
    assert max(sizes) <= 6


def test_long_history_is_explained_by_a_few_calls():
    operations = []
    for n in range(40):
        operations += [
            save("A", 10 * n + 1, 10 * n + 4, n),
            get("B", 10 * n + 2, 10 * n + 3, n),
            save("B", 10 * n + 5, 10 * n + 7, -n),
        ]
    operations.append(get("C", 1000, 1001, 3))
    assert str(explain(operations)) == (
        "thread C's get() began after thread B's save() of -39 had returned, and still saw 3\n"
        "A  [save 3: ok]\n"
        "B              [save -39: ok]\n"
        "C                            [get: 3]"
    )
