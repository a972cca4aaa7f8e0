"""Change a reference backend at one place after the other: the suite must notice each time.

    python benchmarks/mutation.py memory
    python benchmarks/mutation.py postgresql --sample 120 --seed 1
    python benchmarks/mutation.py memory --session memory.sqlite

`nox -s "mutation(memory)"` runs it where its library is, cosmic-ray, which makes the changes; what
came of them is in `docs/mutation.md`. With `--session` a run goes on where the last one was
stopped, and `cosmic-ray dump` and `cr-html` show what is in the file.

cosmic-ray would begin an interpreter for each change, and that takes longer than the tests that
notice most of them. Here a process has loaded all but the backend, and forks for each change.
"""  # noqa: INP001  # a script: it is in no package

from __future__ import annotations

import argparse
import ast
import difflib
import gc
import importlib
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome, WorkResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cosmic_ray.work_item import WorkItem

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("backends", "conformance")

SHARED = ("documents", "_selection", "_bulk", "base", "errors")
"""The modules that every backend stands on; they are changed under `memory`."""

MUTATED = {"memory": ("memory", *SHARED), "postgresql": ("postgresql",)}
"""The modules of a backend that are changed."""

PRELOADED = (
    "fastapi", "h11", "hypothesis", "hypothesis.stateful", "psycopg", "psycopg_pool", "pydantic",
    "pytest", "rich.console", "gofannon_conformance.cli", "gofannon_conformance.plugin_session",
    "gofannon_conformance.suite",
)  # fmt: skip
"""What a run of the suite needs besides the backend; nothing of it loads the backend."""

ANNOTATION = "BitOr"
"""The operator that stands in annotations only, in these modules."""


@dataclass(frozen=True)
class Pass:
    """One way to try a change; what it does not notice is tried in the next way."""

    name: str
    profile: str
    seed: int
    left_out: re.Pattern[str] | None
    """The clauses that are not tried; None if all are."""
    at_once: tuple[int, ...]
    """How many changes, of different lines, are made at once; and how many if it was noticed."""
    seconds: float


PASSES = (
    Pass(
        "first",
        "quick",
        seed=1,
        left_out=re.compile(
            r"(CON|DUR|FAULT|ASYNC|DOC|SCH|ID|ISO|FIND|IDX|ERR)-|BULK-5|SAVE-([89]|1.)|LIST-6|GET-[678]"
        ),
        at_once=(1,),
        seconds=120,
    ),
    Pass(
        "fast",
        "quick",
        seed=1,
        left_out=re.compile(r"(CON|DUR|FAULT|ASYNC)-|DOC-1[2-4]|LIST-6"),
        at_once=(64, 16, 4, 1),
        seconds=300,
    ),
    Pass("whole", "quick", seed=1, left_out=None, at_once=(64, 16, 4, 1), seconds=900),
    Pass("again", "standard", seed=2, left_out=None, at_once=(64, 16, 4, 1), seconds=1800),
)
"""What a pass leaves out takes seconds, or is seldom what notices a change."""


def main() -> None:
    """Make the changes, try them, and print what was not noticed."""
    asked = _asked()
    with tempfile.TemporaryDirectory() as scratch:
        trees = [Path(scratch) / str(number) for number in range(asked.jobs)]
        for tree in trees:
            for package in PACKAGES:
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / package, tree / package, ignore=ignored)
        session = asked.session or Path(scratch) / "session.sqlite"
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        # Within a second, a changed file of the same length would pass for the one that is cached.
        sys.dont_write_bytecode = True
        os.chdir(trees[0])
        sys.path.insert(0, str(trees[0] / "conformance"))
        for name in PRELOADED:
            with suppress(ModuleNotFoundError):  # psycopg is not needed for memory
                importlib.import_module(name)
        gc.freeze()  # else each process would look through all of it again
        if not session.exists():
            _prepare(asked, session, _not_reached(asked.backend, trees[0]))
        with ExitStack() as stack:
            server = _server(asked.backend, stack)
            for attempt in PASSES[: asked.passes]:
                _try_all(attempt, asked.backend, session, trees, server)
        _report(session)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - it is what the script is for


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("backend", choices=sorted(MUTATED))
    parser.add_argument("--jobs", type=int, default=2, help="processes at once")
    parser.add_argument("--sample", type=int, help="so many changes, drawn at random; else all")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--passes", type=int, default=len(PASSES), help="1: the first one only")
    parser.add_argument(
        "--session", type=lambda text: Path(text).resolve(), help="the file to go on with"
    )
    return parser.parse_args()


# --- the changes --------------------------------------------------------------------------------


def _prepare(asked: argparse.Namespace, session: Path, not_reached: dict[str, list[int]]) -> None:
    """List the changes, and put aside those that cannot be noticed or are not in the sample."""
    package = Path("backends/gofannon_backends")
    modules = [package / f"{name}.py" for name in MUTATED[asked.backend]]
    with use_db(session) as database:
        init(modules, database, {})
        for item in database.work_items:
            (mutation,) = item.mutations
            if why := _not_a_change(item):
                _put_aside(database, item, why)
            elif mutation.start_pos[0] in not_reached.get(mutation.module_path.name, ()):
                _put_aside(database, item, "not reached")
        if asked.sample is not None:
            left = sorted(database.pending_work_items, key=_place)
            drawn = random.Random(asked.seed).sample(left, min(asked.sample, len(left)))  # noqa: S311 - no secret
            chosen = {item.job_id for item in drawn}
            for item in left:
                if item.job_id not in chosen:
                    _put_aside(database, item, "not in the sample")


def _not_a_change(item: WorkItem) -> str | None:
    (mutation,) = item.mutations
    if ANNOTATION in mutation.operator_name:
        return "in an annotation"
    try:
        changed = ast.parse(_changed(item))
    except SyntaxError:
        return "no Python"
    except AttributeError:
        return "cosmic-ray cannot make it"  # of a tuple of exceptions whose names have dots
    original = ast.parse(mutation.module_path.read_text(encoding="utf-8"))
    if "BinaryOperator" in mutation.operator_name and _products(changed) == _products(original):
        return "no operator"  # the star that stands before arguments that are given by name
    return None


def _products(tree: ast.AST) -> Counter[type[ast.operator]]:
    return Counter(type(node.op) for node in ast.walk(tree) if isinstance(node, ast.BinOp))


def _changed(item: WorkItem, text: str | None = None) -> str:
    (mutation,) = item.mutations
    operator = get_operator(mutation.operator_name)(**mutation.operator_args)
    text = mutation.module_path.read_text(encoding="utf-8") if text is None else text
    return mutate_code(text, operator, mutation.occurrence) or text


def _put_aside(database: WorkDB, item: WorkItem, why: str) -> None:
    database.set_result(item.job_id, WorkResult(WorkerOutcome.SKIPPED, output=why))


def _place(item: WorkItem) -> tuple[str, tuple[int, int], str, int]:
    (mutation,) = item.mutations
    return (
        str(mutation.module_path),
        mutation.start_pos,
        mutation.operator_name,
        mutation.occurrence,
    )


# --- the trials ---------------------------------------------------------------------------------


def _try_all(
    attempt: Pass, backend: str, session: Path, trees: list[Path], server: str | None
) -> None:
    for most in attempt.at_once:
        with use_db(session, WorkDB.Mode.open) as database:
            due = sorted(_due(database, attempt), key=_place)
        trials = [trial for row in _of_different_lines(due) for trial in _split(row, most)]
        random.Random(0).shuffle(trials)  # noqa: S311 - the processes end at about the same time
        _say(f"pass {attempt.name}: {len(due)} changes in {len(trials)} trials")
        workers = []
        for number, tree in enumerate(trees):
            workers.append(os.fork())
            if workers[-1] == 0:
                mine = trials[number :: len(trees)]
                _leave(_work, attempt, backend, session, tree, mine, server)
        for worker in workers:
            os.waitpid(worker, 0)


def _split(items: list[WorkItem], most: int) -> list[list[WorkItem]]:
    return [items[start : start + most] for start in range(0, len(items), most)]


def _of_different_lines(items: list[WorkItem]) -> list[list[WorkItem]]:
    """Put changes together, no two of one line; the last of a module first, for they are counted.

    `mutate_code` finds a change by its number in the module, which those before it may alter.
    """
    by_line: dict[tuple[str, int], list[WorkItem]] = {}
    for item in items:
        path, (line, _), _, _ = _place(item)
        by_line.setdefault((path, line), []).append(item)
    return [
        sorted((item for item in row if item is not None), key=_place, reverse=True)
        for row in zip_longest(*by_line.values())
    ]


def _due(database: WorkDB, attempt: Pass) -> Iterator[WorkItem]:
    """Yield what has not been tried, or what the pass before has not noticed."""
    position = PASSES.index(attempt)
    if position == 0:
        yield from database.pending_work_items
        return
    before = f"{PASSES[position - 1].name}\n"
    for item, result in database.completed_work_items:
        survived = result.test_outcome is TestOutcome.SURVIVED
        if survived and (result.output or "").startswith(before):
            yield item


def _leave(act: Callable[..., int | None], *arguments: object) -> NoReturn:
    """Do this and be gone: what this process was forked from goes on elsewhere."""
    code = 1
    try:
        code = act(*arguments) or 0
    except BaseException:  # noqa: BLE001 - it ends here
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _work(
    attempt: Pass,
    backend: str,
    session: Path,
    tree: Path,
    trials: list[list[WorkItem]],
    server: str | None,
) -> None:
    os.chdir(tree)
    database_url = _own_database(server, tree.name) if attempt.left_out else None
    for items in trials:
        with _made(items):
            began = time.monotonic()
            code = _tried(attempt, backend, tree, tree / "log.txt", database_url)
            taken = time.monotonic() - began
        outcome = TestOutcome.SURVIVED if code == 0 else TestOutcome.KILLED
        first = items[0].mutations[0]
        _say(
            f"  {outcome.value:9} {taken:4.0f} s  {first.module_path.name}:{first.start_pos[0]}"
            f" {first.operator_name}" + (f" and {len(items) - 1} more" if items[1:] else "")
        )
        if code != 0 and items[1:]:
            continue  # fewer at once will tell which of them
        said = (tree / "log.txt").read_text(encoding="utf-8", errors="replace")[-4000:]
        with use_db(session, WorkDB.Mode.open) as database:
            for item in items:
                result = WorkResult(
                    WorkerOutcome.NORMAL,
                    output=f"{attempt.name}\n{taken:.0f} s, exit {code}\n{said}",
                    test_outcome=outcome,
                    diff=_diff(item),
                )
                database.set_result(item.job_id, result)


@contextmanager
def _made(items: list[WorkItem]) -> Iterator[None]:
    """Write the changes into the modules, and afterwards what was there."""
    originals: dict[Path, str] = {}
    try:
        for item in items:
            path = item.mutations[0].module_path
            text = path.read_text(encoding="utf-8")
            originals.setdefault(path, text)
            path.write_text(_changed(item, text), encoding="utf-8")
        yield
    finally:
        for path, text in originals.items():
            path.write_text(text, encoding="utf-8")


def _not_reached(backend: str, tree: Path) -> dict[str, list[int]]:
    """Run the suite on the backend as it is, and return the lines that it does not come to."""
    log, reached = tree / "log.txt", tree / "reached.json"
    if _tried(PASSES[2], backend, tree, log, None, reached):
        sys.exit(f"the suite does not pass before anything is changed:\n{log.read_text()}")
    missed = json.loads(reached.read_text())
    lines = {}
    for name in MUTATED[backend]:
        module = ast.parse((tree / f"backends/gofannon_backends/{name}.py").read_text())
        lines[f"{name}.py"] = [
            line
            for node in ast.walk(module)
            if isinstance(node, ast.stmt) and node.lineno in missed[f"{name}.py"]
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        ]
    return lines


def _tried(
    attempt: Pass,
    backend: str,
    tree: Path,
    log: Path,
    database_url: str | None,
    reached: Path | None = None,
) -> int:
    """Run the suite in a process of its own, and return its exit status; -1 if it never ended."""
    suite = os.fork()
    if suite == 0:
        os.setsid()
        with log.open("wb") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        if reached is None:
            _leave(_suite, attempt, backend, tree, database_url)
        _leave(_watched, attempt, backend, tree, reached)
    ended = time.monotonic() + attempt.seconds
    while time.monotonic() < ended:
        pid, status = os.waitpid(suite, os.WNOHANG)
        if pid:
            break
        time.sleep(0.05)
    else:
        status = None
    with suppress(ProcessLookupError):
        os.killpg(suite, signal.SIGKILL)
    if status is None:
        os.waitpid(suite, 0)
        return -1
    return os.waitstatus_to_exitcode(status)


def _watched(attempt: Pass, backend: str, tree: Path, reached: Path) -> int:
    """Run the suite, and write down which statements of the backends it does not come to."""
    import coverage

    watch = coverage.Coverage(
        data_file=None, config_file=False, include=[str(tree / "backends" / "*")]
    )
    with watch.collect():
        code = _suite(attempt, backend, tree, None)
    missed = {
        Path(name).name: watch.analysis2(name)[3] for name in watch.get_data().measured_files()
    }
    reached.write_text(json.dumps(missed))
    return code


def _suite(attempt: Pass, backend: str, tree: Path, database_url: str | None) -> int:
    import pytest

    sys.path.insert(0, str(tree / "backends"))
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ["PYTHONPATH"] = os.pathsep.join(str(tree / package) for package in PACKAGES)
    if database_url is not None:
        os.environ["POSTGRES_URL"] = _emptied(database_url)
    return int(
        pytest.main([
            *("-x", "-q", "--tb=line", "-p", "no:cacheprovider"),
            *("-p", "gofannon_conformance.plugin", f"--conformance={backend}"),
            *(f"--conformance-profile={attempt.profile}", f"--conformance-seed={attempt.seed}"),
            "--conformance-strict",
            *_only_those_of(attempt),
        ])
    )  # fmt: skip


def _only_those_of(attempt: Pass) -> list[str]:
    from gofannon_conformance.contract import load

    if attempt.left_out is None:
        return []
    tried = [one.id for one in load().clauses if not attempt.left_out.match(one.id)]
    return [f"--conformance-clause={','.join(tried)}"]


# --- the server ---------------------------------------------------------------------------------


def _server(backend: str, stack: ExitStack) -> str | None:
    """Start a server for the passes that restart none; the others start one of their own."""
    from gofannon_conformance.servers import provider

    if backend == "memory":
        return None
    return stack.enter_context(provider(backend).start()).endpoint.url


def _own_database(server: str | None, name: str) -> str | None:
    return server and f"{server.rpartition('/')[0]}/tree_{name}"


def _emptied(url: str) -> str:
    import psycopg

    server, _, name = url.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    return url


# --- what came of it ----------------------------------------------------------------------------


def _diff(item: WorkItem) -> str:
    path = item.mutations[0].module_path
    before, after = path.read_text(encoding="utf-8").splitlines(), _changed(item).splitlines()
    found = difflib.unified_diff(before, after, n=0, lineterm="")
    return "\n".join([path.name, *list(found)[2:]])


def _report(session: Path) -> None:
    counted: Counter[tuple[str, str]] = Counter()
    survivors = []
    with use_db(session, WorkDB.Mode.open) as database:
        for item, result in database.completed_work_items:
            name = item.mutations[0].module_path.name
            if result.worker_outcome is WorkerOutcome.SKIPPED:
                counted[name, result.output or ""] += 1
                continue
            passed = (result.output or "").partition("\n")[0]
            killed = result.test_outcome is not TestOutcome.SURVIVED
            counted[name, f"killed: {passed}" if killed else "survived"] += 1
            if not killed:
                survivors.append((_place(item), item, result))
    for (name, what), number in sorted(counted.items()):
        _say(f"{name:16} {what:28} {number:4}")
    for _, item, result in sorted(survivors, key=lambda row: row[0]):
        _say(f"{item.mutations[0].operator_name}\n  {result.diff}")


if __name__ == "__main__":
    main()
