"""Services over HTTP that do not work again, or wrongly, when their server is back: FAULT-5."""

import http.client
import threading
from collections.abc import Callable
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.faulting.controls import Awaited
from gofannon_conformance.mutants.faulting.served import BROKEN_OFF, OVER_HTTP, Served
from gofannon_conformance.mutants.mutant import Mutant, T, breaks
from gofannon_conformance.servers.endpoint import Endpoint

RECOVERING: list[Mutant] = []


def row(name: str, *clauses: str) -> Callable[[T], T]:
    """Enter a service over HTTP."""
    return breaks(RECOVERING, name, *clauses, **OVER_HTTP)


@row("one_connection_for_ever", "FAULT-5")
class ForEver(Served):
    """Has one connection, which it opens once and never again."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.turn = threading.Lock()
        self.only = self.connected()
        self.only.connect()
        self.only.auto_open = False

    def close(self) -> None:
        self.only.close()

    def exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        with self.turn:
            return super().exchange(method, path, body)

    def taken(self) -> http.client.HTTPConnection:
        if self.only.sock is None:
            raise http.client.NotConnected
        return self.only

    def give_back(self, connection: http.client.HTTPConnection) -> None:
        pass


@row("broken_connection_goes_back", "FAULT-5")
class BrokenGoesBack(Served):
    """A connection that broke goes back into the pool as it is, to be used by the next caller."""

    def connected(self) -> http.client.HTTPConnection:
        connection = super().connected()
        connection.connect()
        connection.auto_open = False
        return connection

    def broken(self, connection: http.client.HTTPConnection) -> None:
        self.give_back(connection)


@row("pool_loses_a_place_with_each_failure", "FAULT-5")
class PoolLeaks(Served):
    """A place in the pool is taken by each failure, and never given back."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.places = threading.Semaphore(40)

    def exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        if not self.places.acquire(timeout=0.05):
            raise OSError("the pool is exhausted")
        answer = super().exchange(method, path, body)
        self.places.release()
        return answer


@row("circuit_breaker_stays_open", "FAULT-5")
class StaysOpen(Served):
    """After ten failures in a row it asks no more."""

    failures = 0

    def exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        if self.failures >= 10:
            raise OSError("the store was gone the last time")
        try:
            answer = super().exchange(method, path, body)
        except BROKEN_OFF:
            self.failures += 1
            raise
        self.failures = 0
        return answer


@row("late_answer_goes_to_the_next_caller", "FAULT-5")
class LateAnswers(Served):
    """A connection whose answer did not come in time is used again, and the answer with it."""

    attempts = 1

    def exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        connection = self.taken()
        try:
            if connection.sock is None:
                connection.connect()
            self.write(connection, method, path, body or b"")
            response = http.client.HTTPResponse(connection.sock, method=method)
            response.begin()
            data = response.read()
        except TimeoutError:
            self.give_back(connection)
            raise
        except BaseException:
            connection.close()
            raise
        self.give_back(connection)
        return response.status, data

    def write(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes
    ) -> None:
        """Send a request, without asking whether there is an answer to come."""
        head = [f"{method} {path} HTTP/1.1", "Host: store", f"Authorization: {self.authorization}"]
        head.append(f"Content-Length: {len(body)}")
        connection.sock.sendall("\r\n".join([*head, "", ""]).encode() + body)


@row("client_is_closed_by_an_error", "FAULT-5", "ERR-1")
class ClosedByError(Awaited):
    """The client is closed when a request fails, and never opened again."""

    async def ask(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        try:
            return await super().ask(method, path, body)
        except HTTPException as error:
            if error.status_code == 503:
                await self.client.aclose()
            raise
