"""DEL: deleting a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.documents.ids import FALSY, PATTERNS, RELATED_KEYS
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.expect import answers

if TYPE_CHECKING:
    from gofannon_conformance.run.kit import Kit


class DeleteTests(ContractTests):
    """What `delete()` returns, removes, and leaves alone."""

    @clause("DEL-1")
    def test_returns_none(self, kit: Kit) -> None:
        collection = kit.collection()
        answers.saved(collection.save("gone", {"n": 1}))
        answers.none(collection.delete("gone"), "DEL-1", "the document exists")

    @clause("DEL-2", "DEL-5")
    def test_missing_document(self, kit: Kit) -> None:
        collection = kit.collection()
        answers.saved(collection.save("somebody", {"n": 1}))
        answers.not_deleted(kit, collection.delete("nobody"), "DEL-2")
        answers.not_deleted(kit, collection.delete("some"), "DEL-2")
        answers.listing(collection.list_all(), {"somebody": {"n": 1}}, "DEL-5")

    @clause("DEL-2")
    def test_missing_document_in_an_emptied_collection(self, kit: Kit) -> None:
        collection = kit.collection()
        answers.saved(collection.save("only", {"n": 1}))
        answers.deleted(collection.delete("only"))
        answers.not_deleted(kit, collection.delete("nobody"), "DEL-2")

    @clause("DEL-3")
    def test_any_id_in_an_unwritten_collection(self, kit: Kit) -> None:
        collection = kit.unwritten()
        answers.not_deleted(kit, collection.delete("anybody"), "DEL-3")
        answers.not_deleted(kit, collection.delete("anybody"), "DEL-3")

    @clause("DEL-4")
    def test_deleted_document_is_gone(self, kit: Kit) -> None:
        collection = kit.collection()
        docs = {f"doc-{n}": {"n": n} for n in range(6)}
        answers.saved(collection.save("doc-3", {"n": "an earlier version"}))
        answers.save_all(collection, docs)
        for doc_id in ("doc-3", "doc-0", "doc-5"):
            answers.stored(collection, doc_id, docs[doc_id], "GET-1")
            answers.deleted(collection.delete(doc_id))
            del docs[doc_id]
            answers.missing(collection.get(doc_id), "DEL-4")
            answers.listing(collection.list_all(), docs, "DEL-4")

    @clause("DEL-4")
    def test_document_of_any_content_can_be_deleted(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for label, doc in FALSY.items():
                with cases.case(label):
                    answers.saved(collection.save("content", doc))
                    answers.deleted(collection.delete("content"))
                    answers.missing(collection.get("content"), "DEL-4")
                    answers.listing(collection.list_all(), {}, "DEL-4")

    @clause("DEL-5")
    def test_every_other_document_is_untouched(self, kit: Kit) -> None:
        collection = kit.collection()
        docs: dict[str, dict[str, Any]] = {}
        for n, doc_id in enumerate(RELATED_KEYS):
            doc = {"n": n // 2, "o": {"list": [n // 2]}}  # two by two of equal content
            if collection.save(doc_id, doc).returned:
                docs[doc_id] = doc
        for doc_id in list(docs):
            answers.deleted(collection.delete(doc_id))
            del docs[doc_id]
            answers.listing(collection.list_all(), docs, "DEL-5")
            for other, doc in list(docs.items())[:3]:
                answers.stored(collection, other, doc, "DEL-5")

    @clause("DEL-5")
    def test_id_that_looks_like_a_pattern_deletes_nothing_else(self, kit: Kit) -> None:
        collection = kit.collection()
        docs = {doc_id: {"name": doc_id} for doc_id in ("k", "kk", "k1", "K", "other")}
        answers.save_all(collection, docs)
        with kit.cases() as cases:
            for pattern in PATTERNS:
                with cases.case(f"the id {pattern!r}"):
                    collection.delete(pattern)
                    answers.listing(collection.list_all(), docs, "DEL-5")

    @clause("DEL-6")
    def test_second_delete(self, kit: Kit) -> None:
        collection = kit.collection()
        answers.save_all(collection, {"twice": {"n": 1}, "other": {"n": 2}})
        answers.deleted(collection.delete("twice"))
        answers.not_deleted(kit, collection.delete("twice"), "DEL-6")
        answers.not_deleted(kit, collection.delete("twice"), "DEL-6")
        answers.stored(collection, "other", {"n": 2}, "DEL-5")

    @clause("DEL-7")
    def test_deleted_id_can_be_saved_again(self, kit: Kit) -> None:
        collection = kit.collection()
        versions: tuple[dict[str, Any], ...] = (
            {"first": 1, "o": {"x": 1, "y": [1, 2]}, "l": [1, 2, 3]},
            {"first": None, "o": {"x": None}, "l": None},
            {"second": 2, "o": {"z": 3}, "l": []},
            {},
            {"first": None},
            {"first": None},
        )
        for doc in versions:
            answers.saved(collection.save("again", doc), "DEL-7")
            answers.holds(collection, {"again": doc}, "DEL-7")
            answers.deleted(collection.delete("again"), "DEL-7")
            answers.missing(collection.get("again"), "DEL-4")

    @clause("DEL-7")
    def test_deleted_id_can_be_saved_and_replaced(self, kit: Kit) -> None:
        collection = kit.collection()
        answers.saved(collection.save("revived", {"n": 1, "old": True}))
        answers.deleted(collection.delete("revived"))
        answers.saved(collection.save("revived", {"n": 2}), "DEL-7")
        answers.saved(collection.save("revived", {"n": 3}), "DEL-7")
        answers.holds(collection, {"revived": {"n": 3}}, "DEL-7")
