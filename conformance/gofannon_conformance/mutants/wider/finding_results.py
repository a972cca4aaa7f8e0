"""Services that find what is not there now, or give it wrongly: FIND-1 and FIND-4."""

from collections.abc import Iterator
from copy import deepcopy
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Complete, Kept
from gofannon_conformance.mutants.right.complete import by_type

FINDING_RESULTS: list[Mutant] = []
row = partial(breaks, FINDING_RESULTS)

Found = list[dict[str, Any]]
Fields = list[str] | None
Limit = int | None


@row("find_takes_a_query", "FIND-1")
class OtherName(Complete):
    """The selector's parameter has another name."""

    def find(
        self, db_name: str, query: dict[str, Any], fields: Fields = None, limit: Limit = 10_000
    ) -> Found:
        return super().find(db_name, query, fields, limit)


@row("find_takes_its_limit_first", "FIND-1")
class OtherOrder(Complete):
    """The limit comes before the fields."""

    def find(
        self, db_name: str, selector: dict[str, Any], limit: Limit = 10_000, fields: Fields = None
    ) -> Found:
        return super().find(db_name, selector, fields, limit)


class Finding(Complete):
    """Makes something else of what was found, in `given`."""

    def find(
        self, db_name: str, selector: dict[str, Any], fields: Fields = None, limit: Limit = 10_000
    ) -> Any:
        return self.given(super().find(db_name, selector, fields, limit))

    def given(self, found: Found) -> Any:
        """Give what the caller gets."""
        raise NotImplementedError


@row("find_gives_an_iterator", "FIND-1")
class Iterated(Finding):
    """find() gives an iterator."""

    def given(self, found: Found) -> Iterator[dict[str, Any]]:
        return iter(found)


@row("find_gives_pairs", "FIND-1")
class Pairs(Finding):
    """find() gives pairs of id and document."""

    def given(self, found: Found) -> list[tuple[str, dict[str, Any]]]:
        return [(doc["_id"], doc) for doc in found]


@row("find_gives_no_id", "FIND-1")
class NoId(Finding):
    """What is found lacks its `_id`."""

    def given(self, found: Found) -> Found:
        return [{k: v for k, v in doc.items() if k != "_id"} for doc in found]


@row("find_remembers", "FIND-1")
class Remembers(Complete):
    """What was found once is found again, although it was changed."""

    def __init__(self) -> None:
        super().__init__()
        self.remembered: dict[Any, Found] = {}

    def find(
        self, db_name: str, selector: dict[str, Any], fields: Fields = None, limit: Limit = 10_000
    ) -> Found:
        key = db_name, by_type(selector), by_type(fields), limit, len(self.list_all(db_name))
        if key not in self.remembered:
            self.remembered[key] = super().find(db_name, selector, fields, limit)
        return deepcopy(self.remembered[key])


class PutAside(Complete):
    """Finds in copies that `save()` puts aside, in an index."""

    def __init__(self) -> None:
        super().__init__()
        self.index: dict[tuple[str, str], list[Kept]] = {}

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        self.put_aside(self.index.setdefault((db_name, doc_id), []), self.kept[db_name, doc_id])
        return answer

    def put_aside(self, versions: list[Kept], kept: Kept) -> None:
        """Add a new version to those that are in the index."""
        versions[:] = [kept]

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        self.index.pop((db_name, doc_id), None)

    def scanned(self, db_name: str) -> Found:
        return [
            self.shown(kept, kept.doc_id)
            for (place, _), versions in self.index.items()
            if place == db_name
            for kept in versions
        ]


@row("find_finds_what_was_deleted", "FIND-1")
class IndexKeeps(PutAside):
    """The index keeps what was deleted."""

    def delete(self, db_name: str, doc_id: str) -> None:
        Complete.delete(self, db_name, doc_id)


@row("find_finds_the_first_version", "FIND-1")
class IndexOld(PutAside):
    """The index keeps the first version of each document."""

    def put_aside(self, versions: list[Kept], kept: Kept) -> None:
        versions[:] = versions or [kept]


@row("find_finds_every_version", "FIND-1")
class IndexAll(PutAside):
    """The index keeps every version of each document."""

    def put_aside(self, versions: list[Kept], kept: Kept) -> None:
        versions.append(kept)


@row("find_looks_into_every_collection", "FIND-1")
class Everywhere(Complete):
    """The selector is held against documents of other collections too."""

    def scanned(self, db_name: str) -> Found:
        return [self.shown(kept, kept.doc_id) for kept in self.kept.values()]


@row("find_gives_the_store_itself", "FIND-1")
class Shares(Complete):
    """What is found shares its inner values with the store."""

    def __init__(self) -> None:
        super().__init__()
        self.read_once: dict[str, Any] = {}

    def read(self, text: Any) -> Any:
        return self.read_once.setdefault(text, super().read(text))


@row("find_shares_its_cache", "FIND-1")
class SharesCache(Complete):
    """What was found is found again as the caller has changed it, while nothing is written."""

    def __init__(self) -> None:
        super().__init__()
        self.cache: dict[Any, Found] = {}

    def find(
        self, db_name: str, selector: dict[str, Any], fields: Fields = None, limit: Limit = 10_000
    ) -> Found:
        key = self.changes, db_name, by_type(selector), by_type(fields), limit, len(self.kept)
        if key not in self.cache:
            self.cache[key] = super().find(db_name, selector, fields, limit)
        return list(self.cache[key])


@row("find_shares_what_it_gave_twice", "FIND-1")
class SharesLate(Complete):
    """What was found twice is taken into a cache, and then found as the caller changes it."""

    def __init__(self) -> None:
        super().__init__()
        self.times: dict[Any, int] = {}
        self.cache: dict[Any, Found] = {}

    def find(
        self, db_name: str, selector: dict[str, Any], fields: Fields = None, limit: Limit = 10_000
    ) -> Found:
        key = self.changes, db_name, by_type(selector), by_type(fields), limit, len(self.kept)
        self.times[key] = self.times.get(key, 0) + 1
        found = super().find(db_name, selector, fields, limit)
        return list(self.cache.setdefault(key, found)) if self.times[key] > 2 else found


@row("find_leaves_out_long_documents", "FIND-1")
class LeavesOutLong(Complete):
    """A document of more than 64 KiB is not found."""

    def scanned(self, db_name: str) -> Found:
        return [doc for doc in super().scanned(db_name) if len(by_type(doc)) < 65_536]


@row("find_reads_one_megabyte", "FIND-3")
class ReadsOneMegabyte(Complete):
    """What lies behind the first megabyte of a collection is not found."""

    def scanned(self, db_name: str) -> Found:
        docs, size = [], 0
        for doc in super().scanned(db_name):
            size += len(by_type(doc))
            if size < 1_000_000:
                docs.append(doc)
        return docs


@row("find_uses_up_its_selector", "FIND-1")
class UsesUp(Complete):
    """find() takes `_id` out of its caller's selector."""

    def find(
        self, db_name: str, selector: dict[str, Any], fields: Fields = None, limit: Limit = 10_000
    ) -> Found:
        asked = dict(selector)
        selector.pop("_id", None)
        return super().find(db_name, asked, fields, limit)


@row("find_adds_to_the_fields", "FIND-1")
class AddsToFields(Complete):
    """find() adds `_rev` to its caller's list of fields."""

    def find(
        self, db_name: str, selector: dict[str, Any], fields: Fields = None, limit: Limit = 10_000
    ) -> Found:
        if fields is not None:
            fields.append("_rev")
        return super().find(db_name, selector, fields, limit)


@row("find_in_unwritten_is_404", "FIND-4")
class UnwrittenMissing(Complete):
    """find() in a collection that was never written is 404."""

    def scanned(self, db_name: str) -> Found:
        if db_name not in self.created:
            raise HTTPException(404, f"there is no collection {db_name}")
        return super().scanned(db_name)


@row("find_in_unwritten_is_a_key_error", "FIND-4", "ERR-1")
class UnwrittenFails(Complete):
    """find() in a collection that was never written lets a KeyError escape."""

    def scanned(self, db_name: str) -> Found:
        if db_name not in self.created:
            raise KeyError(db_name)
        return super().scanned(db_name)


@row("find_in_unwritten_is_none", "FIND-4")
class UnwrittenNone(Complete):
    """find() in a collection that was never written gives None, if fields are asked for."""

    def find(
        self, db_name: str, selector: dict[str, Any], fields: Fields = None, limit: Limit = 10_000
    ) -> Found:
        if fields and db_name not in self.created:
            return None
        return super().find(db_name, selector, fields, limit)


@row("find_in_empty_is_404", "FIND-4", "FIND-1")
class EmptyMissing(Complete):
    """find() where there is no document is 404."""

    def scanned(self, db_name: str) -> Found:
        docs = super().scanned(db_name)
        if not docs:
            raise HTTPException(404, f"there is nothing in {db_name}")
        return docs
