"""Documents as they are moved: the fields that are kept, the line in a file, the checksum.

A line is JSON in ASCII, `_id` first, the other fields in the order of the source. The checksum is
that of the *canonical* form, the same JSON with sorted names: documents with the same canonical
form are equal, whatever order a store keeps. `1` and `1.0` are different in it.
"""

import json
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NoReturn

from fastapi import HTTPException

from gofannon_backends.base import documents

STORE_FIELDS: Final = frozenset(
    {
        "_rev",
        "_attachments",
        "_conflicts",
        "_deleted",
        "_deleted_conflicts",
        "_local_seq",
        "_revisions",
        "_revs_info",
    }
)
"""Top-level fields that belong to one store and mean nothing to another: `_rev`, which every
backend returns, and those that CouchDB adds. Any other name is the application's, also `_kind`."""

_CHECKSUM_BYTES: Final = 16
"""How much of a SHA-256 is kept. A collision is expected among 2^64 documents."""


class UnfitError(Exception):
    """A document cannot be moved; `doc_id` is its id, or empty if it has none."""

    def __init__(self, doc_id: str, reason: str) -> None:
        super().__init__(reason)
        self.doc_id = doc_id
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Document:
    """A document that any store can be asked to save: plain JSON, without a store's own fields."""

    doc_id: str
    fields: dict[str, Any]

    def line(self) -> bytes:
        """Return its line in a file, line feed included."""
        return self._json(sort_keys=False) + b"\n"

    def checksum(self) -> bytes:
        """Return the checksum of the whole document, the id included."""
        return sha256(self._json(sort_keys=True)).digest()[:_CHECKSUM_BYTES]

    def whole(self) -> dict[str, Any]:
        """Return the document with its `_id`, as a service takes and returns it."""
        return {"_id": self.doc_id, **self.fields}

    def _json(self, *, sort_keys: bool) -> bytes:
        # ASCII keeps lone surrogates, and no editor or locale changes it.
        return json.dumps(
            self.whole(), separators=(",", ":"), sort_keys=sort_keys, allow_nan=False
        ).encode("ascii")


def document_of(collection: str, given: object, leave_behind: AbstractSet[str]) -> Document:
    """Return the part of a store's document that is moved, or raise `UnfitError`.

    >>> document_of("users", {"_id": "u1", "_rev": "3-ab", "name": "Jo", "_kind": "x"}, {"_rev"})
    Document(doc_id='u1', fields={'name': 'Jo', '_kind': 'x'})
    """
    if not isinstance(given, dict):
        raise UnfitError("", f"it is not a JSON object but of type {type(given).__name__}")
    doc_id = given.get("_id")
    if not isinstance(doc_id, str) or not doc_id:
        raise UnfitError("", "it has no _id that is a non-empty text")
    fields = {name: value for name, value in given.items() if name not in leave_behind}
    try:
        return Document(doc_id, documents.checked(collection, doc_id, fields))
    except HTTPException as refused:
        raise UnfitError(doc_id, str(refused.detail)) from None


def parsed(collection: str, line: bytes, leave_behind: AbstractSet[str]) -> Document:
    """Return the document in a line, or raise `UnfitError`."""
    try:
        value = json.loads(line, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        raise UnfitError("", "it is not JSON") from None
    return document_of(collection, value, leave_behind)


def refuse_constant(name: str) -> NoReturn:
    """Refuse `NaN` and `Infinity`, which Python reads and JSON does not have."""
    raise ValueError(f"{name} is not JSON")
