"""Collection names under a run's own prefix: plain ones, and those that a store may confuse.

Each name may cost a table on a real cloud, so the tables are short: `hostile_collections`
gives at most 20 names in all.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CollectionTwins:
    """Two collections that are not one, and what a store does that makes them one."""

    label: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class AliasPair:
    """Two (collection, id) places that are not one, whatever separator a store joins them by."""

    label: str
    first: tuple[str, str]
    second: tuple[str, str]


def alias_pairs(prefix: str) -> tuple[AliasPair, ...]:
    """Give pairs of (collection, id) that alias in a store that joins the two by a separator."""
    base = f"{prefix}a"
    separators = {
        "a colon": ":",
        "a slash": "/",
        "an underscore": "_",
        "a dash": "-",
        "a dot": ".",
        "NUL": "\x00",
        "nothing": "",
    }
    return tuple(
        AliasPair(f"joined by {label}", (base, f"b{mark}c"), (f"{base}{mark}b", "c"))
        for label, mark in separators.items()
    )


def collection_twins(prefix: str) -> tuple[CollectionTwins, ...]:
    """Give pairs of collection names that must not be one collection (ISO-3, ISO-6)."""

    def long(length: int, end: str) -> str:
        return f"{prefix}_{'x' * (length - len(prefix) - 2)}{end}"

    return (
        CollectionTwins("case", f"{prefix}_twin", f"{prefix}_Twin"),
        CollectionTwins("Unicode normal form", f"{prefix}_caf\u00e9", f"{prefix}_cafe\u0301"),
        CollectionTwins("dash and underscore", f"{prefix}_t-w", f"{prefix}_t_w"),
        CollectionTwins("dot and underscore", f"{prefix}_t.w", f"{prefix}_t_w"),
        CollectionTwins("a trailing space", f"{prefix}_twin", f"{prefix}_twin "),
        CollectionTwins("the end of 70 characters", long(70, "a"), long(70, "b")),
        CollectionTwins("the end of 260 characters", long(260, "a"), long(260, "b")),
    )


def hostile_collections(prefix: str) -> tuple[str, ...]:
    """Give every hostile collection name once, in order: at most 20 (ISO-3, ISO-6)."""
    names = [place[0] for pair in alias_pairs(prefix) for place in (pair.first, pair.second)] + [
        name for twins in collection_twins(prefix) for name in (twins.first, twins.second)
    ]
    return tuple(dict.fromkeys(names))
