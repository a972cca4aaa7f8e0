"""FIND-4 and BULK under faults: the optional methods must not hide an outage either."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from gofannon_conformance.run.optional import collection_for
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.bulk.checks import check_got
from gofannon_conformance.suite.faults.optional.checks import right_deletes, right_saves
from gofannon_conformance.suite.faults.optional.trials import OptionalMethod, check, check_outage
from gofannon_conformance.suite.faults.retries import check_save_many
from gofannon_conformance.suite.faults.scene import open_scene
from gofannon_conformance.suite.find.checks import Population, check_found

if TYPE_CHECKING:
    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.suite.faults.optional.trials import Trial
    from gofannon_conformance.suite.faults.scene import Scene

FEW = 2
"""Documents in one request, at least: one may fail and another not."""

PAST_A_BATCH = 130
"""Ids in one request: more than the usual limits of stores, 25 and 100."""

MISSING = [f"nobody-{n}" for n in range(PAST_A_BATCH)]


class OptionalFaultTests(ContractTests):
    """The optional methods when the server is gone, mute or overloaded, from the start or later."""

    @clause("FIND-4", "FAULT-2", "FAULT-3", "FAULT-4", "FAULT-6", "ERR-1", "ERR-2")
    def test_finding_does_not_hide_an_outage(self, kit: Kit) -> None:
        collection_for(kit, "find")
        with open_scene(kit) as scene:
            enlarge = scene.save_many_stable
            for selector in ({"_id": next(iter(scene.docs))}, {"n": 1}):
                prepare = partial(_finding, scene, selector)
                check_outage(scene, OptionalMethod("find", "FIND-4", prepare, enlarge))
            check(scene, OptionalMethod("find", "FIND-4", partial(_finding, scene, {}), enlarge))

    @clause("BULK-4", "FAULT-1", "FAULT-3", "FAULT-4", "FAULT-6", "ERR-1", "ERR-2")
    def test_getting_many_does_not_hide_an_outage(self, kit: Kit) -> None:
        collection_for(kit, "get_many")
        with open_scene(kit) as scene:
            ids = [*scene.docs, "nobody"]
            enlarge = partial(ids.extend, MISSING)
            prepare = partial(_getting, scene, ids)
            check(scene, OptionalMethod("get_many", "BULK-4", prepare, enlarge))

    @clause("BULK-1", "FAULT-1", "FAULT-3", "FAULT-4", "FAULT-6", "ERR-1", "ERR-2")
    def test_saving_many_does_not_hide_an_outage(self, kit: Kit) -> None:
        collection_for(kit, "save_many")
        with open_scene(kit) as scene:
            numbers = list(range(FEW))
            enlarge = partial(numbers.extend, range(FEW, PAST_A_BATCH))
            prepare = partial(_saving, scene, numbers)
            check(scene, OptionalMethod("save_many", "BULK-1", prepare, enlarge))

    @clause("BULK-1", "FAULT-7")
    def test_saving_many_is_not_applied_again_after_others_changed_a_document(
        self, kit: Kit
    ) -> None:
        collection_for(kit, "save_many")
        with open_scene(kit) as scene:
            check_save_many(scene)

    @clause("BULK-3", "FAULT-1", "FAULT-3", "FAULT-4", "FAULT-6", "ERR-1", "ERR-2")
    def test_deleting_many_does_not_hide_an_outage(self, kit: Kit) -> None:
        collection_for(kit, "delete_many")
        with open_scene(kit) as scene:
            missing: list[str] = []
            enlarge = partial(missing.extend, MISSING)
            prepare = partial(_deleting, scene, missing)
            check(scene, OptionalMethod("delete_many", "BULK-3", prepare, enlarge))


def _finding(scene: Scene, selector: dict[str, Any]) -> Trial:
    def right(answer: Answer) -> None:
        listed = {doc_id: {**doc, "_id": doc_id} for doc_id, doc in scene.docs.items()}
        check_found(answer, Population(scene.docs, listed), selector, "FIND-4")

    return lambda: scene.stable.find(selector), right


def _getting(scene: Scene, ids: list[str]) -> Trial:
    def right(answer: Answer) -> None:
        check_got(answer, ids, scene.docs)

    return lambda: scene.stable.get_many(ids), right


def _saving(scene: Scene, numbers: list[int]) -> Trial:
    request = scene.next_number()
    docs = [{"_id": f"many-{request}-{n}", "n": n} for n in numbers]
    ids = [str(doc["_id"]) for doc in docs]
    return lambda: scene.scratch.save_many(docs), partial(right_saves, scene, ids)


def _deleting(scene: Scene, missing: list[str]) -> Trial:
    first, *others = [scene.save_scratch({"n": n}) for n in range(FEW)]
    ids = [first, *missing, *others]
    return lambda: scene.scratch.delete_many(ids), partial(right_deletes, scene, ids)
