"""The outcomes of clauses, computed from the results of tests."""

import json

import pytest

from gofannon_conformance.contract import load
from gofannon_conformance.report.accounting import Account
from gofannon_conformance.report.model import Outcome

SUITE = {
    "test_found": ("GET-1",),
    "test_missing": ("GET-3", "ERR-2"),
    "test_deleted": ("GET-5", "GET-3"),
    "test_revisions": ("SAVE-14",),
}


def target_data(**more):
    known = {key: {} for key in ("limits", "expected", "altered", "capabilities")}
    return {"name": "mydb", "dialect": "interface", "server": None, **known, **more}


def failure_data(*clauses, **more):
    known = {
        "clauses": list(clauses),
        "what": "it broke",
        "called": "get('c', 'a')",
        "came": "None",
        "expected": "404",
        "differences": [],
        "program": "db.get('c', 'a')",
        "reproduce": "run it",
    }
    return {**known, **more}


def result(test, outcome=Outcome.PASS, *failures, reason="", target=None, facts=None, seconds=0.5):
    data = {
        "target": target or target_data(),
        "test": test,
        "clauses": list(SUITE[test]),
        "outcome": str(outcome),
        "reason": reason,
        "seconds": seconds,
        "failures": list(failures),
        "facts": facts or {},
    }
    return json.loads(json.dumps(data))  # as it travels between processes


def account(*results, planned=None):
    made = Account("mydb")
    made.planned.update(SUITE if planned is None else planned)
    for one in results:
        made.add(one)
    return made


def report(*results, planned=None, selected=None):
    return account(*results, planned=planned).report(load(), SUITE, selected)


def clause(clause_id, *results, **more):
    return report(*results, **more).clauses[clause_id]


def every_test(outcome=Outcome.PASS, **more):
    return [result(test, outcome, **more) for test in SUITE]


def broken(test="test_missing", *clauses, **more):
    return result(test, Outcome.FAIL, failure_data(*(clauses or SUITE[test][:1])), **more)


class TestOutcomes:
    def test_pass(self):
        found = clause("GET-3", *every_test())
        assert (found.outcome, found.reason) == (Outcome.PASS, "")
        assert found.tests == ("test_missing", "test_deleted")
        assert found.seconds == 1.0
        assert found.level == "MUST"

    def test_fail_with_its_failure(self):
        found = clause("GET-3", *every_test()[:1], broken())
        assert found.outcome == Outcome.FAIL
        [failure] = found.failures
        told = (failure.clause, failure.test, failure.what, failure.reproduce)
        assert told == ("GET-3", "test_missing", "it broke", "run it")

    @pytest.mark.parametrize(
        ("outcome", "found"),
        [
            (Outcome.ERROR, Outcome.ERROR),
            (Outcome.NOT_TESTED, Outcome.NOT_TESTED),
            (Outcome.NOT_APPLICABLE, Outcome.PASS),
        ],
    )
    def test_the_worst_of_two_tests_counts_or_the_one_that_applies(self, outcome, found):
        other = result("test_deleted", outcome, reason="the disk")
        assert clause("GET-3", result("test_missing"), other).outcome == found
        assert clause("GET-3", broken(), other).outcome == Outcome.FAIL

    def test_not_applicable_with_its_reason(self):
        one = result("test_revisions", Outcome.NOT_APPLICABLE, reason="none detected")
        found = clause("SAVE-14", one)
        assert (found.outcome, found.reason) == (Outcome.NOT_APPLICABLE, "none detected")

    def test_a_failure_of_another_clause_leaves_this_one_untested(self):
        found = clause("GET-3", broken("test_missing", "SAVE-2"), planned={"test_missing"})
        assert found.outcome == Outcome.NOT_TESTED
        assert found.reason == "test_missing stopped at the failure of SAVE-2"

    def test_a_clause_that_another_test_found_broken_is_broken(self):
        found = clause("DEL-1", broken("test_missing", "DEL-1"), planned={"test_missing"})
        assert (found.outcome, found.tests) == (Outcome.FAIL, ("test_missing",))

    def test_a_covered_clause_without_a_test_is_not_tested(self):
        found = clause("LIST-1", *every_test())
        assert (found.outcome, found.reason) == (Outcome.NOT_TESTED, "no test of it ran")

    def test_an_error_in_the_teardown_counts(self):
        again = result("test_found", Outcome.ERROR, reason="teardown")
        assert clause("GET-1", result("test_found"), again).outcome == Outcome.ERROR


class TestExpectedFailures:
    expected = target_data(expected={"GET-3": "known since 1.0"})

    def test_one_that_fails_is_expected(self):
        found = clause("GET-3", broken(target=self.expected))
        assert (found.outcome, found.reason) == (Outcome.EXPECTED_FAILURE, "known since 1.0")
        assert len(found.failures) == 1

    def test_one_that_passes_is_stale_and_fails(self):
        found = clause("GET-3", *every_test(target=self.expected))
        assert found.outcome == Outcome.FAIL
        assert found.reason == (
            "it is listed as an expected failure (known since 1.0), but it passes: "
            "remove it from the list"
        )

    def test_one_with_only_some_tests_run_is_not_stale(self):
        only = result("test_missing", target=self.expected)
        assert clause("GET-3", only, planned={"test_missing"}).outcome == Outcome.PASS

    def test_no_other_clause_is_excused(self):
        found = clause("ERR-2", broken("test_missing", "GET-3", "ERR-2", target=self.expected))
        assert found.outcome == Outcome.FAIL

    def test_one_that_was_not_tested_is_neither(self):
        results = every_test(Outcome.NOT_TESTED, reason="no server", target=self.expected)
        assert clause("GET-3", *results).outcome == Outcome.NOT_TESTED


class TestSelection:
    def test_everything_covered_is_in_a_whole_report_and_nothing_else(self):
        found = report(*every_test())
        assert found.clauses.keys() == {c.id for c in load().clauses if c.covered}
        assert not found.partial

    @pytest.mark.parametrize(
        ("one", "outcomes"),
        [
            (result("test_missing"), {"GET-3": "pass"}),
            (broken("test_missing", "SAVE-2"), {"GET-3": "not tested", "SAVE-2": "fail"}),
        ],
    )
    def test_only_selected_clauses_and_the_failures_of_others(self, one, outcomes):
        found = report(one, planned={"test_missing"}, selected=frozenset({"GET-3"}))
        assert {i: str(c.outcome) for i, c in found.clauses.items()} == outcomes
        assert found.partial

    def test_tests_that_were_not_planned_are_left_out(self):
        found = report(result("test_found"), planned={"test_found"})
        assert "GET-1" in found.clauses
        assert "SAVE-14" not in found.clauses
        assert found.partial

    def test_tests_that_a_stopped_run_did_not_reach_are_not_tested(self):
        found = clause("GET-3", result("test_missing"))
        assert found.outcome == Outcome.NOT_TESTED
        assert found.reason == "the run was stopped before test_deleted"
        found = account().report(load(), SUITE, None)
        assert found.clauses["GET-1"].reason == "the run was stopped before test_found"
        assert (found.server, found.notes, found.facts) == (None, (), {})


class TestAlteredTests:
    altered = target_data(altered={"test_missing": "overridden", "test_revisions": "removed"})

    def test_their_clauses_are_not_tested(self):
        found = report(*every_test(target=self.altered)).clauses["GET-3"]
        assert found.outcome == Outcome.NOT_TESTED
        assert found.reason == "test_missing was overridden by the author's class"
        assert clause("GET-3", broken(target=self.altered)).outcome == Outcome.FAIL

    def test_a_removed_one_is_not_silently_left_out(self):
        found = report(result("test_found", target=self.altered), planned={"test_found"})
        assert found.clauses["SAVE-14"].reason == "test_revisions was removed by the author's class"

    def test_they_are_noted(self):
        advice = "in the author's class; list a known failure in `expected_failures` instead"
        assert report(*every_test(target=self.altered)).notes == (
            f"test_missing was overridden {advice}",
            f"test_revisions was removed {advice}",
        )


class TestLimitsOfTheServer:
    server = {"product": "moto", "version": "5", "source": "local program"}  # noqa: RUF012
    limited = target_data(server=server, limits={"GET-3": "it forgets"})

    def test_a_failure_at_one_is_not_the_backends(self):
        found = clause("GET-3", broken(target=self.limited))
        assert found.outcome == Outcome.NOT_APPLICABLE
        assert found.reason == "a limit of the server, not of the backend: it forgets"

    def test_a_pass_is_a_pass_and_an_expected_failure_outweighs_a_limit(self):
        assert clause("GET-3", *every_test(target=self.limited)).outcome == Outcome.PASS
        both = {**self.limited, "expected": {"GET-3": "listed"}}
        assert clause("GET-3", broken(target=both)).outcome == Outcome.EXPECTED_FAILURE

    def test_they_are_noted_with_the_product(self):
        assert report(*every_test(target=self.limited)).notes == (
            "limit of moto: GET-3: it forgets",
        )
        unnamed = {**self.limited, "server": None}
        assert report(*every_test(target=unnamed)).notes == (
            "limit of the server: GET-3: it forgets",
        )


class TestTheReport:
    def test_the_target_is_described(self):
        target = target_data(
            server={"product": "CouchDB", "version": "3", "source": "container"},
            capabilities={"revisions": "seen"},
        )
        found = report(
            result("test_found", target=target, facts={"largest document": "1 MiB"}),
            result("test_missing", target=target),
        )
        assert (found.name, found.dialect) == ("mydb", "interface")
        assert found.server.product == "CouchDB"
        assert found.facts == {"largest document": "1 MiB", "revisions": "seen"}

    def test_notes_of_the_run_come_first(self):
        made = account(*every_test(target=TestAlteredTests.altered))
        made.notes.append("the worker died")
        assert made.report(load(), SUITE, None).notes[0] == "the worker died"

    def test_the_smallest_failure_comes_first_and_those_without_a_program_last(self):
        failures = [
            failure_data("GET-3", program="a longer one", what="second"),
            failure_data("GET-3", program="", what="last"),
            failure_data("GET-3", program="short", what="first"),
        ]
        found = clause("GET-3", result("test_missing", Outcome.FAIL, *failures))
        assert [f.what for f in found.failures] == ["first", "second", "last"]
