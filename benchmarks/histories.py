"""The time of the linearizability check for 10,000 calls on 100 documents.

    python benchmarks/histories.py

First for a right history of overlapping threads; then for one with a wrong read, which is
found, reduced and explained.
"""  # noqa: INP001  # a script: it is in no package

from __future__ import annotations

import random
import sys
import time

from gofannon_conformance.histories import CheckResult, Ending, History, Operation, check, explain

CALLS = 10_000
DOCUMENTS = 100
THREADS = 8
BOUND = 2.0
"""Seconds: the goal of the project."""


def overlapping(source: random.Random, number: int, calls: int) -> list[Operation]:
    """Return a right history of one document: each call has its effect between start and end."""
    moments = []
    free = [0.0] * THREADS
    for _ in range(calls):
        thread = source.randrange(THREADS)
        begin = free[thread] + source.expovariate(1.0)
        effect = begin + source.expovariate(0.3)
        free[thread] = end = effect + source.expovariate(0.3)
        moments.append((thread, begin, effect, end))
    times = {t: i for i, t in enumerate(sorted(t for m in moments for t in (m[1], m[3])), 1)}
    made, version = [], None
    for count, (thread, begin, _, end) in enumerate(sorted(moments, key=lambda m: m[2])):
        method = source.choice(("get", "get", "save", "save", "delete"))
        ending = Ending.RETURNED
        if method != "save" and version is None:
            ending = Ending.MISSING
        made.append(
            Operation(
                thread=f"T{thread}",
                method=method,
                document=("benchmark", str(number)),
                start=times[begin],
                end=times[end],
                ending=ending,
                argument={"version": count} if method == "save" else None,
                value={"version": version} if method == "get" else None,
            )
        )
        version = {"save": count, "get": version, "delete": None}[method]
    return made


def main() -> None:
    """Print the times."""
    source = random.Random(7)  # noqa: S311  # it must be repeatable, not secret
    documents = [overlapping(source, n, CALLS // DOCUMENTS) for n in range(DOCUMENTS)]
    history = History.of(operation for document in documents for operation in document)
    began = time.perf_counter()
    results = set(check(history).values())
    seconds = time.perf_counter() - began
    if results != {CheckResult.LINEARIZABLE}:
        raise SystemExit(f"a right history was {results}")
    figures = f"{len(history):,} calls on {DOCUMENTS} documents: {seconds:.2f} s (bound {BOUND} s)"
    sys.stdout.write(f"{figures}\n")
    last = max(operation.end or 0 for operation in documents[0])
    wrong = Operation(
        thread="main",
        method="get",
        document=("benchmark", "0"),
        start=last + 1,
        end=last + 2,
        ending=Ending.RETURNED,
        value={"version": next(o for o in documents[0] if o.method == "save").argument["version"]},
    )
    began = time.perf_counter()
    explanation = explain([*documents[0], wrong])
    seconds = time.perf_counter() - began
    sys.stdout.write(f"one wrong read in one of them: {seconds:.2f} s\n{explanation}\n")


if __name__ == "__main__":
    main()
