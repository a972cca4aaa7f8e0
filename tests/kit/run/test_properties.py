"""Properties: reproducible, shrunk, replayed from a text, and told plainly."""

import random

import hypothesis.strategies as st
import pytest
from given import NaiveService, kit_of
from hypothesis.stateful import RuleBasedStateMachine, rule

from gofannon_conformance.calls.violation import Violation, violation
from gofannon_conformance.run import properties
from gofannon_conformance.run.profiles import PROFILES, profile_named
from gofannon_conformance.run.properties import Prover, encoded
from gofannon_conformance.suite.expect import answers
from gofannon_conformance.usage import UsageError

NAME = "test_x"


def prover(**more):
    known = {"profile": profile_named("quick"), "seed": 7, "before_each": lambda: None}
    return Prover(NAME, **{**known, **more})


def drawn_by(prover):
    values = []

    def check(value):
        values.append(value)

    prover.property(check, value=st.integers())
    return values


def broken(check, strategy, **more):
    with pytest.raises(Violation) as raised:
        prover(**more).property(check, value=strategy)
    return raised.value


def at_most_a_hundred(value):
    if value > 100:
        raise violation("GET-1", f"{value} is too much")


class TestExamples:
    @pytest.mark.parametrize("name", ["quick", "standard"])
    def test_there_are_as_many_as_the_profile_says(self, name):
        values = drawn_by(prover(profile=profile_named(name)))
        assert len(values) == PROFILES[name].examples

    def test_they_are_those_of_the_seed_and_the_test(self):
        first = drawn_by(prover(seed=1))
        other_test = Prover("test_y", profile_named("quick"), 1, before_each=lambda: None)
        assert drawn_by(prover(seed=1)) == first
        assert drawn_by(prover(seed=2)) != first
        assert drawn_by(other_test) != first

    def test_each_begins_again(self):
        log = []
        proving = prover(before_each=lambda: log.append("begin"))
        proving.property(lambda value: log.append("check"), value=st.just(1))
        assert log == ["begin", "check"] * (len(log) // 2)

    def test_nothing_is_left_in_the_working_folder_nor_printed(self, tmp_path, monkeypatch, capfd):
        monkeypatch.chdir(tmp_path)
        drawn_by(prover())
        broken(at_most_a_hundred, st.integers())
        assert list(tmp_path.iterdir()) == []
        assert capfd.readouterr() == ("", "")

    def test_the_random_numbers_of_the_author_are_not_reseeded(self):
        random.seed(3)
        expected = random.Random(3).random()
        drawn_by(prover())
        assert random.random() == expected


class TestTheSmallest:
    def test_it_is_found_by_calls_on_a_service(self):
        class CutsText(NaiveService):
            def save(self, db_name, doc_id, doc):
                return super().save(db_name, doc_id, {k: v[:10] for k, v in doc.items()})

        kit = kit_of(CutsText(), profile="standard")
        collection = kit.collection()

        def check(text):
            collection.save("a", {"text": text})
            answers.document(collection.get("a"), "a", {"text": text}, "GET-1")

        with pytest.raises(Violation) as raised:
            kit.prove(check, text=st.text(max_size=40))
        assert raised.value.program.splitlines()[-2:] == [
            "db.save(collection, 'a', {'text': '00000000000'})",
            "print(db.get(collection, 'a'))",
        ]

    def test_shrinking_does_not_slip_to_another_mistake(self):
        def check(value):
            if value > 100:
                raise violation("GET-1" if value > 5000 else "GET-2", str(value))

        found = broken(check, st.integers(5001, 10**6).map(lambda n: n), seed=1)
        assert (found.clauses, found.what) == (("GET-1",), "5001")

    @pytest.mark.parametrize(
        ("check", "error"),
        [(lambda value: 1 / 0, ZeroDivisionError), (lambda wrong: None, TypeError)],
    )
    def test_another_exception_passes_as_it_is(self, check, error):
        with pytest.raises(error):
            prover().property(check, value=st.integers())


class TestReplaying:
    def test_exactly_the_example_is_run(self):
        found = broken(at_most_a_hundred, st.integers())
        values = []

        def check(value):
            values.append(value)
            at_most_a_hundred(value)

        again = broken(check, st.integers(), example=found.example, only_example=True, seed=99)
        assert set(values) == {101}
        assert again.what == found.what
        assert again.example == found.example

    @pytest.mark.parametrize("written", ["{}", NAME + ":{}"])
    def test_it_is_written_with_or_without_the_tests_name_and_may_pass_now(self, written):
        example = broken(at_most_a_hundred, st.integers()).example
        given = {"example": written.format(example), "only_example": True}
        assert drawn_by(prover(**given)) == [101]

    def test_it_is_run_first_and_others_after_it_in_its_own_test(self):
        example = broken(at_most_a_hundred, st.integers()).example
        values = drawn_by(prover(example=f"{NAME}:{example}"))
        assert values[0] == 101
        assert len(values) >= PROFILES["quick"].examples
        assert 101 not in drawn_by(prover(example=f"test_y:{example}"))

    @pytest.mark.parametrize("example", [NAME, f"{NAME}:"])
    def test_without_an_example_the_whole_test_is_run(self, example):
        assert len(drawn_by(prover(example=example, only_example=True))) == 12

    @pytest.mark.parametrize(
        "strategy",
        [
            st.integers(),
            st.text(min_size=2),
            st.floats(min_value=1),
            st.dictionaries(st.text(), st.lists(st.integers()), min_size=1),
            st.sampled_from(["a", "b"]),
        ],
    )
    def test_every_example_comes_back(self, strategy):
        def check(value):
            raise violation("GET-1", repr(value))

        found = broken(check, strategy)
        assert broken(check, strategy, example=found.example, only_example=True).what == found.what

    def test_the_example_is_of_the_mistake_that_is_reported(self):
        def check(value):
            if value["a"] > 10:
                raise violation("GET-1", repr(value))
            if value["b"] > 10:
                raise violation("GET-2", repr(value))

        strategy = st.fixed_dictionaries({"a": st.integers(), "b": st.integers()})
        for seed in range(12):
            found = broken(check, strategy, seed=seed)
            again = broken(check, strategy, example=found.example, only_example=True)
            assert again.what == found.what

    def test_a_long_one_is_not_shown(self, monkeypatch):
        monkeypatch.setattr(properties, "LONGEST_EXAMPLE", 10)
        assert broken(at_most_a_hundred, st.integers()).example == ""

    @pytest.mark.parametrize("text", ["!", "abc", "test_x:ü", encoded(b"x")[:-3], "A" * 500])
    def test_what_is_none_is_reported(self, text):
        with pytest.raises(UsageError, match="is no example of this kit: copy all of it"):
            prover(example=text)

    @pytest.mark.parametrize("junk", [b"\xff\xff\xff", b"\xff"])
    def test_one_that_cannot_be_read_is_reported_and_not_green(self, junk):
        with pytest.raises(UsageError, match="nothing was run"):
            drawn_by(prover(example=encoded(junk), only_example=True))


@pytest.mark.parametrize("fails_again", [False, True])
def test_a_backend_that_fails_now_and_then_is_reported_so(fails_again):
    calls = []

    def check(value):
        calls.append(value)
        if len(calls) == 3 or (fails_again and len(calls) > 3):
            raise violation("GET-1" if len(calls) % 2 else "GET-2", "it failed")

    found = broken(check, st.integers())
    assert found.clauses in [("GET-1",), ("GET-2",)]
    assert found.what.count("it failed") == 1
    if not fails_again:
        assert found.what.startswith(
            "it failed; the same calls did not fail each time, so the backend's answers"
        )


class TestMachines:
    def machine(self, seen, log, most=3):
        class Counter(RuleBasedStateMachine):
            def __init__(self):
                super().__init__()
                log.append("begin")
                self.sum = 0

            @rule(value=st.integers(0, 10))
            def add(self, value):
                self.sum += value
                if self.sum > most:
                    found = violation("SAVE-5", f"{self.sum} is too much")
                    seen.append(found)
                    raise found

        return Counter

    def output_of(self, log=None, **more):
        seen = []
        with pytest.raises(Violation) as raised:
            prover(**more).machine(self.machine(seen, [] if log is None else log), seen)
        return raised.value

    def test_the_smallest_program_is_reported_and_its_example_run_again(self):
        found, log = self.output_of(), []
        assert found.what == "4 is too much"
        again = self.output_of(log, example=found.example, only_example=True, seed=9)
        assert again.what == "4 is too much"
        assert len(log) <= 3

    def test_as_many_programs_run_as_the_profile_says(self):
        log = []
        prover().machine(self.machine([], log, most=10**9), [])
        assert len(log) >= PROFILES["quick"].programs

    def test_nothing_run_is_reported(self):
        with pytest.raises(UsageError, match="nothing was run"):
            prover(example=encoded(b"\xff\xff"), only_example=True).machine(
                self.machine([], []), []
            )

    def test_mistake_of_the_machine_is_no_violation(self):
        class Wrong(RuleBasedStateMachine):
            @rule()
            def fail(self):
                raise ZeroDivisionError

        class Empty(RuleBasedStateMachine):
            pass

        with pytest.raises(ZeroDivisionError):
            prover().machine(Wrong, [])
        with pytest.raises(Exception, match="defines no rules"):
            prover().machine(Empty, [])


def test_profiles_grow():
    sizes = [(p.examples, p.programs, p.steps) for p in PROFILES.values()]
    assert list(PROFILES) == ["quick", "standard", "thorough"]
    assert sizes == sorted(sizes)


def test_unknown_profile_is_reported():
    with pytest.raises(UsageError, match="no profile 'standart'; did you mean 'standard'"):
        profile_named("standart")
