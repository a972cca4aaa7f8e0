"""One instrumented run of the kit on the memory backend; its last line is JSON.

`first-test SEED` prints the time at which the first test began. `ledger SEED` prints the processor
time of the parts of a standard run. It wraps the functions that the parts consist of; each is
charged for its own time, without that of the wrapped functions that it calls.
"""  # noqa: INP001  # a script, not in a package

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter, defaultdict
from functools import wraps
from time import process_time, thread_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Ledger:
    """The time of every wrapped call, charged to one account each."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._thread = threading.local()

    def charge(self, owner: Any, names: tuple[str, ...], account: str) -> None:
        """Wrap functions of a class or a module, to charge their own time to an account."""
        for name in names:
            setattr(owner, name, self.timed(account, getattr(owner, name)))

    def timed(self, account: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that charges its own time to an account."""

        @wraps(function)
        def wrapper(*arguments: Any, **named: Any) -> Any:
            outer = getattr(self._thread, "inner", 0.0)
            self._thread.inner = 0.0
            began = thread_time()
            try:
                return function(*arguments, **named)
            finally:
                took = thread_time() - began
                self.seconds[account] += took - self._thread.inner
                self._thread.inner = outer + took

        return wrapper


class Watched:
    """Counts the calls of a service class, and the collections that they name and create."""

    def __init__(self, ledger: Ledger, service: type) -> None:
        self.calls: Counter[str] = Counter()
        self.named: set[str] = set()
        self.created: set[str] = set()
        for method in ("get", "save", "delete", "list_all"):
            setattr(service, method, self._counted(method, getattr(service, method)))
            ledger.charge(service, (method,), "service")

    def _counted(self, method: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def wrapper(service: Any, *arguments: Any, **named: Any) -> Any:
            self.calls[method] += 1
            collection = named.get("db_name", arguments[0] if arguments else None)
            name = collection if isinstance(collection, str) else ""
            self.named.add(name)
            answer = function(service, *arguments, **named)
            if method == "save":
                self.created.add(name)
            return answer

        return wrapper


def run(profile: str, seed: str) -> None:
    """Run the kit on the memory backend; a failed run ends this program."""
    from gofannon_conformance.cli.main import main

    try:
        main(["run", "memory", f"--profile={profile}", f"--seed={seed}"])
    except SystemExit as end:
        if end.code:
            raise


def first_test(seed: str) -> float:
    """Return the time at which the first test began."""
    began: list[float] = []
    _at_first_test(lambda: began.append(time.time()))
    run("quick", seed)
    return began[0]


def _at_first_test(note: Callable[[], None]) -> None:
    from gofannon_conformance.cli.run import RunPlugin

    usual: Callable[..., None] | None = getattr(RunPlugin, "pytest_runtest_logstart", None)
    begun: list[str] = []

    def pytest_runtest_logstart(self: RunPlugin, nodeid: str) -> None:
        if not begun:
            begun.append(nodeid)
            note()
        if usual is not None:
            usual(self, nodeid)

    setattr(RunPlugin, "pytest_runtest_logstart", pytest_runtest_logstart)  # noqa: B010


def accounts(seed: str) -> dict[str, Any]:
    """Return the time of the parts of a standard run."""
    from gofannon_backends.memory import MemoryDatabaseService
    from gofannon_conformance.run.collection import Collection
    from gofannon_conformance.run.kit import Kit
    from gofannon_conformance.run.properties import Prover
    from gofannon_conformance.service.caller import Caller
    from gofannon_conformance.suite.expect import answers

    ledger = Ledger()
    watched = Watched(ledger, MemoryDatabaseService)
    expectations = tuple(
        name
        for name, value in vars(answers).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == answers.__name__
    )
    ledger.charge(answers, expectations, "comparing")
    ledger.charge(Collection, ("get", "save", "save_itself", "delete", "list_all"), "recording")
    ledger.charge(Caller, ("call", "quietly"), "recording")
    ledger.charge(Kit, ("collection", "unwritten", "begin", "finish"), "emptying collections")
    proving = Prover.property

    def property_(prover: Prover, check: Callable[..., None], **strategies: Any) -> None:
        proving(prover, ledger.timed("checks of properties", check), **strategies)

    setattr(Prover, "property", property_)  # noqa: B010  # mypy refuses the assignment to a method
    ledger.charge(Prover, ("property", "machine"), "generating")
    _at_first_test(lambda: ledger.seconds.update({"start-up": process_time()}))
    run("standard", seed)
    return {
        "total": process_time(),
        "seconds": dict(ledger.seconds),
        "calls": dict(watched.calls),
        "collections created": len(watched.created),
        "collections named": len(watched.named),
    }


if __name__ == "__main__":
    what, seed_text = sys.argv[1:]
    found = {"first-test": first_test, "ledger": accounts}[what](seed_text)
    sys.stdout.write(json.dumps(found) + "\n")
