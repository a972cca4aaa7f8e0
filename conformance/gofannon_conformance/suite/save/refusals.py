"""SAVE-10 to SAVE-12: documents that `save()` refuses or converts."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from gofannon_conformance.documents.unstorable import (
    CONVERTIBLE,
    NOT_DICTS,
    UNSTORABLE,
    Name,
    placed,
)
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.suite.save.checks import check_converted, check_refused_or_same

if TYPE_CHECKING:
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit


class RefusalTests(ContractTests):
    """A document that is refused changes nothing; one that is accepted comes back."""

    @clause("SAVE-10")
    def test_save_that_raises_leaves_the_earlier_version(self, kit: Kit) -> None:
        collection = kit.collection()
        earlier = {"n": 1, "kept": {"list": [1, 2]}, "text": "earlier"}
        with kit.cases() as cases:
            for label, value in UNSTORABLE.items():
                for where, doc in placed(value, among={"n": 2, "kept": {"list": []}}).items():
                    with cases.case(f"{label}, {where}"):
                        answers.round_trip(collection, "kept", earlier, "GET-1")
                        if not collection.save("kept", doc).returned:
                            answers.holds(collection, {"kept": earlier}, "SAVE-10")

    @clause("SAVE-10")
    def test_save_that_raises_creates_nothing(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for number, (label, value) in enumerate(UNSTORABLE.items()):
                doc_id = f"absent-{number}"
                for where, doc in placed(value, among={"n": 2, "o": {"l": [1]}}).items():
                    with cases.case(f"{label}, {where}"):
                        if collection.save(doc_id, doc).returned:
                            collection.delete(doc_id)
                            continue
                        answers.missing(collection.get(doc_id), "SAVE-10")
                        answers.listing(collection.list_all(), {}, "SAVE-10")
                        answers.round_trip(
                            collection, doc_id, {"n": 1}, "SAVE-10", saving="SAVE-10"
                        )
                        answers.deleted(collection.delete(doc_id))

    @clause("SAVE-11")
    def test_value_that_json_cannot_hold_is_refused(self, kit: Kit) -> None:
        collection = kit.collection()
        closed = _closed_places(kit, collection)
        with kit.cases() as cases:
            for label, value in UNSTORABLE.items():
                for where, doc in placed(value, among={"n": 1}).items():
                    if where in closed:
                        continue
                    with cases.case(f"{label}, {where}"):
                        check_refused_or_same(collection, kit.fresh("outside"), doc)
                with cases.case(f"{label}, in a tuple"):
                    doc, listed = {"t": (value, 1)}, {"t": [value, 1]}
                    check_refused_or_same(collection, kit.fresh("outside"), doc, or_as=listed)

    @clause("SAVE-11")
    def test_conversions_are_the_allowed_ones(self, kit: Kit) -> None:
        collection = kit.collection()
        closed = _closed_places(kit, collection)
        with kit.cases() as cases:
            for label, value in CONVERTIBLE.items():
                for where, doc in placed(value, among={"n": 1}).items():
                    if where in closed:
                        continue
                    with cases.case(f"{label}, {where}"):
                        check_converted(collection, kit.fresh("convertible"), doc)
            with cases.case("an OrderedDict, the document itself"):
                doc = OrderedDict(b=1, a=[2], o=OrderedDict(x="y"))
                check_converted(collection, kit.fresh("convertible"), doc)
            with cases.case("a subclass of str as a key, of the document itself"):
                named: dict[Any, Any] = {Name("name"): 1, "after": 2}
                check_converted(collection, kit.fresh("convertible"), named)

    @clause("SAVE-10", "SAVE-12")
    def test_document_that_is_no_dict_is_refused(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for number, (label, value) in enumerate(NOT_DICTS.items()):
                absent, there = f"absent-{number}", f"there-{number}"
                what = f"{label} as a document"
                with cases.case(label):
                    answers.refused(
                        collection.save(absent, value), "SAVE-12", what, type_error=True
                    )
                    answers.missing(collection.get(absent), "SAVE-12")
                with cases.case(f"{label} over a document"):
                    answers.saved(collection.save(there, {"n": 1}))
                    answers.refused(collection.save(there, value), "SAVE-12", what, type_error=True)
                    answers.stored(collection, there, {"n": 1}, "SAVE-10")


def _closed_places(kit: Kit, collection: Collection) -> set[str]:
    """Return the places of a document where the backend refuses a plain text: DOC-7 reports it."""
    docs = placed("text", among={"n": 1})
    return {
        where
        for where, doc in docs.items()
        if not collection.save(kit.fresh("plain"), doc).returned
    }
