"""A collection's life as `find()` must show it: what was saved, replaced and deleted, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.suite import expect
from gofannon_conformance.suite.find_checks import check_found, population

if TYPE_CHECKING:
    from gofannon_conformance.suite.find_checks import Documents
    from gofannon_conformance.workspace import Collection

STATES: tuple[dict[str, Any], ...] = (
    {"state": "open"},
    {"state": "closed"},
    {"state": None},
    {},
)
"""What becomes of four documents that were open."""


def check_every_change(collection: Collection, other: Collection) -> None:
    """After each call that changes an empty collection, `find()` must agree with the listing."""
    docs: Documents = {}

    def check() -> None:
        held = population(collection, docs)
        for selector in STATES[:2]:
            check_found(collection.find(selector), held, selector)

    for n in range(4):
        docs[f"doc-{n}"] = {"n": n, "state": "open"}
        expect.saved(collection.save(f"doc-{n}", docs[f"doc-{n}"]))
        check()
    for doc_id, state in zip(docs, STATES, strict=True):
        docs[doc_id] = dict(state)
        expect.saved(collection.save(doc_id, state))
        check()
    expect.saved(other.save("doc-0", {"state": "open"}))
    expect.saved(other.save("doc-9", {"state": "closed"}))
    check()
    for doc_id in ("doc-0", "doc-1"):
        expect.deleted(collection.delete(doc_id))
        del docs[doc_id]
        check()
    docs["doc-1"] = {"state": "open", "again": True}
    expect.saved(collection.save("doc-1", docs["doc-1"]))
    check()
