"""A server that this process did not start: named by the environment, or lent by the run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gofannon_conformance.servers.endpoint import ENVIRONMENT
from gofannon_conformance.servers.provider import NotOurs, Plan, Server, Unavailable, Way

if TYPE_CHECKING:
    from collections.abc import Callable

    from gofannon_conformance.servers.endpoint import Endpoint


class GivenServer(Server):
    """A server that the kit uses, but never starts or stops."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint.borrowed()

    @property
    def running(self) -> bool:
        """Always true: the kit cannot know better."""
        return True

    def stop(self) -> None:
        """Raise `NotOurs`."""
        raise self._refusal("stop")

    def start(self) -> None:
        """Raise `NotOurs`."""
        raise self._refusal("start")

    def kill(self) -> None:
        """Raise `NotOurs`."""
        raise self._refusal("kill")

    def close(self) -> None:
        """Do nothing."""

    def _refusal(self, verb: str) -> NotOurs:
        owner = (
            "it was given by the environment"
            if self.endpoint.source == ENVIRONMENT
            else "another process of this run started it"
        )
        return NotOurs(f"the kit does not {verb} {self.endpoint.product}: {owner}")


def way(
    variable: str,
    read: Callable[[str], Endpoint],
    identify: Callable[[Endpoint], Endpoint],
    other_variables: tuple[str, ...] = (),
) -> Way:
    """Return the way to the server that an environment variable names.

    `read` turns the variable's value into an endpoint; it may read other variables too, which
    the hint then names. `identify` asks that server for its product and version. A `ValueError`
    or `OSError` of either means that there is no such server.
    """
    how = " and ".join([f"set {variable}", *other_variables])

    def value() -> str:
        return os.environ.get(variable, "").strip()

    def look() -> Plan | Unavailable:
        if not value():
            return Unavailable(f"{variable} is not set", how)
        try:
            endpoint = read(value())
        except ValueError:
            return _unusable(variable, "its value", "it is not a valid URL")
        url = endpoint.redacted(endpoint.url)
        try:
            endpoint = identify(endpoint)
        except (OSError, ValueError) as error:
            return _unusable(variable, url, endpoint.redacted(str(error).strip()))
        return Plan(
            product=endpoint.product,
            version=endpoint.version,
            detail=f"{variable} names {url}",
            given=endpoint,
        )

    def take(plan: Plan) -> Server:
        assert plan.given is not None  # noqa: S101  # `look` sets it
        return GivenServer(plan.given)

    return Way(
        name=ENVIRONMENT,
        source=ENVIRONMENT,
        look=look,
        open=take,
        chosen=lambda: bool(value()),
    )


def _unusable(variable: str, what: str, why: str) -> Unavailable:
    return Unavailable(
        f"{variable} is set, but {what} is not usable: {why}",
        f"start that server, correct {variable}, or unset it",
    )
