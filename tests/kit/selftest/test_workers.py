"""The selftest's worker processes and its command: files, messages, Ctrl-C."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from contextlib import closing

import pytest

from gofannon_conformance.selftest.plan import PROFILE
from gofannon_conformance.selftest.trial import Job
from gofannon_conformance.selftest.workers import trials, work

TEST = "test_missing_document_is_404"

ODD = """\
import os, time
from gofannon_conformance.mutants.right import Right


def dies():
    os._exit(7)


def hangs():
    while True:
        time.sleep(0.05)
"""


def job(spec="gofannon_conformance.mutants:missing_is_410", seed=1):
    return Job(spec=spec, tests=(TEST,), profile=PROFILE, seed=seed)


@pytest.fixture
def odd(tmp_path):
    file = tmp_path / "odd.py"
    file.write_text(ODD)
    return file


def test_worker_runs_one_job_after_the_other():
    mine, its = multiprocessing.Pipe()
    for sent in (job(), job("gofannon_conformance.mutants:nothing_changed"), None):
        mine.send(sent)
    work(its)
    begun, first, begun_again, second = (mine.recv() for _ in range(4))
    assert begun is begun_again is None
    assert [[*trial.failed] for trial in (first, second)] == [["GET-3", "ERR-2"], []]


def test_process_that_dies_or_hangs_loses_only_its_own_job(odd):
    jobs = [job(f"{odd}:dies"), job(f"{odd}:hangs"), *(job(seed=seed) for seed in range(3))]
    found = dict(trials(jobs, workers=2, longest=3))
    assert found[jobs[0]].void == "its process ended with status 7"
    assert found[jobs[1]].void == "it did not end within 3 s"
    assert all("GET-3" in found[sent].failed for sent in jobs[2:])


def test_closing_the_generator_stops_the_workers(odd):
    with closing(trials([job(), job(f"{odd}:hangs")], workers=2)) as ended:
        next(ended)
    assert multiprocessing.active_children() == []


def test_command_prints_the_matrix_and_writes_the_files(author):
    words = ("--mutant=missing_is_410", "--mutant=true_is_1", "--jobs=1", "--seed=3")
    files = ("--json=matrix.json", "--markdown=matrix.md")
    result = author.kit("selftest", "--quick", *words, *files)
    assert result.ret == 0
    text = author.output_of(result)
    assert "2 services, quick form, 1 processes, seed 3" in text
    assert "missing_is_410 killed GET-3 DEL-2 ERR-2" in text
    assert "2 of 2 mutants killed, no error" in text
    value = json.loads((author.folder / "matrix.json").read_text())
    assert [s["name"] for s in value["services"]] == ["missing_is_410", "true_is_1"]
    assert "| `missing_is_410` |" in (author.folder / "matrix.md").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--mutant=no_such"], "there is no service 'no_such'"),
        (["--clause=NO-1"], "the contract has no clause 'NO-1'"),
        (["--json=no/where.json"], "--json no/where.json: there is no such folder"),
    ],
)
def test_wrong_option_is_reported(author, words, message):
    result = author.kit_here("selftest", *words)
    assert result.exit_code == 2
    assert message in result.output


def test_file_that_cannot_be_written_is_reported(author):
    words = ("--quick", "--mutant=missing_is_410", "--jobs=1")
    result = author.kit("selftest", *words, f"--json={author.folder}")
    assert result.ret == 2
    assert "Is a directory" in author.output_of(result)


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent in another way there")
def test_ctrl_c_shows_the_rows_so_far(tmp_path):
    command = [
        sys.executable,
        "-m",
        "gofannon_conformance.cli.main",
        "selftest",
        "--quick",
        "--jobs=2",
    ]
    command += ["--mutant=*_is_*", "--seeds=50"]  # enough to be still running
    started = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while started.stderr.read(1) != ".":
        assert started.poll() is None
    started.send_signal(signal.SIGINT)
    shown, _ = started.communicate(timeout=60)
    assert started.returncode in (1, 2)
    assert "interrupted: the figures are incomplete" in shown
    assert "mutants killed" in shown
