"""Collection names that a store may mix up, under a run's own prefix.

Each name may cost a table in a real cloud, so `hostile_collections` returns at most 20.
"""

from __future__ import annotations

import string

from gofannon_conformance.documents.ids import Twins

Place = tuple[str, str]
"""A collection and an id."""


def alias_pairs(prefix: str) -> tuple[Twins[Place], ...]:
    """Return pairs that are one in a store that joins collection and id, or drops a separator."""
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
        Twins(f"joined by {label}", (base, f"b{mark}c"), (f"{base}{mark}b", "c"))
        for label, mark in separators.items()
    ]
    lost = [
        Twins(label, (f"{base}{first}", "c"), (f"{base}{second}", "c"))
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
"""Separators by which a store may join a collection's name and an id."""


def names_alike(name: str) -> tuple[str, ...]:
    """Return names that some store takes for a given one, to read from: each written costs a table.

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


def collection_twins(prefix: str) -> tuple[Twins[str], ...]:
    """Return pairs of names that must not be one collection (ISO-3, ISO-6)."""

    def long(length: int, end: str) -> str:
        return f"{prefix}_{'x' * (length - len(prefix) - 2)}{end}"

    return (
        Twins("case", f"{prefix}_twin", f"{prefix}_Twin"),
        Twins("Unicode normal form", f"{prefix}_caf\u00e9", f"{prefix}_cafe\u0301"),
        # The names of these two pairs occur in `alias_pairs` as well.
        Twins("dash and underscore", f"{prefix}_one-b", f"{prefix}_one_b"),
        Twins("dot and underscore", f"{prefix}_one.b", f"{prefix}_one_b"),
        Twins("a trailing space", f"{prefix}_twin", f"{prefix}_twin "),
        Twins("the end of 70 characters", long(70, "a"), long(70, "b")),
        Twins("the end of 260 characters", long(260, "a"), long(260, "b")),
    )


def hostile_collections(prefix: str) -> tuple[str, ...]:
    """Return each of those names once, in order: at most 20 (ISO-3, ISO-6)."""
    names = [place[0] for pair in alias_pairs(prefix) for place in (pair.first, pair.second)] + [
        name for twins in collection_twins(prefix) for name in (twins.first, twins.second)
    ]
    return tuple(dict.fromkeys(names))
