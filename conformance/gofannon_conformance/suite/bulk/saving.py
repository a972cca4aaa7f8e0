"""BULK-1 and BULK-2: saving many documents by one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from gofannon_conformance.calls.violation import violation
from gofannon_conformance.documents.portable import portable_documents, small_documents
from gofannon_conformance.documents.unstorable import CONVERTIBLE, UNSTORABLE
from gofannon_conformance.run.capabilities import require
from gofannon_conformance.run.optional import collection_for
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.bulk.blame import blame_for_refusing, blame_for_saving
from gofannon_conformance.suite.bulk.cases import DOUBTFUL, NO_IDS, SAVES, UNUSUAL_IDS
from gofannon_conformance.suite.bulk.checks import Docs, by_id, check_among, check_saved
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.suite.expect.unspoilt import DEEP, SETTABLE, arguments_kept, spoil_shown
from gofannon_conformance.values.copying import snapshot

if TYPE_CHECKING:
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.suite.expect.answers import Documents


class BulkSavingTests(ContractTests):
    """`save_many()`, compared with `save()` of each document."""

    @clause("BULK-1")
    def test_saving_many_is_saving_each_in_turn(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")
        held: Documents = {"there": {"old": 1, "o": {"x": 1, "y": 2}}, "by": {"n": 0}}
        answers.save_all(collection, held)
        with kit.cases() as cases:
            for label, docs in SAVES.items():
                with cases.case(label):
                    held |= by_id(docs)
                    check_saved(kit, collection.save_many(docs), docs)
                    answers.listing(collection.list_all(), held, "BULK-1")
                    answers.all_stored(collection, by_id(docs), "BULK-1")
            with cases.case("every argument by its name"):
                docs = [{"_id": "named", "n": 1}]
                collection.ledger.note_save(collection.name, "named")
                named = {"db_name": collection.name, "docs": snapshot(docs)}
                check_saved(kit, kit.caller.call("save_many", named=named), docs)
                answers.all_stored(collection, by_id(docs), "BULK-1")

    @clause("BULK-1")
    def test_saving_many_creates_the_collection(self, kit: Kit) -> None:
        collection_for(kit, "save_many")
        collection = kit.unwritten()
        docs: Docs = [{"_id": f"first-{n}", "n": n} for n in range(3)]
        check_saved(kit, collection.save_many(docs), docs)
        answers.listing(collection.list_all(), by_id(docs), "BULK-1")
        answers.all_stored(collection, {"first-1": docs[1]}, "BULK-1")

    @clause("BULK-1")
    def test_each_document_is_taken_as_save_takes_it(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")
        earlier = {"earlier": 1}
        with kit.cases() as cases:
            for label in DOUBTFUL:
                with cases.case(label):
                    kit.begin()
                    alone, among = kit.fresh("alone"), kit.fresh("among")
                    answers.save_all(collection, {alone: earlier, among: earlier})
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
                    answers.saved(collection.save(doc_id, {"n": 1}))
                    old[doc_id] = answers.returned(collection.get(doc_id), "GET-1", "it was saved")
                    answers.saved(collection.save(doc_id, {"n": 2}))
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
        arguments_kept(answer, before, docs, "BULK-1", settable=SETTABLE)
        spoil_shown(kit, docs, "the documents that were saved")
        spoil_shown(kit, answer.value, "the answer")
        answers.all_stored(collection, {"a": DEEP}, "BULK-1")
        answers.listing(collection.list_all(), held, "BULK-1")

    @clause("BULK-1")
    def test_values_in_the_callers_documents_stay(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")
        requests: dict[str, Docs] = {
            label: [
                {"_id": "refused-or-not", "_rev": "1-a", "value": value, "l": [value]},
                {"_id": "plain", "o": {"_id": "x", "_rev": "y"}},
            ]
            for label, value in (CONVERTIBLE | {v: UNSTORABLE[v] for v in DOUBTFUL}).items()
        }
        requests["documents without an id"] = snapshot([*NO_IDS.values()])
        with kit.cases() as cases:
            for label, docs in requests.items():
                with cases.case(label):
                    before = snapshot(docs)
                    answer = collection.save_many_themselves(docs)
                    arguments_kept(answer, before, docs, "BULK-1", settable=SETTABLE)

    @clause("BULK-1")
    def test_any_documents_are_saved_as_if_one_by_one(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")

        def check(request: list[tuple[str, dict[str, Any]]]) -> None:
            salt = kit.fresh("")
            docs: Docs = [{**doc, "_id": doc_id + salt} for doc_id, doc in request]
            check_saved(kit, collection.save_many(docs), docs)
            answers.listing(collection.list_all(), by_id(docs), "BULK-1")

        ids = st.sampled_from(("a", "b", "A", "ab", "10"))
        contents = st.one_of(small_documents(), small_documents(), portable_documents())
        kit.prove(check, request=st.lists(st.tuples(ids, contents), max_size=5))

    @clause("BULK-1")
    def test_revision_of_each_is_the_one_that_get_carries(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")
        require(kit, "revisions")
        for n in range(2):
            docs: Docs = [{"_id": f"revised-{i}", "n": n + i} for i in range(3)]
            entries = check_saved(kit, collection.save_many(docs), docs)
            for doc, entry in zip(docs, entries, strict=True):
                answer = collection.get(doc["_id"])
                found = answers.document(answer, doc["_id"], doc, "BULK-1")
                if found.get("_rev") != entry["rev"]:
                    raise violation(
                        "BULK-1",
                        "`_rev` of get() is not the `rev` that save_many() returned",
                        answer=answer,
                        expected=f"`_rev` {entry['rev']!r}",
                    )

    @clause("BULK-2")
    def test_document_without_an_id_is_a_failed_entry(self, kit: Kit) -> None:
        collection = collection_for(kit, "save_many")
        saving = blame_for_saving(kit, collection, "BULK-2")
        failed_clause = blame_for_refusing(kit, collection, "BULK-2")
        requests: dict[str, tuple[Docs, set[int]]] = {}
        for label, bad in NO_IDS.items():
            for place in range(3):
                good: Docs = [{"_id": kit.fresh("good"), "n": n} for n in range(2)]
                requests[f"{label}, at {place}"] = [*good[:place], bad, *good[place:]], {place}
        requests["nothing but such documents"] = [*NO_IDS.values()], {*range(len(NO_IDS))}
        with kit.cases() as cases:
            for label, (docs, failed) in requests.items():
                with cases.case(label):
                    kit.begin()
                    answer = collection.save_many(docs)
                    check_saved(
                        kit, answer, docs, saving.answer, failed=failed, failed_clause=failed_clause
                    )
                    held = by_id([doc for n, doc in enumerate(docs) if n not in failed])
                    answers.listing(collection.list_all(), held, saving.stored)
