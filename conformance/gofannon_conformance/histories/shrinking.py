"""The reduction of a wrong history to its smallest part that no order explains.

A hidden read only removes a condition. A hidden write still counts as one that may have had an
effect, so the part stays wrong in either case. A read is shown only together with the save that
it saw, and a successful delete only with a save before it: else the part would show another error.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gofannon_conformance.histories.checking import CheckResult, effects_of, search
from gofannon_conformance.histories.content import content
from gofannon_conformance.histories.operations import Ending, Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BOUND = 20_000
"""Configurations that are tried for each part; an operation stays if this is not enough."""


def smallest(
    operations: Iterable[Operation], *, silent_deletes: bool = False
) -> tuple[Operation, ...]:
    """Return the smallest wrong part of the history of one document."""
    whole = sorted(operations, key=lambda operation: operation.start)
    known = {operation.start: operation for operation in whole}
    relevant = _beginning([o for o in whole if _is_informative(o)], silent_deletes=silent_deletes)
    shown = {operation.start for operation in relevant}
    unexplained = _unexplained([known[start] for start in shown])
    smaller = True
    while smaller:
        smaller = False
        for operation in sorted(relevant, key=lambda o: (_is_write(o), o.start)):
            without = shown - {operation.start}
            if (
                operation.start in shown
                and _unexplained([known[start] for start in without]) <= unexplained
                and _wrong(relevant, without, silent_deletes=silent_deletes)
            ):
                shown, smaller = without, True
    return tuple(known[start] for start in sorted(shown))


def _is_informative(operation: Operation) -> bool:
    if operation.ending is Ending.REFUSED:
        return False
    return not operation.is_read or not operation.is_uncertain


def _beginning(whole: list[Operation], *, silent_deletes: bool) -> list[Operation]:
    """Return the shortest wrong beginning of a history; calls that end later become pending."""
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
        else replace(operation, end=None, ending=Ending.PENDING)
        for operation in begun
    ]
    return [operation for operation in cut if _is_informative(operation)]


def _wrong(relevant: Sequence[Operation], shown: set[int], *, silent_deletes: bool) -> bool:
    """Return whether the shown part is wrong, with or without the hidden writes."""
    counted = [o for o in relevant if o.start in shown or _is_write(o)]
    hidden = {o.start for o in counted if o.start not in shown}
    effects = effects_of(counted, silent_deletes=silent_deletes, weakened=hidden)
    return search(effects, bound=BOUND).result is CheckResult.NOT_LINEARIZABLE


def _is_write(operation: Operation) -> bool:
    return not operation.is_read and operation.ending is not Ending.MISSING


def _unexplained(operations: list[Operation]) -> set[int]:
    """Return the starts of the reads and deletes that no save among these can explain."""
    saves = [o for o in operations if o.method == "save"]
    unexplained = set()
    for operation in operations:
        if operation.method == "save" or not operation.returned:
            continue
        before = [o for o in saves if operation.end is None or o.start < operation.end]
        if operation.is_read:
            before = [o for o in before if content(o.argument) == content(operation.value)]
        if not before:
            unexplained.add(operation.start)
    return unexplained
