"""One run in one process: for each target a session, which its tests share."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.values import Trace
from gofannon_conformance.run.ledger import Ledger, Names
from gofannon_conformance.run.workspace import Workspace
from gofannon_conformance.secrets.watch import Watch
from gofannon_conformance.service import time_limit
from gofannon_conformance.service.caller import Caller
from gofannon_conformance.service.instances import Instances
from gofannon_conformance.service.provision import lender_for, provided
from gofannon_conformance.service.time_limit import Hang, TimeLimit

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.contract import Contract
    from gofannon_conformance.run.options import Options
    from gofannon_conformance.servers import Endpoint
    from gofannon_conformance.service.opening import Opened
    from gofannon_conformance.service.provision import Lender
    from gofannon_conformance.target import Target


class CleaningUpFailed(Exception):  # noqa: N818  # it says what failed
    """The author's code raised an exception when its service was closed; the text names it."""


@dataclass
class Session:
    """An open target: its service, its collections, and what was detected about it."""

    target: Target
    contract: Contract
    opened: Opened
    instances: Instances
    caller: Caller
    workspace: Workspace
    secrets: tuple[str, ...]
    server: dict[str, str] | None
    limits: dict[str, str]
    hang: Hang
    """The calls of the target that did not return."""
    detected: dict[str, str] = field(default_factory=dict)
    """Each capability that was tried, with what shows it; "" where nothing does."""
    facts: dict[str, str] = field(default_factory=dict)
    """What the current test found out, for the report."""
    _cleanup: ExitStack = field(default_factory=ExitStack)

    def revived_server(self) -> str:
        """Start the server again if it has ended by itself, and return its name; "" if it runs."""
        server = self.opened.server
        if server is None or server.running:
            return ""
        server.start()
        return server.endpoint.product

    def close(self) -> None:
        """Delete the rest of the run's documents, drop its collections, close the service."""
        with ExitStack() as after:  # if a step fails, the others are done
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
        self._time_limits: dict[str, TimeLimit] = {}
        """The time limit of each target: its sessions share what is known of hanging calls."""

    def contract_for(self, target: Target) -> Contract:
        """Return the contract in the target's dialect, or in the one that the options name."""
        return self.contract.for_dialect(self.options.dialect or target.dialect)

    def session(
        self, key: str, target: Target, connect: Callable[..., Any] | None = None
    ) -> Session:
        """Return the open session of a key, or open one."""
        if key not in self._sessions:
            self._sessions[key] = self.open(target, connect)
        return self._sessions[key]

    def open(self, target: Target, connect: Callable[..., Any] | None = None) -> Session:
        """Open a session; the caller closes it."""
        limit = self._time_limits.setdefault(target.key, TimeLimit(self.options.profile.longest))
        trace = Trace(target.preamble, _raw(target, limit))
        contract = self.contract_for(target)
        ledger = Ledger(
            self.prefix,
            trace,
            self._names.setdefault(target.key, Names()),
            silent_deletes=contract.dialect == "overview",
        )
        watch = Watch(ledger.uses)
        server = self._server_for(target)
        with ExitStack() as stack:
            time_limit.start()
            stack.callback(time_limit.stop)
            opened = stack.enter_context(
                provided(
                    target,
                    connect,
                    server=server,
                    lender=self._lender_for(target),
                    watch=watch,
                    time_limit=limit,
                )
            )
            cleanup = stack.pop_all()
        caller = Caller(opened, trace)
        endpoint = opened.endpoint
        known = target.secrets_of(endpoint)
        watch.know(*known)
        if endpoint is not None:
            watch.reach(endpoint)
        watch.meet(opened.service)
        return Session(
            target=target,
            contract=contract,
            opened=opened,
            instances=Instances(replace(target, server=server), connect, opened),
            caller=caller,
            workspace=Workspace(
                caller,
                ledger,
                drop=_dropping(target, opened),
                converges_within=target.converges_within if target.capabilities.eventual else 0.0,
            ),
            secrets=known,
            server=_facts_of(endpoint),
            limits=dict(getattr(endpoint, "limits", {})),
            hang=limit.hang,
            _cleanup=cleanup,
        )

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

    def _server_for(self, target: Target) -> str | Callable[[], Any] | None:
        if callable(target.server):
            return target.server
        store = target.server.partition(":")[0] if target.server else None
        chosen = [name for name in self.options.servers if name.partition(":")[0] == store]
        return chosen[-1] if chosen else target.server

    def _lender_for(self, target: Target) -> Lender | None:
        if isinstance(target.server, str) and self._lender is None:
            self._lender = lender_for(self._name)
        return self._lender


def _dropping(target: Target, opened: Opened) -> Callable[[str], None] | None:
    drop = target.drop
    if drop is None:
        return None

    def dropped(name: str) -> None:
        opened.time_limit.call(lambda: opened.loop.settle(drop(opened.service, name)))

    return dropped


def _raw(target: Target, limit: TimeLimit) -> Callable[[str, str], Any] | None:
    raw = target.raw
    return None if raw is None else lambda *key: limit.call(raw, *key)


def _facts_of(endpoint: Endpoint | None) -> dict[str, str] | None:
    if endpoint is None:
        return None
    return {
        "product": endpoint.product,
        "version": endpoint.version,
        "source": endpoint.source,
    }
