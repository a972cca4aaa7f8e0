"""The escapes: reversible, different for different texts, and unused where none is needed."""

import pytest
from documents_given import exact, values
from hypothesis import example, given
from hypothesis import strategies as st

from gofannon_backends.base import encoding
from gofannon_backends.base.encoding import MARKER, Escape, hold, marker, restore

ESCAPES = {
    "control": Escape(mark="\x10", refused=rf"\x00{encoding.LONE_SURROGATES}"),
    "path": Escape(mark="~", refused="/", reserved=r"\.\.?|__.*__"),
    "lower-case": Escape(mark="-", refused="^a-z0-9_"),
    "first": Escape(mark="=", refused="/", reserved=r"[A-Z].*"),
    "regex-mark": Escape(mark="^", refused=r"\]\[\\"),
}
any_text = st.text(st.characters(exclude_categories=[]))
syntax = st.text("~-=^\x10\x00/._ab0123456789Z\ud800é", max_size=12)
escapes = st.sampled_from(list(ESCAPES.values()))


@given(escapes, any_text | syntax)
@example(ESCAPES["path"], "")
@example(ESCAPES["path"], "__\n__")
@example(ESCAPES["first"], "A")
def test_decoding_returns_the_text(escape, text):
    assert escape.decode(escape.encode(text)) == text


@given(escapes, syntax, syntax)
def test_different_texts_have_different_encodings(escape, one, other):
    assert (escape.encode(one) == escape.encode(other)) == (one == other)


@given(escapes, any_text | syntax)
def test_an_encoding_holds_nothing_that_is_refused(escape, text):
    encoded = escape.encode(text)
    assert escape._unfit.search(encoded.replace(escape.mark, "")) is None
    assert encoded == "" or escape._kept_back.fullmatch(encoded) is None


@given(escapes, st.from_regex(r"[a-z][a-z0-9_]*", fullmatch=True))
def test_ordinary_names_are_their_own_encoding(escape, name):
    assert escape.encode(name) == name
    assert escape.decode(name) == name
    assert escape.holds(name)


@pytest.mark.parametrize(
    ("escape", "text", "encoded"),
    [
        ("path", "a/b", "a~2f~b"),
        ("path", "..", "~2e~."),
        ("path", "a..b", "a..b"),
        ("path", "__name__", "~5f~_name__"),
        ("path", "~2f~", "~7e~2f~7e~"),
        ("lower-case", "Agents", "-41-gents"),
        ("lower-case", "é😀", "-e9--1f600-"),
        ("control", "a\0b", "a\x100\x10b"),
        ("control", "\ud800", "\x10d800\x10"),
    ],
)
def test_the_encoded_form_never_changes(escape, text, encoded):
    # Every later version must read what was stored in these forms.
    assert ESCAPES[escape].encode(text) == encoded
    assert not ESCAPES[escape].holds(text) or text == encoded


@pytest.mark.parametrize("native", ["~", "a~b", "~~", "~xyz~", "~2F~", "~110000~", "~1234567~"])
def test_a_mark_that_others_wrote_is_kept(native):
    assert ESCAPES["path"].decode(native) == native


json_values = values | values.map(marker) | st.lists(values.map(marker), max_size=3)


@given(json_values, st.sampled_from([str, int, float, dict, list]), st.integers(1, 4))
def test_restoring_returns_what_was_held(value, kind, depth):
    def holds(part, level):
        return type(part) is not kind and level <= depth

    assert exact(restore(hold(value, holds))) == exact(value)


@given(json_values)
def test_a_store_that_holds_everything_gets_the_unchanged_value(value):
    held = hold(value, lambda *_: True)
    assert exact(restore(held)) == exact(value)
    if MARKER not in repr(value):
        assert exact(held) == exact(value)


def test_only_what_cannot_be_held_becomes_a_marker():
    held = hold({"n": 1, "f": [1.5, "x"]}, lambda part, _: type(part) is not float)
    assert held == {"n": 1, "f": [{"gofannon:json": "1.5"}, "x"]}


def test_the_depth_counts_from_the_document():
    seen = []
    hold({"a": [1]}, lambda part, depth: seen.append((depth, part)) or True)
    assert seen == [(1, {"a": [1]}), (2, [1]), (3, 1)]


def test_a_document_that_looks_like_a_marker_is_held_by_one():
    document = {"field": {MARKER: "1"}}
    held = hold(document, lambda *_: True)
    assert held == {"field": {MARKER: '{"gofannon:json":"1"}'}}
    assert restore(held) == document


@pytest.mark.parametrize(
    "native", [{MARKER: "no JSON"}, {MARKER: 1}, {MARKER: "1", "more": 1}, {MARKER: None}]
)
def test_what_others_wrote_is_no_marker(native):
    assert restore({"field": [native]}) == {"field": [native]}


def test_a_marker_is_plain_ascii():
    assert marker("é\0\ud800") == {MARKER: r'"\u00e9\u0000\ud800"'}


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (encoding.renamed, {"A": [{"B": "a"}, "a"], "C": 1, "D": None}),
        (encoding.rewritten, {"A": [{"B": "A"}, "A"], "C": 1, "D": None}),
    ],
)
def test_a_function_for_field_names_or_for_all_texts(change, changed):
    assert change({"a": [{"b": "a"}, "a"], "c": 1, "d": None}, str.upper) == changed
