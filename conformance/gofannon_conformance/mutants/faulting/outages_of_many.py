"""Services over HTTP with the optional methods, which hide an outage: FIND-4 and BULK."""

from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.faulting.served import OVER_HTTP, Served, is_outage
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right.complete import Wider

OUTAGES_OF_MANY: list[Mutant] = []


class ServedWider(Wider, Served):
    """Has every method, each made of the four."""


@breaks(OUTAGES_OF_MANY, "outage_is_nothing_found", "FIND-4", **OVER_HTTP)
class NothingFound(ServedWider):
    """find() that meets no server has found nothing."""

    def scanned(self, db_name: str) -> list[dict[str, Any]]:
        try:
            return super().scanned(db_name)
        except HTTPException as error:
            if not is_outage(error):
                raise
            return []


@breaks(OUTAGES_OF_MANY, "outage_of_many_is_none_of_them", "BULK-4", **OVER_HTTP)
class NoneOfThem(ServedWider):
    """get_many() takes an error of any kind for "there is no such document"."""

    def got_one(self, db_name: str, doc_id: str) -> dict[str, Any] | None:
        try:
            return self.get(db_name, doc_id)
        except HTTPException:
            return None


@breaks(OUTAGES_OF_MANY, "outage_of_a_bulk_save_is_success", "BULK-1", **OVER_HTTP)
class SavedInAnOutage(ServedWider):
    """save_many() fires its requests, and does not look whether they were answered."""

    def saved_one(self, db_name: str, doc: Any) -> dict[str, Any]:
        entry = super().saved_one(db_name, doc)
        unanswered = "did not answer" in entry.get("error", "")
        return {"ok": True, "id": entry["id"], "rev": "later"} if unanswered else entry


@breaks(OUTAGES_OF_MANY, "outage_of_a_bulk_delete_is_success", "BULK-3", **OVER_HTTP)
class DeletedInAnOutage(ServedWider):
    """delete_many() takes what it cannot delete for what is not there."""

    def deleted_one(self, db_name: str, doc_id: str) -> dict[str, Any]:
        return {**super().deleted_one(db_name, doc_id), "ok": True}
