"""Providers of servers: the ways to get one for a store, and the choice of the first that works."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from gofannon_conformance.servers.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Unavailable(Exception):  # noqa: N818 - a finding that `plan` returns and `start` raises
    """No such server on this machine: `why`, and `how` to get one."""

    def __init__(self, why: str, how: str) -> None:
        super().__init__(why, how)
        self.why = why
        self.how = how

    def __str__(self) -> str:
        return f"{self.why}. To get it: {self.how}"


class ServerError(Exception):
    """A server that should run does not: what failed, and the last lines that it printed."""


class NotOurs(ServerError):  # noqa: N818 - reads as what it says
    """The kit did not start this server, so it does not stop, start or kill it."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The server that would be used, found without starting anything."""

    product: str
    version: str
    store: str = ""
    way: str = ""
    source: str = ""
    """These three are filled in by the provider."""
    detail: str = ""
    """Where it is, or what happens at the first use; for people."""
    program: str = ""
    """The file or folder to run it from, if any."""
    durable: bool = False
    """Whether its data should survive a crash of the machine; not every server has such a mode."""
    given: Endpoint | None = None
    """The server itself, if the environment names it."""

    def endpoint(self, url: str, **more: Any) -> Endpoint:
        """Return the endpoint of the server that the kit has started at `url` by this plan."""
        made = Endpoint(product=self.product, version=self.version, source=self.source, url=url)
        return replace(made, owned=True, **more)

    def __str__(self) -> str:
        return f"{self.product} {self.version}".strip() + f" ({self.source})"


class Server(ABC):
    """A server that answers at `endpoint`; a context manager that closes it.

    `stop`, `start` and `kill` raise `NotOurs` unless the kit started the server
    (`endpoint.owned`). `start` restarts it at the same address, with its data if it is
    `endpoint.durable`, and returns once it answers. `close` may be called any number of times.
    """

    endpoint: Endpoint

    @property
    @abstractmethod
    def running(self) -> bool:
        """Whether it is running, as far as the kit knows."""

    @abstractmethod
    def stop(self) -> None:
        """Shut it down normally, and wait until it has ended."""

    @abstractmethod
    def start(self) -> None:
        """Start it again after `stop` or `kill`, and wait until it answers."""

    @abstractmethod
    def kill(self) -> None:
        """End it at once by SIGKILL, like a crash."""

    @abstractmethod
    def close(self) -> None:
        """End it and remove all its files."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.endpoint!r})"


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to get a server for a store.

    `look` starts nothing. If a way is `chosen` (its environment variable is set), no other way is
    tried: a person who names a server must not get results of another one.
    """

    name: str
    source: str
    look: Callable[[], Plan | Unavailable]
    open: Callable[[Plan], Server]
    """Takes the plan that `look` returned; may raise `Unavailable`, for a failed installation."""
    chosen: Callable[[], bool] = lambda: False


@dataclass(frozen=True, kw_only=True)
class Provider:
    """The ways to get a server for a store, best first."""

    name: str
    ways: tuple[Way, ...]

    @property
    def store(self) -> str:
        """The store without the variant: `dynamodb` of `dynamodb:dynalite`."""
        return self.name.partition(":")[0]

    def variant(self, way: str) -> Provider:
        """Return the provider that has only this way."""
        ways = tuple(one for one in self.ways if one.name == way)
        if not ways:
            known = ", ".join(one.name for one in self.ways)
            raise ValueError(f"there is no way {way!r} to {self.store}; there are: {known}")
        return replace(self, name=f"{self.store}:{way}", ways=ways)

    def survey(self) -> Iterator[tuple[Way, Plan | Unavailable]]:
        """Yield each way with its plan, lazily. Nothing is started."""
        for way in self.ways:
            found = way.look()
            if isinstance(found, Plan):
                found = replace(found, store=self.store, way=way.name, source=way.source)
            yield way, found

    def plan(self) -> Plan | Unavailable:
        """Return the plan that `start` would use. Nothing is started."""
        return first_open(self.survey())

    def start(self, *, durable: bool = False) -> Server:
        """Start what `plan` names, or raise `Unavailable`.

        `durable` asks for data that survives a crash of the machine; a store without such a mode
        ignores it. `endpoint.durable` says whether the data survives a restart.
        """
        unavailable: list[Unavailable] = []
        for way, found in self.survey():
            if isinstance(found, Plan):
                try:
                    return way.open(replace(found, durable=durable))
                except Unavailable as failed:
                    why = failed
            else:
                why = found
            if way.chosen():
                raise why
            unavailable.append(why)
        raise _together(unavailable)


def first_open(survey: Iterable[tuple[Way, Plan | Unavailable]]) -> Plan | Unavailable:
    """Return the first plan, or why there is none."""
    unavailable: list[Unavailable] = []
    for way, found in survey:
        if isinstance(found, Plan) or way.chosen():
            return found
        unavailable.append(found)
    return _together(unavailable)


def _together(unavailable: list[Unavailable]) -> Unavailable:
    why = "; ".join(one.why for one in unavailable)
    how = "; or ".join(dict.fromkeys(one.how for one in unavailable))
    return Unavailable(why, how)
