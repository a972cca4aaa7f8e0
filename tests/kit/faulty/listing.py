"""Services that list wrongly: LIST."""

from functools import partial

from fastapi import HTTPException
from right import Kept, Right

from faulty.rows import breaks

BROKEN_LISTING = []
row = partial(breaks, BROKEN_LISTING)


@row("list-all-creates-the-collection", "LIST-9")
class ListCreates(Right):
    """list_all() creates the collection that it looks into."""

    def list_all(self, db_name):
        self.created.add(db_name)
        return super().list_all(db_name)


@row("listing-is-a-tuple", "LIST-1")
class ListTuple(Right):
    """list_all() gives a tuple."""

    def list_all(self, db_name):
        return tuple(super().list_all(db_name))


@row("listing-is-a-generator", "LIST-1")
class ListGenerator(Right):
    """list_all() gives a generator."""

    def list_all(self, db_name):
        yield from super().list_all(db_name)


@row("listing-of-pairs", "LIST-1")
class ListPairs(Right):
    """list_all() gives pairs of id and document."""

    def list_all(self, db_name):
        return [(doc["_id"], doc) for doc in super().list_all(db_name)]


@row("listing-without-ids", "LIST-2")
class ListWithoutIds(Right):
    """The documents of list_all() lack their `_id`."""

    def list_all(self, db_name):
        return [{k: v for k, v in d.items() if k != "_id"} for d in super().list_all(db_name)]


@row("listing-with-ids-as-carried", "LIST-2")
class ListCarried(Right):
    """list_all() shows the `_id` that a document carried when it was saved."""

    def written(self, doc):
        return super().written(doc), doc.get("_id")

    def shown(self, kept, doc_id):
        return {**self.read(kept.text[0]), "_id": doc_id, "_rev": kept.rev}

    def list_all(self, db_name):
        return [self.shown(k, k.text[1] or k.doc_id) for k in self.kept_in(db_name)]


@row("unwritten-listing-is-404", "LIST-3")
class ListUnwritten(Right):
    """list_all() of a collection that was never written is 404."""

    def list_all(self, db_name):
        if db_name not in self.created:
            raise HTTPException(404, f"there is no collection {db_name}")
        return super().list_all(db_name)


@row("unwritten-listing-is-none", "LIST-3")
class ListNone(Right):
    """list_all() of a collection that was never written is None."""

    def list_all(self, db_name):
        return super().list_all(db_name) if db_name in self.created else None


@row("emptied-listing-is-404", "LIST-4")
class ListEmptied(Right):
    """list_all() is 404 once the last document was deleted."""

    def list_all(self, db_name):
        listed = super().list_all(db_name)
        if not listed and db_name in self.created:
            raise HTTPException(404, f"there is nothing in {db_name}")
        return listed


@row("last-document-stays-listed", "LIST-4", "DEL-4")
class LastStays(Right):
    """The listing is remembered, and an empty one does not replace what is remembered."""

    def __init__(self):
        super().__init__()
        self.remembered = {}

    def kept_in(self, db_name):
        self.remembered[db_name] = super().kept_in(db_name) or self.remembered.get(db_name, [])
        return self.remembered[db_name]


@row("listing-one-write-behind", "LIST-5")
class OneBehind(Right):
    """list_all() does not see the last write until the next one."""

    def __init__(self):
        super().__init__()
        self.before = {}

    def save(self, db_name, doc_id, doc):
        before = dict(self.kept)
        answer = super().save(db_name, doc_id, doc)
        self.before = before
        return answer

    def kept_in(self, db_name):
        return [kept for kept in self.before.values() if kept.collection == db_name]


@row("listing-leaves-out-empty-documents", "LIST-5")
class ListOmitsEmpty(Right):
    """list_all() leaves out documents with no field."""

    def kept_in(self, db_name):
        return [kept for kept in super().kept_in(db_name) if kept.text != "{}"]


@row("listing-shows-equal-documents-once", "LIST-5")
class ListDistinct(Right):
    """list_all() shows documents of the same content once."""

    def kept_in(self, db_name):
        return list({kept.text: kept for kept in super().kept_in(db_name)}.values())


@row("listing-shows-the-first-version", "LIST-5")
class ListFirst(Right):
    """list_all() shows the first version of a document that was replaced."""

    def __init__(self):
        super().__init__()
        self.first = {}

    def kept_in(self, db_name):
        return [
            self.first.setdefault((db_name, kept.doc_id), kept) for kept in super().kept_in(db_name)
        ]


@row("listing-rounds-floats", "LIST-5")
class ListRounds(Right):
    """list_all() rounds floats to six digits."""

    def list_all(self, db_name):
        return [
            {k: round(v, 6) if type(v) is float else v for k, v in doc.items()}
            for doc in super().list_all(db_name)
        ]


@row("replaced-documents-listed-twice", "LIST-5")
class ListTwice(Right):
    """list_all() shows a replaced document in its old version too."""

    def __init__(self):
        super().__init__()
        self.old = {}

    def save(self, db_name, doc_id, doc):
        old = self.kept.get((db_name, doc_id)) if isinstance(doc_id, str) else None
        answer = super().save(db_name, doc_id, doc)
        self.old[db_name, doc_id] = old
        return answer

    def kept_in(self, db_name):
        here = super().kept_in(db_name)
        return here + [old for k in here if (old := self.old.get((db_name, k.doc_id)))]


@row("listing-ends-at-1000", "LIST-6")
class ListThousand(Right):
    """list_all() ends after 1,000 documents."""

    def kept_in(self, db_name):
        return super().kept_in(db_name)[:1000]


@row("listing-loses-one-at-a-pages-end", "LIST-6")
class ListPageEnd(Right):
    """The first document of the second page of 1,000 is lost."""

    def kept_in(self, db_name):
        here = super().kept_in(db_name)
        return here[:1000] + here[1001:]


@row("listing-follows-the-cursor-once", "LIST-6")
class ListTwoPages(Right):
    """list_all() reads two pages of 2 MiB."""

    def kept_in(self, db_name):
        here, size = [], 0
        for kept in super().kept_in(db_name):
            size += len(kept.text)
            if size > 4 * 2**20:
                break
            here.append(kept)
        return here


@row("bookkeeping-row-is-listed", "LIST-7")
class SchemaRow(Right):
    """The first write of a collection leaves a row of the store's own in the listing."""

    def kept_in(self, db_name):
        own = [Kept(db_name, "_schema", "0", "{}")] if db_name in self.created else []
        return super().kept_in(db_name) + own


@row("row-of-failed-deletes-is-listed", "LIST-7")
class FailedDeletes(Right):
    """A delete() that finds nothing leaves a row of the store's own in the listing."""

    def delete(self, db_name, doc_id):
        self.check_id(doc_id)
        if self.key(db_name, doc_id) not in self.kept:
            self.kept[db_name, 0] = Kept(db_name, "__misses__", "0", "{}")
        super().delete(db_name, doc_id)


@row("empty-listing-is-shared", "LIST-8")
class EmptyShared(Right):
    """Every empty listing is the same list."""

    def __init__(self):
        super().__init__()
        self.empty = []

    def list_all(self, db_name):
        return super().list_all(db_name) or self.empty


@row("listing-is-the-caches-own", "LIST-8")
class ListCached(Right):
    """list_all() gives the same list again while nothing is written."""

    def __init__(self):
        super().__init__()
        self.cache = {}

    def list_all(self, db_name):
        listed = super().list_all(db_name)
        seen, cached = self.cache.get(db_name, (None, None))
        if seen != str(self.kept_in(db_name)):
            self.cache[db_name] = (str(self.kept_in(db_name)), listed)
            return listed
        return cached
