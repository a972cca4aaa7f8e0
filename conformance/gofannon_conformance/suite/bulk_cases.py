"""What the bulk methods are tried on: ids and values that a store may refuse, and no ids at all."""

from __future__ import annotations

from typing import Any

UNUSUAL_IDS = (
    "a/b", "a%2Fb", "%2e", "..", "a b", " a", "a:b", "a?b=1&c#d", 'a"b', "a'b", "a\\b", "a,b", "A",
    "café", "cafe\u0301", "\U0001f600", "1", "01", "_design/x", "$gt", "x" * 200,
)  # fmt: skip

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
