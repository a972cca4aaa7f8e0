"""BULK: an id of many is exactly that id, and every other method sees at once what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.equality import differences
from gofannon_conformance.suite import expect
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.blame import blamed_by
from gofannon_conformance.suite.bulk_cases import NEAR_IDS, NO_TEXTS, UNUSUAL_DOCUMENTS
from gofannon_conformance.suite.bulk_checks import (
    check_among,
    check_deleted,
    check_got,
    check_saved,
)
from gofannon_conformance.suite.find_checks import check_found, population
from gofannon_conformance.suite.optional import collection_for, has
from gofannon_conformance.violation import Violation, violation

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.suite.find_checks import Documents
    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection

ROUNDS = 4
"""How often what was read is changed and saved again."""


class BulkExactTests(ContractTests):
    """The bulk methods take ids as they are written, and are seen by the others at once."""

    @clause("BULK-1")
    def test_ids_saved_by_one_call_are_exact(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")
        docs = [{"_id": doc_id, "own": doc_id} for doc_id in _kept_apart(kit, collection)]
        kit.begin()
        check_saved(kit, collection.save_many(docs), docs)
        held = {doc["_id"]: doc for doc in docs}
        expect.listing(collection.list_all(), held, "BULK-1")

    @clause("BULK-1")
    def test_each_document_is_stored_as_save_stores_it(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")
        with kit.cases() as cases:
            for label, doc in UNUSUAL_DOCUMENTS.items():
                with cases.case(label):
                    kit.begin()
                    alone, among = kit.fresh("alone"), kit.fresh("among")
                    taken = collection.save(alone, doc).returned
                    many = {**doc, "_id": among}
                    check_among(kit, collection, many, taken=taken, comes_back=False)
                    if taken:
                        shown = expect.returned(collection.get(alone), "GET-1", "it was saved")
                        answer = collection.get(among)
                        own = expect.own_fields(shown)
                        expect.document(answer, among, own, "BULK-1", numbers="exact")

    @clause("BULK-3")
    def test_ids_deleted_by_one_call_are_exact(self, kit: Kit) -> None:
        collection = collection_for(kit, "delete_many")
        docs: Documents = {doc_id: {"own": doc_id} for doc_id in _kept_apart(kit, collection)}

        def save_all() -> None:
            for doc_id, doc in docs.items():
                expect.saved(collection.save(doc_id, doc))

        def expect_deleted_alone(doc_id: str, clause_id: str) -> None:
            rest = {other: doc for other, doc in docs.items() if other != doc_id}
            expect.listing(collection.list_all(), rest, clause_id)
            expect.saved(collection.save(doc_id, docs[doc_id]))

        def delete_each() -> None:
            save_all()
            for doc_id in docs:
                expect.deleted(collection.delete(doc_id))
                expect_deleted_alone(doc_id, "DEL-5")

        clause_id = blamed_by(delete_each, plain="DEL-5", special="BULK-3")
        save_all()
        with kit.cases() as cases:
            for doc_id in docs:
                with cases.case(f"the id {doc_id!r}"):
                    kit.trace.steps.append(f"# documents of these ids are there: {[*docs]}")
                    try:
                        check_deleted(collection.delete_many([doc_id]), [doc_id])
                        expect_deleted_alone(doc_id, clause_id)
                    except Violation:
                        save_all()  # the next case is to begin with all of them
                        raise

    @clause("BULK-4")
    def test_ids_got_by_one_call_are_exact(self, kit: Kit) -> None:
        collection = collection_for(kit, "get_many")
        doc_ids = _kept_apart(kit, collection)
        kit.begin()
        for half in (doc_ids[::2], doc_ids[1::2]):
            held = {doc_id: {"own": doc_id} for doc_id in half}
            for doc_id, doc in held.items():
                expect.saved(collection.save(doc_id, doc))
            check_got(collection.get_many([*doc_ids]), doc_ids, held)
            for doc_id in doc_ids:
                check_got(collection.get_many([doc_id]), [doc_id], held)
            for doc_id in half:
                expect.deleted(collection.delete(doc_id))

    @clause("BULK-3")
    def test_id_that_is_no_text_deletes_nothing(self, kit: Kit) -> None:
        collection = collection_for(kit, "delete_many")
        held: Documents = {str(doc_id): {"own": str(doc_id)} for doc_id in NO_TEXTS}
        for text, doc in held.items():
            expect.saved(collection.save(text, doc))
        clause_id = "BULK-3"
        for doc_id in NO_TEXTS:
            if collection.delete(doc_id).returned and kit.dialect == "interface":
                clause_id = "ID-6"
        with kit.cases() as cases:
            for doc_id in NO_TEXTS:
                with cases.case(f"the id {doc_id!r}"):
                    kit.begin()
                    for text, doc in held.items():
                        expect.saved(collection.save(text, doc))
                    collection.delete_many([doc_id])  # it may be refused, or be missing
                    expect.listing(collection.list_all(), held, clause_id)

    @clause("BULK-4")
    def test_id_that_is_no_text_gets_nothing(self, kit: Kit) -> None:
        collection = collection_for(kit, "get_many")
        for doc_id in NO_TEXTS:
            expect.saved(collection.save(str(doc_id), {"own": str(doc_id)}))
        with kit.cases() as cases:
            for doc_id in NO_TEXTS:
                with cases.case(f"the id {doc_id!r}"):
                    clause_id = "ID-6" if collection.get(doc_id).returned else "BULK-4"
                    answer = collection.get_many([doc_id])
                    found = answer.value if isinstance(answer.value, dict) else {}
                    if any(doc is not None for doc in found.values()):
                        raise violation(
                            clause_id,
                            "get_many() has found a document by an id that is no text",
                            answer=answer,
                            expected="a refusal with a 4xx, TypeError, or None for that id",
                        )

    @clause("BULK-1")
    def test_what_one_call_saved_is_seen_by_every_method(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")
        states = _states(kit)
        look = _looks(kit, collection, states)
        kit.begin()
        held: Documents = {}
        look(held, "BULK-1")
        for doc_ids, state in ((("a", "b", "c"), 0), (("b", "d"), 1), (("d", "a"), 0)):
            docs = [{"_id": doc_id, **states[state], "n": len(held)} for doc_id in doc_ids]
            check_saved(kit, collection.save_many(docs), docs)
            held |= {doc["_id"]: doc for doc in docs}
            look(held, "BULK-1")

    @clause("BULK-1")
    def test_what_was_read_and_changed_is_saved_by_one_call(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")
        clause_id = blamed_by(
            lambda: _check_round_trips(collection, by_one_call=False),
            plain="SAVE-5",
            special="BULK-1",
        )
        kit.begin()
        _check_round_trips(collection, by_one_call=True, clause_id=clause_id)

    @clause("BULK-3")
    def test_what_one_call_deleted_is_seen_by_no_method(self, kit: Kit) -> None:
        collection = collection_for(kit, "delete_many")
        states = _states(kit)
        look = _looks(kit, collection, states)
        kit.begin()
        held: Documents = {}
        for n in range(5):
            held[f"doc-{n}"] = {"n": n, **states[n % 2]}
            expect.saved(collection.save(f"doc-{n}", held[f"doc-{n}"]))
        look(held, "BULK-3")
        for doc_ids in (["doc-1", "doc-2"], ["doc-1", "doc-3"], ["doc-0", "doc-4"]):
            check_deleted(collection.delete_many([*doc_ids]), doc_ids)
            held = {doc_id: doc for doc_id, doc in held.items() if doc_id not in doc_ids}
            look(held, "BULK-3")
        held["doc-1"] = {"n": 10}
        expect.saved(collection.save("doc-1", held["doc-1"]))
        look(held, "BULK-3")

    @clause("BULK-4")
    def test_getting_many_sees_every_change_at_once(self, kit: Kit) -> None:
        collection = collection_for(kit, "get_many")
        _check_changes_got(collection, "BULK-4")


def _check_changes_got(collection: Collection, clause_id: str) -> None:
    """After each `save()` and `delete()`, `get_many()` must give what is there now."""
    doc_ids = ["a", "b", "missing"]
    held: Documents = {}

    def check() -> None:
        check_got(collection.get_many([*doc_ids]), doc_ids, held, clause_id)

    check()
    for doc_id in ("a", "b"):
        for n in range(3):
            held[doc_id] = {"n": n, f"only-{n}": True}
            expect.saved(collection.save(doc_id, held[doc_id]))
            check()
    for again in (True, False):
        expect.deleted(collection.delete("a"))
        del held["a"]
        check()
        if again:
            held["a"] = {"again": True}
            expect.saved(collection.save("a", held["a"]))
            check()


def _check_round_trips(
    collection: Collection, *, by_one_call: bool, clause_id: str = "SAVE-5"
) -> None:
    """Read, change and save again the very dicts that came back, and nothing may be lost."""
    held: Documents = {doc_id: {"n": 0, "o": {"l": [0]}} for doc_id in ("a", "b")}
    for doc_id, doc in held.items():
        expect.saved(collection.save(doc_id, doc))
    for n in range(1, ROUNDS):
        read = [expect.returned(collection.get(i), "GET-1", "it is there") for i in held]
        for doc in read:
            doc["n"] = n
            doc["o"]["l"].append(n)
        if by_one_call:
            answer = collection.save_many_themselves(read)
            expect.returned(answer, clause_id, "it must take what get() gave")
        else:
            for doc_id, doc in zip(held, read, strict=True):
                expect.saved(collection.save_itself(doc_id, doc))
        held = {doc_id: {"n": n, "o": {"l": [*range(n + 1)]}} for doc_id in held}
        for doc_id, doc in held.items():
            expect.document(collection.get(doc_id), doc_id, doc, clause_id)


def _states(kit: Kit) -> list[dict[str, Any]]:
    """Give what documents are, one after the other, and are looked for by: none was so before."""
    return [{"state": kit.fresh(word)} for word in ("open", "closed")]


def _looks(
    kit: Kit, collection: Collection, states: list[dict[str, Any]]
) -> Callable[[Documents, str], None]:
    """Give a look at a collection by each method that shows changes rightly, made one by one."""
    finds = has(collection, "find") and _is_right(lambda: _check_changes_found(collection, states))
    kit.begin()
    gets = has(collection, "get_many") and _is_right(
        lambda: _check_changes_got(collection, "BULK-4")
    )
    seen: set[str] = set()

    def look(held: Documents, clause_id: str) -> None:
        seen.update(held)
        expect.listing(collection.list_all(), held, clause_id)
        for doc_id in seen:
            if doc_id in held:
                expect.document(collection.get(doc_id), doc_id, held[doc_id], clause_id)
            else:
                expect.missing(collection.get(doc_id), clause_id)
        if gets:
            doc_ids = sorted(seen)
            check_got(collection.get_many([*doc_ids]), doc_ids, held, clause_id)
        if finds:
            _check_found(collection, held, states, clause_id)

    return look


def _check_changes_found(collection: Collection, states: list[dict[str, Any]]) -> None:
    held: Documents = {}
    for doc_id, state in (("a", 0), ("b", 0), ("a", 1), ("b", 1), ("b", 0)):
        held[doc_id] = states[state]
        expect.saved(collection.save(doc_id, held[doc_id]))
        _check_found(collection, held, states, "FIND-1")
    for doc_id in ("a", "b"):
        expect.deleted(collection.delete(doc_id))
        del held[doc_id]
        _check_found(collection, held, states, "FIND-1")


def _check_found(
    collection: Collection, held: Documents, states: list[dict[str, Any]], clause_id: str
) -> None:
    here = population(collection, held)
    for selector in states:
        check_found(collection.find(selector), here, selector, clause_id)


def _is_right(check: Callable[[], None]) -> bool:
    return blamed_by(check, plain="", special="right") == "right"


def _kept_apart(kit: Kit, collection: Collection) -> list[str]:
    """Give those of the nearly equal ids that `save()` takes, and does not take for another."""
    taken = [i for i in NEAR_IDS if collection.save(i, {"own": i}).returned]
    apart = []
    for doc_id in taken:
        found = collection.get(doc_id).value
        if isinstance(found, dict) and not differences(expect.own_fields(found), {"own": doc_id}):
            apart.append(doc_id)
    kit.begin()
    return apart
