"""Documents as DynamoDB items: what is native, what is escaped, how older data is read."""

import json
import re
import struct
from typing import Any

import pytest
from documents_given import documents, exact
from hypothesis import given
from hypothesis import strategies as st

from gofannon_backends.base.encoding import MARKER
from gofannon_backends.dynamodb.items import (
    ITEM_BYTES,
    MOST_ATTRIBUTES,
    NATIVE_DEPTH,
    WIDE_FIELD,
    NotAnItemError,
    UnstorableError,
    document_of,
    item_of,
    item_size,
)
from gofannon_backends.dynamodb.tables import collection_of, table_of


def stored(value: Any) -> Any:
    return item_of("id", "rev", {"field": value})["field"]


def read(attribute: Any) -> Any:
    return document_of({"_id": {"S": "id"}, "field": attribute})["field"]


def nested(depth: int) -> Any:
    value: Any = "leaf"
    for level in range(depth):
        value = [value] if level % 2 else {"in": value}
    return value


def assert_round_trips(fields: dict[str, Any]) -> None:
    document = document_of(item_of("id", "rev", fields))
    assert exact(document) == exact({"_id": "id", "_rev": "rev", **fields})


def levels(attribute: dict[str, Any]) -> int:
    [(kind, held)] = attribute.items()
    inner = held if kind == "L" else held.values() if kind == "M" else ()
    return 1 + max((levels(value) for value in inner), default=0)


NATIVE = {
    "text": ("word", {"S": "word"}),
    "empty-text": ("", {"S": ""}),
    "nul": ("a\0b", {"S": "a\0b"}),
    "emoji": ("\U0001f600", {"S": "\U0001f600"}),
    "text-that-looks-like-an-escape": ('{"gofannon:json":"1"}', {"S": '{"gofannon:json":"1"}'}),
    "null": (None, {"NULL": True}),
    "true": (True, {"BOOL": True}),
    "false": (False, {"BOOL": False}),
    "zero": (0, {"N": "0"}),
    "integer": (-42, {"N": "-42"}),
    "38-digits": (10**38 - 1, {"N": "9" * 38}),
    "money": (0.05, {"N": "0.05"}),
    "small-fraction": (1.5e-7, {"N": "1.5E-7"}),
    "17-digits": (0.1 + 0.2, {"N": "0.30000000000000004"}),
    "empty-array": ([], {"L": []}),
    "empty-object": ({}, {"M": {}}),
    "array-in-array": ([[1], [None]], {"L": [{"L": [{"N": "1"}]}, {"L": [{"NULL": True}]}]}),
    "object": ({"a.b": {"$c": "d"}}, {"M": {"a.b": {"M": {"$c": {"S": "d"}}}}}),
    "object-that-looks-like-a-value": ({"S": "x"}, {"M": {"S": {"S": "x"}}}),
}

ESCAPED = {
    "integral-float": (1.0, "1.0"),
    "negative-zero": (-0.0, "-0.0"),
    "large-float": (1.7976931348623157e308, "1.7976931348623157e+308"),
    "smallest-float": (5e-324, "5e-324"),
    "fraction-near-the-end": (1.5e-101, "1.5e-101"),
    "39-digits": (10**38, "1" + "0" * 38),
    "39-digits-negative": (-(10**38), "-1" + "0" * 38),
    "lone-surrogate": ("\ud800", '"\\ud800"'),
    "empty-name": ({"": 1.5}, '{"":1.5}'),
    "name-that-javascript-loses": ({"__proto__": 1}, '{"__proto__":1}'),
    "name-with-a-lone-surrogate": ({"\udfff": None}, '{"\\udfff":null}'),
    "name-over-64-kib": ({"n" * 65_536: 1}, '{"' + "n" * 65_536 + '":1}'),
    "object-that-looks-like-an-escape": ({MARKER: "1"}, '{"gofannon:json":"1"}'),
}

NAMES = ["name", "a.b[0]", "$x", "`", "__init__", "_private", "S", "M", "id", "n" * 65_535]


@pytest.mark.parametrize(("value", "attribute"), NATIVE.values(), ids=NATIVE)
def test_what_dynamodb_holds_is_stored_in_its_own_types(value, attribute):
    assert stored(value) == attribute
    assert read(attribute) == value
    assert type(read(attribute)) is type(value)


@pytest.mark.parametrize(("value", "text"), ESCAPED.values(), ids=ESCAPED)
def test_what_it_cannot_hold_is_a_marker_with_json_text(value, text):
    assert stored(value) == {"M": {MARKER: {"S": text}}}
    assert repr(read(stored(value))) == repr(value)


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[:10])
def test_field_names_are_attribute_names(name):
    item = item_of("id", "rev", {name: {name: 1}})
    assert item[name] == {"M": {name: {"N": "1"}}}
    assert document_of(item) == {"_id": "id", "_rev": "rev", name: {name: 1}}


@pytest.mark.parametrize(
    "fields",
    [{"": 1, "a": 2}, {"\ud800": 1}, {"n" * 65_536: 1}, {MARKER: "1"}],
    ids=["empty-name", "surrogate", "long-name", "marker"],
)
def test_a_document_with_a_name_that_no_attribute_has_is_one_json_text(fields):
    assert item_of("id", "rev", fields).keys() == {"_id", "_rev", MARKER}
    assert_round_trips(fields)


@pytest.mark.parametrize(
    ("count", "wide"), [(MOST_ATTRIBUTES, False), (MOST_ATTRIBUTES + 1, True), (15_000, True)]
)
def test_a_document_of_very_many_fields_is_one_attribute(count, wide):
    fields = {f"f{number}": 1.0 for number in range(count)}
    assert (item_of("id", "rev", fields).keys() == {"_id", "_rev", WIDE_FIELD}) is wide
    assert_round_trips(fields)


@pytest.mark.parametrize("value", [{"a": 1}, {}, 1.0, 1])
@pytest.mark.parametrize("others", [{}, {"a": 1}])
def test_a_field_of_that_attributes_name_round_trips(value, others):
    assert_round_trips({WIDE_FIELD: value, **others})


def test_a_document_with_the_markers_name_and_another_is_native():
    assert item_of("id", "rev", {MARKER: "1", "a": None})[MARKER] == {"S": "1"}


@pytest.mark.parametrize("depth", [NATIVE_DEPTH - 2, NATIVE_DEPTH - 1, NATIVE_DEPTH, 64, 199])
def test_parts_below_the_native_depth_are_json_text(depth):
    attribute = stored(nested(depth))
    assert levels(attribute) <= NATIVE_DEPTH + 1
    assert (MARKER in repr(attribute)) is (depth >= NATIVE_DEPTH)
    assert read(attribute) == nested(depth)


def test_what_is_nested_too_deeply_to_be_written_is_refused():
    with pytest.raises(UnstorableError):
        stored(nested(100_000))


def test_a_document_of_many_escapes_is_stored_as_json_text():
    fields = {"floats": [float(n) for n in range(20_000)], "title": "t", "small": [1]}
    item = item_of("id", "rev", fields)
    assert item_size(item) <= ITEM_BYTES
    assert item["floats"]["M"].keys() == {MARKER}
    assert item["small"] == {"L": [{"N": "1"}]}
    assert_round_trips(fields)


OLDER = {
    "float-as-decimal": ({"N": "87.5"}, 87.5),
    "integral-float-as-decimal": ({"N": "100"}, 100),
    "more-digits-than-a-double": ({"N": "0.12345678901234567890123456789"}, 0.12345678901234568),
    "exponent-as-an-emulator-keeps-it": ({"N": "1E+2"}, 100.0),
    "set-of-text": ({"SS": ["a", "b"]}, ["a", "b"]),
    "set-of-one": ({"SS": ["a"]}, ["a"]),
    "set-of-numbers": ({"NS": ["1", "2.5"]}, [1, 2.5]),
    "bytes": ({"B": b"\0\1"}, "AAE="),
    "set-of-bytes": ({"BS": [b"\0"]}, ["AA=="]),
    "marker-that-is-none": ({"M": {MARKER: {"S": "no JSON"}}}, {MARKER: "no JSON"}),
    "field-of-the-wide-attributes-name": ({"M": {WIDE_FIELD: {"N": "1"}}}, {WIDE_FIELD: 1}),
    "marker-of-a-number": ({"M": {MARKER: {"N": "1"}}}, {MARKER: 1}),
}


@pytest.mark.parametrize(("attribute", "value"), OLDER.values(), ids=OLDER)
def test_items_of_other_programs_are_read_as_plain_json(attribute, value):
    assert read(attribute) == value
    assert type(read(attribute)) is type(value)
    json.dumps(value)


def test_an_item_without_a_revision_has_none():
    assert document_of({"_id": {"S": "a"}, "name": {"S": "b"}}) == {"_id": "a", "name": "b"}


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"_id": {"N": "1"}},
        {"_id": {"S": 5}},
        {"_id": {"S": "a"}, "field": {}},
        {"_id": {"S": "a"}, "field": {"Q": "x"}},
        {"_id": {"S": "a"}, "field": {"N": "many"}},
        {"_id": {"S": "a"}, "field": {"N": "Infinity"}},
        {"_id": {"S": "a"}, "field": {"L": None}},
        {"_id": {"S": "a"}, "field": {"M": []}},
        {"_id": {"S": "a"}, "field": "text"},
        {"_id": {"S": "a"}, "field": {"BOOL": "yes"}},
    ],
    ids=str,
)
def test_what_is_not_an_item_is_refused(item):
    with pytest.raises(NotAnItemError):
        document_of(item)


SIZES = {
    "text": ({"a": {"S": "é"}}, 3),
    "null": ({"a": {"NULL": True}}, 2),
    "number": ({"a": {"N": "12"}}, 4),
    "array": ({"a": {"L": [{"S": "xy"}]}}, 7),
    "object": ({"a": {"M": {"bc": {"BOOL": True}}}}, 8),
}


@pytest.mark.parametrize(("item", "size"), SIZES.values(), ids=SIZES)
def test_size_is_counted_as_dynamodb_does(item, size):
    assert item_size(item) == size


@given(documents)
def test_every_document_round_trips(document):
    json.dumps(item_of("id", "rev", document)).encode()
    assert_round_trips(document)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_round_trips_to_the_bit(number):
    assert struct.pack("d", read(stored(number))) == struct.pack("d", number)


TABLES = {
    "plain": ("agent_data_store", "agent_data_store"),
    "dots": ("my.agents-2024", "my.agents-2024"),
    "slash": ("a/b", "a.2f.b"),
    "slash-and-dot": ("a/b.c", "a.2f.b.2e.c"),
    "like-an-escape": ("a.2f.b", "a.2e.2f.2e.b"),
    "one-character": ("x", ".78."),
    "two-characters": ("xy", ".78..79."),
    "two-dots": ("..", ".2e..2e."),
    "non-ascii": ("\u00e9t\u00e9", ".e9.t.e9."),
    "astral": ("\U0001f600", ".1f600."),
}


@pytest.mark.parametrize(("collection", "table"), TABLES.values(), ids=TABLES)
def test_collections_have_tables_of_legal_names(collection, table):
    assert table_of(collection) == table
    assert collection_of(table) == collection


@given(st.text(min_size=1) | st.from_regex(r"[ab./2ef]{1,12}", fullmatch=True))
def test_every_collection_has_a_table_of_its_own(collection):
    table = table_of(collection)
    assert re.fullmatch(r"[a-zA-Z0-9_.-]{3,}", table)
    assert collection_of(table) == collection
