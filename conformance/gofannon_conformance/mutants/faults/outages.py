"""Services over HTTP that hide that their server is gone, or overloaded: FAULT-1, -2 and -6."""

from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.faults.base import (
    OVER_HTTP,
    Served,
    hides,
    hiding,
    is_any,
    is_outage,
    is_overload,
)
from gofannon_conformance.mutants.faults.controls import Plain
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters

OUTAGES: list[Mutant] = []
alter = partial(alters, OUTAGES)

# --- get(), save() and delete() -------------------------------------------------------------------


@alter("get", "outage_is_404_in_get", "FAULT-1", **OVER_HTTP)
def outage_is404(self: Served, db_name: str, doc_id: str) -> dict[str, Any]:
    """An error of any kind in get() is "there is no such document"."""
    with hiding(is_any):
        return Served.get(self, db_name, doc_id)
    raise HTTPException(404, f"there is no {doc_id} in {db_name}")


@breaks(OUTAGES, "outage_is_a_silent_delete", "FAULT-1", **OVER_HTTP)
@hides("delete", is_outage, None)
class DeleteSilent(Served):
    """delete() in an outage takes the document for deleted."""


@alter("save", "saves_are_put_off_in_an_outage", "FAULT-1", **OVER_HTTP)
def write_behind(self: Served, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """save() in an outage keeps the document for later, and says that it is saved."""
    with hiding(is_outage):
        return Served.save(self, db_name, doc_id, doc)
    return {"id": doc_id, "rev": "later"}


@alter("get", "outage_shows_what_was_read_last", "FAULT-1", **OVER_HTTP)
def own_reads(self: Served, db_name: str, doc_id: str) -> dict[str, Any]:
    """get() in an outage returns what it returned last."""
    with hiding(lambda error: is_outage(error) and (db_name, doc_id) in self.memo):
        self.memo[db_name, doc_id] = Served.get(self, db_name, doc_id)
    return dict(self.memo[db_name, doc_id])


@alter("get", "outage_of_what_was_missing_is_404", "FAULT-1", **OVER_HTTP)
def still_missing(self: Served, db_name: str, doc_id: str) -> dict[str, Any]:
    """get() in an outage is 404 for a document that was missing before."""
    try:
        found = Served.get(self, db_name, doc_id)
    except HTTPException as error:
        if error.status_code == 404:
            self.memo[db_name, doc_id] = "missing"
        elif (db_name, doc_id) in self.memo:
            raise HTTPException(404, "it was not there the last time") from None
        raise
    self.memo.pop((db_name, doc_id), None)
    return found


@alter("lost", "outage_is_400", "FAULT-1", "ERR-2", **OVER_HTTP)
def outage_is400(self: Served, error: Exception) -> HTTPException:
    """An outage is reported as the caller's mistake."""
    return HTTPException(400, "the request could not be sent")


@breaks(OUTAGES, "connection_error_escapes", "FAULT-1", "ERR-1", **OVER_HTTP)
class Escapes(Plain):
    """The client's error that there is no connection escapes."""

    broken_off = ()


@breaks(OUTAGES, "outage_of_an_unseen_collection_is_404", "FAULT-1", **OVER_HTTP)
class UnseenIs404(Served):
    """A collection that was not used before the outage is taken for a missing one."""

    def request(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        collection = path[1:].partition("/")[0].partition("?")[0]
        unseen = method != "PUT" and collection not in self.memo
        with hiding(lambda error: is_outage(error) and unseen):
            answer = super().request(method, path, body)
            self.memo[collection] = "seen"
            return answer
        raise HTTPException(404, "there is no such collection")


# --- list_all() -----------------------------------------------------------------------------------


@breaks(OUTAGES, "outage_is_an_empty_list", "FAULT-2", **OVER_HTTP)
@hides("list_all", is_any, [])
class OutageIsEmpty(Served):
    """list_all() returns an empty list for any error, as the guides' samples do."""


@breaks(OUTAGES, "refused_connection_is_an_empty_list", "FAULT-2", **OVER_HTTP)
@hides("list_all", lambda error: "ConnectionRefusedError" in error.detail, [])
class RefusalIsEmpty(Served):
    """Only a refused connection makes list_all() empty: without a store there are no documents."""


@breaks(OUTAGES, "outage_of_an_unseen_collection_is_an_empty_list", "FAULT-2", **OVER_HTTP)
@hides("list_all", lambda error: error.status_code == 404, [])
class UnseenIsEmpty(UnseenIs404):
    """list_all() of a collection that was not used before the outage is empty."""


@breaks(OUTAGES, "listing_ends_where_a_page_fails", "FAULT-2", "FAULT-4", **OVER_HTTP)
class PageFails(Served):
    """A failed page is the end of the listing, if there was one before."""

    def page(self, db_name: str, after: str) -> dict[str, Any]:
        with hiding(lambda error: after != ""):
            return super().page(db_name, after)
        return {"docs": [], "next": None}


# --- an overloaded server -------------------------------------------------------------------------


@alter("overloaded", "throttling_is_404", "FAULT-6", "ERR-2", **OVER_HTTP)
def throttled_is404(self: Served, status: int) -> HTTPException:
    """Every status of 4xx is "not found"."""
    return HTTPException(404 if status == 429 else 502, "the store gives nothing")


@breaks(OUTAGES, "overload_is_an_empty_list", "FAULT-6", **OVER_HTTP)
@hides("page", is_overload, {"docs": [], "next": None})
class OverloadIsEmpty(Served):
    """A status that is not 200 is a page without documents."""


@alter("overloaded", "server_error_is_400", "FAULT-6", "ERR-2", **OVER_HTTP)
def overload_is400(self: Served, status: int) -> HTTPException:
    """A 500 of the server is reported as the caller's mistake."""
    return HTTPException(400 if status == 500 else 503, "the store refused it")


@breaks(OUTAGES, "overload_is_a_silent_delete", "FAULT-6", **OVER_HTTP)
@hides("delete", is_overload, None)
class OverloadIsSilent(Served):
    """delete() ignores the status of the answer."""


@breaks(OUTAGES, "throttled_save_is_taken_for_done", "FAULT-6", **OVER_HTTP)
class ThrottledIsDone(Served):
    """A save() that is throttled is reported as done."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with hiding(lambda error: error.status_code == 429):
            return super().save(db_name, doc_id, doc)
        return {"id": doc_id, "rev": "soon"}
