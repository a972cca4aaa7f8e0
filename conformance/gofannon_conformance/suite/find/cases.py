"""The documents and selectors of the FIND tests: nearly equal values, and syntax of stores."""

from __future__ import annotations

from typing import Any

RELATED: tuple[Any, ...] = (
    1, True, 1.0, "1", "1.0", "01", [1], [True], {"1": 1}, 0, False, "0", "", [], {}, None, "null",
    [None], "true", 2, -1, 0.3, 0.30000000000000004, 1.5, 2**53 - 1, 2**53 - 2,
    "a", "A", "a ", " a", "ab", "a\x00", "\u00e4", "a\u0308", "x" * 3000, "x" * 3000 + "y",
    "\u00c4", "a\n", "a\u200b", "\uff41", "stra\u00dfe", "strasse", "STRASSE", "a b", "b a", "a, b",
    ["a"], ["a", "b"], ["b", "a"], ["a", "a"], [["a"]], [{}], "[1, 2]", [1, 2],
    {"x": 1}, {"x": True}, {"x": "1"}, {"x": 1, "y": 2}, {"y": 2, "x": 1}, {"x": {"y": 1}},
    {"x": None}, {"X": 1}, [{"x": 1}], [{"x": 1, "y": 2}], '{"x": 1}',
    [0] * 300, [0] * 299 + [1], [0] * 301,
    "2024-01-15T10:30:00Z", "2024-01-15T10:30:00+00:00",
)  # fmt: skip
"""Values of which some store takes two for equal."""

RELATED_NAMES: tuple[str, ...] = (
    "name", "Name", "NAME", "nam", "names", "name ", " name", "name\n", "first_name", "first-name",
    "firstName", "first name", "firstname", "\u00e4rger", "\u00c4rger", "a\u0308rger", "arger",
    "1", "01", "1.0", "\uff4eame", "data", "body", "value", "doc", "document", "json", "content",
    "payload", "attributes", "fields", "key", "id", "type", "collection",
)  # fmt: skip
"""Field names of which some store takes two for the same."""

OPERATORS: tuple[Any, ...] = (
    {"$gt": ""}, {"$ne": None}, {"$exists": True}, {"$in": ["a", "b"]}, {"$regex": ".*"},
    {"$eq": "a"}, {"$not": {"$eq": "x"}}, {"$type": "string"}, {"$elemMatch": {}}, {"$all": []},
    {"$size": 1}, {"S": "a"}, {"==": "a"}, {"op": "!="}, {"b": {"c": 1}}, [{"$gt": ""}],
    "%", "_", "a%", "*", "a*", "?", ".*", "^a", "[a-z]", "a|b", "$a", "$.a", "/a", "@a", ":a", "?1",
    "a.b", "b", "' OR '1'='1", "a' --", '"a"', "'a'", '"', "'", "\\", "a\\", "); DROP TABLE a; --",
    "NULL", "None", "*:*", "!a", "<>a", "{0}", "%s", "a,b",
)  # fmt: skip
"""Values that are operators, patterns or code in the query language of some store."""

BAITS: tuple[Any, ...] = ("a", "b", "x", "ab", "a1", "zz", 1, 5, None, True, ["a"], ["a", "b"], [])
"""Values that such an operator would match."""

LOOKUPS: tuple[tuple[str, Any], ...] = (
    ("gt", ""), ("ne", "none"), ("in", ["a", "b"]), ("eq", "a"), ("exists", True), ("gte", "a"),
    ("lt", "b"), ("lte", "z"), ("not", "none"), ("nin", ["none"]), ("not_in", ["none"]),
    ("exact", "a"), ("iexact", "A"), ("contains", "a"), ("icontains", "A"), ("has", "a"),
    ("startswith", "a"), ("starts_with", "a"), ("endswith", "a"), ("like", "a%"), ("ilike", "A%"),
    ("regex", ".*"), ("iregex", ".*"), ("isnull", False), ("is_null", False), ("is", "a"),
    ("range", ["a", "z"]), ("between", ["a", "z"]), ("any", ["a"]), ("all", []), ("len", 1),
    ("size", 1), ("length", 1), ("type", "string"), ("match", "a"), ("search", "a"),
)  # fmt: skip
"""Operators that some library appends to a field's name, each with a value."""

SIGNS: tuple[tuple[str, Any], ...] = (
    (">", ""), (">=", "a"), ("<", "z"), ("<=", "z"), ("!", "none"), ("!=", "none"), ("<>", "none"),
    ("==", "a"), ("=", "a"), ("~", "a"), ("~*", "A"), ("!~", "none"), ("^", "a"), ("^=", "a"),
    ("$=", "a"), ("*=", "a"), ("%", "a"), ("?", True), ("-", "none"), ("+", "a"), (":", "a"),
    ("&", "a"), ("@", "a"), ("@>", ["a"]), ("[]", ["a"]), ("[>]", ""), ("()", "a"),
)  # fmt: skip
"""Signs that are put after or before the name."""

OPERATOR_NAMES: tuple[tuple[str, Any], ...] = (
    ("$gt", ""), ("$or", [{"a": "a"}, {"a": "b"}]), ("$and", [{"a": "a"}]),
    ("$nor", [{"a": "none"}]), ("$not", {"a": "x"}), ("$where", "1 == 1"), ("$expr", True),
    ("$a", "a"), ("OR", "a"), ("o.x", 1), ("o.x.y", 1), ("o[x]", 1), ("o->x", 1), ("o->>'x'", 1),
    ("o/x", 1), ("/o/x", 1), ("$.o.x", 1), ("l.0", 1), ("l[0]", 1), ("*", "a"), ("a*", "a"),
    ("%", "a"), ("a%", "a"), ("a'", "a"), ('a"', "a"), ('"a"', "a"), ("`a`", "a"), ("[a]", "a"),
    ("{a}", "a"), ("a\\", "a"), ("\\a", "a"), ("a b", "a"), ("a,b", "a"),
    ("a=a", "a"), ("#a", "a"), (":a", "a"), ("1", "a"), ("1=1", True), ("' OR '1'='1", "a"),
    ("a') OR 1=1 --", "a"), ("%s", "a"), ("a\x00b", "a"), ("id", "a"), ("rev", "a"), ("key", "a"),
    ("value", "a"), ("data", "a"), ("doc", "a"), ("doc_id", "a"), ("type", "a"), ("limit", 1),
    ("select", "a"),
    *((f"a__{verb}", value) for verb, value in LOOKUPS),
    *((f"a.{verb}", value) for verb, value in LOOKUPS[:6]),
    *((f"a[{verb}]", value) for verb, value in LOOKUPS[:4]),
    *((f"a[${verb}]", value) for verb, value in LOOKUPS[:4]),
    *((f"a.${verb}", value) for verb, value in LOOKUPS[:4]),
    *((f"a:{verb}", value) for verb, value in LOOKUPS[:4]),
    *((f"{verb}__a", value) for verb, value in LOOKUPS[:4]),
    *((f"a{sign}", value) for sign, value in SIGNS),
    *((f"a {sign}", value) for sign, value in SIGNS[:6]),
    *((f"{sign}a", value) for sign, value in SIGNS),
    ("o__x", 1), ("o__x__y", 1), ("l__0", 1), ("l__len", 1), ("o:x", 1), ("o:x:y", 1), ("o_x", 1),
    ("o|x", 1), ("o\\.x", 1), ("o['x']", 1), ('o["x"]', 1), ("o#>x", 1), ("o{x}", 1), ("$o.x", 1),
    ("l[]", 1), ("l.$", 1), ("l.*", 1), ("o.*", 1), ("o[*]", 1), ("l[*]", 1), ("a[]", ["a"]),
    ("a::text", "a"), ("lower(a)", "a"), ("a LIKE", "%"), ("a like", "a%"), ("a IN", ["a"]),
    ("a IS NOT", None), ("NOT a", "none"), ("not_a", "none"), ("a_not", "none"), ("a and b", "a"),
    ("a or b", "a"), ("a|b", "a"), ("a AS b", "a"), ("a desc", "a"),
)  # fmt: skip
"""Field names that are syntax, a path or a column in some store, each with a value."""

PATH_BAITS: dict[str, dict[str, Any]] = {
    "inner": {"o": {"x": 1, "y": 2}, "l": [1], "a": "a"},
    "innermost": {"o": {"x": {"y": 1}}, "l": [[1]], "a": "b"},
    "plain": {"a": "a", "b": 1},
    "other": {"a": "none"},
    "empty": {},
}
"""Documents that such a name would match if it were a path or an operator."""

PLAIN: dict[str, dict[str, Any]] = {
    "plain-1": {"plain": "text", "number": 1},
    "plain-2": {"plain": "text", "number": 2},
}
PLAIN_SELECTORS: tuple[dict[str, Any], ...] = (
    {},
    {"number": 1},
    {"plain": "text"},
    {"plain": "text", "number": 2},
)
"""Selectors without any syntax."""

SEVERAL: dict[str, dict[str, Any]] = {
    f"{a}{b}{c}": {"a": a, "b": b, **({"c": True} if c else {})}
    for a in (1, 2)
    for b in ("x", "y")
    for c in (0, 1)
}
"""Every combination of a few values."""

SELECTORS: tuple[dict[str, Any], ...] = (
    {},
    {"a": 1},
    {"a": 2},
    {"b": "y"},
    {"a": 1, "b": "x"},
    {"b": "x", "a": 1},
    {"a": 2, "b": "x", "c": True},
    {"c": True, "a": 2},
    {"a": 1, "d": 1},
    {"d": 1, "a": 1},
    {"a": 3, "b": "x"},
    {"a": 1, "b": "X"},
    {"_id": "1x0"},
    {"_id": "1x0", "a": 1},
    {"_id": "1x0", "a": 2},
    {"_id": "1X0"},
    {"_id": "1x"},
    {"_id": "nobody"},
)
"""Selectors of up to three fields, which match some, all or none of those combinations."""

PARTS: dict[str, dict[str, Any]] = {
    "full": {
        "a": 1,
        "b": "text",
        "o": {"x": 1, "y": {"z": [1, 2]}},
        "l": [1, {"x": 2}],
        "id": "own",
        "n": 1,
    },
    "falsy": {"a": 0, "b": "", "o": {}, "l": [], "id": None, "n": 1},
    "false": {"a": False, "b": None, "n": 1},
    "bare": {"n": 1},
    "dotted": {"o.x": 3, "o": {"x": 1}, "$a": 4, 'a"b': 5, "l.0": 6, "a b": 7, "A": 8, "n": 2},
    "undotted": {"o": {"x": 1}, "l": [9], "a": {"b": 1}, "n": 2},
}
"""Documents for the tests of `fields`."""

SELECTED: tuple[dict[str, Any], ...] = ({}, {"n": 1})
"""Selectors of all of them, and of those with a field."""

PROJECTIONS: tuple[list[str], ...] = (
    ["a"],
    ["b", "a"],
    ["_id"],
    ["_id", "a"],
    ["o"],
    ["l", "o", "n"],
    ["a", "a"],
    ["nothing"],
    ["nothing", "b"],
    ["id"],
    ["o.x"],
    ["l.0", "l[0]"],
    ["$a", 'a"b'],
    ["a b", "A"],
    ["a.b", "a/b"],
    ["*"],
)
"""`fields` that all, some and none of them have, and names that are no paths."""


def _digits(characters: int) -> str:
    return "".join(f"{n:05}" for n in range(characters // 5))


ITEMS = 300
"""More items or fields than some store compares."""

_LONG: tuple[dict[str, Any], ...] = (
    {"text": _digits(9_000)},
    {"text": _digits(34_000)},
    {"text": _digits(90_000)},
    {"list": list(range(ITEMS))},
    {"texts": [_digits(100)] * 900},
    {"object": {f"field-{n}": n for n in range(ITEMS)}},
    {f"field-{n}": n for n in range(ITEMS)},
)
LONG: dict[str, dict[str, Any]] = {
    f"long-{n}": {"n": n, "size": "any", **fields} for n, fields in enumerate(_LONG)
}
"""Documents of up to 90 KB, with long texts, arrays and many fields."""

LONG_SELECTORS: tuple[dict[str, Any], ...] = (
    {"text": _digits(9_000)},
    {"text": _digits(9_000)[:-1] + "x"},
    {"list": list(range(ITEMS))},
    {"list": [*range(ITEMS - 1), -1]},
    {"object": {f"field-{n}": n for n in range(ITEMS)}},
    {"object": {f"field-{n}": min(n, ITEMS - 2) for n in range(ITEMS)}},
    {f"field-{n}": n for n in range(0, ITEMS, 12)},
    {f"field-{ITEMS - 1}": ITEMS - 1},
)
"""Selectors of long values that they hold, and of values that differ at the end."""
