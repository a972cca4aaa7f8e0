"""A target's service on the server that it needs: provided, connected, and put away again."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from gofannon_conformance.opening import Opened, opened
from gofannon_conformance.usage import UsageError
from gofannon_conformance.violation import NotTested

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gofannon_conformance.servers import Server
    from gofannon_conformance.target import Target


class Lender(Protocol):
    """Whoever starts the servers of a run, each once, and closes them at its end."""

    def start(self, name: str) -> Server:
        """Give the server of that name, started at the first call."""

    def close(self) -> None:
        """Close them all."""


def lender_for(run: str | None) -> Lender:
    """Give the lender of a process: its own, or the one that a run's workers share."""
    if run is None:
        from gofannon_conformance.servers import Shared

        return Shared()
    from gofannon_conformance.servers.rendezvous import Rendezvous

    return Rendezvous(run)


@contextmanager
def provided(
    target: Target,
    connect: Callable[..., Any] | None = None,
    *,
    server: str | None = None,
    lender: Lender | None = None,
) -> Iterator[Opened]:
    """Open a target's service; where it needs a server, find or start one first.

    `server` is the one to use in place of the one that the target names. Without a `lender`, the
    server is this service's own and is closed with it.
    """
    name = server or target.server
    if name is None:
        with opened(target, connect=connect) as service:
            yield service
        return
    own = lender is None
    lender = lender or lender_for(None)
    try:
        endpoint = _started(target, name, lender).endpoint
        with opened(target, endpoint, connect=connect) as service:
            service.endpoint = endpoint
            yield service
    finally:
        if own:
            lender.close()


def _started(target: Target, name: str, lender: Lender) -> Server:
    from gofannon_conformance.servers import ServerError, Unavailable

    try:
        return lender.start(name)
    except Unavailable as missing:
        raise NotTested(
            f"{target.name} needs the server {name}, which is not to be had here: "
            f"{missing.why}. To have it: {missing.how}"
        ) from missing
    except ServerError as error:
        raise NotTested(f"{target.name}: the server {name} did not start: {error}") from error
    except ValueError as error:
        raise UsageError(f"{target.name}: {error}") from error
