"""The tables of this version and of older ones: what their columns hold, and that all is read."""

import json

import pytest
from documents_given import documents, exact
from hypothesis import given
from hypothesis import strategies as st
from store_calls import ids_of

from gofannon_backends.postgresql import layouts

HARD_DOCUMENT = {
    "integer": 1,
    "float": 1.0,
    "negative zero": -0.0,
    "exponent": 1e16,
    "largest": 1.7976931348623157e308,
    "smallest": 5e-324,
    "big": -(10**50),
    "text": "nul \0, escape \x10 and \x100\x10, half \ud800, whole \U0001f600, \\u0000",
    "\0name\ud800": [{"\0": "\0"}, [[]], None, True, ""],
    "": {},
    "data": "rev",
    "__x__": {"gofannon:json": "1"},
    "a.b/c$d": "2024-01-01",
}


def fields(document):
    return {name: value for name, value in document.items() if name not in ("_id", "_rev")}


@pytest.mark.parametrize("doc_id", ["a1", "\0", "\x10", "\x100\x10", "\ud800", "é" * 1300])
@pytest.mark.parametrize("table", ["postgresql", "old"])
def test_any_document_round_trips_under_any_id(request, table, doc_id):
    service = request.getfixturevalue(table)
    service.save("agents", doc_id, HARD_DOCUMENT)
    document = service.get("agents", doc_id)
    assert document["_id"] == doc_id
    assert exact(fields(document)) == exact(HARD_DOCUMENT)
    assert service.list_all("agents") == [document]
    assert service.get_many("agents", [doc_id]) == {doc_id: document}
    service.delete("agents", doc_id)
    assert ids_of(service.list_all("agents")) == []


@given(documents)
def test_written_text_has_no_character_that_postgresql_refuses(document):
    written = layouts.JSON_LAYOUT.to_text("id", document)
    assert "\\u0000" not in written.replace("\\\\", "")
    written.encode()
    assert exact(layouts.JSON_LAYOUT.to_fields(written)) == exact(document)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_jsonb_gets_no_float_that_it_would_change(number):
    written = json.loads(layouts.JSONB_LAYOUT.to_text("id", {"n": number}))["n"]
    held = isinstance(written, float)
    assert held == ("e+" not in repr(number) and repr(number) != "-0.0")
    restored = layouts.JSONB_LAYOUT.to_fields(json.dumps({"n": written}))
    assert exact(restored) == exact({"n": number})


class TestOldTables:
    def test_are_read(self, old, sql, schema):
        data = '{"_id": "a1", "name": "old", "n": 1.0, "gofannon:json": "no JSON"}'
        sql(f"INSERT INTO {schema}.agents (_id, data) VALUES ('a1', %s)", (data,))
        document = old.get("agents", "a1")
        assert fields(document) == {"name": "old", "n": 1.0, "gofannon:json": "no JSON"}
        assert old.list_all("agents") == [document]
        assert old.collections() == {"agents"}

    def test_are_written_without_being_altered(self, old, sql, schema):
        columns = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        before = sql(columns, (f"{schema}.agents",)).fetchall()
        old.save("agents", "a1", {"name": "new"})
        assert sql(columns, (f"{schema}.agents",)).fetchall() == before
        assert sql(f"SELECT data FROM {schema}.agents").fetchall() == [
            ({"_id": "a1", "name": "new"},)
        ]

    def test_are_written_and_read_by_many(self, old):
        docs = [{"_id": f"d{n}", "float": 1e16, "text": "\0\x10", "n": n} for n in range(120)]
        assert all(entry["ok"] for entry in old.save_many("agents", docs))
        old._layouts.clear()
        ids = ids_of(docs)
        found = old.get_many("agents", [*ids, "missing", "d7"])
        assert found == {**{doc_id: old.get("agents", doc_id) for doc_id in ids}, "missing": None}

    def test_change_their_revisions_with_the_writes_of_old_versions(self, old, sql, schema):
        revs = [old.save("agents", "a1", {})["rev"]]
        assert old.get("agents", "a1")["_rev"] == revs[0]
        sql(f"UPDATE {schema}.agents SET data = data")
        revs.append(old.get("agents", "a1")["_rev"])
        old.delete("agents", "a1")
        revs.append(old.save("agents", "a1", {})["rev"])
        assert len(set(revs)) == 3

    def test_that_are_created_again_in_the_new_layout_are_noticed(self, old, open_postgresql):
        old.save("agents", "a1", {})
        other = open_postgresql()
        other.drop("agents")
        other.save("agents", "a1", HARD_DOCUMENT)
        before = other.get("agents", "a1")
        assert exact(old.get("agents", "a1")) == exact(before)
        old._layouts["agents"] = layouts.JSONB_LAYOUT
        assert exact(old.list_all("agents")) == exact([before])
        old._layouts["agents"] = layouts.JSONB_LAYOUT
        old.save("agents", "a1", {})
        assert other.get("agents", "a1")["_rev"] != before["_rev"]
