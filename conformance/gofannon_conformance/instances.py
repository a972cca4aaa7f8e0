"""Further instances of a target's service, beside the one that a session's tests share."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls import Caller
from gofannon_conformance.opening import Opened, opened
from gofannon_conformance.patience import NoAnswer
from gofannon_conformance.usage import UsageError
from gofannon_conformance.violation import NotApplicable, NotTested

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gofannon_conformance.calls import Trace
    from gofannon_conformance.faults import Proxy
    from gofannon_conformance.servers import Endpoint, Server
    from gofannon_conformance.target import Target

SHORT_TIMEOUT = 1.0
"""Seconds that a client behind the proxy is asked to wait: mute servers are to cost little."""

TIMES_THE_FIRST = 3
"""How many times what the first opening took another one may take."""


class OnlyOne(Exception):  # noqa: N818  # it is a finding; the text says why
    """A second instance of the service cannot be had."""


@dataclass(frozen=True)
class Proxied:
    """A service whose way to its server leads through a proxy that can misbehave."""

    caller: Caller
    proxy: Proxy
    endpoint: Endpoint
    bound: float
    """Seconds within which every call must end."""


class Instances:
    """Opens services of one target as they are wanted; what is kept is closed with the session."""

    def __init__(self, target: Target, connect: Callable[..., Any] | None, first: Opened) -> None:
        self._target = target
        self._connect = connect
        self._first = first
        self._kept = ExitStack()
        self._second: Opened | OnlyOne | None = None
        self._alone: OnlyOne | None = None
        """Why no other is opened any more."""
        self.hangs = False
        """Whether a call of one was found never to end."""
        self._same: list[ExitStack] = []
        """The ends of generators that gave the first one again: to run them would close it."""

    @property
    def endpoint(self) -> Endpoint | None:
        """Where the target's server is, if it has one."""
        endpoint: Endpoint | None = self._first.endpoint
        return endpoint

    def second(self) -> Opened:
        """Give a second instance, on the same server; it is opened once."""
        if self._second is None:
            try:
                self._second = self.kept()
            except OnlyOne as reason:
                self._second = reason
        if isinstance(self._second, OnlyOne):
            raise self._second
        return self._second

    def kept(self) -> Opened:
        """Open another instance, which stays open as long as the first one.

        A service may close what its instances share when one of them is closed.
        """
        return self._kept.enter_context(self.fresh())

    @contextmanager
    def fresh(self, endpoint: Endpoint | None = None) -> Iterator[Opened]:
        """Open another instance for a while; raises `OnlyOne` where there is no other."""
        self.check_may_open()
        endpoint = endpoint or self.endpoint
        arguments = [] if endpoint is None else [endpoint]
        watch = self._first.watch
        if endpoint is not None:
            watch.reach(endpoint)
        with ExitStack() as stack:
            try:
                other = stack.enter_context(
                    opened(
                        self._target,
                        *arguments,
                        connect=self._connect,
                        loop=self._first.loop,
                        longest=self._longest_opening,
                    )
                )
            except (UsageError, NotTested) as error:
                if error.__cause__ is not None:
                    watch.opening(error.__cause__)
                if isinstance(error.__cause__, NoAnswer):  # it would be waited for each time
                    self._alone = OnlyOne(f"a second instance could not be opened: {error}")
                    self._alone.__cause__ = error
                raise OnlyOne(f"a second instance could not be opened: {error}") from error
            if other.service is self._first.service:
                self._same.append(stack.pop_all())  # closing it would close the first
                raise OnlyOne("each time that the target is opened it gives the same object")
            other.endpoint = endpoint
            other.watch = watch
            other.patience = self._first.patience
            watch.meet(other.service)
            watch.shows(other.service)
            yield other

    def check_may_open(self) -> None:
        """Raise `OnlyOne` where to open another instance would break the first one."""
        if self._alone is not None:
            raise self._alone

    def renew(self, why: str) -> None:
        """Put a newly opened instance in the place of the first one, which works no longer.

        It is the last: where opening one breaks another, the tests go on with one.
        """
        self._alone = None
        with suppress(OnlyOne):  # then the tests go on with what there is
            self._first.service = self.kept().service
        self._alone = self._second = OnlyOne(why)

    def replace(self) -> None:
        """Put a newly opened instance in the place of each that a call never came back from.

        Where there can be no other one, the tests go on with what there is.
        """
        self._first.loop.renew()
        if isinstance(self._second, Opened):
            self._second = None
        with suppress(OnlyOne):
            self._first.service = self.kept().service

    @property
    def _longest_opening(self) -> float:
        """Seconds that another instance may take: as a call, or a few times as the first one."""
        return max(self._first.patience.seconds, TIMES_THE_FIRST * self._first.took)

    @contextmanager
    def own_server(self) -> Iterator[Server]:
        """Give a server that may be stopped, started and killed, with nobody else's data on it.

        One that is started by its name is started for this; an author's own server is the one
        that the tests have, for a second one might want the same port or the same folder.
        """
        server, endpoint = self._target.server, self.endpoint
        if server is None or endpoint is None:
            raise NotApplicable("the target names no server that could be stopped: `server=`")
        if callable(server):
            yield self._first.server
            return
        from gofannon_conformance.servers import ENVIRONMENT, ServerError, Unavailable, provider

        if endpoint.source == ENVIRONMENT:
            raise NotTested(
                f"the kit cannot restart {endpoint.product}: it was given by the environment"
            )
        if not endpoint.durable:
            why = endpoint.limits.get("DUR-3", "it does not keep its data over a restart")
            raise NotApplicable(f"{endpoint.product} ({endpoint.source}): {why}")
        try:
            started = provider(server).start(durable=True)
        except (Unavailable, ServerError) as error:
            raise NotTested(f"a server of the test's own did not start: {error}") from error
        with started:
            yield started

    @contextmanager
    def proxied(
        self, trace: Trace, *, change: Callable[[Endpoint], Endpoint] = lambda e: e
    ) -> Iterator[Proxied]:
        """Open an instance that reaches its server through a proxy, with short time-outs.

        `change` may give it other credentials.
        """
        from gofannon_conformance.faults import Proxy

        real = self.endpoint
        if real is None:
            raise NotApplicable(
                "the target names no server that the kit could stand before: give it `server=`"
            )
        if real.is_encrypted:
            raise NotTested("its server is reached by TLS, which the kit cannot come between")
        host, port = real.address
        with Proxy(host, port, protocol=real.protocol) as proxy:
            through = change(replace(real.at(proxy.host, proxy.port), timeout=SHORT_TIMEOUT))
            with self.fresh(through) as other:
                yield Proxied(Caller(other, trace), proxy, through, self._target.bound)

    def close(self) -> None:
        """Close what was kept."""
        self._second = None
        self._kept.close()
