"""Whether some sequential order explains a history: the Wing-Gong search with Lowe's memory.

The search puts calls in an order one by one. At each step it may take any call that began before
the earliest end among those not yet taken, if the register's state allows what that call saw.
What was taken and the state together say all about the future, so no such pair is tried twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from gofannon_conformance.histories.content import content
from gofannon_conformance.histories.operations import Document, History, Operation, Outcome

if TYPE_CHECKING:
    from collections.abc import Container, Hashable, Iterable

BOUND: Final = 100_000
"""Configurations that are tried on one document's history before it counts as not decided."""

NEVER: Final = 1 << 62
"""The end of what may happen at any later time."""

ABSENT: Final = 0
"""The state in which there is no document; each content that was seen has a number above."""

UNSEEN: Final = -1
"""The state that a save left which nobody saw: all of these are as one."""


class Verdict(Enum):
    """What the search came to. Only the first is a pass."""

    LINEARIZABLE = "linearizable"
    NOT_LINEARIZABLE = "not linearizable"
    NOT_DECIDED = "not decided"


@dataclass(frozen=True, slots=True)
class Effect:
    """One operation as the search sees it: what state it needs, what state it leaves."""

    start: int
    end: int
    needs: int | None = None
    """The state that it saw, or None where it saw nothing."""
    needs_present: bool = False
    leaves: int | None = None
    """The state after it, or None where it changes nothing."""
    maybe: bool = False
    """Whether it may as well not have happened."""


@dataclass(frozen=True, slots=True)
class Searched:
    """The verdict on a list of effects, and the longest order that the search found."""

    verdict: Verdict
    explored: int
    furthest: tuple[int, ...]
    """The indices of the effects in the longest order that was possible."""


def check(
    history: History, *, silent_deletes: bool = False, bound: int = BOUND
) -> dict[Document, Verdict]:
    """Judge each document's history apart.

    `silent_deletes` is the dialect in which `delete()` of a missing document returns.
    """
    return {
        document: linearizable(own, silent_deletes=silent_deletes, bound=bound)
        for document, own in history.by_document().items()
    }


def linearizable(
    operations: Iterable[Operation], *, silent_deletes: bool = False, bound: int = BOUND
) -> Verdict:
    """Judge the history of one document."""
    return search(effects_of(operations, silent_deletes=silent_deletes), bound=bound).verdict


def effects_of(
    operations: Iterable[Operation],
    *,
    silent_deletes: bool = False,
    weakened: Container[int] = (),
) -> list[Effect]:
    """Put operations on one document into the terms of the search.

    What says nothing is left out: a call that did nothing, a read that failed. The successful
    writes that start at the numbers in `weakened` may have had their effect or none.
    """
    numbers: dict[Hashable, int] = {}
    effects = []
    for operation in sorted(operations, key=lambda o: o.start):
        maybe = operation.is_uncertain or operation.start in weakened
        effect = _effect(operation, numbers, silent_deletes=silent_deletes, maybe=maybe)
        if effect is not None:
            effects.append(effect)
    return _telling(effects)


def _effect(
    operation: Operation, numbers: dict[Hashable, int], *, silent_deletes: bool, maybe: bool
) -> Effect | None:
    def number(document: object) -> int:
        return numbers.setdefault(content(document), len(numbers) + 1)

    start, outcome = operation.start, operation.outcome
    end = NEVER if operation.end is None or operation.is_uncertain else operation.end
    if outcome is Outcome.MISSING:
        return Effect(start, end, needs=ABSENT)
    if outcome is Outcome.REFUSED or (operation.is_read and maybe):
        return None
    if operation.is_read:
        return Effect(start, end, needs=number(operation.value))
    if operation.method == "save":
        return Effect(start, end, leaves=number(operation.argument), maybe=maybe)
    return Effect(
        start, end, needs_present=not (maybe or silent_deletes), leaves=ABSENT, maybe=maybe
    )


def _telling(effects: list[Effect]) -> list[Effect]:
    """Leave out what may not have happened, and would help nothing that was seen if it had."""
    seen = {effect.needs for effect in effects} | {ABSENT}
    deleted = any(effect.needs_present for effect in effects)
    absent = any(effect.needs == ABSENT for effect in effects)
    telling = []
    for effect in effects:
        if effect.maybe and effect.leaves == ABSENT and not absent:
            continue
        if effect.leaves is None or effect.leaves in seen:
            telling.append(effect)
        elif deleted or not effect.maybe:
            telling.append(replace(effect, leaves=UNSEEN))
    return telling


_Path: TypeAlias = "tuple[int, _Path] | None"


def search(effects: list[Effect], *, bound: int = BOUND) -> Searched:
    """Look for an order of effects, which are sorted by their starts; the register starts absent.

    A call that sees the state as it is, and changes nothing, is taken at once: any order in which
    it comes later is as good with it here. Saves that nobody saw are taken together: where no
    delete needs one of them, any order in which one comes later is as good with it beside the
    first. This keeps histories of many reads, or of many writers, cheap.
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
            return Searched(Verdict.LINEARIZABLE, len(tried), _order(path))
        if (done, state) in tried:
            continue
        if len(tried) >= bound:
            return Searched(Verdict.NOT_DECIDED, len(tried), _order(longest[1]))
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
        together, count, beside = done, 0, path
        for i in fitting:
            effect = effects[i]
            if unseen >> i & 1:
                together, count, beside = together | 1 << i, count + 1, (i, beside)
                continue
            if effect.maybe and effect.end != NEVER:
                stack.append((done | 1 << i, state, low, depth + 1, (i, path)))
            after = state if effect.leaves is None else effect.leaves
            stack.append((done | 1 << i, after, low, depth + 1, (i, path)))
        if count:
            stack.append((together, UNSEEN, low, depth + count, beside))
    return Searched(Verdict.NOT_LINEARIZABLE, len(tried), _order(longest[1]))


def _candidates(effects: list[Effect], done: int, low: int) -> list[int]:
    """Give what may come next: no effect that is left ended before one of these began."""
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
