"""The documents and ids that must survive: in other instances, processes, and over a restart."""

from __future__ import annotations

from typing import Any

BIG: dict[str, Any] = {
    "text": "begin " + "x" * 90_000 + " end",
    "some": "y" * 3_000,
    "list": list(range(300)),
}
"""What a store may keep elsewhere than its small documents."""

TYPES: dict[str, Any] = {
    "true": True, "false": False, "null": None, "int": 1, "zero": 0, "float": 0.5, "text": "1",
    "empty": "", "list": [1, True, [None, "x"], {}],
    "words": "caf\u00e9 \u65e5\u672c\u8a9e \U0001f600, 'it\u2019s', a\\b\n\tc",
    "object": {"o": {"t": True, "n": None, "l": [0.25, False]}, "empty": {}, "none": []},
}  # fmt: skip
"""A value of each type: one may change its type when it is written and read."""

ODD_IDS = ("Upper", "upper", "a/b", "a b", "50%", "caf\u00e9", "cafe\u0301", "007", "x.json", "a:b")
"""Ids that a later process may read differently than they were written."""
