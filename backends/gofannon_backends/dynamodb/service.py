"""The DynamoDB backend: a table per collection, an item per document, keyed by ``_id``."""

import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import HTTPException

from gofannon_backends.base import bulk, documents, errors
from gofannon_backends.base.served import ServedDatabaseService
from gofannon_backends.dynamodb.connection import Connection, client_of, pause
from gofannon_backends.dynamodb.errors import (
    Failure,
    NoMatchError,
    NoTableError,
    RequestError,
    TableExistsError,
    error_of,
    explained,
)
from gofannon_backends.dynamodb.items import (
    ID_ATTRIBUTE,
    ID_BYTES,
    ITEM_BYTES,
    Item,
    NotAnItemError,
    UnstorableError,
    document_of,
    item_of,
    item_size,
    revision_of,
)
from gofannon_backends.dynamodb.requests import Key, Requests
from gofannon_backends.dynamodb.tables import TABLE_NAME_CHARACTERS, Tables, is_table_prefix

# Emulators may count an item differently: if one refuses an item from this size on, its size is
# taken for the reason.
_NEARLY_TOO_LARGE: Final = ITEM_BYTES * 9 // 10


class DynamoDBService(ServedDatabaseService[Item]):
    """Documents in DynamoDB; `get`, `save` and `delete` take one request each as a rule.

    Credentials come from the usual AWS sources (environment, shared files, roles) if they are not
    given. A plain ``http://`` endpoint belongs to an emulator, and needs none.

    A `save` that finds no table creates it, billed per request, and waits up to `table_seconds` for
    it. Every other call ends within about twice `read_timeout` seconds, even if the server never
    answers; each page of `iter_all` counts as a call.
    """

    saved_per_request = 25
    read_per_request = 100

    def __init__(
        self,
        region_name: str = "us-east-1",
        endpoint_url: str | None = None,
        *,
        table_prefix: str = "",
        connect_timeout: float = 3.0,
        read_timeout: float = 10.0,
        attempts: int = 4,
        table_seconds: float = 60.0,
        max_connections: int = 32,
        profile_name: str | None = None,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
    ) -> None:
        if attempts < 1:
            raise ValueError("attempts must be at least 1")
        if not is_table_prefix(table_prefix):
            raise ValueError("table_prefix may have the characters a-z, A-Z, 0-9, _, . and - only")
        self._region_name = region_name
        self._endpoint_url = endpoint_url
        self._closed = False
        self._client = client_of(
            region_name,
            endpoint_url,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            max_connections=max_connections,
            profile_name=profile_name,
            aws_access_key_id=aws_access_key_id,
            aws_secret_access_key=aws_secret_access_key,
            aws_session_token=aws_session_token,
        )
        self._read_timeout = read_timeout
        connection = Connection(self._client, attempts=attempts, seconds=read_timeout)
        self._requests = Requests(connection)
        self._tables = Tables(connection, prefix=table_prefix, seconds=table_seconds)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(region_name={self._region_name!r}, "
            f"endpoint_url={_without_credentials(self._endpoint_url)!r})"
        )

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        """Return the document; a missing one, or a missing table, is a 404."""
        documents.address(db_name, doc_id)
        table, key = self._table(db_name), _key(db_name, doc_id)
        with explained(db_name, doc_id):
            try:
                item = self._requests.get(table, key)
            except NoTableError:
                item = None
        if item is None:
            raise errors.not_found(db_name, doc_id)
        return _document(item, db_name, doc_id)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        """Create the document, or replace it whole; a `_rev` in it is ignored."""
        ready = self._ready(db_name, doc_id, doc)
        table = self._table(db_name)
        try:
            self._put(db_name, doc_id, table, ready.held)
        except RequestError as error:
            perhaps_stored = error.passing and error.applied
            if not (perhaps_stored and self._is_stored(table, ready.held)):
                if error.failure is Failure.INVALID and ready.size > _NEARLY_TOO_LARGE:
                    raise _too_large(db_name, doc_id, ready.size) from None
                raise error_of(error, db_name, doc_id) from None
        return {"id": doc_id, "rev": revision_of(ready.held)}

    def delete(self, db_name: str, doc_id: str) -> None:
        """Delete the document; a missing one, or a missing table, is a 404."""
        documents.address(db_name, doc_id)
        table, key = self._table(db_name), _key(db_name, doc_id)
        with explained(db_name, doc_id):
            try:
                self._requests.delete(table, key)
            except (NoMatchError, NoTableError):
                raise errors.not_found(db_name, doc_id) from None

    def iter_all(self, db_name: str) -> Iterator[dict[str, Any]]:
        """Yield every document, page by page, with consistent reads."""
        documents.collection(db_name)
        table = self._table(db_name)
        start: Key | None = None
        while True:
            with explained(db_name):
                try:
                    items, following = self._requests.page(table, start)
                except NoTableError:
                    if not start:
                        return
                    # Removed while it was listed: the documents so far are not a whole list.
                    raise errors.unavailable(db_name, code="the table was removed") from None
            for item in items:
                yield _document(item, db_name)
            if not following:
                return
            start = following

    def collections(self) -> set[str]:
        """Return the names of the collections that have a table."""
        with explained("*"):
            return set(self._tables.collections())

    def drop(self, db_name: str) -> None:
        """Remove the collection's table with its documents; a missing one is no error.

        Waits up to `table_seconds` until the table is gone.
        """
        documents.collection(db_name)
        with explained(db_name):
            gone = self._tables.remove(self._tables.table_of(db_name))
        if not gone:
            raise errors.unavailable(db_name, code="the table is still there")

    def close(self) -> None:
        """Close the connections; a call after this is a 503."""
        self._closed = True
        self._client.close()

    def _table(self, db_name: str) -> str:
        """Return the table of a collection; refuse a name that no table can have."""
        if self._closed:
            raise errors.closed(db_name)
        table = self._tables.table_of(db_name)
        if len(table) > TABLE_NAME_CHARACTERS:
            raise errors.bad_request(
                db_name,
                why=f"its table's name would have {len(table)} characters, "
                f"and DynamoDB takes {TABLE_NAME_CHARACTERS}",
            )
        return table

    def _ready(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> bulk.Ready[Item]:
        fields = documents.checked(db_name, doc_id, doc)
        self._table(db_name)
        _key(db_name, doc_id)
        try:
            item = item_of(doc_id, uuid.uuid4().hex, fields)
        except UnstorableError as unstorable:
            raise errors.refused(db_name, doc_id, why=str(unstorable)) from None
        size = item_size(item)
        if size > ITEM_BYTES:
            raise _too_large(db_name, doc_id, size)
        return bulk.Ready(doc_id, item, size)

    def _save_chunk(self, db_name: str, chunk: list[bulk.Ready[Item]]) -> list[str | None]:
        with explained(db_name):
            try:
                return self._requests.put_many(self._table(db_name), [one.held for one in chunk])
            except (NoTableError, TableExistsError):
                return [None] * len(chunk)  # `save` creates the table

    def _get_chunk(self, db_name: str, doc_ids: list[str]) -> dict[str, dict[str, Any] | None]:
        """Read the documents that exist; keys that an answer leaves over are requested again."""
        table, keys = self._table(db_name), [_key(db_name, doc_id) for doc_id in doc_ids]
        found: dict[str, dict[str, Any] | None] = {}
        no_more_after = time.monotonic() + self._read_timeout
        attempt = 0
        while keys:
            with explained(db_name):
                try:
                    items, keys = self._requests.get_many(table, keys)
                except NoTableError:
                    return {}
            found |= {one["_id"]: one for one in (_document(item, db_name) for item in items)}
            if keys and not items:
                if time.monotonic() >= no_more_after:
                    raise errors.too_many_requests(db_name, code="UnprocessedKeys")
                attempt += 1
                pause(attempt)
        return found

    def _put(self, db_name: str, doc_id: str, table: str, item: Item) -> None:
        """Put the item, into a new table if there is none."""
        no_more_after = time.monotonic() + self._tables.seconds
        while True:
            try:
                return self._requests.put(table, item)
            except (NoTableError, TableExistsError) as error:
                if time.monotonic() >= no_more_after:
                    raise errors.unavailable(db_name, doc_id, code=error.code) from None
                self._tables.create(table, no_more_after)

    def _is_stored(self, table: str, item: Item) -> bool:
        """Return whether a put with a lost answer was done, and nothing was stored over it."""
        try:
            return self._requests.holds(table, item)
        except RequestError:
            return False


def _key(db_name: str, doc_id: str) -> Key:
    """Return the key of a document; refuse an id that no key can have."""
    try:
        size = len(doc_id.encode())
    except UnicodeEncodeError:
        raise errors.bad_request(
            db_name, doc_id, why="DynamoDB takes no id with half a character (a lone surrogate)"
        ) from None
    if size > ID_BYTES:
        raise errors.bad_request(
            db_name, doc_id, why=f"the id has {size} bytes of UTF-8, and DynamoDB takes {ID_BYTES}"
        )
    return {ID_ATTRIBUTE: {"S": doc_id}}


def _document(item: Mapping[str, Any], db_name: str, doc_id: str | None = None) -> dict[str, Any]:
    try:
        return document_of(item)
    except NotAnItemError as error:
        raise errors.store_failed(db_name, doc_id, code=error) from None


def _too_large(db_name: str, doc_id: str, size: int) -> HTTPException:
    return errors.too_large(
        db_name,
        doc_id,
        why=f"it makes an item of {size} bytes, and DynamoDB takes {ITEM_BYTES}",
    )


def _without_credentials(endpoint_url: str | None) -> str | None:
    if endpoint_url is None:
        return None
    parts = urlsplit(endpoint_url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
