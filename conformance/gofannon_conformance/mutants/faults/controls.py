"""Right services over HTTP of other kinds, for FAULT: what each of them does is allowed."""

import http.client
import json
import threading
from collections.abc import Callable
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.faults.base import Served, page_path, written
from gofannon_conformance.mutants.faults.store import (
    store,
    store_for_all,
    store_of_unknown_protocol,
)
from gofannon_conformance.mutants.mutant import Control, T
from gofannon_conformance.mutants.right.complete import Wider
from gofannon_conformance.mutants.right.waiting import AsyncDatabaseService
from gofannon_conformance.servers.endpoint import Endpoint

SERVED_CONTROLS: list[Control] = []
"""The right services for FAULT."""


def right(name: str, **claims: Any) -> Callable[[T], T]:
    """Enter a class that makes a right service; its docstring describes it."""

    def entered(make: T) -> T:
        kind = make.__doc__ or ""
        claimed = {"server": store, "bound": 15.0, **claims}
        SERVED_CONTROLS.append(
            Control(name=name, kind=kind, make=make, claims=claimed, tried_by=("FAULT",))
        )
        return make

    return entered


@right("nothing_changed_over_http")
class Unchanged(Served):
    """The service over HTTP that the mutants of FAULT are made of."""


@right("right_over_http_with_every_method")
class ServedWider(Wider, Served):
    """Has the optional methods too, each made of the four."""


@right("right_over_an_unknown_protocol", server=store_of_unknown_protocol)
class OverUnknownProtocol(Served):
    """Speaks a protocol that the kit does not know, so that the kit cannot forge replies."""


@right("right_over_http_with_a_server_for_all", server=store_for_all)
class WithServerForAll(Served):
    """Has a server that accepts any credentials."""


@right("right_over_http_without_a_pool")
class Plain(Served):
    """Opens a connection for each request, and never retries."""

    attempts = 1

    def give_back(self, connection: http.client.HTTPConnection) -> None:
        connection.close()


@right("right_over_http_with_one_connection")
class Single(Served):
    """Has one connection, opened at once, which callers share in turns; an outage is a 500."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.turn = threading.Lock()
        connection = self.connected()
        connection.connect()
        self.idle.append(connection)

    def exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        with self.turn:
            return super().exchange(method, path, body)

    def lost(self, error: Exception) -> HTTPException:
        return HTTPException(504 if isinstance(error, TimeoutError) else 500, "no answer")

    def overloaded(self, status: int) -> HTTPException:
        return HTTPException(500, "the store is overloaded")


@right("right_over_http_with_conditional_writes")
class Careful(Served):
    """Retries writes too, on the condition that nobody has written meanwhile."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.condition = threading.local()

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        try:
            self.condition.rev = self.request("GET", self.path(db_name, doc_id))["rev"]
        except HTTPException as missing:
            if missing.status_code != 404:
                raise
            return super().save(db_name, doc_id, doc)  # without a retry: there is no condition
        try:
            return super().save(db_name, doc_id, doc)
        finally:
            del self.condition.rev

    def may_retry(self, method: str, failure: HTTPException) -> bool:
        return hasattr(self.condition, "rev") or super().may_retry(method, failure)

    def understood(self, method: str, path: str, status: int, data: bytes) -> dict[str, Any]:
        if status == 412:
            raise HTTPException(503, "the document has changed, perhaps by this service")
        return super().understood(method, path, status, data)

    def headers(self) -> dict[str, str]:
        rev = getattr(self.condition, "rev", None)
        return super().headers() | ({} if rev is None else {"If-Match": rev})


@right("right_async_over_http")
class Awaited(AsyncDatabaseService):
    """Has coroutine methods, over an asynchronous client."""

    def __init__(self, endpoint: Endpoint) -> None:
        import httpx

        self.steps = Served(endpoint)
        self.client = httpx.AsyncClient(
            base_url=f"http://{self.steps.place.hostname}:{self.steps.place.port}",
            headers=self.steps.headers(),
            timeout=self.steps.timeout,
            trust_env=False,
        )

    async def aclose(self) -> None:
        self.steps.close()
        await self.client.aclose()

    @property
    def created(self) -> set[str]:
        """The names of the collections that exist."""
        return self.steps.created

    async def request(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        import httpx

        try:
            response = await self.client.request(method, path, content=body)
        except httpx.HTTPError as error:
            raise self.steps.lost(error) from None
        if response.status_code >= 500 or response.status_code == 429:
            raise self.steps.overloaded(response.status_code)
        return self.steps.understood(method, path, response.status_code, response.content)

    async def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        return self.steps.shown(await self.request("GET", self.steps.path(db_name, doc_id)))

    async def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = await self.request("PUT", self.steps.path(db_name, doc_id), written(doc))
        return {"id": doc_id, "rev": answer["rev"]}

    async def delete(self, db_name: str, doc_id: str) -> None:
        await self.request("DELETE", self.steps.path(db_name, doc_id))

    async def list_all(self, db_name: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            page = await self.request("GET", page_path(db_name, after))
            entries += page["docs"]
            after = page["next"]
        return [self.steps.shown(entry) for entry in entries]


@right("right_over_http_with_a_time_out_of_its_own")
class Patient(Served):
    """Ignores the time-out that it is given, and waits longer."""

    attempts = 1

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.timeout = 2.5


@right("right_over_http_in_the_other_dialect", dialect="overview")
class Overview(Served):
    """Follows the dialect `overview`."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        rev = super().save(db_name, doc_id, doc)["rev"]
        return {**json.loads(written(doc)), "_id": doc_id, "_rev": rev}

    def delete(self, db_name: str, doc_id: str) -> None:
        try:
            super().delete(db_name, doc_id)
        except HTTPException as error:
            if error.status_code != 404:
                raise


@right("right_over_http_that_refuses_to_open")
class RefusesToOpen(Served):
    """Cannot be opened with wrong credentials, and raises 401 for them."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.list_all("made-up")

    def understood(self, method: str, path: str, status: int, data: bytes) -> dict[str, Any]:
        if status == 401:
            raise HTTPException(401, "the store does not know this service")
        return super().understood(method, path, status, data)
