"""IDX: an index makes finding faster, and changes nothing else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from gofannon_conformance.suite import expect
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.find_changes import check_every_change
from gofannon_conformance.suite.index_life import (
    Delete,
    DeleteMany,
    Index,
    Look,
    Save,
    SaveMany,
    check_unchanged,
    expect_none,
    expect_the_same_life,
)
from gofannon_conformance.suite.optional import collection_for_indexes, has, never_written
from gofannon_conformance.violation import NotApplicable, violation

if TYPE_CHECKING:
    from gofannon_conformance.suite.index_life import Step
    from gofannon_conformance.suite.kit import Kit

LONG = "".join(hashlib.sha512(bytes([n])).hexdigest() for n in range(160))
"""20,480 characters that do not compress: longer than the key of any index."""

INDEXED: tuple[Any, ...] = (
    1, 1.5, True, None, "", "text", "text", "text ", LONG, 2**53 - 1, [], [1, 2], ["text"], {},
    {"x": 1}, {"x": {"y": [1]}}, "\x00", "\u00e4",
)  # fmt: skip
"""What an indexed field may hold: every type, two alike, nothing, and too much for a key."""

NEARLY_INDEXED: tuple[Any, ...] = (
    "TEXT", "Text", "tex", "text  ", " text", "text%", "t_xt", "texts", "nowhere", "1", "1.5",
    "true", "null", 0, -1, 1.0, 2, False, 2**53 - 2, LONG[:-1], LONG.upper(), [2, 1], [1], ["TEXT"],
    [[]], {"X": 1}, {"x": True}, {"x": 1, "y": 1}, {"x": {"y": 1}}, "\u00c4", "a\u0308", "a", "[]",
    "{}",
)  # fmt: skip
"""What such a field may be looked for by, and does not hold, though an index may think so."""

MANY = 130
"""More documents than a page of an index has by the usual limits."""

ODD_NAMES = ("o.x", "a'); DROP TABLE a; --", 'a"b', "$a", "a b")
"""Fields that may be refused for an index; they must not be obeyed."""


class IndexTests(ContractTests):
    """`ensure_index()` can be called at any time, and no other method shows that it was."""

    @clause("IDX-1")
    def test_index_of_an_unwritten_collection(self, kit: Kit) -> None:
        twin, unwritten = kit.collection(), collection_for_indexes(kit)  # its first test is this
        a, b = _fields(kit, "first", "second")
        look = Look(doc_ids=["first-one", "first-two", a], selectors=[{a: 1}])
        indexes = [Index(fields) for fields in ([a], [a], [a, b])]
        created: list[Step] = [step for index in indexes for step in (index, look)]
        expect_the_same_life(kit, created, without=never_written(kit), indexed=unwritten)
        saves = [Save("first-one", {a: 1}), Save("first-two", {b: 1})]
        expect_the_same_life(kit, [*saves, look], without=twin, indexed=unwritten)

    @clause("IDX-1")
    def test_index_can_be_ensured_any_number_of_times(self, kit: Kit) -> None:
        collection = collection_for_indexes(kit)
        expect.saved(collection.save("one", {"a": 1, "b": 2}))
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
                ("no name, in words", (["a"],), {"index_name": None}),
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
                if fields != ["a", "b"]:
                    raise violation(
                        "IDX-1",
                        "ensure_index() has changed its caller's list",
                        answer=answer,
                        came=str(fields),
                        expected="['a', 'b']",
                    )

    @clause("IDX-1")
    def test_index_changes_no_result(self, kit: Kit) -> None:
        twin, indexed = kit.collection(), collection_for_indexes(kit)
        a, n = _fields(kit, "any", "number")
        look = Look(
            doc_ids=[f"{era}-{place:02}" for era in ("before", "after") for place in (0, 2, 8, 12)],
            selectors=[
                {n: 1}, {a: "text"}, {a: "text", n: 2}, {a: LONG}, {a: [1, 2]}, {a: 1, n: 0},
            ],
        )  # fmt: skip

        def saves(era: str) -> list[Step]:
            held = [
                Save(f"{era}-{place:02}", {a: value, n: place % 3})
                for place, value in enumerate(INDEXED)
            ]
            return [*held, *(Save(f"{era}-without-{place}", {n: place}) for place in (1, 2))]

        changes: list[Step] = [
            Save("before-00", {a: LONG}), Save("after-05", {}), Save("before-01", {a: []}),
            Delete("before-02"), Delete("after-08"), Delete("before-without-1"),
            SaveMany([{"_id": "many", a: "text", n: 1}, {"_id": "after-09", a: "z", n: 0}]), look,
            DeleteMany(["many", "after-10", "nobody"]),
        ]  # fmt: skip
        indexes = [Index(fields) for fields in ([a], [a, n], [n])]
        odd = [Index([name], may_be_refused=True) for name in ODD_NAMES]
        expect_the_same_life(
            kit,
            [
                *saves("before"), look, *indexes, look,
                *saves("after"), look,
                *changes, Index([a]), look,
                *odd, look,
            ],
            without=twin,
            indexed=indexed,
        )  # fmt: skip

    @clause("IDX-1")
    def test_index_changes_nothing_that_is_found(self, kit: Kit) -> None:
        indexed = collection_for_indexes(kit)
        if not has(indexed, "find"):
            raise NotApplicable("the service has no find()")
        a, n, other = _fields(kit, "found", "counted", "other")

        def saves(era: str) -> list[Step]:
            held = [
                Save(f"{era}-{place:02}", {a: value, n: place % 3, other: "text"})
                for place, value in enumerate(INDEXED)
            ]
            near: list[dict[str, Any]] = [{n: 1}, {other: "text"}, {a.upper(): "text", n: 1}, {}]
            return [*held, *(Save(f"{era}-near-{place}", doc) for place, doc in enumerate(near))]

        look = Look(
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
        indexes = [Index(fields) for fields in ([a], [n, a], [other])]
        many: list[Step] = [Save(f"many-{place:03}", {other: "many"}) for place in range(MANY)]
        expect_the_same_life(
            kit,
            [*saves("before"), *indexes, *saves("after"), *many, look],
            without=kit.collection(),
            indexed=indexed,
        )

    @clause("FIND-1")
    def test_every_change_is_seen_by_an_index(self, kit: Kit) -> None:
        indexed = collection_for_indexes(kit)
        if not has(indexed, "find"):
            raise NotApplicable("the service has no find()")
        for fields in (["state"], ["n", "state"]):
            expect_none(indexed.ensure_index(fields))
        check_every_change(indexed, kit.collection())


def _fields(kit: Kit, *names: str) -> list[str]:
    """Give fields that this run indexes nowhere else: an index may be seen in any collection."""
    return [f"{kit.workspace.prefix}_{name}" for name in names]
