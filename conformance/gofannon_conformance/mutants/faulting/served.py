"""A right service over HTTP, of which those that are blind to faults are made.

Each step that a mistake may touch is a method of its own.
"""

import http.client
import json
import time
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import HTTPException

from gofannon_conformance.mutants.faulting.store import basic, store
from gofannon_conformance.mutants.right import DatabaseService, depth_of
from gofannon_conformance.mutants.right.files import check_id, storable
from gofannon_conformance.servers.endpoint import Endpoint

BROKEN_OFF: tuple[type[Exception], ...] = (OSError, http.client.HTTPException)
"""What `http.client` raises where there is no whole answer."""

PATIENCE = 0.4
"""Seconds that such a service waits at most for a server that the kit has troubled."""

OVER_HTTP: dict[str, Any] = {"server": store, "bound": 1.0}
"""What the target of a mutant over HTTP says: two attempts are over in time, and more are not."""

DEEPEST = 200


class Served(DatabaseService):
    """Keeps connections in a pool, and asks again what changes nothing."""

    attempts = 2
    broken_off = BROKEN_OFF
    """What is understood as "there was no answer"."""
    unreadable: tuple[type[Exception], ...] = (ValueError,)
    """What is understood as "that was no answer of the store"."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.place = urlsplit(endpoint.url)
        self.timeout = 5.0 if endpoint.timeout is None else min(endpoint.timeout, PATIENCE)
        settings = endpoint.settings
        self.authorization = basic(settings["user"], settings["password"])
        self.idle: list[http.client.HTTPConnection] = []

    def close(self) -> None:
        """Close the connections of the pool."""
        while self.idle:
            self.idle.pop().close()

    @property
    def created(self) -> set[str]:
        """The names of the collections that exist."""
        return set(self.ask("GET", "/")["docs"])

    # The interface

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        return self.shown(self.ask("GET", self.path(db_name, doc_id)))

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = self.ask("PUT", self.path(db_name, doc_id), written(doc))
        return {"id": doc_id, "rev": answer["rev"]}

    def delete(self, db_name: str, doc_id: str) -> None:
        self.ask("DELETE", self.path(db_name, doc_id))

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return [self.shown(entry) for entry in self.entries(db_name)]

    # Its steps

    def entries(self, db_name: str) -> list[dict[str, Any]]:
        """Ask for one page after the other."""
        entries: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            page = self.page(db_name, after)
            entries += page["docs"]
            after = page["next"]
        return entries

    def page(self, db_name: str, after: str) -> dict[str, Any]:
        """Ask for one page."""
        return self.ask("GET", f"/{name_in_path(db_name)}?after={quote(after, safe='')}")

    def path(self, db_name: str, doc_id: str) -> str:
        """Say where a document is."""
        check_id(doc_id)
        return f"/{name_in_path(db_name)}/{name_in_path(doc_id)}"

    def shown(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Give a document as a caller sees it."""
        return {**entry["doc"], "_id": entry["id"], "_rev": entry["rev"]}

    def ask(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        """Ask until there is an answer, or it may not ask again."""
        attempt = 0
        while True:
            attempt += 1
            try:
                status, data = self.exchange(method, path, body)
            except self.broken_off as error:
                failure = self.lost(error)
            else:
                if status < 500 and status != 429:
                    return self.understood(method, path, status, data)
                failure = self.in_need(status)
            if attempt >= self.attempts or not self.may_ask_again(method, failure):
                raise failure
            time.sleep(0.01 * attempt)

    def may_ask_again(self, method: str, failure: HTTPException) -> bool:
        """Tell whether it does no harm to ask again."""
        return method == "GET" or failure.status_code == 429

    def lost(self, error: Exception) -> HTTPException:
        """Say that there was no answer."""
        failure = HTTPException(503, f"the store did not answer: {type(error).__name__}")
        failure.__suppress_context__ = True
        return failure

    def in_need(self, status: int) -> HTTPException:
        """Say that the store could not do it now."""
        return HTTPException(429 if status == 429 else 502, f"the store answered {status}")

    def understood(self, method: str, path: str, status: int, data: bytes) -> dict[str, Any]:
        """Read an answer, or raise what it says."""
        try:
            answer = self.parsed(data)
        except self.unreadable:
            raise self.foreign(status) from None
        if status == 404 and answer.get("error") == "not_found":
            raise HTTPException(404, f"there is no document at {path}")
        if status in (401, 403):
            raise HTTPException(502, "the store does not know this service")
        if status != 200 or not self.is_own(method, answer):
            raise self.foreign(status)
        return answer

    def parsed(self, data: bytes) -> dict[str, Any]:
        """Read JSON."""
        answer = json.loads(data)
        if not isinstance(answer, dict):
            raise ValueError("an answer of the store is an object")  # noqa: TRY004  # as JSON's own
        return answer

    def is_own(self, method: str, answer: dict[str, Any]) -> bool:
        """Tell whether an answer looks like one of the store's."""
        wanted = {"GET": ("doc", "docs"), "PUT": ("rev",), "DELETE": ("deleted",)}[method]
        return any(name in answer for name in wanted)

    def foreign(self, status: int) -> HTTPException:
        """Say that somebody else has answered."""
        return HTTPException(502, f"what answered {status} is no store")

    # Its connections

    def exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        """Send a request, and give the status and the body of its answer."""
        connection = self.taken()
        try:
            connection.request(method, path, body, self.headers())
            response = connection.getresponse()
            data = self.read(response)
        except BaseException:
            self.broken(connection)
            raise
        self.give_back(connection)
        return response.status, data

    def headers(self) -> dict[str, str]:
        """Give what a request says besides."""
        return {"Authorization": self.authorization}

    def read(self, response: http.client.HTTPResponse) -> bytes:
        """Read the body of an answer."""
        return response.read()

    def taken(self) -> http.client.HTTPConnection:
        """Take a connection out of the pool, or open one."""
        return self.idle.pop() if self.idle else self.connected()

    def connected(self) -> http.client.HTTPConnection:
        """Make a connection."""
        host, port = self.place.hostname or "", self.place.port
        return http.client.HTTPConnection(host, port, timeout=self.timeout)

    def broken(self, connection: http.client.HTTPConnection) -> None:
        """Put a connection away whose answer did not come whole."""
        connection.close()

    def give_back(self, connection: http.client.HTTPConnection) -> None:
        """Put a connection into the pool."""
        self.idle.append(connection)


def name_in_path(name: str) -> str:
    """Write a name so that it is one step of a path, whatever it is."""
    try:
        return "=" + quote(name, safe="")
    except UnicodeEncodeError as error:
        raise HTTPException(400, f"{name!r} cannot be said in UTF-8") from error


def written(doc: Any) -> bytes:
    """Give a document as it is sent, or refuse it."""
    own = storable(doc)
    if depth_of(own) > DEEPEST:
        raise HTTPException(413, f"the document is deeper than {DEEPEST}")
    return json.dumps(own).encode()


def is_outage(error: HTTPException) -> bool:
    """Tell whether such a service has met no server, or one that could not answer."""
    return error.status_code in (502, 503)
