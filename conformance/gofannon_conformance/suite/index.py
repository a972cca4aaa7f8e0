"""IDX: an index makes finding faster, and changes nothing else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from gofannon_conformance.suite import expect
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.index_life import (
    Delete,
    Index,
    Look,
    Save,
    check_unchanged,
    expect_none,
    expect_the_same_life,
)
from gofannon_conformance.suite.optional import collection_for, never_written
from gofannon_conformance.violation import violation

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

ODD_NAMES = ("o.x", "a'); DROP TABLE a; --", 'a"b', "$a", "a b")
"""Fields that may be refused for an index; they must not be obeyed."""


class IndexTests(ContractTests):
    """`ensure_index()` can be called at any time, and no other method shows that it was."""

    @clause("IDX-1")
    def test_index_can_be_ensured_any_number_of_times(self, kit: Kit) -> None:
        collection = collection_for(kit, "ensure_index")
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
    def test_index_of_an_unwritten_collection(self, kit: Kit) -> None:
        twin, unwritten = collection_for(kit, "ensure_index"), kit.unwritten()
        a, b = _fields(kit, "first", "second")
        look = Look(doc_ids=["first-one", "first-two", a], selectors=[{a: 1}])
        indexes = [Index(fields) for fields in ([a], [a], [a, b])]
        created: list[Step] = [step for index in indexes for step in (index, look)]
        expect_the_same_life(kit, created, without=never_written(kit), indexed=unwritten)
        saves = [Save("first-one", {a: 1}), Save("first-two", {b: 1})]
        expect_the_same_life(kit, [*saves, look], without=twin, indexed=unwritten)

    @clause("IDX-1")
    def test_index_changes_no_result(self, kit: Kit) -> None:
        twin, indexed = collection_for(kit, "ensure_index"), kit.collection()
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


def _fields(kit: Kit, *names: str) -> list[str]:
    """Give fields that this run indexes nowhere else: an index may be seen in any collection."""
    return [f"{kit.workspace.prefix}_{name}" for name in names]
