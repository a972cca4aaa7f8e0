"""FIND-4 and BULK in trouble: the optional methods must not hide an outage either."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.bulk_checks import check_got
from gofannon_conformance.suite.faults_optional_trials import Optional, check, check_outage
from gofannon_conformance.suite.faults_optional_verdicts import right_deletes, right_saves
from gofannon_conformance.suite.faults_retries import check_save_many
from gofannon_conformance.suite.faults_scene import scene
from gofannon_conformance.suite.find_checks import Population, check_found
from gofannon_conformance.suite.optional import collection_for

if TYPE_CHECKING:
    from gofannon_conformance.calls import Answer
    from gofannon_conformance.suite.faults_optional_trials import Trial
    from gofannon_conformance.suite.faults_scene import Scene
    from gofannon_conformance.suite.kit import Kit

FEW = 2
"""Documents in one request, at least: one may fail where another does not."""

PAST_A_BATCH = 130
"""Ids in one request: more than any store takes at once by its usual limits of 25 and 100."""

MISSING = [f"nobody-{n}" for n in range(PAST_A_BATCH)]


class OptionalFaultTests(ContractTests):
    """The optional methods while the server is gone, mute or in need, from the start or later."""

    @clause("FIND-4", "FAULT-2", "FAULT-3", "FAULT-4", "FAULT-6", "ERR-1", "ERR-2")
    def test_finding_does_not_hide_an_outage(self, kit: Kit) -> None:
        collection_for(kit, "find")
        with scene(kit) as here:
            for selector in ({"_id": next(iter(here.docs))}, {"n": 1}):
                prepared = partial(_finding, here, selector)
                check_outage(here, Optional("find", "FIND-4", prepared, here.stock_small))
            prepared = partial(_finding, here, {})
            check(here, Optional("find", "FIND-4", prepared, here.stock_small))

    @clause("BULK-4", "FAULT-1", "FAULT-3", "FAULT-4", "FAULT-6", "ERR-1", "ERR-2")
    def test_getting_many_does_not_hide_an_outage(self, kit: Kit) -> None:
        collection_for(kit, "get_many")
        with scene(kit) as here:
            ids = [*here.docs, "nobody"]
            prepared = partial(_getting, here, ids)
            check(here, Optional("get_many", "BULK-4", prepared, partial(ids.extend, MISSING)))

    @clause("BULK-1", "FAULT-1", "FAULT-3", "FAULT-4", "FAULT-6", "ERR-1", "ERR-2")
    def test_saving_many_does_not_hide_an_outage(self, kit: Kit) -> None:
        collection_for(kit, "save_many")
        with scene(kit) as here:
            numbers = list(range(FEW))
            more = range(FEW, PAST_A_BATCH)
            prepared = partial(_saving, here, numbers)
            check(here, Optional("save_many", "BULK-1", prepared, partial(numbers.extend, more)))

    @clause("BULK-1", "FAULT-7")
    def test_saving_many_is_not_applied_again_after_others_changed_a_document(
        self, kit: Kit
    ) -> None:
        collection_for(kit, "save_many")
        with scene(kit) as here:
            check_save_many(here)

    @clause("BULK-3", "FAULT-1", "FAULT-3", "FAULT-4", "FAULT-6", "ERR-1", "ERR-2")
    def test_deleting_many_does_not_hide_an_outage(self, kit: Kit) -> None:
        collection_for(kit, "delete_many")
        with scene(kit) as here:
            missing: list[str] = []
            prepared = partial(_deleting, here, missing)
            enlarge = partial(missing.extend, MISSING)
            check(here, Optional("delete_many", "BULK-3", prepared, enlarge))


def _finding(here: Scene, selector: dict[str, Any]) -> Trial:
    def right(answer: Answer) -> None:
        shown = {doc_id: {**doc, "_id": doc_id} for doc_id, doc in here.docs.items()}
        check_found(answer, Population(here.docs, shown), selector, "FIND-4")

    return lambda: here.shelf.find(selector), right


def _getting(here: Scene, ids: list[str]) -> Trial:
    def right(answer: Answer) -> None:
        check_got(answer, ids, here.docs)

    return lambda: here.shelf.get_many(ids), right


def _saving(here: Scene, numbers: list[int]) -> Trial:
    request = here.some_number()
    docs = [{"_id": f"many-{request}-{n}", "n": n} for n in numbers]
    ids = [str(doc["_id"]) for doc in docs]
    return lambda: here.desk.save_many(docs), partial(right_saves, here, ids)


def _deleting(here: Scene, missing: list[str]) -> Trial:
    first, *others = [here.on_desk({"n": n}) for n in range(FEW)]
    ids = [first, *missing, *others]
    return lambda: here.desk.delete_many(ids), partial(right_deletes, here, ids)
