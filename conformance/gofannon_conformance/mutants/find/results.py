"""Services that find outdated documents, or return them wrongly: FIND-1 and FIND-4."""

from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters
from gofannon_conformance.mutants.right import Complete, Kept
from gofannon_conformance.mutants.right.complete import by_type
from gofannon_conformance.mutants.variants import (
    Document,
    Fields,
    Finding,
    Found,
    Limit,
    is_unwritten,
    raising,
    variant,
)

FINDING_RESULTS: list[Mutant] = []
row = partial(breaks, FINDING_RESULTS)
alter = partial(alters, FINDING_RESULTS)


@row("find_takes_a_query", "FIND-1")
class OtherName(Complete):
    """The selector's parameter has another name."""

    def find(
        self, db_name: str, query: Document, fields: Fields = None, limit: Limit = 10_000
    ) -> Found:
        return super().find(db_name, query, fields, limit)


@alter("find", "find_takes_its_limit_first", "FIND-1")
def other_order(
    self: Complete, db_name: str, selector: Document, limit: Limit = 10_000, fields: Fields = None
) -> Found:
    """The limit comes before the fields."""
    return Complete.find(self, db_name, selector, fields, limit)


class Caching(Finding):
    """Keeps results in a cache."""

    def key_of(self, db_name: str, *arguments: Any) -> Any:
        """Return the key of a result: it changes with every write."""
        return self.changes, by_type((db_name, *arguments)), len(self.kept)

    def searched(self, *arguments: Any) -> Found:
        key = self.key_of(*arguments)
        if key not in self.memo:
            self.memo[key] = super().searched(*arguments)
        return list(self.memo[key])


@row("find_shares_its_cache", "FIND-1")
class SharesCache(Caching):
    """A cached result is returned as the caller has changed it, until the next write."""


@row("find_shares_what_it_gave_twice", "FIND-1")
class SharesLate(Caching):
    """A result that was returned twice is cached, and then returned as the caller changes it."""

    def __init__(self) -> None:
        super().__init__()
        self.times: dict[Any, int] = {}

    def searched(self, *arguments: Any) -> Found:
        key = self.key_of(*arguments)
        self.times[key] = self.times.get(key, 0) + 1
        caches = self.times[key] > 2
        return super().searched(*arguments) if caches else Finding.searched(self, *arguments)


class PutAside(Complete):
    """Finds in copies that `save()` puts into an index."""

    def save(self, db_name: str, doc_id: str, doc: Document) -> Document:
        answer = super().save(db_name, doc_id, doc)
        self.put_aside(self.memo.setdefault((db_name, doc_id), []), self.kept[db_name, doc_id])
        return answer

    def put_aside(self, versions: list[Kept], kept: Kept) -> None:
        """Add a new version to those that are in the index."""
        versions[:] = [kept]

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        self.memo.pop((db_name, doc_id), None)

    def scanned(self, db_name: str) -> Found:
        return [
            self.shown(kept, kept.doc_id)
            for (place, _), versions in self.memo.items()
            if place == db_name
            for kept in versions
        ]


@alter("delete", "find_finds_what_was_deleted", "FIND-1")
def index_keeps(self: PutAside, db_name: str, doc_id: str) -> None:
    """The index keeps deleted documents."""
    Complete.delete(self, db_name, doc_id)


@alter("put_aside", "find_finds_the_first_version", "FIND-1")
def index_old(self: PutAside, versions: list[Kept], kept: Kept) -> None:
    """The index keeps the first version of each document."""
    versions[:] = versions or [kept]


@alter("put_aside", "find_finds_every_version", "FIND-1")
def index_all(self: PutAside, versions: list[Kept], kept: Kept) -> None:
    """The index keeps every version of each document."""
    versions.append(kept)


@alter("scanned", "find_reads_one_megabyte", "FIND-3")
def reads_one_megabyte(self: Complete, db_name: str) -> Found:
    """Documents behind the first megabyte of a collection are not found."""
    docs, size = [], 0
    for doc in Complete.scanned(self, db_name):
        size += len(by_type(doc))
        if size < 1_000_000:
            docs.append(doc)
    return docs


@alter("searched", "find_uses_up_its_selector", "FIND-1")
def uses_up(self: Finding, db_name: str, selector: Document, fields: Fields, limit: Limit) -> Found:
    """find() removes `_id` from its caller's selector."""
    copy = dict(selector)
    selector.pop("_id", None)
    return Finding.searched(self, db_name, copy, fields, limit)


@row("find_adds_to_the_fields", "FIND-1")
class AddsToFields(Finding):
    """find() adds `_rev` to its caller's list of fields."""

    def searched(self, db_name: str, selector: Document, fields: Fields, limit: Limit) -> Found:
        if fields is not None:
            fields.append("_rev")
        return super().searched(db_name, selector, fields, limit)


def iterated(service: Complete, *arguments: Any) -> Any:
    return iter(Complete.find(service, *arguments))


def pairs(service: Complete, *arguments: Any) -> Any:
    return [(doc["_id"], doc) for doc in Complete.find(service, *arguments)]


def without_ids(service: Complete, *arguments: Any) -> Any:
    return [{k: v for k, v in d.items() if k != "_id"} for d in Complete.find(service, *arguments)]


def written_or_none(service: Complete, *arguments: Any) -> Any:
    db_name, _, fields, _ = arguments
    found = Complete.find(service, *arguments)
    return None if fields and db_name not in service.created else found


def everything(service: Complete, _: str) -> Found:
    return [service.shown(kept, kept.doc_id) for kept in service.kept.values()]


def short_ones(service: Complete, db_name: str) -> Found:
    return [doc for doc in service.list_all(db_name) if len(by_type(doc)) < 65_536]


find_raises = partial(raising, "scanned")
NOT_FOUND = HTTPException(404, "there is no such collection, or nothing in it")

FINDING_RESULTS += [
    variant("find_gives_an_iterator", "FIND-1", "find() returns an iterator.", searched=iterated),
    variant("find_gives_pairs", "FIND-1", "find() returns pairs of id and document.",
            searched=pairs),
    variant("find_gives_no_id", "FIND-1", "The documents that find() returns lack their `_id`.",
            searched=without_ids),
    variant("find_looks_into_every_collection", "FIND-1",
            "Documents of other collections are found too.", scanned=everything),
    variant("find_leaves_out_long_documents", "FIND-1",
            "A document of more than 64 KiB is not found.", scanned=short_ones),
    find_raises("find_in_unwritten_is_404", "FIND-4",
                "find() in a collection that was never written is 404.",
                when=is_unwritten, error=NOT_FOUND),
    find_raises("find_in_unwritten_is_a_key_error", "FIND-4 ERR-1",
                "find() in a collection that was never written raises KeyError.",
                when=is_unwritten, error=KeyError("no such collection")),
    variant("find_in_unwritten_is_none", "FIND-4",
            "find() in a collection that was never written returns None if fields are given.",
            searched=written_or_none),
    find_raises("find_in_empty_is_404", "FIND-4 FIND-1",
                "find() where there is no document is 404.",
                when=lambda service, db_name: not service.list_all(db_name), error=NOT_FOUND),
]  # fmt: skip
