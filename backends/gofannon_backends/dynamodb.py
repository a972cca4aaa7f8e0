"""The DynamoDB backend: a table per collection, an item per document, keyed by ``_id``."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import boto3.session
from botocore.config import Config
from fastapi import HTTPException

from gofannon_backends import _bulk, documents, errors
from gofannon_backends._dynamodb_items import (
    ID_ATTRIBUTE,
    ID_BYTES,
    ITEM_BYTES,
    REVISION_ATTRIBUTE,
    Item,
    NotAnItemError,
    UnstorableError,
    document_of,
    item_of,
    item_size,
)
from gofannon_backends._dynamodb_requests import (
    Failure,
    NoMatchError,
    NoTableError,
    RequestError,
    Requests,
    TableExistsError,
    pause,
)
from gofannon_backends._dynamodb_tables import TABLE_NAME_CHARACTERS, Tables, is_table_prefix
from gofannon_backends.base import DatabaseService

_ERRORS: Final[Mapping[Failure, Callable[..., HTTPException]]] = {
    Failure.THROTTLED: errors.too_many_requests,
    Failure.REFUSED: errors.credentials_refused,
    Failure.BROKEN: errors.unavailable,
    Failure.GARBLED: errors.store_failed,
    Failure.UNREACHABLE: errors.unavailable,
    Failure.TIMED_OUT: errors.timed_out,
    Failure.STATE: errors.store_failed,
}

_PUT_AT_ONCE: Final = 25
_GOT_AT_ONCE: Final = 100
"""As many as DynamoDB takes in one request."""

# An emulator may count an item differently from the service: from here on a refusal of an item that
# `item_size` lets through is put down to its size.
_NEARLY_TOO_LARGE: Final = ITEM_BYTES * 9 // 10


class DynamoDBService(DatabaseService):
    """Documents in DynamoDB, one round trip for each `get`, `save` and `delete`.

    Credentials come by the usual AWS ways (environment, shared files, roles) unless they are given.
    A plain ``http://`` endpoint, which only an emulator has, is served without any.

    A table is created by the first `save` that finds it missing, billed per request;
    `table_seconds` bounds the wait until it is ready. Every other call ends within about twice
    `read_timeout` seconds, even if the server never answers; each page of `iter_all` is a call.
    """

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
        # A session of its own: boto3's default session must not be shared between threads.
        session = boto3.session.Session(
            region_name=region_name,
            profile_name=profile_name,
            aws_access_key_id=aws_access_key_id,
            aws_secret_access_key=aws_secret_access_key,
            aws_session_token=aws_session_token,
        )
        if _is_emulator(endpoint_url) and session.get_credentials() is None:
            session = boto3.session.Session(
                region_name=region_name,
                aws_access_key_id="none",
                aws_secret_access_key="none",  # noqa: S106 (an emulator looks at neither)
            )
        self._client = session.client(
            "dynamodb",
            endpoint_url=endpoint_url,
            config=Config(
                connect_timeout=connect_timeout,
                read_timeout=read_timeout,
                max_pool_connections=max_connections,
                # The items are our own making; looking through them costs a quarter of a save.
                parameter_validation=False,
                # What may be sent again, and when, is decided in `Requests`, which knows whether
                # the first try can have been applied. Of botocore's modes, "legacy" alone
                # compares the checksum of an answer that it will not ask for again.
                retries={"total_max_attempts": 1, "mode": "legacy"},
            ),
        )
        self._requests = Requests(self._client, attempts=attempts, patience=read_timeout)
        self._tables = Tables(self._requests, prefix=table_prefix, seconds=table_seconds)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(region_name={self._region_name!r}, "
            f"endpoint_url={_without_credentials(self._endpoint_url)!r})"
        )

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        """Return the document; a missing one, or a missing table, is a 404."""
        documents.address(db_name, doc_id)
        table = self._table(db_name)
        key = _key(db_name, doc_id)
        try:
            answer = self._requests.repeatable(
                "get_item", table, Key=key, ConsistentRead=True, ReturnConsumedCapacity="TOTAL"
            )
        except NoTableError:
            raise errors.not_found(db_name, doc_id) from None
        except RequestError as error:
            raise _failure(error, db_name, doc_id) from None
        if "Item" not in answer:
            raise errors.not_found(db_name, doc_id)
        return _document(answer["Item"], db_name, doc_id)

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        """Create the document, or replace it whole; a `_rev` in it is not looked at."""
        ready = self._ready(db_name, doc_id, doc)
        revision = _revision_of(ready.held)
        try:
            self._put(db_name, doc_id, self._table(db_name), ready.held)
        except RequestError as error:
            done = error.passing and error.applied
            if not (done and self._holds(self._table(db_name), doc_id, revision)):
                if error.failure is Failure.INVALID and ready.size > _NEARLY_TOO_LARGE:
                    raise _too_large(db_name, doc_id, ready.size) from None
                raise _failure(error, db_name, doc_id) from None
        return {"id": doc_id, "rev": revision}

    def delete(self, db_name: str, doc_id: str) -> None:
        """Delete the document; a missing one, or a missing table, is a 404."""
        documents.address(db_name, doc_id)
        table = self._table(db_name)
        key = _key(db_name, doc_id)
        try:
            self._requests.once(
                "delete_item",
                table,
                Key=key,
                ConditionExpression="attribute_exists(#id)",
                ExpressionAttributeNames={"#id": ID_ATTRIBUTE},
                ReturnConsumedCapacity="TOTAL",
            )
        except (NoMatchError, NoTableError):
            raise errors.not_found(db_name, doc_id) from None
        except RequestError as error:
            raise _failure(error, db_name, doc_id) from None

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        """Return every document; `[]` if there is no such table."""
        return list(self.iter_all(db_name))

    def iter_all(self, db_name: str) -> Iterator[dict[str, Any]]:
        """Yield every document, scanned page by page with consistent reads."""
        documents.collection(db_name)
        table = self._table(db_name)
        start: dict[str, Any] = {}
        while True:
            try:
                page = self._requests.repeatable(
                    "scan", table, ConsistentRead=True, ReturnConsumedCapacity="TOTAL", **start
                )
            except NoTableError:
                if not start:
                    return
                # Removed in mid-scan: what was given so far is of a collection that is no more.
                raise errors.unavailable(db_name, code="the table was removed") from None
            except RequestError as error:
                raise _failure(error, db_name) from None
            items = page.get("Items")
            if items is None or page.get("Count") != len(items):
                raise errors.store_failed(db_name, code="a page without all its items")
            for item in items:
                yield _document(item, db_name)
            if not page.get("LastEvaluatedKey"):
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def collections(self) -> set[str]:
        """Return the names of the collections that have a table, whoever made it."""
        try:
            return set(self._tables.collections())
        except RequestError as error:
            raise _failure(error, "*") from None

    def drop(self, db_name: str) -> None:
        """Remove the collection's table and all that is in it; a missing one is no error.

        Waits until the table is gone, for `table_seconds` at most.
        """
        documents.collection(db_name)
        try:
            gone = self._tables.remove(self._tables.table_of(db_name))
        except RequestError as error:
            raise _failure(error, db_name) from None
        if not gone:
            raise errors.unavailable(db_name, code="the table is still there")

    def save_many(self, db_name: str, docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Save each document under its `_id`, in order; many per request."""
        db_name = documents.collection(db_name)
        return _bulk.saved(
            _bulk.listed(db_name, docs, what="documents"),
            lambda doc: self._ready(db_name, _bulk.id_in(doc), doc),
            lambda chunk: self._saved_at_once(db_name, chunk),
            lambda doc: self.save(db_name, _bulk.id_in(doc), doc),
            most=_PUT_AT_ONCE,
        )

    def get_many(self, db_name: str, doc_ids: list[str]) -> dict[str, dict[str, Any] | None]:
        """Return the document of every id, None for one that is not there; many per request."""
        db_name = documents.collection(db_name)
        wanted = _bulk.ids(db_name, doc_ids)
        table = self._table(db_name)
        keys = [_key(db_name, doc_id) for doc_id in wanted]
        found: dict[str, dict[str, Any] | None] = dict.fromkeys(wanted)
        for start in range(0, len(keys), _GOT_AT_ONCE):
            for item in self._got_at_once(db_name, table, keys[start : start + _GOT_AT_ONCE]):
                document = _document(item, db_name)
                found[document["_id"]] = document
        return found

    def close(self) -> None:
        """Close the connections; a call after this is a 503."""
        self._closed = True
        self._client.close()

    def _table(self, db_name: str) -> str:
        """Return the table of a collection, or refuse a name that no table can have."""
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

    def _ready(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> _bulk.Ready[Item]:
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
        return _bulk.Ready(doc_id, item, size)

    def _saved_at_once(self, db_name: str, chunk: list[_bulk.Ready[Item]]) -> list[str | None]:
        table = self._table(db_name)
        puts = [{"PutRequest": {"Item": one.held}} for one in chunk]
        try:
            answer = self._requests.once(
                "batch_write_item",
                table,
                RequestItems={table: puts},
                ReturnConsumedCapacity="TOTAL",
            )
        except (NoTableError, TableExistsError):
            return [None] * len(chunk)  # `save` makes the table
        except RequestError as error:
            raise _failure(error, db_name) from None
        try:
            left = answer["UnprocessedItems"].get(table, [])
            undone = {_id_of(put["PutRequest"]["Item"]) for put in left}
        except (AttributeError, LookupError, TypeError):
            raise errors.store_failed(db_name, code="an answer that lacks what is left") from None
        return [None if one.doc_id in undone else _revision_of(one.held) for one in chunk]

    def _got_at_once(self, db_name: str, table: str, keys: list[dict[str, Any]]) -> Iterator[Item]:
        """Yield the items that there are; what one answer has no room for, the next one has."""
        patient_until = time.monotonic() + self._requests.patience
        attempt = 0
        while keys:
            try:
                answer = self._requests.repeatable(
                    "batch_get_item",
                    table,
                    RequestItems={table: {"Keys": keys, "ConsistentRead": True}},
                    ReturnConsumedCapacity="TOTAL",
                )
                items, left = answer["Responses"].get(table, []), answer["UnprocessedKeys"]
                keys = left[table]["Keys"] if left else []
            except NoTableError:
                return
            except RequestError as error:
                raise _failure(error, db_name) from None
            except (AttributeError, LookupError, TypeError):
                raise errors.store_failed(db_name, code="half an answer") from None
            yield from items
            if keys and not items:
                if time.monotonic() >= patient_until:
                    raise errors.too_many_requests(db_name, code="UnprocessedKeys")
                attempt += 1
                pause(attempt)

    def _put(self, db_name: str, doc_id: str, table: str, item: Item) -> None:
        """Put the item, into a new table if there is none."""
        given_up_at = time.monotonic() + self._tables.seconds
        while True:
            try:
                self._requests.once("put_item", table, Item=item, ReturnConsumedCapacity="TOTAL")
            except (NoTableError, TableExistsError) as error:
                if time.monotonic() >= given_up_at:
                    raise errors.unavailable(db_name, doc_id, code=error.code) from None
                self._tables.make(table, given_up_at)
            else:
                return

    def _holds(self, table: str, doc_id: str, revision: str) -> bool:
        """Whether a save whose answer was lost was done, and has not been overwritten since."""
        try:
            answer = self._requests.repeatable(
                "get_item",
                table,
                Key={ID_ATTRIBUTE: {"S": doc_id}},
                ConsistentRead=True,
                ProjectionExpression="#rev",
                ExpressionAttributeNames={"#rev": REVISION_ATTRIBUTE},
                ReturnConsumedCapacity="TOTAL",
            )
        except RequestError:
            return False
        held: object = answer.get("Item", {}).get(REVISION_ATTRIBUTE)
        return held == {"S": revision}


def _key(db_name: str, doc_id: str) -> dict[str, Any]:
    """Return the key of a document, or refuse an id that no key can have."""
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


def _id_of(item: Item) -> str:
    return str(item[ID_ATTRIBUTE]["S"])


def _revision_of(item: Item) -> str:
    return str(item[REVISION_ATTRIBUTE]["S"])


def _document(item: Mapping[str, Any], db_name: str, doc_id: str | None = None) -> dict[str, Any]:
    try:
        return document_of(item)
    except NotAnItemError as error:
        raise errors.store_failed(db_name, doc_id, code=error) from None


def _failure(error: RequestError, db_name: str, doc_id: str | None = None) -> HTTPException:
    if error.failure is Failure.INVALID:
        return errors.refused(db_name, doc_id, why=f"DynamoDB does not take it ({error.code})")
    return _ERRORS[error.failure](db_name, doc_id, code=error.code)


def _too_large(db_name: str, doc_id: str, size: int) -> HTTPException:
    return errors.too_large(
        db_name,
        doc_id,
        why=f"it makes an item of {size} bytes, and DynamoDB takes {ITEM_BYTES}",
    )


def _is_emulator(endpoint_url: str | None) -> bool:
    return endpoint_url is not None and urlsplit(endpoint_url).scheme == "http"


def _without_credentials(endpoint_url: str | None) -> str | None:
    if endpoint_url is None:
        return None
    parts = urlsplit(endpoint_url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
