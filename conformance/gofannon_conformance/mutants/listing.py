"""Services that list wrongly: LIST."""

from copy import deepcopy
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Kept, Right

LISTING: list[Mutant] = []
row = partial(breaks, LISTING)


@row("list_all_creates_the_collection", "LIST-9")
class ListCreates(Right):
    """list_all() creates the collection that it looks into."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        self.created.add(db_name)
        return super().list_all(db_name)


@row("listing_is_a_tuple", "LIST-1")
class ListTuple(Right):
    """list_all() gives a tuple."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return tuple(super().list_all(db_name))


@row("listing_is_a_generator", "LIST-1")
class ListGenerator(Right):
    """list_all() gives a generator."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:  # type: ignore[misc]  # the mistake
        yield from super().list_all(db_name)


@row("listing_of_pairs", "LIST-1")
class ListPairs(Right):
    """list_all() gives pairs of id and document."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        pairs: Any = [(doc["_id"], doc) for doc in super().list_all(db_name)]
        return pairs


@row("listing_without_ids", "LIST-2")
class ListWithoutIds(Right):
    """The documents of list_all() lack their `_id`."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return [{k: v for k, v in d.items() if k != "_id"} for d in super().list_all(db_name)]


@row("listing_with_ids_as_carried", "LIST-2")
class ListCarried(Right):
    """list_all() shows the `_id` that a document carried when it was saved."""

    def written(self, doc: dict[str, Any]) -> Any:
        return super().written(doc), doc.get("_id")

    def shown(self, kept: Kept, doc_id: str) -> dict[str, Any]:
        return {**self.read(kept.text[0]), "_id": doc_id, "_rev": kept.rev}

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return [self.shown(k, k.text[1] or k.doc_id) for k in self.kept_in(db_name)]


@row("unwritten_listing_is_404", "LIST-3")
class ListUnwritten(Right):
    """list_all() of a collection that was never written is 404."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        if db_name not in self.created:
            raise HTTPException(404, f"there is no collection {db_name}")
        return super().list_all(db_name)


@row("unwritten_listing_is_none", "LIST-3")
class ListNone(Right):
    """list_all() of a collection that was never written is None."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return super().list_all(db_name) if db_name in self.created else None


@row("emptied_listing_is_404", "LIST-4")
class ListEmptied(Right):
    """list_all() is 404 once the last document was deleted."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        listed = super().list_all(db_name)
        if not listed and db_name in self.created:
            raise HTTPException(404, f"there is nothing in {db_name}")
        return listed


@row("last_document_stays_listed", "LIST-4", "DEL-4")
class LastStays(Right):
    """The listing is remembered, and an empty one does not replace what is remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.remembered: dict[Any, Any] = {}

    def kept_in(self, db_name: str) -> list[Kept]:
        self.remembered[db_name] = super().kept_in(db_name) or self.remembered.get(db_name, [])
        return self.remembered[db_name]


@row("listing_one_write_behind", "LIST-5")
class OneBehind(Right):
    """list_all() does not see the last write until the next one."""

    def __init__(self) -> None:
        super().__init__()
        self.before: dict[Any, Any] = {}

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        before = dict(self.kept)
        answer = super().save(db_name, doc_id, doc)
        self.before = before
        return answer

    def kept_in(self, db_name: str) -> list[Kept]:
        return [kept for kept in self.before.values() if kept.collection == db_name]


@row("listing_leaves_out_empty_documents", "LIST-5")
class ListOmitsEmpty(Right):
    """list_all() leaves out documents with no field."""

    def kept_in(self, db_name: str) -> list[Kept]:
        return [kept for kept in super().kept_in(db_name) if kept.text != "{}"]


@row("listing_shows_equal_documents_once", "LIST-5")
class ListDistinct(Right):
    """list_all() shows documents of the same content once."""

    def kept_in(self, db_name: str) -> list[Kept]:
        return list({kept.text: kept for kept in super().kept_in(db_name)}.values())


@row("listing_shows_the_first_version", "LIST-5")
class ListFirst(Right):
    """list_all() shows the first version of a document that was replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.first: dict[Any, Any] = {}

    def kept_in(self, db_name: str) -> list[Kept]:
        return [
            self.first.setdefault((db_name, kept.doc_id), kept) for kept in super().kept_in(db_name)
        ]


@row("listing_rounds_floats", "LIST-5")
class ListRounds(Right):
    """list_all() rounds floats to six digits."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return [
            {k: round(v, 6) if type(v) is float else v for k, v in doc.items()}
            for doc in super().list_all(db_name)
        ]


@row("replaced_documents_listed_twice", "LIST-5")
class ListTwice(Right):
    """list_all() shows a replaced document in its old version too."""

    def __init__(self) -> None:
        super().__init__()
        self.old: dict[Any, Any] = {}

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        old = self.kept.get((db_name, doc_id)) if isinstance(doc_id, str) else None
        answer = super().save(db_name, doc_id, doc)
        self.old[db_name, doc_id] = old
        return answer

    def kept_in(self, db_name: str) -> list[Kept]:
        here = super().kept_in(db_name)
        return here + [old for k in here if (old := self.old.get((db_name, k.doc_id)))]


@row("listing_ends_at_1000", "LIST-6")
class ListThousand(Right):
    """list_all() ends after 1,000 documents."""

    def kept_in(self, db_name: str) -> list[Kept]:
        return super().kept_in(db_name)[:1000]


@row("listing_loses_one_at_a_pages_end", "LIST-6")
class ListPageEnd(Right):
    """The first document of the second page of 1,000 is lost."""

    def kept_in(self, db_name: str) -> list[Kept]:
        here = super().kept_in(db_name)
        return here[:1000] + here[1001:]


@row("listing_follows_the_cursor_once", "LIST-6")
class ListTwoPages(Right):
    """list_all() reads two pages of 2 MiB."""

    def kept_in(self, db_name: str) -> list[Kept]:
        here, size = [], 0
        for kept in super().kept_in(db_name):
            size += len(kept.text)
            if size > 4 * 2**20:
                break
            here.append(kept)
        return here


@row("bookkeeping_row_is_listed", "LIST-7")
class SchemaRow(Right):
    """The first write of a collection leaves a row of the store's own in the listing."""

    def kept_in(self, db_name: str) -> list[Kept]:
        own = [Kept(db_name, "_schema", "0", "{}")] if db_name in self.created else []
        return super().kept_in(db_name) + own


@row("row_of_failed_deletes_is_listed", "LIST-7")
class FailedDeletes(Right):
    """A delete() that finds nothing leaves a row of the store's own in the listing."""

    def delete(self, db_name: str, doc_id: str) -> None:
        self.check_id(doc_id)
        if self.key(db_name, doc_id) not in self.kept:
            self.kept[db_name, 0] = Kept(db_name, "__misses__", "0", "{}")
        super().delete(db_name, doc_id)


@row("empty_listing_is_shared", "LIST-8")
class EmptyShared(Right):
    """Every empty listing is the same list."""

    def __init__(self) -> None:
        super().__init__()
        self.empty: list[Any] = []

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return super().list_all(db_name) or self.empty


@row("listing_gives_what_get_has_cached", "LIST-8")
class ListGives(Right):
    """get() gives copies of what it has cached, and list_all() what is cached itself."""

    def __init__(self) -> None:
        super().__init__()
        self.cache: dict[Any, tuple[Any, Any]] = {}

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        kept = self.found(db_name, doc_id)
        if self.cache.get((db_name, doc_id), (None,))[0] is not kept:
            self.cache[db_name, doc_id] = (kept, super().get(db_name, doc_id))
        return deepcopy(self.cache[db_name, doc_id][1])

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        listed = []
        for kept in self.kept_in(db_name):
            cached = self.cache.get((db_name, kept.doc_id), (None,))
            listed.append(cached[1] if cached[0] is kept else self.shown(kept, kept.doc_id))
        return listed


@row("listing_is_the_caches_own", "LIST-8")
class ListCached(Right):
    """list_all() gives the same list again while nothing is written."""

    def __init__(self) -> None:
        super().__init__()
        self.cache: dict[Any, Any] = {}

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        listed = super().list_all(db_name)
        seen, cached = self.cache.get(db_name, (None, None))
        if seen != str(self.kept_in(db_name)):
            self.cache[db_name] = (str(self.kept_in(db_name)), listed)
            return listed
        return cached


@row("empty_listing_creates_the_collection", "LIST-9")
class EmptyCreates(Right):
    """list_all() that finds nothing creates the collection, so that the next one is faster."""

    def kept_in(self, db_name: str) -> list[Kept]:
        here = super().kept_in(db_name)
        if not here:
            self.created.add(db_name)
        return here
