"""The check that some sequential order explains a history: Wing and Gong's search, as by Lowe.

The search puts calls in an order one by one. At each step it may take any call that began before
the earliest end among those not yet taken, if the register's state allows the call's result.
The set of taken calls and the state determine all that can follow, so no such pair is tried twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from gofannon_conformance.histories.content import content
from gofannon_conformance.histories.operations import Document, Ending, History, Operation

if TYPE_CHECKING:
    from collections.abc import Container, Hashable, Iterable

BOUND: Final = 100_000
"""Configurations that are tried for one document before the result is `NOT_DECIDED`."""

NEVER: Final = 1 << 62
"""The end of a call whose effect may come at any later time."""

ABSENT: Final = 0
"""The state without a document; each content has a number above."""

UNSEEN: Final = -1
"""The state after a save that nobody read: all of these count as one."""


class CheckResult(Enum):
    """The result of a check. Only the first is a pass."""

    LINEARIZABLE = "linearizable"
    NOT_LINEARIZABLE = "not linearizable"
    NOT_DECIDED = "not decided"


@dataclass(frozen=True, slots=True)
class Effect:
    """One operation as the search sees it: the state it needs, the state it leaves."""

    start: int
    end: int
    needs: int | None = None
    """The state that the call saw, or None if it saw nothing."""
    needs_present: bool = False
    leaves: int | None = None
    """The state after the call, or None if it changes nothing."""
    maybe: bool = False
    """Whether the call may have had no effect."""


@dataclass(frozen=True, slots=True)
class Searched:
    """The result for a list of effects, and the longest order that the search found."""

    result: CheckResult
    furthest: tuple[int, ...]
    """The indices of the effects in the longest possible order."""


def check(
    history: History, *, silent_deletes: bool = False, bound: int = BOUND
) -> dict[Document, CheckResult]:
    """Check the history of each document separately.

    With `silent_deletes`, `delete()` of a missing document may return.
    """
    return {
        document: linearizable(own, silent_deletes=silent_deletes, bound=bound)
        for document, own in history.by_document().items()
    }


def linearizable(
    operations: Iterable[Operation], *, silent_deletes: bool = False, bound: int = BOUND
) -> CheckResult:
    """Check the history of one document."""
    return search(effects_of(operations, silent_deletes=silent_deletes), bound=bound).result


def effects_of(
    operations: Iterable[Operation],
    *,
    silent_deletes: bool = False,
    weakened: Container[int] = (),
) -> list[Effect]:
    """Convert operations on one document to effects, in the order of their starts.

    Calls without information are left out: a refused write, a failed read. The successful
    writes whose starts are in `weakened` may have had an effect or none.
    """
    numbers: dict[Hashable, int] = {}
    effects = []
    for operation in sorted(operations, key=lambda o: o.start):
        maybe = operation.is_uncertain or operation.start in weakened
        effect = _effect(operation, numbers, silent_deletes=silent_deletes, maybe=maybe)
        if effect is not None:
            effects.append(effect)
    return _relevant(effects)


def _effect(
    operation: Operation, numbers: dict[Hashable, int], *, silent_deletes: bool, maybe: bool
) -> Effect | None:
    def number(document: object) -> int:
        return numbers.setdefault(content(document), len(numbers) + 1)

    start, ending = operation.start, operation.ending
    end = NEVER if operation.end is None or operation.is_uncertain else operation.end
    if ending is Ending.MISSING:
        return Effect(start, end, needs=ABSENT)
    if ending is Ending.REFUSED or (operation.is_read and maybe):
        return None
    if operation.is_read:
        return Effect(start, end, needs=number(operation.value))
    if operation.method == "save":
        return Effect(start, end, leaves=number(operation.argument), maybe=maybe)
    return Effect(
        start, end, needs_present=not (maybe or silent_deletes), leaves=ABSENT, maybe=maybe
    )


def _relevant(effects: list[Effect]) -> list[Effect]:
    """Leave out uncertain effects that would explain nothing that was seen."""
    seen = {effect.needs for effect in effects} | {ABSENT}
    deleted = any(effect.needs_present for effect in effects)
    absent = any(effect.needs == ABSENT for effect in effects)
    relevant = []
    for effect in effects:
        if effect.maybe and effect.leaves == ABSENT and not absent:
            continue
        if effect.leaves is None or effect.leaves in seen:
            relevant.append(effect)
        elif deleted or not effect.maybe:
            relevant.append(replace(effect, leaves=UNSEEN))
    return relevant


_Path: TypeAlias = "tuple[int, _Path] | None"


def search(effects: list[Effect], *, bound: int = BOUND) -> Searched:
    """Search an order of effects, which are sorted by start; the register starts absent.

    Two shortcuts keep many reads and many writers cheap. An effect that needs the present state
    and changes nothing is taken at once. Saves that nobody read are taken together, unless a
    delete needs one of them.
    """
    required = sum(1 << i for i, effect in enumerate(effects) if effect.end != NEVER)
    unseen = 0
    if not any(effect.needs_present for effect in effects):
        unseen = sum(1 << i for i, effect in enumerate(effects) if effect.leaves == UNSEEN)
    tried: set[tuple[int, int]] = set()
    longest: tuple[int, _Path] = (0, None)
    stack: list[tuple[int, int, int, int, _Path]] = [(0, ABSENT, 0, 0, None)]
    while stack:
        done, state, low, depth, path = stack.pop()
        if done & required == required:
            return Searched(CheckResult.LINEARIZABLE, _order(path))
        if (done, state) in tried:
            continue
        if len(tried) >= bound:
            return Searched(CheckResult.NOT_DECIDED, _order(longest[1]))
        tried.add((done, state))
        if depth > longest[0]:
            longest = (depth, path)
        while done >> low & 1:
            low += 1
        fitting = [i for i in _candidates(effects, done, low) if _fits(effects[i], state)]
        saw = next((i for i in fitting if effects[i].leaves is None), None)
        if saw is not None:
            stack.append((done | 1 << saw, state, low, depth + 1, (saw, path)))
            continue
        together, count, joint_path = done, 0, path
        for i in fitting:
            effect = effects[i]
            if unseen >> i & 1:
                together, count = together | 1 << i, count + 1
                joint_path = (i, joint_path)
                continue
            if effect.maybe and effect.end != NEVER:
                stack.append((done | 1 << i, state, low, depth + 1, (i, path)))
            after = state if effect.leaves is None else effect.leaves
            stack.append((done | 1 << i, after, low, depth + 1, (i, path)))
        if count:
            stack.append((together, UNSEEN, low, depth + count, joint_path))
    return Searched(CheckResult.NOT_LINEARIZABLE, _order(longest[1]))


def _candidates(effects: list[Effect], done: int, low: int) -> list[int]:
    """Return the effects that may come next: none that is left ended before they began."""
    found = []
    first_end = NEVER
    for i in range(low, len(effects)):
        effect = effects[i]
        if effect.start > first_end:
            break
        if not done >> i & 1:
            found.append(i)
            first_end = min(first_end, effect.end)
    return found


def _fits(effect: Effect, state: int) -> bool:
    if effect.needs is not None:
        return effect.needs == state
    return state != ABSENT or not effect.needs_present


def _order(path: _Path) -> tuple[int, ...]:
    order = []
    while path is not None:
        i, path = path
        order.append(i)
    return tuple(reversed(order))
