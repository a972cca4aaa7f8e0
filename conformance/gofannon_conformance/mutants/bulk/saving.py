"""Services that save many documents wrongly: BULK-1, BULK-2 and BULK-5."""

from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters
from gofannon_conformance.mutants.right import Complete
from gofannon_conformance.mutants.variants import Change, around, is_unwritten, raising

Documents = list[dict[str, Any]]
Entry = dict[str, Any]


def nameless_dropped(docs: Any) -> Any:
    if isinstance(docs, list) and all(isinstance(doc, dict) for doc in docs):
        return [{name: v for name, v in doc.items() if name != ""} for doc in docs]
    return docs


def once_for_each_id(entries: list[Entry]) -> list[Entry]:
    once = {e["id"] if isinstance(e["id"], str) else n: e for n, e in enumerate(entries)}
    return [*once.values()]


def refused_with(error: Change) -> Change:
    """Return a change of the `error` of a failed entry."""
    return lambda entry: entry if entry["ok"] else {**entry, "error": error(entry["error"])}


save_many = partial(around, "save_many")
saved_one = partial(around, "saved_one")
TELLING = "could not write to postgresql://kit:hunter2hunter2@db.example/app"

BULKING_SAVING: list[Mutant] = [
    save_many("save_many_entries_by_id", "BULK-1",
              "The entries of save_many() are in the order of the ids.",
              gives=lambda entries: sorted(entries, key=lambda entry: str(entry["id"]))),
    save_many("save_many_drops_nameless_fields", "BULK-1",
              "save_many() leaves out a field whose name is empty, which save() keeps.",
              takes=nameless_dropped),
    save_many("save_many_gives_a_dict", "BULK-1", "save_many() returns a dict of entries.",
              gives=lambda entries: {str(entry["id"]): entry for entry in entries}),
    save_many("save_many_entries_once_for_each_id", "BULK-1 BULK-5",
              "For two documents with one id, save_many() returns one entry.",
              gives=once_for_each_id),
    save_many("save_many_first_of_two_wins", "BULK-1 BULK-5",
              "Of two documents with one id in a request, the first is stored.",
              takes=lambda docs: docs[::-1], gives=lambda entries: entries[::-1]),
    saved_one("save_many_entry_without_rev", "BULK-1", "The entries of save_many() have no `rev`.",
              gives=lambda entry: {k: v for k, v in entry.items() if k != "rev"}),
    saved_one("save_many_entry_of_another_revision", "BULK-1",
              "The `rev` of an entry is not the one that get() returns.",
              gives=lambda entry: {**entry, "rev": "0-r"} if entry["ok"] else entry),
    saved_one("save_many_says_ok_by_number", "BULK-1", "`ok` is 1 or 0.",
              gives=lambda entry: {**entry, "ok": int(entry["ok"])}),
    saved_one("save_many_gives_the_exception", "BULK-1", "`error` is the exception itself.",
              gives=refused_with(lambda error: HTTPException(400, error))),
    saved_one("save_many_tells_a_secret", "BULK-1",
              "`error` shows the address of the store, with its password.",
              gives=refused_with(lambda _: TELLING)),
    saved_one("save_many_makes_ids", "BULK-2", "A document without `_id` is saved under a new one.",
              takes=lambda doc: {**doc, "_id": doc.get("_id") or uuid4().hex}),
    saved_one("save_many_takes_any_id", "BULK-2", "An `_id` that is no text is saved as text.",
              takes=lambda doc: {**doc, "_id": str(doc["_id"])} if doc.get("_id") else doc),
    saved_one("save_many_needs_ids", "BULK-2 ERR-1", "A document without `_id` raises KeyError.",
              takes=lambda doc: {**doc, "_id": doc["_id"]}),
    raising("save_many", "save_many_creates_no_collection", "BULK-1",
            "save_many() into a collection that was never written is 404.",
            when=is_unwritten, error=HTTPException(404, "there is no such collection")),
    raising("save_many", "save_many_takes_500_at_most", "BULK-5",
            "More than 500 documents are refused.", when=lambda _, db_name, docs: len(docs) > 500,
            error=HTTPException(413, "too many documents")),
    save_many("save_many_passes_over_what_has_no_id", "BULK-2",
              "A document without `_id` is skipped, and has no entry.",
              takes=lambda docs: [doc for doc in docs if "_id" in doc]),
]  # fmt: skip
row = partial(breaks, BULKING_SAVING)
alter = partial(alters, BULKING_SAVING)


@row("save_many_merges", "BULK-1")
class Merges(Complete):
    """save_many() merges a document into the earlier version."""

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        doc_id = doc.get("_id")
        there = self.kept.get((db_name, doc_id)) if isinstance(doc_id, str) else None
        return super().saved_one(db_name, {**self.read(there.text), **doc} if there else doc)


@row("save_many_keeps_the_dicts", "BULK-1")
class KeepsDicts(Complete):
    """save_many() keeps the caller's values themselves, not copies."""

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        entry = super().saved_one(db_name, doc)
        if entry["ok"]:
            place = db_name, doc["_id"]
            own = {k: v for k, v in doc.items() if k[:1] != "_"}
            self.kept[place] = replace(self.kept[place], text=own)
        return entry

    def read(self, text: Any) -> Any:
        return deepcopy(text) if isinstance(text, dict) else super().read(text)


@alter("save_many", "save_many_empties_its_list", "BULK-1")
def empties_arguments(self: Complete, db_name: str, docs: Documents) -> list[Entry]:
    """save_many() empties its caller's list."""
    entries = Complete.save_many(self, db_name, docs)
    docs.clear()
    return entries


@row("save_many_raises", "BULK-1", "BULK-2")
class Raises(Complete):
    """save_many() raises what a document raises, after it saved those before it."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        return [{"ok": True, **self.save(db_name, doc.get("_id", ""), doc)} for doc in docs]


@row("save_many_rolls_back", "BULK-1", "BULK-2")
class RollsBack(Complete):
    """If one document is refused, none is stored, though the entries of the others are ok."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        before = dict(self.kept)
        entries = super().save_many(db_name, docs)
        if not all(entry["ok"] for entry in entries):
            self.kept = before
        return entries


@alter("saved_one", "save_many_takes_nan_as_text", "BULK-1")
def takes_nan(self: Complete, db_name: str, doc: Any) -> Entry:
    """save_many() takes what save() refuses: the value becomes text."""
    entry = Complete.saved_one(self, db_name, doc)
    if entry["ok"] or "v" not in doc:
        return entry
    return Complete.saved_one(self, db_name, {**doc, "v": str(doc["v"])})


@alter("saved_one", "save_many_deletes_what_it_refuses", "BULK-1")
def deletes_refused(self: Complete, db_name: str, doc: Any) -> Entry:
    """If a document is refused, its earlier version is deleted."""
    entry = Complete.saved_one(self, db_name, doc)
    if not entry["ok"] and isinstance(entry["id"], str):
        self.kept.pop((db_name, entry["id"]), None)
    return entry


@alter("saved_one", "save_many_refuses_slashes", "BULK-1")
def refuses_slashes(self: Complete, db_name: str, doc: Any) -> Entry:
    """save_many() refuses ids that save() takes."""
    if "/" in str(doc.get("_id")):
        return {"ok": False, "id": doc["_id"], "error": "no slashes"}
    return Complete.saved_one(self, db_name, doc)


@row("save_many_takes_documents", "BULK-1")
class OtherName(Complete):
    """The parameter of save_many() has another name."""

    def save_many(self, db_name: str, documents: Documents) -> list[Entry]:
        return super().save_many(db_name, documents)


@alter("save_many", "save_many_saves_whole_batches", "BULK-5")
def whole_batches(self: Complete, db_name: str, docs: Documents) -> list[Entry]:
    """Documents that do not fill a second batch of 300 are lost, and their entries are ok."""
    whole = max(300, len(docs) // 300 * 300)
    entries = Complete.save_many(self, db_name, docs[:whole])
    return entries + [{"ok": True, "id": doc["_id"], "rev": "1-r"} for doc in docs[whole:]]


@alter("save_many", "save_many_takes_an_id_once_in_a_batch", "BULK-5")
def no_duplicates(self: Complete, db_name: str, docs: Documents) -> list[Entry]:
    """A full batch of 25 in which two documents have one id is refused."""
    entries: list[Entry] = []
    for start in range(0, len(docs), 25):
        batch = docs[start : start + 25]
        if len(batch) == 25 and len({str(doc.get("_id")) for doc in batch}) < 25:
            raise HTTPException(400, "Provided list of item keys contains duplicates")
        entries += Complete.save_many(self, db_name, batch)
    return entries
