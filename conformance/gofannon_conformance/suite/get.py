"""GET: reading a document."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from gofannon_conformance.documents.portable import portable_documents
from gofannon_conformance.run.optional import has
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.suite.expect.server_side import expect_absent
from gofannon_conformance.suite.expect.unspoilt import (
    DEEP,
    READS,
    SEEN_BY,
    expect_unspoilt,
    spoil_shown,
)

if TYPE_CHECKING:
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit


PLAIN: dict[str, Any] = {
    "name": "MyAgent",
    "count": 3,
    "ratio": 0.5,
    "active": True,
    "nothing": None,
    "tags": ["a", "b"],
    "nested": {"k": {"k": []}},
}


class GetTests(ContractTests):
    """What `get()` returns, and when it raises 404."""

    @clause("GET-1", "GET-2", "GET-8")
    def test_document_comes_back_field_for_field(self, kit: Kit) -> None:
        answers.round_trip(kit.collection(), "plain", PLAIN, "GET-1")

    @clause("GET-1")
    def test_each_version_is_read_when_it_is_the_last(self, kit: Kit) -> None:
        collection = kit.collection()
        for version in range(5):
            doc = {"version": version, "even": version % 2 == 0, f"only in {version}": [version]}
            answers.round_trip(collection, "versions", doc, "GET-1")
            answers.stored(collection, "versions", doc, "GET-1")

    @clause("GET-1")
    def test_each_of_many_documents_is_found(self, kit: Kit) -> None:
        collection = kit.collection()
        docs = {f"doc-{n}": {"n": n, "name": f"number {n}"} for n in range(120)}
        answers.save_all(collection, docs)
        for doc_id, doc in docs.items():
            answers.stored(collection, doc_id, doc, "GET-1")

    @clause("GET-1", "GET-2", "GET-8")
    def test_any_document_comes_back(self, kit: Kit) -> None:
        collection = kit.collection()

        def check(doc: dict[str, Any]) -> None:
            answers.round_trip(collection, kit.fresh("any"), doc, "GET-1")

        kit.prove(check, doc=portable_documents())

    @clause("GET-2")
    def test_id_is_there_whether_or_not_it_was_saved(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for label, doc_id, doc in (
                ("saved without `_id`", "named", {"n": 1}),
                ("saved with its `_id`", "named", {"_id": "named", "n": 1}),
                ("saved with no field", "named", {}),
                ("saved with a field `id`", "named", {"id": "other", "n": 1}),
                ("an id that looks like a number", "42", {"n": 1}),
            ):
                with cases.case(label):
                    answers.round_trip(collection, doc_id, doc, "GET-2")

    @clause("GET-3")
    def test_missing_document_is_404(self, kit: Kit) -> None:
        collection = kit.collection()
        answers.saved(collection.save("somebody", {"n": 1}))
        answers.missing(collection.get("nobody"), "GET-3")
        answers.missing(collection.get("some"), "GET-3")

    @clause("GET-4")
    def test_any_id_in_an_unwritten_collection_is_404(self, kit: Kit) -> None:
        collection = kit.unwritten(only_to_read=True)
        answers.missing(collection.get("anybody"), "GET-4")
        answers.missing(collection.get("550e8400-e29b-41d4-a716-446655440000"), "GET-4")

    @clause("GET-5")
    def test_deleted_document_is_404(self, kit: Kit) -> None:
        collection = kit.collection()
        answers.save_all(collection, {"kept": {"n": 1}, "deleted": {"n": 2}})
        answers.stored(collection, "deleted", {"n": 2}, "GET-1")
        answers.deleted(collection.delete("deleted"))
        answers.missing(collection.get("deleted"), "GET-5")
        answers.missing(collection.get("deleted"), "GET-5")
        answers.stored(collection, "kept", {"n": 1}, "DEL-5")

    @clause("GET-6")
    def test_changing_what_came_back_changes_nothing(self, kit: Kit) -> None:
        collection = kit.collection()

        def saved() -> str:
            doc_id = kit.fresh("mine")
            answers.saved(collection.save(doc_id, DEEP))
            return doc_id

        with kit.cases() as cases:
            for seen_by, read_by in product(SEEN_BY, ("nobody", "list_all()")):
                with cases.case(f"seen by {seen_by}(), and read by {read_by} before"):
                    kit.begin()
                    doc_id = saved()
                    if read_by != "nobody":
                        answers.listing(collection.list_all(), {doc_id: DEEP})
                    _read_and_spoil(kit, collection, doc_id, DEEP, "GET-1")
                    expect_unspoilt(collection, doc_id, DEEP, "GET-6", seen_by)
            with cases.case("each of several times"):
                kit.begin()
                doc_id = saved()
                for time in range(READS):
                    _read_and_spoil(kit, collection, doc_id, DEEP, "GET-6" if time else "GET-1")
            with cases.case("seen in the result of an earlier get()"):
                doc_id = saved()
                first, second = collection.get(doc_id), collection.get(doc_id)
                answers.document(first, doc_id, DEEP, "GET-1")
                spoil_shown(kit, first.value, "the result of the first get()")
                answers.document(second, doc_id, DEEP, "GET-6")

    @clause("GET-6")
    def test_changing_any_document_that_came_back_changes_nothing(self, kit: Kit) -> None:
        collection = kit.collection()

        def check(doc: dict[str, Any]) -> None:
            doc_id = kit.fresh("mine")
            answers.saved(collection.save(doc_id, doc))
            _read_and_spoil(kit, collection, doc_id, doc, "GET-1")
            answers.stored(collection, doc_id, doc, "GET-6")

        kit.prove(check, doc=portable_documents())

    @clause("GET-7")
    def test_reading_creates_no_collection(self, kit: Kit) -> None:
        def read(collection: Collection) -> None:
            collection.get("anybody")
            if has(collection, "get_many"):
                collection.get_many(["anybody"])
            if has(collection, "find"):
                collection.find({"n": 1})

        expect_absent(kit, "GET-7", read)

    @clause("GET-8")
    def test_nothing_of_the_backend_shows(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for label, doc in (
                ("a document with no field", {}),
                ("a plain document", PLAIN),
                ("a document with objects in it", DEEP),
            ):
                with cases.case(label):
                    answers.round_trip(collection, kit.fresh("bare"), doc, "GET-8")
            with cases.case("a document saved again, and after it was deleted"):
                doc_id = kit.fresh("bare")
                answers.saved(collection.save(doc_id, {"n": 1}))
                answers.round_trip(collection, doc_id, {"n": 2}, "GET-8")
                answers.deleted(collection.delete(doc_id))
                answers.round_trip(collection, doc_id, {"n": 3}, "GET-8")


def _read_and_spoil(
    kit: Kit, collection: Collection, doc_id: str, doc: dict[str, Any], clause_id: str
) -> None:
    found = collection.get(doc_id)
    answers.document(found, doc_id, doc, clause_id)
    spoil_shown(kit, found.value, "the result of get()")
