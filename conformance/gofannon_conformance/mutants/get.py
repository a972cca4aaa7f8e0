"""Services that show a document wrongly, or have another interface: API and GET."""

import json
from abc import ABC, abstractmethod
from functools import partial
from typing import Any

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters
from gofannon_conformance.mutants.right import Complete, Kept, Right

READING: list[Mutant] = []
row = partial(breaks, READING)
alter = partial(alters, READING)


@alter("save", "arguments_of_other_names", "API-1")
def other_names(self: Right, collection: Any, key: Any, data: Any) -> dict[str, Any]:
    """The arguments of save() are called collection, key and data."""
    return Right.save(self, collection, key, data)


@row("list_all_is_called_list", "API-1")
class CalledList(Right):
    """list_all() has another name."""

    list_all = None  # type: ignore[assignment]  # the mistake


@alter("save", "document_by_keyword_only", "API-1")
def keyword_only(self: Right, db_name: str, doc_id: str, *, doc: dict[str, Any]) -> dict[str, Any]:
    """save() takes the document by keyword only."""
    return Right.save(self, db_name, doc_id, doc)


@alter("delete", "delete_takes_the_id_first", "API-1")
def id_first(self: Right, doc_id: str, db_name: str) -> None:
    """delete() takes the id before the collection."""
    Right.delete(self, db_name, doc_id)


@alter("delete", "not_annotated", "API-2")
def not_annotated(self: Right, db_name, doc_id):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """One method of the four is not annotated."""
    Right.delete(self, db_name, doc_id)


@alter("list_all", "list_all_annotated_as_list", "API-2")
def annotated_as_list(self: Right, db_name: str) -> list:  # type: ignore[type-arg]  # the mistake
    """list_all() is annotated as a list of anything."""
    return Right.list_all(self, db_name)


@row("no_abstract_base", "API-3")
class NoBase:
    """The class derives from nothing."""

    def __init__(self) -> None:
        self.right = Right()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.right, name)


class ThreeOfFour(ABC):
    """Has only three of the four methods."""

    @abstractmethod
    def get(self, db_name: str, doc_id: str) -> dict[str, Any]: ...

    @abstractmethod
    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]: ...

    @abstractmethod
    def delete(self, db_name: str, doc_id: str) -> None: ...


@row("base_without_list_all", "API-3")
class BaseWithoutListAll(NoBase, ThreeOfFour):
    """The abstract base lacks list_all()."""

    get, save, delete = Right.get, Right.save, Right.delete


@alter("get", "null_fields_lost_by_get", "GET-1")
def nulls_lost(self: Right, db_name: str, doc_id: str) -> dict[str, Any]:
    """get() leaves out top-level fields that are null; list_all() shows them."""
    return {k: v for k, v in Right.get(self, db_name, doc_id).items() if v is not None}


@alter("get", "read_cache_outlives_a_save", "GET-1", "SAVE-5")
def stale_cache(self: Right, db_name: str, doc_id: str) -> dict[str, Any]:
    """get() caches what it read, and save() does not update the cache."""
    kept = self.found(db_name, doc_id)
    return self.shown(self.memo.setdefault((db_name, doc_id), kept), doc_id)


@alter("save", "one_document_in_fifty_lost", "GET-1")
def one_in_fifty(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """Every fiftieth save is acknowledged and lost."""
    answer = Right.save(self, db_name, doc_id, doc)
    if self.changes % 50 == 0:
        del self.kept[self.key(db_name, doc_id)]
    return answer


@alter("save", "cache_of_100_forgets", "GET-1")
def hundred_kept(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A collection keeps its 100 newest documents."""
    answer = Right.save(self, db_name, doc_id, doc)
    if len(here := self.kept_in(db_name)) > 100:
        del self.kept[self.key(db_name, here[0].doc_id)]
    return answer


@row("id_only_if_it_was_saved", "GET-2")
class IdIfSaved(Right):
    """get() shows `_id` only if the document carried it."""

    def written(self, doc: dict[str, Any]) -> Any:
        text = super().written(doc)
        return text, "_id" in doc

    def shown(self, kept: Kept, doc_id: str) -> dict[str, Any]:
        text, had_id = kept.text
        shown = {**self.read(text), "_id": doc_id, "_rev": kept.rev}
        return shown if had_id else {k: v for k, v in shown.items() if k != "_id"}


@alter("shown", "id_of_digits_is_an_int", "GET-2", "LIST-2")
def id_of_digits(self: Right, kept: Kept, doc_id: str) -> dict[str, Any]:
    """An id of digits is shown as an integer."""
    shown: Any = int(doc_id) if doc_id.isdecimal() else doc_id
    return Right.shown(self, kept, shown)


@alter("shown", "field_id_shown_as_underscore_id", "GET-2")
def field_as_id(self: Right, kept: Kept, doc_id: str) -> dict[str, Any]:
    """A document's own field `id` is shown as its `_id`."""
    shown = Right.shown(self, kept, doc_id)
    return {**shown, "_id": shown.get("id", doc_id)}


class Live(Right):
    """Keeps one live object for each document that was saved."""

    def written(self, doc: dict[str, Any]) -> Any:
        return json.loads(super().written(doc))

    def read(self, text: Any) -> Any:
        return text


@row("inner_objects_shared_by_get", "GET-6", "LIST-8")
class SharedWithin(Live):
    """get() returns a new dict, but its values are the cache's own."""


@alter("get", "same_dict_twice", "GET-6")
def same_dict(self: Right, db_name: str, doc_id: str) -> dict[str, Any]:
    """Two get() calls of one revision return the same dict, if nothing was changed in between."""
    kept = self.found(db_name, doc_id)
    fresh = self.shown(kept, doc_id)
    given, text = self.memo.get((kept, doc_id), (None, None))
    if text == str(given) == str(fresh):
        return given
    self.memo = {(kept, doc_id): (fresh, str(fresh))}
    return fresh


@alter("shown", "revision_shown_as_rev", "GET-8")
def rev_shown(self: Right, kept: Kept, doc_id: str) -> dict[str, Any]:
    """The revision is also shown as `rev`."""
    return {"rev": kept.rev, **Right.shown(self, kept, doc_id)}


@alter("save", "moment_shown_after_a_replacement", "GET-8")
def moment_shown(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A document that was replaced is shown with the store's `updated_at`."""
    replaced = self.key(db_name, doc_id) in self.kept
    if replaced and isinstance(doc, dict):
        doc = {"updated_at": "2024-01-15T10:30:00Z", **doc}
    return Right.save(self, db_name, doc_id, doc)


@alter("missing", "miss_creates_the_collection", "GET-7")
def miss_creates(self: Right, db_name: str, doc_id: str) -> Exception:
    """get() of a missing document creates the collection, to cache the miss in it."""
    self.created.add(db_name)
    return Right.missing(self, db_name, doc_id)


@alter("scanned", "find_creates_the_collection", "GET-7")
def find_creates(self: Complete, db_name: str) -> list[dict[str, Any]]:
    """find() creates the collection that it reads."""
    self.created.add(db_name)
    return Complete.scanned(self, db_name)
