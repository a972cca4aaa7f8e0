"""LIST: listing a collection."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from gofannon_conformance.documents import portable_documents, small_documents
from gofannon_conformance.documents.portable import (
    SHARP_NAMES,
    SHARP_NUMBERS,
    SHARP_TEXTS,
    SHARP_VALUES,
)
from gofannon_conformance.suite import expect
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.delete import FALSY
from gofannon_conformance.suite.get import READS
from gofannon_conformance.suite.lengths import incompressible
from gofannon_conformance.suite.server_side import expect_absent
from gofannon_conformance.suite.spoil import DEEP, SEEN_BY, expect_unspoilt, spoil_shown
from gofannon_conformance.violation import violation

if TYPE_CHECKING:
    from gofannon_conformance.suite.kit import Kit

MANY = 1500
CHECKED_AT = (101, 1001, MANY)
"""Sizes at which a long listing is read: just past the usual pages, and at the end."""

LARGE_DOCUMENTS = 63
LARGE_TEXT = 100_000


class ListTests(ContractTests):
    """What `list_all()` returns."""

    @clause("LIST-1", "LIST-2")
    def test_returns_a_list_of_documents_with_their_ids(self, kit: Kit) -> None:
        collection = kit.collection()
        expect.saved(collection.save("one", {"n": 1}))
        expect.listed(collection.list_all())
        expect.saved(collection.save("two", {"_id": "two", "n": 2}))
        expect.saved(collection.save("three", {"_id": "another", "n": 3}))
        expect.saved(collection.save("4", {}))
        value = expect.listed(collection.list_all())
        ids = sorted(doc["_id"] for doc in value)
        if ids != ["4", "one", "three", "two"]:
            raise violation(
                "LIST-2",
                "the documents of list_all() do not have the ids that they were saved under",
                came=f"the ids {ids}",
                expected="the ids ['4', 'one', 'three', 'two']",
            )

    @clause("LIST-3")
    def test_unwritten_collection_is_empty(self, kit: Kit) -> None:
        collection = kit.unwritten(only_to_read=True)
        for _ in range(2):
            _expect_empty(collection.list_all(), "LIST-3")

    @clause("LIST-4")
    def test_emptied_collection_is_empty(self, kit: Kit) -> None:
        collection = kit.collection()
        for n in range(3):
            expect.saved(collection.save(f"doc-{n}", {"n": n}))
        expect.listing(collection.list_all(), {f"doc-{n}": {"n": n} for n in range(3)})
        for n in range(3):
            expect.deleted(collection.delete(f"doc-{n}"))
        _expect_empty(collection.list_all(), "LIST-4")

    @clause("LIST-5")
    def test_each_document_once_in_its_last_version(self, kit: Kit) -> None:
        collection = kit.collection()
        docs: dict[str, dict[str, Any]] = {}
        for n in range(12):
            docs[f"doc-{n}"] = {"n": n}
            expect.saved(collection.save(f"doc-{n}", {"n": n}))
            expect.listing(collection.list_all(), docs)
        for n in (0, 5, 11, 5):
            docs[f"doc-{n}"] = {"n": n, "again": [n]}
            expect.saved(collection.save(f"doc-{n}", docs[f"doc-{n}"]))
            expect.listing(collection.list_all(), docs)
        for n in (3, 0, 11):
            expect.deleted(collection.delete(f"doc-{n}"))
            del docs[f"doc-{n}"]
            expect.listing(collection.list_all(), docs)
        docs["doc-3"] = {"n": "back"}
        expect.saved(collection.save("doc-3", docs["doc-3"]))
        expect.listing(collection.list_all(), docs)

    @clause("LIST-5")
    def test_documents_of_any_content_are_listed(self, kit: Kit) -> None:
        collection = kit.collection()
        docs = {f"content-{n}": doc for n, doc in enumerate(FALSY.values())}
        docs["same-1"] = docs["same-2"] = {"same": True}
        docs["type"] = {"type": "index", "language": "query", "views": {}}
        for doc_id, doc in docs.items():
            expect.saved(collection.save(doc_id, doc))
        expect.listing(collection.list_all(), docs)

    @clause("LIST-5")
    def test_sharp_values_are_listed_as_get_gives_them(self, kit: Kit) -> None:
        collection = kit.collection()
        values = enumerate((*SHARP_NUMBERS, *SHARP_TEXTS, *SHARP_VALUES))
        expect.saved(collection.save("values", {f"v{n}": value for n, value in values}))
        expect.saved(collection.save("names", dict.fromkeys(SHARP_NAMES, 1)))
        answer = collection.list_all()
        for doc_id in ("values", "names"):
            found = expect.returned(collection.get(doc_id), "GET-1", "the document was saved")
            for listed in expect.listed(answer):
                if listed.get("_id") == doc_id and isinstance(found, dict):
                    expect.check_document(answer, listed, doc_id, found, "LIST-5", numbers="exact")

    @clause("LIST-5")
    def test_each_listed_document_is_what_get_gives(self, kit: Kit) -> None:
        collection = kit.collection()

        def check(contents: dict[str, dict[str, Any]]) -> None:
            docs = {kit.fresh(doc_id): doc for doc_id, doc in contents.items()}
            for doc_id, doc in docs.items():
                expect.saved(collection.save(doc_id, doc))
            answer = collection.list_all()
            for listed in expect.listing(answer, docs):
                got = collection.get(listed["_id"])
                found = expect.document(got, listed["_id"], docs[listed["_id"]], "GET-1")
                expect.check_document(
                    answer, listed, listed["_id"], found, "LIST-5", numbers="exact"
                )

        ids = st.sampled_from(("a", "b", "ab", "a-1", "A", "10", "9"))
        contents = st.one_of(small_documents(), portable_documents())
        kit.prove(check, contents=st.dictionaries(ids, contents, max_size=5))

    @clause("LIST-6")
    def test_many_small_documents(self, kit: Kit) -> None:
        collection = kit.collection()
        docs: dict[str, dict[str, Any]] = {}
        number = Random(MANY)  # noqa: S311  # for ids that any short hash takes two of for one
        for n in range(MANY):
            doc_id = f"doc-{n:05}-{number.getrandbits(40):010x}"
            docs[doc_id] = {"n": n, "name": f"document number {n}"}
            expect.saved(collection.save(doc_id, docs[doc_id]), "LIST-6")
            if n + 1 in CHECKED_AT:
                expect.listing(collection.list_all(), docs, "LIST-6")
        doc_ids = list(docs)
        for n in (0, 1, 9, 99, 750, MANY - 1):
            answer = collection.get(doc_ids[n])
            expect.document(answer, doc_ids[n], docs[doc_ids[n]], ("GET-1", "LIST-6"))
        for n in (0, 750, MANY - 1):
            expect.deleted(collection.delete(doc_ids[n]))
            del docs[doc_ids[n]]
        expect.listing(collection.list_all(), docs, "LIST-6")

    @clause("LIST-6")
    def test_six_mebibytes_of_large_documents(self, kit: Kit) -> None:
        collection = kit.collection()
        docs = {
            f"large-{n}": {"n": n, "text": incompressible(n, LARGE_TEXT)}
            for n in range(LARGE_DOCUMENTS)
        }
        for doc_id, doc in docs.items():
            expect.saved(collection.save(doc_id, doc), "LIST-6")
        expect.listing(collection.list_all(), docs, "LIST-6")

    @clause("LIST-7")
    def test_records_of_the_store_are_not_listed(self, kit: Kit) -> None:
        collection = kit.collection()
        _expect_empty(collection.list_all(), "LIST-7")
        expect.saved(collection.save("mine", {"n": 1}))
        expect.listing(collection.list_all(), {"mine": {"n": 1}}, "LIST-7")
        expect.saved(collection.save("mine", {"n": 2}))
        collection.get("nobody")
        collection.delete("nobody")
        expect.listing(collection.list_all(), {"mine": {"n": 2}}, "LIST-7")
        more = {f"more-{n}": {"n": n} for n in range(4)}
        for doc_id, doc in more.items():
            expect.saved(collection.save(doc_id, doc))
        expect.listing(collection.list_all(), {"mine": {"n": 2}, **more}, ("LIST-7", "LIST-5"))
        for doc_id in more:
            expect.deleted(collection.delete(doc_id))
        expect.deleted(collection.delete("mine"))
        _expect_empty(collection.list_all(), "LIST-7")

    @clause("LIST-8")
    def test_changing_the_listing_changes_nothing(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for seen_by, read_by in product(SEEN_BY, ("nobody", "get()")):
                with cases.case(f"seen by {seen_by}(), and read by {read_by} before"):
                    kit.begin()
                    doc_id = kit.fresh("deep")
                    expect.saved(collection.save(doc_id, DEEP))
                    if read_by != "nobody":
                        expect.document(collection.get(doc_id), doc_id, DEEP, "GET-1")
                    answer = collection.list_all()
                    expect.listing(answer, {doc_id: DEEP})
                    spoil_shown(kit, answer.value, "the listing")
                    answer.value.clear()
                    expect_unspoilt(collection, doc_id, DEEP, "LIST-8", seen_by)
                    expect.listing(collection.list_all(), {doc_id: DEEP}, "LIST-8")
            with cases.case("each of several times"):
                kit.begin()
                doc_id = kit.fresh("deep")
                expect.saved(collection.save(doc_id, DEEP))
                for time in range(READS):
                    answer = collection.list_all()
                    expect.listing(answer, {doc_id: DEEP}, "LIST-8" if time else "LIST-5")
                    spoil_shown(kit, answer.value, "the listing")
                    answer.value.clear()
            with cases.case("seen in a listing that was made before"):
                kit.begin()
                docs = {kit.fresh("deep"): DEEP, kit.fresh("plain"): {"n": 1}}
                for doc_id, doc in docs.items():
                    expect.saved(collection.save(doc_id, doc))
                first, second = collection.list_all(), collection.list_all()
                expect.listing(first, docs)
                spoil_shown(kit, first.value, "the first listing")
                expect.listing(second, docs, "LIST-8")

    @clause("LIST-8")
    def test_changing_an_empty_listing_changes_nothing(self, kit: Kit) -> None:
        collection = kit.collection()
        answer = collection.list_all()
        _expect_empty(answer, "LIST-4")
        answer.value.append({"_id": "made up"})
        _expect_empty(collection.list_all(), "LIST-8")
        _expect_empty(kit.collection().list_all(), "LIST-8")

    @clause("LIST-9")
    def test_listing_creates_no_collection(self, kit: Kit) -> None:
        expect_absent(kit, "LIST-9", lambda collection: collection.list_all())


def _expect_empty(answer: Any, clause_id: str) -> None:
    value = expect.returned(answer, clause_id, "an empty collection is an empty list")
    if type(value) is not list or value:
        raise violation(
            clause_id, "an empty collection must be listed as []", answer=answer, expected="[]"
        )
