"""Texts from a backend, escaped and shortened for people.

A failure quotes ids, documents and error messages that the suite made hostile on purpose. None
of them may move a cursor, hide a character or fill a screen.
"""

from __future__ import annotations

LONGEST_TEXT = 800
LONGEST_PROGRAM = 12_000
"""A longer program is replaced by a comment, because a shortened one would not run."""


def legible(text: str, *, limit: int | None = LONGEST_TEXT) -> str:
    r"""Return a text with unprintable characters escaped and, if it is long, without its middle.

    >>> legible("red\x1b[31m \u202eabc")
    'red\\x1b[31m \\u202eabc'
    """
    shown = text if limit is None else shortened(text, limit)
    if shown.isascii() and shown.isprintable():
        return shown
    lines = shown.replace("\r\n", "\n").split("\n")
    return "\n".join("".join(map(_escaped, line)) for line in lines)


def shortened(text: str, limit: int) -> str:
    """Return a text without its middle if it is longer than `limit`."""
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    tail = limit - head
    left_out = len(text) - limit
    return f"{text[:head]} … ({left_out:,} characters left out) … {text[-tail:]}"


def program_text(program: str) -> str:
    """Return a program, or a comment in its place if it is too long to be shown."""
    if len(program) <= LONGEST_PROGRAM:
        return legible(program, limit=None)
    return f"# {len(program):,} characters long: see the JSON report (`--json`)"


def on_one_line(text: str, limit: int = 300) -> str:
    """Return a text as one line, for lists and headlines."""
    return legible(" ".join(shortened(text, limit).split()), limit=None)


def as_ascii(text: str) -> str:
    r"""Return a text in ASCII, with escapes, for a log of unknown encoding.

    >>> as_ascii("naïve … done")
    'na\\xefve ... done'
    """
    plain = text.translate(_ASCII_TWINS)
    return plain.encode("ascii", "backslashreplace").decode("ascii")


_ASCII_TWINS = str.maketrans({"…": "...", "·": ".", "–": "-", "—": "-", "→": "->"})  # noqa: RUF001


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    if character == "\t":
        return "    "
    return character.encode("unicode_escape").decode("ascii")
