"""DUR: what was saved is there for other instances, for other processes, and after a restart."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gofannon_conformance.calls import Caller
from gofannon_conformance.instances import OnlyOne
from gofannon_conformance.suite import expect, restarting
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.durable_cases import BIG, ODD_IDS, TYPES
from gofannon_conformance.violation import NotApplicable, NotTested, Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from gofannon_conformance.calls import Answer
    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection

MANY = 30
"""More documents than a buffer that is written when it is full is likely to hold back."""


class DurabilityTests(ContractTests):
    """What `save()` and `delete()` have returned from is in the store, whoever looks."""

    @clause("DUR-1")
    def test_other_instance_reads_at_once_what_one_was_told(self, kit: Kit) -> None:
        for one, two in _both_ways(kit):
            _check_reads(kit, one, two)

    @clause("DUR-1")
    def test_other_instance_lists_at_once_what_one_was_told(self, kit: Kit) -> None:
        for one, two in _both_ways(kit):
            docs: dict[str, dict[str, Any]] = {}
            for n in range(MANY):
                docs[f"d{n}"] = {"n": n}
                expect.saved(one.save(f"d{n}", {"n": n}), "DUR-1")
                if n in (0, 1, MANY - 1):
                    _soon(kit, _lists, two, docs, "DUR-1")
            expect.deleted(one.delete("d0"), "DUR-1")
            del docs["d0"]
            _soon(kit, _lists, two, docs, "DUR-1")

    @clause("DUR-1")
    def test_later_instance_reads_what_earlier_ones_were_told(self, kit: Kit) -> None:
        mine = kit.collection()
        other = kit.another()
        docs: dict[str, dict[str, Any]] = {f"d{n}": {"n": n} for n in range(4)}
        docs["big"] = _big(mine)
        for doc_id, doc in docs.items():
            expect.saved(mine.save(doc_id, doc), "DUR-1")
        try:
            later = mine.through(Caller(kit.instances.kept(), kit.trace, on="later"))
        except OnlyOne as reason:
            raise NotApplicable(str(reason)) from reason
        if not kit.target.capabilities.persistent and not any(
            collection.get(doc_id).returned
            for collection in (mine, mine.through(other))
            for doc_id in docs
        ):
            raise NotApplicable("to open an instance empties the store that all of them share")
        for doc_id, doc in docs.items():
            _soon(kit, _reads, later, doc_id, doc, "DUR-1")
        _soon(kit, _lists, later, docs, "DUR-1")
        kit.trace.begin()
        fresh = kit.collection()
        _check_reads(kit, fresh.through(later.caller), fresh)
        if not kit.target.opens_alone:  # else a new process, which ends, is asked for it (DUR-2)
            with kit.instances.fresh() as brief:
                closed = mine.through(Caller(brief, kit.trace, on="brief"))
                expect.saved(closed.save("last", {"n": 1}), "DUR-1")
            expect.document(mine.get("last"), "last", {"n": 1}, "DUR-1")

    @clause("DUR-2")
    def test_new_process_reads_what_this_one_was_told(self, kit: Kit) -> None:
        _check_is_persistent(kit)
        mine = kit.collection()
        docs: dict[str, dict[str, Any]] = {f"d{n}": {"n": n} for n in range(MANY)}
        docs["big"], docs["types"] = _big(mine), TYPES
        for doc_id, doc in docs.items():
            expect.saved(mine.save(doc_id, doc), "DUR-2")
        for doc_id in ODD_IDS:
            if mine.save(doc_id, {"id": doc_id}).returned:  # or it is refused: ID-3 tells
                docs[doc_id] = {"id": doc_id}
        expect.saved(mine.save("d0", {"version": "new"}), "DUR-2")
        docs["d0"] = {"version": "new"}
        expect.deleted(mine.delete("d1"), "DUR-2")
        del docs["d1"]

        def look() -> None:
            name = mine.name
            gone, listed, *gets = _elsewhere(
                kit, ("get", name, "d1"), ("list_all", name), *(("get", name, i) for i in docs)
            )
            for answer, (doc_id, doc) in zip(gets, docs.items(), strict=True):
                expect.document(answer, doc_id, doc, "DUR-2")
            expect.missing(gone, "DUR-2")
            expect.listing(listed, docs, "DUR-2")

        _soon(kit, look)

    @clause("DUR-2")
    def test_this_process_reads_what_another_was_told(self, kit: Kit) -> None:
        _check_is_persistent(kit)
        mine = kit.collection()
        old, new = {"version": "old", "dropped": 1}, {"version": "new"}
        for doc_id in ("replaced", "deleted"):
            expect.saved(mine.save(doc_id, old), "DUR-2")
        mine.workspace.note_save(mine.name, "saved")
        kit.trace.names.update(new)
        told = _elsewhere(
            kit,
            ("save", mine.name, "saved", new),
            ("save", mine.name, "replaced", new),
            ("delete", mine.name, "deleted"),
        )
        for answer in told:
            expect.returned(answer, "DUR-2", "another process must be able to write, too")
        for doc_id in ("saved", "replaced"):
            _soon(kit, _reads, mine, doc_id, new, "DUR-2")
        _soon(kit, _lacks, mine, "deleted", "DUR-2")
        _soon(kit, _lists, mine, {"saved": new, "replaced": new}, "DUR-2")

    @clause("DUR-3")
    def test_what_was_told_outlives_a_stop_and_a_kill_of_the_server(self, kit: Kit) -> None:
        with restarting.restarts(kit) as restarts:
            collection = kit.collection()
            with restarts.instance() as instance:
                restarting.check_stop(restarts, collection, instance)
            if restarts.outlives_kill:
                restarting.check_kill(restarts, collection)


def _both_ways(kit: Kit) -> Iterator[tuple[Collection, Collection]]:
    """Give a collection for each direction: what is still on its way in one disturbs no other."""
    other = kit.another()
    first, second = kit.collection(), kit.collection()
    for one, two in ((first, first.through(other)), (second.through(other), second)):
        kit.trace.begin()
        yield one, two


def _check_reads(kit: Kit, one: Collection, other: Collection) -> None:
    """What one instance saves, replaces and deletes, another must read as soon as it is asked."""
    for n in range(MANY):
        expect.saved(one.save(f"d{n}", {"n": n, "dropped": True}), "DUR-1")
        _soon(kit, _reads, other, f"d{n}", {"n": n, "dropped": True}, "DUR-1")
    expect.saved(one.save("types", TYPES), "DUR-1")
    _soon(kit, _reads, other, "types", TYPES, "DUR-1")
    for n in (0, 1, MANY - 1):
        expect.saved(one.save(f"d{n}", {"n": -n}), "DUR-1")
        _soon(kit, _reads, other, f"d{n}", {"n": -n}, "DUR-1")
    for n in (0, 1, MANY - 1):
        expect.deleted(one.delete(f"d{n}"), "DUR-1")
        _soon(kit, _lacks, other, f"d{n}", "DUR-1")


def _big(collection: Collection) -> dict[str, Any]:
    """Give a big document, or a small one where the store does not hold it: DOC-12 tells that."""
    held = collection.save("big", BIG).returned and collection.get("big").returned
    return BIG if held else {"text": "small"}


def _reads(collection: Collection, doc_id: str, doc: dict[str, Any], clause: str) -> None:
    expect.document(collection.get(doc_id), doc_id, doc, clause)


def _lacks(collection: Collection, doc_id: str, clause: str) -> None:
    expect.missing(collection.get(doc_id), clause)


def _lists(collection: Collection, docs: dict[str, dict[str, Any]], clause: str) -> None:
    expect.listing(collection.list_all(), docs, clause)


def _soon(kit: Kit, look: Callable[..., None], *arguments: Any) -> None:
    """Look at once; where the target says that it is eventual, until it has converged."""
    eventual = kit.target.capabilities.eventual
    until = time.monotonic() + (kit.target.converges_within if eventual else 0.0)
    while True:
        try:
            return look(*arguments)
        except Violation:
            if not eventual or time.monotonic() > until:
                raise
        time.sleep(0.05)


def _check_is_persistent(kit: Kit) -> None:
    claimed = kit.target.capabilities.persistent
    if not kit.target.opens_alone:
        raise NotApplicable(
            "the target is made of pytest's fixtures, which a new process cannot have; DUR-1 shows "
            "what its instances share"
        )
    if claimed is None and not kit.detected.has("persistent", kit):
        raise NotApplicable(
            "a new process shows nothing of what another one saved (if it should, say that the "
            "target is `persistent`)"
        )
    kit.capability("persistent")


def _elsewhere(kit: Kit, *calls: tuple[Any, ...]) -> list[Answer]:
    try:
        return kit.elsewhere(*calls)
    except NotTested as reason:
        try:
            kit.instances.second()
        except OnlyOne as only:
            if only.__cause__ is not None:
                raise NotApplicable(f"it can be opened once at a time: {only}") from reason
        raise
