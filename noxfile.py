"""Every check as a nox session; `nox --list` lists them, `nox` runs those that need no server.

A session whose Python is not installed is skipped; if `CI` is set, it fails.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import nox
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

sys.path.insert(0, str(Path(__file__).parent))
from dev import STEPS

PYTHONS = ("3.11", "3.12", "3.13")
BACKENDS = ("memory", "couchdb", "dynamodb", "firestore", "postgresql")
SERVED = BACKENDS[1:]
CONFORMANCE = ("gofannon-conformance", "run")

nox.needs_version = ">=2025.5.1"
nox.options.sessions = ("lint", "types", "imports", "coverage", "package")
nox.options.reuse_venv = "yes"
nox.options.download_python = "never"

BUILT = Path("build/dist")
"""The folder of the wheel and the sdist, after `build` has run."""

REPORTS = Path("build/reports")
"""The folder of the reports of each run of the kit: JSON, JUnit XML and text."""

# Tools that pyproject.toml does not name, at tested versions.
ACTIONS_CHECKERS = ("check-jsonschema==0.39.0", "zizmor==1.32.0")
AUDITOR = "pip-audit==2.10.1"
MUTATOR = "cosmic-ray==8.7.0"
RESOLVER = "uv==0.13.9"
SCANNER = "detect-secrets==1.5.0"

TRIED_BY_IMPORTING = {
    "couchdb": ("gofannon_backends.couchdb",),
    "dynamodb": ("gofannon_backends.dynamodb",),
    "firestore": ("gofannon_backends.firestore",),
    "postgresql": ("gofannon_backends.postgresql",),
    "settings": ("gofannon_backends.settings", "gofannon_backends.fastapi"),
    "api": ("gofannon_backends.api", "uvicorn"),
    "telemetry": ("gofannon_backends.observability",),
    "emulators": ("moto.server",),
    "containers": ("testcontainers.core.container",),
}
"""The modules that need each extra; all extras but `all`."""

EXTRAS = tuple(TRIED_BY_IMPORTING)

BROUGHT_BY_NATURE = {
    "api": {"settings"},
    "emulators": {"dynamodb", "settings"},  # moto itself asks for boto3 and pydantic-settings
}
"""The other extras whose libraries an extra installs, and may install."""

IN_THE_WHEEL = (
    "gofannon_backends/py.typed",
    "gofannon_conformance/contract/contract.toml",
    "gofannon_conformance/mutants/seen.py",
    "gofannon_conformance/py.typed",
    "gofannon_conformance/report/schema.json",
    "gofannon_conformance/servers/node/dynalite/package-lock.json",
    "gofannon_conformance/servers/node/pouchdb/package-lock.json",
    "gofannon_conformance/servers/node/pouchdb/server.js",
)
IN_THE_SDIST = (
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "noxfile.py",
    "tests/kit/support/samples.py",
)


def _install_pinned(session: nox.Session) -> None:
    session.install("-r", "requirements/dev.txt")
    session.install("--no-deps", "--no-build-isolation", "-e", ".")


def _run_and_report(session: nox.Session, name: str, *arguments: str) -> None:
    """Run the kit and write its report, also into the job summary of GitHub Actions."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    saved = REPORTS / f"{name}.json"
    saved.unlink(missing_ok=True)  # of an earlier run
    try:
        session.run(*CONFORMANCE, *arguments, *session.posargs, f"--json={saved}")
    finally:
        if saved.exists():
            again = ("gofannon-conformance", "report", str(saved))
            for form, suffix in (("junit", ".xml"), ("text", ".txt")):
                output = f"--output={saved.with_suffix(suffix)}"
                session.run(*again, f"--as={form}", output, silent=True)
            _summarize(saved.with_suffix(".txt").read_text(encoding="utf-8"))


def _summarize(text: str) -> None:
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as page:
            page.write(f"````text\n{text}\n````\n")


def _step(session: nox.Session, *names: str) -> None:
    _install_pinned(session)
    for name in names:
        for command in STEPS[name]:
            session.run(*command)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the project's tests on each Python."""
    _install_pinned(session)
    session.run("pytest", *session.posargs)


@nox.session(python=PYTHONS[0])
def lint(session: nox.Session) -> None:
    """Check ruff's rules and format."""
    _step(session, "lint")


@nox.session(python=PYTHONS[0])
def types(session: nox.Session) -> None:
    """Run mypy, strict, on both packages."""
    _step(session, "types")


@nox.session(python=PYTHONS[0])
def imports(session: nox.Session) -> None:
    """Run import-linter: the kit and the backends do not import each other."""
    _step(session, "imports")


@nox.session(python=PYTHONS[0])
def coverage(session: nox.Session) -> None:
    """Run the tests with branch coverage, at least 95 % of each package."""
    _step(session, "coverage")


@nox.session(python=PYTHONS)
@nox.parametrize("backend", BACKENDS, ids=BACKENDS)
def conformance(session: nox.Session, backend: str) -> None:
    """Run the kit on one reference backend, with that backend's libraries only.

    `-- --server=couchdb:container` uses a container, and installs the library that starts it.
    """
    extras = [] if backend == "memory" else [backend]
    if any(argument.endswith(":container") for argument in session.posargs):
        extras.append("containers")
    elif backend == "dynamodb":
        extras.append("emulators")
    chosen = f"[{','.join(extras)}]" if extras else ""
    session.install("-c", "requirements/all.txt", f".{chosen}")
    _run_and_report(session, f"{backend}-{session.python}", backend)


@nox.session(python=PYTHONS[0])
def selftest(session: nox.Session) -> None:
    """Run the suite on the kit's wrong services, and print which test found which."""
    _install_pinned(session)
    session.run("gofannon-conformance", "selftest", *session.posargs)


@nox.session(python=PYTHONS[0])
def false_alarms(session: nox.Session) -> None:
    """Run the suite on the kit's correct services, with twenty seeds."""
    _install_pinned(session)
    session.run("gofannon-conformance", "selftest", "--right", "--seeds", "20", *session.posargs)


@nox.session(python=PYTHONS[0])
def mutation(session: nox.Session) -> None:
    """Change the memory backend in one place at a time, and list what the suite does not notice.

    `-- FILE...` changes other modules that this backend uses. cosmic-ray changes the files of
    this checkout and restores each of them; after a crash, look at `git diff`.
    """
    _install_pinned(session)
    session.install(MUTATOR)
    modules = json.dumps(session.posargs or ["backends/gofannon_backends/memory.py"])
    config = Path(session.create_tmp()) / "mutation.toml"
    results = config.with_suffix(".sqlite")
    results.unlink(missing_ok=True)
    config.write_text(
        f"[cosmic-ray]\nmodule-path = {modules}\ntimeout = 120.0\n"
        'test-command = "gofannon-conformance run memory --strict --profile=quick --seed=1"\n'
        '[cosmic-ray.distributor]\nname = "local"\n',
        encoding="utf-8",
    )
    session.run("cosmic-ray", "baseline", str(config))
    session.run("cosmic-ray", "init", str(config), str(results))
    session.run("cosmic-ray", "exec", str(config), str(results))
    session.run("cr-report", "--surviving-only", "--show-diff", str(results))


@nox.session(python=PYTHONS[0])
def second_opinions(session: nox.Session) -> None:
    """Run the suite on the other emulators that need no container."""
    _install_pinned(session)
    session.run("pytest", "tests/second_opinions", *session.posargs)


@nox.session(python=PYTHONS[0])
def containers(session: nox.Session) -> None:
    """Run the kit on each served backend, in a container; it needs Docker or Podman."""
    session.install("-c", "requirements/all.txt", ".[all]")
    in_containers = [f"--server={backend}:container" for backend in SERVED]
    _run_and_report(session, "containers", *SERVED, *in_containers)


@nox.session(python=PYTHONS[0])
def bench(session: nox.Session) -> None:
    """Measure the run time of the kit; `-- --thorough` measures that profile too."""
    _install_pinned(session)
    session.run("python", "benchmarks/kit.py", *session.posargs)


@nox.session(python=PYTHONS[0])
def build(session: nox.Session) -> None:
    """Build the sdist, and the wheel from it, and check the files in both."""
    shutil.rmtree(BUILT, ignore_errors=True)
    session.install("-c", "requirements/all.txt", "hatchling", "editables")
    session.run("hatchling", "build", "-t", "sdist", "-d", str(BUILT.resolve()))
    (sdist,) = BUILT.glob("*.tar.gz")
    from_sdist = ("--no-deps", "--no-build-isolation", "--no-cache-dir", "--wheel-dir", str(BUILT))
    session.run("python", "-m", "pip", "wheel", *from_sdist, str(sdist))
    _check_contents(session, _wheel(), sdist)


def _wheel() -> Path:
    (wheel,) = BUILT.resolve().glob("*.whl")
    return wheel


@nox.session(python=PYTHONS, reuse_venv=False, requires=["build"])
def package(session: nox.Session) -> None:
    """Use the wheel alone: no extra, no checkout, no other package."""
    session.install("-c", "requirements/kit.txt", str(_wheel()))
    session.run("python", "-m", "pip", "check")
    with tempfile.TemporaryDirectory() as folder, session.chdir(folder):
        session.run("gofannon-conformance", "clauses", "GET-3")
        session.run(*CONFORMANCE, "memory", "--profile=quick", "--json=memory.json")
        session.run("gofannon-conformance", "report", "memory.json", "--as=html", silent=True)
        session.run("gofannon-data", "--help", silent=True)
        session.run("pytest", "--conformance=memory", "--conformance-clause=GET")
    present = _extras_present(session)
    # Newer versions of FastAPI install the telemetry interface; it is not an extra of theirs.
    if unwanted := present - {"telemetry"}:
        session.error(f"the kit alone installs the libraries of these extras: {sorted(unwanted)}")


@nox.session(python=PYTHONS[0], reuse_venv=False, requires=["build"])
@nox.parametrize("extra", EXTRAS, ids=EXTRAS)
def extras(session: nox.Session, extra: str) -> None:
    """Use the wheel with one extra: its modules import, and no other extra is installed."""
    session.install("-c", "requirements/all.txt", f"{_wheel()}[{extra}]")
    session.run("python", "-m", "pip", "check")
    with tempfile.TemporaryDirectory() as folder, session.chdir(folder):
        for module in TRIED_BY_IMPORTING[extra]:
            session.run("python", "-c", f"import {module}")
    present = _extras_present(session)
    allowed = {extra, "telemetry"} | BROUGHT_BY_NATURE.get(extra, set())
    if extra not in present or present - allowed:
        session.error(f"[{extra}] installs the libraries of {sorted(present)}")


def _extras_present(session: nox.Session) -> set[str]:
    """Return the extras of which the session's environment has a library."""
    listed = session.run("python", "-m", "pip", "list", "--format=json", silent=True)
    installed = {canonicalize_name(entry["name"]) for entry in json.loads(str(listed))}
    own = nox.project.load_toml("pyproject.toml")["project"]
    return {
        extra
        for extra in EXTRAS
        if installed
        & {
            canonicalize_name(Requirement(text).name)
            for text in own["optional-dependencies"][extra]
            if Requirement(text).name != own["name"]
        }
    }


def _check_contents(session: nox.Session, wheel: Path, sdist: Path) -> None:
    in_wheel = set(zipfile.ZipFile(wheel).namelist())
    top = sdist.name.removesuffix(".tar.gz")
    with tarfile.open(sdist) as archive:
        in_sdist = {name.removeprefix(f"{top}/") for name in archive.getnames()}
    missing = {*IN_THE_WHEEL} - in_wheel | {*IN_THE_SDIST} - in_sdist
    allowed = ("gofannon_conformance", "gofannon_backends", "gofannon_conformance-")
    foreign = {name for name in in_wheel if not name.startswith(allowed)}
    if missing or foreign:
        session.error(f"missing: {sorted(missing)}; does not belong: {sorted(foreign)}")
    session.log(f"{wheel.name}: {len(in_wheel)} files; {sdist.name}: {len(in_sdist)} files")


@nox.session(python=PYTHONS)
def minimums(session: nox.Session) -> None:
    """Run the tests on the lowest versions that the metadata allows."""
    session.install(RESOLVER)
    lowest = str(Path(session.virtualenv.location) / "lowest.txt")
    as_low = ("--all-extras", "--resolution=lowest-direct", f"--python-version={session.python}")
    compile_ = ("uv", "pip", "compile", "pyproject.toml", "--quiet", "--output-file", lowest)
    session.run(*compile_, *as_low)
    session.install("-r", lowest, "-c", lowest, *_development_tools())
    session.install("--no-deps", "--no-build-isolation", "-e", ".")
    # Google's older libraries warn about old Pythons, and some tests read all output.
    session.run("pytest", *session.posargs, env={"PYTHONWARNINGS": "ignore::FutureWarning"})


@nox.session(python=PYTHONS, reuse_venv=False)
def latest(session: nox.Session) -> None:
    """Run the tests on the newest released versions."""
    session.install("-e", ".[all]", *_development_tools())
    session.run("pytest", *session.posargs)


def _development_tools() -> tuple[str, ...]:
    return nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), "dev")


@nox.session(python=PYTHONS[0])
def audit(session: nox.Session) -> None:
    """Look up every pinned version among the known vulnerabilities; this needs the network.

    It asks PyPI (`-- -s osv` asks OSV), and fails without an answer.
    """
    session.install(AUDITOR)
    pinned = ("--requirement", "requirements/dev.txt", "--disable-pip", "--no-deps")
    session.run("pip-audit", *pinned, "--strict", "--progress-spinner=off", *session.posargs)


@nox.session(python=PYTHONS[0])
def secrets(session: nox.Session) -> None:
    """Look for secrets in every file of the checkout; those of the tests are in the baseline.

    `-- accept` adds the current findings to the baseline: read it before you commit it. The
    history is not searched.
    """
    session.install(SCANNER)
    listed = session.run("git", "ls-files", external=True, silent=True, log=False)
    files = [name for name in str(listed).splitlines() if Path(name).is_file()]
    baseline = ("--baseline", ".secrets.baseline")
    if session.posargs == ["accept"]:
        session.run("detect-secrets", "scan", *baseline)
        return
    # 3: the same secrets on other lines; the baseline is updated.
    session.run("detect-secrets-hook", *baseline, *files, success_codes=[0, 3], log=False)


@nox.session(python=PYTHONS[0])
def workflows(session: nox.Session) -> None:
    """Check the workflows of GitHub Actions against their schema and known weaknesses."""
    session.install(*ACTIONS_CHECKERS)
    files = sorted(map(str, Path(".github/workflows").glob("*.yml")))
    schemas = {"vendor.github-workflows": files, "vendor.dependabot": [".github/dependabot.yml"]}
    for schema, checked in schemas.items():
        session.run("check-jsonschema", f"--builtin-schema={schema}", *checked)
    action = ".github/actions/nox/action.yml"
    session.run("check-jsonschema", "--builtin-schema=vendor.github-actions", action)
    # Below medium it asks for `$/` in place of `./`, which other tools do not know yet.
    session.run("zizmor", "--offline", "--no-progress", "--min-severity=medium", ".github")


@nox.session(python=PYTHONS[0])
def requirements(session: nox.Session) -> None:
    """Pin the newest versions again: one list for all supported Pythons, without addresses."""
    session.install(RESOLVER)
    quiet = ("--quiet", "--no-header", "--no-annotate", "--no-emit-index-url")
    compile_ = ("uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11")
    for name, selected in {
        "dev": ("--all-extras", "--group", "dev", "--upgrade"),
        "all": ("--all-extras", "--group", "build", "-c", "requirements/dev.txt"),
        "kit": ("--group", "build", "-c", "requirements/dev.txt"),
    }.items():
        target = f"requirements/{name}.txt"
        session.run(*compile_, *quiet, "--no-emit-find-links", *selected, "-o", target, silent=True)
