"""Why no order explains a history: its smallest part that is wrong, drawn, and said in a sentence.

The anomalies that people know are named by what was seen: a double delete, a stale read, a
deleted document that is back, two reads that contradict each other, a value that nobody saved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gofannon_conformance.histories.checking import effects_of, search
from gofannon_conformance.histories.content import content
from gofannon_conformance.histories.drawing import called, came, named, timeline
from gofannon_conformance.histories.operations import Outcome
from gofannon_conformance.histories.shrinking import smallest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gofannon_conformance.histories.operations import Operation


@dataclass(frozen=True, slots=True)
class Explanation:
    """A sentence, the operations that it is about, and their timeline."""

    sentence: str
    operations: tuple[Operation, ...]

    @property
    def timeline(self) -> str:
        """The operations, drawn with a row for each thread."""
        return timeline(self.operations)

    def __str__(self) -> str:
        return f"{self.sentence}\n{self.timeline}"


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
    """A read of what nobody had saved by then, or a delete where nothing had been saved."""
    for operation in shown:
        if operation.method == "save" or not operation.returned:
            continue
        end = operation.end or 0
        saves = [o for o in whole if o.method == "save" and o.outcome is not Outcome.REFUSED]
        begun = [o for o in saves if o.start < end]
        if operation.method == "delete":
            if not begun:
                return f"{called(operation)} reported success, but nothing had been saved"
            continue
        seen = content(operation.value)
        if any(content(o.argument) == seen for o in begun):
            continue
        told = f"{called(operation)} saw {named(operation.value)}"
        if any(content(o.argument) == seen for o in saves):
            return f"{told} before any save() of it had begun"
        refused = [o for o in whole if o.method == "save" and content(o.argument) == seen]
        if refused:
            return f"{told}, but {called(refused[0])} had been refused ({came(refused[0])})"
        mixed = _parts(operation, begun)
        if mixed:
            return f"{told}, which nobody saved: it is put together from {mixed}"
        return f"{told}, which nobody saved"
    return ""


def _parts(read: Operation, saves: list[Operation]) -> str:
    """Name the saves of which a read shows fields, if every field is of one of them."""
    if not isinstance(read.value, dict):
        return ""
    used: list[Operation] = []
    for name, value in read.value.items():
        if name[:1] == "_":
            continue
        of = [
            o
            for o in saves
            if isinstance(o.argument, dict)
            and name in o.argument
            and content(o.argument[name]) == content(value)
        ]
        if not of:
            return ""
        if not any(o in used for o in of):
            used.append(of[0])
    return " and ".join(called(o) for o in used)


def _too_many_deletes(
    shown: tuple[Operation, ...], whole: tuple[Operation, ...]
) -> Explanation | None:
    """More deletes reported success than there were saves to undo."""
    deletes = [o for o in shown if o.method == "delete" and o.returned]
    if len(deletes) < 2 or any(_is_observer(o) for o in shown):
        return None
    last = max(o.end or 0 for o in deletes)
    saves = [
        o
        for o in whole
        if o.method == "save" and o.outcome is not Outcome.REFUSED and o.start < last
    ]
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


def _is_observer(operation: Operation) -> bool:
    return operation.outcome is Outcome.MISSING or (operation.is_read and operation.returned)


def _saw(operation: Operation, *, had: bool = False) -> str:
    if operation.outcome is Outcome.MISSING:
        listed = operation.method == "list_all"
        return "did not show the document" if listed else "found nothing (404)"
    if operation.method == "delete":
        return "reported success"
    return f"{'seen' if had else 'saw'} {named(operation.value)}"


def _none_between(operation: Operation) -> str:
    """Say what would have to lie between, for a call to be right."""
    if operation.outcome is Outcome.MISSING:
        return "no delete() can have come between"
    if operation.method == "delete":
        return "no save() can have come between"
    return f"no save() of {named(operation.value)} can have come between"


def _cannot_be_excused(later: Operation, since: Operation, whole: tuple[Operation, ...]) -> bool:
    """Tell whether all that could excuse a call had taken effect before another one began.

    A write had, if it had returned by then, or if what it wrote had been seen.
    """
    begun = [o for o in whole if o.outcome is not Outcome.REFUSED and o.start < (later.end or 0)]
    if later.outcome is Outcome.MISSING:
        excuses = [o for o in begun if o.method == "delete" and o.outcome is not Outcome.MISSING]
    else:
        excuses = [o for o in begun if o.method == "save"]
    if later.is_read and later.returned:
        excuses = [o for o in excuses if content(o.argument) == content(later.value)]
    before = [o for o in whole if o.returned and o.end is not None and o.end < since.start]
    seen = {content(o.value) for o in before if o.is_read}
    return all(
        o in before
        or (o.method == "save" and _only_save_of(o, begun) and content(o.argument) in seen)
        for o in excuses
    )


def _only_save_of(save: Operation, begun: list[Operation]) -> bool:
    saves = [o for o in begun if o.method == "save"]
    return sum(content(o.argument) == content(save.argument) for o in saves) == 1


def _against_a_write(shown: tuple[Operation, ...], whole: tuple[Operation, ...]) -> str:
    """A call saw something else than what the last write before it had left."""
    for observer in reversed([o for o in shown if _is_observer(o)]):
        writes = [
            o
            for o in shown
            if o.returned and not o.is_read and o.end is not None and o.end < observer.start
        ]
        if observer.outcome is Outcome.MISSING:
            overruled = [o for o in writes if o.method == "save"]
        else:
            seen = content(observer.value)
            overruled = [o for o in writes if o.method == "delete" or content(o.argument) != seen]
        overruled = [o for o in overruled if _cannot_be_excused(observer, o, whole)]
        if overruled:
            last = max(overruled, key=lambda o: o.start)
            told = f"{called(observer)} began after {called(last)} had returned"
            if observer.outcome is Outcome.MISSING:
                return f"{told}, and {_saw(observer)}: {_none_between(observer)}"
            return f"{told}, and still {_saw(observer)}"
    return ""


def _against_a_read(shown: tuple[Operation, ...], whole: tuple[Operation, ...]) -> str:
    """Two calls saw what cannot have been there one after the other."""
    for later in reversed(shown):
        if not (_is_observer(later) or (later.method == "delete" and later.returned)):
            continue
        for earlier in reversed([o for o in shown if _is_observer(o)]):
            if (
                earlier.end is not None
                and earlier.end < later.start
                and _contradict(earlier, later)
                and _cannot_be_excused(later, earlier, whole)
            ):
                return (
                    f"{called(later)} {_saw(later)} after {called(earlier)} had "
                    f"{_saw(earlier, had=True)}, and {_none_between(later)}"
                )
    return ""


def _contradict(earlier: Operation, later: Operation) -> bool:
    gone = earlier.outcome is Outcome.MISSING
    if later.outcome is Outcome.MISSING:
        return not gone
    if later.method == "delete":
        return gone
    return gone or content(earlier.value) != content(later.value)


def _stuck(shown: tuple[Operation, ...], *, silent_deletes: bool) -> str:
    """Tell how far an order gets, and what does not fit after it."""
    effects = effects_of(shown, silent_deletes=silent_deletes)
    by_start = {operation.start: operation for operation in shown}
    order = [by_start[effects[i].start] for i in search(effects).furthest]
    left = [o for o in shown if o not in order and not o.is_uncertain]
    if not order:
        return "no order of these calls can even begin"
    return (
        f"no order of these calls explains all of them: after {', '.join(map(called, order))}, "
        f"nothing can follow of what is left: {', '.join(f'{called(o)} ({came(o)})' for o in left)}"
    )
