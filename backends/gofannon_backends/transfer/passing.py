"""A document on its way between two stores: what is taken along, how it is written, its checksum.

The written form is one line of JSON in ASCII, `_id` first, the other fields in the order in which
the source gave them. The checksum is of the *canonical* form, the same JSON with sorted names:
two documents are equal if it is, whatever order a store keeps. `1` and `1.0` are different in it.
"""

import json
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NoReturn

from fastapi import HTTPException

from gofannon_backends import documents

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
"""Top-level fields that are a store's own, and mean nothing to another: `_rev`, which every backend
gives, and what CouchDB puts beside it. Any other name is the application's, `_kind` too."""

CHECKSUM_BYTES: Final = 16
"""How much of a SHA-256 is kept: two documents in 2^64 that differ would have to be met to err."""


class UnfitError(Exception):
    """A document cannot be taken along; `doc_id` is its id as far as it has one."""

    def __init__(self, doc_id: str, reason: str) -> None:
        super().__init__(reason)
        self.doc_id = doc_id
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Document:
    """A document that any store may be asked to take: plain JSON, without a store's own fields."""

    doc_id: str
    fields: dict[str, Any]

    def line(self) -> bytes:
        """Return its line in a file, line feed included."""
        return _dumped(self.whole(), sort_keys=False) + b"\n"

    def checksum(self) -> bytes:
        """Return the checksum of all of it, the id included."""
        return _checksum(_dumped(self.whole(), sort_keys=True))

    def whole(self) -> dict[str, Any]:
        """Return the document with its `_id`, as a service takes and gives it."""
        return {"_id": self.doc_id, **self.fields}


def taken(
    collection: str, given: object, leave_behind: AbstractSet[str] = STORE_FIELDS
) -> Document:
    """Return what is taken along of a document that a store gave, or raise `UnfitError`.

    >>> taken("users", {"_id": "u1", "_rev": "3-ab", "name": "Jo", "_kind": "x"})
    Document(doc_id='u1', fields={'name': 'Jo', '_kind': 'x'})
    """
    if not isinstance(given, dict):
        raise UnfitError("", f"it is no JSON object but of type {type(given).__name__}")
    doc_id = given.get("_id")
    if not isinstance(doc_id, str) or not doc_id:
        raise UnfitError("", "it has no _id that is a text and not empty")
    fields = {name: value for name, value in given.items() if name not in leave_behind}
    try:
        return Document(doc_id, documents.checked(collection, doc_id, fields))
    except HTTPException as refused:
        raise UnfitError(doc_id, str(refused.detail)) from None


def parsed(
    collection: str, line: bytes | str, leave_behind: AbstractSet[str] = STORE_FIELDS
) -> Document:
    """Return the document that a line holds, or raise `UnfitError`."""
    try:
        value = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise UnfitError("", "it is not JSON") from None
    return taken(collection, value, leave_behind)


def key_of(doc_id: str) -> bytes:
    """Return the checksum of an id, by which documents are sorted and matched."""
    # As JSON, so that half characters, which have no UTF-8, have one.
    return _checksum(json.dumps(doc_id).encode())


def _dumped(value: dict[str, Any], *, sort_keys: bool) -> bytes:
    # ASCII: half characters survive in it, and no editor or locale changes it.
    text = json.dumps(value, separators=(",", ":"), sort_keys=sort_keys, allow_nan=False)
    return text.encode("ascii")


def _checksum(content: bytes) -> bytes:
    return sha256(content).digest()[:CHECKSUM_BYTES]


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
