"""The smallest part of a history that no order explains.

Nothing is taken out that could excuse what is left. A read is left out, which only asks less; a
write that is left out still counts as one that may have happened, so that what stays is wrong
whatever became of it. And a read stays only together with the save that it saw, a successful
delete only with a save before it: else the part would be wrong for a reason of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gofannon_conformance.histories.checking import Verdict, effects_of, search
from gofannon_conformance.histories.content import content
from gofannon_conformance.histories.operations import Operation, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BOUND = 20_000
"""Configurations that are tried for each part; one that is harder to judge is not left out."""


def smallest(
    operations: Iterable[Operation], *, silent_deletes: bool = False
) -> tuple[Operation, ...]:
    """Cut the history of one document, which is not linearizable, down to what shows it."""
    whole = sorted(operations, key=lambda operation: operation.start)
    known = {operation.start: operation for operation in whole}
    telling = _beginning([o for o in whole if _says_something(o)], silent_deletes=silent_deletes)
    shown = {operation.start for operation in telling}
    alone = _alone([known[start] for start in shown])
    smaller = True
    while smaller:
        smaller = False
        for operation in sorted(telling, key=lambda o: (_is_write(o), o.start)):
            without = shown - {operation.start}
            if (
                operation.start in shown
                and _alone([known[start] for start in without]) <= alone
                and _wrong(telling, without, silent_deletes=silent_deletes)
            ):
                shown, smaller = without, True
    return tuple(known[start] for start in sorted(shown))


def _says_something(operation: Operation) -> bool:
    if operation.outcome is Outcome.REFUSED:
        return False
    return not operation.is_read or not operation.is_uncertain


def _beginning(whole: list[Operation], *, silent_deletes: bool) -> list[Operation]:
    """Cut off everything after the end of the call that made the history wrong.

    What had begun by then counts as pending: a history of which that is wrong is wrong.
    """
    ends = sorted(o.end for o in whole if o.end is not None and not o.is_uncertain)
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        cut = _until(whole, ends[middle])
        if _wrong(cut, {o.start for o in cut}, silent_deletes=silent_deletes):
            high = middle
        else:
            low = middle + 1
    return _until(whole, ends[low]) if ends else whole


def _until(whole: list[Operation], last: int) -> list[Operation]:
    begun = (operation for operation in whole if operation.start < last)
    cut = [
        operation
        if operation.end is not None and operation.end <= last
        else replace(operation, end=None, outcome=Outcome.PENDING)
        for operation in begun
    ]
    return [operation for operation in cut if _says_something(operation)]


def _wrong(telling: Sequence[Operation], shown: set[int], *, silent_deletes: bool) -> bool:
    """Tell whether what is shown is wrong, whatever became of the writes that are not."""
    counted = [o for o in telling if o.start in shown or _is_write(o)]
    hidden = {o.start for o in counted if o.start not in shown}
    effects = effects_of(counted, silent_deletes=silent_deletes, weakened=hidden)
    return search(effects, bound=BOUND).verdict is Verdict.NOT_LINEARIZABLE


def _is_write(operation: Operation) -> bool:
    return not operation.is_read and operation.outcome is not Outcome.MISSING


def _alone(operations: list[Operation]) -> set[int]:
    """Find the reads and deletes that no save among these can have had a document for."""
    saves = [o for o in operations if o.method == "save"]
    alone = set()
    for operation in operations:
        if operation.method == "save" or not operation.returned:
            continue
        before = [o for o in saves if operation.end is None or o.start < operation.end]
        if operation.is_read:
            before = [o for o in before if content(o.argument) == content(operation.value)]
        if not before:
            alone.add(operation.start)
    return alone
