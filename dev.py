"""Runs this project from a fresh checkout with nothing but Python: makes what it needs, once.

    python3 dev.py kit run memory       the kit's command, with its own arguments
    python3 dev.py all run postgresql   the same, with every backend's client library
    python3 dev.py test                 all checks and tests; or `test lint types`, `test coverage`

Each of the three has a virtual environment of its own, filled from a pinned list in
`requirements/` and made again when that list changes.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
OLDEST_PYTHON = (3, 11)

REQUIREMENTS = {"kit": "kit.txt", "all": "all.txt", "test": "dev.txt"}
"""What stands in the environment of each verb."""

STEPS: dict[str, tuple[tuple[str, ...], ...]] = {
    "lint": (("ruff", "check"), ("ruff", "format", "--check")),
    "types": (("mypy",),),
    "imports": (("lint-imports",),),
    # More than there are cores: who waits for a server, or its time-outs, leaves one idle.
    "tests": (("pytest", "-n", "6"),),
    "selftest": (("gofannon-conformance", "selftest", "--quick"),),
    "coverage": (
        ("coverage", "erase"),
        ("coverage", "run", "-m", "pytest", "-n", "6"),
        ("coverage", "combine", "--quiet"),
        ("coverage", "report", "--include=conformance/*"),
        ("coverage", "report", "--include=backends/*"),
    ),
}
"""The checks, in order, as commands; noxfile.py runs the same ones, tox.ini repeats them."""

USUAL = tuple(step for step in STEPS if step != "coverage")
"""Those that `test` runs: coverage is the tests once more, half as slow again."""

_COLOUR = re.compile(r"\x1b\[[\d;]*m")


def main(arguments: list[str]) -> int:
    """Run one verb; the exit status is that of what it ran."""
    verb, *rest = arguments or ["--help"]
    if sys.version_info < OLDEST_PYTHON:
        print(f"This needs Python 3.11 or later; {sys.executable} is {sys.version.split()[0]}.")
        return 2
    unknown = [step for step in rest if step not in STEPS] if verb == "test" else []
    if verb not in REQUIREMENTS or unknown:
        print(__doc__)
        print(f"The steps of `test` are: {', '.join(STEPS)}.")
        return 0 if verb in ("-h", "--help") else 2
    # Each program that is started would otherwise compile the packages again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    programs = environment(verb)
    if verb == "test":
        return run_steps(programs, rest or list(USUAL))
    return _wait(subprocess.Popen([str(programs / "gofannon-conformance"), *rest]))


def environment(verb: str) -> Path:
    """Give the folder of programs of a verb's virtual environment; make it if need be."""
    folder = ROOT / f".venv-{verb}"
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    pinned = ROOT / "requirements" / REQUIREMENTS[verb]
    stamp = folder / "made-from"
    made_from = _fingerprint(pinned)
    if stamp.exists() and stamp.read_text() == made_from:
        return programs
    print(f"Making {folder.name} from requirements/{pinned.name} (this once) ...", flush=True)
    if folder.exists():
        shutil.rmtree(folder)
    venv.create(folder, with_pip=True)
    # Without isolation the build backend is the pinned one, not whichever is newest today.
    _pip(programs, "-r", str(pinned))
    _pip(programs, "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    stamp.write_text(made_from)
    return programs


def run_steps(programs: Path, names: list[str]) -> int:
    """Run steps one after the other, all of them, and close with what each one said last."""
    closing = []
    failed = []
    for name in names:
        print(f"\n== {name}", flush=True)
        started = time.monotonic()
        last_lines = [_run_command(programs, command) for command in STEPS[name]]
        status = next((status for status, _ in last_lines if status), 0)
        if status:
            failed.append(name)
        word = f"FAILED ({status})" if status else "passed"
        said = "; ".join(line for _, line in last_lines if line)
        closing.append((name, word, f"{time.monotonic() - started:.1f} s", said))
    print("\n== all steps")
    for name, word, seconds, said in closing:
        print(f"{name:<9} {word:<11} {seconds:>8}  {said}")
    print(f"failed: {', '.join(failed)}" if failed else "all passed")
    tests = [said for name, _, _, said in closing if name == "tests"]
    print(*tests, sep="\n", end="\n" if tests else "")
    return 1 if failed else 0


def _run_command(programs: Path, command: tuple[str, ...]) -> tuple[int, str]:
    print(f"$ {' '.join(command)}", flush=True)
    # The programs' folder comes first on the path, so that what they start is their own as well.
    surroundings = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
    }
    process = subprocess.Popen(
        [str(programs / command[0]), *command[1:]],
        cwd=ROOT,
        env=surroundings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    last = ""
    for line in process.stdout or ():
        print(line, end="", flush=True)
        last = line.strip() or last
    return _wait(process), _COLOUR.sub("", last).strip("= ")


def _pip(programs: Path, *arguments: str) -> None:
    command = [str(programs / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*command, *arguments], check=True, stdin=subprocess.DEVNULL)


def _fingerprint(pinned: Path) -> str:
    parts = [sys.version.encode(), pinned.read_bytes(), (ROOT / "pyproject.toml").read_bytes()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _wait(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> int:
    """Wait for a program that Ctrl-C reaches as well, and that cleans up before it ends."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


if __name__ == "__main__":
    # A terminal that cannot show a letter shows its number: no check fails because of it.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        advice = " On Debian and Ubuntu: apt install python3-venv." * ("ensurepip" in error.cmd)
        sys.exit(f"Nothing can go on without this, and it failed: {' '.join(error.cmd)}.{advice}")
