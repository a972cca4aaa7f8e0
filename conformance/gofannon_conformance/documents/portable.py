"""Strategies of documents that every backend must hold (DOC-1, DOC-3, DOC-5 to DOC-8).

Draws are the most expensive part of a run, so whole fields are drawn from tables of edge cases,
and mixed with a few random ones. A field is kept as JSON text and parsed for each draw: no two
documents share an object that a service could change.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, TypeAlias

from hypothesis import strategies as st

Document: TypeAlias = dict[str, Any]

DEPTH = 16
"""The most levels of objects and arrays, the document itself counted (DOC-1)."""
LARGEST_INTEGER = 2**53
SMALLEST_FLOAT, LARGEST_FLOAT = 1e-6, 1e15

SHARP_TEXTS: tuple[str, ...] = (
    "",
    " ",
    "text",
    " leading and trailing ",
    "\ttab, \r\n lines \n",
    "\x00",
    "a\x00b",
    "".join(map(chr, range(1, 32))) + "\x7f\x85",
    "null",
    "None",
    "true",
    "False",
    "0",
    "1",
    "01",
    "1.0",
    "-0.0",
    "1e5",
    "12345678901234567890",
    "NaN",
    "Infinity",
    "2024-01-15T10:30:00Z",
    "2024-01-15",
    "10:30:00",
    "550e8400-e29b-41d4-a716-446655440000",
    '{"json": [1, null]}',
    "[]",
    "'single' \"double\" `back`",
    "back\\slash \\u0041 \\n",
    "%s %(name)s {0} ${name} %41",
    "; DROP TABLE agents --",
    "<b>&amp;</b>",
    "café",  # one code point for the accent …
    "cafe\u0301",  # … and two: different texts
    "\u00df \u1e9e \ufb01 \u00c5 \u212b \u0130 \u0131",
    "\u05e9\u05dc\u05d5\u05dd \u202e\u0639\u0627\u0644\u0645\u202c",  # right to left
    "日本語 한국어 ไทย",
    "\U0001f600 \U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308",
    "\U0001d11e \U0010fffd \ufffe\uffff",
    "\ufeffbom \u200b\u2028\u2029\u00ad",
    "gANjb3M=",
    "e\u0301" * 40,
)

SHARP_NUMBERS: tuple[int | float, ...] = (
    0, 1, -1, 2, 10, 255, 256, 32_767, 65_536, 2**31 - 1, 2**31, -(2**31) - 1, 2**32,
    2**53 - 1, 2**53, -(2**53), 9_007_199_254_740_991, 1_700_000_000_123,
    0.0, 1.0, -1.0, 0.5, 0.05, 0.1, 87.5, 100.0, 0.1 + 0.2, 1 / 3, 2 / 3, 1.1, -2.675,
    3.141592653589793, 1e15, -1e15, 123_456_789.123_456_79, 1e-6, 4_503_599_627_370_495.5 / 16,
)  # fmt: skip

SHARP_NAMES: tuple[str, ...] = (
    "a", "b", "name", "id", "rev", "data", "key", "value", "doc", "type", "created_at", "ID",
    "a.b", ".", "..", "a/b", "$", "$set", "$gt", "`", "a[0]", "[]", " ", "a b", " a", "a ", "A",
    "x__x__", "0", "1", "-1", "01", "true", "null", "constructor", "toString", "select", "é",
    "e\u0301", "日本", "😀", "\x00", "a\x00b", "\n", "'", '"', "\\", "%", ":", "#x", "@type", "ß",
    "long" * 80,
)  # fmt: skip
"""Field names for every level; none begins with `_`."""

INNER_NAMES: tuple[str, ...] = (*SHARP_NAMES, "_id", "_rev", "_x", "__x__", "__proto__", "_")

PLAIN_VALUES: tuple[Any, ...] = (1, "text", None, True, "", 0.5, False, [], {})

SHARP_VALUES: tuple[Any, ...] = (
    None, True, False, {}, [], [[]], [{}], {"a": {}}, {"a": None}, [None], [None, None],
    [[1, 2], [3]], [[[]]], [1, "1", 1.5, True, None, {"a": 1}, [1]], [True, 1, 1.0, "1"],
    [False, 0, 0.0, "", None, [], {}], {"a": [{"b": [{"c": []}]}]}, {"a": None, "b": {"c": None}},
    {"x": 1, "y": {"z": [1, 2, {"w": None}]}}, {"_id": "inner", "_rev": "1-x"},
    {"id": 1, "rev": 2, "data": {"data": []}}, [["a", 1], ["b", 2]], {"0": "a", "1": "b"},
    [0, 0, 0], ["b", "a", "c", "a"], {"b": 1, "a": 2}, {"S": "x"}, {"N": "1"}, {"$ref": "x"},
    {"M": {"a": {"S": "b"}}}, list(range(50)), ["", " ", "\x00"], {"__class__": "x"},
)  # fmt: skip


def texts() -> st.SearchStrategy[str]:
    """Return any text without lone surrogates, those of the table often."""
    return st.sampled_from(SHARP_TEXTS) | st.text(max_size=24)


def numbers() -> st.SearchStrategy[int | float]:
    """Return integers within ±2^53 and finite floats of ordinary size, without `-0.0`."""
    return st.one_of(
        st.sampled_from(SHARP_NUMBERS),
        st.integers(-LARGEST_INTEGER, LARGEST_INTEGER),
        st.floats(SMALLEST_FLOAT, LARGEST_FLOAT),
        st.floats(-LARGEST_FLOAT, -SMALLEST_FLOAT),
    )


def top_names() -> st.SearchStrategy[str]:
    """Return field names for the top level: not empty, and not beginning with `_`."""
    fresh = st.text(min_size=1, max_size=12).map(lambda name: name.lstrip("_") or "x")
    return st.sampled_from(SHARP_NAMES) | fresh


def inner_names() -> st.SearchStrategy[str]:
    """Return field names below the top level: not empty."""
    return st.sampled_from(INNER_NAMES) | st.text(min_size=1, max_size=12)


def fresh(values: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    """Return one of some JSON values, parsed for each draw so that no two share an object."""
    return st.sampled_from(tuple(json.dumps(value) for value in values)).map(json.loads)


def nested(deepest: int) -> tuple[Any, ...]:
    """Return values nested up to `deepest` levels, of objects, of arrays, of both."""
    depths = sorted({2, 3, deepest // 2, deepest - 1, deepest})
    kinds: tuple[tuple[str | None, ...], ...] = (("a",), (None,), ("a", None))
    shapes = [(kind * depth)[:depth] for depth in depths for kind in kinds]
    return tuple(wrapped(PLAIN_VALUES[place % 4], shape) for place, shape in enumerate(shapes))


def wrapped(value: Any, shape: tuple[str | None, ...]) -> Any:
    """Put a value into an object for each name of a shape, and into an array for each None."""
    for name in reversed(shape):
        value = [value] if name is None else {name: value}
    return value


def sharp_fields(
    names: tuple[str, ...], values: tuple[Any, ...]
) -> st.SearchStrategy[list[tuple[str, Any]]]:
    """Return up to eight fields in two draws: neighbours in one table.

    The table holds each value under a plain name, and each name with a plain value, mixed.
    """
    letters = "abcdefghijklmnopqrstuvwxyz"
    table = [(letters[place % 26], value) for place, value in enumerate(values)]
    plain = len(PLAIN_VALUES)
    table += [(name, PLAIN_VALUES[place % plain]) for place, name in enumerate(names)]
    mixed = [json.dumps(field) for start in range(5) for field in table[start::5]]

    def run(length: int, start: int) -> list[tuple[str, Any]]:
        return [json.loads(field) for field in mixed[start : start + length]]

    return st.builds(run, st.integers(0, 8), st.integers(0, len(mixed) - 1))


def documents_of(
    top: st.SearchStrategy[str],
    inner: st.SearchStrategy[str],
    scalars: st.SearchStrategy[Any],
    table: st.SearchStrategy[list[tuple[str, Any]]],
) -> st.SearchStrategy[Document]:
    """Return documents of the table's fields and up to two random ones."""
    rows = st.lists(scalars, max_size=3)
    objects = st.dictionaries(inner, scalars, max_size=3)
    fields = st.tuples(top, st.one_of(scalars, scalars, rows, objects))
    return st.builds(
        lambda known, random: {**dict(known), **dict(random)}, table, st.lists(fields, max_size=2)
    )


@cache
def portable_documents() -> st.SearchStrategy[Document]:
    """Return any document of DOC-1, which every backend must return as it was saved.

    Objects and arrays to a depth of 16, any Unicode text, NUL included, booleans, null, integers
    within ±2^53, floats of ordinary size; no field name is empty, and none at the top level
    begins with `_`.
    """
    values = (*SHARP_VALUES, *SHARP_TEXTS, *SHARP_NUMBERS, *nested(DEPTH - 1))
    return documents_of(
        top_names(), inner_names(), texts() | numbers(), sharp_fields(SHARP_NAMES, values)
    )


SMALL_DOCUMENTS: tuple[Document, ...] = (
    {},
    {"a": 1},
    {"a": None},
    {"a": True},
    {"a": ""},
    {"b": 2},
    {"a": {"x": 1}},
    {"a": {"y": 2}},
    {"a": {"x": 1, "y": {"z": [1]}}},
    {"a": []},
    {"a": [1, 2, 3]},
    {"a": [{"x": 1}]},
    {"a": 1, "b": {"x": None}},
    {"b": {}},
    {"b": "text", "c": 0.5},
    {"id": "x", "rev": 1, "data": {}},
)
"""Documents that share their field names, so that a merge shows."""


@cache
def small_documents() -> st.SearchStrategy[Document]:
    """Return tiny documents of few field names, for programs of many steps."""
    return fresh(SMALL_DOCUMENTS)
