"""ID: ids are data, never syntax."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from uuid import UUID

from gofannon_conformance.calls.violation import violation
from gofannon_conformance.documents.ids import (
    HOSTILE_IDS,
    ORDINARY_IDS,
    RESERVED_IDS,
    hostile_ids,
    ordinary_ids,
)
from gofannon_conformance.documents.lengths import incompressible
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.values.source import shortened

if TYPE_CHECKING:
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit

NOT_TEXT: dict[str, tuple[Any, str]] = {
    "None": (None, "None"),
    "an int": (123, "123"),
    "zero": (0, "0"),
    "a float": (1.0, "1.0"),
    "True": (True, "True"),
    "False": (False, "False"),
    "bytes": (b"abc", "abc"),
    "a list": (["a"], "['a']"),
    "a tuple": (("a",), "('a',)"),
    "a dict": ({"a": 1}, "{'a': 1}"),
    "a UUID": (UUID(int=7), str(UUID(int=7))),
    "a date": (date(2024, 1, 15), "2024-01-15"),
    "a Decimal": (Decimal("1.5"), "1.5"),
    "a path": (PurePosixPath("a"), "a"),
}
"""Ids that are not text, each with the text that it looks like."""

LONG = (255, 256, 300, 512, 1000, 1501, 2049, 10_000)
"""Lengths at or above the limit of some store."""


class IdTests(ContractTests):
    """Every id is the name of one document and nothing else."""

    @clause("ID-1")
    def test_ids_of_the_application_work(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for doc_id in ORDINARY_IDS:
                with cases.case(doc_id):
                    _expect_works(collection, doc_id, "ID-1")

    @clause("ID-1")
    def test_any_ordinary_id_works(self, kit: Kit) -> None:
        collection = kit.collection()

        def check(doc_id: str) -> None:
            _expect_works(collection, doc_id, "ID-1")

        kit.prove(check, doc_id=ordinary_ids())

    @clause("ID-2")
    def test_hostile_ids_work_or_are_refused_by_all(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for doc_id in HOSTILE_IDS:
                with cases.case(shortened(doc_id, 40)):
                    _works(collection, doc_id, "ID-2")

    @clause("ID-2")
    def test_any_text_works_or_is_refused_by_all(self, kit: Kit) -> None:
        collection = kit.collection()

        def check(doc_id: str) -> None:
            _works(collection, doc_id, "ID-2")

        kit.prove(check, doc_id=hostile_ids())

    @clause("ID-3")
    def test_hostile_ids_work(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for doc_id in (*HOSTILE_IDS, *RESERVED_IDS):
                with cases.case(shortened(doc_id, 40)):
                    answers.round_trip(collection, doc_id, {"of": doc_id}, "ID-3", saving="ID-3")

    @clause("ID-4")
    def test_reserved_ids_reach_only_their_own_document(self, kit: Kit) -> None:
        collection, other = kit.collection(), kit.collection()
        answers.saved(collection.save("bystander", {"n": 1}))
        answers.saved(other.save("u1", {"n": 2}))
        says_missing = collection.delete("nobody").refused  # if not, DEL-2 reports it
        traps = (f"../{other.name}/u1", f"..%2f{other.name}%2fu1", f"{other.name}/u1")
        with kit.cases() as cases:
            for doc_id in (*RESERVED_IDS, *traps):
                with cases.case(repr(doc_id)):
                    gone = collection.delete(doc_id)
                    if says_missing and not gone.refused:
                        answers.missing(gone, "ID-4")
                    _works(collection, doc_id, "ID-4", beside={"bystander": {"n": 1}})
                    answers.holds(other, {"u1": {"n": 2}}, "ID-4")

    @clause("ID-5")
    def test_empty_id_is_refused(self, kit: Kit) -> None:
        collection = kit.collection()
        docs = {"a": {"n": 1}, "b": {"n": 2}}
        answers.save_all(collection, docs)
        with kit.cases() as cases:
            with cases.case("get"):
                answers.refused(collection.get(""), "ID-5", "an empty id")
            with cases.case("delete"):
                answers.refused(collection.delete(""), "ID-5", "an empty id")
            with cases.case("what is left after the delete"):
                answers.listing(collection.list_all(), docs, "ID-5")
            with cases.case("save"):
                answers.refused(collection.save("", {"n": 3}), "ID-5", "an empty id")
            with cases.case("a document with an `_id` of its own"):
                answers.refused(collection.save("", {"_id": "a", "n": 3}), "ID-5", "an empty id")
            with cases.case("what is there after the save"):
                answers.listing(collection.list_all(), docs, "ID-5")
        fresh = kit.collection()
        answers.refused(fresh.get(""), "ID-5", "an empty id")
        answers.refused(fresh.delete(""), "ID-5", "an empty id")
        answers.refused(fresh.save("", {"n": 1}), "ID-5", "an empty id")

    @clause("ID-6")
    def test_id_that_is_no_text_is_refused(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for label, (doc_id, looks_like) in NOT_TEXT.items():
                doc = {"text": looks_like}
                if not collection.save(looks_like, doc).returned:
                    continue  # the text that it looks like may be refused: ID-2
                for call in ("get", "delete", "save"):
                    with cases.case(f"{label} as an id of {call}()"):
                        answers.saved(collection.save(looks_like, doc))
                        arguments = (doc_id, {"n": 2}) if call == "save" else (doc_id,)
                        answer = getattr(collection, call)(*arguments)
                        answers.refused(answer, "ID-6", f"{label} as an id", type_error=True)
                        answers.holds(collection, {looks_like: doc}, "ID-6")
                _delete_all(collection)
            for label, (doc_id, _) in NOT_TEXT.items():
                with cases.case(f"{label} as an id in a collection without documents"):
                    for answer in (
                        collection.get(doc_id),
                        collection.delete(doc_id),
                        collection.save(doc_id, {"n": 2}),
                    ):
                        answers.refused(answer, "ID-6", f"{label} as an id", type_error=True)
                _delete_all(collection)

    @clause("ID-7")
    def test_id_past_the_limit_is_refused(self, kit: Kit) -> None:
        collection = kit.collection()
        longest = 200
        with kit.cases() as cases:
            for length in LONG:
                with cases.case(f"{length:,} characters"):
                    doc_id = incompressible(length, length)
                    if _works(collection, doc_id, "ID-7"):
                        longest = length
                        continue
                    answer = collection.save(doc_id, {"n": 1})
                    if not answer.detail.strip():
                        what = "an id past the limit must be refused with a text that says so"
                        expected = "a detail that says that the id is too long"
                        raise violation("ID-7", what, answer=answer, expected=expected)
        kit.facts["longest id"] = f"{longest:,} characters" + (
            " or more" if longest == LONG[-1] else ""
        )


def _delete_all(collection: Collection) -> None:
    """Delete what is listed: a store may have chosen an id of its own in place of None."""
    listed = collection.list_all().value
    for doc in listed if isinstance(listed, list) else ():
        if isinstance(doc, dict) and "_id" in doc:
            collection.delete(doc["_id"])


def _works(
    collection: Collection,
    doc_id: str,
    clause_id: str,
    *,
    beside: dict[str, dict[str, Any]] | None = None,
) -> bool:
    """Use an id with all four methods. Return False if all of them refuse it."""
    others = beside or {}
    answer = collection.get(doc_id)
    if not answer.refused:
        answers.missing(answer, clause_id)
    first, second = {"of": doc_id, "n": 1}, {"of": doc_id, "again": True}
    saved = collection.save(doc_id, first)
    if not saved.returned:
        answers.refused(saved, clause_id, "an id")
        answers.refused(collection.get(doc_id), clause_id, "an id that save() refuses")
        deleting = collection.delete(doc_id)
        if not (deleting.returned and collection.ledger.silent_deletes):
            answers.refused(deleting, clause_id, "an id that save() refuses")
        answers.listing(collection.list_all(), others, clause_id)
        return False
    if isinstance(saved.value, dict) and "id" in saved.value and saved.value["id"] != doc_id:
        what = "`id` in what save() returned must be the id that was saved"
        raise violation(("SAVE-1", clause_id), what, answer=saved, expected=f"`id` {doc_id!r}")
    if answer.status != answers.NOT_FOUND:
        what = "get() refused an id that save() accepts, with another status than 404"
        raise violation(clause_id, what, answer=answer, expected="HTTPException with status 404")
    own_id = ("GET-2", clause_id)
    answers.document(collection.get(doc_id), doc_id, first, clause_id, id_clause=own_id)
    answers.saved(collection.save(doc_id, second), clause_id)
    answers.document(collection.get(doc_id), doc_id, second, clause_id, id_clause=own_id)
    answers.listing(collection.list_all(), {**others, doc_id: second}, clause_id)
    answers.deleted(collection.delete(doc_id), clause_id)
    answers.missing(collection.get(doc_id), clause_id)
    answers.listing(collection.list_all(), others, clause_id)
    return True


def _expect_works(collection: Collection, doc_id: str, clause_id: str) -> None:
    if not _works(collection, doc_id, clause_id):
        raise violation(
            clause_id,
            "the id was refused",
            answer=collection.save(doc_id, {"of": doc_id, "n": 1}),
            expected=f"a document under the id {shortened(doc_id, 120)}",
        )
