"""Checks of answers: what each accepts, and the violation for everything else."""

from typing import ClassVar

import pytest
from fastapi import HTTPException
from given import answered, caller_of, workspace_of

from gofannon_conformance.calls.violation import Violation
from gofannon_conformance.suite.expect import answers


class Answers:
    """Answers every call with one value, or one error."""

    def __init__(self, value):
        self.value = value

    def get(self, *address):
        if isinstance(self.value, BaseException):
            raise self.value
        return self.value

    save = delete = list_all = get


def answer(value, method="get"):
    return answered(Answers(value), method, "c", "a")


def broken(check, *arguments, **more):
    with pytest.raises(Violation) as raised:
        check(*arguments, **more)
    return raised.value


NOT_HTTP = KeyError("a")
FALLEN = HTTPException(500, "fallen")


@pytest.mark.parametrize("value", [None, 0, {}, "x"])
def test_any_returned_value_is_accepted(value):
    assert answers.returned(answer(value), "GET-1", "why") is value
    assert answers.blamed(answer(value), ("GET-1", "GET-2")) == ("GET-1", "GET-2")


def test_allowed_exceptions_are_accepted():
    assert answers.missing(answer(HTTPException(404)), "GET-3") is None
    for status in (400, 404, 413, 422):
        assert answers.refused(answer(HTTPException(status)), "ID-5", "it") is None
    assert answers.refused(answer(TypeError()), "ID-6", "it", type_error=True) is None


def returned(given):
    return answers.returned(given, "GET-1", "it is there")


def missing(given):
    return answers.missing(given, "GET-3")


def refused(given):
    return answers.refused(given, "ID-5", "an empty id")


def refused_or_type_error(given):
    return answers.refused(given, "ID-5", "an empty id", type_error=True)


RAISED = "get() raised: it is there"
NO_404 = "get() of a missing document raised, but not a 404"
NO_4XX = "an empty id was refused, but not with a 4xx"


@pytest.mark.parametrize(
    ("check", "given", "clauses", "what"),
    [
        (returned, answer(FALLEN), ("GET-1",), RAISED),
        (returned, answer(NOT_HTTP), ("GET-1", "ERR-1"), RAISED),
        (returned, answer(AttributeError(name="other")), ("GET-1", "ERR-1"), RAISED),
        (returned, answered(object(), "get", "c", "a"), ("API-1",), RAISED),  # no such method
        (answers.saved, answer(FALLEN, "save"), ("SAVE-2",), "save() raised: it must accept"),
        (answers.deleted, answer(FALLEN, "delete"), ("DEL-4",), "delete() raised: the document"),
        (missing, answer(None), ("GET-3",), "get() returned although there is no such document"),
        (missing, answer(NOT_HTTP), ("GET-3", "ERR-1"), NO_404),
        (missing, answer(FALLEN), ("GET-3", "ERR-2"), NO_404),
        (refused, answer(TypeError()), ("ID-5", "ERR-1"), NO_4XX),
        (refused_or_type_error, answer({}), ("ID-5",), "an empty id was not refused"),
        (refused_or_type_error, answer(FALLEN), ("ID-5", "ERR-2"), NO_4XX),
        (refused_or_type_error, answer(NOT_HTTP), ("ID-5", "ERR-1"), NO_4XX),
    ],
)
def test_everything_else_is_a_violation_of_its_clauses(check, given, clauses, what):
    found = broken(check, given)
    assert (found.clauses, found.what[: len(what)]) == (clauses, what)
    expected = {
        missing: "HTTPException with status 404",
        refused: "HTTPException with a status of 4xx",
        refused_or_type_error: "HTTPException with a status of 4xx, or TypeError",
    }
    assert found.expected == expected.get(check, found.expected)


class Mapping(dict):
    pass


class TestDocuments:
    doc: ClassVar = {"n": 1, "o": {"l": [True]}}

    def test_what_was_saved_with_its_id_is_right(self):
        found = answers.document(answer({**self.doc, "_id": "a"}), "a", self.doc, "GET-1")
        assert found == {**self.doc, "_id": "a"}

    def test_backend_may_add_underscored_names_at_the_top(self):
        given = {**self.doc, "_id": "a", "_rev": "1", "_own": {}}
        answers.document(answer(given), "a", {**self.doc, "_id": "other"}, "GET-1")

    def test_numbers_may_be_compared_exactly(self):
        given = {"_id": "a", "n": 1.0}
        answers.document(answer(given), "a", {"n": 1}, "GET-1")
        found = broken(answers.document, answer(given), "a", {"n": 1}, "DOC-4", numbers="exact")
        assert found.differences == ("$.n: expected 1 (int), got 1.0 (float)",)

    @pytest.mark.parametrize(
        ("value", "clauses", "what"),
        [
            (None, ("GET-1",), "a document must be a dict, not NoneType"),
            ([], ("GET-1",), "a document must be a dict, not list"),
            (Mapping(n=1), ("GET-1", "DOC-2"), "a document must be a dict, not Mapping"),
            ({"_id": "a"}, ("GET-1",), "what came back differs in one place from what was saved"),
            ({"n": True, "_id": "a"}, ("GET-1",), "what came back differs in one place"),
            ({"n": 1, "_id": "a", "x": 1}, ("GET-8", "GET-1"), "what came back differs in one"),
            ({"x": 1, "_id": "a"}, ("GET-1", "GET-8"), "what came back differs in 2 places"),
            ({"n": (1,), "_id": "a"}, ("GET-1", "DOC-2"), "what came back differs in one"),
            ({"n": 1}, ("GET-2",), "must have `_id` equal to 'a': it has none"),
            ({"n": 1, "_id": "b"}, ("GET-2",), "must have `_id` equal to 'a': it is 'b'"),
            ({"n": 1, "_id": 5}, ("GET-2",), "must have `_id` equal to 'a': it is 5"),
            (FALLEN, ("GET-1",), "get() raised: the document was saved, so it must be found"),
        ],
    )
    def test_everything_else_is_wrong(self, value, clauses, what):
        found = broken(answers.document, answer(value), "a", {"n": 1}, "GET-1")
        assert found.clauses == clauses
        assert what in found.what

    def test_every_difference_is_reported(self):
        found = broken(answers.document, answer({"_id": "a", "x": 1}), "a", {"n": 1}, "GET-1")
        assert found.differences == ("$.n: missing; expected 1", "$.x: not expected there; got 1")
        assert (found.came, found.expected) == ("{'_id': 'a', 'x': 1}", "{'n': 1, '_id': 'a'}")


def answer_with_raw(raw, method="get"):
    caller = caller_of(Answers({"_id": "a", "n": 2}))
    caller.trace.raw = raw
    return caller.call(method, "c", "a")


class TestRaw:
    """`raw(collection, id)` shows whether `get()` or `save()` is wrong."""

    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            (None, "from what was saved"),
            (lambda *address: {"n": 1, "_id": "a"}, "holds what was saved, so get() is wrong"),
            (lambda *address: {"n": 2}, "the store holds {'n': 2}, so save() is wrong"),
            (lambda *address: None, "the store holds None, so save() is wrong"),
            (lambda *address: 1 / 0, "; raw() failed with ZeroDivisionError: division by zero"),
        ],
    )
    def test_violation_names_the_wrong_method(self, raw, text):
        found = broken(answers.document, answer_with_raw(raw), "a", {"n": 1}, "GET-1")
        assert text in found.what

    def test_it_is_called_with_the_place_of_the_document(self):
        calls = []
        answer = answer_with_raw(lambda *address: calls.append(address))
        broken(answers.document, answer, "a", {"n": 1}, "GET-1")
        assert calls == [("c", "a")]

    def test_it_is_not_called_for_a_listing(self):
        answer = answer_with_raw(lambda *address: 1 / 0, "list_all")
        found = broken(answers.check_document, answer, {"_id": "a"}, "a", {"n": 1}, "LIST-5")
        assert "raw()" not in found.what


class TestListings:
    def listing(self, value, expected):
        return answers.listing(answer(value, "list_all"), expected)

    def test_order_of_the_documents_is_free(self):
        docs = [{"_id": "b"}, {"_id": "a", "n": 1}]
        assert self.listing(docs, {"a": {"n": 1}, "b": {}}) == docs
        assert self.listing([], {}) == []

    @pytest.mark.parametrize(
        ("value", "clauses", "what"),
        [
            (None, ("LIST-1",), "list_all() must return a list, not NoneType"),
            ((), ("LIST-1",), "list_all() must return a list, not tuple"),
            ([None], ("LIST-1",), "list_all()[0] must be a dict, not NoneType"),
            ([{"_id": "a"}, {}], ("LIST-2",), "must have its `_id`, a str; at 1, it has no `_id`"),
            ([{"_id": 5}], ("LIST-2",), "at 0, its `_id` is 5"),
            (FALLEN, ("LIST-5",), "list_all() raised: it must list the collection"),
            ([{"_id": "a", "n": 2}], ("LIST-5",), "what came back differs in one place"),
        ],
    )
    def test_everything_else_is_wrong(self, value, clauses, what):
        found = broken(self.listing, value, {"a": {"n": 1}})
        assert found.clauses == clauses
        assert what in found.what

    def test_missing_surplus_and_repeated_documents_are_counted(self):
        docs = [{"_id": "a"}, {"_id": "a"}, {"_id": "x"}]
        found = broken(self.listing, docs, {"a": {}, "b": {}})
        assert found.what == "list_all() must be exactly the live documents"
        assert found.came == (
            "3 documents; 1 missing: ['b']; 1 not expected: ['x']; 1 more than once: ['a']"
        )
        assert found.expected == "2 documents: ['a', 'b']"

    def test_long_listing_is_shortened(self):
        found = broken(self.listing, [], {str(n): {} for n in range(2000)})
        assert found.came == "0 documents; 2,000 missing: ['0', '1', '2', '3', '4'] …"
        assert found.expected.endswith(" …")


class TestCollections:
    """Checks that call the service themselves."""

    docs: ClassVar = {"a": {"n": 1}, "b": {}}

    def test_saved_documents_are_found(self):
        collection = workspace_of().collection()
        answers.save_all(collection, self.docs)
        answers.holds(collection, self.docs, "GET-1")
        answers.round_trip(collection, "a", {"n": 2}, "GET-1")
        assert broken(answers.holds, collection, self.docs, "SAVE-3").clauses == ("SAVE-3",)

    def test_document_that_is_not_listed_is_a_violation(self):
        collection = workspace_of().collection()
        answers.save_all(collection, self.docs)
        found = broken(answers.holds, collection, {"a": {"n": 1}}, "ISO-1")
        assert found.came == "2 documents; 1 not expected: ['b']"
