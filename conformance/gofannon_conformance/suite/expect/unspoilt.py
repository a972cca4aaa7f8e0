"""Checks that the caller and the store share no object: neither changes what the other has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.violation import violation
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.values.equality import differences
from gofannon_conformance.values.source import shortened

if TYPE_CHECKING:
    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit

SEEN_BY = ("get", "list_all")
"""The methods that would show such a change."""


def spoil(value: Any) -> None:
    """Change every dict and list inside a value, the deepest first.

    >>> doc = {"a": [1, {"b": 2}]}
    >>> spoil(doc)
    >>> doc
    {'a': [1, {'b': 'spoilt', 'spoilt': True}, 'spoilt'], 'spoilt': True}
    """
    if isinstance(value, dict):
        for key, item in list(value.items()):
            spoil(item)
            if not isinstance(item, (dict, list)):
                value[key] = "spoilt"
        value["spoilt"] = True
    elif isinstance(value, list):
        for item in value:
            spoil(item)
        value.append("spoilt")


DEEP: dict[str, Any] = {
    "text": "as saved",
    "spoilt": False,
    "number": 0.5,
    "object": {"inner": {"innermost": {"n": 1, "x": 2.5}}, "list": [2, 1], "x": 0.1, "no": None},
    "list": [1, [2, [3, {"n": 4, "x": 1.5}]], {"items": [{"n": 5, "t": True}]}],
    "not in order": [3, 1, 2],
    "texts": ["b", "a", "b", " c "],
    "floats": [2.5, 1.5],
    "deep": {"l": [{"l": [{"l": [{"l": [{"l": [{"o": {"o": {"n": 1}, "l": [1]}}]}]}]}]}]},
    "empty object": {},
    "empty list": [],
    "nothing": None,
    "objects": [{"n": n, "tags": ["b", "a"]} for n in (2, 0, 1)],
}
"""A document with values of each type in containers of each kind, in no order."""


def spoil_shown(kit: Kit, value: Any, name: str) -> None:
    """Spoil a value, and record that in the program of a violation."""
    kit.trace.steps.append(f"# … then everything in {name} is changed, at any depth")
    kit.trace.names.add("spoilt")
    spoil(value)


def expect_unspoilt(
    collection: Collection, doc_id: str, doc: dict[str, Any], clause: str, seen_by: str
) -> None:
    """Check by `get()` or `list_all()` that the only document is as it was saved."""
    if seen_by == "get":
        answers.stored(collection, doc_id, doc, clause)
    else:
        answers.listing(collection.list_all(), {doc_id: doc}, clause)


READS = 6
"""How many times a result is changed: a cache may store a document only after some reads."""

SETTABLE = ("_id", "_rev")
"""The fields that a method may set in a document of its caller."""


def arguments_kept(
    answer: Answer, before: Any, now: Any, clause: str, *, settable: tuple[str, ...] = ()
) -> None:
    """Check that a call left its caller's arguments as they were.

    The settable fields of a document, or of each in a list, may be set, but not removed.
    """
    wrong = differences(
        _without(settable, before, now), _without(settable, now, now), numbers="exact"
    )
    if wrong:
        but = f", except {' and '.join(settable)}" if settable else ""
        raise violation(
            clause,
            f"{answer.call.method}() has changed its caller's arguments",
            answer=answer,
            came=shortened(now),
            expected=f"what it was before{but}: {shortened(before)}",
            differences=[str(d) for d in wrong],
        )


def _without(settable: tuple[str, ...], value: Any, now: Any) -> Any:
    """Return a document, or a list of documents, without the settable fields that it has now."""
    if type(value) is list and type(now) is list and len(value) == len(now):
        return [_without(settable, one, is_now) for one, is_now in zip(value, now, strict=True)]
    if type(value) is dict and type(now) is dict:
        return {k: v for k, v in value.items() if k not in settable or k not in now}
    return value
