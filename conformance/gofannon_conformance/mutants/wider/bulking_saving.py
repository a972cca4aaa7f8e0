"""Services that save many documents wrongly: BULK-1, BULK-2 and BULK-5."""

from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Complete

BULKING_SAVING: list[Mutant] = []
row = partial(breaks, BULKING_SAVING)

Documents = list[dict[str, Any]]
Entry = dict[str, Any]


@row("save_many_entries_by_id", "BULK-1")
class EntriesSorted(Complete):
    """The entries of save_many() are in the order of the ids."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        return sorted(super().save_many(db_name, docs), key=lambda entry: str(entry["id"]))


@row("save_many_drops_nameless_fields", "BULK-1")
class NamelessDropped(Complete):
    """save_many() leaves out a field whose name is empty, which save() keeps."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        if isinstance(docs, list) and all(isinstance(doc, dict) for doc in docs):
            docs = [{name: v for name, v in doc.items() if name != ""} for doc in docs]
        return super().save_many(db_name, docs)


@row("save_many_gives_a_dict", "BULK-1")
class EntriesDict(Complete):
    """save_many() gives a dict of entries."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        return {str(entry["id"]): entry for entry in super().save_many(db_name, docs)}


@row("save_many_entries_once_for_each_id", "BULK-1", "BULK-5")
class EntriesOnce(Complete):
    """Of two documents with one id, save_many() gives one entry."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        entries = super().save_many(db_name, docs)
        once = {e["id"] if isinstance(e["id"], str) else n: e for n, e in enumerate(entries)}
        return [*once.values()]


@row("save_many_first_of_two_wins", "BULK-1", "BULK-5")
class FirstWins(Complete):
    """Of two documents with one id in a request, the first wins."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        entries = super().save_many(db_name, docs[::-1])
        return entries[::-1]


@row("save_many_entry_without_rev", "BULK-1")
class NoRevision(Complete):
    """The entries of save_many() have no `rev`."""

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        return {k: v for k, v in super().saved_one(db_name, doc).items() if k != "rev"}


@row("save_many_entry_of_another_revision", "BULK-1")
class OtherRevision(Complete):
    """The `rev` of an entry is not the one that get() carries."""

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        entry = super().saved_one(db_name, doc)
        return {**entry, "rev": "0-r"} if entry["ok"] else entry


@row("save_many_says_ok_by_number", "BULK-1")
class OkNumber(Complete):
    """`ok` is 1 or 0."""

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        entry = super().saved_one(db_name, doc)
        return {**entry, "ok": int(entry["ok"])}


@row("save_many_gives_the_exception", "BULK-1")
class ErrorObject(Complete):
    """`error` is the exception itself."""

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        entry = super().saved_one(db_name, doc)
        return entry if entry["ok"] else {**entry, "error": HTTPException(400, entry["error"])}


@row("save_many_tells_a_secret", "BULK-1")
class ErrorSecret(Complete):
    """`error` shows the address of the store, with its password."""

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        entry = super().saved_one(db_name, doc)
        told = "could not write to postgresql://kit:hunter2hunter2@db.example/app"
        return entry if entry["ok"] else {**entry, "error": told}


@row("save_many_merges", "BULK-1")
class Merges(Complete):
    """save_many() merges a document into the one that is there."""

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        doc_id = doc.get("_id")
        there = self.kept.get((db_name, doc_id)) if isinstance(doc_id, str) else None
        return super().saved_one(db_name, {**self.read(there.text), **doc} if there else doc)


@row("save_many_keeps_the_dicts", "BULK-1")
class KeepsDicts(Complete):
    """save_many() keeps the very values that it was given."""

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        entry = super().saved_one(db_name, doc)
        if entry["ok"]:
            place = db_name, doc["_id"]
            own = {k: v for k, v in doc.items() if k[:1] != "_"}
            self.kept[place] = replace(self.kept[place], text=own)
        return entry

    def read(self, text: Any) -> Any:
        return deepcopy(text) if isinstance(text, dict) else super().read(text)


@row("save_many_rounds_its_arguments", "BULK-1")
class RoundsArguments(Complete):
    """save_many() rounds the floats in its caller's documents."""

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        entry = super().saved_one(db_name, doc)
        if entry["ok"]:
            doc.update({k: int(v) for k, v in doc.items() if type(v) is float})
        return entry


@row("save_many_empties_its_list", "BULK-1")
class EmptiesArguments(Complete):
    """save_many() empties its caller's list."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        entries = super().save_many(db_name, docs)
        docs.clear()
        return entries


@row("save_many_creates_no_collection", "BULK-1")
class CreatesNothing(Complete):
    """save_many() into a collection that was never written is 404."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        if docs and db_name not in self.created:
            raise HTTPException(404, f"there is no collection {db_name}")
        return super().save_many(db_name, docs)


@row("save_many_raises", "BULK-1", "BULK-2")
class Raises(Complete):
    """save_many() raises what a document raises, when those before it are saved."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        return [{"ok": True, **self.save(db_name, doc.get("_id", ""), doc)} for doc in docs]


@row("save_many_stops", "BULK-1", "BULK-2")
class Stops(Complete):
    """After a document that is refused, no other is saved."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        entries: list[Entry] = []
        for doc in docs:
            if entries and not entries[-1]["ok"]:
                entries.append({"ok": False, "id": doc.get("_id"), "error": "not tried"})
            else:
                entries.append(self.saved_one(db_name, doc))
        return entries


@row("save_many_rolls_back", "BULK-1", "BULK-2")
class RollsBack(Complete):
    """If one document is refused, none is stored, though the entries of the others are ok."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        before = dict(self.kept)
        entries = super().save_many(db_name, docs)
        if not all(entry["ok"] for entry in entries):
            self.kept = before
        return entries


@row("save_many_takes_nan_as_text", "BULK-1")
class TakesNan(Complete):
    """save_many() takes what save() refuses: the value becomes text."""

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        entry = super().saved_one(db_name, doc)
        if entry["ok"] or "v" not in doc:
            return entry
        return super().saved_one(db_name, {**doc, "v": str(doc["v"])})


@row("save_many_deletes_what_it_refuses", "BULK-1")
class DeletesRefused(Complete):
    """A document that is refused is deleted in its earlier version."""

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        entry = super().saved_one(db_name, doc)
        if not entry["ok"] and isinstance(entry["id"], str):
            self.kept.pop((db_name, entry["id"]), None)
        return entry


@row("save_many_refuses_slashes", "BULK-1")
class RefusesSlashes(Complete):
    """save_many() refuses ids that save() takes."""

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        if "/" in str(doc.get("_id")):
            return {"ok": False, "id": doc["_id"], "error": "no slashes"}
        return super().saved_one(db_name, doc)


@row("save_many_takes_documents", "BULK-1")
class OtherName(Complete):
    """The parameter of save_many() has another name."""

    def save_many(self, db_name: str, documents: Documents) -> list[Entry]:
        return super().save_many(db_name, documents)


@row("save_many_makes_ids", "BULK-2")
class MakesIds(Complete):
    """A document without `_id` is saved under a new one."""

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        return super().saved_one(db_name, {**doc, "_id": doc.get("_id") or uuid4().hex})


@row("save_many_takes_any_id", "BULK-2")
class TakesAnyId(Complete):
    """An `_id` that is no text is saved under its text."""

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        named = {**doc, "_id": str(doc["_id"])} if doc.get("_id") else doc
        return super().saved_one(db_name, named)


@row("save_many_needs_ids", "BULK-2", "ERR-1")
class NeedsIds(Complete):
    """A document without `_id` raises a KeyError."""

    def saved_one(self, db_name: str, doc: Any) -> Entry:
        return super().saved_one(db_name, {**doc, "_id": doc["_id"]})


@row("save_many_passes_over_what_has_no_id", "BULK-2")
class PassesOver(Complete):
    """A document without `_id` is passed over, in the answer too."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        return super().save_many(db_name, [doc for doc in docs if "_id" in doc])


@row("save_many_saves_whole_batches", "BULK-5")
class WholeBatches(Complete):
    """What does not fill a batch of 300 past the first is lost, and said to be saved."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        whole = max(300, len(docs) // 300 * 300)
        entries = super().save_many(db_name, docs[:whole])
        return entries + [{"ok": True, "id": doc["_id"], "rev": "1-r"} for doc in docs[whole:]]


@row("save_many_takes_500_at_most", "BULK-5")
class HasLimit(Complete):
    """More than 500 documents are refused."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        if len(docs) > 500:
            raise HTTPException(413, "too many documents")
        return super().save_many(db_name, docs)


@row("save_many_takes_an_id_once_in_a_batch", "BULK-5")
class NoDuplicates(Complete):
    """Two documents with one id in a batch of 25 are refused, if they are more than a few."""

    def save_many(self, db_name: str, docs: Documents) -> list[Entry]:
        entries: list[Entry] = []
        for start in range(0, len(docs), 25):
            batch = docs[start : start + 25]
            if len(batch) == 25 and len({str(doc.get("_id")) for doc in batch}) < 25:
                raise HTTPException(400, "Provided list of item keys contains duplicates")
            entries += super().save_many(db_name, batch)
        return entries
