"""Services over HTTP with the optional methods, which hide an outage: FIND-4 and BULK."""

from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.faulting.controls import ServedWider
from gofannon_conformance.mutants.faulting.served import OVER_HTTP, Served, is_outage
from gofannon_conformance.mutants.mutant import Mutant, breaks

OUTAGES_OF_MANY: list[Mutant] = []


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


@breaks(OUTAGES_OF_MANY, "server_in_need_has_nothing_to_find", "FIND-4", **OVER_HTTP)
class NeedIsNothingFound(ServedWider):
    """find() raises where there is no answer, and finds nothing where the server says 500."""

    def scanned(self, db_name: str) -> list[dict[str, Any]]:
        try:
            return super().scanned(db_name)
        except HTTPException as error:
            if "answered" not in error.detail:
                raise
            return []


@breaks(OUTAGES_OF_MANY, "finding_ends_where_a_page_fails", "FIND-4", **OVER_HTTP)
class FoundSoFar(ServedWider):
    """find() gives what it has found so far when a later page cannot be had."""

    def scanned(self, db_name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            try:
                page = self.page(db_name, after)
            except HTTPException:
                if not found:
                    raise
                break
            found += [self.shown(entry) for entry in page["docs"]]
            after = page["next"]
        return found


@breaks(OUTAGES_OF_MANY, "outage_is_no_document_of_that_id", "FIND-4", **OVER_HTTP)
class FoundById(ServedWider):
    """find() by an `_id` goes by get(), and takes every error for a document that is not there."""

    def find(self, db_name: str, selector: dict[str, Any], *arguments: Any, **more: Any) -> Any:
        if (
            list(selector) == ["_id"]
            and isinstance(selector["_id"], str)
            and not (arguments or more)
        ):
            try:
                return [self.get(db_name, selector["_id"])]
            except HTTPException:
                return []
        return super().find(db_name, selector, *arguments, **more)


@breaks(OUTAGES_OF_MANY, "finding_has_no_time_out", "FIND-4", "FAULT-3", **OVER_HTTP)
class FoundInTime(ServedWider):
    """find() gives the server all the time that it needs."""

    def scanned(self, db_name: str) -> list[dict[str, Any]]:
        scan = Served.__new__(Served)
        scan.__dict__.update(self.__dict__, timeout=None, idle=[])
        return scan.list_all(db_name)


@breaks(OUTAGES_OF_MANY, "server_in_need_is_none_of_them", "BULK-4", **OVER_HTTP)
class NeedIsNoneOfThem(ServedWider):
    """get_many() raises where there is no answer; an answer that is not 200 is None."""

    def got_one(self, db_name: str, doc_id: str) -> dict[str, Any] | None:
        try:
            return super().got_one(db_name, doc_id)
        except HTTPException as error:
            if "answered" not in error.detail:
                raise
            return None


@breaks(OUTAGES_OF_MANY, "outage_in_their_midst_is_none_of_the_rest", "BULK-4", **OVER_HTTP)
class NoneOfTheRest(ServedWider):
    """get_many() gives what it has got so far when the server goes, and None for the rest."""

    def get_many(self, db_name: str, doc_ids: list[str]) -> dict[str, dict[str, Any] | None]:
        got: dict[str, dict[str, Any] | None] = dict.fromkeys(doc_ids)
        for doc_id in doc_ids:
            try:
                got[doc_id] = self.got_one(db_name, doc_id)
            except HTTPException:
                if not any(got.values()):
                    raise
                break
        return got


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


@breaks(OUTAGES_OF_MANY, "outage_in_their_midst_is_success", "BULK-1", **OVER_HTTP)
class SavedBeforeAnOutage(ServedWider):
    """save_many() looks at its first document only: if that was taken, all were."""

    def save_many(self, db_name: str, docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        entries = super().save_many(db_name, docs)
        if entries and entries[0]["ok"]:
            for entry in entries:
                if "did not answer" in entry.get("error", ""):
                    entry |= {"ok": True, "rev": "later"}
        return entries


@breaks(OUTAGES_OF_MANY, "throttled_bulk_delete_is_success", "BULK-3", **OVER_HTTP)
class ThrottledIsDeleted(ServedWider):
    """delete_many() trusts that a server that throttles will see to it."""

    def deleted_one(self, db_name: str, doc_id: str) -> dict[str, Any]:
        entry = super().deleted_one(db_name, doc_id)
        return {**entry, "ok": entry["ok"] or "429" in entry["error"]}
