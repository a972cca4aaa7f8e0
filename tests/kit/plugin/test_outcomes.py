"""Every outcome that a clause can have: how it is told, counted, and turned into a verdict."""

import shlex

import pytest

EXPECTED = "    expected_failures = {'DEL-2': 'ticket 7'}\n"
AROUND = "    @pytest.fixture(autouse=True)\n    def around(self): pytest.skip('no docker')\n"
FAILS_TO_CLEAN_UP = (
    "    def connect(self):\n        import stores\n"
    "        yield from stores.failing_to_clean_up()\n    def setup_method(self): pass\n"
)

TOLD = {
    "pass": ("Right", "", "DEL-1", "passed", "pass", ["*: strict (1 of 1 clause passed*"]),
    "broken MUST": (
        "Silent", "", "DEL-2", "failed", "fail",
        ["DEL-2 MUST: *", "*called:   delete(*", "*came:     None",
         "*expected: HTTPException *404*"],
    ),
    "broken SHOULD": (
        "Touches", "", "SAVE-9", "xfailed", "fail", ["XFAIL *SAVE-9 is a SHOULD"],
    ),
    "not applicable": (
        "Right", "    capabilities = {'conflicts': False}\n", "SAVE-15", "skipped",
        "not applicable", ["SKIPPED * the target says that it has no conflicts"],
    ),
    "expected failure": (
        "Silent", EXPECTED, "DEL-2", "xfailed", "expected failure",
        ["*: conformant except DEL-2 *", "XFAIL *DEL-2: ticket 7"],
    ),
    "expected failure that passes": (
        "Right", EXPECTED, "DEL-2", "passed", "fail",
        ["*listed as an expected failure (ticket 7), but it passes*"],
    ),
    "removed": (
        "Right", "    test_missing_document_is_404 = None\n", "GET-3,GET-1", "passed",
        "not tested", ["*GET-3 * test_missing_document_is_404 was removed by the author's class*"],
    ),
    "overridden": (
        "Right", "    def test_missing_document_is_404(self): pass\n", "GET-3,GET-1", "passed",
        "not tested", ["*GET-3 * test_missing_document_is_404 was overridden by the author's*"],
    ),
    "skipped by a mark": (
        "Right", "    pytestmark = pytest.mark.skip('no docker')\n", "GET-3", "skipped",
        "not tested", ["*GET-3  it was skipped: no docker"],
    ),
    "skipped by a fixture": (
        "Right", AROUND, "GET-3", "skipped", "not tested", ["*GET-3  it was skipped: no docker"],
    ),
    "not run": (
        "Right", "    pytestmark = pytest.mark.xfail(run=False, reason='later')\n", "GET-3",
        "xfailed", "not tested", ["*GET-3  *not run: *later"],
    ),
    "broken, with a mark of pytest's": (
        "Silent", "    pytestmark = pytest.mark.xfail\n", "DEL-2", "failed", "fail", [],
    ),
    "not cleaned up": (
        "Right", FAILS_TO_CLEAN_UP, "GET-3", "errors", "error",
        ["error: cleaning up after it failed: RuntimeError: cannot let go (stores.py, *)"],
    ),
    "without its fixture": (
        "Right", "    def connect(self, nothing_of_this_name): pass\n", "GET-3", "errors",
        "error", ["error: there is no fixture 'nothing_of_this_name' for it"],
    ),
}  # fmt: skip
GREEN = {"pass", "broken SHOULD", "not applicable", "expected failure"}


@pytest.mark.parametrize("name", TOLD)
def test_outcome_is_told_counted_and_in_the_report(author, name):
    store, body, clause, word, outcome, lines = TOLD[name]
    author.subclasses(store, body)
    result = author.pytest("-rxs", clause=clause)
    counted = result.parseoutcomes()
    assert word in counted
    assert "failed" not in counted or word == "failed"
    assert result.ret == (0 if name in GREEN else 1)
    assert author.outcomes()[clause.partition(",")[0]] == outcome
    assert author.outcomes().get("GET-1", "pass") == "pass"
    for line in lines:
        result.stdout.fnmatch_lines([line])


@pytest.mark.parametrize(
    ("store", "words", "status"),
    [
        ("Right", (), 0),
        ("Silent", (), 1),
        ("Touches", (), 0),
        ("Touches", ("--strict",), 1),
        ("Overview", (), 1),
        ("Overview", ("--dialect=overview",), 0),
        ("Right", ("--dialect=overview",), 1),
    ],
)
def test_exit_status_follows_the_verdict(author, store, words, status):
    result = author.run(f"stores.py:{store}", *words, clause="SAVE-1,SAVE-9,DEL-2,DEL-3")
    assert result.ret == status


def test_strict_option_of_pytest_counts_a_should(author):
    author.subclasses("Touches")
    strict = author.pytest("--conformance-strict", clause="SAVE-9")
    assert strict.parseoutcomes()["failed"] == 1
    assert strict.ret == 1


def test_seed_repeats_the_run_exactly(author):
    def told():
        author.run("stores.py:ForgetsNone", clause="GET-1", report=True)
        return [(f["came"], f["expected"]) for f in author.clauses()["GET-1"]["failures"]]

    first = told()
    assert first
    assert told() == first


@pytest.mark.parametrize("way", ["command", "subclass", "subclass in a folder"])
def test_command_of_a_failure_runs_it_again_and_its_program_runs(author, way):
    if way == "command":
        author.run("stores.py:ForgetsNone", clause="GET-1", report=True)
    elif way == "subclass":
        author.subclasses("ForgetsNone")
        author.pytest(clause="GET-1")
    else:
        author.subclasses("ForgetsNone")
        folder = author.pytester.mkdir("a folder")
        (author.folder / "test_mine.py").rename(folder / "test_mine.py")
        author.environment.setenv("PYTHONPATH", str(author.folder))
        author.pytest("--import-mode=importlib", clause="GET-1")
    failures = {
        f["reproduce"]: f for clause in author.clauses().values() for f in clause["failures"]
    }
    for test in ("test_any_document_comes_back:", "test_document_comes_back_field_for_field"):
        command = next(known for known in failures if test in known)
        name, *words = shlex.split(command)
        if way == "subclass in a folder":  # its folder is found by the name in the command
            again = author.shell(command)
        else:
            again = author.kit(*words) if name != "pytest" else author.pytester.runpytest(*words)
        assert again.ret == 1, command
        assert "1 failed" in author.output_of(again)
        printed = []
        exec(failures[command]["program"], {"print": printed.append})
        assert printed
