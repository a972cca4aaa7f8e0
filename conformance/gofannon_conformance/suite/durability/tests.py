"""DUR: saved documents exist for other instances, for other processes, and after a restart."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gofannon_conformance.calls.violation import NotApplicable, NotTested, Violation
from gofannon_conformance.run.capabilities import another, has, require
from gofannon_conformance.run.instances import in_other_process
from gofannon_conformance.service.caller import Caller
from gofannon_conformance.service.instances import OnlyOne
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.durability import restarts as restarting
from gofannon_conformance.suite.durability.cases import BIG, TYPES
from gofannon_conformance.suite.expect import answers as expect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit

MANY = 30
"""More documents than a buffer that is written when it is full is likely to hold."""


class DurabilityTests(ContractTests):
    """What `save()` and `delete()` have acknowledged is in the store, for every reader."""

    @clause("DUR-1")
    def test_other_instance_reads_at_once_what_one_has_saved(self, kit: Kit) -> None:
        for one, two in _both_ways(kit):
            _check_reads(kit, one, two)

    @clause("DUR-1")
    def test_other_instance_lists_at_once_what_one_has_saved(self, kit: Kit) -> None:
        for one, two in _both_ways(kit):
            docs: dict[str, dict[str, Any]] = {}
            for n in range(MANY):
                _save(one, {f"d{n}": {"n": n}}, "DUR-1")
                docs[f"d{n}"] = {"n": n}
                if n in (0, 1, MANY - 1):
                    _soon(kit, _lists, two, docs, "DUR-1")
            _delete(one, docs, "d0", "DUR-1")
            _soon(kit, _lists, two, docs, "DUR-1")

    @clause("DUR-1")
    def test_later_instance_reads_what_earlier_ones_have_saved(self, kit: Kit) -> None:
        mine = kit.collection()
        other = another(kit)
        docs: dict[str, dict[str, Any]] = {f"d{n}": {"n": n} for n in range(4)}
        docs["big"] = _big(mine)
        _save(mine, docs, "DUR-1")
        try:
            later = mine.through(Caller(kit.instances.kept(), kit.trace, on="later"))
        except OnlyOne as reason:
            raise NotApplicable(str(reason)) from reason
        if not kit.target.capabilities.persistent and not any(
            collection.get(doc_id).returned
            for collection in (mine, mine.through(other))
            for doc_id in docs
        ):
            raise NotApplicable("opening an instance empties the store that all of them share")
        for doc_id, doc in docs.items():
            _soon(kit, _reads, later, doc_id, doc, "DUR-1")
        _soon(kit, _lists, later, docs, "DUR-1")
        kit.trace.begin()
        fresh = kit.collection()
        _check_reads(kit, fresh.through(later.caller), fresh)
        if not kit.target.opens_alone:  # otherwise DUR-2 tests it, with a new process that ends
            with kit.instances.fresh() as brief:
                closed = mine.through(Caller(brief, kit.trace, on="brief"))
                expect.saved(closed.save("last", {"n": 1}), "DUR-1")
            expect.document(mine.get("last"), "last", {"n": 1}, "DUR-1")

    @clause("DUR-2")
    def test_new_process_reads_what_this_one_has_saved(self, kit: Kit) -> None:
        _check_is_persistent(kit)
        mine = kit.collection()
        docs: dict[str, dict[str, Any]] = {f"d{n}": {"n": n} for n in range(MANY)}
        docs["big"], docs["types"] = _big(mine), TYPES
        _save(mine, docs, "DUR-2")
        restarting.save_odd_ids(mine, docs)
        docs["d0"] = {"version": "new"}
        _save(mine, {"d0": docs["d0"]}, "DUR-2")
        _delete(mine, docs, "d1", "DUR-2")

        def check() -> None:
            name = mine.name
            gone, listed, *gets = _elsewhere(
                kit, ("get", name, "d1"), ("list_all", name), *(("get", name, i) for i in docs)
            )
            for answer, (doc_id, doc) in zip(gets, docs.items(), strict=True):
                expect.document(answer, doc_id, doc, "DUR-2")
            expect.missing(gone, "DUR-2")
            expect.listing(listed, docs, "DUR-2")

        _soon(kit, check)

    @clause("DUR-2")
    def test_this_process_reads_what_another_has_saved(self, kit: Kit) -> None:
        _check_is_persistent(kit)
        mine = kit.collection()
        old, new = {"version": "old", "dropped": 1}, {"version": "new"}
        _save(mine, {"replaced": old, "deleted": old}, "DUR-2")
        mine.ledger.note_save(mine.name, "saved")
        kit.trace.names.update(new)
        answers = _elsewhere(
            kit,
            ("save", mine.name, "saved", new),
            ("save", mine.name, "replaced", new),
            ("delete", mine.name, "deleted"),
        )
        for answer in answers:
            expect.returned(answer, "DUR-2", "another process must be able to write, too")
        for doc_id in ("saved", "replaced"):
            _soon(kit, _reads, mine, doc_id, new, "DUR-2")
        _soon(kit, _lacks, mine, "deleted", "DUR-2")
        _soon(kit, _lists, mine, {"saved": new, "replaced": new}, "DUR-2")

    @clause("DUR-3")
    def test_saved_documents_outlive_a_stop_and_a_kill_of_the_server(self, kit: Kit) -> None:
        with restarting.restarts(kit) as restarts:
            collection = kit.collection()
            with restarts.instance() as instance:
                restarting.check_stop(restarts, collection, instance)
            if restarts.outlives_kill:
                restarting.check_kill(restarts, collection)


def _both_ways(kit: Kit) -> Iterator[tuple[Collection, Collection]]:
    """Yield a collection for each direction: a late write in one disturbs no other."""
    other = another(kit)
    first, second = kit.collection(), kit.collection()
    for one, two in ((first, first.through(other)), (second.through(other), second)):
        kit.trace.begin()
        yield one, two


def _save(collection: Collection, docs: dict[str, dict[str, Any]], clause_id: str) -> None:
    for doc_id, doc in docs.items():
        expect.saved(collection.save(doc_id, doc), clause_id)


def _delete(
    collection: Collection, docs: dict[str, dict[str, Any]], doc_id: str, clause_id: str
) -> None:
    expect.deleted(collection.delete(doc_id), clause_id)
    del docs[doc_id]


def _check_reads(kit: Kit, one: Collection, other: Collection) -> None:
    """Raise unless another instance reads at once what one saves, replaces and deletes."""
    first: dict[str, dict[str, Any]] = {f"d{n}": {"n": n, "dropped": True} for n in range(MANY)}
    some = (0, 1, MANY - 1)
    for docs in (first, {"types": TYPES}, {f"d{n}": {"n": -n} for n in some}):
        for doc_id, doc in docs.items():
            _save(one, {doc_id: doc}, "DUR-1")
            _soon(kit, _reads, other, doc_id, doc, "DUR-1")
    for n in some:
        expect.deleted(one.delete(f"d{n}"), "DUR-1")
        _soon(kit, _lacks, other, f"d{n}", "DUR-1")


def _big(collection: Collection) -> dict[str, Any]:
    """Return a big document, or a small one if the store does not hold it (DOC-12 reports that)."""
    held = collection.save("big", BIG).returned and collection.get("big").returned
    return BIG if held else {"text": "small"}


def _reads(collection: Collection, doc_id: str, doc: dict[str, Any], clause_id: str) -> None:
    expect.document(collection.get(doc_id), doc_id, doc, clause_id)


def _lacks(collection: Collection, doc_id: str, clause_id: str) -> None:
    expect.missing(collection.get(doc_id), clause_id)


def _lists(collection: Collection, docs: dict[str, dict[str, Any]], clause_id: str) -> None:
    expect.listing(collection.list_all(), docs, clause_id)


def _soon(kit: Kit, check: Callable[..., None], *arguments: Any) -> None:
    """Check at once; if the target is eventual, until it has converged."""
    eventual = kit.target.capabilities.eventual
    until = time.monotonic() + (kit.target.converges_within if eventual else 0.0)
    while True:
        try:
            return check(*arguments)
        except Violation:
            if not eventual or time.monotonic() > until:
                raise
        time.sleep(0.05)


def _check_is_persistent(kit: Kit) -> None:
    claimed = kit.target.capabilities.persistent
    if not kit.target.opens_alone:
        raise NotApplicable(
            "the target uses pytest's fixtures, which a new process does not have; DUR-1 tests "
            "what its instances share"
        )
    if claimed is None and not has(kit, "persistent"):
        raise NotApplicable(
            "a new process shows nothing of what another one saved (if it should, say that the "
            "target is `persistent`)"
        )
    require(kit, "persistent")


def _elsewhere(kit: Kit, *calls: tuple[Any, ...]) -> list[Answer]:
    try:
        return in_other_process(kit, *calls)
    except NotTested as reason:
        try:
            kit.instances.second()
        except OnlyOne as only:
            if only.__cause__ is not None:
                raise NotApplicable(f"it can be opened once at a time: {only}") from reason
        raise
