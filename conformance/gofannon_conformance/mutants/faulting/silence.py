"""Services over HTTP that wait too long for a mute server, or make too much of it: FAULT-3."""

import http.client
import time
from collections.abc import Callable
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.faulting.served import OVER_HTTP, Served
from gofannon_conformance.mutants.mutant import Mutant, T, breaks
from gofannon_conformance.servers.endpoint import Endpoint

SILENCE: list[Mutant] = []


def row(name: str, *clauses: str) -> Callable[[T], T]:
    """Enter a service over HTTP."""
    return breaks(SILENCE, name, *clauses, **OVER_HTTP)


@row("requests_have_no_time_out", "FAULT-3")
class NoTimeout(Served):
    """Waits for an answer as long as it takes."""

    def connected(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.place.hostname or "", self.place.port)


@row("listing_has_no_time_out", "FAULT-3")
class NoTimeoutInListing(Served):
    """Gives list_all() all the time that it needs."""

    def page(self, db_name: str, after: str) -> dict[str, Any]:
        listing = Served.__new__(Served)
        listing.__dict__.update(self.__dict__, timeout=None, idle=[])
        return Served.page(listing, db_name, after)


@row("delete_has_no_time_out", "FAULT-3")
class NoTimeoutInDelete(Served):
    """The connection of a delete() has no time-out: it was set on the others only."""

    def exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        if method != "DELETE":
            return super().exchange(method, path, body)
        connection = http.client.HTTPConnection(self.place.hostname or "", self.place.port)
        connection.request(method, path, body, self.headers())
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, data


@row("only_connecting_has_a_time_out", "FAULT-3")
class OnlyConnecting(Served):
    """The time-out is that of the connecting: once a connection is open, a read never ends."""

    def connected(self) -> http.client.HTTPConnection:
        connection = super().connected()
        connection.connect()
        connection.sock.settimeout(None)
        return connection


@row("open_connection_is_never_bounded", "FAULT-3")
class NeverBounded(Served):
    """A new connection has its time-out, but a read on one that was kept open never times out."""

    def give_back(self, connection: http.client.HTTPConnection) -> None:
        if connection.sock is not None:
            connection.sock.settimeout(None)
        super().give_back(connection)


@row("open_connection_of_the_writes_is_never_bounded", "FAULT-3")
class NeverBoundedWrites(Served):
    """Writes have a pool of their own, and a read on what was kept open in it never times out."""

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


@row("only_the_head_of_an_answer_has_a_time_out", "FAULT-3")
class OnlyTheHead(Served):
    """The time-out is that of the answer's beginning: how long it goes on is left to the server."""

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


@row("body_of_a_listing_has_no_time_out", "FAULT-3")
class NoTimeoutInBodies(OnlyTheHead):
    """A listing is read as a stream, for as long as it takes; the rest has its time-out."""

    def exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        exchange = OnlyTheHead.exchange if "?after=" in path else Served.exchange
        return exchange(self, method, path, body)


@row("time_outs_multiply", "FAULT-3")
class TimeoutsMultiply(Served):
    """What got no answer is asked again twenty times, each for the whole time-out."""

    attempts = 20


@row("time_out_is_404", "FAULT-3", "ERR-2")
class SilenceIs404(Served):
    """A time-out is "not found"."""

    def lost(self, error: Exception) -> HTTPException:
        if isinstance(error, TimeoutError):
            return HTTPException(404, "nothing was found in time")
        return super().lost(error)


@row("time_out_is_the_end_of_a_listing", "FAULT-3")
class SilenceIsNothing(Served):
    """A listing that got no answer in time is empty."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        try:
            return super().list_all(db_name)
        except HTTPException as error:
            if "Timeout" in error.detail:
                return []
            raise


@row("unavailable_is_asked_for_ever", "FAULT-3", "FAULT-6")
class AsksForEver(Served):
    """A server that says 503 is asked until it says something else."""

    def exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        while True:
            status, data = super().exchange(method, path, body)
            if status != 503:
                return status, data
            time.sleep(0.05)
