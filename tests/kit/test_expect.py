"""What an answer must be: each expectation met, and each way to disappoint it."""

from typing import ClassVar

import pytest
from fastapi import HTTPException
from given import answered, caller_of

from gofannon_conformance.suite import expect
from gofannon_conformance.violation import Violation


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


class TestReturning:
    @pytest.mark.parametrize("value", [None, 0, {}, "x"])
    def test_whatever_comes_back_is_given(self, value):
        assert expect.returned(answer(value), "GET-1", "why") is value

    def test_an_http_exception_breaks_the_clause(self):
        found = broken(expect.returned, answer(FALLEN), "GET-1", "it is there")
        assert (found.clauses, found.what) == (("GET-1",), "get() raised: it is there")

    def test_another_exception_breaks_err_1_too(self):
        assert broken(expect.returned, answer(NOT_HTTP), "GET-1", "x").clauses == ("GET-1", "ERR-1")

    def test_a_missing_method_is_api_1(self):
        found = broken(expect.returned, answered(object(), "get", "c", "a"), "GET-1", "x")
        assert found.clauses == ("API-1",)

    def test_an_attribute_error_within_a_method_is_not(self):
        found = broken(expect.returned, answer(AttributeError(name="other")), "GET-1", "x")
        assert found.clauses == ("GET-1", "ERR-1")

    def test_saving_and_deleting_have_clauses_of_their_own(self):
        assert expect.saved(answer({"id": "a"}, "save")) == {"id": "a"}
        assert expect.deleted(answer(None, "delete")) is None
        assert broken(expect.saved, answer(FALLEN, "save")).clauses == ("SAVE-2",)
        assert broken(expect.deleted, answer(FALLEN, "delete")).clauses == ("DEL-4",)

    def test_nobody_is_blamed_for_what_returned(self):
        assert expect.blamed(answer(1), ("GET-1", "GET-2")) == ("GET-1", "GET-2")


class TestMissing:
    def test_404_is_right(self):
        assert expect.missing(answer(HTTPException(404)), "GET-3") is None

    @pytest.mark.parametrize(
        ("value", "clauses", "what"),
        [
            (None, ("GET-3",), "get() returned although there is no such document"),
            (NOT_HTTP, ("GET-3", "ERR-1"), "get() of a missing document raised, but not a 404"),
            (FALLEN, ("GET-3", "ERR-2"), "get() of a missing document raised, but not a 404"),
        ],
    )
    def test_all_else_is_wrong(self, value, clauses, what):
        found = broken(expect.missing, answer(value), "GET-3")
        assert (found.clauses, found.what) == (clauses, what)
        assert found.expected == "HTTPException with status 404"


class TestRefusing:
    @pytest.mark.parametrize("status", [400, 404, 413, 422])
    def test_any_4xx_is_right(self, status):
        assert expect.refused(answer(HTTPException(status)), "ID-5", "it") is None

    def test_type_error_is_right_where_allowed(self):
        assert expect.refused(answer(TypeError()), "ID-6", "it", type_error=True) is None
        found = broken(expect.refused, answer(TypeError()), "ID-5", "it")
        assert found.clauses == ("ID-5", "ERR-1")

    @pytest.mark.parametrize(
        ("value", "clauses", "what"),
        [
            ({}, ("ID-5",), "an empty id was not refused"),
            (FALLEN, ("ID-5", "ERR-2"), "an empty id was refused, but not as the caller's mistake"),
            (NOT_HTTP, ("ID-5", "ERR-1"), "an empty id was refused, but not as the caller's mis"),
        ],
    )
    def test_all_else_is_wrong(self, value, clauses, what):
        found = broken(expect.refused, answer(value), "ID-5", "an empty id", type_error=True)
        assert found.clauses == clauses
        assert found.what.startswith(what)
        assert found.expected == "HTTPException with a status of 4xx, or TypeError"


class Mapping(dict):
    pass


class Number(float):
    pass


class TestDocuments:
    doc: ClassVar = {"n": 1, "o": {"l": [True]}}

    def test_what_was_saved_with_its_id_is_right(self):
        found = expect.document(answer({**self.doc, "_id": "a"}), "a", self.doc, "GET-1")
        assert found == {**self.doc, "_id": "a"}

    def test_underscored_names_at_the_top_are_the_backends_to_add(self):
        given = {**self.doc, "_id": "a", "_rev": "1", "_own": {}}
        expect.document(answer(given), "a", {**self.doc, "_id": "other"}, "GET-1")

    def test_numbers_may_be_held_exactly(self):
        given = {"_id": "a", "n": 1.0}
        expect.document(answer(given), "a", {"n": 1}, "GET-1")
        found = broken(expect.document, answer(given), "a", {"n": 1}, "DOC-4", numbers="exact")
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
            ({"n": Number(1), "_id": "a"}, ("GET-1", "DOC-2"), "what came back differs in one"),
            ({"n": 1}, ("GET-2",), "must have `_id` equal to 'a': it has none"),
            ({"n": 1, "_id": "b"}, ("GET-2",), "must have `_id` equal to 'a': it is 'b'"),
            ({"n": 1, "_id": 5}, ("GET-2",), "must have `_id` equal to 'a': it is 5"),
            (FALLEN, ("GET-1",), "get() raised: the document was saved, so it must be found"),
        ],
    )
    def test_all_else_is_wrong(self, value, clauses, what):
        found = broken(expect.document, answer(value), "a", {"n": 1}, "GET-1")
        assert found.clauses == clauses
        assert what in found.what

    def test_every_difference_is_told(self):
        found = broken(expect.document, answer({"_id": "a", "x": 1}), "a", {"n": 1}, "GET-1")
        assert found.differences == ("$.n: missing; expected 1", "$.x: not expected there; got 1")
        assert (found.came, found.expected) == ("{'_id': 'a', 'x': 1}", "{'n': 1, '_id': 'a'}")


def answer_with_raw(raw, method="get"):
    caller = caller_of(Answers({"_id": "a", "n": 2}))
    caller.trace.raw = raw
    return caller.call(method, "c", "a")


class TestTheBackDoor:
    """`raw(collection, id)` tells a wrong `get()` from a wrong `save()`."""

    @pytest.mark.parametrize(
        ("raw", "told"),
        [
            (None, "from what was saved"),
            (lambda *address: {"n": 1, "_id": "a"}, "holds what was saved, so get() is wrong"),
            (lambda *address: {"n": 2}, "the store holds {'n': 2}, so save() is wrong"),
            (lambda *address: None, "the store holds None, so save() is wrong"),
            (lambda *address: 1 / 0, "; raw() failed with ZeroDivisionError: division by zero"),
        ],
    )
    def test_it_is_told_whose_fault_it_is(self, raw, told):
        found = broken(expect.document, answer_with_raw(raw), "a", {"n": 1}, "GET-1")
        assert told in found.what

    def test_it_is_asked_for_the_document(self):
        asked = []
        answer = answer_with_raw(lambda *address: asked.append(address))
        broken(expect.document, answer, "a", {"n": 1}, "GET-1")
        assert asked == [("c", "a")]

    def test_a_listing_is_told_without_it(self):
        answer = answer_with_raw(lambda *address: 1 / 0, "list_all")
        found = broken(expect.check_document, answer, {"_id": "a"}, "a", {"n": 1}, "LIST-5")
        assert "raw()" not in found.what


class TestListings:
    def listing(self, value, expected):
        return expect.listing(answer(value, "list_all"), expected)

    def test_the_live_documents_in_any_order_are_right(self):
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
    def test_all_else_is_wrong(self, value, clauses, what):
        found = broken(self.listing, value, {"a": {"n": 1}})
        assert found.clauses == clauses
        assert what in found.what

    def test_what_is_missing_too_much_or_twice_is_counted(self):
        docs = [{"_id": "a"}, {"_id": "a"}, {"_id": "x"}]
        found = broken(self.listing, docs, {"a": {}, "b": {}})
        assert found.what == "list_all() must be exactly the live documents"
        assert found.came == (
            "3 documents; 1 missing: ['b']; 1 that should not be there: ['x']; "
            "1 more than once: ['a']"
        )
        assert found.expected == "2 documents: ['a', 'b']"

    def test_many_are_shown_by_a_few(self):
        found = broken(self.listing, [], {str(n): {} for n in range(2000)})
        assert found.came == "0 documents; 2,000 missing: ['0', '1', '2', '3', '4'] …"
        assert found.expected.endswith(" …")
