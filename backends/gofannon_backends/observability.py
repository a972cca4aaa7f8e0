"""Traces and metrics of a service's calls, by OpenTelemetry. The calls do not change.

    db = observed(CouchDBService(url, user, password))

Each call is a span (`get agents`) and a value in the histogram `db.client.operation.duration`. The
names are those of OpenTelemetry's conventions for database clients: `db.system.name`,
`db.operation.name`, `db.collection.name`, and, when a call raises, `db.response.status_code` or
`error.type`. No document, no id and no text of an error is recorded: an id may identify a person.

A 4xx is an answer, a 404 for example: the store works. A failure is a 5xx, a 429, or an exception
that is not an `HTTPException`; it has an `error.type`, and its span has the status error. Failures
are logged as warnings, all other calls at the level DEBUG.
"""

import inspect
import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sized
from functools import wraps
from time import perf_counter
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from starlette.exceptions import HTTPException

from gofannon_backends.base import DatabaseService

try:
    from opentelemetry.metrics import MeterProvider, get_meter
    from opentelemetry.trace import (
        SpanKind,
        Status,
        StatusCode,
        TracerProvider,
        get_tracer,
        use_span,
    )
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"observing calls needs a library that is not installed ({missing.name}): "
        "pip install 'gofannon-conformance[telemetry]'",
        name=missing.name,
    ) from None

_log = logging.getLogger(__name__)

_SYSTEMS: Final[Mapping[str, str]] = {
    "CouchDBService": "couchdb",
    "DynamoDBService": "aws.dynamodb",
    "FirestoreService": "gcp.firestore",
    "MemoryDatabaseService": "memory",
    "PostgreSQLService": "postgresql",
}
"""`db.system.name` by class; the conventions have no name for Firestore, and none for memory."""

_OPTIONAL: Final[Mapping[str, str | None]] = {
    "find": None,
    "ensure_index": None,
    "save_many": "docs",
    "delete_many": "doc_ids",
    "get_many": "doc_ids",
}
"""The optional methods, each with the parameter that holds its batch."""

_LISTING: Final = frozenset({"list_all", "find"})

_SECONDS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
"""The histogram's boundaries in the conventions; OpenTelemetry's own are for milliseconds."""

_Result = TypeVar("_Result")


def observed(
    service: Any,
    *,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
) -> DatabaseService:
    """Return a service that does the same as the given one, and reports its calls.

    The service needs plain methods; an async wrapper goes outside: `in_threads(observed(service))`.
    Other attributes of the service are available on the wrapper. The default providers are
    OpenTelemetry's global ones.
    """
    if inspect.iscoroutinefunction(service.get):
        raise TypeError(
            "observed() takes a service with plain methods: observe the one underneath, "
            "as in in_threads(observed(service))"
        )
    return _Observed(service, _Instruments(service, tracer_provider, meter_provider))


class _Instruments:
    """The tracer and the histogram for the calls of one service."""

    def __init__(
        self, service: Any, tracers: TracerProvider | None, meters: MeterProvider | None
    ) -> None:
        names = [kind.__name__ for kind in type(service).__mro__]
        self.system = next((_SYSTEMS[name] for name in names if name in _SYSTEMS), names[0])
        self.kind = SpanKind.INTERNAL if self.system == "memory" else SpanKind.CLIENT
        self.tracer = get_tracer(__name__, tracer_provider=tracers)
        self.durations = get_meter(__name__, meter_provider=meters).create_histogram(
            "db.client.operation.duration",
            unit="s",
            description="Duration of database client operations",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )


class _Call:
    """One observed call: its span, its duration, its outcome."""

    def __init__(
        self, instruments: _Instruments, operation: str, db_name: object, batch: object = None
    ) -> None:
        self._instruments = instruments
        # The service decides what to do with a wrong name; an exporter needs valid text.
        name = db_name if isinstance(db_name, str) else f"<{type(db_name).__name__}>"
        self._collection = name.encode("utf-8", "backslashreplace").decode("utf-8")
        self._operation = operation
        self._attributes: dict[str, str] = {
            "db.system.name": instruments.system,
            "db.operation.name": operation,
            "db.collection.name": self._collection,
        }
        self._seconds = 0.0
        self._failure: str | None = None
        self._span = instruments.tracer.start_span(
            f"{operation} {self._collection}", kind=instruments.kind, attributes=self._attributes
        )
        if isinstance(batch, Sized) and len(batch) > 1:
            self._span.set_attribute("db.operation.batch.size", len(batch))

    def run(self, step: Callable[[], _Result]) -> _Result:
        """Run a step of the call within its span; the time between steps does not count."""
        started = perf_counter()
        try:
            # `use_span` itself would record the error's text, which names the document.
            with use_span(self._span, record_exception=False, set_status_on_exception=False):
                return step()
        except BaseException as error:
            self._record(error)
            raise
        finally:
            self._seconds += perf_counter() - started

    def end(self, *, rows: int | None = None) -> None:
        """Report the call; `rows` is the number of documents that a listing returned."""
        if rows is not None:
            self._span.set_attribute("db.response.returned_rows", rows)
        if self._failure is not None:
            self._span.set_status(Status(StatusCode.ERROR))
        self._instruments.durations.record(self._seconds, self._attributes)
        self._span.end()
        _log.log(
            logging.DEBUG if self._failure is None else logging.WARNING,
            "%s in collection %r: %s after %.4f s",
            self._operation,
            self._collection,
            self._failure or self._attributes.get("db.response.status_code", "done"),
            self._seconds,
        )

    def _record(self, error: BaseException) -> None:
        outcome = {}
        if isinstance(error, HTTPException):
            outcome["db.response.status_code"] = str(error.status_code)
            if error.status_code >= 500 or error.status_code == 429:
                self._failure = str(error.status_code)
        else:
            self._failure = type(error).__qualname__
        if self._failure is not None:
            outcome["error.type"] = self._failure
        self._attributes |= outcome
        self._span.set_attributes(outcome)


class _Observed(DatabaseService):
    """A service that reports every call; other attributes are those of the wrapped service."""

    def __init__(self, service: Any, instruments: _Instruments) -> None:
        self._service: DatabaseService = service
        self._instruments = instruments
        for name in _OPTIONAL:
            method = getattr(service, name, None)
            # The base class makes the methods that the service lacks from those that it has.
            if method is not None:
                setattr(self, name, self._optional(name, method))

    def __repr__(self) -> str:
        return f"observed({self._service!r})"

    def __getattr__(self, name: str) -> Any:
        if name == "_service":  # not set yet: `copy` makes an instance without `__init__`
            raise AttributeError(name)
        return getattr(self._service, name)

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        """Return the document."""
        return self._observe("get", db_name, lambda: self._service.get(db_name, doc_id))

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        """Create or replace the whole document."""
        return self._observe("save", db_name, lambda: self._service.save(db_name, doc_id, doc))

    def delete(self, db_name: str, doc_id: str) -> None:
        """Delete the document."""
        self._observe("delete", db_name, lambda: self._service.delete(db_name, doc_id))

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        """Return every document of the collection."""
        return self._observe("list_all", db_name, lambda: self._service.list_all(db_name))

    def iter_all(self, db_name: str) -> Iterator[dict[str, Any]]:
        """Yield every document of the collection; the caller's time between two does not count."""
        read = getattr(self._service, "iter_all", self._service.list_all)
        call, rows = _Call(self._instruments, "iter_all", db_name), 0
        documents: Iterator[dict[str, Any]] = iter(())
        try:
            documents = call.run(lambda: iter(read(db_name)))
            while (document := call.run(lambda: next(documents, None))) is not None:
                rows += 1
                yield document
        finally:
            if isinstance(documents, Generator):
                documents.close()
            call.end(rows=rows)

    def close(self) -> None:
        """Close the service, if it has `close()`."""
        close = getattr(self._service, "close", None)
        if close is not None:
            close()

    def __enter__(self) -> Self:
        enter = getattr(type(self._service), "__enter__", None)
        if enter is not None:
            enter(self._service)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        leave = getattr(type(self._service), "__exit__", None)
        if leave is None:
            self.close()
        else:
            leave(self._service, kind, error, traceback)

    def _observe(
        self,
        operation: str,
        db_name: object,
        step: Callable[[], _Result],
        batch: object = None,
    ) -> _Result:
        call, rows = _Call(self._instruments, operation, db_name, batch), None
        try:
            result = call.run(step)
            rows = len(result) if operation in _LISTING and isinstance(result, list) else None
            return result
        finally:
            call.end(rows=rows)

    def _optional(self, operation: str, method: Callable[..., _Result]) -> Callable[..., _Result]:
        """Return an optional method of the service, observed; it checks its arguments itself."""
        batch_parameter = _OPTIONAL[operation]

        @wraps(method)
        def call(*arguments: Any, **named: Any) -> _Result:
            first, second = (*arguments, None, None)[:2]
            batch = named.get(batch_parameter, second) if batch_parameter else None
            db_name = named.get("db_name", first)
            return self._observe(operation, db_name, lambda: method(*arguments, **named), batch)

        return call
