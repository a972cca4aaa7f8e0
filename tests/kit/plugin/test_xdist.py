"""The suite under pytest-xdist: workers of one seed, one report, one summary."""

import pytest
from authors import collections_kept

pytest.importorskip("xdist")


def test_workers_share_the_seed_and_the_report_is_whole(author):
    author.subclasses("Right", "    name = 'mydb'\ndef test_own(): pass\n")
    result = author.pytest("-n", "2", clause="GET,DEL,API")
    assert result.ret == 0
    assert set(author.outcomes().values()) <= {"pass", "not applicable"}
    assert len(author.outcomes()) == 8 + 7 + 3
    assert author.report()["seed"] == 1
    told = result.stdout.str()
    assert told.count("conformance of DatabaseService") == 1
    assert told.count("mydb: strict") == 1


def test_seed_of_a_run_without_one_is_the_same_in_all_workers(author):
    author.subclasses(
        body="    def setup_method(self, method): pass\n"
        "    def connect(self, request):\n"
        "        from gofannon_conformance.plugin.names import RUN\n"
        "        with open('seeds', 'a') as seeds:\n"
        "            seeds.write(f'{request.config.stash[RUN].options.seed}\\n')\n"
        "        return Right()\n"
    )
    author.pytester.runpytest_subprocess(
        "-n", "2", "--conformance-clause=DEL", "--conformance-json=report.json"
    )
    seeds = (author.folder / "seeds").read_text().split()
    assert len(seeds) > 5
    assert set(seeds) == {str(author.report()["seed"])}


def test_seed_is_shared_though_no_option_is_given(author):
    author.subclasses("Silent")
    result = author.pytester.runpytest_subprocess("-n", "2", "-k", "missing_document")
    result.stdout.fnmatch_lines(["TestMyDB: not conformant*"])
    result.stdout.fnmatch_lines(["kit * seed *"])


def test_target_of_the_option_runs_on_the_workers(author):
    result = author.pytest("-n", "2", "--conformance=stores.py:Silent", clause="DEL-1,DEL-2")
    assert result.ret == 1
    assert author.outcomes() == {"DEL-1": "pass", "DEL-2": "fail"}


def test_what_a_first_failure_stops_is_not_tested(author):
    author.subclasses("Silent", "    name = 'mydb'\n")
    author.pytest("-n", "2", "-x", clause="DEL-2,DEL-3,LIST,SCH")
    (target,) = author.report()["targets"]
    assert target["name"] == "mydb"
    assert "not tested" in author.outcomes().values()


def test_real_names_are_not_shared_by_workers(author):
    author.subclasses("OnFiles", "    disposable = True\n")
    result = author.pytest("-n", "2", clause="ISO-5,SCH")
    assert result.ret == 0
    names = collections_kept(author.folder)
    assert names
    assert all(name.startswith("gfc_") for name in names)


OWN_TESTS = """
import pytest


class TestQueue:
    def test_unwritten_collection_is_empty(self):
        pass

    @pytest.mark.skip
    def test_missing_document_is_404(self):
        pass

    def test_own(self):
        pass


def test_deleted_document_is_404():
    pass
"""


def test_test_that_only_has_a_name_of_the_suite_is_no_target(author):
    author.subclasses("Right", "    name = 'mydb'\n" + OWN_TESTS)
    result = author.pytest("-n", "2", clause="GET-3,LIST-3")
    assert result.ret == 0
    assert [target["name"] for target in author.report()["targets"]] == ["mydb"]


def test_class_that_cannot_be_meant_is_reported(author):
    author.writes(
        "from gofannon_conformance import DatabaseServiceContract\n"
        "class TestMyDB(DatabaseServiceContract): pass\n"
    )
    result = author.pytest("-n", "2", report=False)
    assert result.ret != 0
    assert "TestMyDB does not say how to connect" in result.stdout.str() + result.stderr.str()
