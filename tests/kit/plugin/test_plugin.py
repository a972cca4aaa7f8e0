"""The suite as a class in an author's own test suite, with all that such a suite may hold."""

import re

import pytest

BESIDE_ITS_OWN = """
import pytest
import unittest
from gofannon_conformance import DatabaseServiceContract
from stores import Async, OnFiles, Right, Silent, right


def test_own(): pass


class TestUnit(unittest.TestCase):
    def test_unit(self): pass


"""

CLASSES = {
    "connect": "    def connect(self): return Right()",
    "connect that is static": "    connect = staticmethod(right)",
    "connect that yields": "    def connect(self): yield Right()",
    "async connect": "    async def connect(self): return Async()",
    "async connect that yields": "    async def connect(self): yield Async()",
    "connect with a fixture of pytest's": (
        "    def connect(self, tmp_path): assert tmp_path.is_dir(); return Right()"
    ),
    "connect with fixtures of its own": """
    @pytest.fixture
    def server(self): return "address"
    @pytest.fixture
    def target(self): return "no target of the kit's"
    @pytest.fixture
    def name(self, server): return server + "/db"
    def connect(self, name, target): assert name == "address/db"; return Right()
""",
    "service": """
    @pytest.fixture
    def service(self, tmp_path): yield Right()
""",
    "service of a session's": """
    @pytest.fixture
    def service(self, of_session): return of_session
""",
    "autouse fixture and setup_method": """
    @pytest.fixture(autouse=True)
    def around(self): self.ready = 1; yield; del self.ready
    def setup_method(self): self.set_up = True
    def connect(self): assert self.ready and self.set_up; return Right()
""",
    "parametrized fixture": """
    @pytest.fixture(params=["a::b", "c"])
    def service(self, request): return Right()
""",
}

CONFTEST = """
import pytest
from hypothesis import settings

settings.register_profile("authors", max_examples=1, deadline=1, derandomize=True)
settings.load_profile("authors")

@pytest.fixture(scope="session")
def of_session():
    from stores import Right
    return Right()

for name in ("kit", "service", "collection", "target", "db"):
    def made(name=name):
        raise AssertionError("an author's own fixture was asked for")
    globals()[name] = pytest.fixture(name=name)(made)
"""


def test_class_may_connect_as_it_likes(author):
    author.writes(CONFTEST, "conftest.py")
    classes = (
        f"class TestMyDB{number}(DatabaseServiceContract):\n{body}\n\n"
        for number, body in enumerate(CLASSES.values())
    )
    author.writes(BESIDE_ITS_OWN + "\n".join(classes))
    result = author.pytest("-W", "error", "--strict-markers", clause="GET-3,DEL-1", apart=True)
    assert set(result.parseoutcomes()) == {"passed", "deselected"}, result.stdout.str()
    assert result.ret == 0
    verdicts = [target["verdict"] for target in author.report()["targets"]]
    assert verdicts == ["strict"] * len(CLASSES)


def test_authors_settings_of_pytest_are_no_hindrance(author):
    author.subclasses()
    words = ("-p", "no:cacheprovider", "-p", "no:randomly", "--import-mode=importlib")
    assert author.pytest(*words, clause="GET-1,GET-3").ret == 0
    assert author.outcomes() == {"GET-1": "pass", "GET-3": "pass"}


def test_one_test_can_be_chosen_and_what_is_left_out_is_not_counted(author):
    author.subclasses("Silent")
    result = author.pytest("-k", "test_missing_document_is_404")
    assert result.ret == 0
    assert set(author.outcomes().values()) == {"pass"}
    result.stdout.fnmatch_lines(["*: strict (*a partial run: clauses were left out*"])


def test_last_failed_runs_what_failed(author):
    author.subclasses("Silent", "def test_own(): pass\n")
    first = author.pytest(clause="GET-3,DEL-2,DEL-3").parseoutcomes()
    second = author.pytest("--lf", clause="GET-3,DEL-2,DEL-3").parseoutcomes()
    assert first["passed"] > 1
    assert second["failed"] == first["failed"] > 0
    assert "passed" not in second
    assert {"DEL-2": "fail", "DEL-3": "fail"}.items() <= author.outcomes().items()


def test_what_a_first_failure_stops_is_not_tested(author):
    author.subclasses("Silent")
    result = author.pytest("-x", clause="DEL-2,LIST-1")
    assert result.ret == 1
    assert author.outcomes()["LIST-1"] == "not tested"
    assert "LIST-1 the run was stopped before test_" in author.output_of(result)


def test_collecting_alone_is_no_run(author):
    author.subclasses()
    result = author.pytest("--collect-only", "-q", clause="GET-3", report=False)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["test_mine.py::TestMyDB::test_missing_document_is_404"])
    result.stdout.no_fnmatch_line("*not conformant*")


def test_classes_of_one_name_are_reported_apart(author):
    for folder in ("one", "two"):
        author.subclasses("Right")
        (author.folder / "test_mine.py").rename(author.pytester.mkdir(folder) / f"test_{folder}.py")
    author.pytest(clause="GET-3")
    assert [t["name"] for t in author.report()["targets"]] == [
        "TestMyDB (one/test_one.py)",
        "TestMyDB (two/test_two.py)",
    ]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("    pass", "TestMyDB does not say how to connect: write `def connect(self)*"),
        ("    expected_failures = {'GTE-3': 'x'}\n    def connect(self): return Right()",
         "TestMyDB: expected_failures: *'GTE-3'; did you mean GET-3*"),
        ("    dialect = 'overvew'\n    def connect(self): return Right()",
         "*there is no dialect 'overvew'; did you mean 'overview'?"),
        ("    capabilities = {'revision'}\n    def connect(self): return Right()",
         "*there is no capability 'revision'; did you mean 'revisions'?"),
    ],
)  # fmt: skip
def test_class_that_cannot_be_meant_is_one_line(author, body, line):
    author.writes(f"{BESIDE_ITS_OWN}class TestMyDB(DatabaseServiceContract):\n{body}\n")
    result = author.pytest(report=False)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {line}"])
    assert "Traceback" not in result.stderr.str()


def test_database_that_is_down_is_tried_once(author):
    author.writes(
        BESIDE_ITS_OWN + "class TestMyDB(DatabaseServiceContract):\n"
        "    def connect(self):\n"
        "        with open('tries', 'a') as tries: tries.write('x')\n"
        "        raise OSError('it is down')\n"
    )
    result = author.pytest(clause="GET,DEL")
    assert result.ret == 1
    assert (author.folder / "tries").read_text() == "x"
    assert set(author.outcomes().values()) == {"error"}
    result.stdout.fnmatch_lines(
        ["error: test_mine.py:TestMyDB: opening it failed: OSError: it is down (test_mine.py, *)"]
    )


def test_summary_shows_table_failures_and_verdict_and_nothing_of_the_kit(author):
    author.subclasses("ForgetsNone")
    result = author.pytest(clause="GET-1,DEL-1")
    told = result.stdout.str()
    result.stdout.fnmatch_lines(
        [
            "GET-1 MUST: returns the document last saved under that id*",
            "*= conformance of DatabaseService =*",
            " clauses   pass   fail *",
            " GET * 1 *",
            "Broken clauses: 1",
            "*again: pytest test_mine.py::TestMyDB::test_* --conformance-example=*",
            "TestMyDB: not conformant (1 of 2 clauses passed; 1 MUST failed; *",
        ]
    )
    of_the_tests = re.sub(r"^plugins: .*$", "", told, flags=re.MULTILINE).lower()
    for noise in ("hypothesis", "falsifying", "suite/get.py", "prove.py", "traceback"):
        assert noise not in of_the_tests


def test_quiet_summary_is_the_verdict(author):
    author.subclasses("Right")
    result = author.pytest("-q", clause="GET-3")
    result.stdout.fnmatch_lines(["TestMyDB: strict (1 of 1 clause passed; a partial run*"])
    assert len(result.stdout.lines) < 8
