"""Services that list wrongly: LIST."""

from functools import partial
from itertools import accumulate
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters, finds, finds_if, lists, table
from gofannon_conformance.mutants.right import Kept, Right


def two_pages(here: list[Kept]) -> list[Kept]:
    sizes = accumulate(len(kept.text) for kept in here)
    return [kept for kept, size in zip(here, sizes, strict=True) if size <= 4 * 2**20]


def rounded(docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: round(v, 6) if type(v) is float else v for k, v in doc.items()} for doc in docs]


LISTING: list[Mutant] = [
    *table(
        lists,
        ("listing_is_a_tuple", "LIST-1", "list_all() returns a tuple.", tuple),
        ("listing_is_a_generator", "LIST-1", "list_all() returns a generator.",
         lambda docs: (doc for doc in docs)),
        ("listing_of_pairs", "LIST-1", "list_all() returns pairs of id and document.",
         lambda docs: [(doc["_id"], doc) for doc in docs]),
        ("listing_without_ids", "LIST-2", "The documents of list_all() lack their `_id`.",
         lambda docs: [{k: v for k, v in doc.items() if k != "_id"} for doc in docs]),
        ("listing_rounds_floats", "LIST-5", "list_all() rounds floats to six digits.", rounded),
    ),
    *table(
        finds_if,
        ("listing_leaves_out_empty_documents", "LIST-5",
         "list_all() leaves out documents without fields.", lambda kept: kept.text != "{}"),
    ),
    *table(
        finds,
        ("listing_shows_equal_documents_once", "LIST-5",
         "list_all() shows documents of the same content once.",
         lambda here: list({kept.text: kept for kept in here}.values())),
        ("listing_ends_at_1000", "LIST-6", "list_all() ends after 1,000 documents.",
         lambda here: here[:1000]),
        ("listing_loses_one_at_a_pages_end", "LIST-6",
         "The first document of the second page of 1,000 is lost.",
         lambda here: here[:1000] + here[1001:]),
        ("listing_follows_the_cursor_once", "LIST-6", "list_all() reads two pages of 2 MiB.",
         two_pages),
    ),
]  # fmt: skip
row = partial(breaks, LISTING)
alter = partial(alters, LISTING)


@alter("list_all", "list_all_creates_the_collection", "LIST-9")
def list_creates(self: Right, db_name: str) -> list[dict[str, Any]]:
    """list_all() creates the collection that it reads."""
    self.created.add(db_name)
    return Right.list_all(self, db_name)


@row("listing_with_ids_as_carried", "LIST-2")
class ListCarried(Right):
    """list_all() shows the `_id` that a document carried when it was saved."""

    def written(self, doc: dict[str, Any]) -> Any:
        return super().written(doc), doc.get("_id")

    def shown(self, kept: Kept, doc_id: str) -> dict[str, Any]:
        return {**self.read(kept.text[0]), "_id": doc_id, "_rev": kept.rev}

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return [self.shown(k, k.text[1] or k.doc_id) for k in self.kept_in(db_name)]


@alter("list_all", "unwritten_listing_is_404", "LIST-3")
def list_unwritten(self: Right, db_name: str) -> list[dict[str, Any]]:
    """list_all() of a collection that was never written is 404."""
    if db_name not in self.created:
        raise HTTPException(404, f"there is no collection {db_name}")
    return Right.list_all(self, db_name)


@alter("list_all", "unwritten_listing_is_none", "LIST-3")
def list_none(self: Right, db_name: str) -> list[dict[str, Any]]:
    """list_all() of a collection that was never written is None."""
    return Right.list_all(self, db_name) if db_name in self.created else None


@alter("list_all", "emptied_listing_is_404", "LIST-4")
def list_emptied(self: Right, db_name: str) -> list[dict[str, Any]]:
    """list_all() is 404 after the last document was deleted."""
    listed = Right.list_all(self, db_name)
    if not listed and db_name in self.created:
        raise HTTPException(404, f"there is nothing in {db_name}")
    return listed


@alter("kept_in", "last_document_stays_listed", "LIST-4", "DEL-4")
def last_stays(self: Right, db_name: str) -> list[Kept]:
    """The listing is cached, and an empty one does not replace the cached one."""
    self.memo[db_name] = Right.kept_in(self, db_name) or self.memo.get(db_name, [])
    return self.memo[db_name]


@row("listing_one_write_behind", "LIST-5")
class OneBehind(Right):
    """list_all() does not see the last write until the next one."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        before = dict(self.kept)
        answer = super().save(db_name, doc_id, doc)
        self.memo = before
        return answer

    def kept_in(self, db_name: str) -> list[Kept]:
        return [kept for kept in self.memo.values() if kept.collection == db_name]


@alter("kept_in", "listing_shows_the_first_version", "LIST-5")
def list_first(self: Right, db_name: str) -> list[Kept]:
    """list_all() shows the first version of a document that was replaced."""
    here = Right.kept_in(self, db_name)
    return [self.memo.setdefault((db_name, kept.doc_id), kept) for kept in here]


@alter("kept_in", "bookkeeping_row_is_listed", "LIST-7")
def schema_row(self: Right, db_name: str) -> list[Kept]:
    """The first write of a collection adds a row of the store's own to the listing."""
    own = [Kept(db_name, "_schema", "0", "{}")] if db_name in self.created else []
    return Right.kept_in(self, db_name) + own


@alter("delete", "row_of_failed_deletes_is_listed", "LIST-7")
def failed_deletes(self: Right, db_name: str, doc_id: str) -> None:
    """A delete() that finds nothing adds a row of the store's own to the listing."""
    self.check_id(doc_id)
    if self.key(db_name, doc_id) not in self.kept:
        self.kept[db_name, 0] = Kept(db_name, "__misses__", "0", "{}")
    Right.delete(self, db_name, doc_id)


@alter("list_all", "empty_listing_is_shared", "LIST-8")
def empty_shared(self: Right, db_name: str) -> list[dict[str, Any]]:
    """Every empty listing is the same list."""
    return Right.list_all(self, db_name) or self.memo.setdefault("empty", [])


@alter("kept_in", "empty_listing_creates_the_collection", "LIST-9")
def empty_creates(self: Right, db_name: str) -> list[Kept]:
    """list_all() that finds nothing creates the collection, to make the next one faster."""
    here = Right.kept_in(self, db_name)
    if not here:
        self.created.add(db_name)
    return here
