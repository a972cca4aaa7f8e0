"""The selftest: its plan, the result of a trial, and the matrix in all its forms."""

import json
from dataclasses import replace

import pytest

from gofannon_conformance.contract import load
from gofannon_conformance.mutants import CONTROLS, MUTANTS
from gofannon_conformance.report.model import Outcome
from gofannon_conformance.run.profiles import profile_named
from gofannon_conformance.selftest import drawing, figures, plan
from gofannon_conformance.selftest.command import exit_status
from gofannon_conformance.selftest.matrix import GOOD, Matrix, Result, Row
from gofannon_conformance.selftest.plan import job_for, planned
from gofannon_conformance.selftest.progress import Kind, shown
from gofannon_conformance.selftest.trial import TESTS, Entry, Job, Trial, run_job
from gofannon_conformance.usage import UsageError

MERGES = MUTANTS["save_merges_the_top_level"]
NOTHING, MODEST = CONTROLS["nothing_changed"], CONTROLS["right_modest"]


def entry(test, *clauses, at=0.1, outcome=None, message=""):
    outcome = outcome or (Outcome.FAIL if clauses else Outcome.PASS)
    return Entry(test=test, outcome=outcome, at=at, clauses=clauses, message=message)


def row(*entries, service=MERGES, meant=("SAVE-3",), seed=1, void=""):
    return Row(service=service, seed=seed, trial=Trial(entries=entries, void=void), meant=meant)


def matrix(*rows, form="whole", is_all=True, interrupted=False, tests=None):
    return Matrix(
        rows=rows,
        tests={"test_a": ("SAVE-3",), "test_b": ("SAVE-3",)} if tests is None else tests,
        form=form,
        is_all=is_all,
        seconds=12.3,
        workers=2,
        interrupted=interrupted,
    )


BROKE = entry("test_a", outcome=Outcome.ERROR, message="the kit or the server broke: KeyError")
SKIPPED = entry("test_a", outcome=Outcome.NOT_TESTED, message="no collections left")


@pytest.mark.parametrize(
    ("tried", "result", "why"),
    [
        (row(entry("test_a", "SAVE-3")), Result.KILLED, ""),
        (row(entry("test_a", "SAVE-3", "GET-1")), Result.KILLED, ""),
        (row(entry("test_a")), Result.SURVIVED, "no clause failed"),
        (row(entry("test_a", "GET-1")), Result.MISSED, "SAVE-3 did not fail, but GET-1"),
        (
            row(entry("test_a", "SAVE-3"), meant=("SAVE-3", "GET-1")),
            Result.MISSED,
            "GET-1 did not fail, but others",
        ),
        (row(void="there is no module"), Result.VOID, "there is no module"),
        (row(entry("test_a", "GET-1"), meant=()), Result.PENDING, ""),
        (row(entry("test_b", "SAVE-3"), BROKE), Result.BROKE, f"test_a: {BROKE.message}"),
        (row(entry("test_a"), service=NOTHING, meant=()), Result.PASSED, ""),
        (row(entry("test_a", "ID-3"), service=MODEST, meant=()), Result.PASSED, ""),
        (
            row(entry("test_a", "ID-3", message="no"), service=NOTHING, meant=()),
            Result.FALSE_ALARM,
            "test_a: ID-3 no",
        ),
        (
            row(entry("test_b", "ID-3"), entry("test_a", "GET-1"), service=MODEST, meant=()),
            Result.FALSE_ALARM,
            "test_a: GET-1 ",
        ),
        (row(SKIPPED, service=NOTHING, meant=()), Result.FALSE_ALARM, f"test_a: {SKIPPED.message}"),
        (row(service=NOTHING, meant=(), void="no"), Result.VOID, "no"),
    ],
)
def test_result_of_a_trial(tried, result, why):
    assert tried.result is result
    assert tried.why.strip() == why.strip()


def test_first_failure_is_of_a_clause_that_was_meant():
    tried = row(entry("test_a", "GET-1", at=0.1), entry("test_b", "SAVE-3", at=0.7))
    assert tried.first == 0.7
    assert tried.also == ("GET-1",)
    assert row(entry("test_a")).first is None


def test_test_that_kills_no_mutant_alone():
    both = row(entry("test_a", "SAVE-3"), entry("test_b", "SAVE-3"))
    one = row(entry("test_a", "SAVE-3"), service=MUTANTS["shorter_array_keeps_its_tail"])
    found = matrix(both, one)
    assert found.redundant == ("test_b",)
    assert replace(found, tests={**found.tests, "test_c": ("GET-1",)}).redundant == ("test_b",)
    assert found.kills["test_b"] == ("save_merges_the_top_level",)
    assert found.alone["test_a"] == ("shorter_array_keeps_its_tail",)
    assert "1 of 2 tests kill no mutant alone" in figures.sentences(found)


def test_test_that_kills_no_mutant():
    found = matrix(row(entry("test_a", "SAVE-3")))
    assert found.idle == ("test_b",)
    sentences = figures.sentences(found)
    assert "these tests kill no mutant: test_b" in sentences
    assert any(
        sentence.startswith("fewer than 2 mutants are meant for API-1") for sentence in sentences
    )


@pytest.mark.parametrize("left", [{"form": "quick"}, {"is_all": False}, {"interrupted": True}])
def test_incomplete_matrix_lists_no_redundant_test(left):
    found = matrix(row(entry("test_a", "SAVE-3")), **left)
    assert not found.is_complete
    assert "test_b" not in drawing.terminal(found, width=120, color=False)


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (matrix(row(entry("test_a", "SAVE-3")), is_all=False), 0),
        (matrix(row(entry("test_a", "SAVE-3")), form="quick"), 0),
        (matrix(row(entry("test_a", "GET-1"), meant=()), is_all=False), 0),
        (matrix(row(entry("test_a"))), 1),
        (matrix(row(entry("test_a", "SAVE-3"))), 1),  # complete, and test_b kills nothing
        (matrix(row(entry("test_a")), interrupted=True), 1),
        (matrix(row(entry("test_a", "SAVE-3")), interrupted=True), 2),
        (matrix(), 2),
    ],
)
def test_exit_status(found, status):
    assert exit_status(found) == status


def test_terminal_shows_each_service_and_each_error():
    found = matrix(
        row(entry("test_a", "SAVE-3", "A-1", "A-2", "A-3", "A-4", "A-5", at=0.25)),
        row(entry("test_a"), service=MUTANTS["ids_lower_cased"], meant=("ISO-4",)),
        row(service=MUTANTS["true_is_1"], meant=()),
        row(service=NOTHING, meant=()),
    )
    shown = " ".join(drawing.terminal(found, width=200, color=False).split())
    assert "save_merges_the_top_level killed SAVE-3 A-1 A-2 A-3 A-4 +1 0.25 s" in shown
    assert "ids_lower_cased, seed 1: survived Ids are compared without case. no clause" in shown
    assert "Tests that kill no mutant alone: test_b (0 mutants)" in shown
    assert "the suite does not test their clauses yet: true_is_1" in shown
    assert "1 of 2 mutants killed, 1 of 1 right services passed, 1 error, in 12 s" in shown


def test_runs_on_many_seeds_are_one_line_each():
    runs = [row(service=NOTHING, meant=(), seed=seed) for seed in (1, 2)]
    runs.append(row(entry("test_a", "GET-1"), service=NOTHING, meant=(), seed=3))
    shown = drawing.terminal(matrix(*runs), width=150, color=True)
    assert "false alarm (2 of 3 good)" in shown
    assert "nothing_changed, seed 3" in shown
    assert "(each run on a seed counts)" in shown


def test_interrupted_selftest_says_so():
    assert "interrupted" in figures.sentences(matrix(interrupted=True))[-2]


def test_markdown_has_every_service():
    found = matrix(
        row(entry("test_a", "SAVE-3", "GET-1", at=0.25)),
        row(entry("test_a"), service=MUTANTS["ids_lower_cased"], meant=("ISO-4",)),
        row(service=NOTHING, meant=()),
        row(entry("test_a", "ID-3"), service=MODEST, meant=()),
    )
    text = drawing.markdown(found)
    assert "| SAVE | 1 | 1 | 1 | 1 |" in text
    assert (
        "| `save_merges_the_top_level` | Fields that the new version lacks stay. | SAVE-3 | GET-1 "
        "| 0.25 s |"
    ) in text
    assert "| **`ids_lower_cased`** survived: no clause failed |" in text
    assert "| `nothing_changed` | The service that every mutant is made of" in text
    assert "passed, without the SHOULD clauses API-2, " in text
    assert "- `test_b` (0 mutants)" in text
    assert "\n- `test_b`" not in drawing.markdown(replace(found, form="quick"))


def test_json_has_every_figure():
    found = matrix(row(entry("test_a", "SAVE-3", "GET-1", at=0.25)), row(service=NOTHING, meant=()))
    value = json.loads(figures.as_json(found))
    mutant, control = value["services"]
    assert mutant["kind"] == "mutant"
    assert mutant["failed"] == {"SAVE-3": ["test_a"], "GET-1": ["test_a"]}
    assert mutant["seen"].startswith("fake-firestore")
    assert (control["kind"], control["verdict"], control["first"]) == ("right", "passed", None)
    assert value["tests"]["test_a"]["kills alone"] == ["save_merges_the_top_level"]


def test_whole_form_leaves_out_only_slow_tests_and_optional_methods():
    tests = job_for(MERGES, ("SAVE-3",), form="whole", seed=1).tests
    left_out = {
        test
        for test, ids in TESTS.items()
        if plan.is_slow(ids)
        or {*ids} <= plan.LARGE
        or test == plan.LONG
        or {plan.group_of(i) for i in ids} <= plan.OPTIONAL
    }
    meant = {test for test, ids in TESTS.items() if "SAVE-3" in ids}
    assert {*tests} == meant | {*TESTS} - left_out


def test_mutant_of_a_clause_is_tried_by_its_test_about_size():
    assert plan.LONG in job_for(MERGES, ("DOC-1",), form="whole", seed=1).tests


def test_right_services_have_the_examples_of_a_quick_run():
    quick = profile_named("quick")
    for_right = job_for(NOTHING, (), form="right", seed=1).profile
    assert (for_right.examples, for_right.programs) == (quick.examples, quick.programs)
    assert job_for(MERGES, ("SAVE-3",), form="whole", seed=1).profile.examples < quick.examples


def test_mutant_of_a_slow_group_is_tried_by_the_tests_of_its_clauses():
    tests = {*job_for(MERGES, ("CON-1",), form="whole", seed=1).tests}
    assert tests == {test for test, ids in TESTS.items() if "CON-1" in ids}


def test_mutant_of_a_clause_about_size_is_tried_by_all_of_these():
    tests = {*job_for(MERGES, ("LIST-6",), form="whole", seed=1).tests}
    assert {test for test, ids in TESTS.items() if {*ids} <= plan.LARGE} <= tests


def test_right_service_is_tried_by_every_test():
    assert job_for(NOTHING, (), form="right", seed=1).tests == tuple(TESTS)
    whole = {*job_for(NOTHING, (), form="whole", seed=1).tests}
    assert whole == {test for test, clauses in TESTS.items() if not plan.is_slow(clauses)}


def test_right_service_of_some_groups_is_tried_by_their_tests():
    of_its_kind = replace(NOTHING, tried_by=("DUR",))
    for form in plan.FORMS:
        tests = {*job_for(of_its_kind, (), form=form, seed=1).tests}
        assert tests == {test for test, ids in TESTS.items() if "DUR" in {i[:3] for i in ids}}


def test_quick_form_stops_once_the_meant_clauses_failed():
    job = job_for(MERGES, ("SAVE-3",), form="quick", seed=1)
    assert all("SAVE-3" in TESTS[test] for test in job.tests)
    trial = run_job(job)
    assert trial.entries[-1].clauses == ("SAVE-3",)
    assert len(trial.entries) < len(job.tests)


def test_two_seeds_double_the_jobs():
    chosen = planned(form="quick", seed=5, seeds=2)
    assert chosen.is_all
    assert chosen.seeds == (5, 6)
    plain = [control for control in CONTROLS.values() if not control.tried_by]
    assert len(chosen.jobs()) == 2 * (len(MUTANTS) + len(plain))


def test_right_services_can_be_chosen_alone():
    chosen = planned(form="right", seed=1)
    assert {service.name for service in chosen.services} == {*CONTROLS}
    assert not chosen.is_all


def test_mutants_are_chosen_by_clause_with_the_right_services():
    names = {service.name for service in planned(form="quick", clauses=["DEL-7"], seed=1).services}
    expected = {name for name, mutant in MUTANTS.items() if "DEL-7" in mutant.clauses}
    assert names == expected | {name for name, c in CONTROLS.items() if not c.tried_by}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"names": ["save_merges_top_level"]}, "did you mean 'save_merges_the_top_level'"),
        ({"clauses": ["GET-99"]}, "the contract has no clause 'GET-99'"),
        ({"clauses": ["GET-3"], "form": "right"}, "there is no mutant for GET-3"),
    ],
)
def test_unknown_service_or_clause_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        planned(**{"form": "quick", "seed": 1} | options)


def test_uncovered_clause_is_not_meant(monkeypatch):
    contract = load()
    uncovered = tuple(replace(c, covered=c.id != "SAVE-3") for c in contract.clauses)
    monkeypatch.setattr(plan, "load", lambda: replace(contract, clauses=uncovered))
    assert plan.meant_by(MERGES) == ()


def test_service_that_cannot_be_opened_is_void(tmp_path):
    def job(spec):
        return Job(spec=spec, tests=tuple(TESTS), profile=plan.PROFILE, seed=1)

    assert "there is no module" in run_job(job("no_such_module:make")).void
    file = tmp_path / "fails.py"
    file.write_text("def make():\n    raise OSError('no disk')\n")
    assert "no disk" in run_job(job(f"{file}:make")).void


def test_service_that_cannot_be_closed_is_an_error(tmp_path):
    file = tmp_path / "stays_open.py"
    file.write_text(
        "from gofannon_conformance.mutants.right import Right\n"
        "class StaysOpen(Right):\n"
        "    def close(self):\n"
        "        raise OSError('busy')\n"
    )
    test = "test_missing_document_is_404"
    job = Job(spec=f"{file}:StaysOpen", tests=(test,), profile=plan.PROFILE, seed=1)
    passed, closed = run_job(job).entries
    assert (passed.test, passed.outcome) == (test, Outcome.PASS)
    assert (closed.outcome, "busy" in closed.message) == (Outcome.ERROR, True)


def test_log_has_a_mark_for_each_service(capsys):
    with shown(3, "heading", color=False) as show:
        show(row(entry("test_a", "SAVE-3")))
        show(row(entry("test_a")))
    heading, marks = capsys.readouterr().err.splitlines()
    assert heading == "heading"
    assert marks.split() == [".S", "1", "killed,", "1", "survived"]


def test_progress_has_a_kind_for_each_result():
    assert {kind.name for kind in Kind} == {result.name for result in Result}
    assert {kind.name for kind in Kind if kind.is_failure} == {
        result.name for result in set(Result) - GOOD
    }
