"""A right service over HTTP; the mutants of FAULT override its steps."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import wraps
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import HTTPException

from gofannon_conformance.mutants.faults.store import basic, store
from gofannon_conformance.mutants.mutant import T
from gofannon_conformance.mutants.right import DatabaseService, depth_of
from gofannon_conformance.mutants.right.files import check_id, storable
from gofannon_conformance.servers.endpoint import Endpoint

BROKEN_OFF: tuple[type[Exception], ...] = (OSError, http.client.HTTPException)
"""What `http.client` raises if there is no complete answer."""

PATIENCE = 0.4
"""Seconds that such a service waits at most for a server behind the kit's proxy."""

OVER_HTTP: dict[str, Any] = {"server": store, "bound": 1.0}
"""The claims of a mutant over HTTP: two attempts end within the bound, and more do not."""

DEEPEST = 200


class Served(DatabaseService):
    """Keeps connections in a pool, and retries what changes nothing."""

    attempts = 2
    retried: tuple[str, ...] = ("GET",)
    """The methods that are retried after every failure; all are retried after a 429."""
    broken_off = BROKEN_OFF
    """The errors that mean "there was no answer"."""
    unreadable: tuple[type[Exception], ...] = (ValueError,)
    """The errors that mean "that was no answer of the store"."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.place = urlsplit(endpoint.url)
        self.timeout = 5.0 if endpoint.timeout is None else min(endpoint.timeout, PATIENCE)
        settings = endpoint.settings
        self.authorization = basic(settings["user"], settings["password"])
        self.idle: list[http.client.HTTPConnection] = []
        self.memo: dict[Any, Any] = {}  # what a mutant remembers

    def close(self) -> None:
        while self.idle:
            self.idle.pop().close()

    @property
    def created(self) -> set[str]:
        """The names of the collections that exist."""
        return set(self.request("GET", "/")["docs"])

    # The interface

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        return self.shown(self.request("GET", self.path(db_name, doc_id)))

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = self.request("PUT", self.path(db_name, doc_id), written(doc))
        return {"id": doc_id, "rev": answer["rev"]}

    def delete(self, db_name: str, doc_id: str) -> None:
        self.request("DELETE", self.path(db_name, doc_id))

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        return [self.shown(entry) for entry in self.entries(db_name)]

    # Its steps

    def entries(self, db_name: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            page = self.page(db_name, after)
            entries += page["docs"]
            after = page["next"]
        return entries

    def page(self, db_name: str, after: str) -> dict[str, Any]:
        return self.request("GET", page_path(db_name, after))

    def path(self, db_name: str, doc_id: str) -> str:
        check_id(doc_id)
        return f"/{name_in_path(db_name)}/{name_in_path(doc_id)}"

    def shown(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Return a document as a caller sees it."""
        return {**entry["doc"], "_id": entry["id"], "_rev": entry["rev"]}

    def request(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        """Send a request until there is an answer, or it may not be retried."""
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
                failure = self.overloaded(status)
            if attempt >= self.attempts or not self.may_retry(method, failure):
                raise failure
            time.sleep(0.01 * attempt)

    def may_retry(self, method: str, failure: HTTPException) -> bool:
        return method in self.retried or failure.status_code == 429

    def lost(self, error: Exception) -> HTTPException:
        """Return the exception for a missing answer."""
        failure = HTTPException(503, f"the store did not answer: {type(error).__name__}")
        failure.__suppress_context__ = True
        return failure

    def overloaded(self, status: int) -> HTTPException:
        """Return the exception for a store that cannot do it now."""
        return HTTPException(429 if status == 429 else 502, f"the store answered {status}")

    def understood(self, method: str, path: str, status: int, data: bytes) -> dict[str, Any]:
        """Parse an answer, or raise its error."""
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
        answer = json.loads(data)
        if not isinstance(answer, dict):
            raise ValueError("an answer of the store is an object")  # noqa: TRY004  # as JSON's own
        return answer

    def is_own(self, method: str, answer: dict[str, Any]) -> bool:
        """Return whether an answer looks like one of the store."""
        wanted = {"GET": ("doc", "docs"), "PUT": ("rev",), "DELETE": ("deleted",)}[method]
        return any(name in answer for name in wanted)

    def foreign(self, status: int) -> HTTPException:
        """Return the exception for an answer that is not the store's."""
        return HTTPException(502, f"what answered {status} is no store")

    # Its connections

    def exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        """Send a request; return the status and the body of its answer."""
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
        return {"Authorization": self.authorization}

    def read(self, response: http.client.HTTPResponse) -> bytes:
        return response.read()

    def taken(self) -> http.client.HTTPConnection:
        return self.idle.pop() if self.idle else self.connected()

    def connected(self) -> http.client.HTTPConnection:
        host, port = self.place.hostname or "", self.place.port
        return http.client.HTTPConnection(host, port, timeout=self.timeout)

    def broken(self, connection: http.client.HTTPConnection) -> None:
        """Discard a connection without a complete answer."""
        connection.close()

    def give_back(self, connection: http.client.HTTPConnection) -> None:
        self.idle.append(connection)


def name_in_path(name: str) -> str:
    """Return a name as one step of a path."""
    try:
        return "=" + quote(name, safe="")
    except UnicodeEncodeError as error:
        raise HTTPException(400, f"{name!r} cannot be said in UTF-8") from error


def page_path(db_name: str, after: str) -> str:
    return f"/{name_in_path(db_name)}?after={quote(after, safe='')}"


def written(doc: Any) -> bytes:
    """Return a document as it is sent, or refuse it."""
    own = storable(doc)
    if depth_of(own) > DEEPEST:
        raise HTTPException(413, f"the document is deeper than {DEEPEST}")
    return json.dumps(own).encode()


# What the mutants hide


@contextmanager
def hiding(is_hidden: Callable[[HTTPException], bool]) -> Iterator[None]:
    """Swallow the service's exceptions of some kind in the block."""
    try:
        yield
    except HTTPException as error:
        if not is_hidden(error):
            raise


def hides(method: str, is_hidden: Callable[[HTTPException], bool], value: Any) -> Callable[[T], T]:
    """Return a class decorator: a method returns the value in place of such an exception."""

    def decorated(kind: T) -> T:
        right = getattr(kind, method)

        @wraps(right)
        def wrong(*arguments: Any, **named: Any) -> Any:
            with hiding(is_hidden):
                return right(*arguments, **named)
            return deepcopy(value)

        setattr(kind, method, wrong)
        return kind

    return decorated


def is_outage(error: HTTPException) -> bool:
    """Return whether the server is gone, or could not answer."""
    return error.status_code in (502, 503)


def is_overload(error: HTTPException) -> bool:
    """Return whether the server answered with an error."""
    return "answered" in error.detail


def is_unauthorized(error: HTTPException) -> bool:
    """Return whether the server refused the credentials."""
    return "does not know" in error.detail


def is_any(error: HTTPException) -> bool:
    """Return whether the service has raised an error of any status."""
    return error.status_code >= 400
