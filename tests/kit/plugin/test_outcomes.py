"""Every outcome that a clause can have: how it is told, counted, and turned into a verdict."""

import pytest

EXPECTED = """    expected_failures = {{'{clause}': 'ticket 7'}}
"""


def test_pass_is_passed(author):
    author.subclasses("Right")
    result = author.pytest(clause="DEL-1")
    assert set(result.parseoutcomes()) == {"passed", "deselected"}
    assert author.outcomes() == {"DEL-1": "pass"}


def test_broken_must_is_failed(author):
    author.subclasses("Silent")
    result = author.pytest(clause="DEL-2")
    assert "failed" in result.parseoutcomes()
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "DEL-2 MUST: *",
            "*called:   delete(*",
            "*came:     None",
            "*expected: HTTPException *404*",
        ]
    )


def test_broken_should_is_xfailed_unless_strict(author):
    author.subclasses("Touches")
    result = author.pytest("-rx", clause="SAVE-9")
    assert result.parseoutcomes()["xfailed"] == 1
    assert result.ret == 0
    assert author.outcomes() == {"SAVE-9": "fail"}
    result.stdout.fnmatch_lines(["XFAIL *SAVE-9 is a SHOULD"])
    strict = author.pytest("--conformance-strict", clause="SAVE-9")
    assert strict.parseoutcomes()["failed"] == 1
    assert strict.ret == 1


def test_what_does_not_apply_is_skipped(author):
    author.subclasses("Right", "    capabilities = {'conflicts': False}\n")
    result = author.pytest("-rs", clause="SAVE-15")
    assert result.parseoutcomes()["skipped"] == 2  # alone, and when several save at once
    assert result.ret == 0
    assert author.outcomes() == {"SAVE-15": "not applicable"}
    result.stdout.fnmatch_lines(["SKIPPED * the target says that it has no conflicts"])


def test_expected_failure_is_xfailed_with_its_reason(author):
    author.subclasses("Silent", EXPECTED.format(clause="DEL-2"))
    result = author.pytest("-rx", clause="DEL-2")
    assert set(result.parseoutcomes()) == {"xfailed", "deselected"}
    assert result.ret == 0
    assert author.outcomes() == {"DEL-2": "expected failure"}
    result.stdout.fnmatch_lines(["*: conformant except DEL-2 *"])
    result.stdout.fnmatch_lines(["XFAIL *DEL-2: ticket 7"])


def test_expected_failure_that_passes_fails_the_run(author):
    author.subclasses("Right", EXPECTED.format(clause="DEL-2"))
    result = author.pytest(clause="DEL-2")
    assert result.ret == 1
    assert author.outcomes() == {"DEL-2": "fail"}
    assert "listed as an expected failure (ticket 7), but it passes" in author.output_of(result)


@pytest.mark.parametrize(
    ("body", "how"),
    [
        ("    test_missing_document_is_404 = None\n", "removed"),
        ("    def test_missing_document_is_404(self): pass\n", "overridden"),
    ],
)
def test_test_taken_out_by_the_author_is_not_tested(author, body, how):
    author.subclasses("Right", body)
    result = author.pytest(clause="GET")
    assert result.ret == 1
    assert author.outcomes()["GET-3"] == "not tested"
    assert author.outcomes()["GET-1"] == "pass"
    result.stdout.fnmatch_lines(
        [f"*GET-3 * test_missing_document_is_404 was {how} by the author's class*"]
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("    pytestmark = pytest.mark.skip('no docker')\n", "it was skipped: no docker"),
        ("    @pytest.fixture(autouse=True)\n    def around(self): pytest.skip('no docker')\n",
         "it was skipped: no docker"),
        ("    pytestmark = pytest.mark.xfail(run=False, reason='later')\n", "*not run: *later"),
    ],
    ids=["by a mark", "by a fixture", "by xfail"],
)  # fmt: skip
def test_skipped_is_not_tested_and_never_green(author, body, reason):
    author.writes(
        "import pytest\nfrom gofannon_conformance import DatabaseServiceContract\n"
        "from stores import Right\nclass TestMyDB(DatabaseServiceContract):\n"
        "    def connect(self): return Right()\n" + body
    )
    result = author.pytest(clause="GET-3")
    assert result.ret == 1
    assert author.outcomes() == {"GET-3": "not tested"}
    result.stdout.fnmatch_lines([f"*GET-3  {reason}"])


def test_mark_of_pytests_excuses_no_clause(author):
    author.writes(
        "import pytest\nfrom gofannon_conformance import DatabaseServiceContract\n"
        "from stores import Silent\n@pytest.mark.xfail\nclass TestMyDB(DatabaseServiceContract):\n"
        "    def connect(self): return Silent()\n"
    )
    result = author.pytest(clause="DEL-2")
    assert "failed" in result.parseoutcomes()
    assert result.ret == 1


def test_author_who_fails_to_clean_up_is_reported(author):
    author.writes(
        "from gofannon_conformance import DatabaseServiceContract\nimport stores\n"
        "class TestMyDB(DatabaseServiceContract):\n"
        "    def connect(self): yield from stores.failing_to_clean_up()\n"
        "    def setup_method(self): pass\n"
    )
    result = author.pytest(clause="GET-3")
    assert result.ret == 1
    assert author.outcomes() == {"GET-3": "error"}
    result.stdout.fnmatch_lines(
        ["error: cleaning up after it failed: RuntimeError: cannot let go (stores.py, *)"]
    )


def test_missing_fixture_is_reported(author):
    author.writes(
        "from gofannon_conformance import DatabaseServiceContract\n"
        "class TestMyDB(DatabaseServiceContract):\n"
        "    def connect(self, nothing_of_this_name): pass\n"
    )
    result = author.pytest(clause="GET-3")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["error: there is no fixture 'nothing_of_this_name' for it"])


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


def test_seed_repeats_the_run_exactly(author):
    def told():
        author.run("stores.py:ForgetsNone", clause="DOC-1,GET-1", report=True)
        return [
            [(f["came"], f["expected"]) for f in clause["failures"]]
            for clause in author.clauses().values()
        ]

    first = told()
    assert any(first)
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
    of_a_property = next(c for c in failures if "test_any_document_comes_back:" in c)
    of_an_example = next(c for c in failures if "test_document_comes_back_field_for_field" in c)
    for command in (of_a_property, of_an_example):
        failure = failures[command]
        again = author.shell(command)
        assert again.ret == 1, command
        assert "1 failed" in again.stdout.str() + again.stderr.str()
        author.writes(failure["program"], "program.py")
        ran = author.shell("python program.py")
        assert ran.ret == 0, ran.stderr.str()
        assert ran.stdout.str().strip()
