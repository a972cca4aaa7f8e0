"""LIST: listing a collection."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from gofannon_conformance.calls.violation import violation
from gofannon_conformance.documents.ids import FALSY
from gofannon_conformance.documents.lengths import incompressible
from gofannon_conformance.documents.portable import (
    SHARP_NAMES,
    SHARP_NUMBERS,
    SHARP_TEXTS,
    SHARP_VALUES,
    portable_documents,
    small_documents,
)
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.suite.expect.server_side import expect_absent
from gofannon_conformance.suite.expect.tracked import Tracked
from gofannon_conformance.suite.expect.unspoilt import (
    DEEP,
    READS,
    SEEN_BY,
    expect_unspoilt,
    spoil_shown,
)

if TYPE_CHECKING:
    from gofannon_conformance.run.kit import Kit

MANY = 1500
CHECKED_AT = (101, 1001, MANY)
"""Sizes at which a long listing is read: just past common page sizes, and at the end."""

LARGE_DOCUMENTS = 63
LARGE_TEXT = 100_000


class ListTests(ContractTests):
    """What `list_all()` returns."""

    @clause("LIST-1", "LIST-2")
    def test_returns_a_list_of_documents_with_their_ids(self, kit: Kit) -> None:
        collection = kit.collection()
        answers.saved(collection.save("one", {"n": 1}))
        answers.listed(collection.list_all())
        more = {"two": {"_id": "two", "n": 2}, "three": {"_id": "another", "n": 3}, "4": {}}
        answers.save_all(collection, more)
        ids = sorted(doc["_id"] for doc in answers.listed(collection.list_all()))
        if ids != ["4", "one", "three", "two"]:
            what = "the documents of list_all() do not have the ids that they were saved under"
            expected = "the ids ['4', 'one', 'three', 'two']"
            raise violation("LIST-2", what, came=f"the ids {ids}", expected=expected)

    @clause("LIST-3")
    def test_unwritten_collection_is_empty(self, kit: Kit) -> None:
        collection = kit.unwritten(only_to_read=True)
        for _ in range(2):
            answers.empty(collection.list_all(), "LIST-3")

    @clause("LIST-4")
    def test_emptied_collection_is_empty(self, kit: Kit) -> None:
        collection = kit.collection()
        docs = {f"doc-{n}": {"n": n} for n in range(3)}
        answers.save_all(collection, docs)
        answers.listing(collection.list_all(), docs)
        for doc_id in docs:
            answers.deleted(collection.delete(doc_id))
        answers.empty(collection.list_all(), "LIST-4")

    @clause("LIST-5")
    def test_each_document_once_in_its_last_version(self, kit: Kit) -> None:
        collection = kit.collection()
        tracked = Tracked(collection, lambda held: answers.listing(collection.list_all(), held))
        for n in range(12):
            tracked.save(f"doc-{n}", {"n": n})
        for n in (0, 5, 11, 5):
            tracked.save(f"doc-{n}", {"n": n, "again": [n]})
        for doc_id in ("doc-3", "doc-0", "doc-11"):
            tracked.delete(doc_id)
        tracked.save("doc-3", {"n": "back"})

    @clause("LIST-5")
    def test_documents_of_any_content_are_listed(self, kit: Kit) -> None:
        collection = kit.collection()
        docs = {f"content-{n}": doc for n, doc in enumerate(FALSY.values())}
        docs["same-1"] = docs["same-2"] = {"same": True}
        docs["type"] = {"type": "index", "language": "query", "views": {}}
        answers.save_all(collection, docs)
        answers.listing(collection.list_all(), docs)

    @clause("LIST-5")
    def test_sharp_values_are_listed_as_get_gives_them(self, kit: Kit) -> None:
        collection = kit.collection()
        values = enumerate((*SHARP_NUMBERS, *SHARP_TEXTS, *SHARP_VALUES))
        answers.saved(collection.save("values", {f"v{n}": value for n, value in values}))
        answers.saved(collection.save("names", dict.fromkeys(SHARP_NAMES, 1)))
        answer = collection.list_all()
        for doc_id in ("values", "names"):
            found = answers.returned(collection.get(doc_id), "GET-1", "the document was saved")
            for listed in answers.listed(answer):
                if listed.get("_id") == doc_id and isinstance(found, dict):
                    answers.check_document(answer, listed, doc_id, found, "LIST-5", numbers="exact")

    @clause("LIST-5")
    def test_each_listed_document_is_what_get_gives(self, kit: Kit) -> None:
        collection = kit.collection()

        def check(contents: dict[str, dict[str, Any]]) -> None:
            docs = {kit.fresh(doc_id): doc for doc_id, doc in contents.items()}
            answers.save_all(collection, docs)
            answer = collection.list_all()
            for listed in answers.listing(answer, docs):
                doc_id = listed["_id"]
                found = answers.stored(collection, doc_id, docs[doc_id], "GET-1")
                answers.check_document(answer, listed, doc_id, found, "LIST-5", numbers="exact")

        ids = st.sampled_from(("a", "b", "ab", "a-1", "A", "10", "9"))
        contents = st.one_of(small_documents(), portable_documents())
        kit.prove(check, contents=st.dictionaries(ids, contents, max_size=5))

    @clause("LIST-6")
    def test_many_small_documents(self, kit: Kit) -> None:
        collection = kit.collection()
        docs: dict[str, dict[str, Any]] = {}
        number = Random(MANY)  # noqa: S311  # ids of which some collide under any short hash
        for n in range(MANY):
            doc_id = f"doc-{n:05}-{number.getrandbits(40):010x}"
            docs[doc_id] = {"n": n, "name": f"document number {n}"}
            answers.saved(collection.save(doc_id, docs[doc_id]), "LIST-6")
            if n + 1 in CHECKED_AT:
                answers.listing(collection.list_all(), docs, "LIST-6")
        doc_ids = list(docs)
        for n in (0, 1, 9, 99, 750, MANY - 1):
            answers.stored(collection, doc_ids[n], docs[doc_ids[n]], ("GET-1", "LIST-6"))
        for n in (0, 750, MANY - 1):
            answers.deleted(collection.delete(doc_ids[n]))
            del docs[doc_ids[n]]
        answers.listing(collection.list_all(), docs, "LIST-6")

    @clause("LIST-6")
    def test_six_mebibytes_of_large_documents(self, kit: Kit) -> None:
        collection = kit.collection()
        docs = {
            f"large-{n}": {"n": n, "text": incompressible(n, LARGE_TEXT)}
            for n in range(LARGE_DOCUMENTS)
        }
        answers.save_all(collection, docs, "LIST-6")
        answers.listing(collection.list_all(), docs, "LIST-6")

    @clause("LIST-7")
    def test_records_of_the_store_are_not_listed(self, kit: Kit) -> None:
        collection = kit.collection()
        answers.empty(collection.list_all(), "LIST-7")
        answers.saved(collection.save("mine", {"n": 1}))
        answers.listing(collection.list_all(), {"mine": {"n": 1}}, "LIST-7")
        answers.saved(collection.save("mine", {"n": 2}))
        collection.get("nobody")
        collection.delete("nobody")
        answers.listing(collection.list_all(), {"mine": {"n": 2}}, "LIST-7")
        more = {f"more-{n}": {"n": n} for n in range(4)}
        answers.save_all(collection, more)
        answers.listing(collection.list_all(), {"mine": {"n": 2}, **more}, ("LIST-7", "LIST-5"))
        for doc_id in more:
            answers.deleted(collection.delete(doc_id))
        answers.deleted(collection.delete("mine"))
        answers.empty(collection.list_all(), "LIST-7")

    @clause("LIST-8")
    def test_changing_the_listing_changes_nothing(self, kit: Kit) -> None:
        collection = kit.collection()

        def saved(*contents: dict[str, Any]) -> dict[str, dict[str, Any]]:
            kit.begin()
            docs = {kit.fresh("deep"): doc for doc in contents}
            answers.save_all(collection, docs)
            return docs

        def list_and_spoil(docs: dict[str, dict[str, Any]], clause_id: str) -> None:
            answer = collection.list_all()
            answers.listing(answer, docs, clause_id)
            spoil_shown(kit, answer.value, "the listing")
            answer.value.clear()

        with kit.cases() as cases:
            for seen_by, read_by in product(SEEN_BY, ("nobody", "get()")):
                with cases.case(f"seen by {seen_by}(), and read by {read_by} before"):
                    docs = saved(DEEP)
                    (doc_id,) = docs
                    if read_by != "nobody":
                        answers.stored(collection, doc_id, DEEP, "GET-1")
                    list_and_spoil(docs, "LIST-5")
                    expect_unspoilt(collection, doc_id, DEEP, "LIST-8", seen_by)
                    answers.listing(collection.list_all(), docs, "LIST-8")
            with cases.case("each of several times"):
                docs = saved(DEEP)
                for time in range(READS):
                    list_and_spoil(docs, "LIST-8" if time else "LIST-5")
            with cases.case("seen in a listing that was made before"):
                docs = saved(DEEP, {"n": 1})
                first, second = collection.list_all(), collection.list_all()
                answers.listing(first, docs)
                spoil_shown(kit, first.value, "the first listing")
                answers.listing(second, docs, "LIST-8")

    @clause("LIST-8")
    def test_changing_an_empty_listing_changes_nothing(self, kit: Kit) -> None:
        collection = kit.collection()
        answer = collection.list_all()
        answers.empty(answer, "LIST-4")
        answer.value.append({"_id": "made up"})
        answers.empty(collection.list_all(), "LIST-8")
        answers.empty(kit.collection().list_all(), "LIST-8")

    @clause("LIST-9")
    def test_listing_creates_no_collection(self, kit: Kit) -> None:
        expect_absent(kit, "LIST-9", lambda collection: collection.list_all())
