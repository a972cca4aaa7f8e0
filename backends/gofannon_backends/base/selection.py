"""The arguments of `find`: which documents match, and which of their fields are returned."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gofannon_backends.base import documents, errors


@dataclass(frozen=True, slots=True)
class Selection:
    """The checked arguments of a `find`, with values converted like those of a saved document.

    >>> selection = Selection.of("tickets", {"status": "open"}, ["title"], 10)
    >>> document = {"_id": "t1", "_rev": "1", "status": "open", "title": "Help"}
    >>> selection.matches(document)
    True
    >>> selection.project(document)
    {'_id': 't1', 'title': 'Help'}
    """

    selector: dict[str, Any]
    fields: tuple[str, ...] | None
    limit: int | None

    @classmethod
    def of(cls, db_name: str, selector: object, fields: object, limit: object) -> "Selection":
        """Return the selection for the arguments of `find`; raise a 400 for invalid ones."""
        db_name = documents.collection(db_name)
        return cls(
            documents.selector(db_name, selector),
            None if fields is None else field_names(db_name, fields),
            _limit(db_name, limit),
        )

    def matches(self, document: dict[str, Any]) -> bool:
        """Return whether a document has every field of the selector, with an equal value."""
        return all(
            name in document and _equal(value, document[name])
            for name, value in self.selector.items()
        )

    def project(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return the document's `_id` and those of the requested fields that it has."""
        if self.fields is None:
            return document
        chosen = {name: document[name] for name in self.fields if name in document}
        return {"_id": document["_id"], **chosen}


def field_names(db_name: str, given: object) -> tuple[str, ...]:
    """Return the names of fields; raise a 400 if they are no list of text."""
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise errors.bad_request(db_name, why="fields are a list of field names")
    names = tuple(given)
    if not all(isinstance(name, str) for name in names):
        raise errors.bad_request(db_name, why="a field's name is a str")
    return names


def _limit(db_name: str, given: object) -> int | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise errors.bad_request(db_name, why="a limit is an int that is not negative, or None")
    return given


def _equal(left: Any, right: Any) -> bool:
    """Compare plain JSON values: numbers by value, and `True` is not the number 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    return bool(left == right)
