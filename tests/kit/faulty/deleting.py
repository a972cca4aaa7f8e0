"""Services that are wrong about what is not there: the 404 of GET, and DEL."""

from functools import partial

from fastapi import HTTPException
from right import Overview, Right

from faulty.rows import breaks

BROKEN_DELETING = []
row = partial(breaks, BROKEN_DELETING)


@row("missing-found-by-prefix", "GET-3", "DEL-2")
class ByPrefix(Right):
    """Where there is no document of an id, the first that begins with it is taken."""

    def found(self, db_name, doc_id):
        try:
            return super().found(db_name, doc_id)
        except HTTPException:
            for kept in self.kept_in(db_name):
                if doc_id and kept.doc_id.startswith(doc_id):
                    return kept
            raise

    def delete(self, db_name, doc_id):
        del self.kept[self.key(db_name, self.found(db_name, doc_id).doc_id)]


@row("missing-is-410", "GET-3", "DEL-2", "ERR-2")
class MissingIsGone(Right):
    """A missing document is answered with 410."""

    def missing(self, db_name, doc_id):
        return HTTPException(410, f"{doc_id} is gone from {db_name}")


@row("missing-is-none", "GET-3")
class MissingIsNone(Right):
    """get() of a missing document gives None."""

    def get(self, db_name, doc_id):
        self.check_id(doc_id)
        return super().get(db_name, doc_id) if self.key(db_name, doc_id) in self.kept else None


class UnwrittenSeen(Right):
    """Calls `unwritten` where a collection was never written."""

    def found(self, db_name, doc_id):
        self.check_id(doc_id)
        if db_name not in self.created:
            raise self.unwritten(db_name)
        return super().found(db_name, doc_id)


@row("unwritten-collection-is-500", "GET-4", "DEL-3")
class UnwrittenIs500(UnwrittenSeen):
    """Reading from a collection that was never written is a server error."""

    def unwritten(self, db_name):
        return HTTPException(500, f"no such table: {db_name}")


@row("unwritten-collection-is-a-key-error", "GET-4", "DEL-3")
class UnwrittenIsKeyError(UnwrittenSeen):
    """Reading from a collection that was never written lets a KeyError escape."""

    def unwritten(self, db_name):
        return KeyError(db_name)


@row("deleted-shown-as-tombstone", "GET-5", "DEL-4")
class Tombstones(Right):
    """get() of a deleted document shows its tombstone."""

    def __init__(self):
        super().__init__()
        self.buried = set()

    def delete(self, db_name, doc_id):
        super().delete(db_name, doc_id)
        self.buried.add((db_name, doc_id))

    def get(self, db_name, doc_id):
        if (db_name, doc_id) in self.buried and (db_name, doc_id) not in self.kept:
            return {"_id": doc_id, "_deleted": True}
        return super().get(db_name, doc_id)


@row("read-cache-outlives-a-delete", "GET-5")
class CacheOutlives(Right):
    """What get() has read once it gives again, although it was deleted."""

    def __init__(self):
        super().__init__()
        self.cache = {}

    def get(self, db_name, doc_id):
        kept = self.kept.get((db_name, doc_id)) or self.cache.get((db_name, doc_id))
        self.cache[db_name, doc_id] = kept or self.found(db_name, doc_id)
        return self.shown(self.cache[db_name, doc_id], doc_id)


@row("delete-returns-true", "DEL-1")
class DeleteTrue(Right):
    """delete() says True."""

    def delete(self, db_name, doc_id):
        super().delete(db_name, doc_id)
        return True


@row("delete-in-silence", "DEL-2", "DEL-3", "DEL-6", "ERR-2")
class Silent(Right):
    """delete() of a missing document passes in silence."""

    delete = Overview.delete


@row("delete-in-silence-in-an-emptied-collection", "DEL-2")
class SilentWhereEmpty(Right):
    """delete() passes in silence where the collection has no document left."""

    def delete(self, db_name, doc_id):
        self.check_id(doc_id)
        if self.kept_in(db_name) or db_name not in self.created:
            super().delete(db_name, doc_id)


@row("delete-in-silence-where-nothing-was-written", "DEL-3")
class SilentWhereUnwritten(Right):
    """delete() passes in silence in a collection that was never written."""

    def delete(self, db_name, doc_id):
        self.check_id(doc_id)
        if db_name in self.created:
            super().delete(db_name, doc_id)


@row("second-delete-in-silence", "DEL-6")
class SecondSilent(Tombstones):
    """delete() of what was deleted before passes in silence."""

    get = Right.get

    def delete(self, db_name, doc_id):
        if (db_name, doc_id) not in self.buried or (db_name, doc_id) in self.kept:
            super().delete(db_name, doc_id)


@row("second-delete-is-410", "DEL-6")
class SecondIsGone(Tombstones):
    """delete() of what was deleted before is answered with 410."""

    get = Right.get

    def missing(self, db_name, doc_id):
        status = 410 if (db_name, doc_id) in self.buried else 404
        return HTTPException(status, f"{doc_id} is not in {db_name}")


@row("listing-keeps-the-deleted", "DEL-4", "LIST-4")
class ListKeeps(Right):
    """A deleted document is gone from get(), and still listed."""

    def __init__(self):
        super().__init__()
        self.rows = {}

    def save(self, db_name, doc_id, doc):
        answer = super().save(db_name, doc_id, doc)
        self.rows[db_name, doc_id] = self.kept[db_name, doc_id]
        return answer

    def kept_in(self, db_name):
        return [kept for kept in self.rows.values() if kept.collection == db_name]


@row("empty-document-is-not-deleted", "DEL-4")
class EmptyStays(Right):
    """delete() of a document with no field does nothing."""

    def delete(self, db_name, doc_id):
        if self.found(db_name, doc_id).text != "{}":
            super().delete(db_name, doc_id)


@row("delete-by-prefix", "DEL-5")
class DeletePrefix(Right):
    """delete() takes every id with it that begins with its own."""

    def delete(self, db_name, doc_id):
        super().delete(db_name, doc_id)
        for kept in self.kept_in(db_name):
            if kept.doc_id.startswith(doc_id):
                del self.kept[db_name, kept.doc_id]


@row("delete-like", "DEL-5")
class DeleteLike(Right):
    """delete() takes % in an id for a pattern."""

    def delete(self, db_name, doc_id):
        self.check_id(doc_id)
        begin, percent, end = doc_id.partition("%")
        if not percent or end:
            super().delete(db_name, doc_id)
            return
        for kept in self.kept_in(db_name):
            if kept.doc_id.startswith(begin):
                del self.kept[db_name, kept.doc_id]


@row("delete-ignores-case", "DEL-5")
class DeleteIgnoresCase(Right):
    """delete() takes the ids with it that differ by case only."""

    def delete(self, db_name, doc_id):
        super().delete(db_name, doc_id)
        for kept in self.kept_in(db_name):
            if kept.doc_id.lower() == doc_id.lower():
                del self.kept[db_name, kept.doc_id]


@row("delete-by-content", "DEL-5")
class DeleteByContent(Right):
    """delete() takes the documents with it whose content is the same."""

    def delete(self, db_name, doc_id):
        text = self.found(db_name, doc_id).text
        super().delete(db_name, doc_id)
        for kept in self.kept_in(db_name):
            if kept.text == text:
                del self.kept[db_name, kept.doc_id]


@row("delete-uncovers-the-version-before", "DEL-4")
class Uncovers(Right):
    """delete() takes the last version only: the one before it is there again."""

    def __init__(self):
        super().__init__()
        self.before = {}

    def save(self, db_name, doc_id, doc):
        self.check_id(doc_id)
        before = self.kept.get((db_name, doc_id))
        answer = super().save(db_name, doc_id, doc)
        self.before[db_name, doc_id] = before
        return answer

    def delete(self, db_name, doc_id):
        super().delete(db_name, doc_id)
        if before := self.before.pop((db_name, doc_id), None):
            self.kept[db_name, doc_id] = before


@row("deleted-id-cannot-be-saved", "DEL-7")
class NoNewLife(Tombstones):
    """A deleted id that is saved again is refused with 409."""

    get = Right.get

    def save(self, db_name, doc_id, doc):
        if (db_name, doc_id) in self.buried:
            raise HTTPException(409, f"{doc_id} was deleted from {db_name}")
        return super().save(db_name, doc_id, doc)


@row("former-life-shows", "DEL-7")
class FormerLife(Right):
    """A deleted id that is saved again has the fields of its former life."""

    def __init__(self):
        super().__init__()
        self.former = {}

    def delete(self, db_name, doc_id):
        former = self.get(db_name, doc_id)
        super().delete(db_name, doc_id)
        self.former[db_name, doc_id] = former

    def save(self, db_name, doc_id, doc):
        former = self.former.get((db_name, doc_id), {}) if isinstance(doc_id, str) else {}
        return super().save(db_name, doc_id, {**former, **doc} if isinstance(doc, dict) else doc)


@row("second-life-is-not-listed", "DEL-7")
class NotListedAgain(Tombstones):
    """A deleted id that is saved again is missing from the listing."""

    get = Right.get

    def kept_in(self, db_name):
        return [k for k in super().kept_in(db_name) if (db_name, k.doc_id) not in self.buried]


@row("overview-delete-of-missing-is-404", "DEL-2", "DEL-3", dialect="overview")
class OverviewRaises(Overview):
    """In the dialect `overview`, delete() of a missing document raises 404."""

    delete = Right.delete


@row("overview-delete-of-missing-is-false", "DEL-2", "DEL-3", dialect="overview")
class OverviewFalse(Overview):
    """In the dialect `overview`, delete() of a missing document says False."""

    def delete(self, db_name, doc_id):
        self.check_id(doc_id)
        if self.key(db_name, doc_id) not in self.kept:
            return False
        return super().delete(db_name, doc_id)


@row("overview-delete-takes-another", "DEL-5", dialect="overview")
class OverviewTakesAnother(ByPrefix, Overview):
    """In the dialect `overview`, delete() of a missing document takes one that begins with it."""

    save = Overview.save

    def delete(self, db_name, doc_id):
        self.check_id(doc_id)
        if any(kept.doc_id.startswith(doc_id) for kept in self.kept_in(db_name)):
            ByPrefix.delete(self, db_name, doc_id)
