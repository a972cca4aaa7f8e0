"""Services over HTTP with the optional methods, which hide an outage: FIND-4 and BULK."""

from functools import partial
from typing import Any

from gofannon_conformance.mutants.faults.base import (
    OVER_HTTP,
    Served,
    hides,
    hiding,
    is_any,
    is_outage,
    is_overload,
)
from gofannon_conformance.mutants.faults.controls import ServedWider
from gofannon_conformance.mutants.faults.outages import PageFails
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters

OUTAGES_OF_MANY: list[Mutant] = []
alter = partial(alters, OUTAGES_OF_MANY)

# --- find() ---------------------------------------------------------------------------------------


@breaks(OUTAGES_OF_MANY, "outage_is_nothing_found", "FIND-4", **OVER_HTTP)
@hides("scanned", is_outage, [])
class NothingFound(ServedWider):
    """find() in an outage has found nothing."""


@breaks(OUTAGES_OF_MANY, "overload_is_nothing_found", "FIND-4", **OVER_HTTP)
@hides("scanned", is_overload, [])
class OverloadIsNothingFound(ServedWider):
    """find() raises if there is no answer, and finds nothing if the server answers 500."""


@alter("scanned", "finding_ends_where_a_page_fails", "FIND-4", **OVER_HTTP)
def found_so_far(self: ServedWider, db_name: str) -> list[dict[str, Any]]:
    """find() returns what it has found so far when a later page fails."""
    scan = PageFails.__new__(PageFails)
    scan.__dict__.update(self.__dict__)
    return scan.list_all(db_name)


@breaks(OUTAGES_OF_MANY, "outage_is_no_document_of_that_id", "FIND-4", **OVER_HTTP)
class FoundById(ServedWider):
    """find() by an `_id` uses get(), and takes every error for a missing document."""

    def find(self, db_name: str, selector: dict[str, Any], *arguments: Any, **more: Any) -> Any:
        doc_id = selector.get("_id")
        if list(selector) != ["_id"] or not isinstance(doc_id, str) or arguments or more:
            return super().find(db_name, selector, *arguments, **more)
        with hiding(is_any):
            return [self.get(db_name, doc_id)]
        return []


@alter("scanned", "finding_has_no_time_out", "FIND-4", "FAULT-3", **OVER_HTTP)
def found_in_time(self: ServedWider, db_name: str) -> list[dict[str, Any]]:
    """find() has no time-out."""
    scan = Served.__new__(Served)
    scan.__dict__.update(self.__dict__, timeout=None, idle=[])
    return scan.list_all(db_name)


# --- get_many() -----------------------------------------------------------------------------------


@breaks(OUTAGES_OF_MANY, "outage_of_many_is_none_of_them", "BULK-4", **OVER_HTTP)
@hides("got_one", is_any, None)
class NoneOfThem(ServedWider):
    """get_many() takes an error of any kind for "there is no such document"."""


@breaks(OUTAGES_OF_MANY, "overload_is_none_of_them", "BULK-4", **OVER_HTTP)
@hides("got_one", is_overload, None)
class OverloadIsNoneOfThem(ServedWider):
    """get_many() raises if there is no answer; an answer that is not 200 is None."""


@breaks(OUTAGES_OF_MANY, "outage_in_their_midst_is_none_of_the_rest", "BULK-4", **OVER_HTTP)
class NoneOfTheRest(ServedWider):
    """get_many() returns what it has read before the outage, and None for the rest."""

    def get_many(self, db_name: str, doc_ids: list[str]) -> dict[str, dict[str, Any] | None]:
        got: dict[str, dict[str, Any] | None] = dict.fromkeys(doc_ids)
        with hiding(lambda error: any(got.values())):
            for doc_id in doc_ids:
                got[doc_id] = self.got_one(db_name, doc_id)
        return got


# --- save_many() and delete_many() ----------------------------------------------------------------


@alter("saved_one", "outage_of_a_bulk_save_is_success", "BULK-1", **OVER_HTTP)
def saved_in_an_outage(self: ServedWider, db_name: str, doc: Any) -> dict[str, Any]:
    """save_many() does not look whether its requests were answered."""
    entry = ServedWider.saved_one(self, db_name, doc)
    unanswered = "did not answer" in entry.get("error", "")
    return {"ok": True, "id": entry["id"], "rev": "later"} if unanswered else entry


@alter("deleted_one", "outage_of_a_bulk_delete_is_success", "BULK-3", **OVER_HTTP)
def deleted_in_an_outage(self: ServedWider, db_name: str, doc_id: str) -> dict[str, Any]:
    """delete_many() takes what it cannot delete for missing."""
    return {**ServedWider.deleted_one(self, db_name, doc_id), "ok": True}


@breaks(OUTAGES_OF_MANY, "outage_in_their_midst_is_success", "BULK-1", **OVER_HTTP)
class SavedBeforeAnOutage(ServedWider):
    """save_many() looks at its first document only: if that was saved, all were."""

    def save_many(self, db_name: str, docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        entries = super().save_many(db_name, docs)
        if entries and entries[0]["ok"]:
            for entry in entries:
                if "did not answer" in entry.get("error", ""):
                    entry |= {"ok": True, "rev": "later"}
        return entries


@alter("deleted_one", "throttled_bulk_delete_is_success", "BULK-3", **OVER_HTTP)
def throttled_is_deleted(self: ServedWider, db_name: str, doc_id: str) -> dict[str, Any]:
    """delete_many() reports success for what a server throttles."""
    entry = ServedWider.deleted_one(self, db_name, doc_id)
    return {**entry, "ok": entry["ok"] or "429" in entry["error"]}
