"""The wider interface: right services of many kinds pass; who lacks a method owes nothing."""

import pytest
from fastapi import HTTPException
from given import AsyncService, NaiveService, kit_of
from trying import TESTS, clauses_of, named_by, outcomes, target_of

from gofannon_conformance.mutants.right import Complete, Right
from gofannon_conformance.mutants.wider import FINDING, WIDER
from gofannon_conformance.mutants.wider.controls import (
    Awaited,
    CompleteOverview,
    Declared,
    Otherwise,
    Tabled,
)
from gofannon_conformance.suite import bulk_checks, optional
from gofannon_conformance.suite.find_checks import Population
from gofannon_conformance.violation import NotApplicable

GROUPS = ("FIND", "IDX", "BULK", "ASYNC")
TRIED = [
    test
    for test, clauses in TESTS.items()
    if any(clause.partition("-")[0] in GROUPS for clause in clauses)
    and not any(clause.startswith("FAULT-") for clause in clauses)  # for services with a server
]
EVERY = {broken.name: broken for broken in WIDER}
ASYNC = "test_all_methods_are_awaited_or_none"


@pytest.mark.parametrize(
    ("service", "dialect", "seed"),
    [
        pytest.param(Complete, "interface", 1, id="plain-python"),
        pytest.param(Complete, "interface", 2, id="plain-python-2"),
        pytest.param(Otherwise, "interface", 1, id="every-open-question-the-other-way"),
        pytest.param(Tabled, "interface", 1, id="sql"),
        pytest.param(Tabled, "interface", 2, id="sql-2"),
        pytest.param(CompleteOverview, "overview", 1, id="overview"),
        pytest.param(Awaited, "interface", 1, id="coroutines"),
    ],
)
def test_right_service_passes_every_test_of_the_wider_interface(service, dialect, seed):
    came = dict(outcomes(target_of(service, dialect=dialect), TRIED, seed=seed))
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
    came = dict(outcomes(target_of(service), TRIED))
    assert all(isinstance(raised, NotApplicable) for raised in came.values())
    assert {str(raised) for test, raised in came.items() if test != ASYNC} == reasons


class Halfway(Complete):
    """Has two of the methods; the others cannot be called."""

    ensure_index = delete_many = get_many = None


def test_each_method_is_looked_for_by_itself():
    came = dict(outcomes(target_of(Halfway), TRIED))
    assert not any(clauses_of(raised) for raised in came.values())
    passed = {clause for test, raised in came.items() if raised is None for clause in TESTS[test]}
    assert passed == {
        *(f"FIND-{n}" for n in range(1, 6)),
        *("BULK-1", "BULK-2", "BULK-5"),
    }


OF_INDEXES = [test for test in TRIED if "IDX-1" in TESTS[test]]


@pytest.mark.parametrize("broken", FINDING[::4], ids=lambda broken: broken.name)
def test_index_is_not_blamed_for_what_is_found_without_it(broken):
    assert named_by(dict(outcomes(broken.target, OF_INDEXES))) == set()


class Limping(Complete):
    """Its listing lacks a document, it cannot hold U+0000, and has no collection that is empty."""

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


class Spelling(Limping):
    """Besides, an index of some fields is refused."""

    def ensure_index(self, db_name, fields, index_name=None):
        if not all(name.isidentifier() for name in fields):
            raise HTTPException(400, "no such field")
        super().ensure_index(db_name, fields, index_name)


@pytest.mark.parametrize("service", [Limping, Spelling])
def test_index_is_not_blamed_for_what_other_methods_do_without_it(service):
    assert named_by(dict(outcomes(target_of(service), OF_INDEXES))) == set()


class Quoting(Complete):
    """An index of a field with a quote in it breaks the query."""

    def ensure_index(self, db_name, fields, index_name=None):
        if any("'" in name for name in fields):
            raise HTTPException(500, "syntax error")


class Guessing(Complete):
    """Where there is an index, a document that is missing is found."""

    indexed = ()

    def ensure_index(self, db_name, fields, index_name=None):
        self.indexed = (*self.indexed, db_name)

    def get(self, db_name, doc_id):
        if db_name in self.indexed and (db_name, doc_id) not in self.kept:
            return {"_id": doc_id}
        return super().get(db_name, doc_id)


@pytest.mark.parametrize("service", [Quoting, Guessing])
def test_index_is_blamed_for_what_it_changes(service):
    assert named_by(dict(outcomes(target_of(service), OF_INDEXES))) == {"IDX-1"}


@pytest.mark.parametrize(
    ("name", "clauses"),
    [
        ("save_many_entry_without_rev", {"BULK-1"}),
        ("save_many_entries_once_for_each_id", {"BULK-1", "BULK-5"}),
        ("save_many_gives_the_exception", {"BULK-1"}),
        ("save_many_merges", {"BULK-1"}),
        ("save_many_makes_ids", {"BULK-2"}),
        ("save_many_takes_500_at_most", {"BULK-5"}),
        ("delete_many_gives_none", {"BULK-3"}),
        ("get_many_without_ids", {"BULK-4"}),
        ("get_many_binds_999_ids", {"BULK-5"}),
        ("find_gives_an_iterator", {"FIND-1"}),
        ("find_needs_a_selector", {"FIND-1"}),
        ("find_takes_a_query", {"FIND-1"}),
        ("projection_without_id", {"FIND-2"}),
        ("find_takes_names_in_any_case", {"FIND-1"}),
        ("find_leaves_out_long_documents", {"FIND-1"}),
        ("selector_obeys_lookups", {"FIND-5"}),
        ("index_takes_any_case", {"IDX-1"}),
        ("index_misses_what_many_bring", {"IDX-1"}),
        ("save_many_takes_the_ids_away", {"BULK-1"}),
        ("save_many_is_not_found", {"BULK-1"}),
        ("delete_many_is_still_found", {"BULK-3"}),
        ("delete_many_deletes_what_is_below", {"BULK-3"}),
        ("get_many_remembers", {"BULK-4"}),
    ],
)
def test_mistake_is_told_by_its_own_clause_and_no_other(name, clauses):
    came = dict(outcomes(EVERY[name].target, TRIED))
    assert named_by(came) == clauses


class DeletesBelow(Complete):
    """delete() deletes with `a` what is `a:b`, and so does delete_many()."""

    def delete(self, db_name, doc_id):
        super().delete(db_name, doc_id)
        for kept in self.kept_in(db_name):
            if kept.doc_id.startswith(f"{doc_id}:"):
                del self.kept[db_name, kept.doc_id]


class TakesNumbers(Complete):
    """An id that is no text is taken for the text that looks like it, by every method."""

    def get(self, db_name, doc_id):
        return super().get(db_name, doc_id if doc_id == "" else str(doc_id))

    def delete(self, db_name, doc_id):
        super().delete(db_name, doc_id if doc_id == "" else str(doc_id))


class KnowsDicts(Complete):
    """A dict that get() gave is not saved again, by save() nor by save_many()."""

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
def test_bulk_is_not_blamed_for_what_the_single_method_does(service, tests, clauses):
    assert named_by(dict(outcomes(target_of(service), tests))) == clauses


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("no id", "no id"),
        ({"status": 400}, '{"status": 400}'),
        (["a"], '["a"]'),
        (400, "400"),
        (True, "true"),
        ("", ""),
        (None, ""),
        (False, ""),
        ([], ""),
        ({}, ""),
        (ValueError("no JSON"), ""),
    ],
)
def test_error_of_an_entry_is_any_json_that_says_something(error, text):
    assert bulk_checks._as_text(error) == text


class FindsFewer(Complete):
    def find(self, db_name, selector, fields=None, limit=5000):
        return super().find(db_name, selector, fields, limit)


class FindsAll(Complete):
    def find(self, db_name, selector, fields=None, limit=None):
        return super().find(db_name, selector, fields, limit)


@pytest.mark.parametrize(
    ("service", "clauses"), [(Complete, set()), (FindsFewer, {"FIND-3"}), (FindsAll, {"FIND-3"})]
)
def test_limit_of_who_names_none_is_ten_thousand(service, clauses):
    tests = ["test_every_match_is_found_past_any_page"]
    came = outcomes(target_of(service), tests, profile="thorough")
    assert named_by(dict(came)) == clauses


def test_method_that_fails_otherwise_is_there():
    class Fails(Complete):
        def find(self, db_name, selector, fields=None, limit=10000):
            raise ValueError("broken")

    kit = kit_of(Fails())
    assert optional.has(optional.collection_for(kit, "find"), "find")


def test_never_written_collection_is_one_for_all():
    kit = kit_of(Complete())
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
    class Answering(Complete):
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
