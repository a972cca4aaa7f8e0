"""The checks of documents: values that pass unchanged, are converted, or are refused."""

import copy
import math
from collections import UserDict, defaultdict
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import NamedTuple

import documents_given
import pytest
from fastapi import HTTPException
from hypothesis import given

from gofannon_backends.base import documents


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    LARGE = 3


class OldStyle(str, Enum):  # noqa: UP042 - as it was written before StrEnum
    ONE = "one"


class Text(str):
    __slots__ = ()

    def __str__(self):
        return "something else"


class Overriding(dict):
    def items(self):
        return [("shown", 1)]


class Point(NamedTuple):
    x: int
    y: int


def checked(document):
    return documents.checked("tickets", "t1", document)


def refusal(document):
    with pytest.raises(HTTPException) as caught:
        checked(document)
    assert caught.value.status_code == 422
    assert "'t1' in collection 'tickets'" in caught.value.detail
    return caught.value.detail


def same(left, right):
    return repr(left) == repr(right)  # as strict about types and about -0.0 as JSON values need


@given(documents_given.documents)
def test_json_passes_unchanged_and_shares_nothing(document):
    before = copy.deepcopy(document)
    for result in (checked(document), documents.copied(document)):
        assert same(result, document)
        assert not containers(result) & containers(document)
    assert same(document, before)


def containers(value):
    if isinstance(value, dict):
        return {id(value)}.union(*map(containers, value.values()))
    if isinstance(value, list):
        return {id(value)}.union(*map(containers, value))
    return set()


@pytest.mark.parametrize(
    ("given_value", "stored"),
    [
        pytest.param(Colour.RED, "red", id="str-enum"),
        pytest.param(OldStyle.ONE, "one", id="str-and-enum"),
        pytest.param(Text("text"), "text", id="str-subclass-with-a-str-of-its-own"),
        pytest.param(Size.LARGE, 3, id="int-enum"),
        pytest.param(True, True, id="bool-stays-bool"),
        pytest.param(type("F", (float,), {})(1.0), 1.0, id="float-subclass"),
        pytest.param(defaultdict(list, a=[1]), {"a": [1]}, id="default-dict"),
        pytest.param(Overriding(real=2), {"real": 2}, id="dict-with-items-of-its-own"),
        pytest.param(type("L", (list,), {})([1]), [1], id="list-subclass"),
        pytest.param((1, (2,)), [1, [2]], id="tuple"),
        pytest.param(Point(1, 2), [1, 2], id="named-tuple"),
        pytest.param(date(2024, 2, 29), "2024-02-29", id="date"),
        pytest.param(
            datetime(2024, 2, 29, 1, 2, tzinfo=UTC), "2024-02-29T01:02:00+00:00", id="datetime"
        ),
        pytest.param(Decimal(2), 2, id="decimal-integer"),
        pytest.param(Decimal("2.00"), 2.0, id="decimal-with-places"),
        pytest.param(Decimal("87.50"), 87.5, id="decimal-money"),
        pytest.param(Decimal("0.1"), 0.1, id="decimal-that-no-float-equals"),
        pytest.param(Decimal("1E+3"), 1000, id="decimal-with-exponent"),
        pytest.param(Decimal("9007199254740993.0"), 2**53 + 1, id="decimal-past-floats"),
        pytest.param(Decimal("-0.0"), -0.0, id="decimal-negative-zero"),
    ],
)
def test_the_allowed_conversions(given_value, stored):
    assert same(checked({"field": [given_value]}), {"field": [stored]})


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({1, 2}, "a value of type set"),
        (b"bytes", "a value of type bytes"),
        (object(), "a value of type object"),
        (time(1), "a value of type time"),
        (UserDict(), "a value of type UserDict"),
        ((n for n in ()), "a value of type generator"),
        (math.nan, "the float nan"),
        (-math.inf, "the float -inf"),
        (type("F", (float,), {})("inf"), "the float inf"),
        (Decimal("NaN"), "the decimal NaN"),
        (Decimal("Infinity"), "the decimal Infinity"),
        (Decimal("1e999999"), "more than 4000 digits"),
        (Decimal("0.12345678901234567890123"), "more digits than"),
        pytest.param(10**5000, "more than 4000 digits", id="huge"),
        pytest.param(-(10**5000), "more than 4000 digits", id="huge-negative"),
        pytest.param(Decimal(10**4001) / 10, "more than 4000 digits", id="huge-decimal"),
        ({1: "one"}, "a field's name is a str, not a value of type int"),
        ({None: 1}, "a field's name is a str, not None"),
        ({("a", "b"): 1}, "a field's name is a str, not a value of type tuple"),
    ],
)
def test_what_json_cannot_hold_is_refused(value, why):
    assert why in refusal({"field": value})
    assert why in refusal({"deep": [{"er": (value,)}]})


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"field": {1}}, "document.field:"),
        ({"a": [0, {"b": [1, 2, {1}]}]}, "document.a[1].b[2]:"),
        ({"with space": {"": {1}}}, "document.'with space'.'':"),
        ({"a": (0, (1, {1}))}, "document.a[1][1]:"),
        ({"a": {3: 1}}, "document.a.<int>:"),
    ],
)
def test_a_refusal_names_the_place(document, path):
    assert f"at {path}" in refusal(document)


def test_a_cycle_is_refused_with_its_shortest_path():
    document = {"a": {"b": []}}
    document["a"]["b"].append(document["a"])
    assert "at document.a.b[0]: it contains itself" in refusal(document)
    document["self"] = document
    del document["a"]
    assert "at document.self: it contains itself" in refusal(document)


def test_one_object_in_two_places_is_no_cycle():
    shared = {"x": [1]}
    result = checked({"a": shared, "b": shared})
    assert result == {"a": {"x": [1]}, "b": {"x": [1]}}
    assert result["a"] is not result["b"]


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"n": inner}])
def test_the_greatest_depth_passes_and_one_more_is_refused(wrap):
    value = wrap(0)
    for _ in range(documents.MAX_DEPTH - 2):
        value = wrap(value)
    assert checked({"root": value}) == {"root": value}
    assert "nested deeper than 200 levels" in refusal({"root": wrap(value)})


def test_thousands_of_levels_are_refused():
    value = []
    for _ in range(50_000):
        value = [value]
    detail = refusal({"root": value})
    assert "nested deeper" in detail
    assert len(detail) < 400


def test_a_call_near_the_recursion_limit_is_refused():
    value = 0
    for _ in range(150):
        value = [value]

    def descend(levels):
        if levels:
            return descend(levels - 1)
        return checked({"root": value})

    caught = None
    for levels in range(600, 1000, 20):  # pytest's own frames count too
        try:
            descend(levels)
        except HTTPException as error:
            caught = error
            break
        except RecursionError:
            break
    assert caught is not None
    assert caught.status_code == 422


def test_a_document_that_changes_while_it_is_read_is_refused():
    document = {f"n{n}": n for n in range(3)}

    class Meddler(date):
        def isoformat(self):
            document["more"] = 1
            return "2024-01-01"

    document["when"] = Meddler(2024, 1, 1)
    document["last"] = 1
    assert "changed while it was read" in refusal(document)


@pytest.mark.parametrize("document", [None, [], [("a", 1)], "text", 1, UserDict(a=1)])
def test_what_is_not_a_dict_is_refused(document):
    assert "a document is a dict" in refusal(document)


def test_id_and_revision_are_left_out_at_the_top_only():
    document = {"_id": "other", "_rev": "1-x", "in": {"_id": "kept", "_rev": "kept"}}
    assert checked(document) == {"in": {"_id": "kept", "_rev": "kept"}}
    assert document["_id"] == "other"


def test_names_become_plain_text():
    names = [*documents.address(Colour.RED, Text("a1")), *checked({Colour.RED: 1})]
    assert names == ["red", "a1", "red"]
    assert {type(name) for name in names} == {str}


def refuses_a_name(call, *names):
    with pytest.raises(HTTPException) as caught:
        call(*names)
    return caught.value.status_code == 400


@pytest.mark.parametrize("name", ["", None, 1, 1.0, True, b"a", ["a"], ("a",), object()])
def test_a_name_that_is_empty_or_no_text_is_refused(name):
    assert refuses_a_name(documents.address, "agents", name)
    assert refuses_a_name(documents.checked, "agents", name, {})
    assert refuses_a_name(documents.collection, name)
    assert refuses_a_name(documents.address, name, "a1")
