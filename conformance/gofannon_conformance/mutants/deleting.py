"""Services that are wrong about what is not there: the 404 of GET, and DEL."""

from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Kept, Overview, Right

DELETING: list[Mutant] = []
row = partial(breaks, DELETING)


@row("missing_found_by_prefix", "GET-3", "DEL-2")
class ByPrefix(Right):
    """Where there is no document of an id, the first that begins with it is taken."""

    def found(self, db_name: str, doc_id: str) -> Kept:
        try:
            return super().found(db_name, doc_id)
        except HTTPException:
            for kept in self.kept_in(db_name):
                if doc_id and kept.doc_id.startswith(doc_id):
                    return kept
            raise

    def delete(self, db_name: str, doc_id: str) -> None:
        del self.kept[self.key(db_name, self.found(db_name, doc_id).doc_id)]


@row("missing_is_410", "GET-3", "DEL-2", "ERR-2")
class MissingIsGone(Right):
    """A missing document is answered with 410."""

    def missing(self, db_name: str, doc_id: str) -> Exception:
        return HTTPException(410, f"{doc_id} is gone from {db_name}")


@row("missing_is_none", "GET-3")
class MissingIsNone(Right):
    """get() of a missing document gives None."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        self.check_id(doc_id)
        return super().get(db_name, doc_id) if self.key(db_name, doc_id) in self.kept else None


class UnwrittenSeen(Right):
    """Calls `unwritten` where a collection was never written."""

    def unwritten(self, db_name: str) -> Exception:
        raise NotImplementedError

    def found(self, db_name: str, doc_id: str) -> Kept:
        self.check_id(doc_id)
        if db_name not in self.created:
            raise self.unwritten(db_name)
        return super().found(db_name, doc_id)


@row("unwritten_collection_is_500", "GET-4", "DEL-3")
class UnwrittenIs500(UnwrittenSeen):
    """Reading from a collection that was never written is a server error."""

    def unwritten(self, db_name: str) -> Exception:
        return HTTPException(500, f"no such table: {db_name}")


@row("unwritten_collection_is_a_key_error", "GET-4", "DEL-3")
class UnwrittenIsKeyError(UnwrittenSeen):
    """Reading from a collection that was never written lets a KeyError escape."""

    def unwritten(self, db_name: str) -> Exception:
        return KeyError(db_name)


@row("deleted_shown_as_tombstone", "GET-5", "DEL-4")
class Tombstones(Right):
    """get() of a deleted document shows its tombstone."""

    def __init__(self) -> None:
        super().__init__()
        self.buried: set[Any] = set()

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        self.buried.add((db_name, doc_id))

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        if (db_name, doc_id) in self.buried and (db_name, doc_id) not in self.kept:
            return {"_id": doc_id, "_deleted": True}
        return super().get(db_name, doc_id)


@row("read_cache_outlives_a_delete", "GET-5")
class CacheOutlives(Right):
    """What get() has read once it gives again, although it was deleted."""

    def __init__(self) -> None:
        super().__init__()
        self.cache: dict[Any, Any] = {}

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        kept = self.kept.get((db_name, doc_id)) or self.cache.get((db_name, doc_id))
        self.cache[db_name, doc_id] = kept or self.found(db_name, doc_id)
        return self.shown(self.cache[db_name, doc_id], doc_id)


@row("delete_returns_true", "DEL-1")
class DeleteTrue(Right):
    """delete() says True."""

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        return True


@row("delete_returns_the_document", "DEL-1")
class DeleteGives(Right):
    """delete() gives the document that it has deleted."""

    def delete(self, db_name: str, doc_id: str) -> None:
        gone = self.get(db_name, doc_id)
        super().delete(db_name, doc_id)
        return gone


@row("delete_in_silence", "DEL-2", "DEL-3", "DEL-6", "ERR-2")
class Silent(Right):
    """delete() of a missing document passes in silence."""

    delete = Overview.delete


@row("delete_in_silence_in_an_emptied_collection", "DEL-2")
class SilentWhereEmpty(Right):
    """delete() passes in silence where the collection has no document left."""

    def delete(self, db_name: str, doc_id: str) -> None:
        self.check_id(doc_id)
        if self.kept_in(db_name) or db_name not in self.created:
            super().delete(db_name, doc_id)


@row("delete_in_silence_where_nothing_was_written", "DEL-3")
class SilentWhereUnwritten(Right):
    """delete() passes in silence in a collection that was never written."""

    def delete(self, db_name: str, doc_id: str) -> None:
        self.check_id(doc_id)
        if db_name in self.created:
            super().delete(db_name, doc_id)


@row("second_delete_in_silence", "DEL-6")
class SecondSilent(Tombstones):
    """delete() of what was deleted before passes in silence."""

    get = Right.get

    def delete(self, db_name: str, doc_id: str) -> None:
        if (db_name, doc_id) not in self.buried or (db_name, doc_id) in self.kept:
            super().delete(db_name, doc_id)


@row("second_delete_is_410", "DEL-6")
class SecondIsGone(Tombstones):
    """delete() of what was deleted before is answered with 410."""

    get = Right.get

    def missing(self, db_name: str, doc_id: str) -> Exception:
        status = 410 if (db_name, doc_id) in self.buried else 404
        return HTTPException(status, f"{doc_id} is not in {db_name}")


@row("listing_keeps_the_deleted", "DEL-4", "LIST-4")
class ListKeeps(Right):
    """A deleted document is gone from get(), and still listed."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[Any, Any] = {}

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        self.rows[db_name, doc_id] = self.kept[db_name, doc_id]
        return answer

    def kept_in(self, db_name: str) -> list[Kept]:
        return [kept for kept in self.rows.values() if kept.collection == db_name]


@row("empty_document_is_not_deleted", "DEL-4")
class EmptyStays(Right):
    """delete() of a document with no field does nothing."""

    def delete(self, db_name: str, doc_id: str) -> None:
        if self.found(db_name, doc_id).text != "{}":
            super().delete(db_name, doc_id)


@row("delete_by_prefix", "DEL-5")
class DeletePrefix(Right):
    """delete() takes every id with it that begins with its own."""

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        for kept in self.kept_in(db_name):
            if kept.doc_id.startswith(doc_id):
                del self.kept[db_name, kept.doc_id]


@row("delete_like", "DEL-5")
class DeleteLike(Right):
    """delete() takes % in an id for a pattern."""

    def delete(self, db_name: str, doc_id: str) -> None:
        self.check_id(doc_id)
        begin, percent, end = doc_id.partition("%")
        if not percent or end:
            super().delete(db_name, doc_id)
            return
        for kept in self.kept_in(db_name):
            if kept.doc_id.startswith(begin):
                del self.kept[db_name, kept.doc_id]


@row("delete_ignores_case", "DEL-5")
class DeleteIgnoresCase(Right):
    """delete() takes the ids with it that differ by case only."""

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        for kept in self.kept_in(db_name):
            if kept.doc_id.lower() == doc_id.lower():
                del self.kept[db_name, kept.doc_id]


@row("delete_by_content", "DEL-5")
class DeleteByContent(Right):
    """delete() takes the documents with it whose content is the same."""

    def delete(self, db_name: str, doc_id: str) -> None:
        text = self.found(db_name, doc_id).text
        super().delete(db_name, doc_id)
        for kept in self.kept_in(db_name):
            if kept.text == text:
                del self.kept[db_name, kept.doc_id]


@row("delete_uncovers_the_version_before", "DEL-4")
class Uncovers(Right):
    """delete() takes the last version only: the one before it is there again."""

    def __init__(self) -> None:
        super().__init__()
        self.before: dict[Any, Any] = {}

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        self.check_id(doc_id)
        before = self.kept.get((db_name, doc_id))
        answer = super().save(db_name, doc_id, doc)
        self.before[db_name, doc_id] = before
        return answer

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        if before := self.before.pop((db_name, doc_id), None):
            self.kept[db_name, doc_id] = before


@row("deleted_id_cannot_be_saved", "DEL-7")
class NoNewLife(Tombstones):
    """A deleted id that is saved again is refused with 409."""

    get = Right.get

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        if (db_name, doc_id) in self.buried:
            raise HTTPException(409, f"{doc_id} was deleted from {db_name}")
        return super().save(db_name, doc_id, doc)


@row("same_again_stays_deleted", "DEL-7")
class SameStaysDeleted(Right):
    """What is saved as it was saved last is not written, though it was deleted meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.last: dict[Any, Any] = {}

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        self.check_id(doc_id)
        key, text = self.key(db_name, doc_id), self.written(doc)
        if self.last.get(key, (None,))[0] == text:
            return {"id": doc_id, "rev": self.last[key][1]}
        answer = super().save(db_name, doc_id, doc)
        self.last[key] = (text, answer["rev"])
        return answer


@row("former_life_shows", "DEL-7")
class FormerLife(Right):
    """A deleted id that is saved again has the fields of its former life."""

    def __init__(self) -> None:
        super().__init__()
        self.former: dict[Any, Any] = {}

    def delete(self, db_name: str, doc_id: str) -> None:
        former = self.get(db_name, doc_id)
        super().delete(db_name, doc_id)
        self.former[db_name, doc_id] = former

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        former = self.former.get((db_name, doc_id), {}) if isinstance(doc_id, str) else {}
        return super().save(db_name, doc_id, {**former, **doc} if isinstance(doc, dict) else doc)


@row("nulls_of_the_former_life", "DEL-7")
class NullsOfFormerLife(FormerLife):
    """A field that is null in the new life of a deleted id has its value of the former one."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        former = self.former.get((db_name, doc_id), {}) if isinstance(doc_id, str) else {}
        if isinstance(doc, dict):
            doc = {name: former.get(name) if doc[name] is None else doc[name] for name in doc}
        return Right.save(self, db_name, doc_id, doc)


@row("second_life_is_not_listed", "DEL-7")
class NotListedAgain(Tombstones):
    """A deleted id that is saved again is missing from the listing."""

    get = Right.get

    def kept_in(self, db_name: str) -> list[Kept]:
        return [k for k in super().kept_in(db_name) if (db_name, k.doc_id) not in self.buried]


@row("overview_delete_of_missing_is_404", "DEL-2", "DEL-3", dialect="overview")
class OverviewRaises(Overview):
    """In the dialect `overview`, delete() of a missing document raises 404."""

    delete = Right.delete


@row("overview_delete_of_missing_is_false", "DEL-2", "DEL-3", dialect="overview")
class OverviewFalse(Overview):
    """In the dialect `overview`, delete() of a missing document says False."""

    def delete(self, db_name: str, doc_id: str) -> None:
        self.check_id(doc_id)
        if self.key(db_name, doc_id) not in self.kept:
            return False
        return super().delete(db_name, doc_id)


@row("overview_delete_takes_another", "DEL-5", dialect="overview")
class OverviewTakesAnother(ByPrefix, Overview):
    """In the dialect `overview`, delete() of a missing document takes one that begins with it."""

    save = Overview.save

    def delete(self, db_name: str, doc_id: str) -> None:
        self.check_id(doc_id)
        if any(kept.doc_id.startswith(doc_id) for kept in self.kept_in(db_name)):
            ByPrefix.delete(self, db_name, doc_id)
