"""Services over HTTP that do not work again when their server is back, or wrongly: FAULT-5."""

import http.client
import threading
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.faults.base import OVER_HTTP, Served
from gofannon_conformance.mutants.faults.controls import Awaited
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.servers.endpoint import Endpoint

RECOVERY: list[Mutant] = []


@breaks(RECOVERY, "pool_loses_a_place_with_each_failure", "FAULT-5", **OVER_HTTP)
class PoolLeaks(Served):
    """Each failure takes a place in the pool, and never gives it back."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.places = threading.Semaphore(40)

    def exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        if not self.places.acquire(timeout=0.05):
            raise OSError("the pool is exhausted")
        answer = super().exchange(method, path, body)
        self.places.release()
        return answer


@breaks(RECOVERY, "late_answer_goes_to_the_next_caller", "FAULT-5", **OVER_HTTP)
class LateAnswers(Served):
    """A connection whose answer was late is used again, with the answer still to come."""

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
        """Send a request by hand: `http.client` refuses while an answer is outstanding."""
        head = [f"{method} {path} HTTP/1.1", "Host: store", f"Authorization: {self.authorization}"]
        head.append(f"Content-Length: {len(body)}")
        connection.sock.sendall("\r\n".join([*head, "", ""]).encode() + body)


@breaks(RECOVERY, "client_is_closed_by_an_error", "FAULT-5", "ERR-1", **OVER_HTTP)
class ClosedByError(Awaited):
    """The client is closed when a request fails, and never opened again."""

    async def request(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        try:
            return await super().request(method, path, body)
        except HTTPException as error:
            if error.status_code == 503:
                await self.client.aclose()
            raise
