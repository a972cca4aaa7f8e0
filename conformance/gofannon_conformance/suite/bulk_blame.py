"""The plain requests of the bulk methods, by which a special clause is told from the usual one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gofannon_conformance.suite import expect
from gofannon_conformance.suite.blame import blamed_by
from gofannon_conformance.suite.bulk_checks import (
    check_deleted,
    check_failed_alone,
    check_got,
    check_saved,
)

if TYPE_CHECKING:
    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection

PLAIN: list[dict[str, Any]] = [{"_id": "plain-b", "n": 1}, {"_id": "plain-a", "n": 2}]
"""What any `save_many()` takes: two documents, not in the order of their ids."""


@dataclass(frozen=True)
class Blame:
    """The clauses to name: for a wrong answer, and for what is wrong in the store afterwards."""

    answer: str
    stored: str


def blame_for_saving(kit: Kit, collection: Collection, special: str) -> Blame:
    """Save plain documents; `special` is to be named for what went right with them."""
    kit.begin()
    held = {doc["_id"]: doc for doc in PLAIN}
    answer = collection.save_many(PLAIN)
    return Blame(
        answer=blamed_by(lambda: check_saved(kit, answer, PLAIN), plain="BULK-1", special=special),
        stored=blamed_by(
            lambda: expect.listing(collection.list_all(), held), plain="BULK-1", special=special
        ),
    )


def blame_for_refusing(kit: Kit, collection: Collection, special: str) -> str:
    """Save a document alone that may be refused: how a failed entry looks is for BULK-1."""
    kit.begin()
    answer = collection.save_many([{"_id": "plain-odd", "v": {1, 2}}])
    return blamed_by(
        lambda: check_failed_alone(kit, answer, "plain-odd"), plain="BULK-1", special=special
    )


def blame_for_deleting(kit: Kit, collection: Collection, special: str) -> Blame:
    """Delete a plain document and a missing one."""
    kit.begin()
    held = {doc["_id"]: doc for doc in PLAIN}
    for doc_id, doc in held.items():
        collection.save(doc_id, doc)
    doc_ids = ["plain-missing", "plain-b"]
    answer = collection.delete_many([*doc_ids])
    del held["plain-b"]
    return Blame(
        answer=blamed_by(lambda: check_deleted(answer, doc_ids), plain="BULK-3", special=special),
        stored=blamed_by(
            lambda: expect.listing(collection.list_all(), held), plain="BULK-3", special=special
        ),
    )


def blame_for_getting(kit: Kit, collection: Collection, special: str) -> str:
    """Get a plain document and a missing one."""
    kit.begin()
    held = {doc["_id"]: doc for doc in PLAIN}
    for doc_id, doc in held.items():
        collection.save(doc_id, doc)
    doc_ids = ["plain-missing", *held]
    answer = collection.get_many([*doc_ids])
    return blamed_by(lambda: check_got(answer, doc_ids, held), plain="BULK-4", special=special)
