"""Changes of a collection, each followed by a check that a method sees it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.suite.expect import answers
from gofannon_conformance.suite.expect.tracked import Tracked
from gofannon_conformance.suite.find.checks import check_found, population

if TYPE_CHECKING:
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.suite.expect.answers import Documents

STATES: tuple[dict[str, Any], ...] = (
    {"state": "open"},
    {"state": "closed"},
    {"state": None},
    {},
)
"""The new versions of four documents that were open."""


def check_every_change(collection: Collection, other: Collection) -> None:
    """Check that `find()` agrees with the listing after each change of an empty collection."""

    def check(held: Documents) -> None:
        here = population(collection, held)
        for selector in STATES[:2]:
            check_found(collection.find(selector), here, selector)

    tracked = Tracked(collection, check)
    for n in range(4):
        tracked.save(f"doc-{n}", {"n": n, "state": "open"})
    for n, state in enumerate(STATES):
        tracked.save(f"doc-{n}", state)
    answers.saved(other.save("doc-0", {"state": "open"}))
    answers.saved(other.save("doc-9", {"state": "closed"}))
    tracked.check()
    for doc_id in ("doc-0", "doc-1"):
        tracked.delete(doc_id)
    tracked.save("doc-1", {"state": "open", "again": True})
