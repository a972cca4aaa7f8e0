"""`DatabaseService`: its defaults, and the arguments that its optional methods refuse."""

import inspect
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from fastapi import HTTPException
from store_calls import oks

from gofannon_backends.base import DatabaseService, errors
from gofannon_backends.memory import MemoryDatabaseService


class Minimal(DatabaseService):
    """A service with the four methods only."""

    closed = 0

    def get(self, db_name, doc_id):
        raise NotImplementedError

    save = delete = get

    def list_all(self, db_name):
        return [{"_id": "a"}, {"_id": "b"}]

    def close(self):
        self.closed += 1


def test_iter_all_yields_what_list_all_returns():
    assert [document["_id"] for document in Minimal().iter_all("any")] == ["a", "b"]


def test_leaving_the_service_closes_it_and_raises_the_error():
    with pytest.raises(KeyError) as raised, Minimal() as service:
        raise KeyError(service.closed)
    assert raised.value.args == (0,)
    assert service.closed == 1


ERRORS = {
    "down": errors.unavailable,
    "throttled": errors.too_many_requests,
    "contended": errors.conflict,
}


class Failing(MemoryDatabaseService):
    """A service that fails for certain ids."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def _check(self, db_name, doc_id):
        self.calls.append(doc_id)
        if doc_id in ERRORS:
            raise ERRORS[doc_id](db_name, doc_id)

    def get(self, db_name, doc_id):
        self._check(db_name, doc_id)
        return super().get(db_name, doc_id)

    def save(self, db_name, doc_id, doc):
        self._check(db_name, doc_id)
        return super().save(db_name, doc_id, doc)

    def delete(self, db_name, doc_id):
        self._check(db_name, doc_id)
        super().delete(db_name, doc_id)


@pytest.fixture
def service():
    return MemoryDatabaseService()


@pytest.fixture
def filled(service):
    for doc_id, doc in {
        "one": {"n": 1},
        "two": {"n": 2, "tags": ["a", "b"]},
        "three": {"when": "2024-01-15"},
    }.items():
        service.save("c", doc_id, doc)
    return service


def refusal(call, *arguments, **named):
    with pytest.raises(HTTPException) as refused:
        call(*arguments, **named)
    return refused.value


class TestFind:
    @pytest.mark.parametrize(
        ("selector", "found"),
        [
            ({"tags": ("a", "b")}, ["two"]),
            ({"n": Decimal(2)}, ["two"]),
            ({"when": date(2024, 1, 15)}, ["three"]),
            ({"when": datetime(2024, 1, 15, tzinfo=UTC)}, []),
            ({"_id": "two"}, ["two"]),
        ],
    )
    def test_a_selector_is_converted_as_a_document_is(self, filled, selector, found):
        assert [document["_id"] for document in filled.find("c", selector)] == found

    @pytest.mark.parametrize(
        ("fields", "shown"),
        [
            (["tags", "missing", "tags"], {"_id": "two", "tags": ["a", "b"]}),
            ([], {"_id": "two"}),
            (["_rev"], {"_id": "two", "_rev": "2"}),
        ],
    )
    def test_fields_are_returned_with_the_id(self, filled, fields, shown):
        assert filled.find("c", {"n": 2}, fields=fields) == [shown]

    @pytest.mark.parametrize(("limit", "count"), [(0, 0), (2, 2), (9, 3), (None, 3)])
    def test_no_more_is_read_than_the_limit_needs(self, filled, monkeypatch, limit, count):
        read, everything = [], filled.list_all("c")

        def iter_all(_):
            for document in everything:
                read.append(document)
                yield document

        monkeypatch.setattr(filled, "iter_all", iter_all)
        assert filled.find("c", {}, limit=limit) == everything[:count] == read

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
    def test_invalid_arguments_are_refused(self, filled, arguments, says):
        error = refusal(filled.find, *arguments)
        assert (error.status_code, says in error.detail) == (400, True)


class TestEnsureIndex:
    @pytest.mark.parametrize(
        "arguments", [("", ["a"]), ("c", "a"), ("c", []), ("c", [5]), ("c", None), ("c", ["a"], 5)]
    )
    def test_invalid_arguments_are_refused(self, service, arguments):
        assert refusal(service.ensure_index, *arguments).status_code == 400


class TestSaveMany:
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
    def test_a_refused_document_stops_no_other(self, service, bad, shown):
        entries = service.save_many("c", [{"_id": "a"}, bad, {"_id": "b"}])
        assert oks(entries) == [True, False, True]
        assert entries[1]["id"] == shown
        assert "refused" in entries[1]["error"]

    @pytest.mark.parametrize("broken", ["down", "throttled"])
    def test_after_a_failure_of_the_store_the_rest_is_not_tried(self, broken):
        service = Failing()
        entries = service.save_many("c", [{"_id": i} for i in ("a", broken, "b")])
        assert oks(entries) == [True, False, False]
        assert not entries[1]["error"].startswith("not tried")
        assert entries[2]["error"].startswith("not tried")
        assert service.calls == ["a", broken]

    def test_contention_for_one_stops_no_other(self):
        assert oks(Failing().save_many("c", [{"_id": i} for i in ("contended", "b")])) == [
            False, True,
        ]  # fmt: skip


class TestDeleteMany:
    def test_an_invalid_id_stops_no_other(self, filled):
        entries = filled.delete_many("c", ["", 5, "one"])
        assert [(entry["ok"], entry["id"]) for entry in entries] == [
            (False, ""), (False, None), (True, "one"),
        ]  # fmt: skip

    def test_a_failure_is_no_missing_document(self):
        assert oks(Failing().delete_many("c", ["down", "a"])) == [False, False]


class TestGetMany:
    @pytest.mark.parametrize("bad", ["", 5, None, ["one"]])
    def test_an_invalid_id_is_refused(self, filled, bad):
        assert refusal(filled.get_many, "c", ["one", bad]).status_code == 400

    def test_a_failure_is_no_missing_document(self):
        assert refusal(Failing().get_many, "c", ["a", "down"]).status_code == 503


@pytest.mark.parametrize("method", ["save_many", "delete_many", "get_many"])
class TestMany:
    @pytest.mark.parametrize("given", ["text", b"bytes", {"_id": "a"}, None, 5])
    def test_what_is_no_list_is_refused(self, service, method, given):
        error = refusal(getattr(service, method), "c", given)
        assert (error.status_code, "are a list" in error.detail) == (400, True)

    def test_any_iterable_is_a_list(self, filled, method):
        given = ({"_id": "one"} if method == "save_many" else "one" for _ in range(1))
        assert len(getattr(filled, method)("c", given)) == 1

    def test_an_empty_collection_name_is_refused(self, service, method):
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
def test_the_optional_methods_have_the_signatures_of_the_contract(method, parameters):
    signature = inspect.signature(getattr(DatabaseService, method))
    plain = signature.replace(
        parameters=[p.replace(annotation=p.empty) for p in signature.parameters.values()],
        return_annotation=signature.empty,
    )
    assert str(plain) == parameters
