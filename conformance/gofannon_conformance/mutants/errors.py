"""Services that raise wrongly: ERR."""

from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Guarded, Right

ERRORS: list[Mutant] = []
row = partial(breaks, ERRORS)


@row("key_error_escapes", "ERR-1", "GET-3")
class KeyErrorEscapes(Right):
    """A missing document is a KeyError."""

    def missing(self, db_name: str, doc_id: str) -> Exception:
        return KeyError(doc_id)


class HTTPError(Exception):
    """Looks like FastAPI's exception, and is none."""

    def __init__(self, status_code: Any, detail: Any) -> None:
        super().__init__(detail)
        self.status_code, self.detail = status_code, detail


@row("exception_that_only_looks_alike", "ERR-1")
class LookAlike(Right):
    """A missing document is an exception that only looks like FastAPI's."""

    def missing(self, db_name: str, doc_id: str) -> Exception:
        return HTTPError(404, f"there is no {doc_id} in {db_name}")


@row("encoders_type_error_escapes", "ERR-1", "SAVE-11")
class TypeErrorEscapes(Right):
    """What the JSON encoder raises escapes."""

    def written(self, doc: dict[str, Any]) -> Any:
        try:
            return super().written(doc)
        except HTTPException as error:
            raise error.__cause__ or error from None


@row("callers_mistake_is_500", "ERR-2", "SAVE-11")
class MistakeIs500(Right):
    """A value that JSON cannot hold is called a server error."""

    def written(self, doc: dict[str, Any]) -> Any:
        try:
            return super().written(doc)
        except HTTPException as error:
            raise HTTPException(500, error.detail) from error


@row("status_is_a_text", "ERR-2")
class StatusText(Right):
    """The status of a missing document is the text 404."""

    def missing(self, db_name: str, doc_id: str) -> Exception:
        return HTTPException(
            "404",  # type: ignore[arg-type]  # the mistake
            f"there is no {doc_id} in {db_name}",
        )


@row("detail_names_nothing", "ERR-3")
class DetailBlank(Right):
    """The detail of a 404 is Not Found, as FastAPI has it."""

    def missing(self, db_name: str, doc_id: str) -> Exception:
        return HTTPException(404)


@row("detail_is_a_dict", "ERR-3")
class DetailDict(Right):
    """The detail of a 404 is a dict."""

    def missing(self, db_name: str, doc_id: str) -> Exception:
        return HTTPException(404, {"error": "not_found", "id": doc_id})


@row("detail_of_the_first_miss", "ERR-3")
class SameError(Right):
    """One exception is made, and raised for every missing document."""

    def __init__(self) -> None:
        super().__init__()
        self.error: Exception | None = None

    def missing(self, db_name: str, doc_id: str) -> Exception:
        self.error = self.error or super().missing(db_name, doc_id)
        return self.error


@row("repr_shows_the_address", "ERR-4")
class ReprShows(Right):
    """The repr() of the service shows the address that it is connected to, with its password."""

    def __repr__(self) -> str:
        return "ReprShows('couch://admin:open-sesame@db.example:5984')"


@row("detail_shows_the_password", "ERR-4")
class DetailShows(Right):
    """A refusal of an id shows how the service is connected."""

    def check_id(self, doc_id: str) -> None:
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


@row("declared_secret_is_shown", "ERR-4", secrets=("open-sesame",))
class DeclaredShown(Guarded):
    """A 404 shows a text that the target has declared to be secret."""

    def missing(self, db_name: str, doc_id: str) -> Exception:
        return HTTPException(404, f"{doc_id} is not in {db_name}, said open-sesame")
