"""The requests of the CouchDB backend: a method for each, which also checks the answer."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from couchdb import http as client

from gofannon_backends.couchdb.http import ForeignAnswerError, Session

_REVISION: Final = re.compile(r"[1-9][0-9]*-[0-9a-f]{32}")
_LONGEST_KEYS_IN_A_URL: Final = 2000
"""A page that starts at a longer id is requested by POST: CouchDB's request line ends at 8 KB."""


@dataclass(frozen=True)
class Address:
    """The URL of a server, and the credentials for it, which `repr` does not show."""

    url: str
    credentials: tuple[str, str] | None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"


@dataclass(frozen=True)
class Native:
    """A document as CouchDB holds it, and the answer that contained it."""

    content: dict[str, Any]
    answer: bytes

    @property
    def rev(self) -> str:
        """The document's revision."""
        return str(self.content["_rev"])


@dataclass(frozen=True)
class Page:
    """Rows of `_all_docs`, each with an `id` and a `doc`, and the answer that contained them.

    `total` is the number of rows on all pages, 0 if the server does not say.
    """

    rows: list[dict[str, Any]]
    total: int
    answer: bytes


class Requests:
    """Sends requests to one server, and returns CouchDB's answers or raises an error.

    A success with the wrong content (a proxy's page, half a list) is a `ForeignAnswerError`, like
    any other answer that CouchDB did not write.
    """

    def __init__(self, address: Address, session: Session) -> None:
        self._address = address
        self._session = session

    def get(self, database: str, key: str) -> Native:
        """Return a document."""
        _, _, answer = self._resource(database, key).get()
        body = answer.read()
        content = _parsed(body)
        if not _is_document(content):
            raise ForeignAnswerError(502)
        return Native(content, body)

    def put(self, database: str, key: str, rev: str | None, body: bytes) -> str:
        """Store a document over the revision, or as a new one, and return its new revision."""
        _, _, answer = self._resource(database, key).put(body=body, rev=rev)
        stored = _parsed(answer.read())
        if not (isinstance(stored, dict) and isinstance(stored.get("rev"), str)):
            raise ForeignAnswerError(502)
        return str(stored["rev"])

    def put_many(self, database: str, keys: list[str], bodies: list[bytes]) -> list[str | None]:
        """Store each document over the revision in its body; return the new ones, in order.

        None stands for one that was refused, mostly because its revision is not the newest.
        """
        body = b'{"docs":[' + b",".join(bodies) + b"]}"
        _, _, answer = self._resource(database, "_bulk_docs").post(body=body)
        return [_rev_in(row) for row in _rows(_parsed(answer.read()), "id", keys)]

    def get_many(self, database: str, keys: list[str]) -> tuple[list[dict[str, Any] | None], bytes]:
        """Return the document of each key, None for a missing one, and the answer itself."""
        query = json.dumps({"keys": keys}, ensure_ascii=False)
        _, _, answer = self._resource(database, "_all_docs").post(
            body=query.encode(), include_docs=True
        )
        body = answer.read()
        content = _parsed(body)
        rows = _rows(content.get("rows") if isinstance(content, dict) else None, "key", keys)
        return [_doc_in(row) for row in rows], body

    def delete(self, database: str, key: str, rev: str) -> None:
        """Delete the document, if this is its revision."""
        _, _, answer = self._resource(database, key).delete(rev=rev)
        deleted = _parsed(answer.read())
        if not (isinstance(deleted, dict) and deleted.get("ok") is True):
            raise ForeignAnswerError(502)

    def revision(self, database: str, key: str) -> str:
        """Return a document's revision without the document."""
        _, headers, _ = self._resource(database, key).head()
        rev = (headers.get("ETag") or "").strip('"')
        if _REVISION.fullmatch(rev):
            return rev
        # PouchDB's server and some proxies send an ETag of their own.
        return self.get(database, key).rev

    def create(self, database: str) -> None:
        """Create the database, if there is none."""
        try:
            self._resource(database).put()
        except client.PreconditionFailed as failure:
            # Another client was faster. A 412 with another code means that a node is down.
            if failure.args[0][0] != "file_exists":
                raise

    def page(self, database: str, limit: int, **keys: str) -> Page:
        """Return documents in the order of their ids, from `startkey` to `endkey` if given."""
        options = {"include_docs": True, "limit": limit}
        view = self._resource(database, "_all_docs")
        if sum(len(quote(key, safe="")) for key in keys.values()) <= _LONGEST_KEYS_IN_A_URL:
            texts = {name: json.dumps(key, ensure_ascii=False) for name, key in keys.items()}
            _, _, answer = view.get(**texts, **options)
        else:
            query = json.dumps({**keys, **options}, ensure_ascii=False)
            _, _, answer = view.post(body=query.encode())
        body = answer.read()
        content = _parsed(body)
        # If CouchDB fails while it lists, its error is in place of a row or after the rows.
        if not isinstance(content, dict) or "error" in content:
            raise ForeignAnswerError(502)
        rows = content.get("rows")
        if not (isinstance(rows, list) and all(_is_row(row) for row in rows)):
            raise ForeignAnswerError(502)
        total = content.get("total_rows")
        return Page(rows, total if isinstance(total, int) else 0, body)

    def databases(self) -> set[str]:
        """Return the names of all databases."""
        _, _, answer = self._resource("_all_dbs").get()
        return set(_parsed(answer.read()))

    def drop(self, database: str) -> None:
        """Delete a database; one that is not there is no error."""
        try:
            self._resource(database).delete()
        except client.ResourceNotFound:
            return

    def _resource(self, *path: str) -> client.Resource:
        url = "/".join([self._address.url, *map(_quoted, path)])
        resource = client.Resource(url, self._session)
        resource.credentials = self._address.credentials
        return resource


def address_of(url: str, username: str | None, password: str | None) -> Address:
    """Return a URL without the user and the password in it; `username` and `password` go first.

    >>> address_of("http://joe:p@ss@localhost:5984/", None, None).url
    'http://localhost:5984'
    """
    try:
        parts = urlsplit(url)
        userinfo, at, host = parts.netloc.rpartition("@")
        # Reading the port parses it.
        fit = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        raise ValueError(_NOT_AN_ADDRESS) from None
    if not fit or parts.query or parts.fragment or "@" in parts.path:
        raise ValueError(_NOT_AN_ADDRESS)
    address = f"{parts.scheme}://{host}{parts.path.rstrip('/')}"
    if username:
        return Address(address, (username, password or ""))
    user, _, secret = userinfo.partition(":")
    return Address(address, (unquote(user), unquote(secret)) if at else None)


# The message does not show the address: its fault may be in a password.
_NOT_AN_ADDRESS: Final = (
    "invalid CouchDB address: it looks like http://host:5984; in its user and password write %2F "
    "for /, %3F for ? and %23 for #"
)


def _quoted(part: str) -> str:
    # Proxies resolve `.` and `..` in a path; for CouchDB they are ids.
    return quote(part, safe="") if part not in {".", ".."} else part.replace(".", "%2E")


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise ForeignAnswerError(502) from None


def _rows(content: Any, name: str, keys: list[str]) -> list[dict[str, Any]]:
    """Return the rows of an answer; raise an error unless they match the keys in order."""
    if not (isinstance(content, list) and all(isinstance(row, dict) for row in content)):
        raise ForeignAnswerError(502)
    if [row.get(name) for row in content] != keys:
        raise ForeignAnswerError(502)
    return content


def _rev_in(row: dict[str, Any]) -> str | None:
    rev = row.get("rev")
    if "error" in row:
        return None
    if not isinstance(rev, str):
        raise ForeignAnswerError(502)
    return rev


def _doc_in(row: dict[str, Any]) -> dict[str, Any] | None:
    if row.get("error") == "not_found":
        return None
    if not _is_row(row):
        raise ForeignAnswerError(502)
    doc: dict[str, Any] | None = row["doc"]
    return doc


def _is_document(content: Any) -> bool:
    return (
        isinstance(content, dict)
        and isinstance(content.get("_id"), str)
        and isinstance(content.get("_rev"), str)
    )


def _is_row(row: Any) -> bool:
    if not (isinstance(row, dict) and isinstance(row.get("id"), str) and "doc" in row):
        return False
    return row["doc"] is None or _is_document(row["doc"])
