"""The bulk methods' entries: one per item, in order, whatever happened to the other items."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from fastapi import HTTPException

from gofannon_backends.base import documents, errors

Entry = dict[str, Any]

_Item = TypeVar("_Item")

_CHUNK_BYTES: Final = 1024 * 1024
"""The document that brings a request past this size is its last."""


@dataclass(frozen=True, slots=True)
class Ready(Generic[_Item]):
    """A checked document: its id, the form that its store takes, and the size of that in bytes."""

    doc_id: str
    held: _Item
    size: int


_Numbered = tuple[int, Ready[_Item]]
_SaveTogether = Callable[[list[Ready[_Item]]], Sequence[str | None]]


def listed(db_name: str, given: object, *, what: str) -> list[Any]:
    """Return the argument of a bulk method as a list; raise a 400 if it is no list."""
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise errors.bad_request(db_name, why=f"{what} are a list")
    return list(given)


def ids(db_name: str, given: object) -> list[str]:
    """Return the ids that `get_many` was called with, each once; raise a 400 if one is no id."""
    doc_ids = listed(db_name, given, what="document ids")
    return list(dict.fromkeys(documents.address(db_name, doc_id)[1] for doc_id in doc_ids))


def id_in(doc: object) -> Any:
    """Return the document's `_id`; None if there is none."""
    return doc.get("_id") if isinstance(doc, dict) else None


def entries(
    items: Iterable[_Item], id_of: Callable[[_Item], Any], act: Callable[[_Item], Entry]
) -> list[Entry]:
    """Call `act` with each item in turn; return the entries: `ok`, or the error's text.

    After a failure of the store the remaining items are not tried: each might take as long to
    fail.
    """
    store = _Store()
    return [store.entry(id_of(item), act, item) for item in items]


def saved(
    docs: list[Any],
    ready: Callable[[Any], Ready[_Item]],
    save_at_once: _SaveTogether[_Item],
    save: Callable[[Any], Entry],
    *,
    most: int,
) -> list[Entry]:
    """Save documents, up to `most` per request; return the entries of saving each in turn.

    No request has an id twice. `save_at_once` returns a revision for each document, None for one
    that it did not save; if it raises a 4xx it saved none. Each of these is then saved alone, by
    `save`, so that its entry is its own.
    """
    found: dict[int, Entry] = {}

    def accepted() -> Iterator[_Numbered[_Item]]:
        for number, doc in enumerate(docs):
            try:
                yield number, ready(doc)
            except HTTPException as refusal:
                found[number] = _failed(id_in(doc), str(refusal.detail))

    store = _Store()
    for chunk in _chunks(accepted(), most):
        together = store.entries([one for _, one in chunk], save_at_once)
        for (number, one), entry in zip(chunk, together, strict=True):
            found[number] = entry or store.entry(one.doc_id, save, docs[number])
    return [found[number] for number in range(len(docs))]


class _Store:
    """Calls to a store, none after the store itself has failed."""

    def __init__(self) -> None:
        self._failure = ""

    def entry(self, doc_id: Any, act: Callable[[_Item], Entry], item: _Item) -> Entry:
        if self._failure:
            return _failed(doc_id, self._failure)
        try:
            return {"ok": True, **act(item)}
        except HTTPException as error:
            self._is_failure(error)
            return _failed(doc_id, str(error.detail))

    def entries(
        self, chunk: list[Ready[_Item]], save_at_once: _SaveTogether[_Item]
    ) -> list[Entry | None]:
        """Return an entry for each of the chunk, None for one that is to be saved alone."""
        if self._failure:
            return [_failed(one.doc_id, self._failure) for one in chunk]
        try:
            revisions = save_at_once(chunk)
        except HTTPException as error:
            if self._is_failure(error):
                return [_failed(one.doc_id, str(error.detail)) for one in chunk]
            return [None] * len(chunk)
        return [
            None if rev is None else {"ok": True, "id": one.doc_id, "rev": rev}
            for one, rev in zip(chunk, revisions, strict=True)
        ]

    def _is_failure(self, error: HTTPException) -> bool:
        if error.status_code == 429 or error.status_code >= 500:
            self._failure = f"not tried, because the store failed before: {error.detail}"
        return bool(self._failure)


def _chunks(ready: Iterable[_Numbered[_Item]], most: int) -> Iterator[list[_Numbered[_Item]]]:
    chunk: list[_Numbered[_Item]] = []
    ids: set[str] = set()
    size = 0
    for number, one in ready:
        if chunk and (one.doc_id in ids or len(chunk) == most or size >= _CHUNK_BYTES):
            yield chunk
            chunk, ids, size = [], set(), 0
        chunk.append((number, one))
        ids.add(one.doc_id)
        size += one.size
    if chunk:
        yield chunk


def _failed(doc_id: Any, error: str) -> Entry:
    return {"ok": False, "id": doc_id if isinstance(doc_id, str) else None, "error": error}
