"""The gRPC connection to one Firestore database: the calls that are made, and how they are bounded.

These are calls of Google's generated client. `google.cloud.firestore.Client`, which stands above
it, reads ids as paths (`a/b/c` is a document in a subcollection), has types of its own for what
JSON lacks, and leaves no say in how its channel connects again.

The client's own retries are off. Every call has a deadline; what may be sent again is decided
here, by what a second sending could do:

- a read is repeated for a short while when the connection broke or the server stumbled;
- a write is repeated only when the server said that it was not applied (`Aborted`: other writers
  were in the way). A write that may have been applied is never sent again: it could bring back
  a document that someone has deleted since.
"""

from collections.abc import Callable
from typing import Any, Final

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

_CHANNEL_OPTIONS: Final = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # gRPC waits up to two minutes between two attempts to connect. A service that is asked again
    # as soon as its server is back must not still be waiting.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
    # The time for one attempt, in spite of its name: a server that accepts and says nothing.
    ("grpc.min_reconnect_backoff_ms", 5_000),
)


_PAGE_PATIENCE: Final = 2.5
"""How much longer a page may take than a document: the emulator goes through the whole collection
for each one, which at 100,000 documents takes it several seconds."""


class NoAnswerError(Exception):
    """The answer leaves out what was asked: of a document, that it is missing too."""


_READ_AGAIN: Final = if_exception_type(ServiceUnavailable, InternalServerError, Unknown, Aborted)
_WRITE_AGAIN: Final = if_exception_type(Aborted)


def open_channel(emulator_host: str | None, credentials: Credentials) -> grpc.Channel:
    """Return a channel to Google's service, or a plain one to an emulator; nothing is sent yet."""
    if emulator_host is not None:
        return grpc.insecure_channel(emulator_host, options=_CHANNEL_OPTIONS)
    return FirestoreGrpcTransport.create_channel(
        FirestoreClient.DEFAULT_ENDPOINT, credentials=credentials, options=_CHANNEL_OPTIONS
    )


class Connection:
    """The calls to one database (`projects/.../databases/...`), each one request.

    Errors are `NoAnswerError`, those of `google.api_core.exceptions`, and `ValueError` once it
    is closed. A call ends within `timeout` seconds, a page within two and a half times that; and
    `retry_seconds` more where it is repeated.
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
            # The emulator's word for one who is above the security rules.
            self._metadata.append(("authorization", "Bearer owner"))
        self._reads = _retry(_READ_AGAIN, retry_seconds)
        self._writes = _retry(_WRITE_AGAIN, timeout)
        self._lost = False

    def fetch(self, names: list[str]) -> dict[str, Any | None]:
        """Return protobuf `Document`s by their full names; None for one that is missing."""
        # Not GetDocument: its NotFound is the same for a missing document and a missing database.
        request = types.BatchGetDocumentsRequest(database=self._database, documents=names)
        answers = self._call(self._reads, self._streamed(self._client.batch_get_documents, request))
        found: dict[str, Any | None] = {}
        for answer in answers:
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
        """Apply all of the writes, protobuf `Write`s, or none; return their `WriteResult`s.

        After a call that found no connection, a read goes first: it can be repeated until the
        connection is there again, which the write cannot.
        """
        if self._lost:
            self.fetch([writes[0].delete or writes[0].update.name])
        request = types.CommitRequest.pb()(database=self._database, writes=writes)
        answer = self._call(
            self._writes, lambda: self._send(self._client.commit, types.CommitRequest.wrap(request))
        )
        results = list(types.CommitResponse.pb(answer).write_results)
        if len(results) != len(writes):
            raise NoAnswerError
        return results

    def page(self, collection: str, *, after: str | None, size: int) -> list[Any]:
        """Return up to `size` documents by the order of their names, from past the name `after`."""
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
        asking = self._streamed(self._client.run_query, request, patience=_PAGE_PATIENCE)
        raw_answers = map(types.RunQueryResponse.pb, self._call(self._reads, asking))
        return [raw.document for raw in raw_answers if raw.HasField("document")]

    def collections(self) -> list[str]:
        """Return the names of the top-level collections, each of which holds a document."""
        request = types.ListCollectionIdsRequest(parent=f"{self._database}/documents")
        found: list[str] = self._call(
            self._reads, self._streamed(self._client.list_collection_ids, request)
        )
        return found

    def remove(self, names: list[str]) -> None:
        """Delete documents by their full names; one that is missing is no error."""
        writes = [types.Write(delete=name) for name in names]
        request = types.CommitRequest(database=self._database, writes=writes)
        self._call(self._writes, lambda: self._send(self._client.commit, request))

    def close(self) -> None:
        """Close the channel; calls that are under way end with `Cancelled`."""
        self._channel.close()

    def _streamed(
        self, method: Callable[..., Any], request: Any, *, patience: float = 1.0
    ) -> Callable[[], list[Any]]:
        # Read to its end, where gRPC says whether the stream is whole.
        return lambda: list(self._send(method, request, patience=patience))

    def _call(self, retry: Retry, attempt: Callable[[], Any]) -> Any:
        def watched() -> Any:
            lost = False
            try:
                return attempt()
            except ServiceUnavailable:
                lost = True
                raise
            finally:
                self._lost = lost

        try:
            return retry(watched)()
        except RetryError as error:
            raise error.cause or error from None

    def _send(self, method: Callable[..., Any], request: Any, *, patience: float = 1.0) -> Any:
        return method(
            request, retry=None, timeout=self._timeout * patience, metadata=self._metadata
        )


def _retry(predicate: Callable[[Exception], bool], seconds: float) -> Retry:
    return Retry(predicate, initial=0.05, maximum=0.5, multiplier=2.0, timeout=seconds)
