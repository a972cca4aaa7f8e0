"""Documents of a given length, size or depth."""

from __future__ import annotations

from typing import Any

from gofannon_conformance.documents.portable import wrapped

KIB = 1024

LENGTHS = (
    31, 33, 64, 65, 100, 128, 129, 200, 256, 257, 500, 512, 513, 1000, 1001, 1024, 1025, 2000, 2001,
    2049, 4000, 4001, 4097, 8000, 8001, 8193, 10_001, 16_385, 32_767, 32_769, 65_536, 65_537,
)  # fmt: skip
"""Lengths of texts, at or past the limit of some column, buffer or engine."""

COUNTS = (33, 65, 101, 129, 257, 513, 1001, 1025, 2049, 4097, 5001)
"""Numbers of entries of a list or object, past the limit of some engine or page."""


def long() -> dict[str, dict[str, Any]]:
    """Return documents of one long text, list or object, each past some store's limit (DOC-1)."""
    return {
        **{f"a text of {n:,} characters": {"t": _numbered(n), "after": 1} for n in LENGTHS},
        **{f"a list of {n:,} numbers": {"l": list(range(n)), "after": 1} for n in COUNTS},
        **{
            f"an object of {n:,} fields": {"o": {f"f{i}": i for i in range(n)}, "after": 1}
            for n in COUNTS
        },
        **{f"a document of {n:,} fields": {f"f{i}": i for i in range(n)} for n in COUNTS},
    }


def nested(depth: int) -> dict[str, dict[str, Any]]:
    """Return documents of a given depth, the document itself counted."""
    inner = depth - 1
    return {
        f"{depth} objects": {"o": wrapped("end", ("o",) * (inner - 1) + ("x",))},
        f"{depth - 1} arrays": {"l": wrapped("end", (None,) * inner)},
        f"{depth} objects and arrays": {"a": wrapped("end", (("a", None) * depth)[:inner])},
        f"{depth} with neighbours": {"a": _with_neighbours(inner)},
    }


def _with_neighbours(depth: int) -> Any:
    value: Any = {"end": None}
    for level in range(depth - 1):
        value = {"level": level, "in": value, "after": [level]} if level % 2 else [level, value, ""]
    return value


def sized(size: int) -> dict[str, dict[str, Any]]:
    """Return documents of about a given size as JSON in UTF-8, never above it."""
    kib = size // KIB
    return {
        f"one text, {kib} KiB": {"t": _uneven("x", size - 100), "after": 1},
        f"one text outside ASCII, {kib} KiB": {"t": _uneven("日", size // 3 - 100), "after": 1},
        f"one text of lines, {kib} KiB": {"t": "line\n" * (size // 6 - 100), "after": 1},
        f"many fields, {kib} KiB": {f"field-{n:06}": f"{n:06}" for n in range(size // 26)},
        f"many numbers, {kib} KiB": {"l": list(range(100_000, 100_000 + size // 9))},
        f"many objects, {kib} KiB": {"l": [{"n": n, "t": "text"} for n in range(size // 32)]},
    }


def _numbered(count: int) -> str:
    """Return a text of numbers, in which a lost part shows."""
    return "".join(f"{n:06} " for n in range(count // 7 + 1))[: count - 1] + "."


def _uneven(character: str, count: int) -> str:
    """Return a text with its own beginning and end, so that a cut and a repetition both show."""
    return "begin" + character * (count - 8) + "end"
