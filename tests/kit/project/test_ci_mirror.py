"""The ways to run the checks agree: dev.py, noxfile.py, tox.ini, .ci/run."""

from __future__ import annotations

import configparser
import importlib.util
import re
import subprocess
import sys
import tomllib
from itertools import chain, product
from pathlib import Path

import nox.registry
import pytest
import yaml

ROOT = Path(__file__).parents[3]
TOX = configparser.ConfigParser(interpolation=None)
TOX.read(ROOT / "tox.ini")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def script(name):
    spec = importlib.util.spec_from_file_location(f"{name}_script", ROOT / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def dev():
    return script("dev")


@pytest.fixture(scope="module")
def noxfile():
    return script("noxfile")


@pytest.fixture
def pythons(noxfile):
    """The Pythons of each nox session, by the session's name."""
    return {name: session.python for name, session in nox.registry.get().items()}


def expanded(text):
    """Expand the braces of tox: `a-{b,c}` is `a-b` and `a-c`."""
    parts = [part.split(",") for part in re.split(r"[{}]", text.strip())]
    return ["".join(chosen) for chosen in product(*parts)]


def lines(section, option):
    return TOX[section][option].strip().splitlines()


def environments():
    return {name for text in lines("tox", "env_list") for name in expanded(text)}


def sections():
    """Each environment of tox.ini by name, with the section that describes it."""
    headings = [s for s in TOX.sections() if s.startswith("testenv:")]
    return {name: s for s in headings for name in expanded(s.removeprefix("testenv:"))}


def test_tox_has_an_environment_for_each_nox_session(noxfile, pythons):
    suffixes = [f"-py{python.replace('.', '')}" for python in noxfile.PYTHONS]
    of_each_python = {
        "tests": [f"tests{suffix}" for suffix in suffixes],
        "conformance": [
            f"conformance-{backend}{suffix}" for backend in noxfile.BACKENDS for suffix in suffixes
        ],
        "requirements": [],  # it changes files, so it is not a check
    }
    # A session that makes its own environments is one environment of tox, which calls nox.
    from_nox = {name for session in pythons for name in of_each_python.get(session, [session])}
    assert environments() == from_nox == set(sections())


@pytest.mark.parametrize("environment", ["lint", "types", "imports", "coverage"])
def test_a_check_has_the_same_commands_everywhere(dev, environment):
    commands = [" ".join(command) for command in dev.STEPS[environment]]
    assert lines(f"testenv:{environment}", "commands") == commands


def test_conformance_has_the_same_commands_everywhere(noxfile):
    section = sections()["conformance-memory-py311"]
    assert lines(section, "commands") == [
        f"{backend}: {' '.join(noxfile.CONFORMANCE)} {backend} {{posargs}}"
        for backend in noxfile.BACKENDS
    ]


def test_sessions_with_their_own_environments_are_run_by_nox(pythons):
    names = ["build", "package", "extras", "mutation", "minimums"]
    names += ["latest", "audit", "secrets", "workflows"]
    assert {sections()[name] for name in names} == {sections()["build"]}
    assert set(names) <= set(pythons)
    assert lines(sections()["build"], "commands") == [
        f"{name}: nox --session {name}" for name in names
    ]


def test_every_extra_has_a_session(noxfile):
    declared = set(PROJECT["project"]["optional-dependencies"]) - {"all"}
    assert set(noxfile.EXTRAS) == declared
    assert (
        set(noxfile.BROUGHT_BY_NATURE) | set(chain(*noxfile.BROUGHT_BY_NATURE.values())) <= declared
    )


def test_every_supported_python_is_tested(pythons):
    supported = [
        text.rpartition(" ")[2]
        for text in PROJECT["project"]["classifiers"]
        if re.search(r":: 3\.\d+$", text)
    ]
    for session in ("tests", "conformance", "package", "minimums", "latest"):
        assert list(pythons[session]) == supported
    assert PROJECT["project"]["requires-python"] == f">={supported[0]}"


def test_commit_hooks_are_sessions_of_nox(pythons):
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repository["hooks"]:
        assert hook["entry"] == f"nox --session {hook['id']}"
        assert hook["id"] in pythons


def test_ci_runs_only_the_test_command():
    commands = [
        line
        for line in (ROOT / ".ci/run").read_text().splitlines()
        if line and not line.startswith(("#", "set ", "cd "))
    ]
    assert commands == ["exec python3 dev.py test </dev/null"]
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


@pytest.mark.parametrize("name", ["kit", "all", "dev"])
def test_requirements_are_pinned_and_have_no_address(name):
    text = (ROOT / f"requirements/{name}.txt").read_text()
    pinned = re.compile(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^\s;@]+( ; .+)?")
    assert [line for line in text.splitlines() if not pinned.fullmatch(line)] == []
    assert not re.search(r"://|--hash|-index|file:", text)


def test_the_pinned_lists_agree():
    kit, every, dev = (
        set((ROOT / f"requirements/{name}.txt").read_text().splitlines())
        for name in ("kit", "all", "dev")
    )
    assert kit <= every <= dev


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("kit", PROJECT["project"]["dependencies"]),
        ("all", [*chain(*PROJECT["project"]["optional-dependencies"].values())]),
        ("dev", [x for x in PROJECT["dependency-groups"]["dev"] if isinstance(x, str)]),
    ],
)
def test_every_requirement_is_pinned(name, wanted):
    def bare(text):
        return re.split(r"[\[<>=; ]", text)[0].lower()

    pinned = {bare(line) for line in (ROOT / f"requirements/{name}.txt").read_text().splitlines()}
    assert {bare(text) for text in wanted} - {PROJECT["project"]["name"]} <= pinned


def run_dev(*arguments):
    return subprocess.run(
        [sys.executable, "dev.py", *arguments],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )


@pytest.mark.parametrize("arguments", [("tset",), ("test", "lnit")])
def test_a_misspelt_verb_or_step_lists_the_steps_and_exits_with_2(arguments):
    done = run_dev(*arguments)
    assert done.returncode == 2
    assert (
        "The steps of `test` are: lint, types, imports, tests, selftest, coverage." in done.stdout
    )


def test_help_exits_with_0():
    assert run_dev("--help").returncode == run_dev().returncode == 0


def programs_that(folder, **scripts):
    for name, text in scripts.items():
        program = folder / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    return folder


def test_every_step_runs_and_a_failure_gives_status_1(dev, tmp_path, capfd):
    programs = programs_that(
        tmp_path,
        ruff="echo All well",
        mypy="echo '1 error'; exit 3",
        pytest="echo '\033[32m===== 2 passed in 1s =====\033[0m'",
    )
    assert dev.run_steps(programs, ["lint", "types", "tests"]) == 1
    closing = capfd.readouterr().out.partition("== all steps\n")[2].splitlines()
    assert re.fullmatch(r"lint      passed +[\d.]+ s  All well; All well", closing[0])
    assert re.fullmatch(r"types     FAILED \(3\) +[\d.]+ s  1 error", closing[1])
    assert closing[3] == "failed: types"
    assert closing[4].endswith("2 passed in 1s")


def test_steps_that_pass_give_status_0(dev, tmp_path, capfd):
    assert dev.run_steps(programs_that(tmp_path, mypy="echo Success"), ["types"]) == 0
    assert capfd.readouterr().out.endswith("Success\nall passed\n")


def test_an_environment_is_rebuilt_only_when_its_list_changes(dev, tmp_path, monkeypatch):
    made = []

    def create(folder, with_pip):
        made.append(folder.name)
        folder.mkdir()

    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev.venv, "create", create)
    monkeypatch.setattr(dev, "_pip", lambda *_: None)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "requirements").mkdir()
    pinned = tmp_path / "requirements/kit.txt"
    for text in ("a==1", "a==1", "a==2"):
        pinned.write_text(text)
        assert dev.environment("kit").parent == tmp_path / ".venv-kit"
    assert made == [".venv-kit", ".venv-kit"]
