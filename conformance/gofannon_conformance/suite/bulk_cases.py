"""What the bulk methods are tried on: ids and values that a store may refuse, and no ids at all."""

from __future__ import annotations

from typing import Any

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
"""Ids of which one or other store takes two for the same, one for several, or for a beginning."""

NO_TEXTS: tuple[Any, ...] = (1, 0, 1.5, True, None)
"""Ids that are no text, though each looks like one."""

DOUBTFUL = (
    "a set", "bytes", "an object", "NaN", "infinity", "an int as a key", "a dict that holds itself",
)  # fmt: skip
"""Values that `save()` may refuse."""

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
"""Documents of which nothing says where they are to be stored."""
