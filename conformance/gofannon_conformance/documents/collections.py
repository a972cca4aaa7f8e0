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
    """Give pairs of (collection, id) that alias in a store that joins the two by a separator.

    Or that loses a separator of the collection's name: those cost no collection more.
    """
    base = f"{prefix}_one"
    separators = {
        "a colon": ":",
        "a slash": "/",
        "an underscore": "_",
        "a dash": "-",
        "a dot": ".",
        "NUL": "\x00",
        "nothing": "",
    }
    joined = [
        AliasPair(f"joined by {label}", (base, f"b{mark}c"), (f"{base}{mark}b", "c"))
        for label, mark in separators.items()
    ]
    lost = [
        AliasPair(label, (f"{base}{first}", "c"), (f"{base}{second}", "c"))
        for label, first, second in (
            ("a slash, left out", "/b", "b"),
            ("a dot, left out", ".b", "b"),
            ("a slash, as an underscore", "/b", "_b"),
            ("a colon, as a dash", ":b", "-b"),
            ("what follows a NUL, left out", "\x00b", ""),
        )
    ]
    return (*joined, *lost)


def collection_twins(prefix: str) -> tuple[CollectionTwins, ...]:
    """Give pairs of collection names that must not be one collection (ISO-3, ISO-6)."""

    def long(length: int, end: str) -> str:
        return f"{prefix}_{'x' * (length - len(prefix) - 2)}{end}"

    return (
        CollectionTwins("case", f"{prefix}_twin", f"{prefix}_Twin"),
        CollectionTwins("Unicode normal form", f"{prefix}_caf\u00e9", f"{prefix}_cafe\u0301"),
        # These two pairs are made of names that `alias_pairs` uses as well.
        CollectionTwins("dash and underscore", f"{prefix}_one-b", f"{prefix}_one_b"),
        CollectionTwins("dot and underscore", f"{prefix}_one.b", f"{prefix}_one_b"),
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
