"""What saving is tried on: what replaces what, and revisions of all kinds."""

from __future__ import annotations

from typing import Any

REPLACED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a field less": ({"a": 1, "b": 2}, {"a": 1}),
    "other fields": ({"a": 1}, {"b": 2}),
    "no field any more": ({"a": 1, "b": {"c": [1]}}, {}),
    "fields where there were none": ({}, {"a": {"b": 1}}),
    "a field less in an object": ({"o": {"x": 1, "y": 2}}, {"o": {"x": 1}}),
    "a field less three levels down": (
        {"o": {"p": {"q": {"x": 1, "y": 2}}}},
        {"o": {"p": {"q": {"x": 1}}}},
    ),
    "other fields in an object": ({"o": {"x": 1}}, {"o": {"y": 2}}),
    "an emptied object": ({"o": {"x": 1}}, {"o": {}}),
    "an object become null": ({"o": {"x": 1}}, {"o": None}),
    "null become an object": ({"o": None}, {"o": {"x": 1}}),
    "an object become text": ({"o": {"x": 1}}, {"o": "text"}),
    "text become an object": ({"o": "text"}, {"o": {"x": 1}}),
    "an object become a list": ({"o": {"0": "x"}}, {"o": ["x"]}),
    "a shorter list": ({"l": [1, 2, 3]}, {"l": [1]}),
    "an emptied list": ({"l": [1, 2, 3]}, {"l": []}),
    "another list": ({"l": [1, 2]}, {"l": [3]}),
    "a list with one element less inside": ({"l": [[1, 2], [3]]}, {"l": [[1]]}),
    "a field less in an object in a list": ({"l": [{"x": 1, "y": 2}]}, {"l": [{"x": 1}]}),
    "a value become null": ({"a": 1}, {"a": None}),
    "a value become false": ({"a": True}, {"a": False}),
    "a number become zero": ({"a": 1}, {"a": 0}),
    "text become empty": ({"a": "text"}, {"a": ""}),
    "longer text become shorter": ({"a": "x" * 500}, {"a": "x"}),
    "true become 1": ({"a": True}, {"a": 1}),
    "a number become text": ({"a": 1}, {"a": "1"}),
    "the very same": ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}),
}
"""What a document was, and what is saved over it."""

FOREIGN_REVISIONS = (
    "1-967a00dff5e02add41819138abb3284d",
    "37-e1f2a3",
    "memory-rev",
    "firestore-rev",
    "2024-01-15T10:30:00.000000Z",
    "7",
    "not a revision",
)
"""Revisions as other backends write them, carried along by a document that was moved."""

REVISED: tuple[dict[str, Any], ...] = (
    {"n": 1},
    {"n": 2},
    {"n": "2"},
    {"n": "2", "nothing": None},
    {"n": "2"},
    {"o": {"x": [1, 2, {"deep": "a"}]}},
    {"o": {"x": [1, 2, {"deep": "b"}]}},
    {"o": {"x": [2, 1, {"deep": "b"}]}},
    {"o": {"x": [2, 1, {"deeper": "b"}]}},
    {"t": True},
    {"t": False},
    {"t": "x" * 1000 + "a"},
    {"t": "x" * 1000 + "b"},
    {},
)
"""Versions of a document, each a small change of the one before."""
