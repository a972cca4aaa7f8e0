"""IDX: an index makes finding faster, and changes nothing else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.violation import NotApplicable
from gofannon_conformance.run.optional import collection_for_indexes, has, never_written
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.suite.expect.unspoilt import arguments_kept
from gofannon_conformance.suite.find.changes import check_every_change
from gofannon_conformance.suite.index.comparison import (
    Step,
    check_same_results,
    check_unchanged,
    expect_none,
    index,
    look,
    save,
)

if TYPE_CHECKING:
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit

LONG = "".join(hashlib.sha512(bytes([n])).hexdigest() for n in range(160))
"""20,480 characters that do not compress: longer than the key of any index."""

INDEXED: tuple[Any, ...] = (
    1, 1.5, True, None, "", "text", "text", "text ", LONG, 2**53 - 1, [], [1, 2], ["text"], {},
    {"x": 1}, {"x": {"y": [1]}}, "\x00", "\u00e4",
)  # fmt: skip
"""Values of an indexed field: every type, two alike, nothing, and one too long for a key."""

NEARLY_INDEXED: tuple[Any, ...] = (
    "TEXT", "Text", "tex", "text  ", " text", "text%", "t_xt", "texts", "nowhere", "1", "1.5",
    "true", "null", 0, -1, 1.0, 2, False, 2**53 - 2, LONG[:-1], LONG.upper(), [2, 1], [1], ["TEXT"],
    [[]], {"X": 1}, {"x": True}, {"x": 1, "y": 1}, {"x": {"y": 1}}, "\u00c4", "a\u0308", "a", "[]",
    "{}",
)  # fmt: skip
"""Values that no document has, and that an index may take for one that it holds."""

MANY = 130
"""More documents than a page of an index has by the usual limits."""

ODD_NAMES = ("o.x", "a'); DROP TABLE a; --", 'a"b', "$a", "a b")
"""Field names that `ensure_index()` may refuse, and must not execute."""


class IndexTests(ContractTests):
    """`ensure_index()` can be called at any time, and changes no result of another method."""

    @clause("IDX-1")
    def test_index_of_an_unwritten_collection(self, kit: Kit) -> None:
        twin, unwritten = kit.collection(), collection_for_indexes(kit)  # its first test is this
        a, b = _fields(kit, "first", "second")
        seen = look(doc_ids=["first-one", "first-two", a], selectors=[{a: 1}])
        created = [step for fields in ([a], [a], [a, b]) for step in (index(*fields), *seen)]
        check_same_results(kit, created, without=never_written(kit), indexed=unwritten)
        saves = [save("first-one", {a: 1}), save("first-two", {b: 1})]
        check_same_results(kit, [*saves, *seen], without=twin, indexed=unwritten)

    @clause("IDX-1")
    def test_index_can_be_ensured_any_number_of_times(self, kit: Kit) -> None:
        collection = collection_for_indexes(kit)
        answers.saved(collection.save("one", {"a": 1, "b": 2}))
        before = collection.list_all()
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
                ("the name None", (["a"],), {"index_name": None}),
                ("the name by its place", (["a"], name), {}),
            ):
                for turn in ("once", "again"):
                    with cases.case(f"{label}, {turn}"):
                        expect_none(collection.ensure_index(*arguments, **more))
                        check_unchanged(before, collection.list_all())
            with cases.case("every argument by its name"):
                expect_none(kit.caller.call("ensure_index", named=named))
            with cases.case("the list of fields is the caller's"):
                answer = collection.ensure_index(fields)
                expect_none(answer)
                arguments_kept(answer, ["a", "b"], fields, "IDX-1")

    @clause("IDX-1")
    def test_index_changes_no_result(self, kit: Kit) -> None:
        twin, indexed = kit.collection(), collection_for_indexes(kit)
        a, n = _fields(kit, "any", "number")
        seen = look(
            doc_ids=[f"{era}-{place:02}" for era in ("before", "after") for place in (0, 2, 8, 12)],
            selectors=[
                {n: 1}, {a: "text"}, {a: "text", n: 2}, {a: LONG}, {a: [1, 2]}, {a: 1, n: 0},
            ],
        )  # fmt: skip

        def saves(era: str) -> list[Step]:
            without = [save(f"{era}-without-{place}", {n: place}) for place in (1, 2)]
            return [*_saves(era, a, n), *without]

        changes = [
            save("before-00", {a: LONG}), save("after-05", {}), save("before-01", {a: []}),
            *(Step("delete", (i,)) for i in ("before-02", "after-08", "before-without-1")),
            Step("save_many", (
                [{"_id": "many", a: "text", n: 1}, {"_id": "after-09", a: "z", n: 0}],
            )),
            *seen,
            Step("delete_many", (["many", "after-10", "nobody"],)),
        ]  # fmt: skip
        odd = [index(name, may_be_refused=True) for name in ODD_NAMES]
        check_same_results(
            kit,
            [
                *saves("before"), *seen, index(a), index(a, n), index(n), *seen,
                *saves("after"), *seen, *changes, index(a), *seen, *odd, *seen,
            ],
            without=twin,
            indexed=indexed,
        )  # fmt: skip

    @clause("IDX-1")
    def test_index_changes_nothing_that_is_found(self, kit: Kit) -> None:
        indexed = _collection_that_finds(kit)
        a, n, other = _fields(kit, "found", "counted", "other")

        def saves(era: str) -> list[Step]:
            near: list[dict[str, Any]] = [{n: 1}, {other: "text"}, {a.upper(): "text", n: 1}, {}]
            return [
                *_saves(era, a, n, **{other: "text"}),
                *(save(f"{era}-near-{place}", doc) for place, doc in enumerate(near)),
            ]

        seen = look(
            selectors=[
                *({a: value} for value in (*INDEXED, *NEARLY_INDEXED)),
                {n: 1}, {a: "text", n: 1}, {n: 1, a: "TEXT"}, {a: None, n: 0}, {other: "text"},
                {other: "TEXT"}, {a: "text", other: "text"}, {a.upper(): "text"}, {n: "1"},
                {a: "text", "_id": "before-05"}, {"_id": "after-05"}, {"_id": "AFTER-05"},
            ],
            limited=[
                ({}, {"limit": None}), ({a: "text"}, {"limit": None}), ({}, {"limit": MANY}),
                ({other: "many"}, {"limit": None}), ({other: "many"}, {}),
                ({a: "text"}, {"fields": [n]}), ({a: "text"}, {"fields": [a]}),
                ({n: 1, a: ""}, {"fields": ["_id"]}), ({other: "text"}, {"fields": [n, other]}),
            ],
        )  # fmt: skip
        indexes = [index(a), index(n, a), index(other)]
        many = [save(f"many-{place:03}", {other: "many"}) for place in range(MANY)]
        check_same_results(
            kit,
            [*saves("before"), *indexes, *saves("after"), *many, *seen],
            without=kit.collection(),
            indexed=indexed,
        )

    @clause("FIND-1")
    def test_every_change_is_seen_by_an_index(self, kit: Kit) -> None:
        indexed = _collection_that_finds(kit)
        for fields in (["state"], ["n", "state"]):
            expect_none(indexed.ensure_index(fields))
        check_every_change(indexed, kit.collection())


def _collection_that_finds(kit: Kit) -> Collection:
    collection = collection_for_indexes(kit)
    if not has(collection, "find"):
        raise NotApplicable("the service has no find()")
    return collection


def _fields(kit: Kit, *names: str) -> list[str]:
    """Return fields that this run indexes nowhere else: an index may affect every collection."""
    return [f"{kit.workspace.prefix}_{name}" for name in names]


def _saves(era: str, a: str, n: str, **more: Any) -> list[Step]:
    """Return the steps that save a document for each value of an indexed field."""
    return [
        save(f"{era}-{place:02}", {a: value, n: place % 3, **more})
        for place, value in enumerate(INDEXED)
    ]
