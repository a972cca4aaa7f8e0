"""A backup in one JSON file as a source, read piece by piece.

The file is an object with a field for each collection: a list of documents with their `_id`, or an
object of documents by id. That object may be inside a field `collections`:

    {"agents": [{"_id": "a1", "name": "First"}], "users": {"u1": {"name": "Jo"}}}
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, TextIO

from gofannon_backends.transfer.document import refuse_constant
from gofannon_backends.transfer.errors import NotAsAskedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_WRAPPER: Final = "collections"
_READ_CHARACTERS: Final = 64 * 1024
_SPACE: Final = re.compile(r"[ \t\n\r]*")


class JSONBackup:
    """A file of that form, with the one method of a service that an import needs."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def collections(self) -> list[str]:
        """Return the names of the collections in the order of the file; this reads all of it."""
        return list(dict.fromkeys(name for name, _ in self._walk()))

    def iter_all(self, db_name: str) -> Iterator[dict[str, Any]]:
        """Yield the documents of a collection; skip the others."""
        for name, documents in self._walk():
            if name == db_name:
                yield from documents

    def _walk(self) -> Iterator[tuple[str, Iterator[Any]]]:
        """Yield the name of each collection with its documents."""
        try:
            with self._file.open(encoding="utf-8-sig", newline="") as stream:
                for name, documents in _Reader(stream).collections():
                    yield name, documents
                    for _ in documents:  # what the caller did not read
                        pass
        except OSError as error:
            raise NotAsAskedError(f"{self._file} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise NotAsAskedError(f"{self._file} is damaged: it is not UTF-8") from None
        except (ValueError, RecursionError) as error:
            raise NotAsAskedError(f"{self._file} is not a backup in JSON: {error}") from None


class _Reader:
    """Reads JSON from a stream, one value at a time; raises `ValueError` for bad JSON."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._text = ""
        self._at = 0
        self._dropped = 0
        self._ended = False
        self._decoder = json.JSONDecoder(parse_constant=refuse_constant)

    def collections(self) -> Iterator[tuple[str, Iterator[Any]]]:
        for number, name in enumerate(self._each("{", "}", self._name)):
            # A list in the field `collections` is a collection of that name. An object of
            # documents by id looks like collections, and counts as such.
            if number == 0 and name == _WRAPPER and self._next() == "{":
                for wrapped in self._each("{", "}", self._name):
                    yield wrapped, self._documents()
            else:
                yield name, self._documents()
        if self._next():
            raise self._wrong("the end of the file")

    def _documents(self) -> Iterator[Any]:
        if self._next() == "[":
            yield from self._each("[", "]", self._value)
        elif self._next() == "{":
            for doc_id in self._each("{", "}", self._name):
                value = self._value()
                yield {**value, "_id": doc_id} if isinstance(value, dict) else value
        else:
            raise self._wrong("a list of documents, or an object of documents by id")

    def _each(self, opening: str, closing: str, read: Callable[[], Any]) -> Iterator[Any]:
        """Yield what `read` returns for each part of a list or an object."""
        self._take(opening)
        if self._next() != closing:
            yield read()
            while self._next() != closing:
                self._take(",")
                yield read()
        self._take(closing)

    def _name(self) -> str:
        """Return the name of a field; its value is read next."""
        if self._next() != '"':
            raise self._wrong("a name in quotes")
        name: str = self._value()
        self._take(":")
        return name

    def _value(self) -> Any:
        self._next()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                further = error.pos - self._at
                if not self._more():
                    raise self._wrong("JSON", further) from None
            else:
                # A number at the end of the text may continue.
                if end < len(self._text) or not self._more():
                    self._at = end
                    return value

    def _next(self) -> str:
        """Return the next character that is not a space, and stay before it; empty at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _take(self, character: str) -> None:
        if self._next() != character:
            raise self._wrong(repr(character))
        self._at += 1

    def _more(self) -> bool:
        """Read more, twice as much for a long value; drop the text before the current position."""
        if self._ended:
            return False
        held = self._text[self._at :]
        came = self._stream.read(max(_READ_CHARACTERS, len(held)))
        self._ended = not came
        self._dropped += self._at
        self._text, self._at = held + came, 0
        return bool(came)

    def _wrong(self, expected: str, further: int = 0) -> ValueError:
        place = self._dropped + self._at + further
        found = "something else" if self._text[self._at + further :] else "the end of the file"
        return ValueError(f"at character {place + 1:,}: expected {expected}, found {found}")
