"""Services that raise wrongly: ERR."""

from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters, step, table
from gofannon_conformance.mutants.right import Right


class HTTPError(Exception):
    """Looks like FastAPI's exception, but is another class."""

    def __init__(self, status_code: Any, detail: Any) -> None:
        super().__init__(detail)
        self.status_code, self.detail = status_code, detail


def answered(status: Any, detail: Any = None) -> Exception:
    return HTTPException(status, detail)


ERRORS: list[Mutant] = [
    *table(
        step("missing"),
        ("key_error_escapes", "ERR-1 GET-3", "A missing document is a KeyError.",
         lambda self, db_name, doc_id: KeyError(doc_id)),
        ("exception_that_only_looks_alike", "ERR-1",
         "A missing document is an exception that only looks like FastAPI's.",
         lambda self, db_name, doc_id: HTTPError(404, f"there is no {doc_id} in {db_name}")),
        ("status_is_a_text", "ERR-2", "The status of a missing document is the text 404.",
         lambda self, *place: answered("404", f"there is no {place}")),
        ("detail_names_nothing", "ERR-3", "The detail of a 404 is FastAPI's default, Not Found.",
         lambda self, *place: answered(404)),
        ("detail_is_a_dict", "ERR-3", "The detail of a 404 is a dict.",
         lambda self, db_name, doc_id: answered(404, {"error": "not_found", "id": doc_id})),
        ("detail_of_the_first_miss", "ERR-3",
         "One exception is made, and raised for every missing document.",
         lambda self, *place: self.memo.setdefault("error", Right.missing(self, *place))),
    ),
    *table(
        step("missing"),
        ("declared_secret_is_shown", "ERR-4",
         "A 404 shows a text that the target has declared to be secret.",
         lambda self, *place: answered(404, f"{place} is missing, said open-sesame")),
        secrets=("open-sesame",),
    ),
]  # fmt: skip
row = partial(breaks, ERRORS)
alter = partial(alters, ERRORS)


@alter("written", "encoders_type_error_escapes", "ERR-1", "SAVE-11")
def type_error_escapes(self: Right, doc: dict[str, Any]) -> Any:
    """The exception of the JSON encoder escapes."""
    try:
        return Right.written(self, doc)
    except HTTPException as error:
        raise error.__cause__ or error from None


@alter("written", "callers_mistake_is_500", "ERR-2", "SAVE-11")
def mistake_is500(self: Right, doc: dict[str, Any]) -> Any:
    """A value that JSON cannot hold is a server error."""
    try:
        return Right.written(self, doc)
    except HTTPException as error:
        raise HTTPException(500, error.detail) from error


@row("repr_shows_the_address", "ERR-4")
class ReprShows(Right):
    """The repr() of the service shows the address that it is connected to, with its password."""

    def __repr__(self) -> str:
        return "ReprShows('couch://admin:open-sesame@db.example:5984')"


@alter("check_id", "detail_shows_the_password", "ERR-4")
def detail_shows(self: Right, doc_id: str) -> None:
    """A refusal of an id shows how the service is connected."""
    if not isinstance(doc_id, str) or not doc_id:
        raise HTTPException(400, "not an id (host=db.example password=open-sesame)")


@row("secret_attribute_is_shown", "ERR-4")
class SecretShown(Right):
    """The detail of a 404 shows what the service keeps as its token."""

    def __init__(self) -> None:
        super().__init__()
        self.api_token = "t0k3n-of-nobody"  # noqa: S105  # it is nobody's

    def missing(self, db_name: str, doc_id: str) -> Exception:
        return HTTPException(404, f"{doc_id} is not in {db_name} (as {self.api_token})")
