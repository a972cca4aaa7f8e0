"""The workflows of GitHub Actions: they call nox, pin their actions, and have few permissions."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from itertools import product
from pathlib import Path
from xml.etree import ElementTree as ET

import nox.registry
import pytest
import yaml

from gofannon_conformance.contract import load
from gofannon_conformance.servers import provider, stores

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / ".github").rglob("*.yml"))
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTION = ROOT / ".github/actions/nox/action.yml"
NOX = "./.github/actions/nox"


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs():
    return [
        pytest.param(name, job, id=f"{path.stem}-{name}")
        for path in WORKFLOWS
        for name, job in read(path)["jobs"].items()
    ]


def steps_of(job):
    return job.get("steps", [])


def filled_in(text, cell):
    return re.sub(r"\$\{\{ matrix\.(\w+) \}\}", lambda found: str(cell[found[1]]), text)


def cells(job):
    """Each cell of a job's matrix, with the additions of `include`."""
    matrix = dict(job.get("strategy", {}).get("matrix", {}))
    more = matrix.pop("include", [])
    if not matrix:
        return more or [{}]
    product_of = [dict(zip(matrix, chosen, strict=True)) for chosen in product(*matrix.values())]
    for cell, added in product(product_of, more):
        if all(cell[key] == added[key] for key in matrix.keys() & added.keys()):
            cell.update(added)
    return product_of


def sessions_called():
    """Every nox session that a job calls, with the Pythons of the job."""
    called = []
    for path in WORKFLOWS:
        for job in read(path)["jobs"].values():
            for step, cell in product(steps_of(job), cells(job)):
                if step.get("uses") == NOX:
                    inputs = {key: filled_in(text, cell) for key, text in step["with"].items()}
                    pythons = set(inputs.get("pythons", "3.11").split())
                    called += [(session, pythons) for session in inputs["sessions"].split()]
    return called


@pytest.fixture(scope="module")
def noxfile():
    spec = importlib.util.spec_from_file_location("noxfile_of_workflows", ROOT / "noxfile.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nox.registry, "_REGISTRY", {})  # another test has filled the registry
        spec.loader.exec_module(module)
        module.registered = nox.registry.get()
    return module


@pytest.fixture(scope="module")
def named(noxfile):
    """Each nox session as it is called, with its Python in the name or with all of them."""
    names = {}
    for name, session in noxfile.registered.items():
        if isinstance(session.python, str):
            names[name] = {session.python}
            continue
        names[name] = set(session.python)
        for python in session.python:
            backends = noxfile.BACKENDS if name == "conformance" else ()
            for call in (f"{name}-{python}", *(f"{name}-{python}({b})" for b in backends)):
                names[call] = {python}
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_commit(path):
    used = re.findall(r"uses: (\S+)(.*)", path.read_text(encoding="utf-8"))
    foreign = [(action, note) for action, note in used if not action.startswith("./")]
    pinned = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")
    assert [action for action, _ in foreign if not pinned.fullmatch(action)] == []
    assert [
        action for action, note in foreign if not re.fullmatch(r" # v\d+\.\d+\.\d+", note)
    ] == []


def test_an_action_is_pinned_once():
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    pins = set(re.findall(r"uses: ([\w/-]+)@([0-9a-f]{40} # v[\d.]+)", text))
    assert len(pins) == len({action for action, _ in pins})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_no_permissions_of_its_own(path):
    assert read(path)["permissions"] == {}


@pytest.mark.parametrize(("name", "job"), jobs())
def test_a_job_may_only_read_the_code(name, job):
    assert job["permissions"] == {"contents": "read"}
    assert "uses" in job or job["timeout-minutes"] <= 120
    checkouts = [s for s in steps_of(job) if s.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_script_has_an_expression_in_it(path):
    scripts = re.findall(r"^( *)(?:- )?run: (.*\n(?:\1 {2,}.*\n)*)", path.read_text(), re.MULTILINE)
    assert [script for _, script in scripts if "${{" in script] == []


@pytest.mark.parametrize("name", ["ci.yml", "weekly.yml"])
def test_the_projects_own_workflows_call_only_nox(name):
    for job in read(ROOT / ".github/workflows" / name)["jobs"].values():
        assert [step["run"] for step in steps_of(job) if "run" in step] == []


def test_the_action_runs_the_given_sessions(tmp_path):
    install, run = [step for step in read(ACTION)["runs"]["steps"] if "run" in step]
    assert install["run"] == "python -m pip install --constraint requirements/dev.txt nox"
    program = tmp_path / "nox"
    program.write_text('#!/bin/sh\nprintf "[%s]" "$@"\n')
    program.chmod(0o755)
    for (sessions, arguments), called in (
        (("package\nextras\n", ""), "[--sessions][package][extras][--]"),
        (("a-3.11(b)", "--x 'y z'"), "[--sessions][a-3.11(b)][--][--x][y z]"),
    ):
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", run["run"]],
            env={
                "PATH": f"{tmp_path}:/usr/bin:/bin",
                "SESSIONS": sessions,
                "ARGUMENTS": arguments,
            },
            capture_output=True,
            check=True,
            text=True,
        )
        assert done.stdout == called


def test_every_session_that_is_called_exists_and_has_its_python(named):
    for session, pythons in sessions_called():
        assert session in named
        assert named[session] <= pythons, f"{session} on {pythons}"


def test_every_check_is_called_somewhere(named):
    called = {re.split(r"-3\.|\(", session)[0] for session, _ in sessions_called()}
    sessions = {name for name in named if "-3." not in name and "(" not in name}
    # package builds, conformance uses containers, and the last is not a check.
    assert sessions - called == {"build", "containers", "requirements"}


def test_the_kit_is_run_on_every_backend_and_python(noxfile):
    called = {session for session, _ in sessions_called()}
    for backend, python in product(noxfile.BACKENDS, noxfile.PYTHONS):
        assert f"conformance-{python}({backend})" in called


CI = read(ROOT / ".github/workflows/ci.yml")["jobs"]


def steps_with_nox(job):
    return [step["with"] for step in steps_of(CI[job]) if step.get("uses") == NOX]


def test_the_kit_starts_the_containers_itself():
    (inputs,) = steps_with_nox("conformance")
    for cell in cells(CI["conformance"]):
        arguments = filled_in(inputs["arguments"], cell)
        server = arguments.removeprefix("--server=")
        assert server == f"{cell['backend']}:container"
        assert provider(server).name == server


def test_given_servers_are_tested_by_every_clause_but_the_restart():
    (inputs,) = steps_with_nox("given")
    asked = inputs["arguments"].removeprefix("--clause=").split(",")
    contract = load()
    tested = {clause.id for clause in contract.clauses if {clause.id, clause.group} & {*asked}}
    assert {clause.id for clause in contract.clauses} - tested == {"DUR-3"}


def test_given_servers_are_those_of_compose(monkeypatch):
    job = CI["given"]
    local = read(ROOT / "compose.yaml")["services"]
    started = {cell["backend"]: cell for cell in cells(job)}
    assert set(started) == set(local) == set(stores())
    for variable in job["env"]:
        monkeypatch.delenv(variable, raising=False)
    for store, cell in started.items():
        variable = provider(f"{store}:environment").plan().why.split()[0]
        assert str(cell["port"]) in job["env"][variable]
        assert cell["image"] == local[store]["image"]
        assert cell["healthy"].split() == local[store]["healthcheck"]["test"][1:]
        if store == "firestore":
            assert cell["command"].split() == local[store]["command"]


def test_reports_are_uploaded():
    for job in ("memory", "conformance", "given"):
        *_, last = steps_of(CI[job])
        assert last["uses"].startswith("actions/upload-artifact@")
        assert last["if"] == "always()"
        assert last["with"]["path"] == "build/reports/"


class Session:
    """A fake nox session that runs the kit."""

    posargs = ("--profile=quick", "--clause=GET")

    def run(self, program, *arguments, silent=False):
        assert program == "gofannon-conformance"
        kit = [sys.executable, "-m", "gofannon_conformance"]
        subprocess.run([*kit, *arguments], check=True, capture_output=True)


@pytest.fixture
def in_a_job(tmp_path, monkeypatch):
    """A folder where a step of a job runs."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.py").write_text(
        "from gofannon_backends.memory import MemoryDatabaseService\n\n\n"
        "class Wrong(MemoryDatabaseService):\n"
        "    def get(self, db_name, doc_id):\n"
        "        return {}\n"
    )
    return tmp_path


def test_a_run_writes_its_report_in_three_forms_and_into_the_summary(noxfile, in_a_job):
    noxfile._run_and_report(Session(), "memory-3.11", "memory")
    reports = in_a_job / "build/reports"
    assert {path.suffix for path in reports.glob("memory-3.11.*")} == {".json", ".xml", ".txt"}
    assert ET.parse(reports / "memory-3.11.xml").getroot().tag == "testsuites"
    summary = (in_a_job / "summary.md").read_text()
    assert summary.startswith("````text\nmemory\n")
    assert "memory: strict (8 of 8 clauses passed" in summary
    assert summary.endswith("````\n")


def test_a_run_that_fails_is_in_the_summary_and_fails(noxfile, in_a_job):
    with pytest.raises(subprocess.CalledProcessError):
        noxfile._run_and_report(Session(), "wrong", "wrong.py:Wrong")
    assert "wrong: not conformant" in (in_a_job / "summary.md").read_text().lower()


def test_a_run_that_did_not_start_shows_no_earlier_report(noxfile, in_a_job):
    reports = in_a_job / "build/reports"
    reports.mkdir(parents=True)
    (reports / "none.json").write_text("{}")
    with pytest.raises(subprocess.CalledProcessError):
        noxfile._run_and_report(Session(), "none", "nothing.py:nothing")
    assert list(reports.iterdir()) == []
    assert not (in_a_job / "summary.md").exists()


REUSABLE = read(ROOT / ".github/workflows/conformance.yml")


def inputs_of_the_reusable_workflow():
    return REUSABLE[True]["workflow_call"]["inputs"]  # YAML 1.1 reads `on` as true


def test_a_caller_must_name_only_the_target():
    required = [n for n, i in inputs_of_the_reusable_workflow().items() if i.get("required")]
    assert required == ["target"]


def test_the_page_for_authors_uses_its_real_inputs():
    page = (ROOT / "docs/authors.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    called = [
        job
        for block in blocks
        for job in yaml.safe_load(block)["jobs"].values()
        if job.get("uses", "").partition("@")[0].endswith("/.github/workflows/conformance.yml")
    ]
    assert len(called) == 2
    for job in called:
        assert "target" in job["with"]
        assert set(job["with"]) <= set(inputs_of_the_reusable_workflow())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [("", []), ("--strict --server='mystore: local'", ["--strict", "--server=mystore: local"])],
)
def test_the_reusable_workflow_runs_the_given_target(tmp_path, arguments, words):
    (step,) = [
        s for s in REUSABLE["jobs"]["conformance"]["steps"] if s.get("name") == "Run the kit"
    ]
    program = tmp_path / "gofannon-conformance"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nexit 1\n')
    program.chmod(0o755)
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "TARGET": "a:b; false", "ARGUMENTS": arguments},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.stdout.splitlines() == ["run", "a:b; false", *words, "--json=conformance.json"]
    assert done.returncode == 1
