"""Handing a test of the suite its `Kit`: whose target it is, when that is opened and closed."""

from __future__ import annotations

import contextlib
import inspect
import os
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from gofannon_conformance.asking import check_expected
from gofannon_conformance.resolve import said
from gofannon_conformance.suite.base import ContractTests
from gofannon_conformance.suite.kit import Kit
from gofannon_conformance.target import CLAIMS, Target, claims_of
from gofannon_conformance.usage import UsageError
from gofannon_conformance.violation import NotTested

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gofannon_conformance.running import Run, Session


RUN: pytest.StashKey[Run] = pytest.StashKey()
"""Where the plugin keeps the run of this process."""

SESSION: pytest.StashKey[Session] = pytest.StashKey()
"""Where a test's item, and its class, keep the session that it ran in."""

_NOT_OPENED: pytest.StashKey[Exception] = pytest.StashKey()
"""Where a class keeps why its target cannot be opened: it is tried once, not for each test."""

_SET_UP = ("setup_method", "teardown_method", "setup_class", "teardown_class")

_CLAIMS = ("capabilities", "expected_failures", *CLAIMS)
"""What an author's class may say of its target, in attributes of these names."""


class CleaningUpFailed(Exception):  # noqa: N818  # it says what failed
    """What an author's code raised when its service was closed, in a sentence."""


def kit_for(request: pytest.FixtureRequest) -> Iterator[Kit]:
    """Open the target of a test's class, or use it as it is open; empty what the test used."""
    run = request.config.stash[RUN]
    instance: ContractTests = request.instance
    target = target_of(instance, file_of(request.node))
    check_expected(target, run.contract)
    connect, for_each_test = _way_to_connect(request, instance, target)
    key = request.node.nodeid if for_each_test else target.key
    if for_each_test:
        session = run.session(key, target, connect)
    else:
        session = _shared_session(request.node, run, key, target)
    request.node.stash[SESSION] = session
    listed = [target.expected_failures.get(i) for i in _clauses(request.node)]
    recorded = next((entry.example for entry in listed if entry and entry.example), "")
    if hasattr(request.config, "workerinput"):
        # The other workers would find this one's documents in the application's collections.
        target = replace(target, disposable=False)
    kit = Kit.of(
        session,
        run.options,
        getattr(request.node, "originalname", request.node.name),
        target=target,
        example=run.options.example or recorded,
        only_example=bool(run.options.example),
    )
    try:
        yield kit
    finally:
        kit.finish()
        if for_each_test:
            _close(run, key)


def target_made_for(kind: type) -> Target | None:
    """Give the target that the plugin made a class for; an author's own `target` is none."""
    found = getattr(kind, "target", None)
    return found if isinstance(found, Target) else None


def name_of(kind: type) -> str:
    """Give the name of the target that a class tests."""
    made_for = target_made_for(kind)
    if made_for is not None:
        return made_for.name
    named = getattr(kind, "name", None)
    return named if isinstance(named, str) and named else kind.__name__


def target_of(instance: ContractTests, file: str) -> Target:
    """Give the target of a class of tests: the one it was made for, or what its author wrote."""
    kind = type(instance)
    made_for = target_made_for(kind)
    if made_for is not None:
        return made_for
    connect: Any = getattr(instance, "connect", None)
    own_service = _is_fixture(inspect.getattr_static(kind, "service", None))
    if not own_service and not callable(connect):
        raise UsageError(
            f"{kind.__qualname__} says no way to connect: write "
            "`def connect(self): return MyDB(...)`, or a fixture `service`, in the class"
        )
    claims = claims_of(
        SimpleNamespace(
            **{
                name: getattr(instance, name)
                for name in _CLAIMS
                if hasattr(instance, name) and not _is_fixture(inspect.getattr_static(kind, name))
            }
        )
    )
    for hook in ("collections", "drop", "raw"):
        if not callable(claims.get(hook)):
            claims.pop(hook, None)
    spec = f"{file}:{kind.__qualname__}"
    target = Target(
        name=name_of(kind), connect=_unused if own_service else connect, spec=spec, **claims
    )
    can_be_opened_alone = not (own_service or _fixtures_wanted(target) or _has_set_up(kind))
    preamble = (
        f"from gofannon_conformance import connect\n\ndb = connect({spec!r})"
        if can_be_opened_alone
        else f"db = ...  # a service, as {spec} connects to it"
    )
    return replace(target, preamble=preamble, opens_alone=can_be_opened_alone)


def ask_for_fixtures(kind: type) -> None:
    """Mark an author's class with the fixtures that its service is made from.

    pytest parametrizes a test by the fixtures that it knows of before the test begins.
    """
    if not issubclass(kind, ContractTests):
        return
    with contextlib.suppress(UsageError, TypeError):  # it is refused when it has been collected
        target = target_of(kind(), "")
        own_service = _is_fixture(inspect.getattr_static(kind, "service", None))
        wanted = {"service"} if own_service else {*_fixtures_wanted(target)} - {"request"}
        if wanted:
            pytest.mark.usefixtures(*sorted(wanted))(kind)


def _unused() -> None:
    """Stand where `connect` is, for a class whose fixture `service` is asked instead."""


def file_of(node: pytest.Item) -> str:
    """Give the file of a test as one writes it where pytest was started."""
    return os.path.relpath(node.path, node.config.invocation_params.dir)


def _shared_session(node: pytest.Item, run: Run, key: str, target: Target) -> Session:
    owner = node.getparent(pytest.Class)
    assert owner is not None  # noqa: S101  # every test of the suite is a method
    if (known := owner.stash.get(_NOT_OPENED, None)) is not None:
        raise known
    try:
        session = run.session(key, target)
    except (UsageError, NotTested) as error:
        owner.stash[_NOT_OPENED] = error
        raise
    if owner.stash.get(SESSION, None) is not session:
        owner.stash[SESSION] = session
        owner.addfinalizer(lambda: _close(run, key))
    return session


def _close(run: Run, key: str) -> None:
    try:
        run.close(key)
    except Exception as error:
        raise CleaningUpFailed(f"cleaning up after it failed: {said(error)}") from error


def _way_to_connect(
    request: pytest.FixtureRequest, instance: ContractTests, target: Target
) -> tuple[Callable[..., Any] | None, bool]:
    """Say how the service is had, and whether anew for each test."""
    kind = type(instance)
    if target_made_for(kind) is not None:
        return None, False
    if _is_fixture(inspect.getattr_static(kind, "service", None)):
        return (lambda: request.getfixturevalue("service")), True
    wanted = _fixtures_wanted(target)
    if not wanted:
        return None, _has_set_up(kind)

    def with_fixtures(*endpoint: Any) -> Any:
        return target.connect(*endpoint, **{name: request.getfixturevalue(name) for name in wanted})

    return with_fixtures, True


def _fixtures_wanted(target: Target) -> list[str]:
    """Give the fixtures that `connect` names as parameters, after the endpoint if it takes one."""
    parameters = inspect.signature(target.connect).parameters.values()
    names = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return names[1:] if target.server is not None else names


def _has_set_up(kind: type) -> bool:
    """Tell whether an author's class has fixtures or set-up methods, which run for each test."""
    return any(
        _is_fixture(member) or name in _SET_UP
        for base in kind.__mro__
        if not base.__module__.startswith("gofannon_conformance.")
        for name, member in vars(base).items()
    )


def _is_fixture(member: object) -> bool:
    if type(member).__name__ == "FixtureFunctionDefinition":  # pytest 8.4 and later
        return True
    return hasattr(member, "_pytestfixturefunction")


def _clauses(node: pytest.Item) -> tuple[str, ...]:
    return tuple(i for mark in node.iter_markers("conformance") for i in mark.args)
