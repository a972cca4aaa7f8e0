"""The plugin in a pytest run that does not use it: it adds four small modules, and no more."""

import json
import os
import subprocess
import sys

import pytest

OWN = {
    "gofannon_conformance",
    "gofannon_conformance.plugin",
    "gofannon_conformance.plugin.entry",
    "gofannon_conformance.plugin.names",
}

CONFTEST = """
import json
import os
import sys


def pytest_unconfigure(config):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with open(f"loaded-{worker}.json", "w") as file:
        json.dump(sorted(sys.modules), file)
"""


@pytest.fixture
def run(tmp_path):
    """Run pytest on somebody else's test; give what each of its processes had loaded at its end."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")  # no configuration from a folder above
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_theirs.py").write_text("def test_theirs(tmp_path): pass\n")
    theirs = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COVERAGE_"))}

    def started(*words):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", *words],
            cwd=tmp_path,
            env=theirs,
            capture_output=True,
            check=False,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "conformance of DatabaseService" not in done.stdout
        return {f.stem: set(json.loads(f.read_text())) for f in tmp_path.glob("loaded-*.json")}

    return started


def test_nothing_is_loaded_but_the_plugin_itself(run):
    without = run("-p", "no:gofannon_conformance")["loaded-main"]
    loaded = run("-n", "1")
    assert set(loaded) == {"loaded-main", "loaded-gw0"}
    for modules in loaded.values():
        assert {name for name in modules if name.startswith("gofannon_")} == OWN
    foreign = {"hypothesis", "pydantic", "fastapi", "starlette", "rich", "click"}
    assert not (loaded["loaded-main"] - without) & foreign


def test_what_the_plugin_would_load_is_seen(author):
    author.writes(CONFTEST, "conftest.py")
    author.pytest("--conformance=memory", clause="GET-3", apart=True)
    (file,) = author.folder.glob("loaded-*.json")
    loaded = set(json.loads(file.read_text()))
    assert {"gofannon_conformance.suite", "hypothesis", "gofannon_backends.memory"} <= loaded
