"""What the bulk methods answer: one entry for each of many, whatever became of the others."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from fastapi import HTTPException

from gofannon_backends import documents, errors

Entry = dict[str, Any]

_Item = TypeVar("_Item")

_CHUNK_BYTES: Final = 1024 * 1024
"""A request with many documents ends with the one that brings it past this size."""


@dataclass(frozen=True, slots=True)
class Ready(Generic[_Item]):
    """A checked document: its id, what its store is to be given, and how many bytes that is."""

    doc_id: str
    held: _Item
    size: int


_Numbered = tuple[int, Ready[_Item]]


def listed(db_name: str, given: object, *, what: str) -> list[Any]:
    """Return what a bulk method was given as a list, or refuse it with a 400."""
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise errors.bad_request(db_name, why=f"{what} are a list")
    return list(given)


def ids(db_name: str, given: object) -> list[str]:
    """Return the ids that `get_many` was given, each once; refuse with a 400 what is none."""
    asked = listed(db_name, given, what="document ids")
    return list(dict.fromkeys(documents.address(db_name, doc_id)[1] for doc_id in asked))


def id_in(doc: object) -> Any:
    """Return the `_id` that a document carries; None if there is none."""
    return doc.get("_id") if isinstance(doc, dict) else None


def entries(
    items: Iterable[_Item], id_of: Callable[[_Item], Any], act: Callable[[_Item], Entry]
) -> list[Entry]:
    """Act on each item in turn, and return what came of it: `ok`, or the error's text.

    A failure of the store itself ends the acting: the items that are left are not tried, because
    each might take as long to fail.
    """
    acting = _Acting()
    return [acting.entry(id_of(item), act, item) for item in items]


def saved(
    docs: list[Any],
    ready: Callable[[Any], Ready[_Item]],
    save_at_once: Callable[[list[Ready[_Item]]], Sequence[str | None]],
    save: Callable[[Any], Entry],
    *,
    most: int,
) -> list[Entry]:
    """Save documents, up to `most` by one request; return what saving each in turn would.

    No request has an id twice. `save_at_once` returns a revision for each document, None for one
    that it has not saved; when it raises a 4xx it has saved none. These are saved by themselves:
    they go in where they can, and say what is wrong with them where they cannot.
    """
    found: dict[int, Entry] = {}

    def fit() -> Iterator[_Numbered[_Item]]:
        for number, doc in enumerate(docs):
            try:
                yield number, ready(doc)
            except HTTPException as refused:
                found[number] = failed(id_in(doc), str(refused.detail))

    acting = _Acting()
    for chunk in _chunks(fit(), most):
        at_once = acting.entries([one for _, one in chunk], save_at_once)
        for (number, one), entry in zip(chunk, at_once, strict=True):
            found[number] = entry or acting.entry(one.doc_id, save, docs[number])
    return [found[number] for number in range(len(docs))]


class _Acting:
    """Acts on one item after the other, until the store itself fails."""

    def __init__(self) -> None:
        self._broken = ""

    def entry(self, doc_id: Any, act: Callable[[_Item], Entry], item: _Item) -> Entry:
        if self._broken:
            return failed(doc_id, self._broken)
        try:
            return {"ok": True, **act(item)}
        except HTTPException as error:
            self._is_broken_by(error)
            return failed(doc_id, str(error.detail))

    def entries(
        self,
        chunk: list[Ready[_Item]],
        save_at_once: Callable[[list[Ready[_Item]]], Sequence[str | None]],
    ) -> list[Entry | None]:
        """Return an entry for each of the chunk, None for what is to be saved by itself."""
        if self._broken:
            return [failed(one.doc_id, self._broken) for one in chunk]
        try:
            revisions = save_at_once(chunk)
        except HTTPException as error:
            if self._is_broken_by(error):
                return [failed(one.doc_id, str(error.detail)) for one in chunk]
            return [None] * len(chunk)
        return [
            None if rev is None else {"ok": True, "id": one.doc_id, "rev": rev}
            for one, rev in zip(chunk, revisions, strict=True)
        ]

    def _is_broken_by(self, error: HTTPException) -> bool:
        if error.status_code == 429 or error.status_code >= 500:
            self._broken = f"not tried, because the store failed before: {error.detail}"
        return bool(self._broken)


def _chunks(documents: Iterable[_Numbered[_Item]], most: int) -> Iterator[list[_Numbered[_Item]]]:
    chunk: list[_Numbered[_Item]] = []
    ids: set[str] = set()
    size = 0
    for number, one in documents:
        if chunk and (one.doc_id in ids or len(chunk) == most or size >= _CHUNK_BYTES):
            yield chunk
            chunk, ids, size = [], set(), 0
        chunk.append((number, one))
        ids.add(one.doc_id)
        size += one.size
    if chunk:
        yield chunk


def failed(doc_id: Any, error: str) -> Entry:
    """Return the entry of what failed."""
    return {"ok": False, "id": doc_id if isinstance(doc_id, str) else None, "error": error}
