"""Services that are wrong about what is missing: the 404 of GET, and DEL."""

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters, remove, step, table
from gofannon_conformance.mutants.right import Kept, Overview, Right


def unwritten(error: Callable[[str], Exception]) -> type[Right]:
    """Return a service that raises an error in a collection that was never written."""

    class Unwritten(Right):
        def found(self, db_name: str, doc_id: str) -> Kept:
            self.check_id(doc_id)
            if db_name not in self.created:
                raise error(db_name)
            return super().found(db_name, doc_id)

    return Unwritten


def deletes_also(which: Callable[[Kept, Kept], bool]) -> type[Right]:
    """Return a service whose delete() also deletes the documents for which `which` is true.

    `which` is called with the deleted document and another one of the collection.
    """

    class DeletesAlso(Right):
        def delete(self, db_name: str, doc_id: str) -> None:
            gone = self.found(db_name, doc_id)
            super().delete(db_name, doc_id)
            remove(self, db_name, lambda kept: which(gone, kept))

    return DeletesAlso


def deletes_if(test: Callable[[Right, str, str], bool]) -> type[Right]:
    """Return a service whose delete() does nothing, without an error, where a test is false."""

    class DeletesIf(Right):
        def delete(self, db_name: str, doc_id: str) -> None:
            self.check_id(doc_id)
            if test(self, db_name, doc_id):
                super().delete(db_name, doc_id)

    return DeletesIf


DELETING: list[Mutant] = [
    *table(
        step("missing"),
        ("missing_is_410", "GET-3 DEL-2 ERR-2", "A missing document is answered with 410.",
         lambda self, db_name, doc_id: HTTPException(410, f"{doc_id} is gone from {db_name}")),
    ),
    *table(
        unwritten,
        ("unwritten_collection_is_500", "GET-4 DEL-3",
         "Reading from a collection that was never written is a server error.",
         lambda db_name: HTTPException(500, f"no such table: {db_name}")),
        ("unwritten_collection_is_a_key_error", "GET-4 DEL-3",
         "Reading from a collection that was never written lets a KeyError escape.", KeyError),
    ),
    *table(
        deletes_if,
        ("delete_in_silence_where_nothing_was_written", "DEL-3",
         "delete() raises nothing in a collection that was never written.",
         lambda self, db_name, doc_id: db_name in self.created),
        ("empty_document_is_not_deleted", "DEL-4",
         "delete() of a document without fields does nothing.",
         lambda self, db_name, doc_id: self.found(db_name, doc_id).text != "{}"),
    ),
    *table(
        deletes_also,
        ("delete_by_prefix", "DEL-5", "delete() also deletes every id that begins with its own.",
         lambda gone, kept: kept.doc_id.startswith(gone.doc_id)),
        ("delete_ignores_case", "DEL-5", "delete() also deletes the ids that differ only by case.",
         lambda gone, kept: kept.doc_id.lower() == gone.doc_id.lower()),
        ("delete_by_content", "DEL-5", "delete() also deletes documents of the same content.",
         lambda gone, kept: kept.text == gone.text),
    ),
]  # fmt: skip
row = partial(breaks, DELETING)
alter = partial(alters, DELETING)


@row("missing_found_by_prefix", "GET-3", "DEL-2")
class ByPrefix(Right):
    """For a missing id, the first document whose id begins with it is used."""

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


@alter("get", "missing_is_none", "GET-3")
def missing_is_none(self: Right, db_name: str, doc_id: str) -> dict[str, Any]:
    """get() of a missing document returns None."""
    self.check_id(doc_id)
    return Right.get(self, db_name, doc_id) if self.key(db_name, doc_id) in self.kept else None


@row("deleted_shown_as_tombstone", "GET-5", "DEL-4")
class Tombstones(Right):
    """get() of a deleted document shows its tombstone."""

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        self.memo[db_name, doc_id] = "deleted"

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        if (db_name, doc_id) in self.memo and (db_name, doc_id) not in self.kept:
            return {"_id": doc_id, "_deleted": True}
        return super().get(db_name, doc_id)


@alter("get", "read_cache_outlives_a_delete", "GET-5")
def cache_outlives(self: Right, db_name: str, doc_id: str) -> dict[str, Any]:
    """get() returns what it has read before, even if it was deleted since."""
    kept = self.kept.get((db_name, doc_id)) or self.memo.get((db_name, doc_id))
    self.memo[db_name, doc_id] = kept or self.found(db_name, doc_id)
    return self.shown(self.memo[db_name, doc_id], doc_id)


@alter("delete", "delete_returns_true", "DEL-1")
def delete_true(self: Right, db_name: str, doc_id: str) -> None:
    """delete() returns True."""
    Right.delete(self, db_name, doc_id)
    return True


@alter("delete", "delete_returns_the_document", "DEL-1")
def delete_gives(self: Right, db_name: str, doc_id: str) -> None:
    """delete() returns the deleted document."""
    gone = self.get(db_name, doc_id)
    Right.delete(self, db_name, doc_id)
    return gone


@row("delete_in_silence", "DEL-2", "DEL-3", "DEL-6", "ERR-2")
class Silent(Right):
    """delete() of a missing document raises nothing."""

    delete = Overview.delete


@row("second_delete_in_silence", "DEL-6")
class SecondSilent(Tombstones):
    """delete() of a document that was deleted before raises nothing."""

    get = Right.get

    def delete(self, db_name: str, doc_id: str) -> None:
        if (db_name, doc_id) not in self.memo or (db_name, doc_id) in self.kept:
            super().delete(db_name, doc_id)


@row("listing_keeps_the_deleted", "DEL-4", "LIST-4")
class ListKeeps(Right):
    """A deleted document is gone from get(), and still listed."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        self.memo[db_name, doc_id] = self.kept[db_name, doc_id]
        return answer

    def kept_in(self, db_name: str) -> list[Kept]:
        return [kept for kept in self.memo.values() if kept.collection == db_name]


@row("delete_uncovers_the_version_before", "DEL-4")
class Uncovers(Right):
    """delete() removes the last version only: the one before it is back."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        before = self.earlier(db_name, doc_id)
        answer = super().save(db_name, doc_id, doc)
        self.memo[db_name, doc_id] = before
        return answer

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        if before := self.memo.pop((db_name, doc_id), None):
            self.kept[db_name, doc_id] = before


@row("deleted_id_cannot_be_saved", "DEL-7")
class NoNewLife(Tombstones):
    """A deleted id that is saved again is refused with 409."""

    get = Right.get

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        if (db_name, doc_id) in self.memo:
            raise HTTPException(409, f"{doc_id} was deleted from {db_name}")
        return super().save(db_name, doc_id, doc)


@alter("save", "same_again_stays_deleted", "DEL-7")
def stays_deleted(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """The same document saved again is not written, even if it was deleted in between."""
    self.check_id(doc_id)
    key, text = self.key(db_name, doc_id), self.written(doc)
    if self.memo.get(key, (None,))[0] == text:
        return {"id": doc_id, "rev": self.memo[key][1]}
    answer = Right.save(self, db_name, doc_id, doc)
    self.memo[key] = (text, answer["rev"])
    return answer


@row("former_life_shows", "DEL-7")
class FormerLife(Right):
    """A deleted id that is saved again has the fields that it had before."""

    def delete(self, db_name: str, doc_id: str) -> None:
        former = self.get(db_name, doc_id)
        super().delete(db_name, doc_id)
        self.memo[db_name, doc_id] = former

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        former = self.memo.get((db_name, doc_id), {}) if isinstance(doc_id, str) else {}
        return super().save(db_name, doc_id, {**former, **doc} if isinstance(doc, dict) else doc)


@row("nulls_of_the_former_life", "DEL-7")
class NullsOfFormerLife(FormerLife):
    """After a deletion, a field that is saved as null has the value that it had before."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        former = self.memo.get((db_name, doc_id), {}) if isinstance(doc_id, str) else {}
        if isinstance(doc, dict):
            doc = {name: former.get(name) if doc[name] is None else doc[name] for name in doc}
        return Right.save(self, db_name, doc_id, doc)


@row("second_life_is_not_listed", "DEL-7")
class NotListedAgain(Tombstones):
    """A deleted id that is saved again is missing from the listing."""

    get = Right.get

    def kept_in(self, db_name: str) -> list[Kept]:
        return [k for k in super().kept_in(db_name) if (db_name, k.doc_id) not in self.memo]


@row("overview_delete_of_missing_is_404", "DEL-2", "DEL-3", dialect="overview")
class OverviewRaises(Overview):
    """In the dialect `overview`, delete() of a missing document raises 404."""

    delete = Right.delete


@row("overview_delete_takes_another", "DEL-5", dialect="overview")
class OverviewTakesAnother(ByPrefix, Overview):
    """In the dialect `overview`, delete() of a missing id deletes one that begins with it."""

    save = Overview.save

    def delete(self, db_name: str, doc_id: str) -> None:
        self.check_id(doc_id)
        if any(kept.doc_id.startswith(doc_id) for kept in self.kept_in(db_name)):
            ByPrefix.delete(self, db_name, doc_id)
