"""Typed equality: which values differ, where, and how a message shows it."""

import copy
import json
from collections import OrderedDict
from decimal import Decimal
from enum import IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gofannon_conformance.documents.wide import wide_documents
from gofannon_conformance.values.equality import differences, explain

NAN = float("nan")


class Text(str):
    __slots__ = ()


class Choice(IntEnum):
    ONE = 1


class Raising:
    def __eq__(self, other):
        raise RuntimeError("no comparison")

    __hash__ = None

    def __repr__(self):
        raise RuntimeError("no text")


def found(expected, actual, **options):
    return [(d.path, d.kind) for d in differences(expected, actual, **options)]


def line(expected, actual):
    (difference,) = differences(expected, actual)
    return str(difference)


def nested(depth, leaf):
    for level in range(depth):
        leaf = {"a": leaf} if level % 2 else [leaf]
    return leaf


@given(wide_documents())
def test_a_copy_does_not_differ_nor_does_the_order_of_fields_count(document):
    assert differences(document, copy.deepcopy(document)) == []
    assert differences(document, json.loads(json.dumps(document))) == []
    assert differences(document, dict(reversed(document.items()))) == []


NUMBERS = (0, 1, 0.0, -0.0, 1.0, NAN, -NAN, 2**53, 2.0**53, 2**53 + 1)
SCALARS = st.sampled_from((None, True, False, *NUMBERS, "", "1", "a", "b"))


def exactly(value):
    """Return what `exact` compares: the class, and the text that Python writes."""
    return type(value), repr(value)


@given(SCALARS, SCALARS)
def test_two_scalars_differ_unless_class_and_spelling_agree(left, right):
    for expected, actual in (({"a": left}, {"a": right}), ([[left]], [[right]])):
        assert (differences(expected, actual) == []) == (exactly(left) == exactly(right))


@pytest.mark.parametrize(
    ("expected", "actual", "kind"),
    [
        (1, True, "type"),
        (True, 1, "type"),
        (0, False, "type"),
        (1, 1.0, "type"),
        (1.0, 1, "type"),
        (0.0, -0.0, "value"),
        (1, "1", "type"),
        (None, "null", "type"),
        (None, False, "type"),
        ("a", "b", "value"),
        ("abc", "ab", "length"),
        ("caf\u00e9", "cafe\u0301", "value"),
        ([1], (1,), "type"),
        ([1, 2], [1], "length"),
        ({}, [], "type"),
        ({}, OrderedDict(), "type"),
        ("a", Text("a"), "type"),
        (1, Choice.ONE, "type"),
        (1.5, Decimal("1.5"), "type"),
        (1, Raising(), "type"),
        (Raising(), Raising(), "value"),
        (Decimal("NaN"), Decimal(1), "value"),
        (Decimal(1), Decimal("NaN"), "value"),
    ],
)
def test_what_differs(expected, actual, kind):
    assert found(expected, actual) == [("$", kind)]
    assert found({"a": [expected]}, {"a": [actual]}) == [("$.a[0]", kind)]


@pytest.mark.parametrize(
    ("expected", "actual", "differs"),
    [
        (1, 1.0, False),
        (0.0, -0.0, False),
        (0, -0.0, False),
        (2**53, 2.0**53, False),
        (2**53 + 1, 2.0**53, True),
        (10**22, 1e22, False),
        (10**23, 1e23, True),
        pytest.param(10**400, 1e308, True, id="past-every-float"),
        (1, True, True),
        (1.0, True, True),
        (1, "1", True),
        (1, Decimal(1), False),
        (0.1, Decimal("0.1"), False),
        (Decimal("0.1"), 0.1, False),
        (1, Decimal("1.5"), True),
        (True, Decimal(1), True),
        (float("inf"), Decimal("Infinity"), True),
        (0.1, 0.10000000000000002, True),
        (0.3, 0.1 + 0.2, True),
        (NAN, -NAN, False),
        (Decimal("NaN"), Decimal("NaN"), False),
        (NAN, 0.0, True),
        (1, NAN, True),
    ],
)
def test_numbers_by_value(expected, actual, differs):
    assert bool(differences(expected, actual, numbers="by value")) is differs
    assert bool(differences([expected], [actual], numbers="by value")) is differs


def test_every_place_is_listed_the_shallowest_first():
    expected = {"a": {"b": [1, {"c": 2}]}, "gone": 1, "kept": [1]}
    actual = {"a": {"b": [1, {"c": 3}]}, "kept": [1], "new": 2}
    assert found(expected, actual) == [
        ("$.gone", "missing"),
        ("$.new", "extra"),
        ("$.a.b[1].c", "value"),
    ]


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("usage_info", "$.usage_info"),
        ("a.b", '$["a.b"]'),
        ("", '$[""]'),
        ("0", '$["0"]'),
        ('q"', '$["q\\""]'),
        ("\x00", '$["\\u0000"]'),
        ("é", '$["\\u00e9"]'),
        ("x" * 100, f'$["{"x" * 40}"… of 100 characters]'),
    ],
)
def test_paths_quote_odd_names(key, path):
    assert found({key: 1}, {key: 2}) == [(path, "value")]


def test_a_key_of_another_class_is_a_difference():
    assert found({"1": "a"}, {1: "a"}) == [('$["1"]', "missing"), ("$[1]", "extra")]
    assert found({"a": 1}, {Text("a"): 1}) == [("$.a", "type")]


@pytest.mark.parametrize(
    ("expected", "actual", "text"),
    [
        (True, 1, "$: expected True (bool), got 1 (int)"),
        (1, 1.0, "$: expected 1 (int), got 1.0 (float)"),
        (None, "null", "$: expected None (null), got 'null' (str)"),
        ({"a": None}, {}, "$.a: missing; expected None"),
        ({}, {"a": [1]}, "$.a: not expected there; got [1]"),
        ({}, {"a": None}, "$.a: not expected there; got None"),
        ([1, 2, 3], [1, 2], "$: expected 3 items, got 2 items"),
        ("caf\u00e9", "cafe\u0301", "$: expected 'caf\\xe9', got 'cafe\\u0301'"),
        ("日本", "日 本", "$: expected '日本', got '日 本'"),
        ("a ", "a", "$: expected 'a ', got 'a'"),
        (1.5, Decimal("1.5"), "$: expected 1.5 (float), got Decimal('1.5') (decimal.Decimal)"),
        (
            {},
            OrderedDict(),
            (
                "$: expected {} (dict), "
                "got OrderedDict() (collections.OrderedDict, a subclass of dict)"
            ),
        ),
    ],
)
def test_a_line_says_what_was_expected_and_what_came(expected, actual, text):
    assert line(expected, actual) == text


def test_text_that_was_cut_says_where():
    whole = "x" * 102_390 + "0123456789"
    assert line(whole, whole[:65_536]) == (
        f"$: expected text of 102,400 characters, going on after …'{'x' * 20}' with "
        f"'{'x' * 20}'…, got text of 65,536 characters, cut after …'{'x' * 20}'"
    )


def test_long_texts_are_shown_around_their_first_difference():
    left, right = "a" * 500 + "left" + "b" * 500, "a" * 500 + "right" + "b" * 500
    assert line(left, right) == (
        "$: expected text of 1,004 characters, at 500 'leftbbbbbbbbbbbbbbbb'…, "
        "got text of 1,005 characters, at 500 'rightbbbbbbbbbbbbbbb'…"
    )


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        pytest.param(10**5000, 10**5000 + 1, id="integers-of-5000-digits"),
        (list(range(10_000)), "x" * 10_000),
        ({"a": {str(n): n for n in range(1000)}}, {"a": None}),
        ([1], Raising()),
        (nested(1990, 1), 1),
        (b"x" * 10_000, b"y" * 10_000),
    ],
)
def test_a_line_is_never_long(expected, actual):
    assert all(0 < len(text) < 400 for text in explain(differences(expected, actual)))


@pytest.mark.parametrize("depth", [100, 2_000, 20_000])
def test_deep_documents_are_compared(depth):
    expected, same, other = nested(depth, 1), nested(depth, 1), nested(depth, 2)
    assert differences(expected, same) == []
    (difference,) = differences(expected, other)
    assert (difference.expected, difference.actual) == (1, 2)
    assert len(str(difference)) < 200


def test_cycles_end_and_are_the_same_where_they_look_the_same():
    def ring(value):
        made = {"value": value}
        made["self"] = made
        return made

    cycle = {}
    cycle["a"] = cycle
    assert explain(differences({"a": {"a": {}}}, cycle))[0].startswith("$.a.a.a: not expected")
    assert differences(ring(1), ring(1)) == []
    assert found(ring(1), ring(2)) == [("$.value", "value")]


def test_explain_counts_the_differences_that_it_does_not_show():
    lines = explain(differences([0] * 2_000, [1] * 2_000), limit=3)
    assert lines[0] == "$[0]: expected 0, got 1"
    assert lines[3:] == ("… and 1,997 more",)
    assert explain([]) == ()
