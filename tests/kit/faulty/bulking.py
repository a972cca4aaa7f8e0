"""Services that save, delete and read many wrongly, or await wrongly: BULK, ASYNC."""

from copy import deepcopy
from functools import partial
from uuid import uuid4

from fastapi import HTTPException
from right import Right
from wide import Awaited, Wide

from faulty.rows import breaks

BROKEN_BULKING = []
row = partial(breaks, BROKEN_BULKING)


@row("entries-by-id", "BULK-1")
class EntriesSorted(Wide):
    """The entries of save_many() are in the order of the ids."""

    def save_many(self, db_name, docs):
        return sorted(super().save_many(db_name, docs), key=lambda entry: str(entry["id"]))


@row("entries-in-a-dict", "BULK-1")
class EntriesDict(Wide):
    """save_many() gives a dict of entries."""

    def save_many(self, db_name, docs):
        return {entry["id"]: entry for entry in super().save_many(db_name, docs)}


@row("entries-once-for-each-id", "BULK-1")
class EntriesOnce(Wide):
    """Of two documents with one id, save_many() gives one entry."""

    def save_many(self, db_name, docs):
        return list({str(e["id"]): e for e in super().save_many(db_name, docs)}.values())


@row("first-of-two-wins", "BULK-1", "BULK-5")
class FirstWins(Wide):
    """Of two documents with one id in a request, the first wins."""

    def save_many(self, db_name, docs):
        entries = super().save_many(db_name, docs[::-1])
        return entries[::-1]


@row("entry-without-a-revision", "BULK-1")
class NoRevision(Wide):
    """The entries of save_many() have no `rev`."""

    def entry(self, db_name, doc):
        return {k: v for k, v in super().entry(db_name, doc).items() if k != "rev"}


@row("entry-of-another-revision", "BULK-1")
class OtherRevision(Wide):
    """The `rev` of an entry is not the one that get() carries."""

    def entry(self, db_name, doc):
        entry = super().entry(db_name, doc)
        return {**entry, "rev": "0-r"} if entry["ok"] else entry


@row("entry-ok-by-number", "BULK-1")
class OkNumber(Wide):
    """`ok` is 1 or 0."""

    def entry(self, db_name, doc):
        entry = super().entry(db_name, doc)
        return {**entry, "ok": int(entry["ok"])}


@row("entry-with-an-error-object", "BULK-1", "BULK-2")
class ErrorObject(Wide):
    """`error` is the exception itself."""

    def entry(self, db_name, doc):
        entry = super().entry(db_name, doc)
        return entry if entry["ok"] else {**entry, "error": HTTPException(400, entry["error"])}


@row("entry-with-a-secret", "BULK-1", "BULK-2")
class ErrorSecret(Wide):
    """`error` shows the address of the store, with its password."""

    def entry(self, db_name, doc):
        entry = super().entry(db_name, doc)
        told = "could not write to postgresql://kit:hunter2hunter2@db.example/app"
        return entry if entry["ok"] else {**entry, "error": told}


@row("saving-many-merges", "BULK-1")
class Merges(Wide):
    """save_many() merges a document into the one that is there."""

    def entry(self, db_name, doc):
        there = self.looked_up(db_name, doc.get("_id")) or {}
        return super().entry(db_name, {**there, **doc})


@row("saving-many-keeps-the-dicts", "BULK-1")
class KeepsDicts(Wide):
    """save_many() keeps the very documents that it was given."""

    def entry(self, db_name, doc):
        entry = super().entry(db_name, doc)
        if entry["ok"]:
            self.kept[db_name, doc["_id"]].text = {k: v for k, v in doc.items() if k[0] != "_"}
        return entry

    def read(self, text):
        return deepcopy(text) if isinstance(text, dict) else super().read(text)


@row("saving-many-rounds", "BULK-1")
class RoundsArguments(Wide):
    """save_many() rounds the floats in its caller's documents."""

    def entry(self, db_name, doc):
        entry = super().entry(db_name, doc)
        doc.update({k: int(v) for k, v in doc.items() if type(v) is float})
        return entry


@row("saving-many-takes-the-ids", "BULK-1")
class ShortensArguments(Wide):
    """save_many() empties its caller's list."""

    def save_many(self, db_name, docs):
        entries = super().save_many(db_name, docs)
        docs.clear()
        return entries


@row("saving-many-creates-nothing", "BULK-1")
class CreatesNothing(Wide):
    """save_many() into a collection that was never written is 404."""

    def save_many(self, db_name, docs):
        if docs and db_name not in self.created:
            raise HTTPException(404, f"there is no collection {db_name}")
        return super().save_many(db_name, docs)


@row("saving-many-raises", "BULK-1", "BULK-2")
class Raises(Wide):
    """save_many() raises what a document raises, when those before it are saved."""

    def save_many(self, db_name, docs):
        return [{"ok": True, **self.save(db_name, doc.get("_id"), doc)} for doc in docs]


@row("saving-many-stops", "BULK-1", "BULK-2")
class Stops(Wide):
    """After a document that is refused, no other is saved."""

    def save_many(self, db_name, docs):
        entries = []
        for doc in docs:
            if entries and not entries[-1]["ok"]:
                entries.append({"ok": False, "id": doc.get("_id"), "error": "not tried"})
            else:
                entries.append(self.entry(db_name, doc))
        return entries


@row("saving-many-is-one-transaction", "BULK-1", "BULK-2")
class RollsBack(Wide):
    """If one document is refused, none is stored, though the entries say so."""

    def save_many(self, db_name, docs):
        before = dict(self.kept)
        entries = super().save_many(db_name, docs)
        if not all(entry["ok"] for entry in entries):
            self.kept = before
        return entries


@row("saving-many-takes-nan", "BULK-1")
class TakesNan(Wide):
    """save_many() takes what save() refuses: the value becomes text."""

    def entry(self, db_name, doc):
        plain = {k: v if isinstance(v, (int, str, dict)) else str(v) for k, v in doc.items()}
        return super().entry(db_name, {**plain, "_id": doc.get("_id")} if "v" in doc else doc)


@row("saving-many-deletes-what-it-refuses", "BULK-1")
class DeletesRefused(Wide):
    """A document that is refused is deleted in its earlier version."""

    def entry(self, db_name, doc):
        entry = super().entry(db_name, doc)
        if not entry["ok"]:
            self.kept.pop((db_name, entry["id"]) if isinstance(entry["id"], str) else None, None)
        return entry


@row("saving-many-refuses-slashes", "BULK-1")
class RefusesSlashes(Wide):
    """save_many() refuses ids that save() takes."""

    def entry(self, db_name, doc):
        if "/" in str(doc.get("_id")):
            return {"ok": False, "id": doc["_id"], "error": "no slashes"}
        return super().entry(db_name, doc)


@row("saving-many-has-documents", "BULK-1")
class OtherName(Wide):
    """The parameter of save_many() has another name."""

    def save_many(self, db_name, documents):
        return super().save_many(db_name, documents)


@row("saving-many-makes-ids", "BULK-2")
class MakesIds(Wide):
    """A document without `_id` is saved under a new one."""

    def entry(self, db_name, doc):
        return super().entry(db_name, {**doc, "_id": doc.get("_id") or uuid4().hex})


@row("saving-many-takes-any-id", "BULK-2")
class TakesAnyId(Wide):
    """An `_id` that is no text is saved under its text."""

    def entry(self, db_name, doc):
        return super().entry(db_name, {**doc, "_id": str(doc["_id"])} if doc.get("_id") else doc)


@row("saving-many-needs-ids", "BULK-2")
class NeedsIds(Wide):
    """A document without `_id` raises `KeyError`."""

    def entry(self, db_name, doc):
        return super().entry(db_name, {**doc, "_id": doc["_id"]})


@row("saving-many-skips", "BULK-2")
class Skips(Wide):
    """A document without `_id` is passed over."""

    def save_many(self, db_name, docs):
        return super().save_many(db_name, [doc for doc in docs if "_id" in doc])


@row("deleting-many-minds-missing-ones", "BULK-3")
class MindsMissing(Wide):
    """A missing document is a failed entry of delete_many()."""

    def removed(self, db_name, doc_id):
        found = self.key(db_name, doc_id) in self.kept
        super().removed(db_name, doc_id)
        return {"ok": found, "id": doc_id, "error": "not found"}


@row("deleting-many-raises-404", "BULK-3")
class Raises404(Wide):
    """delete_many() raises 404 for a missing document."""

    def removed(self, db_name, doc_id):
        self.delete(db_name, doc_id)
        return {"ok": True, "id": doc_id}


@row("deleting-many-in-an-unwritten-collection", "BULK-3")
class DeletesUnwritten(Wide):
    """delete_many() in a collection that was never written is 404."""

    def delete_many(self, db_name, doc_ids):
        if doc_ids and db_name not in self.created:
            raise HTTPException(404, f"there is no collection {db_name}")
        return super().delete_many(db_name, doc_ids)


@row("deleting-many-gives-none", "BULK-3")
class DeletesSilently(Wide):
    """delete_many() returns None."""

    def delete_many(self, db_name, doc_ids):
        super().delete_many(db_name, doc_ids)


@row("deleting-many-answers-once", "BULK-3", "BULK-5")
class DeletesOnce(Wide):
    """delete_many() has one entry for an id that is asked twice."""

    def delete_many(self, db_name, doc_ids):
        return super().delete_many(db_name, list(dict.fromkeys(doc_ids)))


@row("deleting-many-answers-sorted", "BULK-3")
class DeletesSorted(Wide):
    """The entries of delete_many() are in the order of the ids."""

    def delete_many(self, db_name, doc_ids):
        return super().delete_many(db_name, sorted(doc_ids))


@row("deleting-many-by-prefix", "BULK-3")
class DeletesPrefix(Wide):
    """delete_many() deletes what begins with an id."""

    def removed(self, db_name, doc_id):
        self.kept = {
            k: kept
            for k, kept in self.kept.items()
            if k[0] != db_name or not k[1].startswith(doc_id)
        }
        return {"ok": True, "id": doc_id}


@row("deleting-many-everywhere", "BULK-3")
class DeletesEverywhere(Wide):
    """delete_many() deletes in every collection."""

    def removed(self, db_name, doc_id):
        self.kept = {k: kept for k, kept in self.kept.items() if k[1] != doc_id}
        return {"ok": True, "id": doc_id}


@row("deleting-many-deletes-100", "BULK-3", "BULK-5")
class DeletesHundred(Wide):
    """delete_many() deletes the first 100, and says that it has deleted all."""

    def delete_many(self, db_name, doc_ids):
        entries = super().delete_many(db_name, doc_ids[:100])
        return entries + [{"ok": True, "id": doc_id} for doc_id in doc_ids[100:]]


@row("deleting-many-uses-up-its-ids", "BULK-3")
class DeletesArguments(Wide):
    """delete_many() empties its caller's list."""

    def delete_many(self, db_name, doc_ids):
        return [self.removed(db_name, doc_ids.pop(0)) for _ in range(len(doc_ids))]


@row("getting-many-leaves-out-missing-ones", "BULK-4")
class LeavesOut(Wide):
    """get_many() has no key for a missing document."""

    def get_many(self, db_name, doc_ids):
        return {k: v for k, v in super().get_many(db_name, doc_ids).items() if v is not None}


@row("getting-many-raises-404", "BULK-4")
class GetsOr404(Wide):
    """get_many() raises 404 for a missing document."""

    def looked_up(self, db_name, doc_id):
        return self.get(db_name, doc_id)


@row("getting-many-is-a-list", "BULK-4")
class GetsList(Wide):
    """get_many() gives a list."""

    def get_many(self, db_name, doc_ids):
        return list(super().get_many(db_name, doc_ids).values())


@row("getting-many-takes-empty-for-missing", "BULK-4")
class EmptyIsMissing(Wide):
    """A document with no field is None."""

    def looked_up(self, db_name, doc_id):
        found = super().looked_up(db_name, doc_id)
        return found if found and found.keys() - {"_id", "_rev"} else None


@row("getting-many-without-ids", "BULK-4")
class GetsNoIds(Wide):
    """The documents of get_many() have no `_id`."""

    def looked_up(self, db_name, doc_id):
        found = super().looked_up(db_name, doc_id)
        return found and {k: v for k, v in found.items() if k != "_id"}


@row("getting-many-gives-100", "BULK-4", "BULK-5")
class GetsHundred(Wide):
    """get_many() gives the first 100, and None for the others."""

    def get_many(self, db_name, doc_ids):
        return dict.fromkeys(doc_ids) | super().get_many(db_name, doc_ids[:100])


@row("getting-many-from-an-unwritten-collection", "BULK-4")
class GetsUnwritten(Wide):
    """get_many() from a collection that was never written is 404."""

    def get_many(self, db_name, doc_ids):
        if doc_ids and db_name not in self.created:
            raise HTTPException(404, f"there is no collection {db_name}")
        return super().get_many(db_name, doc_ids)


@row("getting-many-shares", "BULK-4")
class GetsShared(Wide):
    """Documents of equal content are one object in what get_many() gives."""

    def __init__(self):
        super().__init__()
        self.read_once = {}

    def looked_up(self, db_name, doc_id):
        kept = self.kept.get(self.key(db_name, doc_id))
        if kept is None:
            return None
        fields = self.read_once.setdefault(kept.text, self.read(kept.text))
        return {**fields, "_id": doc_id, "_rev": kept.rev}


@row("getting-many-by-prefix", "BULK-4")
class GetsPrefix(Wide):
    """A missing id is given a document whose id begins with it."""

    def looked_up(self, db_name, doc_id):
        near = [k.doc_id for k in self.kept_in(db_name) if k.doc_id.startswith(doc_id)]
        return super().looked_up(db_name, doc_id) or (
            super().looked_up(db_name, near[0]) if near else None
        )


@row("saving-many-saves-whole-batches", "BULK-5")
class WholeBatches(Wide):
    """What does not fill a batch of 300 past the first is lost, and said to be saved."""

    def save_many(self, db_name, docs):
        whole = max(300, len(docs) // 300 * 300)
        entries = super().save_many(db_name, docs[:whole])
        return entries + [{"ok": True, "id": doc["_id"], "rev": "1-r"} for doc in docs[whole:]]


@row("saving-many-has-a-limit", "BULK-5")
class HasLimit(Wide):
    """More than 500 documents are refused."""

    def save_many(self, db_name, docs):
        if len(docs) > 500:
            raise HTTPException(413, "too many documents")
        return super().save_many(db_name, docs)


@row("saving-many-of-one-id-in-a-batch", "BULK-5")
class NoDuplicates(Wide):
    """Two documents with one id in a batch of 25 are refused, if they are more than a few."""

    def save_many(self, db_name, docs):
        entries = []
        for start in range(0, len(docs), 25):
            batch = docs[start : start + 25]
            if len(batch) == 25 and len({str(doc.get("_id")) for doc in batch}) < 25:
                raise HTTPException(400, "Provided list of item keys contains duplicates")
            entries += super().save_many(db_name, batch)
        return entries


@row("some-methods-are-coroutines", "ASYNC-1")
class SomeAwaited(Awaited):
    """delete() is a plain method, the others are coroutines."""

    def delete(self, db_name, doc_id):
        self.inner.delete(db_name, doc_id)


@row("one-method-is-a-coroutine", "ASYNC-1")
class OneAwaited(Right):
    """list_all() is a coroutine, the others are plain methods."""

    async def list_all(self, db_name):
        return super().list_all(db_name)


@row("a-coroutine-gives-a-coroutine", "ASYNC-1")
class AwaitedTwice(Awaited):
    """list_all() gives something that must be awaited again."""

    async def list_all(self, db_name):
        return Later(self.inner.list_all(db_name))


class Later:
    def __init__(self, value):
        self.value = value

    def __await__(self):
        yield from ()
        return self.value


@row("saving-is-not-awaited", "ASYNC-1")
class NeverAwaited(Awaited):
    """save() forgets to await what saves."""

    async def save(self, db_name, doc_id, doc):
        super().save(db_name, doc_id, doc).close()
        return {"id": doc_id, "rev": "1-r"}


@row("listing-is-generated", "ASYNC-1")
class Generated(Awaited):
    """list_all() is an asynchronous generator."""

    async def list_all(self, db_name):
        for doc in self.inner.list_all(db_name):
            yield doc
