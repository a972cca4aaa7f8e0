"""The suite under pytest-xdist: workers of one seed, one report, one summary."""

import re

import pytest
from authors import collections_kept

pytest.importorskip("xdist")

MANY = """
import pytest
from gofannon_conformance import DatabaseServiceContract
from stores import OnFiles, Right


class TestMyDB(DatabaseServiceContract):
    name = "mydb"
    def setup_method(self, method): pass
    def connect(self, request):
        from gofannon_conformance.plugin.names import RUN
        with open("seeds", "a") as seeds:
            seeds.write(f"{request.config.stash[RUN].options.seed}\\n")
        return Right()


class TestFiles(DatabaseServiceContract):
    name = "files"
    disposable = True
    def connect(self): return OnFiles()


class TestQueue:
    def test_unwritten_collection_is_empty(self): pass

    @pytest.mark.skip
    def test_missing_document_is_404(self): pass

    def test_own(self): pass


def test_deleted_document_is_404(): pass
"""


def test_workers_share_the_seed_and_the_report_is_whole(author):
    author.writes(MANY)
    result = author.pytester.runpytest_subprocess(
        *("-n", "2", "--conformance=stores.py:Silent", "--conformance-profile=quick"),
        *("--conformance-clause=GET,DEL,ISO-5", "--conformance-json=report.json"),
    )
    assert result.ret == 1
    report = author.report()
    verdicts = {target["name"]: target["verdict"] for target in report["targets"]}
    assert verdicts == {"mydb": "strict", "files": "strict", "Silent": "not conformant"}
    assert {len(target["clauses"]) for target in report["targets"]} == {8 + 7 + 1}
    told = result.stdout.str()
    assert told.count("conformance of DatabaseService") == 1
    assert len(re.findall(r"^ mydb .* strict", told, re.MULTILINE)) == 1
    seeds = (author.folder / "seeds").read_text().split()
    assert len(seeds) > 5
    assert set(seeds) == {str(report["seed"])}
    names = collections_kept(author.folder)
    assert names
    assert all(name.startswith("gfc_") for name in names), "workers share no real names"


def test_seed_is_shared_though_no_option_is_given(author):
    author.subclasses("Silent")
    result = author.pytester.runpytest_subprocess("-n", "2", "-k", "missing_document")
    result.stdout.fnmatch_lines(["TestMyDB: not conformant*"])
    result.stdout.fnmatch_lines(["kit * seed *"])


def test_what_a_first_failure_stops_is_not_tested(author):
    author.subclasses("Silent", "    name = 'mydb'\n")
    author.pytest("-n", "2", "-x", clause="DEL-2,DEL-3,LIST,SCH")
    (target,) = author.report()["targets"]
    assert target["name"] == "mydb"
    assert "not tested" in author.outcomes().values()


def test_class_that_cannot_be_meant_is_reported(author):
    author.writes(
        "from gofannon_conformance import DatabaseServiceContract\n"
        "class TestMyDB(DatabaseServiceContract): pass\n"
    )
    result = author.pytest("-n", "2", report=False)
    assert result.ret != 0
    assert "TestMyDB does not say how to connect" in result.stdout.str() + result.stderr.str()
