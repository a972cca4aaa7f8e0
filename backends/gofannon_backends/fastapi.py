"""The database in a FastAPI application: a dependency, a lifespan, and routes for the collections.

    app = FastAPI(lifespan=lifespan)
    app.include_router(collections_router())

    @app.get("/names")
    def names(db: Database) -> list[str]:
        return [agent["name"] for agent in db.list_all("agents")]

A service blocks its thread while it waits for its store. Call it in a plain `def`, which FastAPI
runs in a thread, as the routes here do. In an `async def` use `gofannon_backends.aio`.
"""

import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final
from urllib.parse import quote, unquote_to_bytes
from uuid import uuid4

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.convertors import Convertor, register_url_convertor

from gofannon_backends.base import DatabaseService, errors
from gofannon_backends.factory import get_database_service, reset_database_service
from gofannon_backends.schemas import SCHEMAS, Document


def get_db() -> DatabaseService:
    """Return the application's database service, for `Depends(get_db)`."""
    return get_database_service()


Database = Annotated[DatabaseService, Depends(get_db)]
"""The type of an endpoint's parameter that receives the application's database service."""


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Make the service before the first request, and close it after the last.

    So wrong settings stop the start, not a user's request. An application with its own lifespan
    enters this one in it.
    """
    await run_in_threadpool(get_database_service)
    try:
        yield
    finally:
        await run_in_threadpool(reset_database_service)


class Saved(BaseModel):
    """The id and the new revision of a saved document."""

    id: str
    rev: str


class Problem(BaseModel):
    """An error as text."""

    detail: str


class Invalid(BaseModel):
    """The fields that do not match the collection's schema; their values are not repeated."""

    detail: str | list[dict[str, Any]]


def collections_router() -> APIRouter:
    """Return routes that list, get, create, replace and delete documents of the seven collections.

    A document that matches its collection's schema is stored as it was sent. POST makes the id. PUT
    creates or replaces the document with the client's id, as `save` does: the interface has no
    "create only", and a check before the save would leave time for another client's write.
    An id in a path is percent-encoded; a `/` in it need not be.
    """
    router = APIRouter(route_class=_Route)
    for collection, model in SCHEMAS.items():
        _add_routes(router, collection, model)
    return router


class _DocumentId(Convertor[str]):
    """The rest of a path, with line ends: the convertor `path` does not match them."""

    regex = r"(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return quote(value, safe="")


register_url_convertor("document_id", _DocumentId())


class _JSON(JSONResponse):
    """JSON in ASCII: a lone surrogate, which UTF-8 cannot hold, is returned as it was sent."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


class _Route(APIRoute):
    """Reports a wrong request without repeating its values, which may not fit into an answer."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            # The server replaces invalid UTF-8 by U+FFFD: several paths would be one id.
            try:
                unquote_to_bytes(request.scope.get("raw_path") or b"").decode("utf-8")
            except UnicodeDecodeError:
                collection = str(self.tags[0])
                raise errors.bad_request(collection, why="the path is not UTF-8") from None
            try:
                return await handle(request)
            except RequestValidationError as invalid:
                found = [{key: error[key] for key in _SHOWN} for error in invalid.errors()]
                return _JSON({"detail": found}, 422)

        return answer


_SHOWN: Final = ("type", "loc", "msg")

_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": Problem, "description": "The id cannot be used"},
    503: {"model": Problem, "description": "The store cannot be reached"},
}
_MISSING: Final[dict[int | str, dict[str, Any]]] = {
    404: {"model": Problem, "description": "The document does not exist"},
}
_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    413: {"model": Problem, "description": "The document is larger than the store's limit"},
    422: {"model": Invalid, "description": "The document does not match the schema"},
}


def _add_routes(router: APIRouter, collection: str, model: type[Document]) -> None:
    def list_documents(db: Database) -> Response:
        return _JSON(db.list_all(collection))

    def get_document(doc_id: str, db: Database) -> Response:
        return _JSON(db.get(collection, doc_id))

    def create_document(
        document: model,  # type: ignore[valid-type]  # FastAPI reads it when the route is made
        db: Database,
        request: Request,
    ) -> Response:
        given: Document = document
        if given.id is not None:
            why = "POST makes the id itself: use PUT for a document with your own id"
            raise errors.refused(collection, given.id, why=why)
        doc_id = str(uuid4())
        saved = db.save(collection, doc_id, given.plain())
        return _JSON(saved, 201, {"Location": f"{request.url.path}/{doc_id}"})

    def replace_document(
        doc_id: str,
        document: model,  # type: ignore[valid-type]  # as above
        db: Database,
    ) -> Response:
        given: Document = document
        return _JSON(db.save(collection, doc_id, given.plain()))

    def delete_document(doc_id: str, db: Database) -> Response:
        db.delete(collection, doc_id)
        return Response(status_code=204)

    many, one = f"/{collection}", f"/{collection}/{{doc_id:document_id}}"
    for verb, endpoint, method, path, returns, status, failures in (
        ("list", list_documents, "GET", many, list[model], 200, {}),  # type: ignore[valid-type]
        ("create", create_document, "POST", many, Saved, 201, _REFUSED),
        ("get", get_document, "GET", one, model, 200, _MISSING),
        ("replace", replace_document, "PUT", one, Saved, 200, _REFUSED),
        ("delete", delete_document, "DELETE", one, None, 204, _MISSING),
    ):
        router.add_api_route(
            path,
            endpoint,
            methods=[method],
            response_model=returns,
            status_code=status,
            responses={**_PROBLEMS, **failures},
            name=f"{verb}_{collection}",
            operation_id=f"{verb}_{collection}",
            tags=[collection],
        )
