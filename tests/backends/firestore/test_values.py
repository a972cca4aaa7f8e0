"""Firestore's values: native and escaped ones, and that both round-trip."""

import pytest
from documents_given import documents, exact, names
from google.cloud.firestore_v1 import types
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.latlng_pb2 import LatLng
from hypothesis import given

from gofannon_backends.base.encoding import MARKER
from gofannon_backends.firestore.values import (
    FIELD_NAMES,
    NAMES,
    NATIVE_DEPTH,
    PATH_BYTES,
    UnreadableError,
    read_document,
    write_document,
)

Document = types.Document.pb()
Value = types.Value.pb()


def stored(document):
    fields = Document()
    write_document(document, fields.fields)
    return Document.FromString(fields.SerializeToString()).fields


def round_trips(document):
    return exact(read_document(stored(document))) == exact(document)


def shape(value):
    """Return a protobuf value as Python, with its escapes."""
    match value.WhichOneof("value_type"):
        case "map_value":
            return {name: shape(item) for name, item in value.map_value.fields.items()}
        case "array_value":
            return [shape(item) for item in value.array_value.values]
        case "null_value":
            return None
        case kind:
            return getattr(value, kind)


def shapes(fields):
    return {name: shape(value) for name, value in fields.items()}


def nested(depth, leaf="leaf"):
    for step in range(depth):
        leaf = {"m": leaf} if step % 2 else [leaf]
    return {"top": leaf}


def refused_by_firestore(value, *, path=-1, depth=-1, in_array=False):
    """Return whether Firestore refuses a map or an array: an independent form of its rules."""
    if isinstance(value, dict):
        return depth + 1 > NATIVE_DEPTH or any(
            not name
            or (name.startswith("__") and name.endswith("__") and len(name) > 3)
            or path + 1 + len(name.encode()) > PATH_BYTES
            or refused_by_firestore(item, path=path + 1 + len(name.encode()), depth=depth + 1)
            for name, item in value.items()
        )
    if isinstance(value, list):
        return (
            in_array
            or depth + 1 > NATIVE_DEPTH
            or any(
                refused_by_firestore(item, path=path, depth=depth + 1, in_array=True)
                for item in value
            )
        )
    return False


def is_valid(document):
    return not refused_by_firestore(shapes(stored(document)))


class TestDocuments:
    @given(documents)
    def test_every_document_round_trips_and_is_valid_for_firestore(self, document):
        assert round_trips(document)
        assert is_valid(document)

    @pytest.mark.parametrize("leaf", ["text", 2**70, "\ud800", {}, []], ids=repr)
    @pytest.mark.parametrize("depth", [18, 19, 20, 21, 64, 200])
    def test_depth(self, depth, leaf):
        document = nested(depth, leaf)
        assert round_trips(document)
        assert is_valid(document)

    @pytest.mark.parametrize("length", [1480, 1483, 1484, 1496, 1498, 1499, 1500, 1501])
    @pytest.mark.parametrize("inner", [1, {"n": 1}, {"n": [[1]]}, 2**70, [2**70]], ids=repr)
    def test_long_field_names(self, length, inner):
        document = {"x" * length: inner, "other": True}
        assert round_trips(document)
        assert is_valid(document)

    def test_what_firestore_holds_is_stored_unchanged(self):
        document = {
            "text": "é\x00",
            "number": -(2**63),
            "price": 87.5,
            "flags": [True, None, {"a.b": [], "`": {}}],
            "_private": "",
        }
        assert exact(shapes(stored(document))) == exact(document)

    @pytest.mark.parametrize(
        ("document", "as_stored"),
        [
            pytest.param({"__x__": 1}, {"^5f^_x__": 1}, id="reserved-name"),
            pytest.param({"a^b": 1}, {"a^5e^b": 1}, id="name-with-the-escape-character"),
            pytest.param({"\ud800": 1}, {"^d800^": 1}, id="name-with-a-lone-surrogate"),
            pytest.param({"m": {"": 1}}, {"m": {MARKER: '{"":1}'}}, id="empty-name"),
            pytest.param({"": 1}, {MARKER: '{"":1}'}, id="empty-name-at-the-top"),
            pytest.param({"m": [[1], 2]}, {"m": [{MARKER: "[1]"}, 2]}, id="array-in-array"),
            pytest.param({"n": 2**63}, {"n": {MARKER: str(2**63)}}, id="integer-past-64-bits"),
            pytest.param({"s": "\ud800"}, {"s": {MARKER: r'"\ud800"'}}, id="lone-surrogate"),
            pytest.param(
                {"m": {MARKER: "1"}},
                {"m": {MARKER: '{"gofannon:json":"1"}'}},
                id="what-looks-like-an-escape",
            ),
            pytest.param(
                {MARKER: "1"},
                {MARKER: '{"gofannon:json":"1"}'},
                id="a-document-that-looks-like-one",
            ),
        ],
    )
    def test_what_firestore_does_not_hold_is_escaped(self, document, as_stored):
        assert shapes(stored(document)) == as_stored
        assert round_trips(document)

    def test_the_deepest_part_alone_is_escaped(self):
        inner = shapes(stored(nested(NATIVE_DEPTH + 1)))["top"]
        for _ in range(NATIVE_DEPTH - 1):
            inner = inner["m"] if isinstance(inner, dict) else inner[0]
        assert inner == {MARKER: '{"m":["leaf"]}'}


class TestReadingWhatOthersWrote:
    @pytest.mark.parametrize(
        ("value", "plain"),
        [
            pytest.param(
                Value(timestamp_value=Timestamp(seconds=1767225600, nanos=120_000_000)),
                "2026-01-01T00:00:00.120Z",
                id="timestamp",
            ),
            pytest.param(Value(bytes_value=b"\x00\xff"), "AP8=", id="bytes"),
            pytest.param(
                Value(reference_value="projects/p/databases/(default)/documents/users/u1/notes/n"),
                "users/u1/notes/n",
                id="reference",
            ),
            pytest.param(
                Value(geo_point_value=LatLng(latitude=48.5, longitude=-1.0)),
                {"latitude": 48.5, "longitude": -1.0},
                id="point",
            ),
            pytest.param(Value(double_value=float("nan")), None, id="not-a-number"),
            pytest.param(Value(double_value=float("-inf")), None, id="infinity"),
        ],
    )
    def test_types_that_json_lacks_become_plain_values(self, value, plain):
        assert read_document({"field": value}) == {"field": plain}

    def test_a_vector_is_its_numbers(self):
        vector = Value()
        vector.map_value.fields["__type__"].string_value = "__vector__"
        vector.map_value.fields["value"].array_value.values.add().double_value = 0.5
        assert read_document({"embedding": vector}) == {"embedding": [0.5]}

    @pytest.mark.parametrize("text", ["not JSON", "5", '"text"', ""])
    def test_a_document_with_a_field_of_the_markers_name_stays(self, text):
        assert read_document({MARKER: Value(string_value=text)}) == {MARKER: text}

    def test_names_that_look_like_an_escape_are_kept(self):
        fields = Document().fields
        fields["m"].map_value.fields[MARKER].integer_value = 5
        fields["2^8 and ^zz^"].integer_value = 256
        assert read_document(fields) == {"m": {MARKER: 5}, "2^8 and ^zz^": 256}

    def test_a_value_of_an_unknown_type_is_an_error(self):
        with pytest.raises(UnreadableError):
            read_document({"field": Value()})


class TestNames:
    @pytest.mark.parametrize(
        ("name", "as_stored"),
        [
            ("%2e%2e%2f ?#é", "%2e%2e%2f ?#é"),
            ("__", "__"),
            ("a/b", "a^2f^b"),
            ("a^b", "a^5e^b"),
            (".", "^2e^"),
            ("..", "^2e^."),
            ("__x__", "^5f^_x__"),
            ("__a\nb__", "^5f^_a\nb__"),
            ("____", "^5f^___"),
            ("\ud800", "^d800^"),
        ],
    )
    def test_names(self, name, as_stored):
        assert NAMES.encode(name) == as_stored
        assert NAMES.decode(as_stored) == name

    @given(names.filter(bool))
    def test_every_name_round_trips_and_is_valid_for_firestore(self, name):
        as_stored = NAMES.encode(name)
        assert NAMES.decode(as_stored) == name
        assert "/" not in as_stored
        assert as_stored not in {".", ".."}
        assert not (as_stored.startswith("__") and as_stored.endswith("__") and len(as_stored) > 3)
        as_stored.encode()

    @given(names)
    def test_every_field_name_round_trips(self, name):
        assert FIELD_NAMES.decode(FIELD_NAMES.encode(name)) == name
