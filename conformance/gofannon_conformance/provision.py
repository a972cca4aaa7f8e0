"""A target's service on the server that it needs: provided, connected, and put away again."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from gofannon_conformance.opening import Opened, opened
from gofannon_conformance.resolve import said
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
    server: str | Callable[[], Any] | None = None,
    lender: Lender | None = None,
) -> Iterator[Opened]:
    """Open a target's service; where it needs a server, find or start one first.

    `server` is the one to use in place of the one that the target names. Without a `lender`, the
    server is this service's own and is closed with it.
    """
    needed = server or target.server
    if needed is None:
        with opened(target, connect=connect) as service:
            yield service
        return
    with ExitStack() as own:
        if callable(needed):
            running = own.enter_context(_started_by_author(target, needed))
        else:
            if lender is None:
                lender = lender_for(None)
                own.callback(lender.close)
            running = _started(target, needed, lender)
        with opened(target, running.endpoint, connect=connect) as service:
            service.endpoint = running.endpoint
            service.server = running
            yield service


@contextmanager
def _started_by_author(target: Target, start: Callable[[], Any]) -> Iterator[Server]:
    from gofannon_conformance.servers.own import started

    with ExitStack() as stack:
        try:
            server = stack.enter_context(started(start))
        except (Exception, SystemExit) as error:
            raise UsageError(f"{target.name}: starting its server failed: {said(error)}") from error
        yield server


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
