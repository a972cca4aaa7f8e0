"""A target's service on the server that it needs: started, connected, closed."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from gofannon_conformance.calls.violation import NotTested
from gofannon_conformance.service.opening import Opened, opened
from gofannon_conformance.usage import UsageError
from gofannon_conformance.values.exceptions import said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gofannon_conformance.secrets.watch import Watch
    from gofannon_conformance.servers import Server
    from gofannon_conformance.service.time_limit import TimeLimit
    from gofannon_conformance.target import Target


class Lender(Protocol):
    """Starts each server of a run once and closes them at the end."""

    def start(self, name: str) -> Server:
        """Return the server of that name, started at the first call."""

    def close(self) -> None:
        """Close them all."""


def lender_for(run: str | None) -> Lender:
    """Return the lender of a process: its own, or the one that a run's workers share."""
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
    watch: Watch | None = None,
    time_limit: TimeLimit | None = None,
) -> Iterator[Opened]:
    """Open a target's service; where it needs a server, find or start one first.

    `server` replaces the one that the target names. Without a `lender`, the server is started for
    this service and closed with it.
    """
    needed = server or target.server
    if needed is None:
        with opened(target, connect=connect, watch=watch, time_limit=time_limit) as service:
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
        with opened(
            target,
            running.endpoint,
            server=running,
            connect=connect,
            watch=watch,
            time_limit=time_limit,
        ) as service:
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
            f"{target.name} needs the server {name}, which is not available here: "
            f"{missing.why}. To get it: {missing.how}"
        ) from missing
    except ServerError as error:
        raise NotTested(f"{target.name}: the server {name} did not start: {error}") from error
    except ValueError as error:
        raise UsageError(f"{target.name}: {error}") from error
