"""Changing a value at every depth, as a careless caller would, to see who else notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.suite import expect

if TYPE_CHECKING:
    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection

SEEN_BY = ("get", "list_all")
"""The methods by which a change that went through would be seen."""


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
    """Spoil a value, and say so in the program that a failure shows."""
    kit.trace.steps.append(f"# … then everything in {name} is changed, at any depth")
    spoil(value)


def expect_unspoilt(
    collection: Collection, doc_id: str, doc: dict[str, Any], clause: str, seen_by: str
) -> None:
    """The only document must be as it was saved, by one of the two methods that show it."""
    if seen_by == "get":
        expect.document(collection.get(doc_id), doc_id, doc, clause)
    else:
        expect.listing(collection.list_all(), {doc_id: doc}, clause)
