"""SAVE-13 to SAVE-15: revisions, of backends with and without conflicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gofannon_conformance.calls.violation import NotApplicable, violation
from gofannon_conformance.run.capabilities import has, require
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.suite.save.cases import FOREIGN_REVISIONS, REVISED
from gofannon_conformance.suite.save.checks import check_carried, revision_of
from gofannon_conformance.values.source import shortened

if TYPE_CHECKING:
    from gofannon_conformance.run.kit import Kit


class RevisionTests(ContractTests):
    """What `_rev` in a document does, and which revisions `save()` returns."""

    @clause("SAVE-13")
    def test_old_revision_does_not_stop_a_save(self, kit: Kit) -> None:
        _skip_if_it_has_conflicts(kit)
        collection = kit.collection()
        answers.saved(collection.save("aged", {"n": 1}))
        old = answers.stored(collection, "aged", {"n": 1}, "GET-1")
        revision = revision_of(kit, collection.save("aged", {"n": 2}))
        for n in (3, 4):
            stale = {**old, "n": n} if "_rev" in old else {"n": n, "_rev": revision}
            answers.round_trip(collection, "aged", stale, "SAVE-13", saving="SAVE-13")
        answers.deleted(collection.delete("aged"))
        stale = {**old, "_rev": old.get("_rev", revision)}
        answers.round_trip(collection, "aged", stale, "SAVE-13", saving="SAVE-13")

    @clause("SAVE-13")
    def test_foreign_revision_does_not_stop_a_save(self, kit: Kit) -> None:
        _skip_if_it_has_conflicts(kit)
        collection = kit.collection()
        with kit.cases() as cases:
            for number, revision in enumerate(FOREIGN_REVISIONS):
                doc_id = f"moved-{number}"
                for when in ("a new document", "an existing one"):
                    with cases.case(f"{revision!r} on {when}"):
                        doc = {"_id": doc_id, "_rev": revision, "when": when}
                        answers.round_trip(collection, doc_id, doc, "SAVE-13", saving="SAVE-13")

    @clause("SAVE-14")
    def test_revision_differs_after_each_change(self, kit: Kit) -> None:
        require(kit, "revisions")
        collection = kit.collection()
        before, last = "", None
        for doc in REVISED:
            answer = collection.save("revised", doc)
            revision = revision_of(kit, answer)
            if revision == before:
                what = f"`rev` is the same after the content has changed from {shortened(last)}"
                raise violation(
                    "SAVE-14", what, answer=answer, expected=f"a `rev` other than {before!r}"
                )
            check_carried(collection.get("revised"), "revised", doc, revision)
            for listed in answers.listing(collection.list_all(), {"revised": doc}):
                if listed.get("_rev") != revision:
                    raise violation(
                        ("SAVE-14", "LIST-5"),
                        "list_all() does not carry the revision that get() carries",
                        came=f"`_rev` {listed.get('_rev')!r}",
                        expected=f"`_rev` {revision!r}",
                    )
            check_carried(collection.get("revised"), "revised", doc, revision)
            before, last = revision, doc

    @clause("SAVE-15")
    def test_stale_revision_is_refused(self, kit: Kit) -> None:
        require(kit, "conflicts")
        collection = kit.collection()
        answers.saved(collection.save("contended", {"n": 1}))
        stale = answers.stored(collection, "contended", {"n": 1}, "GET-1")
        answers.saved(collection.save("contended", {"n": 2}), "SAVE-4")
        for _ in range(2):
            answer = collection.save("contended", {**stale, "n": 3})
            if answer.status != 409:
                what = "a save with a stale `_rev` must be refused with 409"
                raise violation(
                    "SAVE-15", what, answer=answer, expected="HTTPException with status 409"
                )
            answers.stored(collection, "contended", {"n": 2}, "SAVE-15")
        fresh = answers.stored(collection, "contended", {"n": 2}, "GET-1")
        new = {**fresh, "n": 4}
        answers.round_trip(collection, "contended", new, "SAVE-15", saving="SAVE-15")


def _skip_if_it_has_conflicts(kit: Kit) -> None:
    claimed = kit.target.capabilities.conflicts
    if claimed or (claimed is None and has(kit, "conflicts")):
        raise NotApplicable("the target refuses stale revisions: see SAVE-15")
