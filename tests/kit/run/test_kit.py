"""What a test of the suite is handed: leased collections, tables of cases, the server's side."""

import pytest
from given import PREFIX, NaiveService, kit_of

from gofannon_backends.memory import MemoryDatabaseService
from gofannon_conformance.calls.violation import (
    NotApplicable,
    NotTested,
    Violation,
    Violations,
    violation,
)
from gofannon_conformance.suite.expect.server_side import expect_absent
from gofannon_conformance.suite.expect.unspoilt import DEEP, expect_unspoilt, spoil_shown
from gofannon_conformance.target import Target


def broken(clause="DOC-3", **more):
    """Return a case that finds a clause broken."""

    def case(label):
        answer = more["collection"].get(label) if more else None
        raise violation(clause, f"{label} is broken", answer=answer)

    return case


def run_table(kit, table):
    """Run a table of cases; give the labels of those that were tried."""
    tried = []
    with kit.cases() as cases:
        for label, case in table.items():
            with cases.case(label):
                tried.append(label)
                case(label)
    return tried


def failures_of(kit, table):
    with pytest.raises((Violation, Violations)) as raised:
        run_table(kit, table)
    return raised.value


def not_testable(label):
    raise NotTested(f"{label} cannot be tried")


class TestLeasing:
    def test_every_kind_of_collection_is_given_back(self):
        service = MemoryDatabaseService()
        kit = kit_of(service)
        leased = [
            kit.collection(),
            kit.unwritten(),
            kit.named(f"{PREFIX}_n"),
            kit.logical("agents"),
        ]
        for collection in leased:
            collection.save("a", {})
        kit.finish()
        assert [service.list_all(c.name) for c in leased] == [[]] * 4
        assert leased[3].name == f"{PREFIX}_agents"
        assert kit.collection().name in {leased[0].name, leased[1].name}

    def test_an_example_begins_with_nothing(self):
        kit = kit_of(MemoryDatabaseService())
        collection = kit.collection()
        collection.save("a", {})
        kit.begin()
        assert kit.trace.steps == []
        assert collection.list_all().value == []

    def test_what_else_is_at_hand(self):
        service = MemoryDatabaseService()
        kit = kit_of(service, target=Target(name="t", connect=dict, disposable=True))
        assert (kit.service, kit.dialect) == (service, "interface")
        assert kit.logical("agents").name == "agents"
        assert len({kit.fresh("a") for _ in range(9)} | {kit.fresh("b")}) == 10


class TestCases:
    def test_every_case_is_tried_with_a_trace_of_its_own(self):
        kit, seen = kit_of(), []
        collection = kit.collection()

        def case(label):
            collection.get(label)
            seen.append(len(kit.trace.steps))

        failures_of(kit, {"a": case, "b": broken(), "c": case})
        assert seen == [1, 1]

    @pytest.mark.parametrize(
        ("table", "told"),
        [
            ({"NUL": broken()}, "NUL is broken (NUL)"),
            (
                {"NUL": broken(), "a": repr, "tab": broken()},
                "NUL is broken (NUL); the same with tab",
            ),
            ({"a": broken(), "b": not_testable}, "a is broken (a)"),
            (
                {str(n): broken() for n in range(16)},
                "0 is broken (0); the same with 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 3 more",
            ),
        ],
    )
    def test_one_violation_names_the_others(self, table, told):
        assert failures_of(kit_of(), table).what == told

    def test_mistakes_of_different_clauses_are_reported_apart(self):
        table = {"a": broken(), "b": broken("DOC-4"), "c": broken()}
        assert [v.what for v in failures_of(kit_of(), table).violations] == [
            "a is broken (a); the same with c",
            "b is broken (b)",
        ]

    def test_the_one_with_the_smallest_program_is_reported(self):
        kit = kit_of()
        case = broken(collection=kit.collection())
        found = failures_of(kit, {"a long label": case, "short": case})
        assert found.what == "short is broken (short); the same with a long label"
        assert found.program.endswith("print(db.get(collection, 'short'))")

    @pytest.mark.parametrize(
        ("case", "error"), [(not_testable, NotTested), (lambda label: 1 / 0, ZeroDivisionError)]
    )
    def test_what_cannot_be_tried_and_another_exception_are_raised_as_they_are(self, case, error):
        with pytest.raises(error):
            run_table(kit_of(), {"a": repr, "b": case})


@pytest.mark.parametrize("seen_by", ["get", "list_all"])
def test_a_store_of_its_own_is_unspoilt_and_one_that_hands_itself_out_is_found(seen_by):
    collection = kit_of(MemoryDatabaseService()).collection()
    collection.save("a", DEEP)
    expect_unspoilt(collection, "a", DEEP, "GET-6", seen_by)
    kit = kit_of(NaiveService())
    collection = kit.collection()
    collection.save("a", DEEP)
    spoil_shown(kit, collection.get("a").value, "what came back")
    with pytest.raises(Violation) as raised:
        expect_unspoilt(collection, "a", DEEP, "GET-6", seen_by)
    assert raised.value.clauses[0] == "GET-6"
    assert "# … then everything in what came back is changed" in raised.value.program


class TestTheServersSide:
    def kit(self, **more):
        service = MemoryDatabaseService()
        return kit_of(service, target=Target(name="t", connect=dict, **more))

    def test_without_a_look_at_the_server_nothing_can_be_said(self):
        with pytest.raises(NotApplicable, match="gives no `collections"):
            expect_absent(self.kit(), "GET-7", lambda c: c.get("a"))

    def test_a_collection_that_reading_created_is_found(self):
        kit = self.kit(collections=lambda service: service.collections())
        expect_absent(kit, "GET-7", lambda c: c.get("a"))
        with pytest.raises(Violation) as raised:
            expect_absent(kit, "GET-7", lambda c: c.save("a", {}))
        assert raised.value.came == f"the server now has '{PREFIX}_ab'"
