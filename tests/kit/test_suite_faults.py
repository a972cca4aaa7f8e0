"""The tests of FAULT accuse nobody who is right, and end in time, whatever they meet.

What is blind to faults is for the selftest to find: `gofannon_conformance.mutants.faulting`.
"""

import threading
from dataclasses import replace

import pytest
from fastapi import HTTPException
from trying import named_by, of_groups, target_of
from trying import outcomes as outcomes_of

from gofannon_conformance.mutants import CONTROLS, MUTANTS
from gofannon_conformance.mutants.faulting.controls import ServedWider
from gofannon_conformance.mutants.faulting.served import Served
from gofannon_conformance.mutants.faulting.store import running, store, store_of_unknown_protocol
from gofannon_conformance.violation import NotApplicable, NotTested

TESTS = of_groups("FAULT")
GONE = "test_get_save_and_delete_raise_when_the_server_is_gone"
FINDING = "test_finding_does_not_hide_an_outage"
GETTING_MANY = "test_getting_many_does_not_hide_an_outage"
SAVING_MANY = "test_saving_many_does_not_hide_an_outage"
DELETING_MANY = "test_deleting_many_does_not_hide_an_outage"
CREDENTIALS = "test_wrong_credentials_are_refused_without_a_secret"


def outcomes(target, tests=TESTS):
    return dict(outcomes_of(target, tests))


NEED_WORDS = {
    "test_foreign_answers_are_errors",
    "test_server_in_need_is_an_error_or_waited_for",
}
"""The tests in which the kit answers for the server."""

EXCUSED = {
    "right_over_an_unknown_protocol": NEED_WORDS,
    "nothing_changed_in_a_server": {*NEED_WORDS, CREDENTIALS},
    "right_over_http_with_a_server_for_all": {CREDENTIALS},
}
"""What right services cannot be asked, by the kind of their server."""


@pytest.mark.parametrize(
    "name",
    [
        "nothing_changed_over_http",
        "right_over_an_unknown_protocol",
        "right_over_http_with_a_server_for_all",
    ],
)
def test_right_service_is_never_accused_whatever_its_server_is(name):
    came = outcomes(CONTROLS[name].target)
    excused = EXCUSED.get(name, set())
    assert {test: raised for test, raised in came.items() if raised and test not in excused} == {}
    assert {type(came[test]) for test in excused} <= {NotApplicable}


class KeepsItsLock(Served):
    """Holds a lock for ever once its server is gone."""

    def __init__(self, endpoint):
        super().__init__(endpoint)
        self.lock = threading.Lock()

    def exchange(self, method, path, body):
        self.lock.acquire()
        answer = super().exchange(method, path, body)
        self.lock.release()
        return answer


class KeepsItsLockFromWhoClosesIt(KeepsItsLock):
    def close(self):
        with self.lock:
            super().close()


class KeepsTheLockOfAll(KeepsItsLock):
    of_all = threading.Lock()

    def __init__(self, endpoint):
        super().__init__(endpoint)
        self.lock = KeepsTheLockOfAll.of_all


@pytest.mark.parametrize("kind", [KeepsItsLock, KeepsItsLockFromWhoClosesIt, KeepsTheLockOfAll])
def test_calls_that_hang_are_told_once_and_end_the_other_tests_soon(kind):
    tests = [GONE, "test_cut_answers_are_errors_or_right"]
    first, second = outcomes(target_of(kind, server=store, bound=1.0), tests).values()
    assert "FAULT-3" in named_by({GONE: first})
    assert isinstance(second, NotTested)
    assert "hang" in str(second) or "see FAULT-3" in str(second)


@pytest.mark.parametrize(
    ("name", "clause"),
    [("listing_ends_where_a_page_fails", "FAULT-4"), ("save_is_made_again", "FAULT-7")],
)
def test_blind_service_of_an_unknown_protocol_is_told(name, clause):
    target = replace(MUTANTS[name].target, server=store_of_unknown_protocol)
    tests = [test for test, clauses in TESTS.items() if clause in clauses]
    assert any(clause in named_by({test: raised}) for test, raised in outcomes_of(target, tests))


def test_wrong_credentials_are_no_matter_to_a_server_that_lets_everyone_in():
    target = CONTROLS["right_over_http_with_a_server_for_all"].target
    (raised,) = outcomes(target, [CREDENTIALS]).values()
    assert isinstance(raised, NotApplicable)
    assert "lets in" in str(raised)


def test_service_that_goes_its_own_way_to_the_server_is_not_tested():
    with running() as server:

        class Headstrong(Served):
            def __init__(self, endpoint):
                super().__init__(server.endpoint)

        came = outcomes(target_of(Headstrong, server=lambda: server.endpoint))
    hard = {test: raised for test, raised in came.items() if test != CREDENTIALS}
    assert {type(raised) for raised in hard.values()} == {NotTested}
    assert all("endpoint.url" in str(raised) for raised in hard.values())


def test_instances_that_share_nothing_are_asked_nothing():
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


def test_group_asks_nothing_of_a_service_without_a_server():
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


def test_right_optional_methods_are_never_accused():
    tests = [FINDING, GETTING_MANY, SAVING_MANY, DELETING_MANY]
    target = CONTROLS["right_over_http_with_every_method"].target
    assert outcomes(target, tests) == dict.fromkeys(tests)


def test_optional_method_that_asks_once_for_however_much_is_right():
    assert outcomes(target_of(ByListing, server=store), [GETTING_MANY]) == {GETTING_MANY: None}


@pytest.mark.parametrize(
    ("kind", "words"), [(GetsNone, "not right where"), (GetsNothing, "fails where")]
)
def test_optional_method_that_is_wrong_in_peace_is_not_blamed_for_an_outage(kind, words):
    (raised,) = outcomes(target_of(kind, server=store), [GETTING_MANY]).values()
    assert isinstance(raised, NotTested)
    assert words in str(raised)


@pytest.mark.parametrize(
    ("name", "test"),
    [
        ("outage_of_many_is_none_of_them", GETTING_MANY),
        ("outage_in_their_midst_is_none_of_the_rest", GETTING_MANY),
        ("finding_ends_where_a_page_fails", FINDING),
        ("outage_in_their_midst_is_success", SAVING_MANY),
        ("throttled_bulk_delete_is_success", DELETING_MANY),
    ],
)
def test_optional_method_that_hides_an_outage_is_told(name, test):
    mutant = MUTANTS[name]
    assert {*mutant.clauses} <= {*named_by(outcomes(mutant.target, [test]))}


class GivesWords(ServedWider):
    """Says something else than an entry for each document where its server is gone."""

    def save_many(self, db_name, docs):
        entries = super().save_many(db_name, docs)
        return entries if all(entry["ok"] for entry in entries) else ["no"] * len(docs)


def test_what_is_no_entry_says_nothing_of_an_outage():
    came = outcomes(target_of(GivesWords, server=store), [SAVING_MANY])
    assert "BULK-1" in named_by(came)
    assert "something else than an entry" in str(came[SAVING_MANY])
