"""Services whose bulk methods take ids inexactly, or do what the other methods do not see."""

from copy import deepcopy
from functools import partial
from typing import Any

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Complete
from gofannon_conformance.mutants.wider.finding_results import PutAside

BULKING_EXACT: list[Mutant] = []
row = partial(breaks, BULKING_EXACT)

Ids = list[str]
Documents = list[dict[str, Any]]
Entry = dict[str, Any]
Found = dict[str, Any] | None


@row("save_many_takes_the_ids_away", "BULK-1")
class TakesIds(Complete):
    """save_many() takes `_id` out of its caller's documents."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        entries = super().save_many(db_name, docs)
        for doc in docs:
            doc.pop("_id", None)
        return entries


@row("save_many_marks_what_it_refused", "BULK-1")
class MarksRefused(Complete):
    """save_many() writes into a document of the caller's that it was refused."""

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        entry = super().saved_one(db_name, doc)
        if not entry["ok"]:
            doc["error"] = entry["error"]
        return entry


@row("save_many_knows_what_it_gave", "BULK-1")
class KnowsDicts(Complete):
    """A document that get() gave is known by its object, and not saved again by save_many()."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[Any] = []

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        self.given.append(super().get(db_name, doc_id))
        return self.given[-1]

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        if any(doc is given for given in self.given):
            return {"ok": True, "id": doc["_id"], "rev": self.kept[db_name, doc["_id"]].rev}
        return super().saved_one(db_name, doc)


@row("save_many_takes_one_of_nearly_equal_ids", "BULK-1")
class FoldsIds(Complete):
    """Of documents in a request whose ids differ in their case, one is saved."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        last = {str(doc.get("_id")).lower(): doc for doc in docs}
        entries = [self.saved_one(db_name, last[str(doc.get("_id")).lower()]) for doc in docs]
        return [{**entry, "id": doc.get("_id")} for entry, doc in zip(entries, docs, strict=True)]


@row("save_many_is_not_found", "BULK-1")
class SavesUnfound(PutAside):
    """find() does not see what save_many() has replaced."""

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        place = db_name, str(doc.get("_id"))
        before = [*self.index.get(place, [])]
        entry = super().saved_one(db_name, doc)
        if before:
            self.index[place] = before
        return entry


@row("delete_many_is_still_found", "BULK-3")
class DeletesFound(PutAside):
    """find() still shows what delete_many() has deleted."""

    def deleted_one(self, db_name: str, doc_id: str) -> Entry:
        before = dict(self.index)
        entry = super().deleted_one(db_name, doc_id)
        self.index = before
        return entry


@row("delete_many_deletes_what_is_below", "BULK-3")
class DeletesBelow(Complete):
    """delete_many() deletes with `a` what is `a:b`."""

    def deleted_one(self, db_name: str, doc_id: str) -> Entry:
        for kept in self.kept_in(db_name):
            if kept.doc_id.startswith(f"{doc_id}:"):
                del self.kept[db_name, kept.doc_id]
        return super().deleted_one(db_name, doc_id)


@row("delete_many_deletes_what_begins_so", "BULK-3")
class DeletesLongBeginnings(Complete):
    """delete_many() deletes what begins with an id, if that is a long one."""

    def deleted_one(self, db_name: str, doc_id: str) -> Entry:
        for kept in self.kept_in(db_name):
            if len(doc_id) > 12 and kept.doc_id.startswith(doc_id):
                del self.kept[db_name, kept.doc_id]
        return (
            {"ok": True, "id": doc_id} if len(doc_id) > 12 else super().deleted_one(db_name, doc_id)
        )


@row("delete_many_splits_at_commas", "BULK-3")
class SplitsIds(Complete):
    """delete_many() joins its ids with commas, so that an id with a comma is two."""

    def deleted_one(self, db_name: str, doc_id: str) -> Entry:
        for part in doc_id.split(","):
            if part:
                super().deleted_one(db_name, part)
        return super().deleted_one(db_name, doc_id)


@row("delete_many_takes_numbers", "BULK-3")
class DeletesNumbers(Complete):
    """An id that is no text deletes the document of its text."""

    def deleted_one(self, db_name: str, doc_id: str) -> Entry:
        return super().deleted_one(db_name, str(doc_id))


@row("get_many_takes_numbers", "BULK-4")
class GetsNumbers(Complete):
    """An id that is no text gets the document of its text."""

    def got_one(self, db_name: str, doc_id: str) -> Found:
        return super().got_one(db_name, str(doc_id))


@row("get_many_takes_ids_in_any_case", "BULK-4")
class GetsAnyCase(Complete):
    """A missing id gets the document of another case."""

    def got_one(self, db_name: str, doc_id: str) -> Found:
        found = super().got_one(db_name, doc_id)
        alike = [k.doc_id for k in self.kept_in(db_name) if k.doc_id.lower() == doc_id.lower()]
        return super().got_one(db_name, alike[0]) if alike and found is None else found


class Remembering(Complete):
    """Remembers what get_many() gave, by collection and id."""

    def __init__(self) -> None:
        super().__init__()
        self.remembered: dict[tuple[str, str], Found] = {}


@row("get_many_remembers", "BULK-4")
class GetsRemembered(Remembering):
    """get_many() gives what it gave before, although it was replaced."""

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        self.remembered.pop((db_name, doc_id), None)

    def got_one(self, db_name: str, doc_id: str) -> Found:
        found = super().got_one(db_name, doc_id)
        return found and deepcopy(self.remembered.setdefault((db_name, doc_id), deepcopy(found)))


@row("get_many_remembers_what_was_missing", "BULK-4")
class RemembersMissing(Remembering):
    """get_many() gives None for what was missing once."""

    def got_one(self, db_name: str, doc_id: str) -> Found:
        found = super().got_one(db_name, doc_id)
        if found is None:
            self.remembered[db_name, doc_id] = None
        return self.remembered.get((db_name, doc_id), found)


@row("get_many_shares_what_it_gave_twice", "BULK-4")
class SharesLate(Remembering):
    """From the second time on, get_many() gives the document that it keeps."""

    def __init__(self) -> None:
        super().__init__()
        self.met: set[str] = set()

    def got_one(self, db_name: str, doc_id: str) -> Found:
        found = super().got_one(db_name, doc_id)
        if found is None or found["_rev"] not in self.met:
            self.met |= {found["_rev"]} if found else set()
            return found
        kept = self.remembered.get((db_name, doc_id))
        if kept is None or kept.get("_rev") != found["_rev"]:
            self.remembered[db_name, doc_id] = found
        return self.remembered[db_name, doc_id]
