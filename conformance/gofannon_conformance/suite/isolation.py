"""ISO: collections are separate, ids are exact."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gofannon_conformance.documents.collections import (
    GLUES,
    alias_pairs,
    collection_twins,
    hostile_collections,
    names_alike,
)
from gofannon_conformance.documents.ids import LONG_TWINS, TWINS
from gofannon_conformance.documents.words import TAKEN_NAMES
from gofannon_conformance.run.workspace import LOGICAL_NAMES
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.expect import answers

if TYPE_CHECKING:
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit


FIELDS = tuple(name for name in TAKEN_NAMES if not name.startswith("_"))
"""Fields that a store may treat specially in some collections: passwords, expiry dates."""


class IsolationTests(ContractTests):
    """No two documents are confused, whatever their collections and ids look like."""

    @clause("ISO-1")
    def test_one_id_in_several_collections(self, kit: Kit) -> None:
        collections = [kit.collection() for _ in range(3)]
        for n, collection in enumerate(collections):
            answers.saved(collection.save("same", {"n": n, f"only {n}": n}), "ISO-1")
        for n, collection in enumerate(collections):
            answers.holds(collection, {"same": {"n": n, f"only {n}": n}}, "ISO-1")

    @clause("ISO-2")
    def test_writing_in_one_changes_no_other(self, kit: Kit) -> None:
        here, there = kit.collection(), kit.collection()
        answers.saved(here.save("shared", {"here": 1}))
        answers.missing(there.get("shared"), "ISO-2")
        answers.listing(there.list_all(), {}, "ISO-2")
        in_there = {"shared": {"there": 1}, "own": {"there": 2}}
        answers.save_all(there, in_there)
        answers.holds(here, {"shared": {"here": 1}}, "ISO-2")
        answers.missing(here.get("own"), "ISO-2")
        answers.stored(there, "shared", {"there": 1}, "ISO-2")
        answers.saved(here.save("shared", {"here": 2}))
        answers.holds(here, {"shared": {"here": 2}}, "ISO-2")
        answers.holds(there, in_there, "ISO-2")
        answers.deleted(here.delete("shared"))
        answers.holds(there, in_there, "ISO-2")
        answers.not_deleted(kit, here.delete("own"), "ISO-2")
        answers.listing(there.list_all(), in_there, "ISO-2")

    @clause("ISO-3")
    def test_separators_alias_nothing(self, kit: Kit) -> None:
        with kit.cases() as cases:
            for pair in alias_pairs(kit.workspace.prefix):
                with cases.case(pair.label):
                    _expect_apart(kit, pair.first, pair.second, "ISO-3")

    @clause("ISO-3")
    def test_no_separator_aliases_a_collection_that_is_only_read(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for glue in GLUES:
                with cases.case(f"joined by {glue!r}"):
                    if _taken(collection, f"b{glue}c", {"n": 1}):
                        other = kit.only_read(f"{collection.name}{glue}b")
                        _expect_missing(other, "c", "ISO-3")
                        answers.deleted(collection.delete(f"b{glue}c"), "ISO-3")

    @clause("ISO-6", "ISO-3")
    def test_name_that_is_nearly_that_of_a_collection_is_another(self, kit: Kit) -> None:
        collection = kit.collection()
        answers.saved(collection.save("same", {"n": 1}))
        with kit.cases() as cases:
            for name in names_alike(collection.name):
                with cases.case(repr(name)):
                    other, clause_id = kit.only_read(name), "ISO-3" if "/" in name else "ISO-6"
                    _expect_missing(other, "same", clause_id)
                    answer = other.list_all()
                    if not answer.refused:
                        answers.listing(answer, {}, clause_id)

    @clause("ISO-3", "ISO-6")
    def test_names_of_collections_are_exact(self, kit: Kit) -> None:
        with kit.cases() as cases:
            for twins in collection_twins(kit.workspace.prefix):
                with cases.case(twins.label):
                    first, second = (twins.first, "same"), (twins.second, "same")
                    _expect_apart(kit, first, second, "ISO-6")

    @clause("ISO-2")
    def test_writing_in_many_changes_no_other(self, kit: Kit) -> None:
        kept = [kit.collection() for _ in range(3)]
        for collection in kept:
            answers.saved(collection.save("kept", {"in": collection.name}))
        used = {
            name for name in kit.workspace.ledger.collections if kit.workspace.ledger.is_own(name)
        }
        names = used.union(hostile_collections(kit.workspace.prefix))  # other tests use these, too
        for name in sorted(names - {collection.name for collection in kept}):
            kit.named(name).save("passing", {"in": name})  # or its name is refused
        for collection in kept:
            answers.holds(collection, {"kept": {"in": collection.name}}, "ISO-2")

    @clause("ISO-3")
    def test_collection_and_id_do_not_swap(self, kit: Kit) -> None:
        here, there = kit.collection(), kit.collection()
        answers.saved(here.save(there.name, {"n": 1}), "ISO-3")
        answers.saved(there.save(here.name, {"n": 2}), "ISO-3")
        answers.stored(here, there.name, {"n": 1}, "ISO-3")
        answers.missing(here.get(here.name), "ISO-3")
        answers.listing(there.list_all(), {here.name: {"n": 2}}, "ISO-3")

    @clause("ISO-4")
    def test_ids_that_differ_are_different_documents(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for twins in (*TWINS, *LONG_TWINS):
                with cases.case(f"{twins.label}: {_named(twins.first)} and {_named(twins.second)}"):
                    _expect_twins_apart(collection, twins.first, twins.second)

    @clause("ISO-5")
    def test_the_seven_collections_exist(self, kit: Kit) -> None:
        collections = {name: kit.logical(name) for name in LOGICAL_NAMES}
        docs = {name: {"collection": name, **dict.fromkeys(FIELDS, name)} for name in collections}
        for name, collection in collections.items():
            answers.listing(collection.list_all(), {}, "ISO-5")
            answers.saved(collection.save("same", docs[name]), "ISO-5")
        for name, collection in collections.items():
            answers.holds(collection, {"same": docs[name]}, "ISO-5")
            answers.deleted(collection.delete("same"), "ISO-5")

    @clause("ISO-6")
    def test_name_of_a_collection_is_refused_or_works(self, kit: Kit) -> None:
        prefix = kit.workspace.prefix
        with kit.cases() as cases:
            for label, name in (
                ("quotes, brackets and signs", f"{prefix}_q'\"`;--[%s]{{0}}()!$&*+,<=>?@^|~#\\"),
                ("a NUL", f"{prefix}_n\x00x"),
                ("an emoji", f"{prefix}_😀"),
            ):
                with cases.case(f"{label}: {name!r}"):
                    _expect_refused_or_works(kit, name)


def _expect_apart(
    kit: Kit, first: tuple[str, str], second: tuple[str, str], clause_id: str
) -> None:
    """Check that two places of (collection, id) are two documents, unless one is refused."""
    here, there = kit.named(first[0]), kit.named(second[0])
    (_, one), (_, two) = first, second
    if not _taken(here, one, {"n": 1}):
        return
    _expect_missing(there, two, clause_id)
    if _taken(there, two, {"n": 2}):
        answers.stored(here, one, {"n": 1}, clause_id)
        answers.stored(there, two, {"n": 2}, clause_id)
        if here.name != there.name:
            answers.listing(here.list_all(), {one: {"n": 1}}, clause_id)
            answers.listing(there.list_all(), {two: {"n": 2}}, clause_id)
        answers.deleted(there.delete(two), clause_id)
    answers.holds(here, {one: {"n": 1}}, clause_id)
    answers.deleted(here.delete(one), clause_id)


def _expect_missing(collection: Collection, doc_id: str, clause_id: str) -> None:
    """Check that there is no such document, or that the collection's name or the id is refused."""
    answer = collection.get(doc_id)
    if not answer.refused:
        refusal = _of_refusals(collection)
        answers.missing(answer, clause_id if answer.returned else refusal)


def _taken(collection: Collection, doc_id: str, doc: dict[str, Any]) -> bool:
    answer = collection.save(doc_id, doc)
    if answer.returned:
        return True
    what = "a name or an id that the store cannot hold"
    answers.refused(answer, _of_refusals(collection), what)
    return False


def _of_refusals(collection: Collection) -> str:
    """Return the clause about refusals: of a plain collection's ids, or of another one's name."""
    is_plain = re.fullmatch(r"[a-z_]{1,40}", collection.name) is not None
    return "ID-2" if is_plain else "ISO-6"


def _expect_twins_apart(collection: Collection, first: str, second: str) -> None:
    both = {first: {"twin": "first"}, second: {"twin": "second"}}
    if not _taken(collection, first, both[first]):
        del both[first]
    _expect_missing(collection, second, "ISO-4")
    if not _taken(collection, second, both[second]):
        del both[second]
    answers.holds(collection, both, "ISO-4")
    for doc_id in list(both):
        answers.deleted(collection.delete(doc_id), "ISO-4")
        del both[doc_id]
        answers.listing(collection.list_all(), both, "ISO-4")


def _expect_refused_or_works(kit: Kit, name: str) -> None:
    collection = kit.named(name)
    answer = collection.save("a", {"n": 1})
    if not answer.returned:
        answers.refused(answer, "ISO-6", "the name of the collection")
        for other in (collection.get("a"), collection.delete("a")):
            if other.returned and other.value is None and kit.dialect == "overview":
                continue
            answers.refused(other, "ISO-6", "the name of the collection")
        listing = collection.list_all()
        if not (listing.returned and listing.value == []):
            answers.refused(listing, "ISO-6", "the name of the collection")
        return
    answers.holds(collection, {"a": {"n": 1}}, "ISO-6")
    answers.deleted(collection.delete("a"), "ISO-6")
    answers.missing(collection.get("a"), "ISO-6")


def _named(doc_id: str) -> str:
    return repr(doc_id) if len(doc_id) < 30 else f"{doc_id[:8]!r}…{doc_id[-2:]!r}"
