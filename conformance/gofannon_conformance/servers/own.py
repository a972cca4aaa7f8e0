"""A server that a function of the target starts.

The function returns the server, or yields it and cleans up afterwards, or is a context manager.
The server is an `Endpoint`, a URL, a pair of host and port, or an object that has one of these
as `endpoint`, `url` or `address`, and may have `stop()`, `start()` and `kill()`.
"""

from __future__ import annotations

import inspect
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from gofannon_conformance.servers.endpoint import LOCAL_PROGRAM, Endpoint
from gofannon_conformance.servers.provider import NotOurs, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class OwnServer(Server):
    """A server that the target's own function has started."""

    def __init__(self, given: Any) -> None:
        self._given = given
        self._running = True
        self.endpoint = endpoint_of(given)

    @property
    def running(self) -> bool:
        """Whether it is running, as far as the kit has stopped and started it."""
        return self._running

    def stop(self) -> None:
        """Call the author's `stop()`."""
        self._do("stop")
        self._running = False

    def start(self) -> None:
        """Call the author's `start()`."""
        self._do("start")
        self._running = True

    def kill(self) -> None:
        """Call the author's `kill()`."""
        self._do("kill")
        self._running = False

    def close(self) -> None:
        """Do nothing: the author's function cleans up after its `yield`."""

    def can(self, *verbs: str) -> bool:
        """Whether the author's object has these methods."""
        return all(callable(getattr(self._given, verb, None)) for verb in verbs)

    def _do(self, verb: str) -> None:
        if not self.can(verb):
            raise NotOurs(f"the target's server has no {verb}()")
        getattr(self._given, verb)()


@contextmanager
def started(start: Callable[[], Any]) -> Iterator[OwnServer]:
    """Start an author's server, and clean up at the end of the block."""
    made = start()
    if inspect.isgenerator(made):
        yield OwnServer(next(made))
        next(made, None)
    elif isinstance(made, AbstractContextManager):
        with made as given:
            yield OwnServer(made if given is None else given)
    else:
        yield OwnServer(made)


def endpoint_of(given: Any) -> Endpoint:
    """Return the endpoint of what an author's function returned.

    >>> endpoint_of(("127.0.0.1", 20000)).url
    'tcp://127.0.0.1:20000'
    """
    if isinstance(given, Endpoint):
        return given
    if isinstance(given, str) and "://" in given:
        password = urlsplit(given).password or ""
        endpoint = Endpoint(
            product="own server",
            version="",
            source=LOCAL_PROGRAM,
            url=given,
            secrets=tuple({password, unquote(password)} - {""}),
        )
        endpoint.address  # noqa: B018  # it raises where the URL names no host and port
        return endpoint
    if isinstance(given, tuple) and len(given) == 2:
        host, port = given
        return endpoint_of(f"tcp://{host}:{int(port)}")
    for name in ("endpoint", "url", "address"):
        address = getattr(given, name, None)
        if address is not None and not callable(address):
            return endpoint_of(address)
    raise ValueError(
        f"it returned no Endpoint, no URL and no pair of host and port, but {type(given).__name__}"
    )
