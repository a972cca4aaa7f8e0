"""SAVE-1 to SAVE-6: the answer of `save()`, and what it creates and replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.documents.portable import portable_documents
from gofannon_conformance.documents.schemas import field_names
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.suite.save.cases import ANSWERED_IDS, READ_AND_SAVED, REPLACED, ROUNDS
from gofannon_conformance.suite.save.checks import check_answer

if TYPE_CHECKING:
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit


class SaveTests(ContractTests):
    """What `save()` returns, stores and replaces."""

    @clause("SAVE-1")
    def test_answer_names_id_and_revision(self, kit: Kit) -> None:
        collection = kit.collection()

        def check(doc_id: str, doc: dict[str, Any]) -> None:
            answer = collection.save(doc_id, doc)
            answers.saved(answer, "SAVE-1")
            check_answer(kit, answer, doc_id, doc)

        with kit.cases() as cases:
            for label, doc_id, doc in (
                ("a new document", "new", {"n": 1}),
                ("a document that carries fields `id` and `rev`", "own", {"id": 9, "rev": None}),
                ("a document that carries a version", "own", {"version": 3, "etag": "", "v": []}),
                ("a document that carries another `_id`", "carrier", {"_id": "other"}),
                ("an id that looks like a number", "42", {"n": 1}),
                ("a document with no field", "empty", {}),
            ):
                with cases.case(label):
                    check(doc_id, doc)
            with cases.case("an existing document"):
                for n in range(2):
                    check("existing", {"n": n})
            with cases.case("the very same document, again and again"):
                for _ in range(4):
                    check("same", {"n": 1, "o": {"l": [1]}})
            for doc_id in ANSWERED_IDS:
                with cases.case(f"the id {doc_id!r}"):
                    answer = collection.save(doc_id, {"n": 1})
                    if answer.returned:  # if the id is refused, ID-2 and ID-3 report it
                        check_answer(kit, answer, doc_id, {"n": 1})
            with cases.case("a document saved after it was deleted"):
                check("again", {"n": 2})
                answers.deleted(collection.delete("again"))
                check("again", {"n": 3})

    @clause("SAVE-2")
    def test_first_save_creates_the_collection(self, kit: Kit) -> None:
        collection = kit.unwritten()
        doc = {"first": True}
        answers.saved(collection.save("first", doc), "SAVE-2")
        answers.holds(collection, {"first": doc}, "SAVE-2")

    @clause("SAVE-2")
    def test_new_document_beside_others(self, kit: Kit) -> None:
        collection = kit.collection()
        answers.save_all(collection, {"first": {"n": 1}, "second": {"n": 2}})
        answers.stored(collection, "second", {"n": 2}, "SAVE-2")
        answers.stored(collection, "first", {"n": 1}, "SAVE-2")

    @clause("SAVE-3")
    def test_replaces_the_whole_document(self, kit: Kit) -> None:
        collection = kit.collection()
        newest: answers.Documents = {}
        with kit.cases() as cases:
            for number, (label, (old, new)) in enumerate(REPLACED.items()):
                doc_id = f"replaced-{number}"
                with cases.case(label):
                    answers.round_trip(collection, doc_id, old, "GET-1")
                    answers.round_trip(collection, doc_id, new, "SAVE-3", saving="SAVE-3")
                    newest[doc_id] = new
            with cases.case("in the listing"):
                answers.listing(collection.list_all(), newest, "SAVE-3")

    @clause("SAVE-3")
    def test_replaces_every_field_of_the_application(self, kit: Kit) -> None:
        collection = kit.collection()
        doc_id = kit.fresh("fields")
        values: list[Any] = ["text", [1, {"x": 1}], {"x": 1, "y": {"z": 2}}, {"y": {}}, None, 5]
        values += ["", 0, "b"]
        versions = [dict.fromkeys(field_names(), value) for value in values]
        for doc in [one for version in versions for one in (version, {})] + versions:
            answers.round_trip(collection, doc_id, doc, "SAVE-3", saving="SAVE-3")
        answers.listing(collection.list_all(), {doc_id: versions[-1]}, "SAVE-3")

    @clause("SAVE-3")
    def test_replaces_any_document_by_any_other(self, kit: Kit) -> None:
        collection = kit.collection()

        def check(old: dict[str, Any], new: dict[str, Any]) -> None:
            doc_id = kit.fresh("any")
            answers.saved(collection.save(doc_id, old))
            answers.saved(collection.save(doc_id, new), "SAVE-3")
            answers.holds(collection, {doc_id: new}, "SAVE-3")

        kit.prove(check, old=portable_documents(), new=portable_documents())

    @clause("SAVE-4")
    def test_plain_dict_wins_over_what_is_there(self, kit: Kit) -> None:
        collection = kit.collection()
        for n in range(12):
            answers.saved(collection.save("contended", {"n": n}), "SAVE-4")
            if n % 3 == 0:
                answers.stored(collection, "contended", {"n": n}, "SAVE-4")
        answers.stored(collection, "contended", {"n": 11}, "SAVE-4")

    @clause("SAVE-5")
    def test_read_change_save_works_any_number_of_times(self, kit: Kit) -> None:
        collection = kit.collection()
        expected: dict[str, Any] = {"rounds": [], "nested": {"count": 0}}
        answers.saved(collection.save("read", expected))
        for n in range(12):
            doc = answers.stored(collection, "read", expected, "SAVE-5")
            for change in (doc, expected):
                change["rounds"] = [*change["rounds"], n]
                change["nested"] = {"count": n + 1}
            answers.saved(collection.save("read", doc), "SAVE-5")
        answers.stored(collection, "read", expected, "SAVE-5")

    @clause("SAVE-5")
    def test_very_dict_that_was_read_can_be_changed_and_saved(self, kit: Kit) -> None:
        collection = kit.collection()
        expected: dict[str, Any] = {"rounds": [], "nested": {"count": 0}}
        answers.saved(collection.save("read", expected))
        for n in range(4):
            answer = collection.get("read")
            answers.document(answer, "read", expected, "SAVE-5")
            for change in (answer.value, expected):
                change["rounds"].append(n)
                change["nested"]["count"] = n + 1
            answers.saved(collection.save_itself("read", answer.value), "SAVE-5")
            answers.holds(collection, {"read": expected}, "SAVE-5")

    @clause("SAVE-5")
    def test_what_was_read_is_saved_and_read_as_the_same(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for label, doc in READ_AND_SAVED.items():
                with cases.case(label):
                    answers.saved(collection.save("same", doc))
                    for _ in range(ROUNDS):
                        found = answers.stored(collection, "same", doc, "SAVE-5")
                        answers.saved(collection.save("same", found), "SAVE-5")
                    answers.stored(collection, "same", doc, "SAVE-5")

    @clause("SAVE-5")
    def test_listed_document_can_be_saved(self, kit: Kit) -> None:
        collection = kit.collection()
        answers.saved(collection.save("listed", {"n": 1}))
        doc = answers.listing(collection.list_all(), {"listed": {"n": 1}})[0]
        answers.round_trip(collection, "listed", {**doc, "n": 2}, "SAVE-5", saving="SAVE-5")

    @clause("SAVE-6")
    def test_argument_decides_over_the_id_in_the_document(self, kit: Kit) -> None:
        collection = kit.collection()
        answers.saved(collection.save("bystander", {"n": 0}))
        for other in ("elsewhere", "bystander", "", "argument/2", "ARGUMENT"):
            doc = {"_id": other, "n": 1}
            answers.saved(collection.save("argument", doc), "SAVE-6")
            _expect_decided(collection, "argument", {"n": 1})
            if other == "elsewhere":
                answers.missing(collection.get("elsewhere"), "SAVE-6")
        expected = {"bystander": {"n": 0}, "argument": {"n": 1}}
        answers.listing(collection.list_all(), expected, "SAVE-6")
        answers.stored(collection, "bystander", {"n": 0}, "SAVE-6")

    @clause("SAVE-6")
    def test_copying_a_document_to_another_id(self, kit: Kit) -> None:
        collection = kit.collection()
        answers.saved(collection.save("original", {"n": 1}))
        doc = answers.stored(collection, "original", {"n": 1}, "GET-1")
        doc.pop("_rev", None)
        answers.saved(collection.save("copy", doc), "SAVE-6")
        _expect_decided(collection, "copy", {"n": 1})
        answers.stored(collection, "original", {"n": 1}, "SAVE-6")


def _expect_decided(collection: Collection, doc_id: str, doc: dict[str, Any]) -> None:
    """Check that a document exists under the id of the argument, and carries that id."""
    answer = collection.get(doc_id)
    answers.document(answer, doc_id, doc, "SAVE-6", id_clause=("SAVE-6", "GET-2"))
