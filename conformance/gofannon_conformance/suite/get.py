"""GET: reading a document."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from gofannon_conformance.documents import portable_documents
from gofannon_conformance.suite import expect
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.optional import has
from gofannon_conformance.suite.server_side import expect_absent
from gofannon_conformance.suite.spoil import DEEP, SEEN_BY, expect_unspoilt, spoil_shown

if TYPE_CHECKING:
    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection

READS = 6
"""How many times what was read is changed: a cache may take a document in late."""

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
        collection = kit.collection()
        expect.saved(collection.save("plain", PLAIN))
        expect.document(collection.get("plain"), "plain", PLAIN, "GET-1")

    @clause("GET-1")
    def test_each_version_is_read_when_it_is_the_last(self, kit: Kit) -> None:
        collection = kit.collection()
        for version in range(5):
            doc = {"version": version, "even": version % 2 == 0, f"only in {version}": [version]}
            expect.saved(collection.save("versions", doc))
            for _ in range(2):
                expect.document(collection.get("versions"), "versions", doc, "GET-1")

    @clause("GET-1")
    def test_each_of_many_documents_is_found(self, kit: Kit) -> None:
        collection = kit.collection()
        docs = {f"doc-{n}": {"n": n, "name": f"number {n}"} for n in range(120)}
        for doc_id, doc in docs.items():
            expect.saved(collection.save(doc_id, doc))
        for doc_id, doc in docs.items():
            expect.document(collection.get(doc_id), doc_id, doc, "GET-1")

    @clause("GET-1", "GET-2", "GET-8")
    def test_any_document_comes_back(self, kit: Kit) -> None:
        collection = kit.collection()

        def check(doc: dict[str, Any]) -> None:
            doc_id = kit.fresh("any")
            expect.saved(collection.save(doc_id, doc))
            expect.document(collection.get(doc_id), doc_id, doc, "GET-1")

        kit.prove(check, doc=portable_documents())

    @clause("GET-2")
    def test_id_is_there_whether_or_not_it_was_saved(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for label, doc in (
                ("saved without `_id`", {"n": 1}),
                ("saved with its `_id`", {"_id": "named", "n": 1}),
                ("saved with no field", {}),
                ("saved with a field `id`", {"id": "other", "n": 1}),
            ):
                with cases.case(label):
                    expect.saved(collection.save("named", doc))
                    expect.document(collection.get("named"), "named", doc, "GET-2")
            with cases.case("an id that looks like a number"):
                expect.saved(collection.save("42", {"n": 1}))
                expect.document(collection.get("42"), "42", {"n": 1}, "GET-2")

    @clause("GET-3")
    def test_missing_document_is_404(self, kit: Kit) -> None:
        collection = kit.collection()
        expect.saved(collection.save("somebody", {"n": 1}))
        expect.missing(collection.get("nobody"), "GET-3")
        expect.missing(collection.get("some"), "GET-3")

    @clause("GET-4")
    def test_any_id_in_an_unwritten_collection_is_404(self, kit: Kit) -> None:
        collection = kit.unwritten(only_to_read=True)
        expect.missing(collection.get("anybody"), "GET-4")
        expect.missing(collection.get("550e8400-e29b-41d4-a716-446655440000"), "GET-4")

    @clause("GET-5")
    def test_deleted_document_is_404(self, kit: Kit) -> None:
        collection = kit.collection()
        expect.saved(collection.save("kept", {"n": 1}))
        expect.saved(collection.save("deleted", {"n": 2}))
        expect.document(collection.get("deleted"), "deleted", {"n": 2}, "GET-1")
        expect.deleted(collection.delete("deleted"))
        expect.missing(collection.get("deleted"), "GET-5")
        expect.missing(collection.get("deleted"), "GET-5")
        expect.document(collection.get("kept"), "kept", {"n": 1}, "DEL-5")

    @clause("GET-6")
    def test_changing_what_came_back_changes_nothing(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for seen_by, read_by in product(SEEN_BY, ("nobody", "list_all()")):
                with cases.case(f"seen by {seen_by}(), and read by {read_by} before"):
                    kit.begin()
                    doc_id = kit.fresh("mine")
                    expect.saved(collection.save(doc_id, DEEP))
                    if read_by != "nobody":
                        expect.listing(collection.list_all(), {doc_id: DEEP})
                    found = collection.get(doc_id)
                    expect.document(found, doc_id, DEEP, "GET-1")
                    spoil_shown(kit, found.value, "what get() gave")
                    expect_unspoilt(collection, doc_id, DEEP, "GET-6", seen_by)
            with cases.case("each of several times"):
                kit.begin()
                doc_id = kit.fresh("mine")
                expect.saved(collection.save(doc_id, DEEP))
                for time in range(READS):
                    found = collection.get(doc_id)
                    expect.document(found, doc_id, DEEP, "GET-6" if time else "GET-1")
                    spoil_shown(kit, found.value, "what get() gave")
            with cases.case("seen in what another get() gave before"):
                doc_id = kit.fresh("mine")
                expect.saved(collection.save(doc_id, DEEP))
                first, second = collection.get(doc_id), collection.get(doc_id)
                expect.document(first, doc_id, DEEP, "GET-1")
                spoil_shown(kit, first.value, "what the first get() gave")
                expect.document(second, doc_id, DEEP, "GET-6")

    @clause("GET-6")
    def test_changing_any_document_that_came_back_changes_nothing(self, kit: Kit) -> None:
        collection = kit.collection()

        def check(doc: dict[str, Any]) -> None:
            doc_id = kit.fresh("mine")
            expect.saved(collection.save(doc_id, doc))
            found = collection.get(doc_id)
            expect.document(found, doc_id, doc, "GET-1")
            spoil_shown(kit, found.value, "what get() gave")
            expect.document(collection.get(doc_id), doc_id, doc, "GET-6")

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
                    doc_id = kit.fresh("bare")
                    expect.saved(collection.save(doc_id, doc))
                    expect.document(collection.get(doc_id), doc_id, doc, "GET-8")
            with cases.case("a document saved again, and after it was deleted"):
                doc_id = kit.fresh("bare")
                expect.saved(collection.save(doc_id, {"n": 1}))
                expect.saved(collection.save(doc_id, {"n": 2}))
                expect.document(collection.get(doc_id), doc_id, {"n": 2}, "GET-8")
                expect.deleted(collection.delete(doc_id))
                expect.saved(collection.save(doc_id, {"n": 3}))
                expect.document(collection.get(doc_id), doc_id, {"n": 3}, "GET-8")
