"""The gRPC connection to one Firestore database: requests, deadlines and retries.

The requests are those of Google's generated client. `google.cloud.firestore.Client`, built on it,
reads ids as paths (`a/b/c` is a document in a subcollection), returns its own types for values
that JSON lacks, and does not let its channel's reconnecting be configured.

The client's own retries are off. Every request has a deadline, and is repeated only where a second
request does no harm:

- a read is repeated for a short time when the connection broke or the server failed;
- a write is repeated only if the server says that it was not applied (`Aborted`: other writers were
  faster). Repeating a write that may have been applied could bring back a document that someone
  has deleted since.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import grpc  # type: ignore[import-untyped]  # it has no types
from google.api_core.exceptions import (
    Aborted,
    InternalServerError,
    RetryError,
    ServiceUnavailable,
    Unknown,
)
from google.api_core.retry import Retry, if_exception_type
from google.auth.credentials import Credentials
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

_Answer = TypeVar("_Answer")

_CHANNEL_OPTIONS: Final = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # By default gRPC waits up to two minutes between two attempts to connect, also after the
    # server is back.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
    # In spite of its name, the time limit of one attempt: the server may accept and be mute.
    ("grpc.min_reconnect_backoff_ms", 5_000),
)


_PAGE_TIME: Final = 2.5
"""The time limit of a page as a multiple of `timeout`: for each page the emulator reads the whole
collection, several seconds for 100,000 documents."""

_READ_AGAIN: Final = if_exception_type(ServiceUnavailable, InternalServerError, Unknown, Aborted)
_WRITE_AGAIN: Final = if_exception_type(Aborted)


class NoAnswerError(Exception):
    """The answer lacks a requested document, or the word that it is missing."""


def open_channel(emulator_host: str | None, credentials: Credentials) -> grpc.Channel:
    """Return a channel to Google's service, or a plain one to an emulator; send nothing yet."""
    if emulator_host is not None:
        return grpc.insecure_channel(emulator_host, options=_CHANNEL_OPTIONS)
    return FirestoreGrpcTransport.create_channel(
        FirestoreClient.DEFAULT_ENDPOINT, credentials=credentials, options=_CHANNEL_OPTIONS
    )


class Connection:
    """The connection to one database (`projects/.../databases/...`); a method is one request.

    Errors are `NoAnswerError`, those of `google.api_core.exceptions`, and `ValueError` after
    `close`. A request ends within `timeout` seconds, a page within two and a half times that, and
    `retry_seconds` more if it is repeated.
    """

    def __init__(
        self,
        database: str,
        channel: grpc.Channel,
        *,
        emulator: bool,
        timeout: float,
        retry_seconds: float,
    ) -> None:
        self._database = database
        self._channel = channel
        self._client = FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))
        self._timeout = timeout
        self._metadata = [("google-cloud-resource-prefix", database)]
        if emulator:
            # The emulator's token for a client that security rules do not apply to.
            self._metadata.append(("authorization", "Bearer owner"))
        self._reads = _retry(_READ_AGAIN, retry_seconds)
        self._writes = _retry(_WRITE_AGAIN, timeout)
        self._lost = False

    def fetch(self, names: list[str]) -> dict[str, Any | None]:
        """Return protobuf `Document`s by their full names, None for a missing one."""
        # Not GetDocument: its NotFound may mean a missing document or a missing database.
        request = types.BatchGetDocumentsRequest(database=self._database, documents=names)
        found: dict[str, Any | None] = {}
        for answer in self._read(self._client.batch_get_documents, request):
            raw = types.BatchGetDocumentsResponse.pb(answer)
            match raw.WhichOneof("result"):
                case "found":
                    found[raw.found.name] = raw.found
                case "missing":
                    found[raw.missing] = None
        if not found.keys() >= set(names):
            raise NoAnswerError
        return found

    def commit(self, writes: list[Any]) -> list[Any]:
        """Apply all writes, protobuf `Write`s, or none; return their `WriteResult`s.

        After a request without a connection, a read goes first: unlike the write, it can be
        repeated until the connection is back.
        """
        if self._lost:
            self.fetch([writes[0].delete or writes[0].update.name])
        request = types.CommitRequest.pb()(database=self._database, writes=writes)
        answer = self._commit(types.CommitRequest.wrap(request))
        results = list(types.CommitResponse.pb(answer).write_results)
        if len(results) != len(writes):
            raise NoAnswerError
        return results

    def page(self, collection: str, *, after: str | None, size: int) -> list[Any]:
        """Return up to `size` documents in the order of their names, beginning past `after`."""
        query: dict[str, Any] = {
            "from_": [{"collection_id": collection}],
            "order_by": [{"field": {"field_path": "__name__"}, "direction": "ASCENDING"}],
            "limit": size,
        }
        if after is not None:
            query["start_at"] = {"values": [{"reference_value": after}], "before": False}
        request = types.RunQueryRequest(
            parent=f"{self._database}/documents", structured_query=query
        )
        answers = self._read(self._client.run_query, request, longer=_PAGE_TIME)
        raw_answers = map(types.RunQueryResponse.pb, answers)
        return [raw.document for raw in raw_answers if raw.HasField("document")]

    def collections(self) -> list[str]:
        """Return the names of the top-level collections that have documents."""
        request = types.ListCollectionIdsRequest(parent=f"{self._database}/documents")
        return self._read(self._client.list_collection_ids, request)

    def remove(self, names: list[str]) -> None:
        """Delete documents by their full names; a missing one is no error."""
        writes = [types.Write(delete=name) for name in names]
        self._commit(types.CommitRequest(database=self._database, writes=writes))

    def close(self) -> None:
        """Close the channel; requests in progress end with `Cancelled`."""
        self._channel.close()

    def _read(self, method: Callable[..., Any], request: Any, *, longer: float = 1.0) -> list[Any]:
        # Read the stream to its end: only there gRPC reports whether it is complete.
        return self._call(self._reads, lambda: list(self._send(method, request, longer=longer)))

    def _commit(self, request: Any) -> Any:
        return self._call(self._writes, lambda: self._send(self._client.commit, request))

    def _call(self, retry: Retry, send: Callable[[], _Answer]) -> _Answer:
        def attempt() -> _Answer:
            lost = False
            try:
                return send()
            except ServiceUnavailable:
                lost = True
                raise
            finally:
                self._lost = lost

        try:
            return retry(attempt)()
        except RetryError as error:
            raise error.cause or error from None

    def _send(self, method: Callable[..., Any], request: Any, *, longer: float = 1.0) -> Any:
        return method(request, retry=None, timeout=self._timeout * longer, metadata=self._metadata)


def _retry(predicate: Callable[[Exception], bool], seconds: float) -> Retry:
    return Retry(predicate, initial=0.05, maximum=0.5, multiplier=2.0, timeout=seconds)
