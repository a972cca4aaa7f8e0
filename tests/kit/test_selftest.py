"""The selftest: what is tried, what a trial says of the suite, and how that is told."""

import json
from dataclasses import replace

import pytest

from gofannon_conformance.contract import load
from gofannon_conformance.mutants import CONTROLS, MUTANTS
from gofannon_conformance.profiles import profile_named
from gofannon_conformance.report.model import Outcome
from gofannon_conformance.selftest import drawing, plan, telling
from gofannon_conformance.selftest.command import BEGIN, END, exit_status, place
from gofannon_conformance.selftest.matrix import Matrix, Row, Verdict
from gofannon_conformance.selftest.plan import job_for, planned
from gofannon_conformance.selftest.trial import TESTS, Job, Told, Trial, tried
from gofannon_conformance.selftest.watching import Watching
from gofannon_conformance.usage import UsageError

MERGES = MUTANTS["save_merges_the_top_level"]
NOTHING, MODEST = CONTROLS["nothing_changed"], CONTROLS["right_modest"]


def told(test, *clauses, at=0.1, outcome=None, said=""):
    outcome = outcome or (Outcome.FAIL if clauses else Outcome.PASS)
    return Told(test=test, outcome=outcome, at=at, clauses=clauses, said=said)


def row(*results, service=MERGES, meant=("SAVE-3",), seed=1, void=""):
    return Row(service=service, seed=seed, trial=Trial(told=results, void=void), meant=meant)


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


BROKE = told("test_a", outcome=Outcome.ERROR, said="the kit or the server broke: KeyError")
SKIPPED = told("test_a", outcome=Outcome.NOT_TESTED, said="no collections left")


@pytest.mark.parametrize(
    ("tried_out", "verdict", "why"),
    [
        (row(told("test_a", "SAVE-3")), Verdict.KILLED, ""),
        (row(told("test_a", "SAVE-3", "GET-1")), Verdict.KILLED, ""),
        (row(told("test_a")), Verdict.SURVIVED, "nothing has failed"),
        (row(told("test_a", "GET-1")), Verdict.MISSED, "SAVE-3 did not fail, but GET-1"),
        (
            row(told("test_a", "SAVE-3"), meant=("SAVE-3", "GET-1")),
            Verdict.MISSED,
            "GET-1 did not fail, but others",
        ),
        (row(void="there is no module"), Verdict.VOID, "there is no module"),
        (row(told("test_a", "GET-1"), meant=()), Verdict.PENDING, ""),
        (row(told("test_b", "SAVE-3"), BROKE), Verdict.BROKE, f"test_a: {BROKE.said}"),
        (row(told("test_a"), service=NOTHING, meant=()), Verdict.PASSED, ""),
        (row(told("test_a", "ID-3"), service=MODEST, meant=()), Verdict.PASSED, ""),
        (
            row(told("test_a", "ID-3", said="no"), service=NOTHING, meant=()),
            Verdict.FALSE_ALARM,
            "test_a: ID-3 no",
        ),
        (
            row(told("test_b", "ID-3"), told("test_a", "GET-1"), service=MODEST, meant=()),
            Verdict.FALSE_ALARM,
            "test_a: GET-1 ",
        ),
        (row(SKIPPED, service=NOTHING, meant=()), Verdict.FALSE_ALARM, f"test_a: {SKIPPED.said}"),
        (row(service=NOTHING, meant=(), void="no"), Verdict.VOID, "no"),
    ],
)
def test_trial_says_of_the_suite(tried_out, verdict, why):
    assert tried_out.verdict is verdict
    assert tried_out.why.strip() == why.strip()


def test_first_failure_is_of_a_clause_that_was_meant():
    tried_out = row(told("test_a", "GET-1", at=0.1), told("test_b", "SAVE-3", at=0.7))
    assert tried_out.first == 0.7
    assert tried_out.also == ("GET-1",)
    assert row(told("test_a")).first is None


def test_test_that_kills_nothing_alone_is_told():
    both = row(told("test_a", "SAVE-3"), told("test_b", "SAVE-3"))
    one = row(told("test_a", "SAVE-3"), service=MUTANTS["shorter_array_keeps_its_tail"])
    found = matrix(both, one)
    assert found.redundant == ("test_b",)
    assert replace(found, tests={**found.tests, "test_c": ("GET-1",)}).redundant == ("test_b",)
    assert found.kills["test_b"] == ("save_merges_the_top_level",)
    assert found.alone["test_a"] == ("shorter_array_keeps_its_tail",)
    assert "1 of 2 tests kill no mutant that no other test kills" in telling.sentences(found)


def test_test_that_could_kill_and_kills_nothing_is_told():
    found = matrix(row(told("test_a", "SAVE-3")))
    assert found.idle == ("test_b",)
    said = telling.sentences(found)
    assert "these tests kill no mutant at all: test_b" in said
    assert any(sentence.startswith("fewer than 2 mutants are meant for API-1") for sentence in said)


@pytest.mark.parametrize("left", [{"form": "quick"}, {"is_all": False}, {"interrupted": True}])
def test_no_test_is_called_redundant_where_not_all_were_run(left):
    found = matrix(row(told("test_a", "SAVE-3")), **left)
    assert not found.tells_redundancy
    assert "test_b" not in drawing.terminal(found, width=120, color=False)


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (matrix(row(told("test_a", "SAVE-3")), is_all=False), 0),
        (matrix(row(told("test_a", "SAVE-3")), form="quick"), 0),
        (matrix(row(told("test_a", "GET-1"), meant=()), is_all=False), 0),
        (matrix(row(told("test_a"))), 1),
        (matrix(row(told("test_a", "SAVE-3"))), 1),  # the whole zoo, and test_b kills nothing
        (matrix(row(told("test_a")), interrupted=True), 1),
        (matrix(row(told("test_a", "SAVE-3")), interrupted=True), 2),
        (matrix(), 2),
    ],
)
def test_exit_status(found, status):
    assert exit_status(found) == status


def test_terminal_shows_each_service_and_each_error():
    found = matrix(
        row(told("test_a", "SAVE-3", "A-1", "A-2", "A-3", "A-4", "A-5", at=0.25)),
        row(told("test_a"), service=MUTANTS["ids_lower_cased"], meant=("ISO-4",)),
        row(service=MUTANTS["true_is_1"], meant=()),
        row(service=NOTHING, meant=()),
    )
    shown = " ".join(drawing.terminal(found, width=200, color=False).split())
    assert "save_merges_the_top_level killed SAVE-3 A-1 A-2 A-3 A-4 +1 0.25 s" in shown
    assert "ids_lower_cased, seed 1: survived Ids are compared without case. nothing has" in shown
    assert "Kills nothing that no other test kills: test_b (0 mutants)" in shown
    assert "the suite does not test their clauses yet: true_is_1" in shown
    assert "1 of 2 mutants killed, 1 of 1 right services passed, 1 error, in 12 s" in shown


def test_runs_on_many_seeds_are_one_line_each():
    runs = [row(service=NOTHING, meant=(), seed=seed) for seed in (1, 2)]
    runs.append(row(told("test_a", "GET-1"), service=NOTHING, meant=(), seed=3))
    shown = drawing.terminal(matrix(*runs), width=150, color=True)
    assert "false alarm (2 of 3 good)" in shown
    assert "nothing_changed, seed 3" in shown
    assert "(each run on a seed counts)" in shown


def test_interrupted_selftest_says_so():
    assert "interrupted" in telling.sentences(matrix(interrupted=True))[-2]


def test_markdown_has_every_service():
    found = matrix(
        row(told("test_a", "SAVE-3", "GET-1", at=0.25)),
        row(told("test_a"), service=MUTANTS["ids_lower_cased"], meant=("ISO-4",)),
        row(service=NOTHING, meant=()),
        row(told("test_a", "ID-3"), service=MODEST, meant=()),
    )
    text = drawing.markdown(found)
    assert "| SAVE | 1 | 1 | 1 | 1 |" in text
    assert (
        "| `save_merges_the_top_level` | Fields that the new version lacks stay. | SAVE-3 | GET-1 "
        "| 0.25 s |"
    ) in text
    assert "| **`ids_lower_cased`** survived: nothing has failed |" in text
    assert "| `nothing_changed` | The service that every mutant is made of" in text
    assert "passed, but for API-2, " in text
    assert "- `test_b` (0 mutants)" in text
    assert "\n- `test_b`" not in drawing.markdown(replace(found, form="quick"))


def test_json_has_every_figure():
    found = matrix(row(told("test_a", "SAVE-3", "GET-1", at=0.25)), row(service=NOTHING, meant=()))
    value = json.loads(telling.as_json(found))
    mutant, control = value["services"]
    assert mutant["kind"] == "mutant"
    assert mutant["failed"] == {"SAVE-3": ["test_a"], "GET-1": ["test_a"]}
    assert mutant["seen"].startswith("fake-firestore")
    assert (control["kind"], control["verdict"], control["first"]) == ("right", "passed", None)
    assert value["tests"]["test_a"]["kills alone"] == ["save_merges_the_top_level"]


def test_whole_form_leaves_out_only_what_costs_seconds_or_is_about_other_methods():
    tests = job_for(MERGES, ("SAVE-3",), form="whole", seed=1).tests
    left_out = {
        test
        for test, ids in TESTS.items()
        if plan.is_apart(ids)
        or {*ids} <= plan.LARGE
        or test == plan.LONG
        or {plan.group_of(i) for i in ids} <= plan.OPTIONAL
    }
    meant = {test for test, ids in TESTS.items() if "SAVE-3" in ids}
    assert {*tests} == meant | {*TESTS} - left_out


def test_mutant_of_the_clause_meets_its_test_about_size():
    assert plan.LONG in job_for(MERGES, ("DOC-1",), form="whole", seed=1).tests


def test_right_services_are_tried_as_hard_as_a_quick_run_tries_them():
    quick = profile_named("quick")
    for_right = job_for(NOTHING, (), form="right", seed=1).profile
    assert (for_right.examples, for_right.programs) == (quick.examples, quick.programs)
    assert job_for(MERGES, ("SAVE-3",), form="whole", seed=1).profile.examples < quick.examples


def test_mutant_that_is_meant_for_such_a_group_is_tried_by_the_tests_of_its_clauses():
    tests = {*job_for(MERGES, ("CON-1",), form="whole", seed=1).tests}
    assert tests == {test for test, ids in TESTS.items() if "CON-1" in ids}


def test_mutant_that_is_meant_for_a_clause_of_size_is_tried_by_all_of_these():
    tests = {*job_for(MERGES, ("LIST-6",), form="whole", seed=1).tests}
    assert {test for test, ids in TESTS.items() if {*ids} <= plan.LARGE} <= tests


def test_right_service_is_tried_by_every_test():
    assert job_for(NOTHING, (), form="right", seed=1).tests == tuple(TESTS)
    whole = {*job_for(NOTHING, (), form="whole", seed=1).tests}
    assert whole == {test for test, clauses in TESTS.items() if not plan.is_apart(clauses)}


def test_right_service_of_some_groups_is_tried_by_their_tests():
    of_its_kind = replace(NOTHING, tried_by=("DUR",))
    for form in plan.FORMS:
        tests = {*job_for(of_its_kind, (), form=form, seed=1).tests}
        assert tests == {test for test, ids in TESTS.items() if "DUR" in {i[:3] for i in ids}}


def test_quick_form_stops_when_what_was_meant_has_failed():
    job = job_for(MERGES, ("SAVE-3",), form="quick", seed=1)
    assert all("SAVE-3" in TESTS[test] for test in job.tests)
    trial = tried(job)
    assert trial.told[-1].clauses == ("SAVE-3",)
    assert len(trial.told) < len(job.tests)


def test_whole_zoo_on_two_seeds_is_twice_the_zoo():
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
    ("asked", "said"),
    [
        ({"names": ["save_merges_top_level"]}, "did you mean 'save_merges_the_top_level'"),
        ({"clauses": ["GET-99"]}, "the contract has no clause 'GET-99'"),
        ({"clauses": ["GET-3"], "form": "right"}, "the zoo has no mutant for GET-3"),
    ],
)
def test_what_the_zoo_does_not_have_is_refused(asked, said):
    with pytest.raises(UsageError, match=said):
        planned(**{"form": "quick", "seed": 1} | asked)


def test_clause_that_the_suite_does_not_test_yet_is_not_asked_of_it(monkeypatch):
    contract = load()
    uncovered = tuple(replace(c, covered=c.id != "SAVE-3") for c in contract.clauses)
    monkeypatch.setattr(plan, "load", lambda: replace(contract, clauses=uncovered))
    assert plan.meant_by(MERGES) == ()


def test_service_that_cannot_be_opened_is_void(tmp_path):
    def job(spec):
        return Job(spec=spec, tests=tuple(TESTS), profile=plan.PROFILE, seed=1)

    assert "there is no module" in tried(job("no_such_module:make")).void
    file = tmp_path / "fails.py"
    file.write_text("def make():\n    raise OSError('no disk')\n")
    assert "no disk" in tried(job(f"{file}:make")).void


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
    passed, closed = tried(job).told
    assert (passed.test, passed.outcome) == (test, Outcome.PASS)
    assert (closed.outcome, "busy" in closed.said) == (Outcome.ERROR, True)


def test_log_has_a_mark_for_each_service(capsys):
    with Watching(3, color=False) as watching:
        watching(row(told("test_a", "SAVE-3")))
        watching(row(told("test_a")))
    assert capsys.readouterr().err == ".S 2 of 3\n"


def test_log_is_broken_into_lines(capsys):
    with Watching(60, color=False) as watching:
        for _ in range(60):
            watching(row(told("test_a", "SAVE-3")))
    assert capsys.readouterr().err == "." * 60 + " 60 of 60\n"


def test_terminal_has_a_bar(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with Watching(2, color=False) as watching:
        watching(row(told("test_a")))
        assert watching._bar.tasks[0].completed == 1
        assert watching._bar.tasks[0].fields["errors"] == "1 errors"


def test_page_keeps_what_stands_around_the_matrix(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    place(page, "new\n")
    assert page.read_text() == f"before\n{BEGIN}\nnew\n{END}\nafter\n"


@pytest.mark.parametrize("old", [None, "old\n", f"{BEGIN}\nold\n"])
def test_file_without_both_marks_is_written_anew(tmp_path, old):
    file = tmp_path / "matrix.md"
    if old is not None:
        file.write_text(old)
    place(file, "new\n")
    assert file.read_text() == "new\n"
