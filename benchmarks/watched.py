"""One run of the kit on the memory backend, watched from inside; its last line is JSON.

`first-test SEED` gives the time at which the first test began. `ledger SEED` gives where the
time of a standard run went, found by wrapping the functions that the kit's parts are entered by:
each is charged for its own time, without that of the wrapped functions that it calls. That is the
processor's time, not the clock's, so that other programs on the machine disturb it less.
"""  # noqa: INP001  # a script: it is in no package

from __future__ import annotations

import json
import sys
import time
from collections import Counter, defaultdict
from functools import wraps
from time import process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Ledger:
    """What was spent where: every wrapped call is charged to one account."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inner = 0.0

    def charge(self, owner: Any, names: tuple[str, ...], account: str) -> None:
        """Have functions of a class or a module charge their own time to an account."""
        for name in names:
            setattr(owner, name, self.timed(account, getattr(owner, name)))

    def timed(self, account: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap one function."""

        @wraps(function)
        def wrapper(*arguments: Any, **named: Any) -> Any:
            inner, self._inner = self._inner, 0.0
            began = process_time()
            try:
                return function(*arguments, **named)
            finally:
                took = process_time() - began
                self.seconds[account] += took - self._inner
                self._inner = inner + took

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
    """Run the kit on the memory backend, as the command does."""
    from gofannon_conformance.cli import main

    status = main(
        ["run", "memory", f"--profile={profile}", f"--seed={seed}"], standalone_mode=False
    )
    if status:
        sys.exit(f"the run's exit status was {status}")


def first_test(seed: str) -> float:
    """Give the time at which the first test began."""
    began: list[float] = []
    _when_the_first_test_begins(lambda: began.append(time.time()))
    _go_on("quick", seed)
    return began[0]


def _when_the_first_test_begins(note: Callable[[], None]) -> None:
    from gofannon_conformance.runner import Conductor

    usual: Callable[..., None] | None = getattr(Conductor, "pytest_runtest_logstart", None)
    begun: list[str] = []

    def pytest_runtest_logstart(self: Conductor, nodeid: str) -> None:
        if not begun:
            begun.append(nodeid)
            note()
        if usual is not None:
            usual(self, nodeid)

    setattr(Conductor, "pytest_runtest_logstart", pytest_runtest_logstart)  # noqa: B010


def accounts(seed: str) -> dict[str, Any]:
    """Give where the time of a standard run went."""
    from gofannon_backends.memory import MemoryDatabaseService
    from gofannon_conformance.calls import Caller
    from gofannon_conformance.prove import Prover
    from gofannon_conformance.suite import expect
    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection

    ledger = Ledger()
    watched = Watched(ledger, MemoryDatabaseService)
    expectations = tuple(
        name
        for name, value in vars(expect).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == expect.__name__
    )
    ledger.charge(expect, expectations, "comparing")
    ledger.charge(Collection, ("get", "save", "save_itself", "delete", "list_all"), "recording")
    ledger.charge(Caller, ("call", "quietly"), "recording")
    ledger.charge(Kit, ("collection", "unwritten", "begin", "finish"), "emptying collections")
    proving = Prover.property

    def property_(prover: Prover, check: Callable[..., None], **strategies: Any) -> None:
        proving(prover, ledger.timed("checks of properties", check), **strategies)

    setattr(Prover, "property", property_)  # noqa: B010  # as mypy has it, a method stays as it is
    ledger.charge(Prover, ("property", "machine"), "generating")
    _when_the_first_test_begins(lambda: ledger.seconds.update({"start-up": process_time()}))
    _go_on("standard", seed)
    return {
        "total": process_time(),
        "seconds": dict(ledger.seconds),
        "calls": dict(watched.calls),
        "collections created": len(watched.created),
        "collections named": len(watched.named),
    }


def _go_on(profile: str, seed: str) -> None:
    try:
        run(profile, seed)
    except SystemExit as end:
        if end.code:
            raise


if __name__ == "__main__":
    what, seed_text = sys.argv[1:]
    found = {"first-test": first_test, "ledger": accounts}[what](seed_text)
    sys.stdout.write(json.dumps(found) + "\n")
