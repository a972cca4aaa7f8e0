"""Tests of the optional methods: right services pass, a wrong one fails its own clauses."""

import pytest
from fastapi import HTTPException
from given import AsyncService, NaiveService, kit_of
from trying import TESTS, clauses_of, named_by, target_of
from trying import outcomes as outcomes_of

from gofannon_conformance.calls.violation import NotApplicable
from gofannon_conformance.mutants import FINDING, WIDER
from gofannon_conformance.mutants.right import Complete, Right
from gofannon_conformance.mutants.right.optional import Declared
from gofannon_conformance.run import optional
from gofannon_conformance.selftest.plan import PROFILE
from gofannon_conformance.suite.bulk import checks
from gofannon_conformance.suite.find.checks import Population

GROUPS = ("FIND", "IDX", "BULK", "ASYNC")
TRIED = [
    test
    for test, clauses in TESTS.items()
    if any(clause.partition("-")[0] in GROUPS for clause in clauses)
    and not any(clause.startswith("FAULT-") for clause in clauses)  # for services with a server
]
EVERY = {broken.name: broken for broken in WIDER}
ASYNC = "test_all_methods_are_awaited_or_none"


def outcomes(target, tests, profile=PROFILE):
    return dict(outcomes_of(target, tests, profile=profile))


OPTIONAL = ("find", "ensure_index", "save_many", "delete_many", "get_many")
UNIMPLEMENTED = "the service has no {}() of its own: it raises NotImplementedError"


@pytest.mark.parametrize(
    ("service", "reasons"),
    [
        (Right, {f"the service has no {method}()" for method in OPTIONAL}),
        (
            Declared,
            {
                *(UNIMPLEMENTED.format(method) for method in ("find", "ensure_index")),
                "the service has no save_many() of its own: it answers 501",
                *(f"the service has no {method}()" for method in ("delete_many", "get_many")),
            },
        ),
    ],
)
def test_optional_clauses_do_not_apply_without_the_methods(service, reasons):
    came = outcomes(target_of(service), TRIED)
    assert all(isinstance(raised, NotApplicable) for raised in came.values())
    assert {str(raised) for test, raised in came.items() if test != ASYNC} == reasons


class Halfway(Complete):
    """Has two of the methods; the others are None."""

    ensure_index = delete_many = get_many = None


def test_each_method_is_detected_by_itself():
    came = outcomes(target_of(Halfway), TRIED)
    assert not any(clauses_of(raised) for raised in came.values())
    passed = {clause for test, raised in came.items() if raised is None for clause in TESTS[test]}
    assert passed == {
        *(f"FIND-{n}" for n in range(1, 6)),
        *("BULK-1", "BULK-2", "BULK-5"),
    }


OF_FIND = [test for test in TRIED if all(c.startswith("FIND-") for c in TESTS[test])]
"""The tests that call no other optional method."""

OF_INDEXES = [test for test in TRIED if "IDX-1" in TESTS[test]]


@pytest.mark.parametrize("broken", FINDING[::4], ids=lambda broken: broken.name)
def test_mistake_of_find_is_not_reported_for_indexes(broken):
    assert named_by(outcomes(broken.target, OF_INDEXES)) == set()


class Faulty(Complete):
    """Its listing lacks a document, it refuses U+0000, and an unwritten collection is 404."""

    def list_all(self, db_name):
        if db_name not in self.created:
            raise HTTPException(404, "no such collection")
        return [doc for doc in super().list_all(db_name) if doc["_id"] != "before-03"]

    def written(self, doc):
        text = super().written(doc)
        if "\\u0000" in text:
            raise HTTPException(400, "no such character")
        return text

    def ensure_index(self, db_name, fields, index_name=None):
        self.created.add(db_name)


class Picky(Faulty):
    """It also refuses an index of some fields."""

    def ensure_index(self, db_name, fields, index_name=None):
        if not all(name.isidentifier() for name in fields):
            raise HTTPException(400, "no such field")
        super().ensure_index(db_name, fields, index_name)


class Quoting(Complete):
    """An index of a field with a quote in it breaks the query."""

    def ensure_index(self, db_name, fields, index_name=None):
        if any("'" in name for name in fields):
            raise HTTPException(500, "syntax error")


class Guessing(Complete):
    """In a collection with an index, get() returns a missing document."""

    indexed = ()

    def ensure_index(self, db_name, fields, index_name=None):
        self.indexed = (*self.indexed, db_name)

    def get(self, db_name, doc_id):
        if db_name in self.indexed and (db_name, doc_id) not in self.kept:
            return {"_id": doc_id}
        return super().get(db_name, doc_id)


@pytest.mark.parametrize(
    ("service", "clauses"),
    [(Faulty, set()), (Picky, set()), (Quoting, {"IDX-1"}), (Guessing, {"IDX-1"})],
)
def test_change_by_an_index_is_reported_and_no_other_mistake(service, clauses):
    assert named_by(outcomes(target_of(service), OF_INDEXES)) == clauses


@pytest.mark.parametrize(
    "name",
    [
        "save_many_entry_without_rev", "save_many_entries_once_for_each_id", "save_many_merges",
        "save_many_gives_the_exception", "save_many_makes_ids", "save_many_takes_500_at_most",
        "save_many_takes_the_ids_away", "save_many_is_not_found", "delete_many_gives_none",
        "delete_many_is_still_found", "delete_many_deletes_what_is_below", "get_many_without_ids",
        "get_many_binds_999_ids", "get_many_remembers", "find_gives_an_iterator",
        "find_needs_a_selector", "find_takes_a_query", "find_takes_names_in_any_case",
        "find_leaves_out_long_documents", "projection_without_id", "selector_obeys_lookups",
        "index_takes_any_case", "index_misses_what_many_bring",
    ],
)  # fmt: skip
def test_mistake_is_reported_by_its_own_clauses_and_no_other(name):
    broken = EVERY[name]
    is_in_find = name.startswith(("find", "projection", "selector"))
    tests = TRIED if is_in_find else [test for test in TRIED if test not in OF_FIND]
    assert named_by(outcomes(broken.target, tests)) == {*broken.clauses}


class DeletesBelow(Complete):
    """delete() of `a` deletes `a:b` as well, and so does delete_many()."""

    def delete(self, db_name, doc_id):
        super().delete(db_name, doc_id)
        for kept in self.kept_in(db_name):
            if kept.doc_id.startswith(f"{doc_id}:"):
                del self.kept[db_name, kept.doc_id]


class TakesNumbers(Complete):
    """Every method takes an id that is no text for the same text."""

    def get(self, db_name, doc_id):
        return super().get(db_name, doc_id if doc_id == "" else str(doc_id))

    def delete(self, db_name, doc_id):
        super().delete(db_name, doc_id if doc_id == "" else str(doc_id))


class KnowsDicts(Complete):
    """Neither save() nor save_many() saves a dict object that get() returned."""

    given = ()

    def get(self, db_name, doc_id):
        self.given = (*self.given, super().get(db_name, doc_id))
        return self.given[-1]

    def save(self, db_name, doc_id, doc):
        if any(doc is given for given in self.given):
            return {"id": doc_id, "rev": "1-r"}
        return super().save(db_name, doc_id, doc)


@pytest.mark.parametrize(
    ("service", "tests", "clauses"),
    [
        (DeletesBelow, ["test_ids_deleted_by_one_call_are_exact"], {"DEL-5"}),
        (
            TakesNumbers,
            ["test_id_that_is_no_text_deletes_nothing", "test_id_that_is_no_text_gets_nothing"],
            {"ID-6"},
        ),
        (
            KnowsDicts,
            ["test_what_was_read_and_changed_is_saved_by_one_call"],
            {"SAVE-5"},
        ),
    ],
)
def test_mistake_of_a_single_method_is_not_reported_for_bulk(service, tests, clauses):
    assert named_by(outcomes(target_of(service), tests)) == clauses


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("no id", "no id"),
        ({"status": 400}, '{"status": 400}'),
        (["a"], '["a"]'),
        (400, "400"),
        *((empty, "") for empty in ("", None, False, [], {}, ValueError("no JSON"))),
    ],
)
def test_error_of_an_entry_is_any_json_that_is_not_empty(error, text):
    assert checks._as_text(error) == text


class FindsFewer(Complete):
    def find(self, db_name, selector, fields=None, limit=5000):
        return super().find(db_name, selector, fields, limit)


class FindsAll(Complete):
    def find(self, db_name, selector, fields=None, limit=None):
        return super().find(db_name, selector, fields, limit)


@pytest.mark.parametrize(
    ("service", "clauses"), [(Complete, set()), (FindsFewer, {"FIND-3"}), (FindsAll, {"FIND-3"})]
)
def test_default_limit_is_ten_thousand(service, clauses):
    tests = ["test_every_match_is_found_past_any_page"]
    came = outcomes(target_of(service), tests, profile="thorough")
    assert named_by(came) == clauses


def test_method_that_raises_another_error_is_detected():
    class Fails(Complete):
        def find(self, db_name, selector, fields=None, limit=10000):
            raise ValueError("broken")

    kit = kit_of(Fails())
    assert optional.has(optional.collection_for(kit, "find"), "find")


def test_all_tests_share_one_unwritten_collection():
    kit = kit_of(Complete())
    names = {optional.never_written(kit).name for _ in range(3)}
    assert len(names) == 1
    assert len(kit.workspace.ledger.collections) == 2, "itself, and the one of the set-up"


@pytest.mark.parametrize("service", [AsyncService, NaiveService])
def test_async_applies_to_coroutines_only(service):
    (raised,) = outcomes(target_of(service), [ASYNC]).values()
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
    class Answering(Complete):
        def save_many(self, db_name, docs):
            return entries

        def delete(self, db_name, doc_id):
            requested.add(doc_id)

    requested = set()
    kit = kit_of(Answering())
    collection = kit.collection()
    collection.save_many([{"_id": "a"}, {"n": 1}, {"_id": None}])
    kit.finish()
    assert requested == deleted
