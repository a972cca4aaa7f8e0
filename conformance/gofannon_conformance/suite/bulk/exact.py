"""BULK: the bulk methods take exact ids, and every other method sees their changes at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gofannon_conformance.calls.violation import Violation, violation
from gofannon_conformance.run.optional import collection_for, has
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.bulk.cases import NEAR_IDS, NO_TEXTS, UNUSUAL_DOCUMENTS
from gofannon_conformance.suite.bulk.checks import (
    Docs,
    by_id,
    check_among,
    check_deleted,
    check_got,
    check_saved,
)
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.suite.expect.blame import blamed_by
from gofannon_conformance.suite.expect.tracked import Tracked
from gofannon_conformance.suite.find.checks import check_found, population
from gofannon_conformance.values.equality import differences

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.suite.expect.answers import Documents

ROUNDS = 4
"""How often documents are read, changed and saved again."""


class BulkExactTests(ContractTests):
    """The bulk methods take ids as they are written, and no other method sees an old state."""

    @clause("BULK-1")
    def test_ids_saved_by_one_call_are_exact(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")
        docs: Docs = [{"_id": doc_id, "own": doc_id} for doc_id in _kept_apart(kit, collection)]
        check_saved(kit, collection.save_many(docs), docs)
        answers.listing(collection.list_all(), by_id(docs), "BULK-1")

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
                        shown = answers.returned(collection.get(alone), "GET-1", "it was saved")
                        answer = collection.get(among)
                        own = answers.own_fields(shown)
                        answers.document(answer, among, own, "BULK-1", numbers="exact")

    @clause("BULK-3")
    def test_ids_deleted_by_one_call_are_exact(self, kit: Kit) -> None:
        collection = collection_for(kit, "delete_many")
        docs: Documents = {doc_id: {"own": doc_id} for doc_id in _kept_apart(kit, collection)}

        def expect_deleted_alone(doc_id: str, clause_id: str) -> None:
            rest = {other: doc for other, doc in docs.items() if other != doc_id}
            answers.listing(collection.list_all(), rest, clause_id)
            answers.saved(collection.save(doc_id, docs[doc_id]))

        def delete_each() -> None:
            answers.save_all(collection, docs)
            for doc_id in docs:
                answers.deleted(collection.delete(doc_id))
                expect_deleted_alone(doc_id, "DEL-5")

        clause_id = blamed_by(delete_each, plain="DEL-5", special="BULK-3")
        answers.save_all(collection, docs)
        with kit.cases() as cases:
            for doc_id in docs:
                with cases.case(f"the id {doc_id!r}"):
                    kit.trace.steps.append(f"# documents with these ids exist: {[*docs]}")
                    try:
                        check_deleted(collection.delete_many([doc_id]), [doc_id])
                        expect_deleted_alone(doc_id, clause_id)
                    except Violation:
                        answers.save_all(collection, docs)  # the next case needs all of them
                        raise

    @clause("BULK-4")
    def test_ids_got_by_one_call_are_exact(self, kit: Kit) -> None:
        collection = collection_for(kit, "get_many")
        doc_ids = _kept_apart(kit, collection)
        for half in (doc_ids[::2], doc_ids[1::2]):
            held: Documents = {doc_id: {"own": doc_id} for doc_id in half}
            answers.save_all(collection, held)
            check_got(collection.get_many([*doc_ids]), doc_ids, held)
            for doc_id in doc_ids:
                check_got(collection.get_many([doc_id]), [doc_id], held)
            for doc_id in half:
                answers.deleted(collection.delete(doc_id))

    @clause("BULK-3")
    def test_id_that_is_no_text_deletes_nothing(self, kit: Kit) -> None:
        collection = collection_for(kit, "delete_many")
        held: Documents = {str(doc_id): {"own": str(doc_id)} for doc_id in NO_TEXTS}
        answers.save_all(collection, held)
        deleted = [collection.delete(doc_id).returned for doc_id in NO_TEXTS]
        clause_id = "ID-6" if any(deleted) and kit.dialect == "interface" else "BULK-3"
        with kit.cases() as cases:
            for doc_id in NO_TEXTS:
                with cases.case(f"the id {doc_id!r}"):
                    kit.begin()
                    answers.save_all(collection, held)
                    collection.delete_many([doc_id])  # it may be refused, or be missing
                    answers.listing(collection.list_all(), held, clause_id)

    @clause("BULK-4")
    def test_id_that_is_no_text_gets_nothing(self, kit: Kit) -> None:
        collection = collection_for(kit, "get_many")
        answers.save_all(collection, {str(doc_id): {"own": str(doc_id)} for doc_id in NO_TEXTS})
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
        held: Documents = {}
        look(held, "BULK-1")
        for doc_ids, state in ((("a", "b", "c"), 0), (("b", "d"), 1), (("d", "a"), 0)):
            docs: Docs = [{"_id": doc_id, **states[state], "n": len(held)} for doc_id in doc_ids]
            check_saved(kit, collection.save_many(docs), docs)
            held |= by_id(docs)
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
        held: Documents = {f"doc-{n}": {"n": n, **states[n % 2]} for n in range(5)}
        answers.save_all(collection, held)
        look(held, "BULK-3")
        for doc_ids in (["doc-1", "doc-2"], ["doc-1", "doc-3"], ["doc-0", "doc-4"]):
            check_deleted(collection.delete_many([*doc_ids]), doc_ids)
            held = {doc_id: doc for doc_id, doc in held.items() if doc_id not in doc_ids}
            look(held, "BULK-3")
        held["doc-1"] = {"n": 10}
        answers.save_all(collection, held)
        look(held, "BULK-3")

    @clause("BULK-4")
    def test_getting_many_sees_every_change_at_once(self, kit: Kit) -> None:
        _check_changes_got(collection_for(kit, "get_many"))


def _check_changes_got(collection: Collection) -> None:
    """After each `save()` and `delete()`, `get_many()` must return the current documents."""
    doc_ids = ["a", "b", "missing"]
    tracked = Tracked(
        collection, lambda held: check_got(collection.get_many([*doc_ids]), doc_ids, held)
    )
    tracked.check()
    for doc_id in ("a", "b"):
        for n in range(3):
            tracked.save(doc_id, {"n": n, f"only-{n}": True})
    tracked.delete("a")
    tracked.save("a", {"again": True})
    tracked.delete("a")


def _check_round_trips(
    collection: Collection, *, by_one_call: bool, clause_id: str = "SAVE-5"
) -> None:
    """Read, change and save again the very dicts that came back; nothing may be lost."""
    held: Documents = {doc_id: {"n": 0, "o": {"l": [0]}} for doc_id in ("a", "b")}
    answers.save_all(collection, held)
    for n in range(1, ROUNDS):
        read = [answers.returned(collection.get(i), "GET-1", "it was saved") for i in held]
        for doc in read:
            doc["n"] = n
            doc["o"]["l"].append(n)
        if by_one_call:
            answer = collection.save_many_themselves(read)
            answers.returned(answer, clause_id, "it must take what get() returned")
        else:
            for doc_id, doc in zip(held, read, strict=True):
                answers.saved(collection.save_itself(doc_id, doc))
        held = {doc_id: {"n": n, "o": {"l": [*range(n + 1)]}} for doc_id in held}
        answers.all_stored(collection, held, clause_id)


def _states(kit: Kit) -> Docs:
    """Return two selectors, which are also fields of documents; no earlier test has used them."""
    return [{"state": kit.fresh(word)} for word in ("open", "closed")]


def _looks(kit: Kit, collection: Collection, states: Docs) -> Callable[[Documents, str], None]:
    """Return a check by each method that shows the changes of the single methods rightly."""
    finds = has(collection, "find") and _is_right(lambda: _check_changes_found(collection, states))
    kit.begin()
    gets = has(collection, "get_many") and _is_right(lambda: _check_changes_got(collection))
    kit.begin()
    seen: set[str] = set()

    def look(held: Documents, clause_id: str) -> None:
        seen.update(held)
        answers.listing(collection.list_all(), held, clause_id)
        answers.all_stored(collection, held, clause_id)
        for doc_id in seen - held.keys():
            answers.missing(collection.get(doc_id), clause_id)
        if gets:
            doc_ids = sorted(seen)
            check_got(collection.get_many([*doc_ids]), doc_ids, held, clause_id)
        if finds:
            _check_found(collection, held, states, clause_id)

    return look


def _check_changes_found(collection: Collection, states: Docs) -> None:
    """After each `save()` and `delete()`, `find()` must return the current documents."""
    tracked = Tracked(collection, lambda held: _check_found(collection, held, states, "FIND-1"))
    for doc_id, state in (("a", 0), ("b", 0), ("a", 1), ("b", 1), ("b", 0)):
        tracked.save(doc_id, states[state])
    for doc_id in ("a", "b"):
        tracked.delete(doc_id)


def _check_found(collection: Collection, held: Documents, states: Docs, clause_id: str) -> None:
    here = population(collection, held)
    for selector in states:
        check_found(collection.find(selector), here, selector, clause_id)


def _is_right(check: Callable[[], None]) -> bool:
    return blamed_by(check, plain="", special="right") == "right"


def _kept_apart(kit: Kit, collection: Collection) -> list[str]:
    """Return those of the nearly equal ids that `save()` takes and keeps apart."""
    taken = [i for i in NEAR_IDS if collection.save(i, {"own": i}).returned]
    apart = []
    for doc_id in taken:
        found = collection.get(doc_id).value
        if isinstance(found, dict) and not differences(answers.own_fields(found), {"own": doc_id}):
            apart.append(doc_id)
    kit.begin()
    return apart
