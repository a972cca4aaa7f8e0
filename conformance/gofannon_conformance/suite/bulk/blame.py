"""Plain requests of the bulk methods: what they break is reported by the usual clause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gofannon_conformance.suite.bulk.checks import (
    Docs,
    by_id,
    check_deleted,
    check_failed_alone,
    check_got,
    check_saved,
)
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.suite.expect.blame import blamed_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.suite.expect.answers import Documents

PLAIN: Docs = [{"_id": "plain-b", "n": 1}, {"_id": "plain-a", "n": 2}]
"""Two documents that any `save_many()` takes, not in the order of their ids."""


@dataclass(frozen=True)
class Blame:
    """The clauses to name: for a wrong answer, and for a wrong content of the store after it."""

    answer: str
    stored: str


def blame_for_saving(kit: Kit, collection: Collection, special: str) -> Blame:
    """Save plain documents; return BULK-1 for what is wrong then, and else `special`."""
    kit.begin()
    answer = collection.save_many(PLAIN)
    return _blame(
        collection, by_id(PLAIN), lambda: check_saved(kit, answer, PLAIN), "BULK-1", special
    )


def blame_for_refusing(kit: Kit, collection: Collection, special: str) -> str:
    """Save a document alone that may be refused; return the clause for a failed entry's form."""
    kit.begin()
    answer = collection.save_many([{"_id": "plain-odd", "v": {1, 2}}])
    return blamed_by(
        lambda: check_failed_alone(kit, answer, "plain-odd"), plain="BULK-1", special=special
    )


def blame_for_deleting(kit: Kit, collection: Collection, special: str) -> Blame:
    """Delete a plain document and a missing one; return BULK-3 or `special`."""
    held = _saved_plain(kit, collection)
    doc_ids = ["plain-missing", "plain-b"]
    answer = collection.delete_many([*doc_ids])
    del held["plain-b"]
    return _blame(collection, held, lambda: check_deleted(answer, doc_ids), "BULK-3", special)


def blame_for_getting(kit: Kit, collection: Collection, special: str) -> str:
    """Get a plain document and a missing one; return BULK-4 or `special`."""
    held = _saved_plain(kit, collection)
    doc_ids = ["plain-missing", *held]
    answer = collection.get_many([*doc_ids])
    return blamed_by(lambda: check_got(answer, doc_ids, held), plain="BULK-4", special=special)


def _saved_plain(kit: Kit, collection: Collection) -> Documents:
    kit.begin()
    held = by_id(PLAIN)
    for doc_id, doc in held.items():
        collection.save(doc_id, doc)
    return held


def _blame(
    collection: Collection, held: Documents, check: Callable[[], object], plain: str, special: str
) -> Blame:
    return Blame(
        answer=blamed_by(check, plain=plain, special=special),
        stored=blamed_by(
            lambda: answers.listing(collection.list_all(), held), plain=plain, special=special
        ),
    )
