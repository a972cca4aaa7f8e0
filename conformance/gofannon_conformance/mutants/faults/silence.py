"""Services over HTTP that wait too long for a mute server, or misread its silence: FAULT-3."""

import http.client
import time
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.faults.base import OVER_HTTP, Served, hides
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters
from gofannon_conformance.servers.endpoint import Endpoint

SILENCE: list[Mutant] = []
alter = partial(alters, SILENCE)


@alter("connected", "requests_have_no_time_out", "FAULT-3", **OVER_HTTP)
def no_timeout(self: Served) -> http.client.HTTPConnection:
    """Waits for an answer without a limit."""
    return http.client.HTTPConnection(self.place.hostname or "", self.place.port)


@breaks(SILENCE, "open_connection_is_never_bounded", "FAULT-3", **OVER_HTTP)
class NeverBounded(Served):
    """A new connection has its time-out, but a read on one that was kept open has none."""

    def give_back(self, connection: http.client.HTTPConnection) -> None:
        if connection.sock is not None:
            connection.sock.settimeout(None)
        super().give_back(connection)


@breaks(SILENCE, "open_connection_of_the_writes_is_never_bounded", "FAULT-3", **OVER_HTTP)
class NeverBoundedWrites(Served):
    """Writes have a pool of their own, where a read on an open connection has no time-out."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.writes = NeverBounded(endpoint)

    def close(self) -> None:
        super().close()
        self.writes.close()

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        return self.writes.save(db_name, doc_id, doc)

    def delete(self, db_name: str, doc_id: str) -> None:
        self.writes.delete(db_name, doc_id)


@breaks(SILENCE, "only_the_head_of_an_answer_has_a_time_out", "FAULT-3", **OVER_HTTP)
class OnlyTheHead(Served):
    """The time-out is that of the answer's beginning: the body may take any time."""

    def exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        connection = self.taken()
        try:
            connection.request(method, path, body, self.headers())
            sock = connection.sock
            response = connection.getresponse()
            sock.settimeout(None)
            data = self.read(response)
        except BaseException:
            self.broken(connection)
            raise
        sock.settimeout(self.timeout)
        self.give_back(connection)
        return response.status, data


@breaks(SILENCE, "body_of_a_listing_has_no_time_out", "FAULT-3", **OVER_HTTP)
class NoTimeoutInBodies(OnlyTheHead):
    """A listing is read as a stream, without a time-out; other answers have one."""

    def exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        exchange = OnlyTheHead.exchange if "?after=" in path else Served.exchange
        return exchange(self, method, path, body)


@breaks(SILENCE, "time_outs_multiply", "FAULT-3", **OVER_HTTP)
class TimeoutsMultiply(Served):
    """A request without an answer is retried twenty times, each with the whole time-out."""

    attempts = 20


@alter("lost", "time_out_is_404", "FAULT-3", "ERR-2", **OVER_HTTP)
def silence_is404(self: Served, error: Exception) -> HTTPException:
    """A time-out is "not found"."""
    if isinstance(error, TimeoutError):
        return HTTPException(404, "nothing was found in time")
    return Served.lost(self, error)


@breaks(SILENCE, "time_out_is_the_end_of_a_listing", "FAULT-3", **OVER_HTTP)
@hides("list_all", lambda error: "Timeout" in error.detail, [])
class SilenceIsNothing(Served):
    """A listing without an answer in time is empty."""


@alter("exchange", "unavailable_is_asked_for_ever", "FAULT-3", "FAULT-6", **OVER_HTTP)
def retries_for_ever(self: Served, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
    """A request that is answered 503 is retried until the answer is another one."""
    while True:
        status, data = Served.exchange(self, method, path, body)
        if status != 503:
            return status, data
        time.sleep(0.05)
