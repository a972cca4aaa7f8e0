"""What a test of the suite is handed: leased collections, tables of cases, the server's side."""

import pytest
from given import PREFIX, NaiveService, kit_of
from hypothesis.stateful import RuleBasedStateMachine, rule

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

    def test_real_names_are_used_on_a_disposable_target(self):
        target = Target(name="t", connect=dict, disposable=True)
        assert kit_of(MemoryDatabaseService(), target=target).logical("agents").name == "agents"

    def test_an_example_begins_with_nothing(self):
        kit = kit_of(MemoryDatabaseService())
        collection = kit.collection()
        collection.save("a", {})
        kit.begin()
        assert kit.trace.steps == []
        assert collection.list_all().value == []

    def test_a_fresh_id_is_never_given_twice(self):
        kit = kit_of()
        assert len({kit.fresh("a") for _ in range(9)} | {kit.fresh("b")}) == 10

    def test_programs_of_a_machine_are_run(self):
        log = []

        class Machine(RuleBasedStateMachine):
            @rule()
            def step(self):
                log.append(1)

        kit_of().prove_machine(Machine, [])
        assert log

    def test_the_service_and_the_dialect_are_at_hand(self):
        service = MemoryDatabaseService()
        kit = kit_of(service)
        assert (kit.service, kit.dialect) == (service, "interface")


class TestCases:
    def test_a_table_without_failures_passes(self):
        assert run_table(kit_of(), {"a": repr, "b": repr}) == ["a", "b"]

    def test_every_case_is_tried_with_a_trace_of_its_own(self):
        kit, seen = kit_of(), []
        collection = kit.collection()

        def case(label):
            collection.get(label)
            seen.append(len(kit.trace.steps))

        failures_of(kit, {"a": case, "b": broken(), "c": case})
        assert seen == [1, 1]

    def test_one_violation_names_the_others(self):
        found = failures_of(kit_of(), {"NUL": broken(), "a": repr, "tab": broken()})
        assert found.what == "NUL is broken (NUL); the same with tab"

    def test_only_one_case_failed(self):
        assert failures_of(kit_of(), {"NUL": broken()}).what == "NUL is broken (NUL)"

    def test_many_others_are_counted(self):
        found = failures_of(kit_of(), {str(n): broken() for n in range(16)})
        assert found.what.endswith(", 10, 11, 12 and 3 more")

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

    def test_what_cannot_be_tried_hides_no_failure(self):
        table = {"a": broken(), "b": not_testable}
        assert failures_of(kit_of(), table).what == "a is broken (a)"
        with pytest.raises(NotTested, match="b cannot be tried"):
            run_table(kit_of(), {"a": repr, "b": not_testable})

    def test_another_exception_ends_the_table(self):
        with pytest.raises(ZeroDivisionError):
            run_table(kit_of(), {"a": lambda label: 1 / 0})


class TestSpoiling:
    def collection(self, service):
        collection = kit_of(service).collection()
        collection.save("a", DEEP)
        return collection

    @pytest.mark.parametrize("seen_by", ["get", "list_all"])
    def test_a_store_of_its_own_is_unspoilt(self, seen_by):
        expect_unspoilt(self.collection(MemoryDatabaseService()), "a", DEEP, "GET-6", seen_by)

    @pytest.mark.parametrize("seen_by", ["get", "list_all"])
    def test_a_store_that_hands_itself_out_is_found(self, seen_by):
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

    def test_reading_creates_nothing(self):
        kit = self.kit(collections=lambda service: service.collections())
        expect_absent(kit, "GET-7", lambda c: c.get("a"))

    def test_a_collection_that_reading_created_is_found(self):
        kit = self.kit(collections=lambda service: service.collections())
        with pytest.raises(Violation) as raised:
            expect_absent(kit, "GET-7", lambda c: c.save("a", {}))
        assert raised.value.came == f"the server now has '{PREFIX}_aa'"
