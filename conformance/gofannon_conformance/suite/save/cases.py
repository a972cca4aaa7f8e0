"""Cases of SAVE: replaced documents, revisions, odd fields, documents that are saved again."""

from __future__ import annotations

from typing import Any


def _deep(levels: int, value: Any) -> dict[str, Any]:
    doc: dict[str, Any] = {"value": value}
    for _ in range(levels - 1):
        doc = {"in": doc}
    return doc


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
    "letters in another order": ({"a": "listen"}, {"a": "silent"}),
    "text of the same length": ({"a": "one", "b": {"c": "two"}}, {"a": "one", "b": {"c": "six"}}),
    "two values exchanged": ({"a": 1, "b": 2}, {"a": 2, "b": 1}),
    "two elements exchanged": ({"l": [1, 2, 3]}, {"l": [2, 1, 3]}),
    "numbers of the same sum": ({"l": [1, 4]}, {"l": [2, 3]}),
    "a number of as many digits": ({"n": 10, "o": {"n": 1.5}}, {"n": 11, "o": {"n": 2.5}}),
    "the last of a long text": ({"t": "x" * 9000 + "a"}, {"t": "x" * 9000 + "b"}),
    "long text become shorter, and still long": (
        {"t": "x" * 20_000, "after": 1},
        {"t": "y" * 9_000, "after": 2},
    ),
    "longer text become shorter, and still longer": (
        {"before": 1, "t": "x" * 80_000},
        {"before": 2, "t": "y" * 66_000},
    ),
    "many fields become fewer, and still many": (
        {f"f{n}": n for n in range(1000)},
        {f"f{n}": n + 1 for n in range(400)},
    ),
    "the last of a long list": ({"l": [*range(500), 1]}, {"l": [*range(500), 2]}),
    "a value ten levels down": (_deep(10, "a"), _deep(10, "b")),
    "a letter in another case": ({"a": "text"}, {"a": "Text"}),
    "a space at the end": ({"a": "text"}, {"a": "text "}),
    "an accent written otherwise": ({"a": "caf\u00e9"}, {"a": "cafe\u0301"}),
    "a name in another case": ({"name": 1}, {"Name": 1}),
    "false become zero": ({"a": False}, {"a": 0}),
    "false become null": ({"a": False}, {"a": None}),
    "null become absent": ({"a": None, "b": 1}, {"b": 1}),
    "an empty list become an empty object": ({"a": []}, {"a": {}}),
    "empty text become null": ({"a": ""}, {"a": None}),
    "a list become text": ({"a": [1]}, {"a": "[1]"}),
    "a fraction become another": ({"a": 0.1}, {"a": 0.2}),
    "a fraction a little larger": ({"a": 0.1}, {"a": 0.1000000001}),
    "fields of one more": ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}),
    "the very same": ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}),
}
"""Old documents, each with the new one that is saved over it."""

FOREIGN_REVISIONS = (
    "1-967a00dff5e02add41819138abb3284d",
    "37-e1f2a3",
    "memory-rev",
    "firestore-rev",
    "2024-01-15T10:30:00.000000Z",
    "7",
    "not a revision",
)
"""Revisions of other backends, in documents that were moved."""

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
    {"t": 0, "u": 1},
    {"t": False, "u": True},
    {"version": 1, "rev": "1-a", "etag": "a", "n": 1},
    {"version": 1, "rev": "1-a", "etag": "a", "n": 2},
    {"t": "x" * 1000 + "a"},
    {"t": "x" * 1000 + "b"},
    {},
)
"""Versions of a document, each a small change of the last."""

ANSWERED_IDS = ("user@example.com", "a b", "a/b", "caf\u00e9", "A", "50%", "a:b#c?d=e&f", "001")
"""Ids that a request may encode, and that must come back unchanged."""

ODD_FIELDS: dict[str, Any] = {
    "a.b": {"$c": [1.5], "d.e": None},
    "$f": {"g/h": 1},
    "with space": "text",
    "": {"": 0},
}
"""Fields that a store may rename when it saves."""

ROUNDS = 3
"""How many times a document is read and saved again."""

READ_AND_SAVED: dict[str, dict[str, Any]] = {
    "fields that a store renames": {k: v for k, v in ODD_FIELDS.items() if k},
    "what looks like an escape": {
        "s": ["\\", "\\\\", "\\n", "\\u0041", "\\x00", '\\"', "\x00", "\ufeff", "^", "__"],
        "t": ["%41", "%25", "%2541", "&amp;", "&amp;amp;", "+", "=3D", "~0", "~1"],
        "u": ["''", '""', "{{", "}}", "%%", "$$", "{{{x}}}"],
    },
    "names that look like escapes": {
        "a%2Eb": 1, "a\\.b": 2, "a~1b": 3, "a\uff0eb": 4, "%24a": 5,
        "o": {"__dot__": {"__dollar__": 6}},
    },
    "numbers": {"n": [0.1, 1e-6, 123456.789, 2**53, -(2**53), 87.5, 0, 1e15]},
    "moments": {"t": ["2024-01-15T10:30:00Z", "2024-01-15T10:30:00.123456+02:00", "2024-01-15"]},
    "nothing much": {"a": None, "b": [], "c": {}, "d": "", "e": [None, [], {}]},
    "what looks like an envelope": {"value": {"value": {"value": 1}}, "type": "dict"},
    "a field `id` and a field `rev`": {"id": "other", "rev": "1-x", "data": {"id": 1, "_id": 2}},
}  # fmt: skip
"""Documents that a store may change a little with each save or read."""
