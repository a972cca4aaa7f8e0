"""Every check as a nox session; `nox --list` shows them, `nox` runs those that need no server."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).parent))
from dev import STEPS

PYTHONS = ("3.11", "3.12", "3.13")
BACKENDS = ("memory", "couchdb", "dynamodb", "firestore", "postgresql")
SERVED = BACKENDS[1:]
CONFORMANCE = ("gofannon-conformance", "run")

nox.needs_version = ">=2025.5.1"
nox.options.sessions = ("lint", "types", "imports", "coverage", "package")
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = False  # such a session says that it was skipped
nox.options.download_python = "never"

IN_THE_WHEEL = (
    "gofannon_backends/py.typed",
    "gofannon_conformance/contract.toml",
    "gofannon_conformance/mutants/seen.py",
    "gofannon_conformance/py.typed",
    "gofannon_conformance/report/schema.json",
    "gofannon_conformance/servers/node/dynalite/package-lock.json",
    "gofannon_conformance/servers/node/pouchdb/package-lock.json",
    "gofannon_conformance/servers/node/pouchdb/server.js",
)
IN_THE_SDIST = ("LICENSE", "README.md", "CHANGELOG.md", "noxfile.py", "tests/kit/samples.py")


def _install_pinned(session: nox.Session) -> None:
    session.install("-r", "requirements/dev.txt")
    session.install("--no-deps", "--no-build-isolation", "-e", ".")


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
    """Ruff's rules and its format."""
    _step(session, "lint")


@nox.session(python=PYTHONS[0])
def types(session: nox.Session) -> None:
    """Mypy, strict, on both packages."""
    _step(session, "types")


@nox.session(python=PYTHONS[0])
def imports(session: nox.Session) -> None:
    """Import-linter: the kit and the backends stay apart."""
    _step(session, "imports")


@nox.session(python=PYTHONS[0])
def coverage(session: nox.Session) -> None:
    """Run the tests with branch coverage, at least 95 % of each package."""
    _step(session, "tests", "coverage")


@nox.session(python=PYTHONS)
@nox.parametrize("backend", BACKENDS, ids=BACKENDS)
def conformance(session: nox.Session, backend: str) -> None:
    """Run the kit on one reference backend, with that backend's libraries alone."""
    extras = {"memory": "", "dynamodb": "[dynamodb,emulators]"}.get(backend, f"[{backend}]")
    session.install("-c", "requirements/all.txt", f".{extras}")
    session.run(*CONFORMANCE, backend, *session.posargs)


@nox.session(python=PYTHONS[0])
def selftest(session: nox.Session) -> None:
    """Run the suite on the kit's own zoo of wrong services, and print what caught which."""
    _install_pinned(session)
    session.run("gofannon-conformance", "selftest", *session.posargs)


@nox.session(python=PYTHONS[0])
def false_alarms(session: nox.Session) -> None:
    """Run the suite on every right service of the zoo, on twenty seeds."""
    _install_pinned(session)
    session.run("gofannon-conformance", "selftest", "--right", "--seeds", "20", *session.posargs)


@nox.session(python=PYTHONS[0])
def second_opinions(session: nox.Session) -> None:
    """Run the suite on the other emulators that can be had without a container."""
    _install_pinned(session)
    session.run("pytest", "tests/second_opinions", *session.posargs)


@nox.session(python=PYTHONS[0])
def containers(session: nox.Session) -> None:
    """Run the kit on each served backend, in a container; it needs Docker or Podman."""
    session.install("-c", "requirements/all.txt", ".[all]")
    in_containers = [f"--server={backend}:container" for backend in SERVED]
    session.run(*CONFORMANCE, *SERVED, *in_containers, *session.posargs)


@nox.session(python=PYTHONS[0])
def zoo(session: nox.Session) -> None:
    """Run the suite on the broken services that take minutes; the tests leave these out."""
    _install_pinned(session)
    session.run("pytest", "-m", "zoo", "-n", "auto", *session.posargs)


@nox.session(python=PYTHONS[0])
def bench(session: nox.Session) -> None:
    """Measure the kit itself against its bounds; `-- --thorough` measures that profile as well."""
    _install_pinned(session)
    session.run("python", "benchmarks/kit.py", *session.posargs)


@nox.session(python=PYTHONS)
def package(session: nox.Session) -> None:
    """Build wheel and sdist, look into both, and use the wheel where nothing else is."""
    built = Path(session.create_tmp()) / "dist"
    for old in built.glob("*"):
        old.unlink()
    session.install("hatchling")
    session.run("hatchling", "build", "-d", str(built.resolve()))
    (wheel,), (sdist,) = built.glob("*.whl"), built.glob("*.tar.gz")
    _check_contents(session, wheel, sdist)
    session.install("-c", "requirements/kit.txt", "--force-reinstall", str(wheel))
    session.run("gofannon-conformance", "clauses", "GET-3")


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


@nox.session(python=PYTHONS[0])
def requirements(session: nox.Session) -> None:
    """Pin the newest versions again: one list for all supported Pythons, without addresses."""
    session.install("uv")
    quiet = ("--quiet", "--no-header", "--no-annotate", "--no-emit-index-url")
    compile_ = ("uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11")
    for name, selected in {
        "dev": ("--all-extras", "--group", "dev", "--upgrade"),
        "all": ("--all-extras", "--group", "build", "-c", "requirements/dev.txt"),
        "kit": ("--group", "build", "-c", "requirements/dev.txt"),
    }.items():
        target = f"requirements/{name}.txt"
        session.run(*compile_, *quiet, "--no-emit-find-links", *selected, "-o", target, silent=True)
