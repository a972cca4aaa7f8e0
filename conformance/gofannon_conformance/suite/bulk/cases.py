"""The documents, ids and requests with which the bulk methods are tested."""

from __future__ import annotations

from typing import Any

from gofannon_conformance.documents.portable import (
    INNER_NAMES,
    SHARP_NAMES,
    SHARP_NUMBERS,
    SHARP_TEXTS,
    SHARP_VALUES,
)
from gofannon_conformance.suite.expect.unspoilt import DEEP
from gofannon_conformance.values.copying import snapshot

UNUSUAL_IDS = (
    "a/b", "a%2Fb", "%2e", "..", "a b", " a", "a:b", "a?b=1&c#d", 'a"b', "a'b", "a\\b", "a,b", "A",
    "café", "cafe\u0301", "\U0001f600", "1", "01", "_design/x", "$gt", "x" * 200,
)  # fmt: skip

NEAR_IDS = (
    "a", "b", "A", "ab", "aa", "b-a", "a ", " a", "a\n", "a:b", "a/b", "a,b", "a, b", "a b", "a;b",
    "a|b", "a.b", "a-b", "a_b", "a#b", "a&b", "a+b", "a=b", "a\nb", "a\tb", "a\x00b", "a%b", "a*",
    "a'b", "\u00e4", "a\u0308", "\u00c4", "\uff41", "a\u200b", "1", "01", "1.0", "[a]", '["a"]',
    "abc", "abcd", "abc/d", "abc:d", "an-id-of-20-letters", "an-id-of-20-letters-2",
)  # fmt: skip
"""Ids that some store mixes up, splits, or takes for the beginning of another."""

NO_TEXTS: tuple[Any, ...] = (1, 0, 1.5, True, None)
"""Ids that are no text, but have the same text as an id."""

DOUBTFUL = (
    "a set", "bytes", "an object", "NaN", "infinity", "an int as a key", "a dict that holds itself",
)  # fmt: skip
"""Values that `save()` may refuse."""

UNUSUAL_DOCUMENTS: dict[str, dict[str, Any]] = {
    "a field without a name": {"": 1, "o": {"": 2, "x": 3}, "x": 4},
    "`_id` and `_rev` within": {"o": {"_id": "x", "_rev": "y"}, "l": [{"_id": 1}, {"_rev": None}]},
    "names": dict.fromkeys((*SHARP_NAMES, *INNER_NAMES), 1),
    "names within": {"o": dict.fromkeys((*SHARP_NAMES, *INNER_NAMES), 1)},
    "values": {f"v{n}": v for n, v in enumerate((*SHARP_NUMBERS, *SHARP_TEXTS, *SHARP_VALUES))},
    "numbers past what all stores hold": {"n": [2**53 + 1, -(2**63), 2**70, 1e300, 5e-324, -0.0]},
}
"""Documents that `save_many()` must take, refuse and store as `save()` does."""

DOC_PATTERNS = ("doc*", "doc-%", "doc-_", "doc-?", "doc")

NO_IDS: dict[str, dict[str, Any]] = {
    "no `_id`": {"n": 1},
    "no field": {},
    "`_id` None": {"_id": None, "n": 1},
    "an empty `_id`": {"_id": "", "n": 1},
    "an int as `_id`": {"_id": 5, "n": 1},
    "zero as `_id`": {"_id": 0, "n": 1},
    "True as `_id`": {"_id": True, "n": 1},
    "a list as `_id`": {"_id": ["a"], "n": 1},
    "an object as `_id`": {"_id": {"a": 1}, "n": 1},
    "`id` in its place": {"id": "in-its-place", "n": 1},
    "an `_id` within": {"o": {"_id": "within"}},
}
"""Documents without an id."""

SAVES: dict[str, list[dict[str, Any]]] = {
    "new and existing documents, and one twice": [
        {"_id": "new", "n": 1},
        {"_id": "there", "o": {"x": 2}},
        {"_id": "twice", "n": 1, "first": True},
        {"_id": "New", "text": "another"},
        {"_id": "twice", "n": 2},
        {"_id": "deep", **snapshot(DEEP)},
    ],
    "documents with no field, null, and fields of the answer's": [
        {"_id": "empty"},
        {"_id": "null", "a": None},
        {"_id": "own", "id": "x", "rev": 1, "ok": False, "error": "none"},
    ],
    "the same again": [{"_id": "new", "n": 1}, {"_id": "empty"}],
    "one": [{"_id": "one", "n": 1}],
    "none": [],
}
"""Requests of `save_many()`, made one after the other in a collection that holds "there"."""

PAST_A_BATCH = 130
"""Ids in one request: more than any store takes at once by its usual limits of 25 and 100."""
MISSING = [f"missing-{n}" for n in range(PAST_A_BATCH)]

DELETES: dict[str, list[str]] = {
    "documents that exist": ["doc-3", "doc-0"],
    "the same again": ["doc-3", "doc-0"],
    "missing ones among others": ["nobody", "doc-5", "doc", "doc-"],
    "one twice": ["doc-1", "doc-1", "nobody", "doc-1"],
    "none": [],
    "more than a store takes at once": [*MISSING, "doc-7"],
}
"""Requests of `delete_many()`, made one after the other in a collection of `doc-0` to `doc-7`."""
