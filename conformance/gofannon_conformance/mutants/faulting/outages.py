"""Services over HTTP that hide that their server is gone: FAULT-1 and FAULT-2."""

import threading
from collections.abc import Callable
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.faulting.controls import Plain
from gofannon_conformance.mutants.faulting.served import OVER_HTTP, Served, is_outage
from gofannon_conformance.mutants.mutant import Mutant, T, breaks
from gofannon_conformance.servers.endpoint import Endpoint

OUTAGES: list[Mutant] = []


def row(name: str, *clauses: str) -> Callable[[T], T]:
    """Enter a service over HTTP."""
    return breaks(OUTAGES, name, *clauses, **OVER_HTTP)


# --- get(), save() and delete() -------------------------------------------------------------------


@row("outage_is_404_in_get", "FAULT-1")
class OutageIs404(Served):
    """An error of any kind in get() is "there is no such document"."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        try:
            return super().get(db_name, doc_id)
        except HTTPException:
            raise HTTPException(404, f"there is no {doc_id} in {db_name}") from None


@row("outage_is_a_silent_delete", "FAULT-1")
class DeleteSilent(Served):
    """delete() that meets no server takes the document for deleted."""

    def delete(self, db_name: str, doc_id: str) -> None:
        try:
            super().delete(db_name, doc_id)
        except HTTPException as error:
            if not is_outage(error):
                raise


@row("saves_are_put_off_in_an_outage", "FAULT-1")
class WriteBehind(Served):
    """save() that meets no server keeps the document for later, and says that it is saved."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        try:
            return super().save(db_name, doc_id, doc)
        except HTTPException as error:
            if not is_outage(error):
                raise
            return {"id": doc_id, "rev": "later"}


@row("outage_shows_what_was_read_last", "FAULT-1")
class Cached(Served):
    """get() shows what it showed last when the server is gone."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.cache: dict[tuple[str, str], dict[str, Any]] = {}

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        try:
            self.cache[db_name, doc_id] = super().get(db_name, doc_id)
        except HTTPException as error:
            if not is_outage(error) or (db_name, doc_id) not in self.cache:
                raise
        return dict(self.cache[db_name, doc_id])


@row("outage_shows_what_it_saved_itself", "FAULT-1")
class OwnWrites(Cached):
    """get() shows what this service has saved itself when the server is gone."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        try:
            return Served.get(self, db_name, doc_id)
        except HTTPException as error:
            if not is_outage(error) or (db_name, doc_id) not in self.cache:
                raise
        return dict(self.cache[db_name, doc_id])

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        saved = super().save(db_name, doc_id, doc)
        self.cache[db_name, doc_id] = {**doc, "_id": doc_id}
        return saved


@row("outage_of_what_was_missing_is_404", "FAULT-1")
class StillMissing(Served):
    """get() of what was not there a moment ago is 404 when the server is gone."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.absent: set[tuple[str, str]] = set()

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        try:
            found = super().get(db_name, doc_id)
        except HTTPException as error:
            if error.status_code == 404:
                self.absent.add((db_name, doc_id))
            elif (db_name, doc_id) in self.absent:
                raise HTTPException(404, "it was not there the last time") from None
            raise
        self.absent.discard((db_name, doc_id))
        return found


@row("outage_is_400", "FAULT-1", "ERR-2")
class OutageIs400(Served):
    """An outage is called the caller's mistake."""

    def lost(self, error: Exception) -> HTTPException:
        return HTTPException(400, "the request could not be sent")


@row("connection_error_escapes", "FAULT-1", "ERR-1")
class Escapes(Plain):
    """The client's error that there is no connection escapes."""

    broken_off = ()


class Remembers(Served):
    """Remembers which collections it has seen."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.seen: set[str] = set()

    def ask(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        collection = path[1:].partition("/")[0].partition("?")[0]
        try:
            answer = super().ask(method, path, body)
        except HTTPException as error:
            if is_outage(error) and method != "PUT" and collection not in self.seen:
                raise HTTPException(404, "there is no such collection") from None
            raise
        self.seen.add(collection)
        return answer


@row("outage_of_an_unseen_collection_is_404", "FAULT-1")
class UnseenIs404(Remembers):
    """A collection that was not met before the server went is taken for one that is not there."""


# --- list_all() -----------------------------------------------------------------------------------


@row("outage_is_an_empty_list", "FAULT-2")
class OutageIsEmpty(Served):
    """list_all() gives an empty list for any error, as the guides' samples do."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        try:
            return super().list_all(db_name)
        except HTTPException:
            return []


@row("refused_connection_is_an_empty_list", "FAULT-2")
class RefusalIsEmpty(Served):
    """Only a refused connection makes list_all() empty: there is no store, so there is nothing."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.refused = threading.local()

    def lost(self, error: Exception) -> HTTPException:
        self.refused.so = isinstance(error, ConnectionRefusedError)
        return super().lost(error)

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        try:
            return super().list_all(db_name)
        except HTTPException:
            if not self.refused.so:
                raise
            return []


@row("outage_of_an_unseen_collection_is_an_empty_list", "FAULT-2")
class UnseenIsEmpty(Remembers):
    """list_all() of a collection that was not met before the server went is empty."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        try:
            return super().list_all(db_name)
        except HTTPException as error:
            if error.status_code == 404:
                return []
            raise


@row("listing_ends_where_a_page_fails", "FAULT-2", "FAULT-4")
class PageFails(Served):
    """A page that cannot be had is the end of the listing, if there was one before."""

    def entries(self, db_name: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            try:
                page = self.page(db_name, after)
            except HTTPException:
                if not entries:
                    raise
                break
            entries += page["docs"]
            after = page["next"]
        return entries
