"""Reversible escapes for what a store cannot hold: in ids, collection names, field names, values.

Three tools, each of which leaves alone what a store can hold, so that data stays readable with the
store's own tools and data that others wrote reads back as it is:

`Escape`
    for a text (an id, a collection name, a field name): writes each character that a store refuses
    as the escape character followed by the character's number.
`hold` and `restore`
    for a document: put in the place of each value that a store cannot hold a *marker*, an object
    with the one field `gofannon:json`, whose text is that value as JSON.
`renamed`
    for a document: puts every field name through a function, such as an `Escape`'s `encode`.
`rewritten`
    for a document: does that to every text in it, field names and values.

To extend: a store says what it cannot hold, in its own module, by making an `Escape` of its own
and a predicate for `hold`; a new kind of escape that two stores share belongs here. What is
written by one version is read by every later one, so an escape in use is never changed.

How each store uses them is in `docs/backends/encoding.md`.
"""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

MARKER = "gofannon:json"
"""The one field of an object that stands for a value which a store cannot hold."""

LONE_SURROGATES = r"\ud800-\udfff"
"""For `Escape.refused`: half characters, which have no UTF-8 form."""


@dataclass(frozen=True)
class Escape:
    r"""A reversible way to write any text in the characters that a store allows.

    `mark` is the escape character, which the store must allow, as it must the digits and the
    letters a to f; it is escaped itself. `refused` is the inside of a regular expression's
    character class: the characters that are escaped wherever they stand (`^a-z` is all but a to
    z). `reserved` is a regular expression for whole texts that the store keeps for itself: their
    first character is escaped.

    A character is written as the mark, its number in hexadecimal, and the mark again:

    >>> paths = Escape(mark="~", refused="/", reserved=r"\.\.?")
    >>> paths.encode("a/b"), paths.encode("a~b"), paths.encode(".."), paths.encode("a..b")
    ('a~2f~b', 'a~7e~b', '~2e~.', 'a..b')
    >>> paths.decode("a~2f~b")
    'a/b'

    `decode(encode(text)) == text` for every text, so different texts stay different; a text
    that holds neither the mark nor anything refused is its own encoding. `decode` leaves alone a
    mark that no number and second mark follow. Lengths are the caller's to check, on the encoded
    text.
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
        """Return the text as the store can hold it."""
        if text and self._kept_back.fullmatch(text):
            return self._written(text[0]) + self._unfit.sub(self._replaced, text[1:])
        return self._unfit.sub(self._replaced, text)

    def decode(self, text: str) -> str:
        """Return the text that `encode` was given."""
        return self._escaped.sub(_character, text) if self.mark in text else text

    def holds(self, text: str) -> bool:
        """Say whether the text is its own encoding."""
        return self.encode(text) == text

    def _replaced(self, found: re.Match[str]) -> str:
        return self._written(found[0])

    def _written(self, character: str) -> str:
        return f"{self.mark}{ord(character):x}{self.mark}"


def _character(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    return chr(number) if number <= sys.maxunicode else found[0]


def marker(value: Any) -> dict[str, str]:
    """Return the object that stands for a value: `{"gofannon:json": "<the value as JSON>"}`.

    The JSON is ASCII only, so any store that holds text can hold it.
    """
    return {MARKER: json.dumps(value, ensure_ascii=True, separators=(",", ":"))}


def is_marker(value: Any) -> bool:
    """Say whether the value looks like what `marker` returns."""
    return (
        isinstance(value, dict)
        and len(value) == 1
        and isinstance(next(iter(value.values())), str)
        and MARKER in value
    )


def hold(value: Any, holds: Callable[[Any, int], bool], depth: int = 1) -> Any:
    """Return a copy of the value in which a marker stands for each part that the store cannot hold.

    `holds(part, depth)` is asked of every object, array and plain value, from the outside in: of an
    object or array it is asked about the container (its field names, its depth: the document's is
    1), and about what is inside one by one. A document of a user's that looks like a marker
    is held by a marker itself.
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

    An object that looks like a marker but holds no JSON was written by others, and stays.
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
    """Return a copy of the value in which every field, at every depth, has its new name."""
    if type(value) is dict:
        return {rename(name): renamed(item, rename) for name, item in value.items()}
    if type(value) is list:
        return [renamed(item, rename) for item in value]
    return value


def rewritten(value: Any, rewrite: Callable[[str], str]) -> Any:
    """Return a copy of the value with every text in it rewritten, field names included."""
    if type(value) is str:
        return rewrite(value)
    if type(value) is dict:
        return {rewrite(name): rewritten(item, rewrite) for name, item in value.items()}
    if type(value) is list:
        return [rewritten(item, rewrite) for item in value]
    return value
