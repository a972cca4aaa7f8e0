"""PostgreSQL connections: a bounded number, bounded waiting, and no use of a dead connection.

psycopg's pool keeps the connections. It connects in its own threads: after an outage a caller
would wait for the pool's back-off, and learn that it waited too long and not that the server is
gone. So the caller that finds no pool makes the first connection itself, and gets its error. A pool
with one broken connection is closed as a whole, because the cause (a restart, the network) has
mostly broken all of them.
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

# The pool warns about each broken connection. Without configured logging, Python's last-resort
# handler would write the warnings to stderr.
logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())

_GRACE_SECONDS = 2.0
"""The time from the server's own statement time-out until the client gives up."""

_Result = TypeVar("_Result")

_CLOSE_SECONDS = 1.0
_ATTEMPTS = 3


class NoAnswerError(psycopg.OperationalError):
    """The server did not answer a statement within the time limit."""


class ClosedError(psycopg.OperationalError):
    """The service has been closed."""


@dataclass(frozen=True)
class Limits:
    """The number of connections, and the seconds to wait for one and for an answer."""

    connections: int
    wait: float
    answer: float


class BoundedConnection(psycopg.Connection[TupleRow]):
    """A connection whose statements end in time, also if the server is mute.

    Neither the server's `statement_timeout` nor TCP keep-alives ensure that: a proxy or a stopped
    process still acknowledges packets.
    """

    answer_seconds: float = 30.0

    @classmethod
    def connect(  # type: ignore[override]  # psycopg's settings are passed on
        cls, conninfo: str = "", *, ready: list[Self] | None = None, **settings: Any
    ) -> Self:
        """Return the ready connection if there is one, else a new connection."""
        if ready:
            with suppress(IndexError):  # another thread of the pool took it
                return ready.pop()
        return super().connect(conninfo, **settings)

    def wait(self, gen: PQGen[_Result], *args: Any, **options: Any) -> _Result:
        """Run a statement's steps; close the connection when the time is up."""
        return super().wait(self._in_time(gen), *args, **options)

    def _in_time(self, steps: PQGen[_Result]) -> PQGen[_Result]:
        # psycopg resumes the steps several times a second, also without data.
        deadline = monotonic() + self.answer_seconds
        try:
            wanted = next(steps)
            while True:
                sent = yield wanted
                wanted = steps.send(sent)
                if monotonic() > deadline:
                    # Not cancelled: that would wait for the same mute server.
                    self.pgconn.finish()
                    raise NoAnswerError("no answer in time")
        except StopIteration as stop:
            result: _Result = stop.value
            return result


_Pool = ConnectionPool[BoundedConnection]


class Connections:
    """The connections of one service; the first call of `lend` opens the first."""

    def __init__(self, conninfo: str, settings: dict[str, Any], limits: Limits) -> None:
        self._conninfo = conninfo
        self._settings = {**settings, "autocommit": True, "prepare_threshold": None}
        self._limits = limits
        self._pool: _Pool | None = None
        self._lock = Lock()
        self._closed = False

    @contextmanager
    def lend(self) -> Iterator[BoundedConnection]:
        """Yield a connection for a few statements; raise psycopg's errors only."""
        pool, connection = self._borrow()
        try:
            yield connection
        finally:
            if connection.closed:
                self._retire(pool)
            pool.putconn(connection)

    def close(self) -> None:
        """Close all connections, those in use when they are returned; later calls fail."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close(_CLOSE_SECONDS)

    def _borrow(self) -> tuple[_Pool, BoundedConnection]:
        for _ in range(_ATTEMPTS):
            pool = self._pool or self._open()
            try:
                connection = pool.getconn()
            except PoolClosed:
                continue  # another thread closed it while this one waited
            if not _is_dead(connection):
                return pool, connection
            connection.pgconn.finish()
            self._retire(pool)
            pool.putconn(connection)
        raise PoolTimeout("every new connection broke at once")

    def _open(self) -> _Pool:
        first = self._connect()
        with self._lock:
            if self._closed or self._pool is not None:
                first.close()
            if self._closed:
                raise ClosedError("the service has been closed")
            if self._pool is None:
                self._pool = self._new_pool(first)
            return self._pool

    def _connect(self) -> BoundedConnection:
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
        # Until the pool has taken the first connection, a caller would make it open a second one.
        pool.open(wait=True, timeout=self._limits.wait)
        return pool

    def _retire(self, pool: _Pool) -> None:
        with self._lock:
            if self._pool is pool:
                self._pool = None
        pool.close(_CLOSE_SECONDS)


def _is_dead(connection: BoundedConnection) -> bool:
    """Return whether the server has closed the connection, without a round trip.

    An idle connection is readable only once the server has closed it.
    """
    with selectors.DefaultSelector() as selector:
        selector.register(connection.fileno(), selectors.EVENT_READ)
        return bool(selector.select(0))
