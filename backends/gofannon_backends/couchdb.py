"""The CouchDB backend: a database per collection, plain documents, and CouchDB's own revisions."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from couchdb import http as client
from fastapi import HTTPException

from gofannon_backends import _bulk, documents, errors
from gofannon_backends._couchdb_contention import Place, Revisions, Turns, attempts, pause
from gofannon_backends._couchdb_documents import (
    LONGEST_DATABASE_NAME,
    body_of,
    collection_of,
    database_of,
    document_of,
    is_database_name,
    key_of,
    may_hold_escapes,
    same_content,
    with_revision,
)
from gofannon_backends._couchdb_http import (
    AnswerLostError,
    ForeignAnswerError,
    NoAnswerInTimeError,
    Session,
    TransportError,
    status_of,
)
from gofannon_backends._couchdb_requests import Native, Page, Requests, address_of
from gofannon_backends._page_size import PageSize
from gofannon_backends.base import DatabaseService

_LAST_BY_UTF_16: Final = "\uffff" * 201
"""After every id of up to 200 characters, where ids are in the order of their UTF-16 units."""

_AT_ONCE: Final = 100
"""How many documents are got or saved by one request; those got may all be large."""

_Held = tuple[Place, bytes]
"""A document on its way to CouchDB: where it goes, and its body."""

_FAILURES: Final = (client.HTTPError, ForeignAnswerError, TransportError)

_ANSWERS: Final[Mapping[int, Callable[..., HTTPException]]] = {
    401: errors.credentials_refused,
    403: errors.credentials_refused,
    408: errors.timed_out,
    429: errors.too_many_requests,
    500: errors.store_failed,
    503: errors.unavailable,
    504: errors.timed_out,
}


class CouchDBService(DatabaseService):
    """Documents in CouchDB, one round trip for each `get`, `save` and `delete` in the steady state.

    `url` is the server's address; a user and a password in it are used when none are given beside
    it, and shown nowhere. A database is created by the first `save` that finds it missing, which
    takes an admin's rights; `database_prefix` comes before the name of each.

    The revisions of the last `cache_size` documents are kept, and corrected when CouchDB reports a
    conflict: a `save` replaces what is there, and a `_rev` in the document is not looked at.

    A request fails after `timeout` seconds without an answer. Up to `retries` more tries are
    made where they cannot change anything twice. Up to `page_size` documents are listed per
    request, fewer if they are large.
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
                f"database_prefix {database_prefix!r} begins no CouchDB database name: that takes "
                "a lowercase letter, then letters, digits and _ $ ( ) + / -"
            )
        if page_size < 1:
            raise ValueError(f"page_size is at least 1, not {page_size}")
        address = address_of(url, username, password)
        self._url = address.url
        self._prefix = database_prefix
        self._page_size = page_size
        self._revisions = Revisions(cache_size)
        self._turns = Turns()
        self._session = Session(
            address.url, timeout=timeout, retries=retries, idle_connections=max_connections
        )
        self._requests = Requests(address, self._session)
        self._closed = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        """Return the document; a missing one, or a missing database, is a 404."""
        place = self._place(db_name, doc_id)
        try:
            native = self._read(place)
        except client.ResourceNotFound:
            raise errors.not_found(db_name, doc_id) from None
        except _FAILURES as failure:
            raise _explained(failure, db_name, doc_id) from None
        document = document_of(native.content, may_be_escaped=may_hold_escapes(native.answer))
        return {**document, "_id": doc_id}

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        """Create the document, or replace it whole; a `_rev` in it is not looked at."""
        fields = documents.checked(db_name, doc_id, doc)
        place = self._place(db_name, doc_id)
        try:
            rev = self._replace(place, body_of(place.key, fields))
        except _FAILURES as failure:
            raise _explained(failure, db_name, doc_id) from None
        self._revisions.learn(place, rev)
        return {"id": doc_id, "rev": rev}

    def delete(self, db_name: str, doc_id: str) -> None:
        """Delete the document; a missing one, or a missing database, is a 404."""
        place = self._place(db_name, doc_id)
        try:
            self._remove(place)
        except _FAILURES as failure:
            raise _explained(failure, db_name, doc_id) from None
        finally:
            self._revisions.forget(place)

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        """Return every document; `[]` if there is no such database."""
        return list(self.iter_all(db_name))

    def iter_all(self, db_name: str) -> Iterator[dict[str, Any]]:
        """Yield every document, a page at a time; design documents are left out."""
        documents.collection(db_name)
        for page in self._pages(db_name, self._database(db_name)):
            may_be_escaped = may_hold_escapes(page.answer)
            for row in page.rows:
                # None is a document that was deleted after its row was read.
                if row["doc"] is not None and not row["id"].startswith("_"):
                    yield document_of(row["doc"], may_be_escaped=may_be_escaped)

    def save_many(self, db_name: str, docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Save each document under its `_id`, in order; many per request.

        A document that is there in a revision which is not known here takes a request of its own.
        """
        db_name = documents.collection(db_name)
        given = _bulk.listed(db_name, docs, what="documents")

        def ready(doc: Any) -> _bulk.Ready[_Held]:
            doc_id = _bulk.id_in(doc)
            fields = documents.checked(db_name, doc_id, doc)
            place = self._place(db_name, doc_id)
            body = body_of(place.key, fields)
            return _bulk.Ready(doc_id, (place, body), len(body))

        return _bulk.saved(
            given,
            ready,
            lambda chunk: self._saved_at_once(db_name, [one.held for one in chunk]),
            lambda doc: self.save(db_name, _bulk.id_in(doc), doc),
            most=_AT_ONCE,
        )

    def get_many(self, db_name: str, doc_ids: list[str]) -> dict[str, dict[str, Any] | None]:
        """Return the document of every id, None for one that is not there; many per request."""
        db_name = documents.collection(db_name)
        places = [self._place(db_name, doc_id) for doc_id in _bulk.ids(db_name, doc_ids)]
        found: dict[str, dict[str, Any] | None] = {}
        for start in range(0, len(places), _AT_ONCE):
            found |= self._got_at_once(db_name, places[start : start + _AT_ONCE])
        return found

    def close(self) -> None:
        """Close the connections; a call after this is a 503."""
        self._closed = True
        self._session.close()

    def collections(self) -> set[str]:
        """Return the names of the collections that have a database on the server."""
        try:
            names = self._requests.databases()
        except _FAILURES as failure:
            raise _explained(failure, "_all_dbs") from None
        found = (collection_of(name, self._prefix) for name in names)
        return {collection for collection in found if collection is not None}

    def drop(self, db_name: str) -> None:
        """Delete the collection's database; one that is not there is no error."""
        documents.collection(db_name)
        database = database_of(db_name, self._prefix)
        if not is_database_name(database):
            return
        try:
            self._requests.drop(database)
        except _FAILURES as failure:
            raise _explained(failure, db_name) from None

    def _saved_at_once(self, db_name: str, held: list[_Held]) -> list[str | None]:
        """Save each document over the revision that is known of it, or as a new one.

        After an answer that was lost nothing is sent again, as `_replace` explains.
        """
        database = self._database(db_name)
        keys = [place.key for place, _ in held]
        bodies = [with_revision(body, self._revisions.known(place)) for place, body in held]
        try:
            try:
                revisions = self._requests.put_many(database, keys, bodies)
            except client.ResourceNotFound:
                self._requests.create(database)
                revisions = self._requests.put_many(database, keys, [body for _, body in held])
        except _FAILURES as failure:
            raise _explained(failure, db_name) from None
        for (place, _), rev in zip(held, revisions, strict=True):
            if rev is not None:
                self._revisions.learn(place, rev)
        return revisions

    def _got_at_once(self, db_name: str, places: list[Place]) -> dict[str, dict[str, Any] | None]:
        keys = [place.key for place in places]
        try:
            natives, answer = self._requests.get_many(self._database(db_name), keys)
        except client.ResourceNotFound:
            natives, answer = [None] * len(keys), b""
        except _FAILURES as failure:
            raise _explained(failure, db_name) from None
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
        """Yield pages, each asked for with one row more: it says where the next one starts."""
        keys: dict[str, str] = {}
        seen = 0
        size = PageSize(self._page_size)
        while True:
            count = size.count
            try:
                page = self._requests.page(database, count + 1, **keys)
            except client.ResourceNotFound:
                if not seen:
                    return
                # Deleted in mid-list: what was given so far is of a database that is no more.
                raise errors.unavailable(db_name, code="the database was deleted") from None
            except _FAILURES as failure:
                raise _explained(failure, db_name) from None
            size.learn(len(page.rows), len(page.answer))
            found, total = len(page.rows), page.total
            last = page.rows[-1]["id"] if page.rows else ""
            seen += min(found, count)
            yield replace(page, rows=page.rows[:count])
            if found > count:
                keys["startkey"] = last
            elif seen < total and "endkey" not in keys and last < _LAST_BY_UTF_16:
                # PouchDB's server leaves out ids past U+00FF unless it is told where to end.
                # CouchDB comes here if documents were added meanwhile, and may have more to give.
                keys = {"startkey": f"{last}\0", "endkey": _LAST_BY_UTF_16}
            else:
                return

    def _replace(self, place: Place, body: bytes) -> str:
        """Store the body over whatever is there, and return its revision.

        After an answer that was lost the body is sent again only over the revision it was sent
        over before: what is stored by then decides.
        """
        with self._turns.queue(place) as wait_for_turn:
            return self._replace_by_turns(place, body, wait_for_turn)

    def _replace_by_turns(
        self, place: Place, body: bytes, wait_for_turn: Callable[[], None]
    ) -> str:
        rev = self._revisions.known(place)
        lost: AnswerLostError | None = None
        for attempt in attempts():
            try:
                return self._requests.put(place.database, place.key, rev, body)
            except client.ResourceNotFound:
                if lost is not None:
                    raise lost from None
                pause(attempt)
                self._requests.create(place.database)
                rev = None
            except client.ResourceConflict:
                if lost is not None:
                    return self._settled(place, body, lost)
                wait_for_turn()
                pause(attempt)
                rev = self._newer_revision(place, rev)
            except AnswerLostError as failure:
                if lost is not None or isinstance(failure, NoAnswerInTimeError):
                    raise
                lost = failure
                stored = self._settled(place, body, lost, untouched=rev)
                if stored != rev:
                    return stored
        raise errors.conflict(place.db_name, place.doc_id)

    def _settled(
        self, place: Place, body: bytes, lost: AnswerLostError, *, untouched: str | None = None
    ) -> str:
        """Return the stored revision, if it is `untouched` or its content is the body's.

        Anything else means that the body was never stored, or that others have changed it since.
        These cannot be told apart, and to store it again could bring back what they deleted.
        """
        try:
            native = self._read(place)
        except client.ResourceNotFound:
            raise lost from None
        if native.rev != untouched and not same_content(body, native.content):
            raise lost
        return native.rev

    def _remove(self, place: Place) -> None:
        rev = self._revisions.known(place) or self._current_revision(place)
        for attempt in attempts():
            if rev is None:
                raise errors.not_found(place.db_name, place.doc_id)
            try:
                self._requests.delete(place.database, place.key, rev)
            except client.ResourceConflict:
                pause(attempt)
                rev = self._newer_revision(place, rev)
            except client.ResourceNotFound:
                # PouchDB's server says so of a revision that is not the newest, too.
                pause(attempt)
                rev = self._current_revision(place)
            else:
                return
        raise errors.conflict(place.db_name, place.doc_id)

    def _read(self, place: Place) -> Native:
        try:
            native = self._requests.get(place.database, place.key)
        except client.ResourceNotFound:
            self._revisions.forget(place)
            raise
        self._revisions.learn(place, native.rev)
        return native

    def _newer_revision(self, place: Place, refused: str | None) -> str | None:
        """Return the revision to try next: another thread may have learnt it already."""
        known = self._revisions.known(place)
        if known is not None and known != refused:
            return known
        return self._current_revision(place)

    def _current_revision(self, place: Place) -> str | None:
        try:
            rev = self._requests.revision(place.database, place.key)
        except client.ResourceNotFound:
            self._revisions.forget(place)
            return None
        self._revisions.learn(place, rev)
        return rev

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


def _explained(failure: Exception, db_name: str, doc_id: str | None = None) -> HTTPException:
    if isinstance(failure, NoAnswerInTimeError):
        return errors.timed_out(db_name, doc_id, code=failure.kind)
    if isinstance(failure, TransportError):
        return errors.unavailable(db_name, doc_id, code=failure.kind)
    status, code = status_of(failure)
    foreign = isinstance(failure, ForeignAnswerError)
    if status == 413:
        return errors.too_large(db_name, doc_id, why="CouchDB, or a proxy, takes no more")
    if status in {414, 431} or (status == 400 and foreign):
        # CouchDB hangs up on a request line of more than 8 KB with an empty 400.
        return errors.bad_request(db_name, doc_id, why="the id is too long for the server")
    if status == 400:
        return errors.bad_request(db_name, doc_id, why=f"CouchDB says {code}")
    otherwise = errors.unavailable if foreign else errors.store_failed
    return _ANSWERS.get(status, otherwise)(db_name, doc_id, code=code)
