"""The fixture `kit`: the target of a test's class, opened, and closed again."""

from __future__ import annotations

import contextlib
import inspect
import os
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from gofannon_conformance.calls.violation import NotTested
from gofannon_conformance.plugin.items import clauses_of, test_name
from gofannon_conformance.plugin.names import RUN, SESSION
from gofannon_conformance.plugin.options import check_expected
from gofannon_conformance.run.kit import Kit
from gofannon_conformance.run.sessions import CleaningUpFailed
from gofannon_conformance.suite import DatabaseServiceContract
from gofannon_conformance.suite.base import ContractTests
from gofannon_conformance.target import Target
from gofannon_conformance.target.resolve import opening_of
from gofannon_conformance.target.target import CLAIMS, claims_of
from gofannon_conformance.usage import UsageError
from gofannon_conformance.values.exceptions import said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gofannon_conformance.run.sessions import Run, Session


_NOT_OPENED: pytest.StashKey[Exception] = pytest.StashKey()
"""The stash key of the reason why a class's target cannot be opened: it is tried once."""

_SET_UP = ("setup_method", "teardown_method", "setup_class", "teardown_class")

_CLAIMS = ("capabilities", "expected_failures", *CLAIMS)
"""The attributes in which an author's class describes its target."""


def kit_for(request: pytest.FixtureRequest) -> Iterator[Kit]:
    """Yield the kit of a test, on its class's open target; empty its collections afterwards."""
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
    clauses = clauses_of(request.node)
    listed = [target.expected_failures.get(i) for i in clauses]
    recorded = next((entry.example for entry in listed if entry and entry.example), "")
    if hasattr(request.config, "workerinput"):
        # Other workers would find this one's documents in the application's collections.
        target = replace(target, disposable=False)
    kit = Kit.of(
        session,
        run.options,
        test_name(request.node),
        clauses,
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
    """Return the target that the plugin made a class for; None for an author's class."""
    found = getattr(kind, "target", None)
    return found if isinstance(found, Target) else None


def name_of(kind: type) -> str:
    """Return the name of the target that a class tests."""
    made_for = target_made_for(kind)
    if made_for is not None:
        return made_for.name
    named = getattr(kind, "name", None)
    return named if isinstance(named, str) and named else kind.__name__


def target_of(instance: ContractTests, file: str) -> Target:
    """Return the target of a class: the one that it was made for, or one of its attributes."""
    kind = type(instance)
    made_for = target_made_for(kind)
    if made_for is not None:
        return made_for
    connect: Any = getattr(instance, "connect", None)
    own_service = _is_fixture(inspect.getattr_static(kind, "service", None))
    if not own_service and not callable(connect):
        raise UsageError(
            f"{kind.__qualname__} does not say how to connect: write "
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
        opening_of(spec)
        if can_be_opened_alone
        else f"db = ...  # a service, opened as {spec} opens it"
    )
    return replace(target, preamble=preamble, opens_alone=can_be_opened_alone)


def mark_fixtures(kind: type) -> None:
    """Mark an author's class with the fixtures that its `connect` needs.

    pytest must know them before the test begins, to parametrize it.
    """
    if not issubclass(kind, ContractTests):
        return
    with contextlib.suppress(UsageError, TypeError):  # it is refused after collection
        target = target_of(kind(), "")
        own_service = _is_fixture(inspect.getattr_static(kind, "service", None))
        wanted = {"service"} if own_service else {*_fixtures_wanted(target)} - {"request"}
        if wanted:
            pytest.mark.usefixtures(*sorted(wanted))(kind)


def _unused() -> None:
    """Replace `connect` in the target of a class that has a fixture `service`."""


def file_of(node: pytest.Item) -> str:
    """Return the path of a test's file, relative to where pytest was started."""
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
    """Return how to connect, and whether each test opens a service of its own."""
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
    """Return the fixtures that `connect` names as parameters, after the endpoint if it has one."""
    parameters = inspect.signature(target.connect).parameters.values()
    names = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return names[1:] if target.server is not None else names


def _has_set_up(kind: type) -> bool:
    """Return whether an author's class has fixtures or set-up methods, which run for each test."""
    return any(
        _is_fixture(member) or name in _SET_UP
        for base in kind.__mro__
        if base not in DatabaseServiceContract.__mro__
        for name, member in vars(base).items()
    )


def _is_fixture(member: object) -> bool:
    if type(member).__name__ == "FixtureFunctionDefinition":  # pytest 8.4 and later
        return True
    return hasattr(member, "_pytestfixturefunction")
