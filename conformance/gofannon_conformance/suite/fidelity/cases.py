"""The documents of the DOC tests, in tables: each is changed by some store."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from gofannon_conformance.documents.portable import SHARP_NAMES, SHARP_TEXTS
from gofannon_conformance.documents.wide import WIDE_TOP_NAMES
from gofannon_conformance.documents.words import LOOKALIKES

UNICODE_TEXTS: dict[str, str] = {
    "NUL alone": "\x00",
    "NUL at the end": "a\x00",
    "NUL within": "a\x00b\x00c",
    "NUL and what looks like its escape": "\x00 \\u0000 \\\\u0000 \\x00",
    "control characters": "".join(map(chr, range(1, 32))),
    "delete and the second control block": "".join(map(chr, range(0x7F, 0xA0))),
    "line and paragraph separators": "a\u2028b\u2029c\x85d\x0be\x0cf",
    "carriage returns": "a\rb\r\nc\n\rd",
    "composed and decomposed": "caf\u00e9 cafe\u0301 \ud55c \u1112\u1161\u11ab",
    "compatibility characters": "\ufb01 \uff21 \u00b2 \u2126 \u212b \u00bd",
    "combining marks alone": "\u0301\u0308",
    "case without a twin": "ß ẞ \u0131 İ \u017f ﬀ",
    "right to left": "שלום \u202eabc\u202c العربية",
    "zero width": "a\u200bb\u200cc\u200dd\u2060e\ufefff",
    "a byte order mark first": "\ufeffa",
    "noncharacters": "\ufffe \uffff \U0001ffff \ufdd0",
    "the replacement character": "\ufffd",
    "outside the basic plane": "😀 𝄞 𠜎 \U0010fffd \U00010000",
    "a family and a flag": "👩‍👩‍👧‍👦 🏴‍☠️ 🇩🇪",
    "private use": "\ue000 \uf8ff \U000f0000",
    "tags": "\U000e0041\U000e007f",
    "every Latin-1 character": "".join(map(chr, range(0x20, 0x100))),
    "spaces of all kinds": "\u00a0\u1680\u2000\u2003\u2009\u202f\u205f\u3000",
}

FIELD_VALUES: dict[str, Any] = {
    "a short text": "text",
    "a text of 300 characters": "t" * 295 + "(end)",
    "a text of 1,500 characters": "t" * 1495 + "(end)",
    "text outside of ASCII": "日本語 😀 e\u0301 \x00",
    "an empty text": "",
    "a text with spaces around it": " text \n",
    "a text in mixed case": "MiXeD",
    "a moment": "2024-01-15T10:30:00Z",
    "a moment with an offset": "2024-01-15T10:30:00.123456+02:00",
    "a text like a number": "007",
    "null": None,
    "true": True,
    "false": False,
    "zero": 0,
    "an integer": 4_294_967_297,
    "a negative integer": -3,
    "a fraction": 0.1234567890123,
    "money": 87.5,
    "an empty list": [],
    "a list": ["b", "a", None, 1, [2.5], {"x": []}],
    "a list of the same": ["a", "a", "a"],
    "an empty object": {},
    "an object": {"x": {"y": [1, None, {"z": ""}]}, "name": None},
}
"""Values that any field may hold, whatever its name (DOC-1)."""

BOOLEANS: dict[str, dict[str, Any]] = {
    "true": {"a": True},
    "false": {"a": False},
    "both, in an object": {"o": {"t": True, "f": False}},
    "both, in a list": {"l": [True, False, 1, 0, "true", "false"]},
    "deep down": {"o": {"l": [{"t": True, "one": 1}]}},
    "beside numbers": {"t": True, "one": 1, "f": False, "zero": 0},
}
"""Booleans, and what a store may read them as (DOC-3)."""

TEXTS_IN_ONE = 12
"""Texts in one document: there are many, and a call may cost much."""


def texts_together() -> dict[str, dict[str, Any]]:
    """Return documents of texts that look like something else, a few in each (DOC-3)."""
    texts = tuple(dict.fromkeys((*LOOKALIKES, *SHARP_TEXTS)))
    docs: dict[str, dict[str, Any]] = {}
    for start in range(0, len(texts), TEXTS_IN_ONE):
        some = texts[start : start + TEXTS_IN_ONE]
        named = {f"t{number}": text for number, text in enumerate(some)}
        docs[f"from {some[0]!r} to {some[-1]!r}"] = {**named, "o": named, "l": [*some]}
    return docs


EMPTY: dict[str, dict[str, Any]] = {
    "a document with no field": {},
    "an empty text": {"a": ""},
    "an empty list": {"a": []},
    "an empty object": {"a": {}},
    "null": {"a": None},
    "all of them": {"t": "", "l": [], "o": {}, "n": None, "f": False, "z": 0, "kept": 1},
    "within an object": {"o": {"t": "", "l": [], "o": {}, "n": None}},
    "only null within an object": {"o": {"n": None}},
    "only an empty object within an object": {"o": {"o": {}}},
    "within a list": {"l": ["", [], {}, None]},
    "null within a list": {"l": [None, 1, None]},
    "a list of null": {"l": [None]},
    "a list of empty text": {"l": [""]},
    "one null in a list": {"l": [None], "o": {"l": [None]}},
    "one empty text in a list": {"l": [""], "o": {"l": [""]}},
    "one empty list in a list": {"l": [[]], "o": {"l": [[]]}},
    "one empty object in a list": {"l": [{}], "o": {"l": [{}]}},
    "an empty list in a list of lists": {"l": [[1], [], [2]]},
    "an empty object in a list of objects": {"l": [{"x": 1}, {}, {"x": None}]},
    "a list of empty lists": {"l": [[], []]},
    "a list of empty objects": {"l": [{}, {}]},
    "null in an object in a list": {"l": [{"n": None, "x": 1}, {"n": None}]},
    "three levels down": {"o": {"p": {"q": {"t": "", "l": [], "o": {}, "n": None}}}},
    "false and zero": {"f": False, "z": 0, "zf": 0.0},
}
"""Empty values at any depth (DOC-6)."""

ARRAYS: dict[str, list[Any]] = {
    "an array in an array": [[1, 2], [3, 4]],
    "arrays of one element": [[1]],
    "an array in an array in an array": [[[1], [2]], [[3]]],
    "empty arrays in arrays": [[], [[]], [[], []]],
    "arrays of unequal length": [[1], [1, 2], []],
    "all types": [1, "1", 1.5, True, None, {"a": 1}, [1], "", {}, []],
    "true and 1": [True, 1, False, 0],
    "text and numbers": ["1", 1, "1.5", 1.5],
    "the same again": [1, 1, 2, 1, 2, 2],
    "not in order": [3, 1, 2, "b", "a"],
    "numbers not in order": [3, 1, 2.5, 2],
    "texts not in order": ["b", "a", "C", "c", "10", "9"],
    "texts with separators": ["a,b", "c", ",", ", ", "d;e", "f|g", "h i", "j\nk", "l\x00m"],
    "one text": ["a"],
    "one number": [1],
    "one object": [{"a": 1}],
    "lists not in order": [[3, 1], [2], [1, 2]],
    "objects not in order": [{"n": 2}, {"n": 1}, {"n": 3}],
    "the same objects": [{"a": 1}, {"a": 1}],
    "objects of unlike fields": [{"a": 1}, {"b": [2]}, {}],
    "objects in arrays in arrays": [[{"a": [[1]]}], [{"b": []}]],
    "pairs": [["a", 1], ["b", 2]],
    "null first": [None, 1, [None]],
    "a long one": list(range(300)),
    "like bytes": list(range(256)),
    "like letters": [104, 101, 108, 108, 111] * 8,
    "many zeros": [0] * 40,
    "numbers with a gap": [1, None, 2, None, 2**53],
}
"""Arrays that a store may flatten, sort, make unique or read as something else (DOC-7)."""

FIELD_NAMES = (
    *SHARP_NAMES, "id", "rev", "data", "key", "value", "doc", "document", "body", "json", "content",
    "payload", "fields", "attributes", "properties", "meta", "metadata", "version", "revision",
    "etag", "timestamp", "created", "updated", "created_at", "updated_at", "deleted", "expires_at",
    "ttl", "collection", "db", "db_name", "database", "doc_id", "docid", "table", "namespace",
    "name", "type", "kind", "class", "hash", "pk", "sk", "PK", "SK", "rowid", "oid", "uuid",
    "index", "size", "self", "items", "keys", "values", "get", "update", "pop", "copy", "count",
    "length", "order", "group", "from", "where", "user", "default", "null", "None", "path", "score",
    "x_id", "a.b.c", ".a", "a.", "$a.b", "a$", "a[]", "a[b]", "a/b/c", "a\\b", "a\tb", "tab\t",
    "a,b", "1a", "a=b", "a&b", "a?b", "a|b", "(a)", "{a}", "<a>", "a;b", "a~b", "a~1b", "a^b", "+a",
    "-a", "a-b", "1.5", "0x1", "1e5", "true", "~", "*", "@", "!", "\u200b", "\ufeffa", "KEY", "Key",
    "kEy", "N", "S", "M", "L", "NULL", "BOOL", "a__b", "a_", "x" * 255, "x" * 256, "$ref", "$id",
    "$oid", "$date", "$type", "$schema", "$gt", "$or", "$binary", "$numberLong", "@id", "@type",
    "@context", "@timestamp", "@version", "@attributes", "#text", "#cdata", "#", "=", "a#b", "%",
    "%41", "a%20b", "a+b", ":a", "a:", "a::b", "/a", "a/", "..", "'", '"', "a'b", 'a"b', "`a`", "€",
    "ß", "İ", "ǆ", "ﬁ", "é", "e\u0301", "日本", "😀", "a\u200bb", " ", "a ", "a\nb", "a\x00b",
    "\x7f", "\x1f", "<<", "https://example.com/a", "urn:a:b", "a->b", "a=>b", "x" * 1100,
)  # fmt: skip
"""Names for a field, each of which is syntax or a column to some store (DOC-8)."""

_ESCAPED = (
    "a__dot__b", "a_dot_b", "a\uff0eb", "a%2Eb", "a~1b", "a\\u002eb", "a__b", "a:b", "ns:a",
    "{ns}a", "a'b", "b", "U+002E", "dollar_a",
)  # fmt: skip

TOGETHER: dict[str, dict[str, Any]] = {
    "a dotted name and the path that it looks like": {"a.b": 1, "a": {"b": 2}},
    "a slashed name and the path that it looks like": {"a/b": 1, "a": {"b": 2}},
    "a bracketed name and the path that it looks like": {"a[0]": 1, "a": [2]},
    "names apart only by case": {"name": 1, "Name": 2, "NAME": 3},
    "names apart only by their normal form": {"caf\u00e9": 1, "cafe\u0301": 2},
    "names apart only by a space": {"a": 1, "a ": 2, " a": 3, "a b": 4},
    "names apart only by a NUL": {"a": 1, "a\x00": 2, "a\x00b": 3},
    "names apart only by a separator": {"a-b": 1, "a_b": 2, "a.b": 3, "a b": 4, "ab": 5},
    "names apart only by an escape": {"a.b": 1, "a%2Eb": 2, "a\\.b": 3, "a\uff0eb": 4},
    "dollars": {"$set": {"a": 1}, "$inc": 1, "a": {"$gt": 0}, "$": 1},
    "numbers as names": {"0": "a", "1": "b", "01": "c", "1.0": "d", "-1": "e"},
    "a list and an object of numbers": {"l": ["a"], "o": {"0": "a"}},
    "`_id` and `_rev` in an object": {"o": {"_id": "inner", "_rev": "1-x", "_x": 1}},
    "`_id` and `_rev` in a list": {"l": [{"_id": "inner", "_rev": "1-x", "__x__": 2}]},
    "the columns of a table": {"id": 1, "rev": 2, "data": {"data": 3}, "key": [4], "value": None},
    "an object that looks like an escape": {"o": {"$json": "[]"}, "p": {"__json__": "[]"}},
    "an object that looks like a typed value": {"o": {"S": "x"}, "p": {"N": "1"}, "q": {"M": {}}},
    "an object that looks like a date": {"o": {"$date": "2024-01-15"}, "p": {"$oid": "1"}},
    "an object that looks like a class": {"o": {"__class__": "x", "py/object": "y"}},
    "an object that says its type": {
        "o": {"__type__": "datetime", "value": "2024-01-15"},
        "p": {"type": "int", "value": "1"},
        "q": {"_type": "bytes", "data": "aGk="},
        "r": {"__tuple__": [1], "__set__": [2], "__decimal__": "1.5", "__datetime__": "2024-01-15"},
        "s": {"@type": "set", "items": [1]},
    },
    "escaped names": {name: n for n, name in enumerate(_ESCAPED, start=1)},
    "a reference": {"o": {"$ref": "#/a"}, "a": 1},
    "many names": {f"field {n}": n for n in range(300)},
}
"""Fields that a store may mix up, or take for syntax (DOC-8)."""

ENVELOPES = (
    "data", "value", "doc", "document", "body", "json", "content", "payload", "fields", "item",
    "Item", "attributes", "properties", "record", "entry", "object", "obj", "result", "source",
    "id", "rev", "key", "meta", "metadata", "d", "v", "root", "blob", "raw", "error", "errors",
    "ok", "detail", "message", "reason", "status", "type", "rows", "docs", "items", "count",
    "deleted",
)  # fmt: skip
"""Names under which a store may keep a document (DOC-8)."""

ENVELOPED: dict[str, dict[str, Any]] = {
    **{f"only {name}, an object": {name: {"x": 1, "y": {"z": None}}} for name in ENVELOPES},
    **{f"only {name}, a list of objects": {name: [{"x": 1}]} for name in ENVELOPES},
    **{f"only {name}, a text": {name: '{"x": 1}'} for name in ENVELOPES},
    "a key and a value": {"key": "k", "value": {"x": 1}},
    "a list of keys and values": {"l": [{"key": "k", "value": 1}, {"key": "m", "value": None}]},
    "an id and a document": {"id": "i", "doc": {"x": 1}},
    "an id, a revision and data": {"id": "i", "rev": "1-a", "data": {"x": 1}},
    "a type and a value": {"type": "dict", "value": {"x": 1}},
    "a version and data": {"version": 2, "data": {"x": 1}},
    "a value that expires": {"value": 1, "expires_at": 0, "ttl": 0},
    "the answer of a store": {"ok": True, "id": "i", "rev": "1-a"},
    "an error of a store": {"error": "not_found", "reason": "missing"},
    "an error of an API": {"detail": "Not found", "status_code": 404},
    "a page of results": {"total_rows": 0, "offset": 0, "rows": []},
    "a deleted document": {"deleted": True, "is_deleted": 1, "deleted_at": "2024-01-15T10:30:00Z"},
}
"""Documents that look like the envelope that a store puts around one (DOC-8)."""

WRAPPED: dict[str, dict[str, Any]] = {
    "a moment": {"v": datetime(2024, 1, 15, 10, 30, tzinfo=UTC)},
    "a Decimal": {"v": Decimal("1.5")},
    "a tuple": {"v": (1, 2)},
    "bytes": {"v": b"hi"},
    "arrays in arrays": {"v": [[1], [2, [3]]]},
    "a large integer": {"v": 2**70},
    "a whole float": {"v": 2.0},
    "a small float": {"v": 5e-324},
    "text with U+0000": {"v": "a\x00b"},
    "odd names": {"a.b": 1, "$x": 2, "__x__": {"__y__": 3}, "c/d": 4, "`": 5, " ": 6},
    "an empty name": {"v": {"": 1}},
    "empty things": {"v": [None, "", {}, []]},
    "a long text": {"v": "x" * 5_000},
}
"""Documents that a store may hold in an encoding of its own (DOC-8)."""

UNPORTABLE_NAMES = ("", *WIDE_TOP_NAMES)
