"""What the installed kit adds to a pytest run that does not use it.

    nox -s build && python benchmarks/plugin.py
    python benchmarks/plugin.py --wheel build/dist/gofannon_conformance-0.1.0-py3-none-any.whl

It makes a virtual environment with pytest alone, then runs one empty test in it by turns: as it is;
with the libraries that the kit depends on, two of which bring plugins of their own; and with the
kit. What is compared is processor time, which other programs on the machine disturb least.
"""  # noqa: INP001  # a script: it is in no package

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
BOUND_MS = 50.0
"""What the kit may add; what its libraries add is told beside it."""


def main(arguments: list[str]) -> int:
    """Measure and print; the exit status is 1 if the kit adds more than it may."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        python, libraries = _install(folder, options.wheel)
        kit = folder / "kit"
        zipfile.ZipFile(options.wheel).extractall(kit)
        (folder / "test_nothing.py").write_text("def test_nothing(): pass\n")
        paths = {
            "pytest alone": (),
            "with the kit's libraries": (libraries,),
            "with the kit": (libraries, kit),
        }
        spent: dict[str, list[float]] = {name: [] for name in paths}
        for turn in range(options.repeat + 1):
            for name, path in paths.items():
                milliseconds = _pytest(python, folder, path)
                if turn:  # the first writes the bytecode
                    spent[name].append(milliseconds)
    medians = {name: statistics.median(runs) for name, runs in spent.items()}
    before = 0.0
    for name, median in medians.items():
        added = f"{median - before:+8.1f} ms" if before else ""
        quartiles = statistics.quantiles(spent[name], n=4)
        spread = f"quartiles {quartiles[0]:.0f}-{quartiles[2]:.0f}"
        sys.stdout.write(f"{name:<26} {median:8.1f} ms  {added:<12} {spread}\n")
        before = median
    by_kit = medians["with the kit"] - medians["with the kit's libraries"]
    sys.stdout.write(f"the kit adds {by_kit:.1f} ms; at most {BOUND_MS:g} ms are allowed\n")
    return int(by_kit > BOUND_MS)


def _install(folder: Path, wheel: Path) -> tuple[Path, Path]:
    """Make the environment with pytest, and a folder with all else that the kit needs."""
    environment = folder / "venv"
    venv.create(environment, with_pip=True)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    libraries = folder / "libraries"
    pip = [str(python), "-m", "pip", "install", "--quiet", "-c", str(ROOT / "requirements/kit.txt")]
    subprocess.run([*pip, "pytest"], check=True)  # noqa: S603
    subprocess.run([*pip, "--target", str(libraries), str(wheel)], check=True)  # noqa: S603
    for part in libraries.glob("gofannon_*"):
        shutil.rmtree(part)  # the kit itself comes from elsewhere
    return python, libraries


def _pytest(python: Path, folder: Path, path: tuple[Path, ...]) -> float:
    """Run one test that does nothing, and give the processor time that it took."""
    surroundings = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "PYTHONPATH": os.pathsep.join(map(str, path)),
    }
    before = _children()
    subprocess.run(  # noqa: S603
        [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_nothing.py"],
        cwd=folder,
        env=surroundings,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return (_children() - before) * 1000


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    built = next(iter((ROOT / "build/dist").glob("*.whl")), None)
    parser.add_argument("--wheel", type=Path, default=built, required=built is None)
    parser.add_argument("--repeat", type=int, default=15)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
