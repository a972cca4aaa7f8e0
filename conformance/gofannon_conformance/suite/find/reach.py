"""FIND: `find()` sees every change, documents of any length, all pages, and empty collections."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from gofannon_conformance.documents.lengths import incompressible
from gofannon_conformance.run.optional import collection_for, never_written
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.suite.find.cases import LONG, LONG_SELECTORS
from gofannon_conformance.suite.find.changes import check_every_change
from gofannon_conformance.suite.find.checks import (
    blame_for_finding,
    check_found,
    check_selectors,
    check_which,
    population,
)
from gofannon_conformance.values.equality import differences

if TYPE_CHECKING:
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.suite.expect.answers import Documents

MANY = 1100
"""A hundred more than the longest usual page."""

DEFAULT_LIMIT = 10_000
"""The default of `limit`."""

LARGE_DOCUMENTS = 75
LARGE_TEXT = 60_000
"""Characters in each: together they are more than a store returns in one answer."""


class FindReachTests(ContractTests):
    """`find()` compares a selector with all documents that exist now, and with no others."""

    @clause("FIND-1")
    def test_every_change_is_seen_at_once(self, kit: Kit) -> None:
        check_every_change(collection_for(kit, "find"), kit.collection())

    @clause("FIND-1")
    def test_long_documents_are_found(self, kit: Kit) -> None:
        collection = collection_for(kit, "find")
        docs: Documents = {"short": {"n": -1, "size": "any"}}
        answers.save_all(collection, docs)
        for doc_id, doc in LONG.items():
            if _is_held(collection, doc_id, doc):
                docs[doc_id] = doc
        held = population(collection, docs)
        selectors: list[dict[str, Any]] = [{}, {"size": "any"}, *LONG_SELECTORS]
        selectors += [{"n": n, "size": "any"} for n in (-1, 2, 4)]  # short, and two of the longest
        check_selectors(kit, collection, held, selectors)

    @clause("FIND-3")
    def test_every_match_is_found_past_any_page(self, kit: Kit) -> None:
        collection = collection_for(kit, "find")
        docs, clause_id = _plain_documents(collection)
        seconds = _fill(collection, docs, MANY)
        held = population(collection, docs)
        selector: dict[str, Any]
        for selector, limit in (
            ({}, None),
            ({"kind": "rare"}, None),
            ({"kind": "usual"}, 1050),
            ({"n": MANY - 1}, 1),
        ):
            answer = collection.find(selector, limit=limit)
            check_found(answer, held, selector, clause_id, limit=limit)
        check_which(collection.find({}, fields=["n"]), held, {}, clause_id)
        if seconds < kit.profile.fills_within:
            _fill(collection, docs, DEFAULT_LIMIT + 1)
            held = population(collection, docs)
            check_which(collection.find({}, limit=None), held, {}, clause_id)
            check_which(collection.find({}), held, {}, clause_id, limit=DEFAULT_LIMIT)

    @clause("FIND-3")
    def test_every_match_is_found_past_any_megabyte(self, kit: Kit) -> None:
        collection = collection_for(kit, "find")
        _, clause_id = _plain_documents(collection)
        kit.begin()
        docs = {
            f"large-{n}": {"n": n, "rare": n % 25 == 24, "text": incompressible(n, LARGE_TEXT)}
            for n in range(LARGE_DOCUMENTS)
        }
        answers.save_all(collection, docs)
        held = population(collection, docs, clause="LIST-6")
        selector: dict[str, Any]
        for selector in ({}, {"rare": True}, {"n": LARGE_DOCUMENTS - 1}, {"n": 0}):
            check_found(collection.find(selector, limit=None), held, selector, clause_id)
        check_which(collection.find({}, fields=["n"]), held, {}, clause_id)
        answer = collection.find({"rare": True}, fields=["n"], limit=2)
        check_which(answer, held, {"rare": True}, clause_id, limit=2)

    @clause("FIND-4")
    def test_nothing_is_found_in_an_unwritten_collection(self, kit: Kit) -> None:
        written, docs = collection_for(kit, "find"), {"one": {"a": 1}}
        answers.save_all(written, docs)
        clause_id = blame_for_finding(written, docs, [{}, {"a": 1}], "FIND-4")
        kit.begin()
        collection = never_written(kit)
        with kit.cases() as cases:
            for selector in ({}, {"a": 1}, {"_id": "a"}, {"a": {"$gt": ""}}):
                for more in ({}, {"fields": ["a"]}, {"limit": 5}, {"limit": None}):
                    with cases.case(f"the selector {selector}, {more or 'nothing else'}"):
                        answers.empty(collection.find(selector, **more), clause_id)

    @clause("FIND-1")
    def test_nothing_is_found_in_an_emptied_collection(self, kit: Kit) -> None:
        collection = collection_for(kit, "find")
        answers.empty(collection.find({}), "FIND-1")
        answers.saved(collection.save("gone", {"a": 1}))
        check_found(collection.find({"a": 1}), population(collection, {"gone": {"a": 1}}), {"a": 1})
        answers.deleted(collection.delete("gone"))
        for selector in ({}, {"a": 1}, {"_id": "gone"}):
            answers.empty(collection.find(selector), "FIND-1")


def _is_held(collection: Collection, doc_id: str, doc: dict[str, Any]) -> bool:
    """Save a long document, and return whether it comes back; if not, DOC reports it."""
    if not collection.save(doc_id, doc).returned:
        return False
    found = collection.get(doc_id).value
    is_whole = isinstance(found, dict) and not differences(
        doc, answers.own_fields(found), numbers="by value"
    )
    if not is_whole:
        collection.delete(doc_id)
    return is_whole


def _plain_documents(collection: Collection) -> tuple[Documents, str]:
    """Save three documents; return them, and the clause to name: FIND-1 or FIND-3."""
    docs: Documents = {}
    _fill(collection, docs, 3)
    plain: list[dict[str, Any]] = [{}, {"n": 1}, {"kind": "usual", "n": 2}]
    return docs, blame_for_finding(collection, docs, plain, "FIND-3")


def _fill(collection: Collection, docs: Documents, count: int) -> float:
    """Save documents up to a count, one in a hundred a rare one; return the seconds it took."""
    start = time.monotonic()
    for n in range(len(docs), count):
        docs[f"doc-{n:05}"] = {"n": n, "kind": "rare" if n % 100 == 99 else "usual"}
        answers.saved(collection.save(f"doc-{n:05}", docs[f"doc-{n:05}"]))
    return time.monotonic() - start
