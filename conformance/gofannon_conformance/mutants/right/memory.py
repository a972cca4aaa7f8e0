"""The right service that the mutants are variations of, and right services of other kinds.

It shares no code with the backends of the project. It keeps each document as JSON text. Each step
that a mistake may change is a method.
"""

import json
import threading
from abc import ABC, abstractmethod
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException

OWN = ("_id", "_rev")


@dataclass(frozen=True)
class Kept:
    """A stored document: its place, its revision, its text."""

    collection: str
    doc_id: str
    rev: str
    text: Any


class DatabaseService(ABC):
    """The abstract base class, as in the application."""

    @abstractmethod
    def get(self, db_name: str, doc_id: str) -> dict[str, Any]: ...

    @abstractmethod
    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]: ...

    @abstractmethod
    def delete(self, db_name: str, doc_id: str) -> None: ...

    @abstractmethod
    def list_all(self, db_name: str) -> list[dict[str, Any]]: ...


class Right(DatabaseService):
    """Meets every clause, MUST and SHOULD. It has revisions, and accepts stale ones."""

    def __init__(self) -> None:
        self.kept: dict[Any, Kept] = {}
        self.created: set[str] = set()
        self.changes = 0
        self.lock = threading.RLock()
        self.memo: dict[Any, Any] = {}  # what a mutant remembers

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        with self.lock:
            return self.shown(self.found(db_name, doc_id), doc_id)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        self.check_id(doc_id)
        text = self.written(doc)
        with self.lock:
            kept = Kept(db_name, doc_id, self.revision(doc), text)
            self.created.add(db_name)
            self.kept[self.key(db_name, doc_id)] = kept
        return {"id": doc_id, "rev": kept.rev}

    def delete(self, db_name: str, doc_id: str) -> None:
        with self.lock:
            self.found(db_name, doc_id)
            del self.kept[self.key(db_name, doc_id)]

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        with self.lock:
            return [self.shown(kept, kept.doc_id) for kept in self.kept_in(db_name)]

    def key(self, db_name: str, doc_id: str) -> Any:
        """Return the key under which a document is stored."""
        return db_name, doc_id

    def check_id(self, doc_id: Any) -> None:
        """Refuse what is not an id."""
        if not isinstance(doc_id, str) or not doc_id:
            raise HTTPException(400, f"an id is a text that is not empty, not {doc_id!r}")

    def found(self, db_name: str, doc_id: str) -> Kept:
        """Return what is stored under an id, or raise."""
        self.check_id(doc_id)
        kept = self.kept.get(self.key(db_name, doc_id))
        if kept is None:
            raise self.missing(db_name, doc_id)
        return kept

    def earlier(self, db_name: str, doc_id: Any) -> Kept | None:
        """Return what is stored under an id, or None."""
        return self.kept.get((db_name, doc_id)) if isinstance(doc_id, str) else None

    def missing(self, db_name: str, doc_id: str) -> Exception:
        """Return the exception for a missing document."""
        return HTTPException(404, f"there is no document {doc_id!r} in {db_name!r}")

    def kept_in(self, db_name: str) -> list[Kept]:
        """Return what is stored in a collection."""
        return [kept for kept in self.kept.values() if kept.collection == db_name]

    def revision(self, doc: Any) -> Any:
        """Return the revision of a new version."""
        self.changes += 1
        return f"{self.changes}-r"

    def written(self, doc: Any) -> Any:
        """Return a document as it is stored, or refuse it."""
        if not isinstance(doc, dict):
            raise HTTPException(400, f"a document is a dict, not a {type(doc).__name__}")
        own = {k: v for k, v in doc.items() if k not in OWN}
        try:
            text = json.dumps(own, allow_nan=False)
            is_same = json.loads(text) == own
        except (TypeError, ValueError, RecursionError) as error:
            raise HTTPException(400, f"JSON cannot hold the document: {error}") from error
        if not is_same and not keys_are_text(own):
            raise HTTPException(400, "JSON cannot hold a field name that is not text")
        return text

    def read(self, text: Any) -> Any:
        """Return the document of a stored text."""
        return json.loads(text)

    def shown(self, kept: Kept, doc_id: str) -> dict[str, Any]:
        """Return a document as a caller sees it."""
        return {**self.read(kept.text), "_id": doc_id, "_rev": kept.rev}


class Guarded(Right):
    """Also has conflicts: a stale `_rev` is refused with 409."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        self.check_id(doc_id)
        carried = doc.get("_rev") if isinstance(doc, dict) else None
        with self.lock:
            kept = self.kept.get(self.key(db_name, doc_id))
            if kept is not None and carried is not None and self.is_stale(carried, kept.rev):
                raise HTTPException(409, f"{carried!r} is not the revision of {doc_id!r}")
            return super().save(db_name, doc_id, doc)

    def is_stale(self, carried: Any, current: str) -> bool:
        """Return whether the revision that a document carries is not the current one."""
        return bool(carried != current)


class Overview(Right):
    """Follows the dialect `overview`."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            super().save(db_name, doc_id, doc)
            return self.get(db_name, doc_id)

    def delete(self, db_name: str, doc_id: str) -> None:
        self.check_id(doc_id)
        with self.lock:
            self.kept.pop(self.key(db_name, doc_id), None)


class Objects(Right):
    """Keeps copies of the objects, so a set comes back as a set."""

    def written(self, doc: Any) -> Any:
        if not isinstance(doc, dict):
            raise TypeError("a document is a dict")
        try:
            return deepcopy({k: v for k, v in doc.items() if k not in OWN})
        except TypeError as error:
            raise HTTPException(422, f"the document cannot be copied: {error}") from error

    def read(self, text: Any) -> Any:
        return deepcopy(text)


class Modest(Right):
    """Meets the MUST clauses and few SHOULD clauses: it refuses, rounds, marks and creates."""

    def get(self, db_name: Any, doc_id: Any) -> Any:
        self.created.add(db_name)
        return super().get(db_name, doc_id)

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        self.created.add(db_name)
        return super().list_all(db_name)

    def missing(self, db_name: str, doc_id: str) -> Exception:
        return HTTPException(404)

    def check_id(self, doc_id: Any) -> None:
        super().check_id(doc_id)
        printable = doc_id.isascii() and doc_id.isprintable() and len(doc_id) <= 128
        if not printable or doc_id[0] in "_." or set(doc_id) & set('/?#%"\\'):
            raise HTTPException(400, " ")

    def written(self, doc: Any) -> Any:
        text = super().written(doc)
        if len(text) > 250_000 or depth_of(doc) > 16:
            raise HTTPException(413)
        if any(name[:1] in ("", "_") and name not in OWN for name in doc):
            raise HTTPException(400)
        doc["_id"] = "marked"
        return text

    def read(self, text: Any) -> Any:
        return json.loads(text, parse_float=whole_or_float)


def keys_are_text(value: Any) -> bool:
    """Return whether every field name is text, at every depth."""
    if isinstance(value, dict):
        return all(isinstance(k, str) and keys_are_text(v) for k, v in value.items())
    return not isinstance(value, (list, tuple)) or all(map(keys_are_text, value))


def depth_of(value: Any) -> int:
    """Return how many levels of objects and arrays a value has."""
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


def whole_or_float(text: str) -> int | float:
    """Return a number as a store reads it that cannot tell 1 from 1.0."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
