"""Histories for tests: operations, wrong histories with names, random ones."""

from gofannon_conformance.histories import CheckResult, Ending, Operation

MISSING, REFUSED, FAILED = Ending.MISSING, Ending.REFUSED, Ending.FAILED
LINEARIZABLE, NOT_LINEARIZABLE = CheckResult.LINEARIZABLE, CheckResult.NOT_LINEARIZABLE
DOCUMENT = ("agents", "a")


def call(thread, method, start, end, value=None, ending=Ending.RETURNED, **more):
    """Return an operation; the value is the version that was saved or read, or a document."""
    document = value if isinstance(value, dict) or value is None else {"version": value}
    return Operation(
        thread=thread,
        method=method,
        start=start,
        end=end,
        ending=ending,
        argument=document if method == "save" else None,
        value=document if method == "get" else None,
        **{"document": DOCUMENT, **more},
    )


def save(thread, start, end, value, ending=Ending.RETURNED, **more):
    return call(thread, "save", start, end, value, ending, **more)


def get(thread, start, end, value=None):
    return call(thread, "get", start, end, value, MISSING if value is None else Ending.RETURNED)


def delete(thread, start, end, ending=Ending.RETURNED, **more):
    return call(thread, "delete", start, end, None, ending, **more)


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


def at_random(draw, size):
    """Return a history of a few threads on one document with random results."""
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


ANSWERS = [Ending.RETURNED] * 6 + [MISSING, REFUSED, FAILED]


def answered_at_random(draw, thread, start, end):
    method = ("save", "save", "get", "get", "delete")[draw(5)]
    value = 1 + draw(2) if method != "delete" else None
    ending = ANSWERS[draw(len(ANSWERS))]
    if ending is MISSING and method == "save":
        ending = Ending.RETURNED
    if ending is FAILED and draw(2):
        return call(thread, method, start, None, value, Ending.PENDING)
    return call(thread, method, start, end, value, ending)
