"""The faults that a `Proxy` can inject, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Manner = Literal["FIN", "RST"]
"""How a connection is closed: normally (FIN), or by a reset (RST)."""


@dataclass(frozen=True)
class Refuse:
    """New connections are refused, and existing ones reset: the server is down."""


@dataclass(frozen=True)
class Mute:
    """Connections and requests are accepted, and never answered.

    When the proxy is cleared, the answers of requests that were `passed_on` arrive late on the
    connections that are still open, as after a paused server. The connections of other requests
    are reset; the server never executes these.
    """

    passed_on: bool = False
    """Whether the server receives the requests, and executes them."""
    after: int = 0
    """How many bytes of an answer arrive before the silence; a shorter answer arrives whole."""


@dataclass(frozen=True)
class Cut:
    """The server executes the request, and its answer is cut after some bytes.

    An answer that is no longer than `after` arrives whole, and its connection stays open.
    """

    after: int = 0
    manner: Manner = "FIN"
    hook: Callable[[], object] | None = None
    """Runs when the answer has arrived at the proxy, before the cut; the client waits for it."""
    reply: str = ""
    """What the client receives before the cut, as from a gateway: one of `Proxy.replies`."""


@dataclass(frozen=True)
class Drop:
    """The request never reaches the server, and its connection is cut."""

    manner: Manner = "RST"


@dataclass(frozen=True)
class Instead:
    """The request never reaches the server; the proxy answers in its place."""

    reply: str
    """One of `Proxy.replies`."""


@dataclass(frozen=True)
class Drip:
    """Answers arrive slowly, a few bytes at a time."""

    bytes_per_second: float


@dataclass(frozen=True)
class Delay:
    """Each request, and each answer, is held for a random time."""

    longest: float
    """Seconds."""
    seed: int = 0


@dataclass(frozen=True)
class Reorder:
    """Some requests, chosen at random, wait until a later one has overtaken them."""

    share: float = 0.5
    longest: float = 0.05
    """Seconds that a request waits at most, if no other one arrives."""
    seed: int = 0


Fault = Refuse | Mute | Cut | Drop | Instead | Drip | Delay | Reorder
