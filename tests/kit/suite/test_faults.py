"""The tests of FAULT accuse no right service, and end in time, whatever they meet.

That they catch wrong services is tested by the selftest: `gofannon_conformance.mutants.faults`.
"""

import threading
from dataclasses import replace

import pytest
from fastapi import HTTPException
from trying import named_by, of_groups, target_of
from trying import outcomes as outcomes_of

from gofannon_conformance.calls.violation import NotApplicable, NotTested
from gofannon_conformance.mutants import CONTROLS, MUTANTS
from gofannon_conformance.mutants.faults.base import Served
from gofannon_conformance.mutants.faults.controls import ServedWider
from gofannon_conformance.mutants.faults.store import running, store, store_of_unknown_protocol

TESTS = of_groups("FAULT")
GONE = "test_get_save_and_delete_raise_when_the_server_is_gone"
GETTING_MANY = "test_getting_many_does_not_hide_an_outage"
SAVING_MANY = "test_saving_many_does_not_hide_an_outage"
CREDENTIALS = "test_wrong_credentials_are_refused_without_a_secret"
FORGED_REPLIES = {
    "test_foreign_answers_are_errors",
    "test_overloaded_server_is_an_error_or_waited_for",
}
"""The tests in which the kit answers for the server."""


def outcomes(target, tests=TESTS):
    return dict(outcomes_of(target, tests))


@pytest.mark.parametrize(
    ("name", "not_applicable"),
    [
        ("nothing_changed_over_http", set()),
        ("right_over_an_unknown_protocol", FORGED_REPLIES),
        ("right_over_http_with_a_server_for_all", {CREDENTIALS}),
    ],
)
def test_right_service_is_never_accused_whatever_its_server_is(name, not_applicable):
    raised = {test: raised for test, raised in outcomes(CONTROLS[name].target).items() if raised}
    assert raised.keys() == not_applicable
    assert {type(reason) for reason in raised.values()} <= {NotApplicable}


class KeepsItsLock(Served):
    """Never releases a lock once its server is gone."""

    def __init__(self, endpoint):
        super().__init__(endpoint)
        self.lock = threading.Lock()

    def exchange(self, method, path, body):
        self.lock.acquire()
        answer = super().exchange(method, path, body)
        self.lock.release()
        return answer


class NeedsItsLockToClose(KeepsItsLock):
    def close(self):
        with self.lock:
            super().close()


class KeepsTheLockOfAll(KeepsItsLock):
    of_all = threading.Lock()

    def __init__(self, endpoint):
        super().__init__(endpoint)
        self.lock = KeepsTheLockOfAll.of_all


@pytest.mark.parametrize("kind", [KeepsItsLock, NeedsItsLockToClose, KeepsTheLockOfAll])
def test_hanging_calls_are_reported_once_and_end_the_other_tests_soon(kind):
    tests = [GONE, "test_cut_answers_are_errors_or_right"]
    first, second = outcomes(target_of(kind, server=store, bound=1.0), tests).values()
    assert "FAULT-3" in named_by({GONE: first})
    assert isinstance(second, NotTested)
    assert "hang" in str(second)


@pytest.mark.parametrize(
    ("name", "clause"),
    [("listing_ends_where_a_page_fails", "FAULT-4"), ("save_is_made_again", "FAULT-7")],
)
def test_wrong_service_of_an_unknown_protocol_is_caught(name, clause):
    target = replace(MUTANTS[name].target, server=store_of_unknown_protocol)
    tests = [test for test, clauses in TESTS.items() if clause in clauses]
    assert any(clause in named_by({test: raised}) for test, raised in outcomes_of(target, tests))


def test_service_that_bypasses_the_proxy_is_not_tested():
    with running() as server:

        class Bypassing(Served):
            def __init__(self, endpoint):
                super().__init__(server.endpoint)

        came = outcomes(target_of(Bypassing, server=lambda: server.endpoint))
    del came[CREDENTIALS]
    assert {type(raised) for raised in came.values()} == {NotTested}
    assert all("endpoint.url" in str(raised) for raised in came.values())


def test_instances_that_share_nothing_are_not_tested():
    class Apart(Served):
        made = 0

        def __init__(self, endpoint):
            super().__init__(endpoint)
            Apart.made += 1
            self.own = f"own-{Apart.made}-"

        def path(self, db_name, doc_id):
            return super().path(self.own + db_name, doc_id)

        def page(self, db_name, after):
            return super().page(self.own + db_name, after)

    came = outcomes(target_of(Apart, server=store), [GONE])
    assert {type(raised) for raised in came.values()} == {NotApplicable}


def test_service_without_a_server_is_not_tested():
    came = outcomes(CONTROLS["nothing_changed"].target)
    assert {type(raised) for raised in came.values()} == {NotApplicable}
    assert all("server" in str(raised) for raised in came.values())


class ByListing(ServedWider):
    """Gets any number of documents by one request."""

    def get_many(self, db_name, doc_ids):
        there = {doc["_id"]: doc for doc in self.list_all(db_name)}
        return {doc_id: there.get(doc_id) for doc_id in doc_ids}


class GetsNone(ServedWider):
    def get_many(self, db_name, doc_ids):
        super().get_many(db_name, doc_ids)
        return dict.fromkeys(doc_ids)


class GetsNothing(ServedWider):
    def get_many(self, db_name, doc_ids):
        raise HTTPException(400, "too many")


def test_optional_method_that_makes_one_request_of_any_size_is_right():
    assert outcomes(target_of(ByListing, server=store), [GETTING_MANY]) == {GETTING_MANY: None}


@pytest.mark.parametrize(
    ("kind", "words"), [(GetsNone, "wrong without"), (GetsNothing, "fails without")]
)
def test_optional_method_that_is_wrong_without_a_fault_is_not_blamed_for_an_outage(kind, words):
    (raised,) = outcomes(target_of(kind, server=store), [GETTING_MANY]).values()
    assert isinstance(raised, NotTested)
    assert words in str(raised)


class ReturnsWords(ServedWider):
    """Returns no entries when its server is gone."""

    def save_many(self, db_name, docs):
        entries = super().save_many(db_name, docs)
        return entries if all(entry["ok"] for entry in entries) else ["no"] * len(docs)


def test_something_else_than_entries_is_a_violation():
    came = outcomes(target_of(ReturnsWords, server=store), [SAVING_MANY])
    assert "BULK-1" in named_by(came)
    assert "something else than an entry" in str(came[SAVING_MANY])
