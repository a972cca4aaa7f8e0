"""The methods beyond the four: their defaults, built on the four, and what is refused."""

import inspect
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from fastapi import HTTPException

from gofannon_backends import errors
from gofannon_backends.base import DatabaseService
from gofannon_backends.memory import MemoryDatabaseService


@pytest.fixture
def service():
    return MemoryDatabaseService()


@pytest.fixture
def filled(service):
    for doc_id, doc in {
        "one": {"n": 1, "tags": ["a"], "o": {"x": 1}},
        "two": {"n": 2, "tags": ["a", "b"], "o": {"x": 1, "y": 2}, "none": None},
        "three": {"n": True, "tags": [], "when": "2024-01-15"},
    }.items():
        service.save("c", doc_id, doc)
    return service


class Failing(MemoryDatabaseService):
    """Fails at the ids that say so."""

    calls = 0

    def _check(self, db_name, doc_id):
        self.calls += 1
        if isinstance(doc_id, str) and doc_id.startswith("down"):
            raise errors.unavailable(db_name, doc_id)
        if doc_id == "throttled":
            raise errors.too_many_requests(db_name, doc_id)
        if doc_id == "contended":
            raise errors.conflict(db_name, doc_id)

    def get(self, db_name, doc_id):
        self._check(db_name, doc_id)
        return super().get(db_name, doc_id)

    def save(self, db_name, doc_id, doc):
        self._check(db_name, doc_id)
        return super().save(db_name, doc_id, doc)

    def delete(self, db_name, doc_id):
        self._check(db_name, doc_id)
        super().delete(db_name, doc_id)


def refusal(call, *arguments, **named):
    with pytest.raises(HTTPException) as refused:
        call(*arguments, **named)
    return refused.value


def ids(found):
    return sorted(document["_id"] for document in found)


class TestFind:
    @pytest.mark.parametrize(
        ("selector", "found"),
        [
            ({}, ["one", "three", "two"]),
            ({"n": 1}, ["one"]),
            ({"n": 1.0}, ["one"]),
            ({"n": True}, ["three"]),
            ({"n": "1"}, []),
            ({"tags": ["a"]}, ["one"]),
            ({"tags": [True]}, []),
            ({"tags": "a"}, []),
            ({"o": {"x": 1}}, ["one"]),
            ({"o": {"x": True}}, []),
            ({"o": {"y": 2, "x": 1}}, ["two"]),
            ({"none": None}, ["two"]),
            ({"n": 2, "none": None}, ["two"]),
            ({"n": 1, "none": None}, []),
            ({"n": {"$gt": 0}}, []),
            ({"o.x": 1}, []),
            ({"_id": "two"}, ["two"]),
            ({"tags": ("a", "b")}, ["two"]),
            ({"n": Decimal(2)}, ["two"]),
            ({"when": date(2024, 1, 15)}, ["three"]),
            ({"when": datetime(2024, 1, 15, tzinfo=UTC)}, []),
        ],
    )
    def test_fields_are_compared_as_json(self, filled, selector, found):
        assert ids(filled.find("c", selector)) == found

    def test_fields_are_shown_with_the_id(self, filled):
        assert filled.find("c", {"n": 2}, ["tags", "missing", "tags"]) == [
            {"_id": "two", "tags": ["a", "b"]}
        ]
        assert filled.find("c", {"n": 2}, []) == [{"_id": "two"}]
        assert filled.find("c", {"n": 2}, fields=["_rev"]) == [{"_id": "two", "_rev": "2"}]

    @pytest.mark.parametrize(
        ("limit", "count"), [(0, 0), (1, 1), (2, 2), (3, 3), (9, 3), (None, 3)]
    )
    def test_limit_is_the_most(self, filled, limit, count):
        assert len(filled.find("c", {}, limit=limit)) == count

    def test_no_more_is_read_than_the_limit_needs(self, filled, monkeypatch):
        read, everything = [], filled.list_all("c")

        def iter_all(_):
            for document in everything:
                read.append(document["_id"])
                yield document

        monkeypatch.setattr(filled, "iter_all", iter_all)
        assert len(filled.find("c", {}, limit=2)) == 2
        assert len(read) == 2

    def test_unwritten_collection_is_empty(self, service):
        assert service.find("c", {"n": 1}) == []
        assert service.collections() == set()

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("", {}), "name"),
            ((5, {}), "name"),
            (("c", None), "a selector is a dict, not None"),
            (("c", [("n", 1)]), "a selector is a dict"),
            (("c", {"n": {1}}), "in the selector, at selector.n: JSON cannot hold"),
            (("c", {1: "n"}), "a field's name is a str"),
            (("c", {}, "n"), "list of field names"),
            (("c", {}, 5), "list of field names"),
            (("c", {}, [5]), "a field's name is a str"),
            (("c", {}, None, -1), "limit"),
            (("c", {}, None, True), "limit"),
            (("c", {}, None, "5"), "limit"),
        ],
    )
    def test_what_is_no_question_is_refused(self, filled, arguments, says):
        error = refusal(filled.find, *arguments)
        assert (error.status_code, says in error.detail) == (400, True)

    def test_what_the_store_raises_is_raised(self, filled, monkeypatch):
        def broken(db_name):
            raise errors.unavailable(db_name)
            yield

        monkeypatch.setattr(filled, "iter_all", broken)
        assert refusal(filled.find, "c", {}).status_code == 503


class TestEnsureIndex:
    def test_nothing_is_done_and_none_returned(self, service):
        for _ in range(2):
            assert service.ensure_index("c", ["a", "b"], index_name="mine") is None
            assert service.ensure_index("c", ["a"]) is None
        assert service.collections() == set()

    @pytest.mark.parametrize(
        "arguments", [("", ["a"]), ("c", "a"), ("c", []), ("c", [5]), ("c", None), ("c", ["a"], 5)]
    )
    def test_what_is_no_index_is_refused(self, service, arguments):
        assert refusal(service.ensure_index, *arguments).status_code == 400


class TestSaveMany:
    def test_each_is_saved_in_order(self, service):
        docs = [{"_id": "a", "n": 1}, {"_id": "b"}, {"_id": "a", "n": 2}]
        entries = service.save_many("c", docs)
        assert [(e["ok"], e["id"]) for e in entries] == [(True, "a"), (True, "b"), (True, "a")]
        assert service.get("c", "a") == {"_id": "a", "_rev": entries[2]["rev"], "n": 2}
        assert docs == [{"_id": "a", "n": 1}, {"_id": "b"}, {"_id": "a", "n": 2}]

    @pytest.mark.parametrize(
        ("bad", "shown"),
        [
            ({}, None),
            ({"_id": None}, None),
            ({"_id": ""}, ""),
            ({"_id": 5}, None),
            ({"_id": ["x"]}, None),
            ({"_id": "bad", "v": {1}}, "bad"),
            ("no document", None),
            (None, None),
        ],
    )
    def test_one_that_is_refused_stops_no_other(self, service, bad, shown):
        entries = service.save_many("c", [{"_id": "a"}, bad, {"_id": "b"}])
        assert [entry["ok"] for entry in entries] == [True, False, True]
        assert entries[1]["id"] == shown
        assert "refused" in entries[1]["error"]
        assert ids(service.list_all("c")) == ["a", "b"]

    @pytest.mark.parametrize("broken", ["down", "throttled"])
    def test_after_the_store_has_failed_the_rest_is_not_tried(self, broken):
        service = Failing()
        entries = service.save_many("c", [{"_id": i} for i in ("a", broken, "b", "c")])
        assert [entry["ok"] for entry in entries] == [True, False, False, False]
        assert [entry["error"].startswith("not tried") for entry in entries[1:]] == [
            False, True, True,
        ]  # fmt: skip
        assert service.calls == 2

    def test_contention_for_one_stops_no_other(self):
        entries = Failing().save_many("c", [{"_id": i} for i in ("contended", "b")])
        assert [entry["ok"] for entry in entries] == [False, True]


class TestDeleteMany:
    def test_missing_ones_are_ok(self, filled):
        entries = filled.delete_many("c", ["one", "nobody", "one", "two"])
        assert entries == [{"ok": True, "id": i} for i in ("one", "nobody", "one", "two")]
        assert ids(filled.list_all("c")) == ["three"]
        assert filled.delete_many("unwritten", ["a"]) == [{"ok": True, "id": "a"}]

    def test_no_id_is_a_failed_entry(self, filled):
        entries = filled.delete_many("c", ["", 5, "one"])
        assert [(entry["ok"], entry["id"]) for entry in entries] == [
            (False, ""), (False, None), (True, "one"),
        ]  # fmt: skip

    def test_failure_is_no_missing_document(self):
        entries = Failing().delete_many("c", ["down", "a"])
        assert [entry["ok"] for entry in entries] == [False, False]


class TestGetMany:
    def test_every_id_has_its_document_or_none(self, filled):
        found = filled.get_many("c", ["two", "nobody", "one", "two"])
        assert list(found) == ["two", "nobody", "one"]
        assert found == {
            "two": filled.get("c", "two"),
            "nobody": None,
            "one": filled.get("c", "one"),
        }
        assert filled.get_many("unwritten", ["a"]) == {"a": None}
        assert filled.get_many("c", []) == {}

    @pytest.mark.parametrize("bad", ["", 5, None, ["one"]])
    def test_what_is_no_id_is_refused(self, filled, bad):
        assert refusal(filled.get_many, "c", ["one", bad]).status_code == 400

    def test_failure_is_no_missing_document(self):
        assert refusal(Failing().get_many, "c", ["a", "down"]).status_code == 503


OLD_TABLE = (
    "CREATE TABLE {}.agents (_id text PRIMARY KEY, data jsonb NOT NULL, updated_at timestamp)"
)


class TestGetManyFromPostgreSQL:
    """Many documents by one statement: what comes is what `get` gives for each."""

    IDS = ("plain", "\0", "a'b", "caf\u00e9", *(f"doc-{n}" for n in range(120)))

    @pytest.fixture(params=["new", "old"])
    def filled(self, request, postgresql, postgresql_url, schema):
        if request.param == "old":
            import psycopg

            with psycopg.connect(postgresql_url, autocommit=True) as connection:
                connection.execute(f"CREATE SCHEMA {schema}")
                connection.execute(OLD_TABLE.format(schema))
        for doc_id in self.IDS:
            postgresql.save("agents", doc_id, {"id": doc_id, "float": 1e16, "text": "\0\x10"})
        return postgresql

    def test_each_is_what_get_gives(self, filled):
        asked = [*self.IDS[::-1], "missing", "plain"]
        found = filled.get_many("agents", asked)
        assert list(found) == [*self.IDS[::-1], "missing"]
        assert found.pop("missing") is None
        assert found == {doc_id: filled.get("agents", doc_id) for doc_id in self.IDS}

    def test_unknown_layout_is_found_out(self, filled):
        filled._layouts.clear()
        assert filled.get_many("agents", ["plain"])["plain"]["float"] == 1e16

    def test_unwritten_collection_has_none(self, postgresql):
        assert postgresql.get_many("agents", ["a"]) == {"a": None}
        assert postgresql.get_many("agents", []) == {}
        assert postgresql.collections() == set()

    @pytest.mark.parametrize("bad", ["", 5, "x" * 3000])
    def test_what_is_no_id_is_refused(self, postgresql, bad):
        assert refusal(postgresql.get_many, "agents", ["a", bad]).status_code == 400

    def test_failure_is_no_missing_document(self, postgresql):
        postgresql.close()
        assert refusal(postgresql.get_many, "agents", ["a"]).status_code == 503


@pytest.mark.parametrize("method", ["save_many", "delete_many", "get_many"])
@pytest.mark.parametrize("given", ["text", b"bytes", {"_id": "a"}, None, 5])
def test_what_is_no_list_is_refused(service, method, given):
    error = refusal(getattr(service, method), "c", given)
    assert (error.status_code, "are a list" in error.detail) == (400, True)


@pytest.mark.parametrize("method", ["save_many", "delete_many", "get_many"])
def test_any_iterable_is_a_list(filled, method):
    given = ({"_id": "one"} if method == "save_many" else "one" for _ in range(1))
    assert len(getattr(filled, method)("c", given)) == 1


@pytest.mark.parametrize("method", ["save_many", "delete_many", "get_many"])
def test_no_collection_has_no_name(service, method):
    assert refusal(getattr(service, method), "", []).status_code == 400


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("find", "(self, db_name, selector, fields=None, limit=10000)"),
        ("ensure_index", "(self, db_name, fields, index_name=None)"),
        ("save_many", "(self, db_name, docs)"),
        ("delete_many", "(self, db_name, doc_ids)"),
        ("get_many", "(self, db_name, doc_ids)"),
    ],
)
def test_methods_take_what_the_contract_says(method, parameters):
    signature = inspect.signature(getattr(DatabaseService, method))
    plain = signature.replace(
        parameters=[p.replace(annotation=p.empty) for p in signature.parameters.values()],
        return_annotation=signature.empty,
    )
    assert str(plain) == parameters
