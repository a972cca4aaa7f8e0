"""The kit's own figures: the time of its commands, and the parts of its time per service call.

    python benchmarks/kit.py                       three repetitions of everything but `thorough`
    python benchmarks/kit.py --thorough --repeat 1
    python benchmarks/kit.py --json new.json --before old.json

A missed bound does not change the exit status, because it may be a slow machine.
"""  # noqa: INP001  # a script, not in a package

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
Measured = dict[str, float]
"""The figures of one repetition, by name."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One row: a figure in each repetition, and its bound."""

    name: str
    unit: str
    runs: tuple[float, ...]
    bound: float | None = None
    before: float | None = None
    """The median of the same figure in an earlier report."""

    @property
    def median(self) -> float:
        """The median of the repetitions."""
        return statistics.median(self.runs)

    @property
    def holds(self) -> bool | None:
        """Whether the median is within the bound; None without a bound."""
        return None if self.bound is None else self.median <= self.bound


BOUNDS = {
    "run memory, quick": 5.0,
    "run memory, standard": 20.0,
    "run memory, thorough": 180.0,
    "start-up until the first test": 1.5,
    "clauses": 0.5,
    "collections created": 40.0,
}
"""The bounds that the project sets itself; the other figures are for comparison."""


def main(arguments: list[str]) -> int:
    """Measure, print the table, and write the JSON file if it is asked for."""
    options = _options(arguments)
    profiles = ["quick", "standard", *(["thorough"] if options.thorough else [])]
    load = _load_average()
    repetitions: list[Measured] = []
    for number in range(1, options.repeat + 1):
        sys.stderr.write(f"repetition {number} of {options.repeat} …\n")
        try:
            repetitions.append(_measure(profiles, seed=options.seed))
        except subprocess.CalledProcessError as error:
            sys.stderr.write(f"{error.stdout}{error.stderr}\n{error}\n")
            return 2
    before = _medians(options.before) if options.before else {}
    figures = tabulate(repetitions, before)
    machine = {
        "kit": version("gofannon-conformance"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_average_before": load,
        "seed": options.seed,
    }
    sys.stdout.write("  ".join(f"{key} {value}" for key, value in machine.items()) + "\n\n")
    sys.stdout.write(table(figures))
    if options.json:
        value = {**machine, "figures": [_as_json(figure) for figure in figures]}
        Path(options.json).write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="3 by default")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of every run; 1")
    parser.add_argument(
        "--thorough", action="store_true", help="measure the profile `thorough` too"
    )
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON too")
    parser.add_argument("--before", metavar="FILE", help="compare with an earlier JSON file")
    options = parser.parse_args(arguments)
    if options.repeat < 1:
        parser.error("--repeat must be at least 1")
    return options


def _measure(profiles: list[str], *, seed: int) -> Measured:
    """Run each command once, and one more run that is instrumented."""
    kit = [sys.executable, "-m", "gofannon_conformance.cli.main"]
    found: Measured = {}
    for profile in profiles:
        command = [*kit, "run", "memory", f"--profile={profile}", f"--seed={seed}"]
        found[f"run memory, {profile}"] = _seconds(command)[0]
    started = time.time()
    command = [sys.executable, str(HERE / "watched.py"), "first-test", str(seed)]
    first_test = json.loads(_seconds(command)[1].splitlines()[-1])
    found["start-up until the first test"] = first_test - started
    found["clauses"] = _seconds([*kit, "clauses"])[0]
    command = [sys.executable, str(HERE / "watched.py"), "ledger", str(seed)]
    ledger = json.loads(_seconds(command)[1].splitlines()[-1])
    return found | _per_call(ledger)


def _seconds(command: list[str]) -> tuple[float, str]:
    began = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # our own commands
    return time.perf_counter() - began, done.stdout


def _per_call(ledger: dict[str, Any]) -> Measured:
    calls: dict[str, int] = ledger["calls"]
    count = sum(calls.values())
    spent: dict[str, float] = ledger["seconds"]
    own = ledger["total"] - spent["service"]
    found: Measured = {f"calls of {method}": n for method, n in calls.items()}
    found |= {
        "calls of the service": count,
        "collections created": ledger["collections created"],
        "collections named": ledger["collections named"],
        "the service's own time": spent["service"] / count * 1e6,
        "the kit's own time": own / count * 1e6,
    }
    parts = {name: seconds for name, seconds in spent.items() if name != "service"}
    parts["tests, pytest, report"] = own - sum(parts.values())
    return found | {f"- {name}": seconds / count * 1e6 for name, seconds in parts.items()}


_UNITS = {"calls": "", "colle": "", "run m": "s", "start": "s", "claus": "s"}
"""Units by the first letters of a name; all others are times per call."""


def tabulate(repetitions: list[Measured], before: Measured) -> list[Figure]:
    """Return one figure per name, with all repetitions."""
    return [
        Figure(
            name=name,
            unit=_UNITS.get(name[:5], "µs/call"),
            runs=tuple(repetition[name] for repetition in repetitions),
            bound=BOUNDS.get(name),
            before=before.get(name),
        )
        for name in repetitions[0]
    ]


def table(figures: list[Figure]) -> str:
    """Return the table as text."""
    compared = any(figure.before is not None for figure in figures)
    runs = [f"run {n}" for n in range(1, len(figures[0].runs) + 1)]
    heading = ["figure", *runs, "median", "unit", "bound", "holds", *["before"] * compared]
    drawn = Table(box=None, pad_edge=False)
    for title in heading:
        drawn.add_column(title, justify="left" if title == "figure" else "right", no_wrap=True)
    for figure in figures:
        drawn.add_row(*_cells(figure, compared=compared))
    file = StringIO()
    Console(file=file, width=200, no_color=True, highlight=False).print(drawn)
    return file.getvalue()


def _cells(figure: Figure, *, compared: bool) -> list[str]:
    digits = {"s": 2, "": 0}.get(figure.unit, 1)
    *values, bound, before = (
        "" if value is None else f"{value:,.{digits}f}"
        for value in (*figure.runs, figure.median, figure.bound, figure.before)
    )
    holds = {None: "", True: "yes", False: "NO"}[figure.holds]
    return [figure.name, *values, figure.unit, bound, holds, *[before] * compared]


def _as_json(figure: Figure) -> dict[str, Any]:
    return {**asdict(figure), "median": figure.median, "holds": figure.holds}


def _medians(file: str) -> Measured:
    figures = json.loads(Path(file).read_text(encoding="utf-8"))["figures"]
    return {figure["name"]: figure["median"] for figure in figures}


def _load_average() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
