"""More instances of a target's service: a second one, a fresh one, one behind the proxy."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gofannon_conformance.calls.values import NoAnswer
from gofannon_conformance.calls.violation import NotApplicable, NotTested
from gofannon_conformance.service.caller import Caller
from gofannon_conformance.service.opening import Opened, opened
from gofannon_conformance.usage import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gofannon_conformance.calls.values import Trace
    from gofannon_conformance.proxy import Proxy
    from gofannon_conformance.servers import Endpoint, Server
    from gofannon_conformance.target import Target

SHORT_TIMEOUT = 1.0
"""The client's time-out behind the proxy, in seconds: a mute server should cost little time."""

TIMES_THE_FIRST = 3
"""Another opening may take this many times as long as the first one."""


class OnlyOne(Exception):  # noqa: N818  # it is a finding; the text says why
    """There can be no second instance of the service."""


@dataclass(frozen=True)
class Proxied:
    """A service that is connected to its server through the fault proxy."""

    caller: Caller
    proxy: Proxy
    endpoint: Endpoint
    bound: float
    """Seconds within which every call must end."""


class Instances:
    """Opens further services of one target; those that are kept are closed with the session."""

    def __init__(self, target: Target, connect: Callable[..., Any] | None, first: Opened) -> None:
        self._target = target
        self._connect = connect
        self._first = first
        self._kept = ExitStack()
        self._second: Opened | OnlyOne | None = None
        self._alone: OnlyOne | None = None
        """Why no other one is opened any more."""
        self._same: list[ExitStack] = []
        """Clean-ups of generators that yielded the first one again: to run them would close it."""

    @property
    def endpoint(self) -> Endpoint | None:
        """The target's server, if it has one."""
        return self._first.endpoint

    def second(self) -> Opened:
        """Return a second instance, on the same server; it is opened once."""
        if self._second is None:
            try:
                self._second = self.kept()
            except OnlyOne as reason:
                self._second = reason
        if isinstance(self._second, OnlyOne):
            raise self._second
        return self._second

    def kept(self) -> Opened:
        """Return another instance, which stays open as long as the first one.

        A service may close connections that its instances share when one of them is closed.
        """
        return self._kept.enter_context(self.fresh())

    @contextmanager
    def fresh(self, endpoint: Endpoint | None = None) -> Iterator[Opened]:
        """Open another instance for the block; raise `OnlyOne` where there can be no other."""
        self.check_may_open()
        endpoint = endpoint or self.endpoint
        watch = self._first.watch
        if endpoint is not None:
            watch.reach(endpoint)
        with ExitStack() as stack:
            try:
                other = stack.enter_context(
                    opened(
                        self._target,
                        endpoint,
                        connect=self._connect,
                        loop=self._first.loop,
                        longest=self._longest_opening,
                        watch=watch,
                        time_limit=self._first.time_limit,
                    )
                )
            except (UsageError, NotTested) as error:
                if error.__cause__ is not None:
                    watch.opening(error.__cause__)
                if isinstance(error.__cause__, NoAnswer):  # it would hang each time
                    self._alone = OnlyOne(f"a second instance could not be opened: {error}")
                    self._alone.__cause__ = error
                raise OnlyOne(f"a second instance could not be opened: {error}") from error
            if other.service is self._first.service:
                self._same.append(stack.pop_all())  # closing it would close the first
                raise OnlyOne("the target returns the same object each time that it is opened")
            watch.meet(other.service)
            watch.shows(other.service)
            yield other

    def check_may_open(self) -> None:
        """Raise `OnlyOne` where another instance would break the first one."""
        if self._alone is not None:
            raise self._alone

    def renew(self, why: str) -> None:
        """Replace the first instance, which no longer works, by a new one.

        It is the last: where one instance breaks another, the tests go on with one.
        """
        self._alone = None
        with suppress(OnlyOne):  # then the tests go on with the old one
            self._first.service = self.kept().service
        self._alone = self._second = OnlyOne(why)

    def replace(self) -> None:
        """Replace the first instance, in which a call hangs, by a new one.

        Where there can be no other one, the tests go on with the old one.
        """
        self._first.loop.renew()
        if isinstance(self._second, Opened):
            self._second = None
        with suppress(OnlyOne):
            self._first.service = self.kept().service

    @property
    def _longest_opening(self) -> float:
        """Seconds that another opening may take: as a call, or a few times the first opening."""
        return max(self._first.time_limit.seconds, TIMES_THE_FIRST * self._first.took)

    @contextmanager
    def own_server(self) -> Iterator[Server]:
        """Yield a server that the test may stop, start and kill.

        A server with a name is started for this test alone. An author's own server is the one of
        the whole run, because a second one might need the same port or folder.
        """
        server, endpoint = self._target.server, self.endpoint
        if server is None or endpoint is None:
            raise NotApplicable("the target names no server that the kit could stop: `server=`")
        if callable(server):
            assert self._first.server is not None  # noqa: S101  # it has started it
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
        """Yield an instance that is connected through a proxy, with short time-outs.

        `change` may give it other credentials.
        """
        from gofannon_conformance.proxy import Proxy

        real = self.endpoint
        if real is None:
            raise NotApplicable("the target names no server for the kit's proxy: give it `server=`")
        if real.is_encrypted:
            raise NotTested("its server uses TLS, which the kit's proxy cannot read")
        host, port = real.address
        with Proxy(host, port, protocol=real.protocol) as proxy:
            through = change(replace(real.at(proxy.host, proxy.port), timeout=SHORT_TIMEOUT))
            with self.fresh(through) as other:
                yield Proxied(Caller(other, trace), proxy, through, self._target.bound)

    def close(self) -> None:
        """Close the instances that were kept."""
        self._second = None
        self._kept.close()
