"""Services that show a document wrongly, or have another shape: API and GET."""

import json
from abc import ABC, abstractmethod
from functools import partial
from typing import Any, cast

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Complete, Kept, Right

READING: list[Mutant] = []
row = partial(breaks, READING)


@row("arguments_of_other_names", "API-1")
class OtherNames(Right):
    """The arguments of save() are called collection, key and data."""

    def save(self, collection: Any, key: Any, data: Any) -> dict[str, Any]:
        return super().save(collection, key, data)


@row("list_all_is_called_list", "API-1")
class CalledList(Right):
    """list_all() has another name."""

    list_all = None  # type: ignore[assignment]  # the mistake


@row("document_by_keyword_only", "API-1")
class KeywordOnly(Right):
    """save() takes the document by keyword only."""

    def save(self, db_name: str, doc_id: str, *, doc: dict[str, Any]) -> dict[str, Any]:
        return super().save(db_name, doc_id, doc)


@row("delete_takes_the_id_first", "API-1")
class IdFirst(Right):
    """delete() takes the id before the collection."""

    def delete(self, doc_id: str, db_name: str) -> None:
        super().delete(db_name, doc_id)


@row("not_annotated", "API-2")
class NotAnnotated(Right):
    """One method of the four is not annotated."""

    def delete(self, db_name, doc_id):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        super().delete(db_name, doc_id)


@row("list_all_annotated_as_list", "API-2")
class AnnotatedAsList(Right):
    """list_all() is annotated as a list of anything."""

    def list_all(self, db_name: str) -> list:  # type: ignore[type-arg]  # the mistake
        return super().list_all(db_name)


@row("no_abstract_base", "API-3")
class NoBase:
    """The class derives from nothing."""

    def __init__(self) -> None:
        self.right = Right()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.right, name)


class ThreeOfFour(ABC):
    """Says of three methods only that they are abstract."""

    @abstractmethod
    def get(self, db_name: str, doc_id: str) -> dict[str, Any]: ...

    @abstractmethod
    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]: ...

    @abstractmethod
    def delete(self, db_name: str, doc_id: str) -> None: ...


@row("base_without_list_all", "API-3")
class BaseWithoutListAll(NoBase, ThreeOfFour):
    """The abstract base has forgotten list_all()."""

    get, save, delete = Right.get, Right.save, Right.delete


@row("null_fields_lost_by_get", "GET-1")
class NullsLost(Right):
    """get() leaves out top-level fields that are null; list_all() shows them."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        return {k: v for k, v in super().get(db_name, doc_id).items() if v is not None}


@row("read_cache_outlives_a_save", "GET-1", "SAVE-5")
class StaleCache(Right):
    """get() remembers what it read, and save() does not tell it."""

    def __init__(self) -> None:
        super().__init__()
        self.cache: dict[Any, Any] = {}

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        kept = self.found(db_name, doc_id)
        return self.shown(self.cache.setdefault((db_name, doc_id), kept), doc_id)


@row("one_document_in_fifty_lost", "GET-1")
class OneInFifty(Right):
    """Each fiftieth save is acknowledged and forgotten."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        if self.changes % 50 == 0:
            del self.kept[self.key(db_name, doc_id)]
        return answer


@row("cache_of_100_forgets", "GET-1")
class HundredKept(Right):
    """A collection keeps its 100 newest documents."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
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


@row("id_of_digits_is_an_int", "GET-2", "LIST-2")
class IdOfDigits(Right):
    """An id of digits is shown as an integer."""

    def shown(self, kept: Kept, doc_id: str) -> dict[str, Any]:
        return super().shown(kept, cast("str", int(doc_id)) if doc_id.isdecimal() else doc_id)


@row("field_id_shown_as_underscore_id", "GET-2")
class FieldAsId(Right):
    """A document's own field `id` is shown as its `_id`."""

    def shown(self, kept: Kept, doc_id: str) -> dict[str, Any]:
        shown = super().shown(kept, doc_id)
        return {**shown, "_id": shown.get("id", doc_id)}


class Live(Right):
    """Keeps one live object for each document that was saved."""

    def written(self, doc: dict[str, Any]) -> Any:
        return json.loads(super().written(doc))

    def read(self, text: Any) -> Any:
        return text


@row("inner_objects_shared_by_get", "GET-6", "LIST-8")
class SharedWithin(Live):
    """What comes back is a new dict, but what is in it is the cache's own."""


@row("lists_of_lists_shared_by_get", "GET-6")
class ListsShared(Live):
    """Dicts and lists are copied, but for the lists in lists."""

    def read(self, text: Any) -> Any:
        return {k: self._copied(v) for k, v in super().read(text).items()}

    def _copied(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {k: self._copied(v) for k, v in value.items()}
        return list(value) if isinstance(value, list) else value


@row("same_dict_twice", "GET-6")
class SameDict(Right):
    """Two get() calls of one revision give the same dict, if nothing was changed between them."""

    def __init__(self) -> None:
        super().__init__()
        self.last: tuple[Any, Any, Any] = (None, None, None)

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        kept = self.found(db_name, doc_id)
        text, given, shown = self.last
        fresh = self.shown(kept, doc_id)
        if text == (kept, doc_id) and given == str(shown) == str(fresh):
            return shown
        self.last = (kept, doc_id), str(fresh), fresh
        return fresh


@row("get_creates_the_collection", "GET-7")
class GetCreates(Right):
    """get() creates the collection that it looks into."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        self.created.add(db_name)
        return super().get(db_name, doc_id)


@row("revision_shown_as_rev", "GET-8")
class RevShown(Right):
    """The revision is shown once more, as `rev`."""

    def shown(self, kept: Kept, doc_id: str) -> dict[str, Any]:
        return {"rev": kept.rev, **super().shown(kept, doc_id)}


@row("store_shows_its_id_in_empty_documents", "GET-8")
class IdShown(Right):
    """A document with no field is shown with the store's own `id`."""

    def read(self, text: Any) -> Any:
        return super().read(text) or {"id": 1}


@row("moment_shown_after_a_replacement", "GET-8")
class MomentShown(Right):
    """A document that was replaced is shown with the store's `updated_at`."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        replaced = self.key(db_name, doc_id) in self.kept
        if replaced and isinstance(doc, dict):
            doc = {"updated_at": "2024-01-15T10:30:00Z", **doc}
        return super().save(db_name, doc_id, doc)


@row("miss_creates_the_collection", "GET-7")
class MissCreates(Right):
    """get() of a document that is missing creates the collection, to remember the miss in it."""

    def missing(self, db_name: str, doc_id: str) -> Exception:
        self.created.add(db_name)
        return super().missing(db_name, doc_id)


@row("find_creates_the_collection", "GET-7")
class FindCreates(Complete):
    """find() creates the collection that it looks into."""

    def scanned(self, db_name: str) -> list[dict[str, Any]]:
        self.created.add(db_name)
        return super().scanned(db_name)
