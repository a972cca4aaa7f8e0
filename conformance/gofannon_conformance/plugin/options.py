"""The options of a run, read from pytest's and checked."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import TYPE_CHECKING

from gofannon_conformance.contract import UnknownClause
from gofannon_conformance.plugin.names import SEED
from gofannon_conformance.run.options import Options
from gofannon_conformance.run.profiles import profile_named
from gofannon_conformance.target.resolve import resolve
from gofannon_conformance.usage import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

    from gofannon_conformance.contract import Contract
    from gofannon_conformance.target import Target


def options_of(config: pytest.Config, contract: Contract, seed: int | None) -> Options:
    """Return the checked options; `seed` is the run's seed, if it has one already."""
    return Options(
        profile=profile_named(config.getoption("conformance_profile") or "standard"),
        seed=_seed(config) if seed is None else seed,
        clauses=_clauses(config.getoption("conformance_clause"), contract),
        dialect=_dialect(config.getoption("conformance_dialect"), contract),
        example=config.getoption("conformance_example") or "",
        strict=bool(config.getoption("conformance_strict")),
        json=_writable(config.getoption("conformance_json")),
        servers=_servers(config.getoption("conformance_server") or []),
    )


def targets_of(config: pytest.Config, contract: Contract) -> list[Target]:
    """Return the targets of the option `--conformance`."""
    targets = [resolve(spec) for spec in config.getoption("conformance") or []]
    _check_names(targets)
    for target in targets:
        check_expected(target, contract)
    return targets


def check_expected(target: Target, contract: Contract) -> None:
    """Refuse a target with an expected failure of a clause that does not exist."""
    for clause in target.expected_failures:
        try:
            contract.clause(clause)
        except UnknownClause as error:
            raise UsageError(f"{target.name}: expected_failures: {error}") from error


def _clauses(asked: list[str] | None, contract: Contract) -> frozenset[str] | None:
    if not asked:
        return None
    try:
        clauses = contract.asked_for(asked)
    except UnknownClause as error:
        raise UsageError(str(error)) from error
    uncovered = [i for i in clauses if not contract.clause(i).covered]
    if len(uncovered) == len(clauses):
        raise UsageError(f"the suite does not test {', '.join(sorted(uncovered))} yet")
    return clauses


def _dialect(name: str | None, contract: Contract) -> str | None:
    if name is not None:
        try:
            contract.for_dialect(name)
        except ValueError as error:
            raise UsageError(str(error)) from error
    return name


def _seed(config: pytest.Config) -> int:
    given = getattr(config, "workerinput", {}).get(SEED)
    if given is not None:
        return int(given)
    asked = config.getoption("conformance_seed")
    if asked is None:
        return random.SystemRandom().randrange(2**32)
    try:
        return int(asked)
    except ValueError:
        raise UsageError(f"--seed takes a whole number, not {asked!r}") from None


def _servers(names: list[str]) -> tuple[str, ...]:
    if names:
        from gofannon_conformance.servers import provider

        for name in names:
            try:
                provider(name)
            except ValueError as error:
                raise UsageError(f"--server: {error}") from error
    return tuple(names)


def _writable(path: str | None) -> str:
    if path is None:
        return ""
    file = Path(path)
    if not path or file.is_dir():
        raise UsageError(f"--json {path}: that is a folder; name a file")
    if not file.parent.is_dir():
        raise UsageError(f"--json {path}: there is no folder {file.parent}")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise UsageError(f"--json {path}: it may not be written")
    return path


def _check_names(targets: Iterable[Target]) -> None:
    seen: dict[str, str] = {}
    for target in targets:
        if target.name in seen:
            raise UsageError(
                f"two targets are called {target.name!r} ({seen[target.name]} and {target.spec}); "
                "run them one after the other"
            )
        seen[target.name] = target.spec
