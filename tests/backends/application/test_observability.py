"""What is told of a service's calls, what is not, and that the calls are the same."""

import logging
import sys
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from fastapi import HTTPException
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv.attributes import db_attributes, error_attributes
from opentelemetry.semconv.metrics import db_metrics
from opentelemetry.trace import SpanKind, StatusCode

from gofannon_backends import observability
from gofannon_backends.base import DatabaseService
from gofannon_backends.couchdb import CouchDBService
from gofannon_backends.memory import MemoryDatabaseService
from gofannon_backends.observability import observed
from gofannon_conformance import DatabaseServiceContract

SECRET = "joe@example.com"


class TestAnObservedService(DatabaseServiceContract):
    """The whole suite on an observed service, which reports to a real SDK."""

    def connect(self):
        return Told().observing(MemoryDatabaseService())


class Told:
    """What an application's OpenTelemetry was told."""

    def __init__(self):
        self.spans = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider(metric_readers=[self.reader])

    def observing(self, service):
        return observed(service, tracer_provider=self.tracers, meter_provider=self.meters)

    @property
    def span(self):
        (span,) = self.spans.get_finished_spans()
        return span

    @property
    def metric(self):
        (resource,) = self.reader.get_metrics_data().resource_metrics
        (metric,) = resource.scope_metrics[0].metrics
        return metric

    @property
    def durations(self):
        """Of each set of attributes, how many calls were measured, and their seconds."""
        return {
            frozenset(point.attributes.items()): (point.count, point.sum)
            for point in self.metric.data.data_points
        }


@pytest.fixture
def told():
    return Told()


class Failing(MemoryDatabaseService):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def _fail(self, *_):
        raise self.error

    get = save = delete = list_all = _fail


OF_A_CALL = {"db.system.name": "memory", "db.collection.name": "agents"}


class TestACall:
    @pytest.mark.parametrize(
        ("operation", "call"),
        [
            ("get", lambda db: db.get("agents", SECRET)),
            ("save", lambda db: db.save("agents", SECRET, {"name": SECRET})),
            ("delete", lambda db: db.delete(doc_id=SECRET, db_name="agents")),
            ("list_all", lambda db: db.list_all(db_name="agents")),
            ("iter_all", lambda db: list(db.iter_all("agents"))),
        ],
    )
    def test_it_is_a_span_and_a_measure_without_content(self, told, operation, call):
        service = MemoryDatabaseService()
        service.save("agents", SECRET, {"name": SECRET})
        call(told.observing(service))
        attributes = {**OF_A_CALL, "db.operation.name": operation}
        assert told.span.name == f"{operation} agents"
        rows = {"db.response.returned_rows": 1} if operation.endswith("_all") else {}
        assert dict(told.span.attributes) == {**attributes, **rows}
        assert told.span.status.status_code is StatusCode.UNSET
        assert told.span.events == ()
        ((measured, (count, seconds)),) = told.durations.items()
        assert (dict(measured), count) == (attributes, 1)
        assert 0 < seconds < 60
        assert SECRET not in told.span.to_json() + told.reader.get_metrics_data().to_json()

    def test_the_names_are_those_of_the_conventions(self, told):
        told.observing(MemoryDatabaseService()).list_all("agents")
        assert set(told.span.attributes) - {"db.response.returned_rows"} == {
            db_attributes.DB_SYSTEM_NAME,
            db_attributes.DB_OPERATION_NAME,
            db_attributes.DB_COLLECTION_NAME,
        }
        assert told.metric.name == db_metrics.DB_CLIENT_OPERATION_DURATION
        assert told.metric.unit == "s"
        (point,) = told.metric.data.data_points
        assert point.explicit_bounds == (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)

    @pytest.mark.parametrize(
        ("make", "system", "kind"),
        [
            (MemoryDatabaseService, "memory", SpanKind.INTERNAL),
            (type("Mine", (MemoryDatabaseService,), {}), "memory", SpanKind.INTERNAL),
            (lambda: CouchDBService("http://127.0.0.1:1"), "couchdb", SpanKind.CLIENT),
            (type("MyDB", (), {"get": lambda *_: {}}), "MyDB", SpanKind.CLIENT),
        ],
    )
    def test_the_system_is_named(self, told, make, system, kind):
        with (
            pytest.raises(HTTPException)
            if system != "MyDB"
            else told.tracers.get_tracer("").start_as_current_span("")
        ):
            told.observing(make()).get("agents", "a")
        span = told.spans.get_finished_spans()[0]
        assert (span.attributes["db.system.name"], span.kind) == (system, kind)

    def test_it_stands_in_the_callers_trace_and_is_current_below(self, told):
        seen = []

        class Seeing(MemoryDatabaseService):
            def get(self, *_):
                seen.append(trace.get_current_span().get_span_context().span_id)

        with told.tracers.get_tracer("").start_as_current_span("request") as request:
            told.observing(Seeing()).get("agents", "a")
            assert trace.get_current_span() is request
        inner, outer = told.spans.get_finished_spans()
        assert inner.parent.span_id == outer.context.span_id
        assert seen == [inner.context.span_id]

    def test_a_collections_name_that_cannot_be_sent_is_made_sendable(self, told):
        db = told.observing(MemoryDatabaseService())
        for name, shown in (("\ud800", "\\ud800"), (5, "<int>"), (None, "<NoneType>")):
            told.spans.clear()
            with pytest.raises(HTTPException):
                db.get(name, "a")
            assert told.span.attributes["db.collection.name"] == shown


class TestOutcomes:
    @pytest.mark.parametrize("status", [400, 404, 409, 413, 422])
    def test_a_4xx_is_an_answer(self, told, status):
        error = HTTPException(status, SECRET)
        with pytest.raises(HTTPException) as caught:
            told.observing(Failing(error)).get("agents", SECRET)
        assert caught.value is error
        assert told.span.attributes["db.response.status_code"] == str(status)
        assert "error.type" not in told.span.attributes
        assert told.span.status.status_code is StatusCode.UNSET
        assert SECRET not in told.span.to_json()

    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            (HTTPException(429, SECRET), "429"),
            (HTTPException(503, SECRET), "503"),
            (OSError(SECRET), "OSError"),
            (KeyboardInterrupt(SECRET), "KeyboardInterrupt"),
        ],
    )
    @pytest.mark.parametrize("operation", ["get", "list_all", "iter_all"])
    def test_a_failure_is_an_error_of_its_kind(self, told, error, kind, operation):
        db = told.observing(Failing(error))
        call = {
            "get": lambda: db.get("agents", SECRET),
            "list_all": lambda: db.list_all("agents"),
            "iter_all": lambda: list(db.iter_all("agents")),
        }[operation]
        if operation == "iter_all":
            db._service.iter_all = db._service.list_all
        with pytest.raises(type(error)) as caught:
            call()
        assert caught.value is error
        assert told.span.attributes[error_attributes.ERROR_TYPE] == kind
        assert told.span.status.status_code is StatusCode.ERROR
        assert told.span.status.description is None
        assert told.span.events == ()
        ((measured, (count, _)),) = told.durations.items()
        assert (dict(measured)["error.type"], count) == (kind, 1)
        assert SECRET not in told.span.to_json() + told.reader.get_metrics_data().to_json()

    def test_failures_are_warned_of_and_other_calls_are_not(self, told, caplog):
        with caplog.at_level(logging.DEBUG, "gofannon_backends"):
            told.observing(MemoryDatabaseService()).list_all("agents")
            with pytest.raises(HTTPException):
                told.observing(MemoryDatabaseService()).get("agents", SECRET)
            with pytest.raises(HTTPException):
                told.observing(Failing(HTTPException(503, SECRET))).get("agents", SECRET)
        said = [(record.levelname, record.getMessage()) for record in caplog.records]
        assert [(level, text.partition(" after ")[0]) for level, text in said] == [
            ("DEBUG", "list_all in collection 'agents': done"),
            ("DEBUG", "get in collection 'agents': 404"),
            ("WARNING", "get in collection 'agents': 503"),
        ]
        assert {record.name for record in caplog.records} == {"gofannon_backends.observability"}


class TestReadingOn:
    @pytest.fixture
    def service(self):
        service = MemoryDatabaseService()
        for number in range(5):
            service.save("agents", str(number), {})
        return service

    def test_it_is_reported_when_it_ends(self, told, service):
        documents = told.observing(service).iter_all("agents")
        assert told.spans.get_finished_spans() == ()
        assert len(list(documents)) == 5
        assert told.span.attributes["db.response.returned_rows"] == 5

    def test_it_is_reported_and_given_back_when_it_is_left(self, told):
        ended = []

        class Pages(MemoryDatabaseService):
            def iter_all(self, db_name):
                self.reading = self.documents(db_name)  # kept: nobody but `close()` ends it
                return self.reading

            def documents(self, db_name):
                try:
                    yield from ({"_id": "1"}, {"_id": "2"})
                finally:
                    ended.append(db_name)

        pages = Pages()
        documents = told.observing(pages).iter_all("agents")
        next(documents)
        documents.close()
        assert ended == ["agents"]
        assert told.span.attributes["db.response.returned_rows"] == 1
        assert told.span.status.status_code is StatusCode.UNSET

    def test_the_readers_own_spans_are_not_below_it(self, told, service):
        tracer = told.tracers.get_tracer("")
        for _ in told.observing(service).iter_all("agents"):
            tracer.start_span("the reader's").end()
        assert [span.parent for span in told.spans.get_finished_spans()] == [None] * 6

    def test_a_service_without_pages_is_listed(self, told):
        class Plain:
            get = None

            def list_all(self, db_name):
                return [{"_id": "1"}]

        assert list(told.observing(Plain()).iter_all("agents")) == [{"_id": "1"}]


class Wide(MemoryDatabaseService):
    """Has the optional methods, which return what they were given."""

    extra = "its own"

    def find(self, db_name, selector, fields=None, limit=10_000):
        return [db_name, selector, fields, limit]

    def save_many(self, db_name, docs):
        return [db_name, *docs]

    def delete_many(self, db_name, doc_ids):
        raise HTTPException(503)


class TestWhatAServiceHasBesides:
    def test_optional_methods_are_observed(self, told):
        assert told.observing(Wide()).find("agents", {"a": SECRET}, limit=5) == [
            "agents",
            {"a": SECRET},
            None,
            5,
        ]
        assert told.span.name == "find agents"
        assert told.span.attributes["db.response.returned_rows"] == 4
        assert SECRET not in told.span.to_json()

    def test_the_collection_is_found_by_its_name_too(self, told):
        told.observing(Wide()).find(selector={}, db_name="agents")
        assert told.span.name == "find agents"

    def test_how_many_are_meant_is_reported_and_nothing_is_used_up(self, told):
        db = told.observing(Wide())
        assert db.save_many("agents", [{}, {}]) == ["agents", {}, {}]
        assert told.span.attributes["db.operation.batch.size"] == 2
        told.spans.clear()
        assert db.save_many(docs=iter([{}]), db_name="agents") == ["agents", {}]
        assert "db.operation.batch.size" not in told.span.attributes

    def test_their_failures_are_failures(self, told):
        with pytest.raises(HTTPException):
            told.observing(Wide()).delete_many("agents", ["a"])
        assert told.span.attributes["error.type"] == "503"

    def test_wrong_arguments_are_a_type_error_as_ever(self, told):
        with pytest.raises(TypeError, match="db_name"):
            told.observing(Wide()).find()

    def test_what_is_not_of_the_interface_is_the_services_own(self, told):
        db = told.observing(Wide())
        assert db.extra == "its own"
        assert db.collections() == set()
        assert told.spans.get_finished_spans() == ()
        with pytest.raises(AttributeError, match="no_such_thing"):
            _ = db.no_such_thing
        with pytest.raises(AttributeError, match="_service"):
            _ = type(db).__new__(type(db)).anything

    def test_methods_that_it_lacks_are_made_of_those_that_it_has(self, told):
        plain = type("Plain", (), {"get": lambda self, db_name, doc_id: {"_id": doc_id}})()
        assert told.observing(plain).get_many("agents", ["a"]) == {"a": {"_id": "a"}}
        assert told.span.name == "get agents"


class TestItsLife:
    def test_closing_it_closes_the_service(self, told):
        closed = []

        class Closing(Wide):
            def close(self):
                closed.append(self)

        service = Closing()
        told.observing(service).close()
        with told.observing(service) as db:
            assert isinstance(db, DatabaseService)
        assert closed == [service, service]

    def test_a_service_with_a_with_of_its_own_is_entered_and_left(self, told):
        seen = []

        class Own:
            get = None

            def __enter__(self):
                seen.append("entered")

            def __exit__(self, kind, error, traceback):
                seen.append(kind)

        with pytest.raises(KeyError), told.observing(Own()):
            raise KeyError
        assert seen == ["entered", KeyError]

    def test_a_service_that_cannot_be_closed_will_do(self, told):
        with told.observing(type("Plain", (), {"get": None})()) as db:
            db.close()

    def test_it_is_shown_as_what_it_is(self, told):
        assert repr(told.observing(CouchDBService("http://u:s3cret@h"))) == (
            "observed(CouchDBService('http://h'))"
        )

    def test_an_async_service_is_refused_with_advice(self):
        class Face:
            async def get(self, db_name, doc_id): ...

        with pytest.raises(TypeError, match=r"in_threads\(observed\(service\)\)"):
            observed(Face())

    def test_without_an_sdk_nothing_is_reported_and_all_works(self):
        db = observed(MemoryDatabaseService())
        db.save("agents", "a", {})
        assert db.get("agents", "a")["_id"] == "a"

    def test_without_the_library_the_extra_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "opentelemetry.metrics", None)
        spec = spec_from_file_location("a_copy", observability.__file__)
        with pytest.raises(ModuleNotFoundError, match=r"gofannon-conformance\[telemetry\]"):
            spec.loader.exec_module(module_from_spec(spec))
