"""FIND-4 and BULK when the server is gone: the optional methods must not hide an outage either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.faults import Refuse
from gofannon_conformance.suite import faults_verdicts
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.faults_scene import scene
from gofannon_conformance.suite.optional import collection_for
from gofannon_conformance.violation import violation

if TYPE_CHECKING:
    from gofannon_conformance.calls import Answer
    from gofannon_conformance.suite.kit import Kit

TROUBLE = "the server is gone"


class OptionalFaultTests(ContractTests):
    """The optional methods while the server is gone: nothing is done, and that is said."""

    @clause("FIND-4", "FAULT-2", "ERR-1")
    def test_finding_raises_when_the_server_is_gone(self, kit: Kit) -> None:
        collection_for(kit, "find")
        with scene(kit) as here, kit.cases() as cases:
            here.ends(lambda: here.shelf.find({}))
            with here.trouble(Refuse(), TROUBLE):
                found = {
                    "everything": here.ends(lambda: here.shelf.find({}), "FIND-4"),
                    "some": here.ends(lambda: here.shelf.find({"n": 1}), "FIND-4"),
                }
            for label, answer in found.items():
                with cases.case(f"find() of {label}"):
                    faults_verdicts.outage(answer, "FIND-4", TROUBLE)
            with cases.case("afterwards"):
                here.recovers(TROUBLE, thorough=False)

    @clause("BULK-4", "FAULT-1", "ERR-1")
    def test_getting_many_raises_when_the_server_is_gone(self, kit: Kit) -> None:
        collection_for(kit, "get_many")
        with scene(kit) as here:
            ids = [here.some_id(), "nobody"]
            here.ends(lambda: here.shelf.get_many(ids))
            with here.trouble(Refuse(), TROUBLE):
                answer = here.ends(lambda: here.shelf.get_many(ids), "BULK-4")
            faults_verdicts.outage(answer, "BULK-4", TROUBLE)
            here.recovers(TROUBLE, thorough=False)

    @clause("BULK-1", "FAULT-1", "ERR-1")
    def test_saving_many_reports_that_the_server_is_gone(self, kit: Kit) -> None:
        collection_for(kit, "save_many")
        with scene(kit) as here:
            docs = [{"_id": f"lost-{n}", "n": n} for n in range(3)]
            with here.trouble(Refuse(), TROUBLE):
                answer = here.ends(lambda: here.desk.save_many(docs), "BULK-1")
            _check_nothing_done(answer, "BULK-1")
            here.recovers(TROUBLE, thorough=False)

    @clause("BULK-3", "FAULT-1", "ERR-1")
    def test_deleting_many_reports_that_the_server_is_gone(self, kit: Kit) -> None:
        collection_for(kit, "delete_many")
        with scene(kit) as here:
            ids = [here.on_desk({"n": n}) for n in range(3)]
            with here.trouble(Refuse(), TROUBLE):
                answer = here.ends(lambda: here.desk.delete_many(ids), "BULK-3")
            _check_nothing_done(answer, "BULK-3")
            here.recovers(TROUBLE, thorough=False)


def _check_nothing_done(answer: Answer, clause_id: str) -> None:
    """The call must raise, or say of each document that it failed."""
    if answer.error is not None:
        faults_verdicts.outage(answer, clause_id, TROUBLE)
        return
    entries: list[Any] = answer.value if isinstance(answer.value, list) else []
    if not entries or any(not isinstance(e, dict) or e.get("ok") is not False for e in entries):
        raise violation(
            clause_id,
            f"{answer.call.method}() reported success although {TROUBLE}",
            answer=answer,
            expected="an HTTPException of 5xx, or a failed entry for each document",
        )
