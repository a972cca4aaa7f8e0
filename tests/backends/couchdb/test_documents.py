"""How collections, ids and documents are held in CouchDB, and that they round-trip."""

import json
import sys

import pytest
from documents_given import documents, exact
from hypothesis import given
from hypothesis import strategies as st

from gofannon_backends.couchdb.documents import (
    body_of,
    collection_of,
    database_of,
    document_of,
    is_database_name,
    key_of,
    may_hold_escapes,
    same_content,
)

HUGE = 10**1000


def round_tripped(fields):
    body = body_of("x", fields)
    native = {"_rev": "1-0", **json.loads(body)}
    document = document_of(native, may_be_escaped=may_hold_escapes(body))
    return {name: value for name, value in document.items() if name not in {"_id", "_rev"}}


def native_of(fields):
    native = json.loads(body_of("x", fields))
    assert native.pop("_id") == "x"
    return native


class TestDatabases:
    @pytest.mark.parametrize(
        ("collection", "database"),
        [
            *((name, name) for name in ("agents", "agent_data_store", "a0_$()+/-z", "x", "xy$")),
            ("Agents", "x$$41$gents"),
            ("_users", "x$_users"),
            ("1st", "x$1st"),
            ("a b", "x$a$20$b"),
            ("a.b:c", "x$a$2e$b$3a$c"),
            ("é", "x$$e9$"),
            ("\ud800", "x$$d800$"),
            ("x$", "x$x$24$"),
            ("x$$41$gents", "x$x$24$$24$41$24$gents"),
            ("\n", "x$$a$"),
        ],
    )
    def test_only_an_invalid_database_name_is_escaped(self, collection, database):
        assert database_of(collection, "") == database
        assert database_of(collection, "p-") == f"p-{database}"
        assert collection_of(f"p-{database}", "p-") == collection
        assert is_database_name(database)

    @given(st.text(st.characters(), min_size=1))
    def test_every_name_has_a_database_of_its_own(self, collection):
        database = database_of(collection, "")
        assert collection_of(database, "") == collection
        assert is_database_name(database) or len(database) > 238

    def test_databases_of_couchdb_and_of_others_are_no_collections(self):
        assert collection_of("_replicator", "") is None
        assert collection_of("agents", "p-") is None


class TestIds:
    @pytest.mark.parametrize("doc_id", ["a1", "a_b", "a/b", "..", "~", "$", "é", "😀", "\0", " "])
    def test_an_id_that_couchdb_holds_is_left_alone(self, doc_id):
        assert key_of(doc_id) == doc_id

    @pytest.mark.parametrize(
        ("doc_id", "key"),
        [
            ("_design/x", "␛5f␛design/x"),
            ("_", "␛5f␛"),
            ("_a\n_b", "␛5f␛a\n_b"),
            ("a\ud800", "a␛d800␛"),
            ("␛5f␛x", "␛241b␛5f␛241b␛x"),
        ],
    )
    def test_what_it_refuses_is_escaped(self, doc_id, key):
        assert key_of(doc_id) == key
        native = {"_id": key, "_rev": "1-0"}
        assert document_of(native, may_be_escaped=True)["_id"] == doc_id


class TestDocuments:
    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"": "", "a": [], "b": {}, "c": None, "d": True, "e": "\0\x1f\u2028"},
            {"id": 1, "rev": 2, "a.b": 3, "a/b": 4, "$a": 5, "`": 6, "a__": 7, "~x": 8},
            {"nested": {"_a": {"_id": 1, "__x__": 2}}, "list": [[[1], []], {"_b": 1}]},
            {"n": [0, -1, 2**53, 2**70, 10**30, 10**308 - 1, 1 - 10**308]},
            {"n": [0.0, 1.0, 0.05, 1e16, 1e-300, sys.float_info.max, sys.float_info.min]},
            {"text": "1.0 null NaN 2024-01-01T00:00:00Z 😀 é"},
        ],
        ids=["empty", "empty-parts", "names", "nested", "integers", "floats", "texts"],
    )
    def test_what_couchdb_holds_is_left_alone(self, fields):
        assert repr(native_of(fields)) == repr(fields)
        assert not may_hold_escapes(body_of("x", fields))
        assert repr(round_tripped(fields)) == repr(fields)

    @pytest.mark.parametrize(
        ("fields", "native"),
        [
            ({"_x": 1, "_attachments": {}}, {"␛5f␛x": 1, "␛5f␛attachments": {}}),
            ({"_deleted": True}, {"␛5f␛deleted": True}),
            ({"a": [{"__proto__": 1}]}, {"a": [{"␛5f␛_proto__": 1}]}),
            ({"n": -0.0}, {"n": {"gofannon:json": "-0.0"}}),
            ({"n": 5e-324}, {"n": {"gofannon:json": "5e-324"}}),
            ({"n": [-2.5e-310]}, {"n": [{"gofannon:json": "-2.5e-310"}]}),
            ({"n": HUGE}, {"n": {"gofannon:json": str(HUGE)}}),
            ({"n": -(10**308)}, {"n": {"gofannon:json": str(-(10**308))}}),
            ({"t": "a\udc00"}, {"t": {"gofannon:json": '"a\\udc00"'}}),
            ({"\ud800": {"\udfff": 1}}, {"␛d800␛": {"␛dfff␛": 1}}),
            ({"␛": {"a␛": 1}}, {"␛241b␛": {"a␛241b␛": 1}}),
            ({"gofannon:json": "1"}, {"gofannon:json": '{"gofannon:json":"1"}'}),
            (
                {"m": {"gofannon:json": "1"}},
                {"m": {"gofannon:json": '{"gofannon:json":"1"}'}},
            ),
        ],
    )
    def test_what_it_refuses_or_alters_is_escaped(self, fields, native):
        assert native_of(fields) == native
        assert repr(round_tripped(fields)) == repr(fields)

    @pytest.mark.parametrize(
        "fields",
        [{"t": "-0.0 ␛ gofannon:json e-3"}, {"gofannon:json": 1}, {"gofannon:json": "1", "b": 2}],
    )
    def test_what_only_looks_like_an_escape_round_trips(self, fields):
        assert native_of(fields) == fields
        assert round_tripped(fields) == fields

    @pytest.mark.parametrize(
        "native",
        [
            {"a": {"__proto__": 1}},
            {"gofannon:json": "no json"},
            {"gofannon:json": "3"},
            {"a": "␛"},
            {"␛x␛": "␛zz␛"},
        ],
    )
    def test_data_of_others_that_is_no_escape_is_read_unchanged(self, native):
        content = {"_id": "x", "_rev": "1-0", **native}
        assert document_of(content, may_be_escaped=True) == content

    @given(documents)
    def test_every_document_round_trips_and_couchdb_accepts_it(self, document):
        assert exact(round_tripped(document)) == exact(document)
        assert all(not name.startswith("_") for name in native_of(document))

    @pytest.mark.parametrize("before", range(0, 90, 7))
    @pytest.mark.parametrize("number", [10**308, -(10**308), HUGE])
    def test_a_huge_integer_is_found_at_any_position(self, before, number):
        fields = {"text": "x" * before, "n": number, "after": ["y" * 400]}
        assert native_of(fields)["n"] == {"gofannon:json": str(number)}

    def test_escapes_of_another_json_encoder_are_found(self):
        assert may_hold_escapes(b'{"_id": "\\u241B5f\\u241Bx"}')
        assert may_hold_escapes(b'{"_id": "\\u241b5f\\u241bx"}')


class TestSameContent:
    @pytest.mark.parametrize(
        ("held", "same"),
        [
            ({"a": [1, 2.0], "b": None}, True),
            ({"b": None, "a": [1, 2.0]}, True),
            ({"a": [True, 2.0], "b": None}, False),
            ({"a": [1, 2], "b": None}, False),
            ({"a": [1, 2.0]}, False),
        ],
    )
    def test_types_are_compared_as_well(self, held, same):
        native = {"_id": "x", "_rev": "1-0", **held}
        assert same_content(body_of("x", {"a": [1, 2.0], "b": None}), native) is same
