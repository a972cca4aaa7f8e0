"""Reversible escapes for ids, names and values that a store cannot hold.

Text and values that the store can hold stay as they are, so that the store's own tools can read
them, and data that others wrote reads back unchanged.

`Escape` writes a text (an id, a collection name, a field name): each character that the store
refuses becomes its number between two escape characters. `hold` and `restore` replace each value
that the store cannot hold by a *marker*, an object with the one field `gofannon:json`, whose text
is the value as JSON. `renamed` and `rewritten` apply a function to the field names, or to every
text, of a document.

Every version reads what an earlier one wrote, so an escape in use is never changed.
`docs/backends/encoding.md` says how each store uses them.
"""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

MARKER = "gofannon:json"
"""The one field of an object that represents a value which a store cannot hold."""

LONE_SURROGATES = r"\ud800-\udfff"
"""For `Escape.refused`: lone surrogates, which have no UTF-8 form."""


@dataclass(frozen=True)
class Escape:
    r"""A reversible way to write any text in the characters that a store allows.

    `mark` is the escape character; it is escaped itself. The store must allow it, the digits and
    the letters a to f. `refused` is the inside of a regular expression's character class: the
    characters to escape everywhere (`^a-z` is all but a to z). `reserved` is a regular expression
    for whole texts that the store reserves: their first character is escaped.

    An escaped character is the mark, its number in hexadecimal, and the mark again:

    >>> paths = Escape(mark="~", refused="/", reserved=r"\.\.?")
    >>> paths.encode("a/b"), paths.encode("a~b"), paths.encode(".."), paths.encode("a..b")
    ('a~2f~b', 'a~7e~b', '~2e~.', 'a..b')
    >>> paths.decode("a~2f~b")
    'a/b'

    `decode(encode(text)) == text` for every text, so different texts stay different. A text
    without the mark and refused characters is its own encoding. `decode` keeps a mark that no
    number and second mark follow. The caller checks the length of the encoded text.
    """

    mark: str
    refused: str
    reserved: str = ""

    @cached_property
    def _unfit(self) -> re.Pattern[str]:
        return re.compile(f"{re.escape(self.mark)}|[{self.refused}]")

    @cached_property
    def _kept_back(self) -> re.Pattern[str]:
        return re.compile(self.reserved, re.DOTALL)

    @cached_property
    def _escaped(self) -> re.Pattern[str]:
        mark = re.escape(self.mark)
        return re.compile(f"{mark}([0-9a-f]{{1,6}}){mark}")

    def encode(self, text: str) -> str:
        """Return the text in the form that the store can hold."""
        reserved = self._kept_back.fullmatch(text) if text else None
        if reserved:
            return self._written(reserved) + self._unfit.sub(self._written, text[1:])
        return self._unfit.sub(self._written, text)

    def decode(self, text: str) -> str:
        """Return the original of an encoded text."""
        return self._escaped.sub(_character, text) if self.mark in text else text

    def holds(self, text: str) -> bool:
        """Return whether the text is its own encoding."""
        return self.encode(text) == text

    def _written(self, found: re.Match[str]) -> str:
        """Return the first character of the match, escaped."""
        return f"{self.mark}{ord(found[0][0]):x}{self.mark}"


def _character(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    return chr(number) if number <= sys.maxunicode else found[0]


def marker(value: Any) -> dict[str, str]:
    """Return the marker of a value: `{"gofannon:json": "<the value as JSON>"}`.

    The JSON is ASCII, so every store that holds text can hold it.
    """
    return {MARKER: json.dumps(value, ensure_ascii=True, separators=(",", ":"))}


def is_marker(value: Any) -> bool:
    """Return whether the value looks like a marker."""
    return (
        isinstance(value, dict)
        and len(value) == 1
        and isinstance(next(iter(value.values())), str)
        and MARKER in value
    )


def hold(value: Any, holds: Callable[[Any, int], bool], depth: int = 1) -> Any:
    """Return a copy of the value with a marker for each part that the store cannot hold.

    `holds(part, depth)` is called for every object, array and plain value, from the outside in.
    For an object or array it decides on the container only: its field names and its depth (the
    document's is 1). A user's object that looks like a marker is replaced by a marker too.
    """
    if not holds(value, depth) or is_marker(value):
        return marker(value)
    if type(value) is dict:
        return {name: hold(item, holds, depth + 1) for name, item in value.items()}
    if type(value) is list:
        return [hold(item, holds, depth + 1) for item in value]
    return value


def restore(value: Any) -> Any:
    """Return a copy of what `hold` returned, with every marker replaced by its value.

    An object that looks like a marker but holds no JSON was written by others, and is kept.
    """
    if type(value) is dict:
        if is_marker(value):
            try:
                return json.loads(value[MARKER])
            except ValueError:
                return value
        return {name: restore(item) for name, item in value.items()}
    if type(value) is list:
        return [restore(item) for item in value]
    return value


def renamed(value: Any, rename: Callable[[str], str]) -> Any:
    """Return a copy of the value with every field renamed, at every depth."""
    if type(value) is dict:
        return {rename(name): renamed(item, rename) for name, item in value.items()}
    if type(value) is list:
        return [renamed(item, rename) for item in value]
    return value


def rewritten(value: Any, rewrite: Callable[[str], str]) -> Any:
    """Return a copy of the value with every text rewritten, field names included."""
    if type(value) is str:
        return rewrite(value)
    if type(value) is dict:
        return {rewrite(name): rewritten(item, rewrite) for name, item in value.items()}
    if type(value) is list:
        return [rewritten(item, rewrite) for item in value]
    return value
