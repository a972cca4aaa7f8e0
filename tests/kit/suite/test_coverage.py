"""The suite and the contract hold each other: each clause has a test, each test a clause."""

from gofannon_conformance.contract import load
from gofannon_conformance.suite import DatabaseServiceContract, base
from gofannon_conformance.suite.base import ContractTests, clauses_of

CONTRACT = load()
TESTS = base.tests_of(DatabaseServiceContract)


def test_every_clause_that_is_claimed_has_a_test():
    tested = {clause for clauses in TESTS.values() for clause in clauses}
    claimed = {clause.id for clause in CONTRACT.clauses if clause.covered}
    assert claimed - tested == set()


def test_no_test_names_a_clause_that_is_not_claimed():
    claimed = {clause.id for clause in CONTRACT.clauses if clause.covered}
    assert {test: set(ids) - claimed for test, ids in TESTS.items() if set(ids) - claimed} == {}


def test_every_method_of_the_suite_that_is_a_test_names_a_clause():
    groups = [g for g in DatabaseServiceContract.__mro__ if issubclass(g, ContractTests)]
    unmarked = [
        f"{group.__name__}.{name}"
        for group in groups
        for name, member in vars(group).items()
        if name.startswith("test") and not clauses_of(member)
    ]
    assert unmarked == []


def test_no_two_groups_have_a_test_of_the_same_name():
    groups = [g for g in DatabaseServiceContract.__mro__ if issubclass(g, ContractTests)]
    names = [name for group in groups for name in vars(group) if name.startswith("test_")]
    assert sorted(names) == sorted(set(names))
