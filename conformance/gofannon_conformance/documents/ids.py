"""Document ids: ordinary ones, hostile ones, and pairs that some store mixes up."""

from __future__ import annotations

from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from hypothesis import strategies as st

LONGEST_ID = 200
"""The most characters of an id that ID-2 covers."""

ORDINARY_IDS: tuple[str, ...] = (
    "550e8400-e29b-41d4-a716-446655440000",
    "my-friendly-name",
    "user_google_123456789",
    "session_abc123",
    "ticket_xyz789",
    "demo_chat_app",
    "agent-id-1",
    "a",
    "x1",
    "MixedCase-42",
)

RESERVED_IDS: tuple[str, ...] = (
    "_all_docs",
    "_design/x",
    "_security",
    "__x__",
    ".",
    "..",
    "../users/u1",
    "a/b/c",
    "; DROP TABLE agents --",
    "%2e%2e%2f",
    "_design",
    "_local/x",
    "_find",
    "_changes",
    "_id",
    "_rev",
    "__proto__",
    "constructor",
    "' OR '1'='1",
    "*",
    "%",
    "_",
    "$where",
    "../../etc/passwd",
    "CON",
    "null",
)
"""Ids that have a special meaning in some store (ID-4)."""

HOSTILE_IDS: tuple[str, ...] = (
    "a/b", "/", "/a", "a/", "//", "?", "a?b=c", "#", "a#b", "%", "%41", "%2F", "%00", "a%20b", "+",
    "a+b", "&", "a&b", "=", ":", "a:b", "::", "@", "a@b.c", " ", "a b", " a", "a ", "'", '"',
    "it's", "\\", "a\\b", "\\n", "`", "[0]", "{}", "<a>", "|", "a|b", ";", ",", "~", "$x", "*",
    "\t", "\n", "a\nb", "\r\n", "\x00", "a\x00b", "\x01", "\x1f", "\x7f", "\x85", "\u2028",
    "é", "e\u0301", "ß", "İ", "日本語", "😀", "\U0001f469\u200d\U0001f467",
    "\U0001d11e\U0010fffd", "\u202eabc", "\u200b",
    "\ufeff", "ﬁ", "0", "-1", "1e3", "true", "None", "undefined", "NaN",
    "x" * LONGEST_ID, "é" * LONGEST_ID, "😀" * LONGEST_ID, "a/" * 100, "%" * 100,
    "!", "a!b", "(", "(a)", "a)", "^", "a^b", "a*b", "a$b", "a.b", ".a", "a.", "-", "-a", "a-",
    "--", "_a", "a_", "a__b", "[a]", "a[0]", "{a}", "a{b}c", "a<b", "a>b", "a=b", "a,b", "a;b",
    'a"b',
    "a'b", "a`b", "a~b", "a.json", "a.tar.gz", "https://example.com/a?b=c#d", "a://b", "file:///a",
    "99999999999999999999", "-9223372036854775809", "1/2", "0x10", "2024-01-15T10:30:00Z",
    "\u0301a", "\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d\u0628\u0627", "\u0e44\u0e17\u0e22",
    "\u0939\u093f\u0928\u094d\u0926\u0940", "\ud55c\uad6d\uc5b4", "\u0661", "\u2163", "\u00a0",
    "\u3000", "\u2029", "\ue000", "\ufdd0", "\ufffd", "\ufffe", "\uffff", "\U0010ffff",
    # past what a store may use as the end of all ids
    "zzzzzzzz", "~~~~", "\x7f\x7f", "ÿÿÿÿ", "\ufff0a", "\uffffa", "\uffff" * LONGEST_ID,
    "\U0010ffffa", "\U0010ffff" * LONGEST_ID,
)  # fmt: skip


_UUID = "550e8400-e29b-41d4-a716-446655440000"


T = TypeVar("T")


class Twins(NamedTuple, Generic[T]):
    """Two ids, names or places, and the mistake by which a store takes them for one."""

    label: str
    first: T
    second: T


def _long(length: int, end: str) -> str:
    return "long-" + "x" * (length - 5 - len(end)) + end


def _middle(length: int, mark: str) -> str:
    half = "long-" + "x" * (length // 2 - 5)
    return half + mark + half[1:]


TWINS: tuple[Twins[str], ...] = (
    Twins("case", "twin", "Twin"),
    Twins("case of a letter outside ASCII", "é-twin", "É-twin"),
    Twins("case folding of sharp s", "straße", "strasse"),
    Twins("case of the Turkish i", "İ", "i\u0307"),
    Twins("Unicode normal form C and D", "caf\u00e9", "cafe\u0301"),
    Twins("Unicode normal form of Hangul", "\ud55c", "\u1112\u1161\u11ab"),
    Twins("Unicode compatibility form (ligature)", "\ufb01le", "file"),
    Twins("Unicode compatibility form (full width)", "\uff41", "a"),
    Twins("Unicode compatibility form (superscript)", "x\u00b2", "x2"),
    Twins("accents", "resume", "r\u00e9sum\u00e9"),
    Twins("homoglyphs of Latin and Cyrillic", "paypa", "p\u0430yp\u0430"),
    Twins("the Kelvin sign", "\u212a", "K"),
    Twins("a trailing space", "twin", "twin "),
    Twins("a leading space", "twin", " twin"),
    Twins("a trailing newline", "twin", "twin\n"),
    Twins("a leading newline", "twin", "\ntwin"),
    Twins("a trailing NUL", "twin", "twin\x00"),
    Twins("what follows a NUL", "twin\x00a", "twin\x00b"),
    Twins("a trailing tab", "twin", "twin\t"),
    Twins("a no-break space", "a b", "a\u00a0b"),
    Twins("one space and two", "a b", "a  b"),
    Twins("a zero-width space", "twin", "tw\u200bin"),
    Twins("a byte order mark", "twin", "\ufefftwin"),
    Twins("a soft hyphen", "twin", "tw\u00adin"),
    Twins("a leading zero", "1", "01"),
    Twins("a decimal point", "1", "1.0"),
    Twins("a plus sign before a number", "1", "+1"),
    Twins("an exponent", "1", "1e0"),
    Twins("the sign of zero", "0", "-0"),
    Twins("a number past 2^53", "9007199254740992", "9007199254740993"),
    Twins("an underscore within a number", "10", "1_0"),
    Twins("a hexadecimal number", "16", "0x10"),
    Twins("percent-encoding of a slash", "a/b", "a%2Fb"),
    Twins("percent-encoding of a letter", "A", "%41"),
    Twins("percent-encoding of a space", "a b", "a%20b"),
    Twins("a plus for a space", "a b", "a+b"),
    Twins("case of percent-encoding", "%2f", "%2F"),
    Twins("percent-encoding of the percent sign", "%", "%25"),
    Twins("a query", "twin", "twin?x=1"),
    Twins("a fragment", "twin", "twin#x"),
    Twins("the wildcard %", "tw%", "twin"),
    Twins("the wildcard _", "tw_n", "twin"),
    Twins("the wildcard *", "tw*", "twin"),
    Twins("the wildcard ?", "tw?n", "twin"),
    Twins("a regular expression", "tw.n", "twin"),
    Twins("slash and underscore", "a/b", "a_b"),
    Twins("colon and underscore", "a:b", "a_b"),
    Twins("dash and underscore", "a-b", "a_b"),
    Twins("slash and colon", "a/b", "a:b"),
    Twins("slash and backslash", "a/b", "a\\b"),
    Twins("a dot segment", "a/b", "a/./b"),
    Twins("a parent segment", "a/b", "a/c/../b"),
    Twins("a double slash", "a/b", "a//b"),
    Twins("a trailing slash", "twin", "twin/"),
    Twins("a leading slash", "twin", "/twin"),
    Twins("a trailing dot", "twin", "twin."),
    Twins("a file's ending", "twin", "twin.json"),
    Twins("an escaped backslash", "a\\\\b", "a\\b"),
    Twins("an escape for a newline", "a\nb", "a\\nb"),
    Twins("quotes around it", "twin", '"twin"'),
    Twins("a character that may be dropped", "twin", "tw\x07in"),
    Twins("a character that may be replaced", "tw\U0001f600in", "tw?in"),
    Twins("two characters outside the basic plane", "\U0001f600", "\U0001f601"),
    Twins("a tab and a space", "a b", "a\tb"),
    Twins("two ends of a line", "a\nb", "a\r\nb"),
    Twins("a digit of another script", "1", "\u0661"),
    Twins("a wide digit", "1", "\uff11"),
    Twins("a fraction's last zero", "1.5", "1.50"),
    Twins("a separator of thousands", "1000", "1,000"),
    Twins("true in capitals", "true", "True"),
    Twins("null and none", "null", "None"),
    Twins("a UUID without its dashes", _UUID, _UUID.replace("-", "")),
    Twins("a UUID in capitals", _UUID, _UUID.upper()),
    Twins("a UUID in braces", _UUID, f"{{{_UUID}}}"),
    Twins("a UUID as a name", _UUID, f"urn:uuid:{_UUID}"),
    Twins("a date without its dashes", "2024-01-15", "20240115"),
    Twins("a date without its zeros", "2024-01-05", "2024-1-5"),
    Twins("two forms of a timestamp", "2024-01-15T10:30:00Z", "2024-01-15T10:30:00+00:00"),
    Twins("a quote and two", "a'b", "a''b"),
    Twins("a double quote and two", 'a"b', 'a""b'),
    Twins("two kinds of quotes", "it's", "it\u2019s"),
    Twins("two kinds of dashes", "a-b", "a\u2013b"),
    Twins("an ampersand in HTML", "a&b", "a&amp;b"),
    Twins("a letter escaped in JSON", "\u00e9", "\\u00e9"),
    Twins("the end of a Greek word", "\u03c3", "\u03c2"),
    Twins("the variation of an emoji", "\u263a", "\u263a\ufe0f"),
    Twins("the padding of base64", "YQ", "YQ=="),
    Twins("two alphabets of base64", "a+b/", "a-b_"),
    Twins("a path to the same place", "twin", "./twin"),
    Twins("a sign that may be dropped", "ab", "a!b"),
    Twins("dash and dot", "a-b", "a.b"),
    Twins("dash and space", "a-b", "a b"),
    Twins("comma and semicolon", "a,b", "a;b"),
    Twins("the middle of 100 characters", _middle(100, "a"), _middle(100, "b")),
    Twins("the middle of 200 characters", _middle(200, "a"), _middle(200, "b")),
    Twins("the end past 32 characters", _long(33, "a"), _long(33, "b")),
    Twins("the end past 64 characters", _long(65, "a"), _long(65, "b")),
    Twins("the end past 128 characters", _long(129, "a"), _long(129, "b")),
    Twins("the end past 191 characters", _long(192, "a"), _long(192, "b")),
    Twins("the end of 200 characters", _long(200, "a"), _long(200, "b")),
    Twins("the end of 200 characters of four bytes", "😀" * 199 + "a", "😀" * 199 + "b"),
)
"""Pairs of ids that must not be one document (ISO-4); most were one in some store."""

LONG_TWINS: tuple[Twins[str], ...] = tuple(
    Twins(f"the end past {length:,} characters", _long(length + 1, "a"), _long(length + 1, "b"))
    for length in (255, 256, 500, 512, 1000, 1024, 1500, 2048, 4096)
)
"""Pairs that a store may refuse as too long, but must not mix up (ISO-4)."""

KEY_FAMILIES: tuple[tuple[str, ...], ...] = (
    ("k", "K", "kk", "k "),
    ("k", "k/k", "k:k", "k%2Fk"),
    ("k", "k_k", "k%", " k"),
    ("k\u00e9", "ke\u0301", "ke", "K\u00c9"),
    ("1", "01", "1.0", "+1"),
    ("abc", "abcd", "ab", "abc-d"),
    (_long(200, "a"), _long(200, "b"), _long(100, "a"), "k\n"),
)
"""Families of four ids that some store mixes up, for programs of many steps.

A program uses one family only, so that nearly every step meets an earlier document.
"""

RELATED_KEYS: tuple[str, ...] = tuple(dict.fromkeys(key for keys in KEY_FAMILIES for key in keys))
"""Every id of the families, each once."""


@cache
def ordinary_ids() -> st.SearchStrategy[str]:
    """Return ids of applications: UUIDs, slugs, `user_google_123…`, `session_…` (ID-1)."""
    word = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
    numbered = st.integers(1, 10**18)
    return st.one_of(
        st.sampled_from(ORDINARY_IDS),
        st.integers(0, 2**128 - 1).map(lambda number: str(UUID(int=number, version=4))),
        st.builds(lambda left, right: f"{left}-{right}", word, word),
        numbered.map(lambda number: f"user_google_{number}"),
        numbered.map(lambda number: f"session_{number:x}"),
    )


@cache
def hostile_ids() -> st.SearchStrategy[str]:
    """Return any text of 1 to 200 characters without lone surrogates, the tables' often (ID-2)."""
    table = (*HOSTILE_IDS, *RESERVED_IDS)
    two_halves = st.builds(
        lambda left, right: (left + right)[:LONGEST_ID],
        st.sampled_from(table),
        st.sampled_from(table),
    )
    repeated = st.builds(
        lambda part, length: (part * length)[:length],
        st.sampled_from(table),
        st.integers(LONGEST_ID // 2, LONGEST_ID),
    )
    return st.one_of(
        st.sampled_from(table), two_halves, repeated,
        st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=LONGEST_ID),
    )  # fmt: skip


PATTERNS = ("%", "*", "k%", "k*", "k.*", "k?", "_", "k_", "^k", ".", "/", "k/", "[k]")
"""Ids that some stores read as a pattern of several documents, or as a folder."""


FALSY: dict[str, dict[str, Any]] = {
    "no field": {},
    "null": {"a": None},
    "false": {"a": False},
    "zero": {"a": 0},
    "empty text": {"a": ""},
    "empty object": {"a": {}},
    "empty list": {"a": []},
    "a field named deleted": {"deleted": True},
}
"""Documents that a store may take for missing."""
