"""The clause that a save breaks when it raises: found by saving less, until it is accepted."""

from __future__ import annotations

import json
import math
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.values import Answer, Call, Trace
from gofannon_conformance.calls.violation import NotTested, Violation, violation
from gofannon_conformance.values.copying import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.sessions import Session

SAVES = 120
"""The most saves that look for the smallest part of a document that is refused."""

_OF_REVISIONS = frozenset({"SAVE-4", "SAVE-5", "SAVE-13", "SAVE-14", "SAVE-15"})
"""The clauses whose tests save documents with revisions."""

PORTABLE = 2**53
"""No portable integer is larger."""

PORTABLE_LEVELS = 16
"""No portable document has more objects and arrays in each other."""

FEW_LEVELS = 5
"""A smallest document that has more levels than these is refused for its levels."""

_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PLAIN_TEXT = re.compile(r"[ -~]*")


def explained(found: Violation, session: Session) -> Violation:
    """Return the violation by a save that raised, under the clause that says it must work.

    A test of any clause saves documents. If the backend refuses one, the clause that is broken is
    that of what it refuses: a part of the document, or the replacement of another one.
    """
    answer = found.unaccepted
    if answer is None or answer.hung or _OF_REVISIONS.intersection(found.clauses):
        return found
    if session.opened.no_more_calls or session.caller.trace.hang is not None:
        return found
    doc = answer.call.arguments[2]
    try:
        with _trial(session) as trial:
            blamed = trial.blamed(doc) if isinstance(doc, dict) else None
    except (NotTested, Violation):  # there is no empty collection, or it cannot be emptied
        return found
    if blamed is None or blamed[0] in found.clauses:
        return found
    clause, smallest = blamed
    also = tuple(i for i in found.clauses if i.startswith("ERR-"))
    again = violation((clause, *also), found.what, answer=smallest)
    again.example = found.example
    return again


@contextmanager
def _trial(session: Session) -> Iterator[_Trial]:
    collection = session.workspace.collection()
    try:
        yield _Trial(session, collection)
    finally:
        session.workspace.give_back(collection)


class _Trial:
    """Saves in an empty collection, of which only the last ones are shown."""

    def __init__(self, session: Session, collection: Collection) -> None:
        self._session = session
        self._collection = collection
        self._left = SAVES

    def blamed(self, doc: Any) -> tuple[str, Answer] | None:
        """Return the clause that is broken, and the smallest save that shows it."""
        first = self._save({"n": 1})
        if not first.returned:
            return None  # nothing can be saved
        replacing = self._save({"n": 2}, after=first)
        if not replacing.returned:
            return "SAVE-4", replacing
        own = {name: doc[name] for name in doc if name not in ("_id", "_rev")}
        refused = self._save(own)
        if refused.returned:
            return None  # not the document: its id, its collection, or the moment
        smallest, refused = self._smallest(own, refused)
        return clause_of(smallest), refused

    def _smallest(self, doc: Any, refused: Answer) -> tuple[Any, Answer]:
        """Return the smallest part of a refused document that is refused as well."""
        smaller = True
        while smaller:
            smaller = False
            for less in _smaller(doc):
                if self._left <= 0:
                    break
                answer = self._save(less)
                if not answer.returned:
                    doc, refused, smaller = less, answer, True
                    break
        return doc, refused

    def _save(self, doc: Any, *, after: Answer | None = None) -> Answer:
        """Save a document under a new id, or over that of an earlier save."""
        self._left -= 1
        name, ledger = self._collection.name, self._collection.ledger
        doc_id = f"trial-{ledger.next_number()}" if after is None else after.call.arguments[1]
        call = Call("save", (name, doc_id, doc))
        trace = Trace(self._session.caller.trace.preamble)
        trace.steps = [call] if after is None else [after.call, call]
        ledger.note_save(name, doc_id)
        made = self._session.caller.quietly(call, (name, doc_id, snapshot(doc)))
        if made.hung:
            raise NotTested("a save never returned")
        return Answer(call, trace, value=made.value, error=made.error)


def _smaller(value: Any) -> Iterator[Any]:
    """Yield smaller versions of a document: halves of its parts, then parts of its parts."""
    if isinstance(value, dict):
        for some in _halves(list(value)):
            yield {name: value[name] for name in some}
        for name, item in value.items():
            for less in _smaller(item):
                yield {**value, name: less}
    elif isinstance(value, (list, tuple)):
        kind = tuple if isinstance(value, tuple) else list
        for some in _halves(list(value)):
            yield kind(some)
        for place, item in enumerate(value):
            for less in _smaller(item):
                yield kind([*value[:place], less, *value[place + 1 :]])
    elif isinstance(value, str) and len(value) > 1:
        yield value[: len(value) // 2]
        yield value[len(value) // 2 :]


def _halves(items: list[Any]) -> Iterator[list[Any]]:
    size = len(items) // 2
    while size:
        for start in range(0, len(items), size):
            yield items[:start] + items[start + size :]
        size //= 2
    if len(items) == 1:
        yield []


def clause_of(doc: dict[str, Any]) -> str:
    """Return the clause by which a backend must accept the smallest document that it refuses.

    >>> clause_of({"a": [[]]}), clause_of({"a.b": 1}), clause_of({"n": 2**64}), clause_of({})
    ('DOC-7', 'DOC-8', 'DOC-10', 'DOC-6')
    """
    return next(clause for clause, shows in _SIGNS if shows(doc))


def _size(doc: dict[str, Any]) -> int:
    return len(json.dumps(doc, default=repr))


def _parts(value: Any) -> Iterator[Any]:
    """Yield a value and all values in it."""
    yield value
    for item in _items(value):
        yield from _parts(item)


def _items(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if _is_array(value) else ()


def _levels(value: Any) -> int:
    """Return how many objects and arrays are in each other, the document included."""
    if not isinstance(value, dict) and not _is_array(value):
        return 0
    return 1 + max(map(_levels, _items(value)), default=0)


def _is_array(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _any(test: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda doc: any(map(test, _parts(doc)))


def _is_no_json(part: Any) -> bool:
    if isinstance(part, float) and not math.isfinite(part):
        return True
    if type(part) is dict:
        return any(type(name) is not str for name in part)
    return type(part) not in (list, str, int, float, bool, type(None))


def _is_odd_name(doc: Any) -> bool:
    return any(
        not _PLAIN_NAME.fullmatch(name)
        for part in _parts(doc)
        if isinstance(part, dict)
        for name in part
    )


def _is_optional_name(doc: dict[str, Any]) -> bool:
    """Return whether a name is empty, or one at the top level begins with `_`."""
    empty = any("" in part for part in _parts(doc) if isinstance(part, dict))
    return empty or any(name.startswith("_") for name in doc)


def _is_extreme(part: Any) -> bool:
    if type(part) is int:
        return abs(part) > PORTABLE
    if type(part) is not float or part == 0:
        return str(part) == "-0.0"
    return not 1e-300 < abs(part) < 1e300


_SIGNS: tuple[tuple[str, Callable[[Any], bool]], ...] = (
    ("DOC-13", lambda doc: _size(doc) > 200 * 1024),
    ("DOC-12", lambda doc: _size(doc) > 20 * 1024),
    ("DOC-11", lambda doc: _levels(doc) > PORTABLE_LEVELS),
    ("DOC-1", lambda doc: _levels(doc) > FEW_LEVELS),
    ("DOC-7", _any(lambda part: _is_array(part) and any(map(_is_array, part)))),
    ("SAVE-11", _any(_is_no_json)),
    ("DOC-9", _is_optional_name),
    ("DOC-8", _is_odd_name),
    ("DOC-10", _any(_is_extreme)),
    ("DOC-5", _any(lambda part: isinstance(part, str) and not _PLAIN_TEXT.fullmatch(part))),
    ("DOC-6", _any(lambda part: part is None or part in ("", [], {}))),
    ("DOC-1", lambda _: True),
)
"""Each clause with a sign of it in a document, the most special first."""
