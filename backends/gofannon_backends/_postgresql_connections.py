"""Lending PostgreSQL connections: bounded in number and in time, and never one known to be dead.

psycopg's pool keeps the connections. It connects in threads of its own, so that a caller would
learn only that the wait was long, not that the server is gone, and would sit out the pool's
back-off after an outage. Here the caller that finds no pool makes the first connection itself,
and gets its error; and a pool of which one connection broke is given up as a whole, since what
breaks one (a restart, a network) has mostly broken all.
"""

import logging
import selectors
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Any, Self, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

# The pool warns about each connection that breaks. Who configures logging sees it; who does
# not should not find it on stderr, where Python's handler of last resort would put it.
logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())

_GRACE_SECONDS = 2.0
"""How long after the server's own statement time-out the client gives up on a mute connection."""

_Result = TypeVar("_Result")

_STOP_SECONDS = 1.0
_RETIREMENTS = 3


class NoAnswerError(psycopg.OperationalError):
    """The server took a statement and said nothing until the time was up."""


class ClosedError(psycopg.OperationalError):
    """The connections were closed for good."""


@dataclass(frozen=True)
class Limits:
    """How many connections there may be; how many seconds to wait for one, and for an answer."""

    connections: int
    wait: float
    answer: float


class BoundedConnection(psycopg.Connection[TupleRow]):
    """A connection whose every statement ends in time, also when the server has gone mute.

    The server's `statement_timeout` is no help then, nor are TCP keep-alives: a proxy or a stopped
    process still acknowledges what it is sent.
    """

    answer_seconds: float = 30.0

    @classmethod
    def connect(  # type: ignore[override]  # psycopg's settings are passed on, unseen
        cls, conninfo: str = "", *, ready: list[Self] | None = None, **settings: Any
    ) -> Self:
        """Connect, or take the connection that stands ready."""
        if ready:
            with suppress(IndexError):  # another of the pool's threads took it
                return ready.pop()
        return super().connect(conninfo, **settings)

    def wait(self, gen: PQGen[_Result], *args: Any, **options: Any) -> _Result:
        """Run a statement's steps; give up, and close the connection, when the time is up."""
        return super().wait(self._in_time(gen), *args, **options)

    def _in_time(self, steps: PQGen[_Result]) -> PQGen[_Result]:
        # psycopg resumes the steps several times a second, also when nothing has come.
        deadline = monotonic() + self.answer_seconds
        try:
            wanted = next(steps)
            while True:
                came = yield wanted
                wanted = steps.send(came)
                if monotonic() > deadline:
                    # Closed, not cancelled: cancelling would wait for the same mute server.
                    self.pgconn.finish()
                    raise NoAnswerError("no answer in time")
        except StopIteration as stop:
            result: _Result = stop.value
            return result


_Pool = ConnectionPool[BoundedConnection]


class Connections:
    """The connections of one service: none until the first is asked for."""

    def __init__(self, conninfo: str, settings: dict[str, Any], limits: Limits) -> None:
        self._conninfo = conninfo
        self._settings = {**settings, "autocommit": True, "prepare_threshold": None}
        self._limits = limits
        self._pool: _Pool | None = None
        self._lock = Lock()
        self._closed = False

    @contextmanager
    def lend(self) -> Iterator[BoundedConnection]:
        """Lend a connection for one statement or a few; raises psycopg's errors only."""
        pool, connection = self._taken()
        try:
            yield connection
        finally:
            if connection.closed:
                self._retire(pool)
            pool.putconn(connection)

    def close(self) -> None:
        """Close all connections, those on loan as they come back; later loans fail."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close(_STOP_SECONDS)

    def _taken(self) -> tuple[_Pool, BoundedConnection]:
        for _ in range(_RETIREMENTS):
            pool = self._pool or self._opened()
            try:
                connection = pool.getconn()
            except PoolClosed:
                continue  # given up by another thread while this one waited
            if not _is_dead(connection):
                return pool, connection
            connection.pgconn.finish()
            self._retire(pool)
            pool.putconn(connection)
        raise PoolTimeout("the connections broke as fast as they were made")

    def _opened(self) -> _Pool:
        first = self._connected()
        with self._lock:
            if self._closed or self._pool is not None:
                first.close()
            if self._closed:
                raise ClosedError("the service has been closed")
            if self._pool is None:
                self._pool = self._new_pool(first)
            return self._pool

    def _connected(self) -> BoundedConnection:
        if self._closed:
            raise ClosedError("the service has been closed")
        return BoundedConnection.connect(self._conninfo, **self._settings)

    def _new_pool(self, first: BoundedConnection) -> _Pool:
        def configure(connection: BoundedConnection) -> None:
            connection.answer_seconds = self._limits.answer + _GRACE_SECONDS

        pool = ConnectionPool(
            self._conninfo,
            connection_class=BoundedConnection,
            kwargs={**self._settings, "ready": [first]},
            min_size=1,
            max_size=self._limits.connections,
            timeout=self._limits.wait,
            configure=configure,
            open=False,
        )
        # Waits until the pool has taken the first connection in, which takes no time; before
        # that, a caller would make the pool open a second one.
        pool.open(wait=True, timeout=self._limits.wait)
        return pool

    def _retire(self, pool: _Pool) -> None:
        with self._lock:
            if self._pool is pool:
                self._pool = None
        pool.close(_STOP_SECONDS)


def _is_dead(connection: BoundedConnection) -> bool:
    """Say whether the server has hung up, which it costs no round trip to see.

    An idle connection has nothing to read but the server's farewell.
    """
    with selectors.DefaultSelector() as selector:
        selector.register(connection.fileno(), selectors.EVENT_READ)
        return bool(selector.select(0))
