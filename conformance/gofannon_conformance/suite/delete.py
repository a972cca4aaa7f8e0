"""DEL: deleting a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.documents import RELATED_KEYS
from gofannon_conformance.suite import expect
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.violation import violation

if TYPE_CHECKING:
    from gofannon_conformance.calls import Answer
    from gofannon_conformance.suite.kit import Kit

PATTERNS = ("%", "*", "k%", "k*", "k.*", "k?", "_", "k_", "^k", ".", "/", "k/", "[k]")
"""Ids that some store takes for a pattern of several documents, or for a folder."""


class DeleteTests(ContractTests):
    """What `delete()` returns, removes, and leaves alone."""

    @clause("DEL-1")
    def test_returns_none(self, kit: Kit) -> None:
        collection = kit.collection()
        expect.saved(collection.save("gone", {"n": 1}))
        answer = collection.delete("gone")
        value = expect.returned(answer, "DEL-1", "the document is there")
        if value is not None:
            raise violation("DEL-1", "delete() must return None", answer=answer, expected="None")

    @clause("DEL-2", "DEL-5")
    def test_missing_document(self, kit: Kit) -> None:
        collection = kit.collection()
        expect.saved(collection.save("somebody", {"n": 1}))
        expect_no_deletion(kit, collection.delete("nobody"), "DEL-2")
        expect_no_deletion(kit, collection.delete("some"), "DEL-2")
        expect.listing(collection.list_all(), {"somebody": {"n": 1}}, "DEL-5")

    @clause("DEL-2")
    def test_missing_document_in_an_emptied_collection(self, kit: Kit) -> None:
        collection = kit.collection()
        expect.saved(collection.save("only", {"n": 1}))
        expect.deleted(collection.delete("only"))
        expect_no_deletion(kit, collection.delete("nobody"), "DEL-2")

    @clause("DEL-3")
    def test_any_id_in_an_unwritten_collection(self, kit: Kit) -> None:
        collection = kit.unwritten()
        expect_no_deletion(kit, collection.delete("anybody"), "DEL-3")
        expect_no_deletion(kit, collection.delete("anybody"), "DEL-3")

    @clause("DEL-4")
    def test_deleted_document_is_gone(self, kit: Kit) -> None:
        collection = kit.collection()
        docs = {f"doc-{n}": {"n": n} for n in range(6)}
        expect.saved(collection.save("doc-3", {"n": "an earlier version"}))
        for doc_id, doc in docs.items():
            expect.saved(collection.save(doc_id, doc))
        for doc_id in ("doc-3", "doc-0", "doc-5"):
            expect.document(collection.get(doc_id), doc_id, docs[doc_id], "GET-1")
            expect.deleted(collection.delete(doc_id))
            del docs[doc_id]
            expect.missing(collection.get(doc_id), "DEL-4")
            expect.listing(collection.list_all(), docs, "DEL-4")

    @clause("DEL-4")
    def test_document_of_any_content_can_be_deleted(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for label, doc in FALSY.items():
                with cases.case(label):
                    expect.saved(collection.save("content", doc))
                    expect.deleted(collection.delete("content"))
                    expect.missing(collection.get("content"), "DEL-4")
                    expect.listing(collection.list_all(), {}, "DEL-4")

    @clause("DEL-5")
    def test_every_other_document_is_untouched(self, kit: Kit) -> None:
        collection = kit.collection()
        docs: dict[str, dict[str, Any]] = {}
        for n, doc_id in enumerate(RELATED_KEYS):
            doc = {"n": n // 2, "o": {"list": [n // 2]}}  # two by two of equal content
            if collection.save(doc_id, doc).returned:
                docs[doc_id] = doc
        for doc_id in list(docs):
            expect.deleted(collection.delete(doc_id))
            del docs[doc_id]
            expect.listing(collection.list_all(), docs, "DEL-5")
            for other, doc in list(docs.items())[:3]:
                expect.document(collection.get(other), other, doc, "DEL-5")

    @clause("DEL-5")
    def test_id_that_looks_like_a_pattern_deletes_nothing_else(self, kit: Kit) -> None:
        collection = kit.collection()
        docs = {doc_id: {"name": doc_id} for doc_id in ("k", "kk", "k1", "K", "other")}
        for doc_id, doc in docs.items():
            expect.saved(collection.save(doc_id, doc))
        with kit.cases() as cases:
            for pattern in PATTERNS:
                with cases.case(f"the id {pattern!r}"):
                    collection.delete(pattern)
                    expect.listing(collection.list_all(), docs, "DEL-5")

    @clause("DEL-6")
    def test_second_delete(self, kit: Kit) -> None:
        collection = kit.collection()
        expect.saved(collection.save("twice", {"n": 1}))
        expect.saved(collection.save("other", {"n": 2}))
        expect.deleted(collection.delete("twice"))
        expect_no_deletion(kit, collection.delete("twice"), "DEL-6")
        expect_no_deletion(kit, collection.delete("twice"), "DEL-6")
        expect.document(collection.get("other"), "other", {"n": 2}, "DEL-5")

    @clause("DEL-7")
    def test_deleted_id_starts_a_new_life(self, kit: Kit) -> None:
        collection = kit.collection()
        lives: tuple[dict[str, Any], ...] = (
            {"first": 1, "o": {"x": 1, "y": [1, 2]}, "l": [1, 2, 3]},
            {"first": None, "o": {"x": None}, "l": None},
            {"second": 2, "o": {"z": 3}, "l": []},
            {},
            {"first": None},
            {"first": None},
        )
        for doc in lives:
            expect.saved(collection.save("phoenix", doc), "DEL-7")
            expect.document(collection.get("phoenix"), "phoenix", doc, "DEL-7")
            expect.listing(collection.list_all(), {"phoenix": doc}, "DEL-7")
            expect.deleted(collection.delete("phoenix"), "DEL-7")
            expect.missing(collection.get("phoenix"), "DEL-4")

    @clause("DEL-7")
    def test_document_read_before_it_was_deleted_can_be_saved_again(self, kit: Kit) -> None:
        collection = kit.collection()
        expect.saved(collection.save("revived", {"n": 1, "old": True}))
        expect.deleted(collection.delete("revived"))
        expect.saved(collection.save("revived", {"n": 2}), "DEL-7")
        expect.saved(collection.save("revived", {"n": 3}), "DEL-7")
        expect.document(collection.get("revived"), "revived", {"n": 3}, "DEL-7")
        expect.listing(collection.list_all(), {"revived": {"n": 3}}, "DEL-7")


FALSY: dict[str, dict[str, Any]] = {
    "no field": {},
    "null": {"a": None},
    "false": {"a": False},
    "zero": {"a": 0},
    "empty text": {"a": ""},
    "empty object": {"a": {}},
    "empty list": {"a": []},
    "a field named deleted": {"deleted": True},
}
"""Documents that a store may take for none."""


def expect_no_deletion(kit: Kit, answer: Answer, clause_id: str) -> None:
    """A missing document: 404, or in the dialect `overview` nothing at all."""
    if kit.dialect == "interface":
        expect.missing(answer, clause_id)
        return
    value = expect.returned(answer, clause_id, "a missing document is deleted in silence")
    if value is not None:
        raise violation(clause_id, "delete() must return None", answer=answer, expected="None")
