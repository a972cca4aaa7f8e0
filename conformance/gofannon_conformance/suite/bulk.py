"""BULK: saving, deleting and reading many documents by one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from gofannon_conformance.documents import portable_documents, small_documents
from gofannon_conformance.snapshot import snapshot
from gofannon_conformance.suite import expect
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.bulk_blame import (
    blame_for_deleting,
    blame_for_getting,
    blame_for_refusing,
    blame_for_saving,
)
from gofannon_conformance.suite.bulk_cases import DOC_PATTERNS, DOUBTFUL, NO_IDS, UNUSUAL_IDS
from gofannon_conformance.suite.bulk_checks import (
    check_among,
    check_arguments_stay,
    check_deleted,
    check_got,
    check_saved,
)
from gofannon_conformance.suite.delete import FALSY, PATTERNS
from gofannon_conformance.suite.get import READS
from gofannon_conformance.suite.optional import collection_for, has, never_written
from gofannon_conformance.suite.spoil import DEEP, spoil_shown
from gofannon_conformance.suite.unstorable import CONVERTIBLE, UNSTORABLE
from gofannon_conformance.violation import violation

if TYPE_CHECKING:
    from gofannon_conformance.calls import Answer
    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection

Docs = list[dict[str, Any]]

MANY = 1000
"""Documents in one request; every tenth brings an id that came before."""

BESIDES = 50
"""Ids of no document that the other two methods are asked for, with those thousand."""

LEFT = 20
"""Documents that `delete_many()` is not asked for."""

PAST_A_BATCH = 130
"""Ids in one request: more than any store takes at once by its usual limits of 25 and 100."""


class BulkTests(ContractTests):
    """`save_many()`, `delete_many()` and `get_many()`, each held against its single one."""

    @clause("BULK-1")
    def test_saving_many_is_saving_each_in_turn(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")
        held: dict[str, dict[str, Any]] = {
            "there": {"old": 1, "o": {"x": 1, "y": 2}},
            "by": {"n": 0},
        }
        for doc_id, doc in held.items():
            expect.saved(collection.save(doc_id, doc))
        requests: dict[str, Docs] = {
            "new and existing documents, and one twice": [
                {"_id": "new", "n": 1},
                {"_id": "there", "o": {"x": 2}},
                {"_id": "twice", "n": 1, "first": True},
                {"_id": "New", "text": "another"},
                {"_id": "twice", "n": 2},
                {"_id": "deep", **snapshot(DEEP)},
            ],
            "documents with no field, null, and fields of the answer's": [
                {"_id": "empty"},
                {"_id": "null", "a": None},
                {"_id": "own", "id": "x", "rev": 1, "ok": False, "error": "none"},
            ],
            "the same again": [{"_id": "new", "n": 1}, {"_id": "empty"}],
            "one": [{"_id": "one", "n": 1}],
            "none": [],
        }
        with kit.cases() as cases:
            for label, docs in requests.items():
                with cases.case(label):
                    held |= {doc["_id"]: doc for doc in docs}
                    check_saved(kit, collection.save_many(docs), docs)
                    expect.listing(collection.list_all(), held, "BULK-1")
                    for doc in docs:
                        _expect_held(collection, doc["_id"], held, "BULK-1")
            with cases.case("every argument by its name"):
                docs = [{"_id": "named", "n": 1}]
                collection.workspace.note_save(collection.name, "named")
                named = {"db_name": collection.name, "docs": snapshot(docs)}
                check_saved(kit, kit.caller.call("save_many", named=named), docs)
                _expect_held(collection, "named", {"named": {"n": 1}}, "BULK-1")

    @clause("BULK-1")
    def test_saving_many_creates_the_collection(self, kit: Kit) -> None:
        collection_for(kit, "save_many")
        collection = kit.unwritten()
        docs: Docs = [{"_id": f"first-{n}", "n": n} for n in range(3)]
        check_saved(kit, collection.save_many(docs), docs)
        held = {doc["_id"]: doc for doc in docs}
        expect.listing(collection.list_all(), held, "BULK-1")
        _expect_held(collection, "first-1", held, "BULK-1")

    @clause("BULK-1")
    def test_each_document_is_taken_as_save_takes_it(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")
        earlier = {"earlier": 1}
        with kit.cases() as cases:
            for label in DOUBTFUL:
                with cases.case(label):
                    kit.begin()
                    alone, among = kit.fresh("alone"), kit.fresh("among")
                    for doc_id in (alone, among):
                        expect.saved(collection.save(doc_id, earlier))
                    taken = collection.save(alone, {"v": UNSTORABLE[label]}).returned
                    doc = {"_id": among, "v": UNSTORABLE[label]}
                    check_among(
                        kit, collection, doc, taken=taken, otherwise=earlier, comes_back=False
                    )
            for doc_id in UNUSUAL_IDS:
                with cases.case(f"the id {doc_id!r}"):
                    kit.begin()
                    taken = collection.save(doc_id, {"n": 0}).returned
                    collection.delete(doc_id)
                    check_among(kit, collection, {"_id": doc_id, "n": 1}, taken=taken)
            with cases.case("an old `_rev`"):
                kit.begin()
                old = {}
                for doc_id in ("alone", "among"):
                    expect.saved(collection.save(doc_id, {"n": 1}))
                    old[doc_id] = expect.returned(collection.get(doc_id), "GET-1", "it is there")
                    expect.saved(collection.save(doc_id, {"n": 2}))
                taken = collection.save("alone", old["alone"]).returned
                check_among(kit, collection, old["among"], taken=taken, otherwise={"n": 2})

    @clause("BULK-1")
    def test_documents_saved_by_one_call_stay_the_callers_own(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")
        docs: Docs = [{"_id": "a", **snapshot(DEEP)}, {"_id": "b", "n": 0.1}]
        docs.append(docs[0])
        before, held = snapshot(docs), {"a": DEEP, "b": {"n": 0.1}}
        answer = collection.save_many_themselves(docs)
        check_saved(kit, answer, before)
        check_arguments_stay(answer, before, docs, "BULK-1")
        spoil_shown(kit, docs, "the documents that were saved")
        spoil_shown(kit, answer.value, "the answer")
        _expect_held(collection, "a", held, "BULK-1")
        expect.listing(collection.list_all(), held, "BULK-1")

    @clause("BULK-1")
    def test_values_in_the_callers_documents_stay(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")
        values = CONVERTIBLE | {label: UNSTORABLE[label] for label in DOUBTFUL}
        with kit.cases() as cases:
            for label, value in values.items():
                with cases.case(label):
                    docs: Docs = [
                        {"_id": "refused-or-not", "_rev": "1-a", "value": value, "l": [value]},
                        {"_id": "plain", "o": {"_id": "x", "_rev": "y"}},
                    ]
                    _check_documents_stay(collection, docs)
            with cases.case("documents of which nothing says where they are to be stored"):
                _check_documents_stay(collection, snapshot([*NO_IDS.values()]))

    @clause("BULK-1")
    def test_any_documents_are_saved_as_if_one_by_one(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")

        def check(request: list[tuple[str, dict[str, Any]]]) -> None:
            salt = kit.fresh("")
            docs: Docs = [{**doc, "_id": doc_id + salt} for doc_id, doc in request]
            check_saved(kit, collection.save_many(docs), docs)
            held = {doc["_id"]: doc for doc in docs}
            expect.listing(collection.list_all(), held, "BULK-1")

        ids = st.sampled_from(("a", "b", "A", "ab", "10"))
        contents = st.one_of(small_documents(), small_documents(), portable_documents())
        kit.prove(check, request=st.lists(st.tuples(ids, contents), max_size=5))

    @clause("BULK-1")
    def test_revision_of_each_is_the_one_that_get_carries(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")
        kit.capability("revisions")
        for n in range(2):
            docs: Docs = [{"_id": f"revised-{i}", "n": n + i} for i in range(3)]
            entries = check_saved(kit, collection.save_many(docs), docs)
            for doc, entry in zip(docs, entries, strict=True):
                answer = collection.get(doc["_id"])
                found = expect.document(answer, doc["_id"], doc, "BULK-1")
                if found.get("_rev") != entry["rev"]:
                    raise violation(
                        "BULK-1",
                        "get() does not carry in `_rev` what save_many() gave as `rev`",
                        answer=answer,
                        expected=f"`_rev` {entry['rev']!r}",
                    )

    @clause("BULK-2")
    def test_document_without_an_id_is_a_failed_entry(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")
        saving = blame_for_saving(kit, collection, "BULK-2")
        failed_clause = blame_for_refusing(kit, collection, "BULK-2")

        def check(answer: Answer, docs: Docs, failed: set[int]) -> None:
            check_saved(
                kit, answer, docs, saving.answer, failed=failed, failed_clause=failed_clause
            )
            held = {doc["_id"]: doc for place, doc in enumerate(docs) if place not in failed}
            expect.listing(collection.list_all(), held, saving.stored)

        with kit.cases() as cases:
            for label, bad in NO_IDS.items():
                for place in range(3):
                    with cases.case(f"{label}, at {place}"):
                        kit.begin()
                        good: Docs = [{"_id": kit.fresh("good"), "n": n} for n in range(2)]
                        docs = [*good[:place], bad, *good[place:]]
                        check(collection.save_many(docs), docs, {place})
            with cases.case("nothing but such documents"):
                kit.begin()
                docs = [*NO_IDS.values()]
                check(collection.save_many(docs), docs, {*range(len(NO_IDS))})

    @clause("BULK-3")
    def test_deleting_many_is_idempotent(self, kit: Kit) -> None:
        collection = collection_for(kit, "delete_many")
        held = {f"doc-{n}": {"n": n} for n in range(8)}
        for doc_id, doc in held.items():
            expect.saved(collection.save(doc_id, doc))
        requests = {
            "documents that are there": ["doc-3", "doc-0"],
            "the same again": ["doc-3", "doc-0"],
            "missing ones among others": ["nobody", "doc-5", "doc", "doc-"],
            "one twice": ["doc-1", "doc-1", "nobody", "doc-1"],
            "none": [],
            "ids that elsewhere are patterns": _missing(collection, *PATTERNS, *DOC_PATTERNS),
            "more than a store takes at once": [
                *(f"missing-{n}" for n in range(PAST_A_BATCH)),
                "doc-7",
            ],
        }
        with kit.cases() as cases:
            for label, doc_ids in requests.items():
                with cases.case(label):
                    before = [*doc_ids]
                    answer = collection.delete_many(doc_ids)
                    check_deleted(answer, before)
                    check_arguments_stay(answer, before, doc_ids, "BULK-3")
                    held = {i: doc for i, doc in held.items() if i not in doc_ids}
                    expect.listing(collection.list_all(), held, "BULK-3")
                    for doc_id in before[:2]:
                        expect.missing(collection.get(doc_id), "BULK-3")
            with cases.case("every argument by its name"):
                named = {"db_name": collection.name, "doc_ids": ["doc-2"]}
                check_deleted(kit.caller.call("delete_many", named=named), ["doc-2"])
                expect.missing(collection.get("doc-2"), "BULK-3")
            with cases.case("an empty id deletes nothing"):
                collection.delete_many([""])
                held.pop("doc-2", None)
                expect.listing(collection.list_all(), held, "BULK-3")

    @clause("BULK-3")
    def test_deleting_many_touches_one_collection(self, kit: Kit) -> None:
        collection, other = collection_for(kit, "delete_many"), kit.collection()
        for place in (collection, other):
            expect.saved(place.save("same", {"n": 1}))
            expect.saved(place.save("stays", {"n": 2}))
        check_deleted(collection.delete_many(["same", "gone"]), ["same", "gone"])
        expect.listing(collection.list_all(), {"stays": {"n": 2}}, "BULK-3")
        expect.listing(other.list_all(), {"same": {"n": 1}, "stays": {"n": 2}}, "BULK-3")
        expect.saved(collection.save("same", {"n": 3}))
        _expect_held(collection, "same", {"same": {"n": 3}}, "BULK-3")
        empty = never_written(kit)
        for _ in range(2):
            check_deleted(empty.delete_many(["a", "b"]), ["a", "b"])

    @clause("BULK-4")
    def test_getting_many_gives_every_id_its_document_or_none(self, kit: Kit) -> None:
        collection = collection_for(kit, "get_many")
        held = {f"falsy-{n}": doc for n, doc in enumerate(FALSY.values())}
        held |= {"deep": DEEP, "replaced": {"n": 2}}
        expect.saved(collection.save("replaced", {"n": 1, "old": True}))
        expect.saved(collection.save("deleted", {"n": 1}))
        for doc_id, doc in held.items():
            expect.saved(collection.save(doc_id, doc))
        expect.deleted(collection.delete("deleted"))
        for doc_id in UNUSUAL_IDS:
            if collection.save(doc_id, {"name": doc_id}).returned:
                held[doc_id] = {"name": doc_id}
        expect.saved(kit.collection().save("of another collection", {"n": 1}))
        missing = [f"missing-{n}" for n in range(PAST_A_BATCH)]
        requests = {
            "all of them": [*held],
            "one of another collection": ["of another collection", "deep"],
            "some, and missing ones among them": ["missing", "deep", "deleted", "replaced", "DEEP"],
            "one twice": ["deep", "replaced", "deep", "missing", "missing"],
            "missing ones only": ["missing", "falsy", "falsy-"],
            "ids that elsewhere are patterns": _missing(collection, *PATTERNS),
            "one": ["replaced"],
            "none": [],
            "more than a store gives at once": [*missing, *held],
        }
        with kit.cases() as cases:
            for label, doc_ids in requests.items():
                with cases.case(label):
                    before = [*doc_ids]
                    answer = collection.get_many(doc_ids)
                    value = check_got(answer, before, held)
                    check_arguments_stay(answer, before, doc_ids, "BULK-4")
                    for doc_id in before[:4] if len(before) < PAST_A_BATCH else []:
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
        held = {"deep": DEEP, "alike": DEEP}
        for doc_id, doc in held.items():
            expect.saved(collection.save(doc_id, doc))
            expect.saved(other.save(doc_id, {"other": True}))
        for _ in range(READS):
            answer = collection.get_many([*held])
            check_got(answer, [*held], held)
            spoil_shown(kit, answer.value, "the answer")
        first, second = collection.get_many([*held]), collection.get_many([*held])
        check_got(first, [*held], held)
        spoil_shown(kit, first.value["deep"], "the document 'deep' of the first answer")
        check_got(second, [*held], held)
        value = expect.returned(first, "BULK-4", "it did")
        expect.check_document(first, value["alike"], "alike", DEEP, "BULK-4", id_clause="BULK-4")
        check_got(collection.get_many([*held]), [*held], held)
        _expect_held(collection, "deep", held, "BULK-4")

    @clause("BULK-5")
    def test_thousand_documents_by_one_call(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")
        gets, deletes = has(collection, "get_many"), has(collection, "delete_many")
        saving = blame_for_saving(kit, collection, "BULK-5")
        getting = blame_for_getting(kit, collection, "BULK-5") if gets else ""
        deleting = blame_for_deleting(kit, collection, "BULK-5") if deletes else None
        kit.begin()
        docs: Docs = [{"_id": f"doc-{_id_number(n):04}", "n": n} for n in range(MANY)]
        held = {doc["_id"]: doc for doc in docs}
        check_saved(kit, collection.save_many(docs), docs, saving.answer)
        expect.listing(collection.list_all(), held, saving.stored)
        doc_ids = [f"doc-{_id_number(n):04}" for n in range(MANY + BESIDES)]
        if gets:
            check_got(collection.get_many([*doc_ids]), doc_ids, held, getting)
        if deleting:
            asked = doc_ids[LEFT:]
            check_deleted(collection.delete_many([*asked]), asked, deleting.answer)
            gone = set(asked)
            held = {doc_id: doc for doc_id, doc in held.items() if doc_id not in gone}
            expect.listing(collection.list_all(), held, deleting.stored)


def _check_documents_stay(collection: Collection, docs: Docs) -> None:
    before = snapshot(docs)
    answer = collection.save_many_themselves(docs)
    check_arguments_stay(answer, before, docs, "BULK-1")


def _id_number(place: int) -> int:
    """Give the id at a place: each tenth is that of a neighbour, or of one far before."""
    if place % 10 != 9:
        return place
    return place - 1 if place % 20 == 9 else place // 20 * 10


def _missing(collection: Collection, *doc_ids: str) -> list[str]:
    """Give those of the ids that the service takes, and of which there is no document."""
    return [doc_id for doc_id in doc_ids if collection.get(doc_id).status == expect.NOT_FOUND]


def _expect_held(
    collection: Collection, doc_id: str, held: dict[str, dict[str, Any]], clause_id: str
) -> None:
    expect.document(collection.get(doc_id), doc_id, held[doc_id], clause_id)


def _check_same_as_get(collection: Collection, answer: Any, doc_id: str, found: Any) -> None:
    single = collection.get(doc_id)
    if not single.returned:
        expect.missing(single, "GET-3")
    elif isinstance(single.value, dict):  # else it is the business of GET's own tests
        expect.check_document(
            answer, found, doc_id, single.value, "BULK-4", numbers="exact", id_clause="BULK-4"
        )
