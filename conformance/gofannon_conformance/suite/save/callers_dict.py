"""SAVE-7 to SAVE-9: `save()` and its caller's dict."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.violation import NotApplicable, violation
from gofannon_conformance.documents.portable import portable_documents
from gofannon_conformance.documents.unstorable import CONVERTIBLE, UNSTORABLE, unlike
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.suite.expect.unspoilt import (
    DEEP,
    SEEN_BY,
    SETTABLE,
    arguments_kept,
    expect_unspoilt,
    spoil,
    spoil_shown,
)
from gofannon_conformance.suite.save.cases import ODD_FIELDS
from gofannon_conformance.values.copying import snapshot

if TYPE_CHECKING:
    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit


class CallersDictTests(ContractTests):
    """The store keeps its own copy, and the caller's dict stays as it was."""

    @clause("SAVE-7")
    def test_changing_the_dict_after_saving_changes_nothing(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for seen_by, moment in product(SEEN_BY, ("a new document", "an existing document")):
                with cases.case(f"{moment}, seen by {seen_by}()"):
                    kit.begin()
                    doc_id = kit.fresh("mine")
                    if moment != "a new document":
                        answers.saved(collection.save(doc_id, {"old": 1}))
                    doc = snapshot(DEEP)
                    answer = collection.save_itself(doc_id, doc)
                    answers.saved(answer)
                    spoil_shown(kit, doc, "the dict that was saved")
                    if isinstance(answer.value, dict):
                        spoil(answer.value)  # in the dialect `overview` it is a document
                    expect_unspoilt(collection, doc_id, DEEP, "SAVE-7", seen_by)

    @clause("SAVE-7")
    def test_changing_what_a_tuple_holds_changes_nothing(self, kit: Kit) -> None:
        collection = kit.collection()
        doc: dict[str, Any] = {"t": ([1], {"a": [1]}), "n": 1}
        answer = collection.save_itself("tuple", doc)
        if answer.refused:
            raise NotApplicable("it refuses tuples")
        before = snapshot(doc)
        answers.saved(answer)
        doc["t"][0].append(2)
        doc["t"][1]["a"].append(2)
        found = answers.returned(collection.get("tuple"), "SAVE-7", "it was saved")
        wrong = unlike(answers.own_fields(before), answers.own_fields(found))
        if wrong:
            what = "a change in a tuple of the dict after save() also changed the store"
            raise violation("SAVE-7", what, answer=answer, differences=wrong)

    @clause("SAVE-7")
    def test_one_dict_saved_under_two_ids_is_two_documents(self, kit: Kit) -> None:
        collection = kit.collection()
        doc: dict[str, Any] = {"list": [1]}
        answers.saved(collection.save_itself("one", doc))
        doc["list"].append(2)
        doc.pop("_rev", None)
        answers.saved(collection.save_itself("two", doc))
        answers.stored(collection, "one", {"list": [1]}, "SAVE-7")
        answers.stored(collection, "two", {"list": [1, 2]}, "SAVE-7")

    @clause("SAVE-8")
    def test_values_in_the_callers_dict_stay(self, kit: Kit) -> None:
        collection = kit.collection()

        def check(doc_id: str, doc: dict[str, Any]) -> None:
            _save_and_compare(collection, doc_id, doc, "SAVE-8")

        with kit.cases() as cases:
            for label, value in CONVERTIBLE.items():
                with cases.case(label):
                    doc = {"value": value, "in": {"an": [value, {"object": value}]}, "n": 0.1}
                    check("convertible", doc)
            for label, doc in (
                ("a document with objects in it", snapshot(DEEP)),
                ("an existing document", snapshot(DEEP)),
                ("a document with its `_id`", {"_id": "callers", "n": 1}),
                ("a document with `_id` in an object", {"o": {"_id": "x", "_rev": "y"}}),
            ):
                with cases.case(label):
                    check("callers", doc)
            with cases.case("a document that came from get()"):
                answers.saved(collection.save("callers", DEEP))
                check("callers", answers.stored(collection, "callers", DEEP, "GET-1"))
            for label, value in UNSTORABLE.items():
                with cases.case(f"refused or not, {label}"):
                    doc = {"_id": "refused", **ODD_FIELDS, "value": value, "after": ODD_FIELDS}
                    check("refused", doc)

    @clause("SAVE-8")
    def test_values_in_any_dict_stay(self, kit: Kit) -> None:
        collection = kit.collection()

        def check(doc: dict[str, Any]) -> None:
            _save_and_compare(collection, kit.fresh("any"), doc, "SAVE-8")

        kit.prove(check, doc=portable_documents())

    @clause("SAVE-9")
    def test_callers_dict_is_left_as_it_was(self, kit: Kit) -> None:
        collection = kit.collection()
        for doc in (snapshot(DEEP), {"_id": "callers", "n": 1}, {"_id": "other", "n": 2}, {}):
            answers.saved(_save_and_compare(collection, "callers", doc, "SAVE-9", settable=()))


def _save_and_compare(
    collection: Collection,
    doc_id: str,
    doc: dict[str, Any],
    clause_id: str,
    *,
    settable: tuple[str, ...] = SETTABLE,
) -> Answer:
    """Save a dict, and check that it is as before. Return the answer of `save()`."""
    before = snapshot(doc)
    answer = collection.save_itself(doc_id, doc)
    arguments_kept(answer, before, doc, clause_id, settable=settable)
    return answer
