"""The CouchDB backend: a database per collection, plain documents, and CouchDB's own revisions."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from couchdb import http as client

from gofannon_backends.base import bulk, documents, errors
from gofannon_backends.base.page_size import PageSize
from gofannon_backends.base.served import ServedDatabaseService
from gofannon_backends.couchdb.contention import Place, Revisions
from gofannon_backends.couchdb.documents import (
    LONGEST_DATABASE_NAME,
    body_of,
    collection_of,
    database_of,
    document_of,
    is_database_name,
    key_of,
    may_hold_escapes,
    with_revision,
)
from gofannon_backends.couchdb.errors import explained
from gofannon_backends.couchdb.http import Session
from gofannon_backends.couchdb.requests import Page, Requests, address_of
from gofannon_backends.couchdb.writer import Writer

_LAST_BY_UTF_16: Final = "\uffff" * 201
"""Sorts after every id of up to 200 characters, in the order of UTF-16 units."""

_Held = tuple[Place, bytes]
"""A document ready to be sent to CouchDB: where it goes, and its body."""


class CouchDBService(ServedDatabaseService[_Held]):
    """Documents in CouchDB; `get`, `save` and `delete` take one request each as a rule.

    `url` is the server's address. A user and a password in it are used if `username` is not
    given; no message shows them. A `save` that finds no database creates it, which takes an admin's
    rights. Every database's name begins with `database_prefix`.

    A `save` replaces what is there; a `_rev` in the document is ignored. The service keeps the
    revisions of the last `cache_size` documents, and reads one again when CouchDB reports a
    conflict.

    A request fails after `timeout` seconds without an answer. It is sent again up to `retries`
    times where that cannot change anything twice. One request lists up to `page_size` documents,
    fewer if they are large.
    """

    def __init__(
        self,
        url: str,
        username: str | None = None,
        password: str | None = None,
        *,
        timeout: float = 10.0,
        retries: int = 2,
        database_prefix: str = "",
        cache_size: int = 10_000,
        page_size: int = 500,
        max_connections: int = 32,
    ) -> None:
        if database_prefix and not is_database_name(database_prefix):
            raise ValueError(
                f"database_prefix {database_prefix!r} cannot begin a CouchDB database name: that "
                "is a lowercase letter, then lowercase letters, digits and _ $ ( ) + / -"
            )
        if page_size < 1:
            raise ValueError(f"page_size must be at least 1, not {page_size}")
        address = address_of(url, username, password)
        self._url = address.url
        self._prefix = database_prefix
        self._page_size = page_size
        self._revisions = Revisions(cache_size)
        self._session = Session(
            address.url, timeout=timeout, retries=retries, idle_connections=max_connections
        )
        self._requests = Requests(address, self._session)
        self._writer = Writer(self._requests, self._revisions)
        self._closed = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        """Return the document; a missing one, or a missing database, is a 404."""
        place = self._place(db_name, doc_id)
        with explained(db_name, doc_id):
            try:
                native = self._writer.read(place)
            except client.ResourceNotFound:
                raise errors.not_found(db_name, doc_id) from None
        document = document_of(native.content, may_be_escaped=may_hold_escapes(native.answer))
        return {**document, "_id": doc_id}

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        """Create the document, or replace it whole; a `_rev` in it is ignored."""
        place, body = self._ready(db_name, doc_id, doc).held
        with explained(db_name, doc_id):
            rev = self._writer.replace(place, body)
        return {"id": doc_id, "rev": rev}

    def delete(self, db_name: str, doc_id: str) -> None:
        """Delete the document; a missing one, or a missing database, is a 404."""
        place = self._place(db_name, doc_id)
        with explained(db_name, doc_id):
            self._writer.remove(place)

    def iter_all(self, db_name: str) -> Iterator[dict[str, Any]]:
        """Yield every document but the design documents, page by page."""
        documents.collection(db_name)
        for page in self._pages(db_name, self._database(db_name)):
            may_be_escaped = may_hold_escapes(page.answer)
            for row in page.rows:
                # None: the document was deleted after CouchDB had read its row.
                if row["doc"] is not None and not row["id"].startswith("_"):
                    yield document_of(row["doc"], may_be_escaped=may_be_escaped)

    def close(self) -> None:
        """Close the connections; a call after this is a 503."""
        self._closed = True
        self._session.close()

    def collections(self) -> set[str]:
        """Return the names of the collections that have a database on the server."""
        with explained("_all_dbs"):
            names = self._requests.databases()
        found = (collection_of(name, self._prefix) for name in names)
        return {collection for collection in found if collection is not None}

    def drop(self, db_name: str) -> None:
        """Delete the collection's database; one that is not there is no error."""
        documents.collection(db_name)
        database = database_of(db_name, self._prefix)
        if not is_database_name(database):
            return
        with explained(db_name):
            self._requests.drop(database)

    def _ready(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> bulk.Ready[_Held]:
        fields = documents.checked(db_name, doc_id, doc)
        place = self._place(db_name, doc_id)
        body = body_of(place.key, fields)
        return bulk.Ready(doc_id, (place, body), len(body))

    def _save_chunk(self, db_name: str, chunk: list[bulk.Ready[_Held]]) -> list[str | None]:
        """Save each document over its known revision, or as a new one.

        None stands for a stored one whose revision is not known here. After a lost answer nothing
        is sent again: others may have changed the documents since.
        """
        database = self._database(db_name)
        held = [one.held for one in chunk]
        keys = [place.key for place, _ in held]
        bodies = [with_revision(body, self._revisions.known(place)) for place, body in held]
        with explained(db_name):
            try:
                revisions = self._requests.put_many(database, keys, bodies)
            except client.ResourceNotFound:
                self._requests.create(database)
                revisions = self._requests.put_many(database, keys, [body for _, body in held])
        for (place, _), rev in zip(held, revisions, strict=True):
            if rev is not None:
                self._revisions.learn(place, rev)
        return revisions

    def _get_chunk(self, db_name: str, doc_ids: list[str]) -> dict[str, dict[str, Any] | None]:
        places = [self._place(db_name, doc_id) for doc_id in doc_ids]
        keys = [place.key for place in places]
        with explained(db_name):
            try:
                natives, answer = self._requests.get_many(self._database(db_name), keys)
            except client.ResourceNotFound:
                natives, answer = [None] * len(keys), b""
        may_be_escaped = may_hold_escapes(answer)
        found: dict[str, dict[str, Any] | None] = {}
        for place, native in zip(places, natives, strict=True):
            if native is None:
                self._revisions.forget(place)
                found[place.doc_id] = None
            else:
                self._revisions.learn(place, str(native["_rev"]))
                document = document_of(native, may_be_escaped=may_be_escaped)
                found[place.doc_id] = {**document, "_id": place.doc_id}
        return found

    def _pages(self, db_name: str, database: str) -> Iterator[Page]:
        """Yield pages; one row more than needed is requested, where the next page starts."""
        keys: dict[str, str] = {}
        seen = 0
        size = PageSize(self._page_size)
        while True:
            count = size.count
            with explained(db_name):
                try:
                    page = self._requests.page(database, count + 1, **keys)
                except client.ResourceNotFound:
                    if not seen:
                        return
                    # Deleted while it was listed: the documents so far are not a whole list.
                    raise errors.unavailable(db_name, code="the database was deleted") from None
            size.learn(len(page.rows), len(page.answer))
            found, total = len(page.rows), page.total
            last = page.rows[-1]["id"] if page.rows else ""
            seen += min(found, count)
            yield replace(page, rows=page.rows[:count])
            if found > count:
                keys["startkey"] = last
            elif seen < total and "endkey" not in keys and last < _LAST_BY_UTF_16:
                # PouchDB's server leaves out ids past U+00FF if a request has no end key. CouchDB
                # comes here if documents were added meanwhile, and may have more of them.
                keys = {"startkey": f"{last}\0", "endkey": _LAST_BY_UTF_16}
            else:
                return

    def _place(self, db_name: str, doc_id: str) -> Place:
        documents.address(db_name, doc_id)
        return Place(db_name, doc_id, self._database(db_name), key_of(doc_id))

    def _database(self, db_name: str) -> str:
        if self._closed:
            raise errors.closed(db_name)
        database = database_of(db_name, self._prefix)
        if len(database) > LONGEST_DATABASE_NAME:
            raise errors.bad_request(
                db_name,
                why=f"its database's name would have {len(database)} characters, and CouchDB "
                f"takes {LONGEST_DATABASE_NAME}",
            )
        return database
