"""The suite fails on what is wrong, by the clause that is broken, and passes what is right.

Here each mutant is tried by the tests of the clauses that it breaks, until each of them has failed;
`gofannon-conformance selftest` tries all of them by the whole suite. The groups CON, DUR and FAULT
have tests of their own.
"""

import pytest
from faulty import BROKEN

from gofannon_conformance.contract import load
from gofannon_conformance.mutants import CONTROLS
from gofannon_conformance.profiles import profile_named
from gofannon_conformance.selftest.matrix import Row, Verdict
from gofannon_conformance.selftest.plan import is_apart, job_for, meant_by
from gofannon_conformance.selftest.trial import TESTS, Job, tried

QUICK = profile_named("quick")
ORDINARY = [broken for broken in BROKEN if not is_apart(broken.clauses)]


def row_of(service):
    meant = meant_by(service)
    trial = tried(job_for(service, meant, form="quick", seed=1), service.target)
    return Row(service=service, seed=1, trial=trial, meant=meant)


@pytest.mark.parametrize("broken", ORDINARY, ids=lambda broken: broken.name)
def test_mutant_is_killed_by_the_clauses_that_it_breaks(broken):
    row = row_of(broken)
    assert row.verdict in (Verdict.KILLED, Verdict.PENDING), f"{broken.mistake} {row.why}"


def fails(test, broken, clauses):
    job = Job(spec=broken.name, tests=(test,), profile=QUICK, seed=1)
    return not clauses.isdisjoint(tried(job, broken.target).failed)


@pytest.mark.parametrize("test", [test for test, ids in TESTS.items() if not is_apart(ids)])
def test_every_test_of_the_suite_kills_a_mutant(test):
    clauses = {*TESTS[test]}
    candidates = [broken for broken in ORDINARY if not clauses.isdisjoint(broken.clauses)]
    killed = any(fails(test, broken, clauses & {*broken.clauses}) for broken in candidates)
    assert killed, f"no mutant fails {test}"


def test_every_clause_that_is_claimed_has_two_mutants():
    breaking = [clause for broken in ORDINARY for clause in broken.clauses]
    claimed = [c.id for c in load().clauses if c.covered and not is_apart([c.id])]
    assert [clause for clause in claimed if breaking.count(clause) < 2] == []


@pytest.mark.parametrize("name", CONTROLS)
def test_right_service_passes(name):
    row = row_of(CONTROLS[name])
    assert row.verdict is Verdict.PASSED, row.why
    assert {*row.failed} <= {*CONTROLS[name].lacks}  # the quick form leaves some tests out
