"""Services whose indexes change results: IDX."""

from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters
from gofannon_conformance.mutants.right import Kept
from gofannon_conformance.mutants.variants import (
    Document,
    Fields,
    Finding,
    Found,
    Limit,
    is_unwritten,
    raising,
)

INDEXING: list[Mutant] = []
row = partial(breaks, INDEXING)
alter = partial(alters, INDEXING)


class Indexing(Finding):
    """Remembers its indexes."""

    def __init__(self) -> None:
        super().__init__()
        self.indexes: dict[str, list[tuple[str, ...]]] = {}

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        self.indexed(db_name, fields)

    def indexed(self, db_name: str, fields: list[str]) -> None:
        """Make an index."""
        self.indexes.setdefault(db_name, []).append(tuple(fields))

    def fields_indexed(self, db_name: str) -> set[str]:
        """Return the fields of a collection that are in an index."""
        return {name for fields in self.indexes.get(db_name, []) for name in fields}


INDEXING += [
    raising("indexed", "index_exists_already", "IDX-1", "A second index of the same fields is 409.",
            when=lambda service, db_name, fields:
            tuple(fields) in service.indexes.get(db_name, []),
            error=HTTPException(409, "the index exists already"), base=Indexing),
    raising("indexed", "index_needs_a_collection", "IDX-1",
            "An index of a collection that was never written is 404.",
            when=is_unwritten, error=HTTPException(404, "there is no such collection"),
            base=Indexing),
    raising("save", "index_takes_no_long_value", "IDX-1",
            "A text of more than 8,191 characters cannot be saved in an indexed field.",
            when=lambda service, db_name, _, doc: any(
                isinstance(doc.get(name), str) and len(doc[name]) > 8191
                for name in service.fields_indexed(db_name)
            ),
            error=HTTPException(400, "index row size exceeds btree maximum"), base=Indexing),
]  # fmt: skip


@row("index_has_one_page", "IDX-1")
class IndexOnePage(Indexing):
    """With an index, no limit means 100."""

    def searched(self, db_name: str, selector: Document, fields: Fields, limit: Limit) -> Found:
        limit = 100 if limit is None and db_name in self.indexes else limit
        return super().searched(db_name, selector, fields, limit)


@row("index_gives_its_name", "IDX-1")
class IndexName(Indexing):
    """ensure_index() returns the index's name."""

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None = None) -> None:
        super().ensure_index(db_name, fields, index_name)
        return index_name or "-".join(fields)


@row("index_needs_a_name", "IDX-1")
class IndexNeedsName(Indexing):
    """An index has no default name."""

    def ensure_index(self, db_name: str, fields: list[str], index_name: str | None) -> None:
        super().ensure_index(db_name, fields, index_name)


@alter("indexed", "index_sorts_the_fields", "IDX-1")
def index_sorts(self: Indexing, db_name: str, fields: list[str]) -> None:
    """ensure_index() sorts its caller's list in reverse."""
    fields.sort(reverse=True)


@alter("indexed", "index_is_listed", "IDX-1")
def index_listed(self: Indexing, db_name: str, fields: list[str]) -> None:
    """An index is a document of the collection."""
    self.kept[db_name, "_design/a"] = Kept(db_name, "_design/a", "1", '{"language": "query"}')


@alter("scanned", "index_is_found", "IDX-1")
def index_found(self: Indexing, db_name: str) -> Found:
    """An empty selector finds the index, which list_all() does not return."""
    own = [{"_id": f"_design/{n}"} for n, _ in enumerate(self.indexes.get(db_name, []))]
    return Indexing.scanned(self, db_name) + own


@row("index_is_unique", "IDX-1")
class IndexUnique(Indexing):
    """No two documents may have the same value in an indexed field."""

    def save(self, db_name: str, doc_id: str, doc: Document) -> Document:
        for name in self.fields_indexed(db_name) & doc.keys():
            if any(d.get(name) == doc[name] and d["_id"] != doc_id for d in self.list_all(db_name)):
                raise HTTPException(409, f"{name} is taken")
        return super().save(db_name, doc_id, doc)


@row("index_is_unique_everywhere", "IDX-1")
class IndexUniqueEverywhere(IndexUnique):
    """All collections are one table: an index of one makes values unique in each of them."""

    def fields_indexed(self, db_name: str) -> set[str]:
        return set().union(*map(super().fields_indexed, self.indexes))


@alter("kept_in", "index_hides_arrays", "IDX-1")
def index_hides(self: Indexing, db_name: str) -> list[Kept]:
    """list_all() leaves out documents whose indexed field holds an array."""
    names = self.fields_indexed(db_name)
    here = Indexing.kept_in(self, db_name)
    return [k for k in here if not any(f'"{name}": [' in k.text for name in names)]


@row("index_takes_any_case", "IDX-1")
class IndexAnyCase(Indexing):
    """Texts in an indexed field are found in any case."""

    def searched(self, db_name: str, *arguments: Any) -> Found:
        self.folded = self.fields_indexed(db_name)
        return super().searched(db_name, *arguments)

    def means(self, selector: Document, doc: Document) -> bool:
        return super().means(self.fold(selector), self.fold(doc))

    def fold(self, fields: Document) -> Document:
        """Return fields with the texts of those that are indexed in lower case."""
        return {
            name: value.lower() if isinstance(value, str) and name in self.folded else value
            for name, value in fields.items()
        }


class Missing(Indexing):
    """Leaves out of what is found the documents that an index misses, before it limits."""

    def searched(self, db_name: str, selector: Document, fields: Fields, limit: Limit) -> Found:
        found = super().searched(db_name, selector, None, None)
        held = [doc for doc in found if not self.misses(db_name, selector, doc)]
        return [self.projected(doc, fields) for doc in self.limited(held, limit)]

    def misses(self, db_name: str, selector: Document, doc: Document) -> bool:
        """Return whether a document is not in the index that serves the selector."""
        raise NotImplementedError


@alter("misses", "index_is_sparse", "IDX-1")
def index_sparse(self: Missing, db_name: str, selector: Document, doc: Document) -> bool:
    """A document that lacks a field of an index is not found by its other fields."""
    indexes = [names for names in self.indexes.get(db_name, []) if selector.keys() & {*names}]
    return any(not doc.keys() >= {*names} for names in indexes)


@row("index_is_not_kept_up", "IDX-1", "FIND-1")
class IndexNotKept(Missing):
    """find() by the fields of an index misses what was saved after the index was made."""

    def indexed(self, db_name: str, fields: list[str]) -> None:
        ids = {doc["_id"] for doc in self.list_all(db_name)}
        self.memo.setdefault((db_name, tuple(fields)), ids)

    def misses(self, db_name: str, selector: Document, doc: Document) -> bool:
        held = self.memo.get((db_name, tuple(selector)))
        return held is not None and doc["_id"] not in held


@row("index_misses_what_many_bring", "IDX-1")
class IndexMissesMany(Missing):
    """save_many() does not write to the indexes."""

    def saved_one(self, db_name: str, doc: Any) -> Document:
        entry = super().saved_one(db_name, doc)
        if entry["ok"]:
            self.memo[entry["rev"]] = "saved by many"
        return entry

    def misses(self, db_name: str, selector: Document, doc: Document) -> bool:
        is_served = bool(selector.keys() & self.fields_indexed(db_name))
        return is_served and doc["_rev"] in self.memo


@row("index_has_only_what_comes", "IDX-1")
class IndexOfLater(Missing):
    """find() by an indexed field misses what was saved before the index was made."""

    def indexed(self, db_name: str, fields: list[str]) -> None:
        there = {kept.rev for kept in self.kept_in(db_name)}
        for name in fields:
            self.memo.setdefault((db_name, name), there)

    def misses(self, db_name: str, selector: Document, doc: Document) -> bool:
        return any(doc["_rev"] in self.memo.get((db_name, name), ()) for name in selector)
