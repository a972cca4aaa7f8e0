"""What can go wrong between a service and its server, as values that a `Proxy` is armed with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Manner = Literal["FIN", "RST"]
"""How a connection ends: in order (FIN), as when a program ends, or by a reset (RST)."""


@dataclass(frozen=True)
class Refuse:
    """Nobody listens, and every connection that exists is reset: the server is gone."""


@dataclass(frozen=True)
class Mute:
    """Connections and requests are taken, and never answered.

    When the proxy is cleared, the answers of requests that were `passed_on` come late on the
    connections that are still open, as those of a server that was paused; the connections of
    other requests are reset, and these are never carried out.
    """

    passed_on: bool = False
    """Whether the server gets the requests, and carries them out."""
    after: int = 0
    """How many bytes of an answer come before the silence; one that is no longer comes whole."""


@dataclass(frozen=True)
class Cut:
    """The server carries out the request, and its answer is cut after some bytes.

    An answer that is no longer than `after` comes whole, and its connection stays.
    """

    after: int = 0
    manner: Manner = "FIN"
    hook: Callable[[], object] | None = None
    """What to do when the answer is there, before the cut; it may take its time."""
    reply: str = ""
    """What is said before the cut, as if a gateway said it: one of `Proxy.replies`."""


@dataclass(frozen=True)
class Drop:
    """The request never reaches the server, and its connection is cut."""

    manner: Manner = "RST"


@dataclass(frozen=True)
class Instead:
    """The request never reaches the server; the proxy answers in its place.

    `reply` is the name of one of `Proxy.replies`.
    """

    reply: str


@dataclass(frozen=True)
class Drip:
    """Answers come slowly, a few bytes at a time."""

    bytes_per_second: float


@dataclass(frozen=True)
class Delay:
    """Each request waits for a random while before it is passed on, and so does each answer."""

    longest: float
    """Seconds."""
    seed: int = 0


@dataclass(frozen=True)
class Reorder:
    """Some requests, chosen at random, wait until one of another connection has overtaken them."""

    share: float = 0.5
    longest: float = 0.05
    """Seconds that a request waits at most, where no other one comes."""
    seed: int = 0


Fault = Refuse | Mute | Cut | Drop | Instead | Drip | Delay | Reorder
