"""How a store's server is had: its ways in their order, and the first one that is open."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from gofannon_conformance.servers.endpoint import Endpoint


class Unavailable(Exception):  # noqa: N818 - a finding that `plan` returns and `start` raises
    """There is no such server here: `why`, and `how` a person gets one."""

    def __init__(self, why: str, how: str) -> None:
        super().__init__(why, how)
        self.why = why
        self.how = how

    def __str__(self) -> str:
        return f"{self.why}. To get it: {self.how}"


class ServerError(Exception):
    """A server that should run does not: what was tried, and what it printed last."""


class NotOurs(ServerError):  # noqa: N818 - reads as what it says
    """The kit did not start this server and so neither stops, starts nor kills it."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What would be used, found out without starting anything."""

    store: str
    way: str
    product: str
    version: str
    source: str
    detail: str = ""
    """Where it lies, or what happens at the first use: for a person."""
    program: str = ""
    """The file or folder to run it from, where there is one."""
    durable: bool = False
    """Whether its data should outlive a crash of the machine; not every server has such a mode."""

    def __str__(self) -> str:
        return f"{self.product} {self.version}".strip() + f" ({self.source})"


class Server(ABC):
    """A server that answers at `endpoint`; a context manager that closes it.

    `stop`, `start` and `kill` are for what the kit started (`endpoint.owned`); any other server
    raises `NotOurs`. `start` brings it back at the same address with what data it keeps
    (`endpoint.durable`), and returns once it answers. `close` can be called any number of times.
    """

    endpoint: Endpoint

    @property
    @abstractmethod
    def running(self) -> bool:
        """Whether it is up, as far as the kit can tell."""

    @abstractmethod
    def stop(self) -> None:
        """End it in its own good order, and wait for that."""

    @abstractmethod
    def start(self) -> None:
        """Bring it back after `stop` or `kill`, and wait until it answers."""

    @abstractmethod
    def kill(self) -> None:
        """End it at once, as a crash would (SIGKILL)."""

    @abstractmethod
    def close(self) -> None:
        """End it for good and remove all that it left."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.endpoint!r})"


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to have a store's server.

    `look` starts nothing. A way that is `chosen` (its environment variable is set) is the only
    one: if it then does not work, no other is taken in its place, for the person who named that
    server must not get results of another one.
    """

    name: str
    source: str
    look: Callable[[], Plan | Unavailable]
    open: Callable[[Plan], Server]
    """Given what `look` found; may raise `Unavailable` still, where an installation fails."""
    chosen: Callable[[], bool] = lambda: False


@dataclass(frozen=True, kw_only=True)
class Provider:
    """The ways to a store's server, best first."""

    name: str
    ways: tuple[Way, ...]

    @property
    def store(self) -> str:
        """The store without the variant: `dynamodb` of `dynamodb:dynalite`."""
        return self.name.partition(":")[0]

    def variant(self, way: str) -> Provider:
        """Give the provider that has this way only."""
        ways = tuple(one for one in self.ways if one.name == way)
        if not ways:
            known = ", ".join(one.name for one in self.ways)
            raise ValueError(f"there is no way {way!r} to {self.store}; there are: {known}")
        return replace(self, name=f"{self.store}:{way}", ways=ways)

    def survey(self) -> Iterator[tuple[Way, Plan | Unavailable]]:
        """Look at each way in turn, lazily. Nothing is started."""
        for way in self.ways:
            yield way, way.look()

    def plan(self, prefer: str | None = None) -> Plan | Unavailable:
        """Say what `start` would use. Nothing is started."""
        chosen = self if prefer is None else self.variant(prefer)
        return first_open(chosen.survey())

    def start(self, prefer: str | None = None, *, durable: bool = False) -> Server:
        """Start what `plan` names, or raise `Unavailable`.

        `durable` asks for data that outlives a crash of the machine; a store that has no such
        mode is started as ever. `endpoint.durable` says what was had.
        """
        if prefer is not None:
            return self.variant(prefer).start(durable=durable)
        shut: list[Unavailable] = []
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
            shut.append(why)
        raise _together(shut)


def first_open(survey: Iterable[tuple[Way, Plan | Unavailable]]) -> Plan | Unavailable:
    """Give the first plan, or why there is none."""
    shut: list[Unavailable] = []
    for way, found in survey:
        if isinstance(found, Plan) or way.chosen():
            return found
        shut.append(found)
    return _together(shut)


def _together(shut: list[Unavailable]) -> Unavailable:
    why = "; ".join(one.why for one in shut)
    how = "; or ".join(dict.fromkeys(one.how for one in shut))
    return Unavailable(why, how)
