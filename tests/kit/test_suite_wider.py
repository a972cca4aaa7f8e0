"""The wider interface: right services of many kinds pass; who lacks a method owes nothing."""

import pytest
from given import AsyncService, NaiveService, kit_of
from right import Right
from trying import TESTS, clauses_of, outcomes, target_of
from wide import Awaited, Declared, Literal, Tabled, Wide, WideOverview

from gofannon_conformance.suite import optional
from gofannon_conformance.suite.find_checks import Population
from gofannon_conformance.violation import NotApplicable

GROUPS = ("FIND", "IDX", "BULK", "ASYNC")
WIDER = [
    test
    for test, clauses in TESTS.items()
    if any(clause.partition("-")[0] in GROUPS for clause in clauses)
    and not test.endswith("server_is_gone")  # those are for services with a server
]
ASYNC = "test_all_methods_are_awaited_or_none"


@pytest.mark.parametrize(
    ("service", "dialect", "seed"),
    [
        pytest.param(Wide, "interface", 1, id="plain-python"),
        pytest.param(Wide, "interface", 2, id="plain-python-2"),
        pytest.param(Literal, "interface", 1, id="every-open-question-the-other-way"),
        pytest.param(Tabled, "interface", 1, id="sql"),
        pytest.param(Tabled, "interface", 2, id="sql-2"),
        pytest.param(WideOverview, "overview", 1, id="overview"),
        pytest.param(Awaited, "interface", 1, id="coroutines"),
    ],
)
def test_right_service_passes_every_test_of_the_wider_interface(service, dialect, seed):
    came = dict(outcomes(target_of(service, dialect=dialect), WIDER, seed=seed))
    owes_nothing = set() if service is Awaited else {ASYNC}
    assert {test for test, raised in came.items() if raised is not None} == owes_nothing


@pytest.mark.parametrize(
    ("service", "reasons"),
    [
        (
            Right,
            {
                "the service has no find()",
                "the service has no ensure_index()",
                "the service has no save_many()",
                "the service has no delete_many()",
                "the service has no get_many()",
            },
        ),
        (
            Declared,
            {
                "the service has no find() of its own: it raises NotImplementedError",
                "the service has no ensure_index() of its own: it raises NotImplementedError",
                "the service has no save_many() of its own: it answers 501",
                "the service has no delete_many()",
                "the service has no get_many()",
            },
        ),
    ],
)
def test_service_without_the_optional_methods_owes_nothing(service, reasons):
    came = dict(outcomes(target_of(service), WIDER))
    assert all(isinstance(raised, NotApplicable) for raised in came.values())
    assert {str(raised) for test, raised in came.items() if test != ASYNC} == reasons


class Halfway(Wide):
    """Has two of the methods; the others cannot be called."""

    ensure_index = delete_many = get_many = None


def test_each_method_is_looked_for_by_itself():
    came = dict(outcomes(target_of(Halfway), WIDER))
    assert not any(clauses_of(raised) for raised in came.values())
    passed = {clause for test, raised in came.items() if raised is None for clause in TESTS[test]}
    assert passed == {
        *(f"FIND-{n}" for n in range(1, 6)),
        *("BULK-1", "BULK-2", "BULK-5"),
    }


def test_method_that_fails_otherwise_is_there():
    class Fails(Wide):
        def find(self, db_name, selector, fields=None, limit=10000):
            raise ValueError("broken")

    kit = kit_of(Fails())
    assert optional.has(optional.collection_for(kit, "find"), "find")


def test_never_written_collection_is_one_for_all():
    kit = kit_of(Wide())
    names = {optional.never_written(kit).name for _ in range(3)}
    assert len(names) == 1
    assert len(kit.workspace.used) == 2, "itself, and the one that the ground was tried on"


@pytest.mark.parametrize("service", [AsyncService, NaiveService])
def test_only_a_service_of_coroutines_owes_async(service):
    ((_, raised),) = outcomes(target_of(service), [ASYNC])
    assert (raised is None) is (service is AsyncService)


@pytest.mark.parametrize(
    ("saved", "listed", "selector", "means"),
    [
        ({"a": 1}, {"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"a": 1}, {"a": 1.0}, None),
        ({"a": 1.0}, {"a": 1}, {"a": 1.0}, None),
        ({"a": 1}, {"a": 1}, {"a": True}, False),
        ({"a": [1]}, {"a": [1]}, {"a": [True]}, False),
        ({"a": [1]}, {"a": [1]}, {"a": [1.0]}, None),
        ({}, {}, {"a": None}, None),
        ({"a": None}, {"a": None}, {"a": None}, True),
        ({"a": 0}, {"a": 0}, {"a": None}, False),
        ({"a": {"x": 1}}, {"a": {"x": 1}}, {"a": {}}, False),
        ({"a": 1}, {"a": 1}, {"a": 1, "b": None}, None),
        ({"a": 1}, {"a": 1}, {"a": 2, "b": None}, False),
        ({"a": 1}, {"a": 1}, {}, True),
        ({"a": 1}, {"a": 1}, {"_id": "doc"}, True),
        ({"a": 1, "_id": "other"}, {"a": 1}, {"_id": "other"}, False),
    ],
)
def test_selector_means_what_the_contract_says(saved, listed, selector, means):
    held = Population({"doc": saved}, {"doc": {**listed, "_id": "doc", "_rev": "1"}})
    assert held.means("doc", selector) is means


@pytest.mark.parametrize(
    ("entries", "deleted"),
    [
        ([{"ok": True, "id": "taken"}, {"ok": False, "id": None}], {"a", "taken"}),
        ([{"ok": True, "id": "made-up"}, {"ok": True, "id": 5}], {"a", "made-up", 5}),
        (None, {"a"}),
    ],
)
def test_what_save_many_may_have_saved_is_deleted(entries, deleted):
    class Answering(Wide):
        def save_many(self, db_name, docs):
            return entries

        def delete(self, db_name, doc_id):
            asked.add(doc_id)

    asked = set()
    kit = kit_of(Answering())
    collection = kit.collection()
    collection.save_many([{"_id": "a"}, {"n": 1}, {"_id": None}])
    kit.finish()
    assert asked == deleted
