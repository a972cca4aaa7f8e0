"""What a test raises when a clause is broken."""

import pickle

import pytest
from given import answered

from gofannon_conformance.calls.violation import NotTested, Violation, Violations, violation


def test_violation_tells_the_call_the_answer_and_the_program():
    answer = answered(None, "get", "gfc_ab_01", "missing")
    found = violation("GET-3", "it was not there", answer=answer, expected="a document")
    assert str(found) == "GET-3: it was not there"
    assert found.called == "get('gfc_ab_01', 'missing')"
    assert found.came.startswith("HTTPException 404: ")
    assert found.program.endswith("print(db.get(collection, 'missing'))")
    assert (found.expected, found.differences, found.example) == ("a document", (), "")


def test_what_came_may_be_said_otherwise():
    answer = answered(None, "list_all", "c")
    assert violation("LIST-1", "no", answer=answer).came == "[]"
    assert violation("LIST-1", "no", answer=answer, came="too few").came == "too few"
    assert violation("LIST-1", "no", came="too few", differences=["a"]).differences == ("a",)


def test_clauses_are_reported_once_and_each_set_of_them_is_a_class_of_its_own():
    assert violation(("GET-1", "ERR-1", "GET-1"), "x").clauses == ("GET-1", "ERR-1")
    first, again = violation("GET-1", "a"), violation(("GET-1",), "b")
    assert type(first) is type(again)
    assert type(first) is not type(violation(("GET-1", "ERR-1"), "a"))
    assert isinstance(first, (Violation, AssertionError))


def test_several_violations_are_reported_together():
    several = Violations([violation("GET-1", "a"), violation("GET-2", "b")])
    assert str(several) == "GET-1: a; GET-2: b"
    assert [found.what for found in several.violations] == ["a", "b"]


def test_outcome_that_is_no_failure_is_no_assertion():
    with pytest.raises(NotTested, match="why"):
        raise NotTested("why")
    assert not issubclass(NotTested, AssertionError)
    assert str(pickle.loads(pickle.dumps(NotTested("why")))) == "why"
