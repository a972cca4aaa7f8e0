"""Collection names under a run's own prefix: plain ones, and those that a store may confuse.

Each name may cost a table on a real cloud, so the tables are short: `hostile_collections`
gives at most 20 names in all.
"""

from __future__ import annotations

import string
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


GLUES: tuple[str, ...] = (
    *string.punctuation, *" \t\n\r\x00\x1c\x1d\x1e\x1f\u2028", "::", "//", "--", "__", "##", "||",
    "->", "=>", "/_", "_/", "','", '","', "', '", '", "', "')('", "][", "%2F", "%3A", "%23",
    "\\x00", "\ufeff", "\uffff", "",
)  # fmt: skip
"""What a store may join a collection's name and an id by."""


def names_alike(name: str) -> tuple[str, ...]:
    """Give names that some store takes for a given one, or that begin like it; none is its own.

    They are to be read only: to write to each would cost a collection.

    >>> names_alike("gfc_ab_aa")[:4]
    ('gfc_ab_aas', 'gfc_ab_aaes', 'gfc_ab_aa1', 'gfc_ab_aa_1')
    """
    ends = (
        "s", "es", "1", "_1", "$1", "#1", "@1", " ", "\t", "\n", "\x00", "\x00x", ".", ".json",
        ".db", "/", "/x", "\\", "\\x", "%", "_", "*", "?", "?x", "#x", "!", "'", '"', ";", ";--",
        ":", ",", "%20", "%00", "\u00e9", "\u65e5", "\U0001f600", "\u200b", "\ufeff", "\u0301",
        "\xad", "x" * 300,
    )  # fmt: skip
    run, _, own = name.rpartition("_")
    begins = (" ", "\t", "/", "./", "_", ".", "\u65e5", "\u200b", "\x00", "'")
    return (
        *(f"{name}{end}" for end in ends),
        *(f"{run}_{begin}{own}" for begin in begins),
        *(f"{run}{between}{own}" for between in ("-", ".", "/", ":", " ", "__", "%", "")),
        *(
            f"{run}_{changed}"
            for changed in (own.upper(), own.title(), own[:-1], own[1:], "*", "%")
        ),
    )


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
