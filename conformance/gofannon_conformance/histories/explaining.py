"""An explanation why no order explains a history: a sentence about its smallest wrong part.

Known anomalies have their own sentences: a double delete, a stale read, a deleted document that
is back, two reads that contradict each other, a value that nobody saved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gofannon_conformance.histories.checking import effects_of, search
from gofannon_conformance.histories.content import content, own_fields
from gofannon_conformance.histories.operations import Ending
from gofannon_conformance.histories.shrinking import smallest
from gofannon_conformance.histories.timeline import (
    call_label,
    result_label,
    timeline,
    version_label,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gofannon_conformance.histories.operations import Operation


@dataclass(frozen=True, slots=True)
class Explanation:
    """A sentence and the operations that it is about."""

    sentence: str
    operations: tuple[Operation, ...]

    def __str__(self) -> str:
        return f"{self.sentence}\n{timeline(self.operations)}"


def explain(operations: Iterable[Operation], *, silent_deletes: bool = False) -> Explanation:
    """Explain the history of one document that is not linearizable."""
    whole = tuple(operations)
    shown = smallest(whole, silent_deletes=silent_deletes)
    if not silent_deletes and (deletes := _too_many_deletes(shown, whole)):
        return deletes
    sentence = (
        _never_saved(shown, whole)
        or _against_a_write(shown, whole)
        or _against_a_read(shown, whole)
        or _stuck(shown, silent_deletes=silent_deletes)
    )
    return Explanation(sentence, shown)


def _never_saved(shown: tuple[Operation, ...], whole: tuple[Operation, ...]) -> str:
    """Return the sentence for a read of a version not saved by then, or a delete of nothing."""
    for operation in shown:
        if operation.method == "save" or not operation.returned:
            continue
        end = operation.end or 0
        saves = _saves(whole)
        begun = [o for o in saves if o.start < end]
        if operation.method == "delete":
            if not begun:
                return f"{call_label(operation)} reported success, but nothing had been saved"
            continue
        seen = content(operation.value)
        if any(content(o.argument) == seen for o in begun):
            continue
        text = f"{call_label(operation)} saw {version_label(operation.value)}"
        if any(content(o.argument) == seen for o in saves):
            return f"{text} before any save() of it had begun"
        refused = [o for o in whole if o.method == "save" and content(o.argument) == seen]
        if refused:
            save = refused[0]
            return f"{text}, but {call_label(save)} had been refused ({result_label(save)})"
        mixed = _parts(operation, begun)
        if mixed:
            return f"{text}, which nobody saved: it is put together from {mixed}"
        return f"{text}, which nobody saved"
    return ""


def _saves(whole: tuple[Operation, ...]) -> list[Operation]:
    return [o for o in whole if o.method == "save" and o.ending is not Ending.REFUSED]


def _parts(read: Operation, saves: list[Operation]) -> str:
    """Return the saves that the fields of a read come from, if every field comes from one."""
    if not isinstance(read.value, dict):
        return ""
    used: list[Operation] = []
    for field in own_fields(read.value).items():
        sources = [
            o
            for o in saves
            if isinstance(o.argument, dict)
            and any(content(field) == content(saved) for saved in o.argument.items())
        ]
        if not sources:
            return ""
        if not any(o in used for o in sources):
            used.append(sources[0])
    return " and ".join(call_label(o) for o in used)


def _too_many_deletes(
    shown: tuple[Operation, ...], whole: tuple[Operation, ...]
) -> Explanation | None:
    """Return the explanation for more successful deletes than saves before them."""
    deletes = [o for o in shown if o.method == "delete" and o.returned]
    if len(deletes) < 2 or any(_saw_state(o) for o in shown):
        return None
    last = max(o.end or 0 for o in deletes)
    saves = [o for o in _saves(whole) if o.start < last]
    count = "two deletes both" if len(deletes) == 2 else f"{len(deletes)} deletes"
    if len(deletes) <= len(saves):
        between = "and no save() can have come between them"
        return Explanation(f"{count} reported success, {between}", shown)
    times = {0: "never", 1: "only once", 2: "only twice"}.get(
        len(saves), f"only {len(saves)} times"
    )
    sentence = f"{count} reported success, but the document was saved {times} between them"
    by_start = {o.start: o for o in (*shown, *saves)}
    return Explanation(sentence, tuple(by_start[start] for start in sorted(by_start)))


def _saw_state(operation: Operation) -> bool:
    return operation.ending is Ending.MISSING or (operation.is_read and operation.returned)


def _saw(operation: Operation, *, had: bool = False) -> str:
    if operation.ending is Ending.MISSING:
        listed = operation.method == "list_all"
        return "did not show the document" if listed else "found nothing (404)"
    if operation.method == "delete":
        return "reported success"
    return f"{'seen' if had else 'saw'} {version_label(operation.value)}"


def _none_between(operation: Operation) -> str:
    """Return that the write which would make a call right is missing."""
    if operation.ending is Ending.MISSING:
        return "no delete() can have come between"
    if operation.method == "delete":
        return "no save() can have come between"
    return f"no save() of {version_label(operation.value)} can have come between"


def _has_no_explanation(later: Operation, since: Operation, whole: tuple[Operation, ...]) -> bool:
    """Return whether every write that could explain a call had its effect before `since` began.

    A write had its effect if it had returned by then, or if its content had been read.
    """
    begun = [o for o in whole if o.ending is not Ending.REFUSED and o.start < (later.end or 0)]
    if later.ending is Ending.MISSING:
        explanations = [o for o in begun if o.method == "delete" and o.ending is not Ending.MISSING]
    else:
        explanations = [o for o in begun if o.method == "save"]
    if later.is_read and later.returned:
        explanations = [o for o in explanations if content(o.argument) == content(later.value)]
    before = [o for o in whole if o.returned and o.end is not None and o.end < since.start]
    seen = {content(o.value) for o in before if o.is_read}
    return all(
        o in before
        or (o.method == "save" and _only_save_of(o, begun) and content(o.argument) in seen)
        for o in explanations
    )


def _only_save_of(save: Operation, begun: list[Operation]) -> bool:
    saves = [o for o in begun if o.method == "save"]
    return sum(content(o.argument) == content(save.argument) for o in saves) == 1


def _against_a_write(shown: tuple[Operation, ...], whole: tuple[Operation, ...]) -> str:
    """Return the sentence for a call that saw another state than the last write had left."""
    for observer in reversed([o for o in shown if _saw_state(o)]):
        writes = [
            o
            for o in shown
            if o.returned and not o.is_read and o.end is not None and o.end < observer.start
        ]
        if observer.ending is Ending.MISSING:
            overruled = [o for o in writes if o.method == "save"]
        else:
            seen = content(observer.value)
            overruled = [o for o in writes if o.method == "delete" or content(o.argument) != seen]
        overruled = [o for o in overruled if _has_no_explanation(observer, o, whole)]
        if overruled:
            last = max(overruled, key=lambda o: o.start)
            text = f"{call_label(observer)} began after {call_label(last)} had returned"
            if observer.ending is Ending.MISSING:
                return f"{text}, and {_saw(observer)}: {_none_between(observer)}"
            return f"{text}, and still {_saw(observer)}"
    return ""


def _against_a_read(shown: tuple[Operation, ...], whole: tuple[Operation, ...]) -> str:
    """Return the sentence for two calls that saw states which cannot follow each other."""
    for later in reversed(shown):
        if not (_saw_state(later) or (later.method == "delete" and later.returned)):
            continue
        for earlier in reversed([o for o in shown if _saw_state(o)]):
            if (
                earlier.end is not None
                and earlier.end < later.start
                and _contradict(earlier, later)
                and _has_no_explanation(later, earlier, whole)
            ):
                return (
                    f"{call_label(later)} {_saw(later)} after {call_label(earlier)} had "
                    f"{_saw(earlier, had=True)}, and {_none_between(later)}"
                )
    return ""


def _contradict(earlier: Operation, later: Operation) -> bool:
    gone = earlier.ending is Ending.MISSING
    if later.ending is Ending.MISSING:
        return not gone
    if later.method == "delete":
        return gone
    return gone or content(earlier.value) != content(later.value)


def _stuck(shown: tuple[Operation, ...], *, silent_deletes: bool) -> str:
    """Return the sentence with the longest possible order, and the calls that do not fit."""
    effects = effects_of(shown, silent_deletes=silent_deletes)
    by_start = {operation.start: operation for operation in shown}
    order = [by_start[effects[i].start] for i in search(effects).furthest]
    left = [o for o in shown if o not in order and not o.is_uncertain]
    if not order:
        return "none of these calls can be the first"
    possible = ", ".join(map(call_label, order))
    others = ", ".join(f"{call_label(o)} ({result_label(o)})" for o in left)
    return (
        f"no order of these calls explains all of them: after {possible}, "
        f"none of the others can follow: {others}"
    )
