"""Services whose bulk methods mix up ids, or make changes that the other methods do not see."""

from copy import deepcopy
from functools import partial
from typing import Any

from gofannon_conformance.mutants.find.results import PutAside
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters
from gofannon_conformance.mutants.right import Complete
from gofannon_conformance.mutants.variants import around

BULKING_EXACT: list[Mutant] = [
    around("deleted_one", "delete_many_takes_numbers", "BULK-3",
           "An id that is no text deletes the document of its text.", takes=str),
    around("got_one", "get_many_takes_numbers", "BULK-4",
           "An id that is no text gets the document of its text.", takes=str),
]  # fmt: skip
row = partial(breaks, BULKING_EXACT)
alter = partial(alters, BULKING_EXACT)

Documents = list[dict[str, Any]]
Entry = dict[str, Any]
Found = dict[str, Any] | None


@alter("save_many", "save_many_takes_the_ids_away", "BULK-1")
def takes_ids(self: Complete, db_name: str, docs: Documents) -> list[Entry]:
    """save_many() removes `_id` from its caller's documents."""
    entries = Complete.save_many(self, db_name, docs)
    for doc in docs:
        doc.pop("_id", None)
    return entries


@alter("saved_one", "save_many_marks_what_it_refused", "BULK-1")
def marks_refused(self: Complete, db_name: str, doc: Any) -> Entry:
    """save_many() writes an error into a document of the caller's that it refused."""
    entry = Complete.saved_one(self, db_name, doc)
    if not entry["ok"]:
        doc["error"] = entry["error"]
    return entry


@row("save_many_knows_what_it_gave", "BULK-1")
class KnowsDicts(Complete):
    """save_many() does not save a dict object that get() returned."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        given = super().get(db_name, doc_id)
        self.memo[id(given)] = given
        return given

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        if id(doc) in self.memo:
            return {"ok": True, "id": doc["_id"], "rev": self.kept[db_name, doc["_id"]].rev}
        return super().saved_one(db_name, doc)


@row("save_many_takes_one_of_nearly_equal_ids", "BULK-1")
class FoldsIds(Complete):
    """Of documents in a request whose ids differ in their case, one is saved."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        last = {str(doc.get("_id")).lower(): doc for doc in docs}
        entries = [self.saved_one(db_name, last[str(doc.get("_id")).lower()]) for doc in docs]
        return [{**entry, "id": doc.get("_id")} for entry, doc in zip(entries, docs, strict=True)]


@alter("saved_one", "save_many_is_not_found", "BULK-1")
def saves_unfound(self: PutAside, db_name: str, doc: Any) -> Entry:
    """find() does not see what save_many() has replaced."""
    place = db_name, str(doc.get("_id"))
    before = [*self.memo.get(place, [])]
    entry = PutAside.saved_one(self, db_name, doc)
    if before:
        self.memo[place] = before
    return entry


@row("delete_many_is_still_found", "BULK-3")
class DeletesFound(PutAside):
    """find() still returns what delete_many() has deleted."""

    def deleted_one(self, db_name: str, doc_id: str) -> Entry:
        before = dict(self.memo)
        entry = super().deleted_one(db_name, doc_id)
        self.memo = before
        return entry


@alter("deleted_one", "delete_many_splits_at_commas", "BULK-3")
def splits_ids(self: Complete, db_name: str, doc_id: str) -> Entry:
    """delete_many() joins its ids with commas, so that an id with a comma is two."""
    for part in doc_id.split(","):
        if part:
            Complete.deleted_one(self, db_name, part)
    return Complete.deleted_one(self, db_name, doc_id)


@row("get_many_remembers", "BULK-4")
class GetsRemembered(Complete):
    """get_many() returns what it returned before, although it was replaced."""

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        self.memo.pop((db_name, doc_id), None)

    def got_one(self, db_name: str, doc_id: str) -> Found:
        found = super().got_one(db_name, doc_id)
        return found and deepcopy(self.memo.setdefault((db_name, doc_id), deepcopy(found)))


@alter("got_one", "get_many_remembers_what_was_missing", "BULK-4")
def remembers_missing(self: Complete, db_name: str, doc_id: str) -> Found:
    """get_many() returns None for what was missing once."""
    found = Complete.got_one(self, db_name, doc_id)
    if found is None:
        self.memo[db_name, doc_id] = None
    return self.memo.get((db_name, doc_id), found)


@row("get_many_shares_what_it_gave_twice", "BULK-4")
class SharesLate(Complete):
    """From the second time on, get_many() returns the document that it keeps."""

    def __init__(self) -> None:
        super().__init__()
        self.met: set[str] = set()

    def got_one(self, db_name: str, doc_id: str) -> Found:
        found = super().got_one(db_name, doc_id)
        if found is None or found["_rev"] not in self.met:
            self.met |= {found["_rev"]} if found else set()
            return found
        kept = self.memo.get((db_name, doc_id))
        if kept is None or kept.get("_rev") != found["_rev"]:
            self.memo[db_name, doc_id] = found
        return self.memo[db_name, doc_id]
