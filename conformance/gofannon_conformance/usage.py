"""Errors of the user: shown as one line with exit status 2, never as a traceback."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class UsageError(Exception):
    """The options or targets are wrong; the text says why and what to do."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the most similar known word, as the end of a sentence.

    >>> nearest("standart", ["quick", "standard", "thorough"])
    "; did you mean 'standard'?"
    >>> nearest("x", ["quick"])
    '; known: quick'
    """
    names = list(known)
    close = difflib.get_close_matches(word, names, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(names)}" if names else ""
