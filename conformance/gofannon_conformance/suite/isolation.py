"""ISO: collections are apart, ids are exact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.documents import TWINS, alias_pairs, collection_twins
from gofannon_conformance.documents.collections import (
    GLUES,
    hostile_collections,
    names_alike,
)
from gofannon_conformance.documents.ids import LONG_TWINS
from gofannon_conformance.suite import expect
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.delete import expect_no_deletion
from gofannon_conformance.suite.fidelity_words import TAKEN_NAMES
from gofannon_conformance.workspace import LOGICAL_NAMES

if TYPE_CHECKING:
    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection


FIELDS = tuple(name for name in TAKEN_NAMES if not name.startswith("_"))
"""Fields that one or other collection may treat in its own way: passwords, dates of expiry."""


class IsolationTests(ContractTests):
    """No document is another, whatever its collection and its id look like."""

    @clause("ISO-1")
    def test_one_id_in_several_collections(self, kit: Kit) -> None:
        collections = [kit.collection() for _ in range(3)]
        for n, collection in enumerate(collections):
            expect.saved(collection.save("same", {"n": n, f"only {n}": n}), "ISO-1")
        for n, collection in enumerate(collections):
            doc = {"n": n, f"only {n}": n}
            expect.document(collection.get("same"), "same", doc, "ISO-1")
            expect.listing(collection.list_all(), {"same": doc}, "ISO-1")

    @clause("ISO-2")
    def test_writing_in_one_changes_no_other(self, kit: Kit) -> None:
        here, there = kit.collection(), kit.collection()
        expect.saved(here.save("shared", {"here": 1}))
        expect.missing(there.get("shared"), "ISO-2")
        expect.listing(there.list_all(), {}, "ISO-2")
        expect.saved(there.save("shared", {"there": 1}))
        expect.saved(there.save("own", {"there": 2}))
        expect.document(here.get("shared"), "shared", {"here": 1}, "ISO-2")
        expect.listing(here.list_all(), {"shared": {"here": 1}}, "ISO-2")
        expect.missing(here.get("own"), "ISO-2")
        expect.document(there.get("shared"), "shared", {"there": 1}, "ISO-2")
        expect.saved(here.save("shared", {"here": 2}))
        expect.document(here.get("shared"), "shared", {"here": 2}, "ISO-2")
        expect.listing(here.list_all(), {"shared": {"here": 2}}, "ISO-2")
        expect.document(there.get("shared"), "shared", {"there": 1}, "ISO-2")
        expect.listing(there.list_all(), {"shared": {"there": 1}, "own": {"there": 2}}, "ISO-2")
        expect.deleted(here.delete("shared"))
        expect.document(there.get("shared"), "shared", {"there": 1}, "ISO-2")
        expected = {"shared": {"there": 1}, "own": {"there": 2}}
        expect.listing(there.list_all(), expected, "ISO-2")
        expect_no_deletion(kit, here.delete("own"), "ISO-2")
        expect.listing(there.list_all(), expected, "ISO-2")

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
                    if _taken(collection, f"b{glue}c", {"n": 1}, "ISO-3"):
                        other = kit.only_read(f"{collection.name}{glue}b")
                        _expect_missing(other, "c", "ISO-3")
                        expect.deleted(collection.delete(f"b{glue}c"), "ISO-3")

    @clause("ISO-6", "ISO-3")
    def test_name_that_is_nearly_that_of_a_collection_is_another(self, kit: Kit) -> None:
        collection = kit.collection()
        expect.saved(collection.save("same", {"n": 1}))
        with kit.cases() as cases:
            for name in names_alike(collection.name):
                with cases.case(repr(name)):
                    other, clause_id = kit.only_read(name), "ISO-3" if "/" in name else "ISO-6"
                    _expect_missing(other, "same", clause_id)
                    answer = other.list_all()
                    if answer.returned or not answer.refused:
                        expect.listing(answer, {}, clause_id)

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
            expect.saved(collection.save("kept", {"in": collection.name}))
        used = {name for name in kit.workspace.used if kit.workspace.is_own(name)}
        names = used.union(hostile_collections(kit.workspace.prefix))  # other tests use these, too
        for name in sorted(names - {collection.name for collection in kept}):
            kit.named(name).save("passing", {"in": name})  # or its name is refused
        for collection in kept:
            doc = {"in": collection.name}
            expect.document(collection.get("kept"), "kept", doc, "ISO-2")
            expect.listing(collection.list_all(), {"kept": doc}, "ISO-2")

    @clause("ISO-3")
    def test_collection_and_id_do_not_swap(self, kit: Kit) -> None:
        here, there = kit.collection(), kit.collection()
        expect.saved(here.save(there.name, {"n": 1}), "ISO-3")
        expect.saved(there.save(here.name, {"n": 2}), "ISO-3")
        expect.document(here.get(there.name), there.name, {"n": 1}, "ISO-3")
        expect.missing(here.get(here.name), "ISO-3")
        expect.listing(there.list_all(), {here.name: {"n": 2}}, "ISO-3")

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
            expect.listing(collection.list_all(), {}, "ISO-5")
            expect.saved(collection.save("same", docs[name]), "ISO-5")
        for name, collection in collections.items():
            doc = docs[name]
            expect.document(collection.get("same"), "same", doc, "ISO-5")
            expect.listing(collection.list_all(), {"same": doc}, "ISO-5")
            expect.deleted(collection.delete("same"), "ISO-5")

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
    """Two places of (collection, id) are two documents, unless one is refused."""
    here, there = kit.named(first[0]), kit.named(second[0])
    (_, one), (_, two) = first, second
    if not _taken(here, one, {"n": 1}, clause_id):
        return
    _expect_missing(there, two, clause_id)
    if _taken(there, two, {"n": 2}, clause_id):
        expect.document(here.get(one), one, {"n": 1}, clause_id)
        expect.document(there.get(two), two, {"n": 2}, clause_id)
        if here.name != there.name:
            expect.listing(here.list_all(), {one: {"n": 1}}, clause_id)
            expect.listing(there.list_all(), {two: {"n": 2}}, clause_id)
        expect.deleted(there.delete(two), clause_id)
    expect.document(here.get(one), one, {"n": 1}, clause_id)
    expect.listing(here.list_all(), {one: {"n": 1}}, clause_id)
    expect.deleted(here.delete(one), clause_id)


def _expect_missing(collection: Collection, doc_id: str, clause_id: str) -> None:
    """There is no such document, or the collection's name or the id is refused."""
    answer = collection.get(doc_id)
    if answer.returned or not answer.refused:
        expect.missing(answer, clause_id)


def _taken(collection: Collection, doc_id: str, doc: dict[str, Any], clause_id: str) -> bool:
    answer = collection.save(doc_id, doc)
    if answer.returned:
        return True
    expect.refused(answer, clause_id, "a name or an id that the store cannot hold")
    return False


def _expect_twins_apart(collection: Collection, first: str, second: str) -> None:
    both = {first: {"twin": "first"}, second: {"twin": "second"}}
    if not _taken(collection, first, both[first], "ISO-4"):
        del both[first]
    _expect_missing(collection, second, "ISO-4")
    if not _taken(collection, second, both[second], "ISO-4"):
        del both[second]
    for doc_id, doc in both.items():
        expect.document(collection.get(doc_id), doc_id, doc, "ISO-4")
    expect.listing(collection.list_all(), both, "ISO-4")
    for doc_id in list(both):
        expect.deleted(collection.delete(doc_id), "ISO-4")
        del both[doc_id]
        expect.listing(collection.list_all(), both, "ISO-4")


def _expect_refused_or_works(kit: Kit, name: str) -> None:
    collection = kit.named(name)
    answer = collection.save("a", {"n": 1})
    if not answer.returned:
        expect.refused(answer, "ISO-6", "the name of the collection")
        for other in (collection.get("a"), collection.delete("a")):
            if other.returned and other.value is None and kit.dialect == "overview":
                continue
            expect.refused(other, "ISO-6", "the name of the collection")
        listing = collection.list_all()
        if not (listing.returned and listing.value == []):
            expect.refused(listing, "ISO-6", "the name of the collection")
        return
    expect.document(collection.get("a"), "a", {"n": 1}, "ISO-6")
    expect.listing(collection.list_all(), {"a": {"n": 1}}, "ISO-6")
    expect.deleted(collection.delete("a"), "ISO-6")
    expect.missing(collection.get("a"), "ISO-6")


def _named(doc_id: str) -> str:
    return repr(doc_id) if len(doc_id) < 30 else f"{doc_id[:8]!r}…{doc_id[-2:]!r}"
