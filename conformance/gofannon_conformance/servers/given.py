"""A server that somebody else runs: named by the environment, or lent by the run's lead."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gofannon_conformance.servers.endpoint import ENVIRONMENT
from gofannon_conformance.servers.provider import NotOurs, Plan, Server, Unavailable, Way

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.servers.endpoint import Endpoint


class GivenServer(Server):
    """A server that the kit may use, and must leave as it is."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint.borrowed()

    @property
    def running(self) -> bool:
        """Take it to be up: nobody told the kit otherwise."""
        return True

    def stop(self) -> None:
        """Refuse."""
        raise self._refusal("stop")

    def start(self) -> None:
        """Refuse."""
        raise self._refusal("start")

    def kill(self) -> None:
        """Refuse."""
        raise self._refusal("kill")

    def close(self) -> None:
        """Leave it as it is."""

    def _refusal(self, verb: str) -> NotOurs:
        owner = (
            "it was given by the environment"
            if self.endpoint.source == ENVIRONMENT
            else "another process of this run started it"
        )
        return NotOurs(f"the kit does not {verb} {self.endpoint.product}: {owner}")


def way(
    store: str,
    variable: str,
    find: Callable[[str], Endpoint | Unavailable],
    beside: tuple[str, ...] = (),
) -> Way:
    """Give the way to the server that an environment variable names.

    `find` is given the variable's value, and asks the server what it is. It may read other
    variables `beside` it.
    """
    how = " and ".join([f"set {variable}", *beside])

    def found() -> Endpoint | Unavailable:
        value = os.environ.get(variable, "").strip()
        return find(value) if value else Unavailable(f"{variable} is not set", how)

    def look() -> Plan | Unavailable:
        endpoint = found()
        if isinstance(endpoint, Unavailable):
            return endpoint
        return Plan(
            store=store,
            way=ENVIRONMENT,
            product=endpoint.product,
            version=endpoint.version,
            source=ENVIRONMENT,
            detail=f"{variable} names {endpoint.redacted(endpoint.url)}",
        )

    def take(_plan: Plan) -> Server:
        endpoint = found()
        if isinstance(endpoint, Unavailable):
            raise endpoint
        return GivenServer(endpoint)

    return Way(
        name=ENVIRONMENT,
        source=ENVIRONMENT,
        look=look,
        open=take,
        chosen=lambda: bool(os.environ.get(variable, "").strip()),
    )


def silent(variable: str, address: str, error: object) -> Unavailable:
    """Say that the server which the variable names is not to be had."""
    return Unavailable(
        f"{variable} is set, but with {address}: {error}",
        f"start that server, correct {variable}, or unset it",
    )
