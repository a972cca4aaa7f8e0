"""BULK-3 to BULK-5: deleting and reading many documents by one call, and a thousand at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.documents.ids import FALSY, PATTERNS
from gofannon_conformance.run.optional import collection_for, has, never_written
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.bulk.blame import (
    blame_for_deleting,
    blame_for_getting,
    blame_for_saving,
)
from gofannon_conformance.suite.bulk.cases import DELETES, DOC_PATTERNS, MISSING, UNUSUAL_IDS
from gofannon_conformance.suite.bulk.checks import (
    Docs,
    by_id,
    check_deleted,
    check_got,
    check_saved,
)
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.suite.expect.unspoilt import DEEP, READS, arguments_kept, spoil_shown

if TYPE_CHECKING:
    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.suite.expect.answers import Documents

MANY = 1000
"""Documents in one request; every tenth has an id that another one has."""

MORE_IDS = 50
"""Ids of no document that the other two methods get in addition to those thousand."""

LEFT = 20
"""Documents that `delete_many()` does not get."""


class BulkTests(ContractTests):
    """`delete_many()` and `get_many()`, each compared with its single method."""

    @clause("BULK-3")
    def test_deleting_many_is_idempotent(self, kit: Kit) -> None:
        collection = collection_for(kit, "delete_many")
        held: Documents = {f"doc-{n}": {"n": n} for n in range(8)}
        answers.save_all(collection, held)
        patterns = _missing(collection, *PATTERNS, *DOC_PATTERNS)
        with kit.cases() as cases:
            for label, doc_ids in {**DELETES, "ids that are patterns": patterns}.items():
                with cases.case(label):
                    requested = [*doc_ids]
                    answer = collection.delete_many(requested)
                    check_deleted(answer, doc_ids)
                    arguments_kept(answer, doc_ids, requested, "BULK-3")
                    held = {i: doc for i, doc in held.items() if i not in doc_ids}
                    answers.listing(collection.list_all(), held, "BULK-3")
                    for doc_id in doc_ids[:2]:
                        answers.missing(collection.get(doc_id), "BULK-3")
            with cases.case("every argument by its name"):
                named = {"db_name": collection.name, "doc_ids": ["doc-2"]}
                check_deleted(kit.caller.call("delete_many", named=named), ["doc-2"])
                answers.missing(collection.get("doc-2"), "BULK-3")
            with cases.case("an empty id deletes nothing"):
                collection.delete_many([""])
                held.pop("doc-2", None)
                answers.listing(collection.list_all(), held, "BULK-3")

    @clause("BULK-3")
    def test_deleting_many_touches_one_collection(self, kit: Kit) -> None:
        collection, other = collection_for(kit, "delete_many"), kit.collection()
        docs: Documents = {"same": {"n": 1}, "stays": {"n": 2}}
        answers.save_all(collection, docs)
        answers.save_all(other, docs)
        check_deleted(collection.delete_many(["same", "gone"]), ["same", "gone"])
        answers.listing(collection.list_all(), {"stays": {"n": 2}}, "BULK-3")
        answers.listing(other.list_all(), docs, "BULK-3")
        answers.save_all(collection, {"same": {"n": 3}})
        answers.all_stored(collection, {"same": {"n": 3}}, "BULK-3")
        empty = never_written(kit)
        for _ in range(2):
            check_deleted(empty.delete_many(["a", "b"]), ["a", "b"])

    @clause("BULK-4")
    def test_getting_many_gives_every_id_its_document_or_none(self, kit: Kit) -> None:
        collection = collection_for(kit, "get_many")
        held: Documents = {f"falsy-{n}": doc for n, doc in enumerate(FALSY.values())}
        held |= {"deep": DEEP, "replaced": {"n": 2}}
        answers.save_all(
            collection, {"replaced": {"n": 1, "old": True}, "deleted": {"n": 1}, **held}
        )
        answers.deleted(collection.delete("deleted"))
        for doc_id in UNUSUAL_IDS:
            if collection.save(doc_id, {"name": doc_id}).returned:
                held[doc_id] = {"name": doc_id}
        answers.save_all(kit.collection(), {"of another collection": {"n": 1}})
        requests = {
            "all of them": [*held],
            "one of another collection": ["of another collection", "deep"],
            "some, and missing ones among them": ["missing", "deep", "deleted", "replaced", "DEEP"],
            "one twice": ["deep", "replaced", "deep", "missing", "missing"],
            "missing ones only": ["missing", "falsy", "falsy-"],
            "ids that are patterns": _missing(collection, *PATTERNS),
            "one": ["replaced"],
            "none": [],
            "more than a store returns at once": [*MISSING, *held],
        }
        with kit.cases() as cases:
            for label, doc_ids in requests.items():
                with cases.case(label):
                    requested = [*doc_ids]
                    answer = collection.get_many(requested)
                    value = check_got(answer, doc_ids, held)
                    arguments_kept(answer, doc_ids, requested, "BULK-4")
                    for doc_id in doc_ids[:4] if len(doc_ids) < len(MISSING) else []:
                        _check_same_as_get(collection, answer, doc_id, value[doc_id])
            with cases.case("every argument by its name"):
                named = {"db_name": collection.name, "doc_ids": ["deep", "missing"]}
                check_got(kit.caller.call("get_many", named=named), ["deep", "missing"], held)

    @clause("BULK-4")
    def test_getting_many_from_an_unwritten_collection(self, kit: Kit) -> None:
        collection_for(kit, "get_many")
        collection = never_written(kit)
        check_got(collection.get_many(["a", "b"]), ["a", "b"], {})
        check_got(collection.get_many([]), [], {})

    @clause("BULK-4")
    def test_documents_of_one_call_are_the_callers_own(self, kit: Kit) -> None:
        collection, other = collection_for(kit, "get_many"), kit.collection()
        held: Documents = {"deep": DEEP, "alike": DEEP}
        answers.save_all(collection, held)
        answers.save_all(other, {doc_id: {"other": True} for doc_id in held})
        for _ in range(READS):
            answer = collection.get_many([*held])
            check_got(answer, [*held], held)
            spoil_shown(kit, answer.value, "the answer")
        first, second = collection.get_many([*held]), collection.get_many([*held])
        check_got(first, [*held], held)
        spoil_shown(kit, first.value["deep"], "the document 'deep' of the first answer")
        check_got(second, [*held], held)
        value = answers.returned(first, "BULK-4", "it returned before")
        answers.check_document(first, value["alike"], "alike", DEEP, "BULK-4", id_clause="BULK-4")
        check_got(collection.get_many([*held]), [*held], held)
        answers.all_stored(collection, {"deep": DEEP}, "BULK-4")

    @clause("BULK-5")
    def test_thousand_documents_by_one_call(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")
        gets, deletes = has(collection, "get_many"), has(collection, "delete_many")
        saving = blame_for_saving(kit, collection, "BULK-5")
        getting = blame_for_getting(kit, collection, "BULK-5") if gets else ""
        deleting = blame_for_deleting(kit, collection, "BULK-5") if deletes else None
        kit.begin()
        doc_ids = [f"doc-{_id_number(n):04}" for n in range(MANY + MORE_IDS)]
        docs: Docs = [{"_id": doc_id, "n": n} for n, doc_id in enumerate(doc_ids[:MANY])]
        held = by_id(docs)
        check_saved(kit, collection.save_many(docs), docs, saving.answer)
        answers.listing(collection.list_all(), held, saving.stored)
        if gets:
            check_got(collection.get_many([*doc_ids]), doc_ids, held, getting)
        if deleting:
            requested = doc_ids[LEFT:]
            check_deleted(collection.delete_many([*requested]), requested, deleting.answer)
            for doc_id in requested:
                held.pop(doc_id, None)
            answers.listing(collection.list_all(), held, deleting.stored)


def _id_number(place: int) -> int:
    """Return the number of the id at a place: each tenth repeats a near one, or one far before."""
    if place % 10 != 9:
        return place
    return place - 1 if place % 20 == 9 else place // 20 * 10


def _missing(collection: Collection, *doc_ids: str) -> list[str]:
    """Return those of the ids for which `get()` raises 404."""
    return [doc_id for doc_id in doc_ids if collection.get(doc_id).status == answers.NOT_FOUND]


def _check_same_as_get(collection: Collection, answer: Answer, doc_id: str, found: Any) -> None:
    single = collection.get(doc_id)
    if not single.returned:
        answers.missing(single, "GET-3")
    elif isinstance(single.value, dict):  # if not, the tests of GET report it
        answers.check_document(
            answer, found, doc_id, single.value, "BULK-4", numbers="exact", id_clause="BULK-4"
        )
