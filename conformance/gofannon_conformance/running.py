"""One run in one process: its options, and for each target the service that its tests share."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from gofannon_conformance import patience
from gofannon_conformance.calls import Caller, Trace
from gofannon_conformance.capabilities import Detected
from gofannon_conformance.instances import Instances
from gofannon_conformance.leaks import Watch
from gofannon_conformance.patience import Patience
from gofannon_conformance.provision import lender_for, provided
from gofannon_conformance.workspace import Names, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.contract import Contract
    from gofannon_conformance.opening import Opened
    from gofannon_conformance.profiles import Profile
    from gofannon_conformance.provision import Lender
    from gofannon_conformance.target import Target


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the person asked for, checked."""

    profile: Profile
    seed: int
    clauses: frozenset[str] | None = None
    """The clauses to test; None means all."""
    dialect: str | None = None
    """The dialect to hold every target to; None leaves it to the target."""
    example: str = ""
    strict: bool = False
    json: str = ""
    servers: tuple[str, ...] = ()
    """Servers to use in place of the ones that targets name: `dynamodb:dynalite`."""


@dataclass
class Session:
    """A target that is open: its service, its collections, what was found out about it."""

    target: Target
    contract: Contract
    opened: Opened
    instances: Instances
    caller: Caller
    workspace: Workspace
    detected: Detected
    secrets: tuple[str, ...]
    server: dict[str, str] | None
    limits: dict[str, str]
    facts: dict[str, str] = field(default_factory=dict)
    _cleanup: ExitStack = field(default_factory=ExitStack)

    def close(self) -> None:
        """Delete what is left in the run's collections, drop them, close the service."""
        with ExitStack() as after:  # whatever fails, the rest is done
            after.callback(self.opened.watch.close)
            after.callback(self._cleanup.close)
            after.callback(self.instances.close)
            self.workspace.sweep_all()
            self.workspace.drop_all()


class Run:
    """The sessions of one process; each target is opened when its first test begins."""

    def __init__(self, options: Options, contract: Contract, *, name: str | None = None) -> None:
        self.options = options
        self.contract = contract
        self._name = name
        self._lender: Lender | None = None
        self.prefix = f"gfc_{''.join(secrets.choice(ascii_lowercase) for _ in range(6))}"
        self._sessions: dict[str, Session] = {}
        self._names: dict[str, Names] = {}
        self._patience: dict[str, Patience] = {}
        """What is known of each target's calls, though it be opened for each test."""

    def contract_for(self, target: Target) -> Contract:
        """Give the contract in the dialect that the target is held to."""
        return self.contract.for_dialect(self.options.dialect or target.dialect)

    def session(
        self, key: str, target: Target, connect: Callable[..., Any] | None = None
    ) -> Session:
        """Give the open session of a key, or open one."""
        if key not in self._sessions:
            self._sessions[key] = self.open(target, connect)
        return self._sessions[key]

    def open(self, target: Target, connect: Callable[..., Any] | None = None) -> Session:
        """Open a session; the caller closes it."""
        with ExitStack() as stack:
            patience.start()
            stack.callback(patience.stop)
            used = self._server_for(target)
            opened = stack.enter_context(
                provided(target, connect, server=used, lender=self._lender_if(target))
            )
            cleanup = stack.pop_all()
        opened.patience = self._patience.setdefault(
            target.key, Patience(self.options.profile.longest)
        )
        opened.hangs = opened.patience.given_up
        trace = Trace()
        trace.preamble = target.preamble
        trace.raw = _raw(target, opened)
        trace.is_async = opened.is_async
        caller = Caller(opened, trace)
        endpoint = opened.endpoint
        contract = self.contract_for(target)
        workspace = Workspace(
            caller,
            self.prefix,
            shared=self._names.setdefault(target.key, Names()),
            silent_deletes=contract.dialect == "overview",
            drop=_dropping(target, opened),
        )
        known = target.secrets_of(endpoint)
        opened.watch = Watch(workspace.uses)
        opened.watch.know(*known)
        if endpoint is not None:
            opened.watch.reach(endpoint)
        opened.watch.meet(opened.service)
        return Session(
            target=target,
            contract=contract,
            opened=opened,
            instances=Instances(replace(target, server=used), connect, opened),
            caller=caller,
            workspace=workspace,
            detected=Detected(),
            secrets=known,
            server=None
            if endpoint is None
            else {
                "product": endpoint.product,
                "version": endpoint.version,
                "source": endpoint.source,
            },
            limits=dict(getattr(endpoint, "limits", {})),
            _cleanup=cleanup,
        )

    def _server_for(self, target: Target) -> str | Callable[[], Any] | None:
        if callable(target.server):
            return target.server
        store = target.server.partition(":")[0] if target.server else None
        chosen = [name for name in self.options.servers if name.partition(":")[0] == store]
        return chosen[-1] if chosen else target.server

    def _lender_if(self, target: Target) -> Lender | None:
        if isinstance(target.server, str) and self._lender is None:
            self._lender = lender_for(self._name)
        return self._lender

    def close(self, key: str) -> None:
        """Close the session of a key, if it is open."""
        session = self._sessions.pop(key, None)
        if session is not None:
            session.close()

    def close_all(self) -> None:
        """Close every session that is still open, and the servers."""
        for key in list(self._sessions):
            self.close(key)
        if self._lender is not None:
            self._lender.close()
            self._lender = None


def _dropping(target: Target, opened: Opened) -> Callable[[str], None] | None:
    drop = target.drop
    if drop is None:
        return None

    def dropped(name: str) -> None:
        opened.patience.wait_for(lambda: opened.loop.settle(drop(opened.service, name)))

    return dropped


def _raw(target: Target, opened: Opened) -> Callable[[str, str], Any] | None:
    raw = target.raw
    return None if raw is None else lambda *key: opened.patience.wait_for(raw, *key)
