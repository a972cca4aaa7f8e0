"""IDX: an index makes finding faster, and changes nothing else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from gofannon_conformance.snapshot import snapshot
from gofannon_conformance.suite import expect
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.find_checks import check_found, population
from gofannon_conformance.suite.optional import collection_for, has
from gofannon_conformance.violation import violation

if TYPE_CHECKING:
    from gofannon_conformance.calls import Answer
    from gofannon_conformance.suite.find_checks import Documents
    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection

LONG = "".join(hashlib.sha512(bytes([n])).hexdigest() for n in range(160))
"""20,480 characters that do not compress: longer than the key of any index."""

INDEXED: tuple[Any, ...] = (
    1, 1.5, True, None, "", "text", "text", "text ", LONG, 2**53 - 1, [], [1, 2], ["text"], {},
    {"x": 1}, {"x": {"y": [1]}}, "\x00", "\u00e4",
)  # fmt: skip
"""What an indexed field may hold: every type, two alike, nothing, and too much for a key."""


class IndexTests(ContractTests):
    """`ensure_index()` can be called at any time, and no other method shows that it was."""

    @clause("IDX-1")
    def test_index_can_be_ensured_any_number_of_times(self, kit: Kit) -> None:
        collection = collection_for(kit, "ensure_index")
        expect.saved(collection.save("one", {"a": 1, "b": 2}))
        fields, name = ["a", "b"], kit.fresh("index")
        named = {"db_name": collection.name, "fields": ["b"], "index_name": name}
        with kit.cases() as cases:
            for label, arguments, more in (
                ("one field", (["a"],), {}),
                ("two fields", (fields,), {}),
                ("the same two in another order", (["b", "a"],), {}),
                ("a field that no document has", (["nothing"],), {}),
                ("a name", (["a"],), {"index_name": name}),
                ("another name for the same fields", (["a"],), {"index_name": f"{name}-2"}),
                ("no name, in words", (["a"],), {"index_name": None}),
                ("the name by its place", (["a"], name), {}),
            ):
                for turn in ("once", "again"):
                    with cases.case(f"{label}, {turn}"):
                        _expect_none(collection.ensure_index(*arguments, **more))
                        expect.listing(collection.list_all(), {"one": {"a": 1, "b": 2}}, "IDX-1")
            with cases.case("every argument by its name"):
                _expect_none(kit.caller.call("ensure_index", named=named))
            with cases.case("the list of fields is the caller's"):
                answer = collection.ensure_index(fields)
                _expect_none(answer)
                if fields != ["a", "b"]:
                    raise violation(
                        "IDX-1",
                        "ensure_index() has changed its caller's list",
                        answer=answer,
                        came=str(fields),
                        expected="['a', 'b']",
                    )

    @clause("IDX-1")
    def test_index_of_an_unwritten_collection(self, kit: Kit) -> None:
        collection_for(kit, "ensure_index")
        collection = kit.unwritten()
        for fields in (["a"], ["a"], ["a", "b"]):
            _expect_none(collection.ensure_index(fields))
            _check_unchanged(collection, {})
        expect.missing(collection.get("a"), "IDX-1")
        docs = {"one": {"a": 1}, "two": {"b": 1}}
        for doc_id, doc in docs.items():
            expect.saved(collection.save(doc_id, doc), "IDX-1")
        _check_unchanged(collection, docs)

    @clause("IDX-1")
    def test_index_changes_no_result(self, kit: Kit) -> None:
        collection = collection_for(kit, "ensure_index")
        docs: Documents = {}

        def save_some(era: str) -> None:
            for n, value in enumerate(INDEXED):
                doc_id = f"{era}-{n:02}"
                docs[doc_id] = {"a": snapshot(value), "n": n % 3}
                expect.saved(collection.save(doc_id, docs[doc_id]), "IDX-1")
            docs[f"{era}-without"] = {"n": 1}
            expect.saved(collection.save(f"{era}-without", {"n": 1}), "IDX-1")

        save_some("before")
        for fields in (["a"], ["a", "n"], ["n"]):
            _expect_none(collection.ensure_index(fields))
        _check_unchanged(collection, docs)
        save_some("after")
        _check_unchanged(collection, docs)
        for doc_id, doc in (("before-00", {"a": LONG}), ("after-05", {}), ("before-01", {"a": []})):
            docs[doc_id] = doc
            expect.saved(collection.save(doc_id, doc), "IDX-1")
        for doc_id in ("before-02", "after-08", "before-without"):
            del docs[doc_id]
            expect.deleted(collection.delete(doc_id), "IDX-1")
            expect.missing(collection.get(doc_id), "IDX-1")
        _expect_none(collection.ensure_index(["a"]))
        _check_unchanged(collection, docs)
        for name in ("o.x", "a'); DROP TABLE a; --", 'a"b', "$a", "a b"):
            collection.ensure_index([name])  # it may refuse a name; it may not obey it
        _check_unchanged(collection, docs)


def _expect_none(answer: Answer) -> None:
    value = expect.returned(answer, "IDX-1", "an index can be ensured at any time, and again")
    if value is not None:
        raise violation("IDX-1", "ensure_index() must return None", answer=answer, expected="None")


def _check_unchanged(collection: Collection, docs: Documents) -> None:
    """Every other method must show these documents and nothing of an index."""
    expect.listing(collection.list_all(), docs, "IDX-1")
    for doc_id, doc in [*docs.items()][::7]:
        expect.document(collection.get(doc_id), doc_id, doc, "IDX-1")
    if has(collection, "find"):
        held = population(collection, docs)
        selectors: list[dict[str, Any]] = [{}, {"n": 1}, {"a": "text"}, {"a": "text", "n": 2}]
        for selector in (*selectors, {"a": LONG}, {"a": [1, 2]}, {"a": 1, "n": 0}):
            check_found(collection.find(selector), held, selector, "IDX-1")
