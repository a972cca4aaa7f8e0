"""Services whose indexes are seen: IDX."""

from copy import deepcopy
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Complete, Kept

INDEXING: list[Mutant] = []
row = partial(breaks, INDEXING)


class Indexing(Complete):
    """Remembers the indexes that it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.indexes: dict[str, list[tuple[str, ...]]] = {}

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        self.indexes.setdefault(db_name, []).append(tuple(fields))

    def fields_indexed(self, db_name: str) -> set[str]:
        """Give the fields of a collection that are in an index."""
        return {name for fields in self.indexes.get(db_name, []) for name in fields}


@row("index_exists_already", "IDX-1")
class IndexExists(Indexing):
    """A second index of the same fields is 409."""

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        if tuple(fields) in self.indexes.get(db_name, []):
            raise HTTPException(409, "the index exists already")
        super().ensure_index(db_name, fields, index_name)


@row("index_has_one_page", "IDX-1")
class IndexOnePage(Indexing):
    """Once there is an index, no limit is one of a hundred."""

    def find(self, db_name: str, selector: dict[str, Any], *arguments: Any, **more: Any) -> Any:
        if db_name in self.indexes and more.get("limit", 0) is None:
            more["limit"] = 100
        return super().find(db_name, selector, *arguments, **more)


@row("index_gives_its_name", "IDX-1")
class IndexName(Indexing):
    """ensure_index() gives the index's name."""

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        super().ensure_index(db_name, fields, index_name)
        return index_name or "-".join(fields)


@row("index_needs_a_name", "IDX-1")
class IndexNeedsName(Indexing):
    """An index has no default name."""

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None) -> None:
        super().ensure_index(db_name, fields, index_name)


@row("index_sorts_the_fields", "IDX-1")
class IndexSorts(Indexing):
    """ensure_index() sorts its caller's list, backwards."""

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        fields.sort(reverse=True)


@row("index_needs_a_collection", "IDX-1")
class IndexNeedsCollection(Indexing):
    """An index of a collection that was never written is 404."""

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        if db_name not in self.created:
            raise HTTPException(404, f"there is no collection {db_name}")


@row("index_is_listed", "IDX-1")
class IndexListed(Indexing):
    """An index is a document of the collection."""

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        self.kept[db_name, "_design/a"] = Kept(db_name, "_design/a", "1", '{"language": "query"}')


@row("index_is_found", "IDX-1")
class IndexFound(Indexing):
    """An index is found by an empty selector, though it is not listed."""

    def scanned(self, db_name: str) -> list[dict[str, Any]]:
        own = [{"_id": f"_design/{n}"} for n, _ in enumerate(self.indexes.get(db_name, []))]
        return super().scanned(db_name) + own


@row("index_is_unique", "IDX-1")
class IndexUnique(Indexing):
    """No two documents may have the same value in an indexed field."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        for name in self.fields_indexed(db_name) & doc.keys():
            if any(d.get(name) == doc[name] and d["_id"] != doc_id for d in self.list_all(db_name)):
                raise HTTPException(409, f"{name} is taken")
        return super().save(db_name, doc_id, doc)


@row("index_is_unique_everywhere", "IDX-1")
class IndexUniqueEverywhere(IndexUnique):
    """All collections are one table: an index of one makes values unique in each of them."""

    def fields_indexed(self, db_name: str) -> set[str]:
        return set().union(*map(super().fields_indexed, self.indexes))


@row("index_takes_no_long_value", "IDX-1")
class IndexShort(Indexing):
    """A text of more than 8,191 characters cannot be saved in an indexed field."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        values = (doc.get(name) for name in self.fields_indexed(db_name))
        if any(isinstance(value, str) and len(value) > 8191 for value in values):
            raise HTTPException(400, "index row size exceeds btree maximum")
        return super().save(db_name, doc_id, doc)


@row("index_is_sparse", "IDX-1")
class IndexSparse(Indexing):
    """What is looked for by an index is missed where a document lacks another field of it."""

    def find(
        self,
        db_name: str,
        selector: dict[str, Any],
        fields: list[str] | None = None,
        limit: int | None = 10_000,
    ) -> list[dict[str, Any]]:
        found = super().find(db_name, selector, fields, limit)
        here = {doc["_id"]: doc for doc in self.list_all(db_name)}
        for names in self.indexes.get(db_name, []):
            if not selector.keys().isdisjoint(names):
                found = [doc for doc in found if here[doc["_id"]].keys() >= {*names}]
        return found


@row("index_hides_what_lacks_its_field", "IDX-1")
class IndexHidesLacking(Indexing):
    """A document that lacks an indexed field is not found by any selector."""

    def scanned(self, db_name: str) -> list[dict[str, Any]]:
        names = self.fields_indexed(db_name)
        return [doc for doc in super().scanned(db_name) if doc.keys() >= names]


@row("index_takes_any_case", "IDX-1")
class IndexAnyCase(Indexing):
    """Texts in an indexed field are found in any case."""

    def find(
        self,
        db_name: str,
        selector: dict[str, Any],
        fields: list[str] | None = None,
        limit: int | None = 10_000,
    ) -> list[dict[str, Any]]:
        self.folded = self.fields_indexed(db_name)
        return super().find(db_name, selector, fields, limit)

    def means(self, selector: dict[str, Any], doc: dict[str, Any]) -> bool:
        return super().means(self.fold(selector), self.fold(doc))

    def fold(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Give fields with the texts of those that are indexed in lower case."""
        return {
            name: value.lower() if isinstance(value, str) and name in self.folded else value
            for name, value in fields.items()
        }


@row("index_takes_numbers_for_texts", "IDX-1")
class IndexOfTexts(Indexing):
    """An index of one field holds each value as text, so that 1 is found as "1"."""

    def find(
        self,
        db_name: str,
        selector: dict[str, Any],
        fields: list[str] | None = None,
        limit: int | None = 10_000,
    ) -> list[dict[str, Any]]:
        ((name, value),) = selector.items() if len(selector) == 1 else (("", None),)
        if (name,) not in self.indexes.get(db_name, []):
            return super().find(db_name, selector, fields, limit)
        found = [doc for doc in self.scanned(db_name) if name in doc]
        found = [doc for doc in found if str(doc[name]) == str(value)]
        return [self.projected(doc, fields) for doc in self.limited(found, limit)]


@row("index_is_not_kept_up", "IDX-1", "FIND-1")
class IndexNotKept(Indexing):
    """find() by the fields of an index misses what was saved after it was made."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, tuple[str, ...]], set[str]] = {}

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        ids = {doc["_id"] for doc in self.list_all(db_name)}
        self.held.setdefault((db_name, tuple(fields)), ids)

    def find(
        self,
        db_name: str,
        selector: dict[str, Any],
        fields: list[str] | None = None,
        limit: int | None = 10_000,
    ) -> list[dict[str, Any]]:
        found = super().find(db_name, selector, fields, limit)
        held = self.held.get((db_name, tuple(selector)))
        return found if held is None else [doc for doc in found if doc["_id"] in held]


@row("index_misses_what_many_bring", "IDX-1")
class IndexMissesMany(Indexing):
    """save_many() does not write to the indexes."""

    def __init__(self) -> None:
        super().__init__()
        self.by_many: set[str] = set()

    def saved_one(self, db_name: str, doc: Any) -> dict[str, Any]:
        entry = super().saved_one(db_name, doc)
        if entry["ok"]:
            self.by_many.add(entry["rev"])
        return entry

    def find(
        self,
        db_name: str,
        selector: dict[str, Any],
        fields: list[str] | None = None,
        limit: int | None = 10_000,
    ) -> list[dict[str, Any]]:
        found = super().find(db_name, selector, None, None)
        if selector.keys() & self.fields_indexed(db_name):
            found = [doc for doc in found if doc["_rev"] not in self.by_many]
        return [self.projected(doc, fields) for doc in self.limited(found, limit)]


@row("index_has_what_was_there", "IDX-1")
class IndexOfThen(Indexing):
    """find() shows the documents of the time when the first index was made."""

    def __init__(self) -> None:
        super().__init__()
        self.then: dict[str, list[dict[str, Any]]] = {}

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        if docs := self.list_all(db_name):
            self.then.setdefault(db_name, docs)

    def scanned(self, db_name: str) -> list[dict[str, Any]]:
        then = self.then.get(db_name)
        return super().scanned(db_name) if then is None else deepcopy(then)


@row("index_has_only_what_comes", "IDX-1")
class IndexOfLater(Indexing):
    """find() by an indexed field misses what was there before the index."""

    def __init__(self) -> None:
        super().__init__()
        self.not_in: dict[tuple[str, str], set[str]] = {}

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        there = {kept.rev for kept in self.kept_in(db_name)}
        for name in fields:
            self.not_in.setdefault((db_name, name), there)

    def find(
        self,
        db_name: str,
        selector: dict[str, Any],
        fields: list[str] | None = None,
        limit: int | None = 10_000,
    ) -> list[dict[str, Any]]:
        missed = set().union(*(self.not_in.get((db_name, name), ()) for name in selector))
        found = super().find(db_name, selector, None, None)
        seen = [doc for doc in found if doc["_rev"] not in missed]
        return [self.projected(doc, fields) for doc in self.limited(seen, limit)]


@row("index_hides_arrays", "IDX-1")
class IndexHides(Indexing):
    """list_all() leaves out documents whose indexed field holds an array."""

    def kept_in(self, db_name: str) -> list[Kept]:
        names = self.fields_indexed(db_name)
        here = super().kept_in(db_name)
        return [k for k in here if not any(f'"{name}": [' in k.text for name in names)]
