"""Observed calls: what is reported, what is not, and that the calls do not change."""

import logging

import pytest
from fastapi import HTTPException
from opentelemetry import trace
from opentelemetry.semconv.attributes import db_attributes, error_attributes
from opentelemetry.semconv.metrics import db_metrics
from opentelemetry.trace import SpanKind, StatusCode
from telemetry import Telemetry

from gofannon_backends.base import DatabaseService
from gofannon_backends.couchdb import CouchDBService
from gofannon_backends.memory import MemoryDatabaseService
from gofannon_backends.observability import observed

SECRET = "joe@example.com"
OF_A_CALL = {"db.system.name": "memory", "db.collection.name": "agents"}


@pytest.fixture
def telemetry():
    return Telemetry()


class Failing(MemoryDatabaseService):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def _fail(self, *_):
        raise self.error

    get = save = delete = list_all = iter_all = _fail


CALLS = {
    "get": lambda db: db.get("agents", SECRET),
    "save": lambda db: db.save("agents", SECRET, {"name": SECRET}),
    "delete": lambda db: db.delete(doc_id=SECRET, db_name="agents"),
    "list_all": lambda db: db.list_all(db_name="agents"),
    "iter_all": lambda db: list(db.iter_all("agents")),
}


class TestACall:
    @pytest.mark.parametrize("operation", CALLS)
    def test_it_is_a_span_and_a_duration_without_content(self, telemetry, operation):
        service = MemoryDatabaseService()
        service.save("agents", SECRET, {"name": SECRET})
        CALLS[operation](telemetry.observing(service))
        attributes = {**OF_A_CALL, "db.operation.name": operation}
        span, (point,) = telemetry.span, telemetry.metric.data.data_points
        assert span.name == f"{operation} agents"
        rows = {"db.response.returned_rows": 1} if operation.endswith("_all") else {}
        assert dict(span.attributes) == {**attributes, **rows}
        assert span.status.status_code is StatusCode.UNSET
        assert span.events == ()
        assert (dict(point.attributes), point.count) == (attributes, 1)
        assert point.sum > 0
        assert SECRET not in telemetry.text

    def test_the_names_are_those_of_the_conventions(self, telemetry):
        telemetry.observing(MemoryDatabaseService()).list_all("agents")
        assert set(telemetry.span.attributes) - {"db.response.returned_rows"} == {
            db_attributes.DB_SYSTEM_NAME,
            db_attributes.DB_OPERATION_NAME,
            db_attributes.DB_COLLECTION_NAME,
        }
        assert telemetry.metric.name == db_metrics.DB_CLIENT_OPERATION_DURATION
        assert telemetry.metric.unit == "s"
        (point,) = telemetry.metric.data.data_points
        assert point.explicit_bounds == (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)

    @pytest.mark.parametrize(
        ("make", "system", "kind"),
        [
            (MemoryDatabaseService, "memory", SpanKind.INTERNAL),
            (type("Mine", (MemoryDatabaseService,), {}), "memory", SpanKind.INTERNAL),
            (lambda: CouchDBService("http://127.0.0.1:1"), "couchdb", SpanKind.CLIENT),
            (type("MyDB", (), {"get": None}), "MyDB", SpanKind.CLIENT),
        ],
    )
    def test_the_system_is_named(self, telemetry, make, system, kind):
        with pytest.raises((HTTPException, TypeError)):
            telemetry.observing(make()).get("agents", "a")
        assert telemetry.span.attributes["db.system.name"] == system
        assert telemetry.span.kind == kind

    def test_it_is_a_child_of_the_callers_span_and_current_in_the_service(self, telemetry):
        seen = []

        class Seeing(MemoryDatabaseService):
            def get(self, *_):
                seen.append(trace.get_current_span().get_span_context().span_id)

        with telemetry.tracers.get_tracer("").start_as_current_span("request") as request:
            telemetry.observing(Seeing()).get("agents", "a")
            assert trace.get_current_span() is request
        inner, outer = telemetry.spans.get_finished_spans()
        assert inner.parent.span_id == outer.context.span_id
        assert seen == [inner.context.span_id]

    @pytest.mark.parametrize(
        ("name", "shown"), [("\ud800", "\\ud800"), (5, "<int>"), (None, "<NoneType>")]
    )
    def test_a_wrong_collection_name_becomes_valid_text(self, telemetry, name, shown):
        with pytest.raises(HTTPException):
            telemetry.observing(MemoryDatabaseService()).get(name, "a")
        assert telemetry.span.attributes["db.collection.name"] == shown


class TestOutcomes:
    @pytest.mark.parametrize("status", [400, 404, 409, 413, 422])
    def test_a_4xx_is_an_answer(self, telemetry, status):
        error = HTTPException(status, SECRET)
        with pytest.raises(HTTPException) as caught:
            telemetry.observing(Failing(error)).get("agents", SECRET)
        assert caught.value is error
        assert telemetry.span.attributes["db.response.status_code"] == str(status)
        assert "error.type" not in telemetry.span.attributes
        assert telemetry.span.status.status_code is StatusCode.UNSET
        assert SECRET not in telemetry.text

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
    def test_a_failure_is_an_error_of_its_kind(self, telemetry, error, kind, operation):
        with pytest.raises(type(error)) as caught:
            CALLS[operation](telemetry.observing(Failing(error)))
        assert caught.value is error
        span, (point,) = telemetry.span, telemetry.metric.data.data_points
        assert span.attributes[error_attributes.ERROR_TYPE] == kind
        assert span.status.status_code is StatusCode.ERROR
        assert span.status.description is None
        assert span.events == ()
        assert (point.attributes["error.type"], point.count) == (kind, 1)
        assert SECRET not in telemetry.text

    def test_failures_are_logged_as_warnings_and_other_calls_are_not(self, telemetry, caplog):
        with caplog.at_level(logging.DEBUG, "gofannon_backends"):
            telemetry.observing(MemoryDatabaseService()).list_all("agents")
            for service in (MemoryDatabaseService(), Failing(HTTPException(503, SECRET))):
                with pytest.raises(HTTPException):
                    telemetry.observing(service).get("agents", SECRET)
        logged = [
            (record.levelname, record.getMessage().partition(" after ")[0])
            for record in caplog.records
        ]
        assert logged == [
            ("DEBUG", "list_all in collection 'agents': done"),
            ("DEBUG", "get in collection 'agents': 404"),
            ("WARNING", "get in collection 'agents': 503"),
        ]
        assert {record.name for record in caplog.records} == {"gofannon_backends.observability"}


class TestIterAll:
    @pytest.fixture
    def service(self):
        service = MemoryDatabaseService()
        for number in range(5):
            service.save("agents", str(number), {})
        return service

    def test_it_is_reported_when_it_ends(self, telemetry, service):
        documents = telemetry.observing(service).iter_all("agents")
        assert telemetry.spans.get_finished_spans() == ()
        assert len(list(documents)) == 5
        assert telemetry.span.attributes["db.response.returned_rows"] == 5

    def test_it_is_reported_and_closed_when_the_caller_stops(self, telemetry):
        ended = []

        class Pages(MemoryDatabaseService):
            def iter_all(self, db_name):
                self.reading = self.documents(db_name)  # kept: only `close()` ends it
                return self.reading

            def documents(self, db_name):
                try:
                    yield from ({"_id": "1"}, {"_id": "2"})
                finally:
                    ended.append(db_name)

        documents = telemetry.observing(Pages()).iter_all("agents")
        next(documents)
        documents.close()
        assert ended == ["agents"]
        assert telemetry.span.attributes["db.response.returned_rows"] == 1
        assert telemetry.span.status.status_code is StatusCode.UNSET

    def test_the_callers_own_spans_are_not_its_children(self, telemetry, service):
        tracer = telemetry.tracers.get_tracer("")
        for _ in telemetry.observing(service).iter_all("agents"):
            tracer.start_span("the caller's").end()
        assert [span.parent for span in telemetry.spans.get_finished_spans()] == [None] * 6

    def test_a_service_without_iter_all_is_listed(self, telemetry):
        plain = type("Plain", (), {"get": None, "list_all": lambda *_: [{"_id": "1"}]})()
        assert list(telemetry.observing(plain).iter_all("agents")) == [{"_id": "1"}]


class Wide(MemoryDatabaseService):
    """Has optional methods that return their arguments."""

    extra = "its own"

    def find(self, db_name, selector, fields=None, limit=10_000):
        return [db_name, selector, fields, limit]

    def save_many(self, db_name, docs):
        return [db_name, *docs]

    def delete_many(self, db_name, doc_ids):
        raise HTTPException(503)


class TestOptionalMethodsAndAttributes:
    def test_optional_methods_are_observed(self, telemetry):
        found = telemetry.observing(Wide()).find("agents", {"a": SECRET}, limit=5)
        assert found == ["agents", {"a": SECRET}, None, 5]
        assert telemetry.span.name == "find agents"
        assert telemetry.span.attributes["db.response.returned_rows"] == 4
        assert SECRET not in telemetry.text

    def test_the_collection_may_be_a_named_argument(self, telemetry):
        telemetry.observing(Wide()).find(selector={}, db_name="agents")
        assert telemetry.span.name == "find agents"

    def test_the_size_of_a_batch_is_reported_and_iterators_are_not_consumed(self, telemetry):
        db = telemetry.observing(Wide())
        assert db.save_many("agents", [{}, {}]) == ["agents", {}, {}]
        assert telemetry.span.attributes["db.operation.batch.size"] == 2
        telemetry.spans.clear()
        assert db.save_many(docs=iter([{}]), db_name="agents") == ["agents", {}]
        assert "db.operation.batch.size" not in telemetry.span.attributes

    def test_their_failures_are_failures(self, telemetry):
        with pytest.raises(HTTPException):
            telemetry.observing(Wide()).delete_many("agents", ["a"])
        assert telemetry.span.attributes["error.type"] == "503"

    def test_wrong_arguments_are_a_type_error(self, telemetry):
        with pytest.raises(TypeError, match="db_name"):
            telemetry.observing(Wide()).find()

    def test_other_attributes_are_the_services_own(self, telemetry):
        db = telemetry.observing(Wide())
        assert db.extra == "its own"
        assert db.collections() == set()
        assert telemetry.spans.get_finished_spans() == ()
        with pytest.raises(AttributeError, match="no_such_thing"):
            _ = db.no_such_thing
        with pytest.raises(AttributeError, match="_service"):
            _ = type(db).__new__(type(db)).anything

    def test_methods_that_the_service_lacks_call_those_that_it_has(self, telemetry):
        plain = type("Plain", (), {"get": lambda self, db_name, doc_id: {"_id": doc_id}})()
        assert telemetry.observing(plain).get_many("agents", ["a"]) == {"a": {"_id": "a"}}
        assert telemetry.span.name == "get agents"


class TestTheWrapper:
    def test_closing_it_closes_the_service(self, telemetry):
        closed = []

        class Closing(Wide):
            def close(self):
                closed.append(self)

        service = Closing()
        telemetry.observing(service).close()
        with telemetry.observing(service) as db:
            assert isinstance(db, DatabaseService)
        assert closed == [service, service]

    def test_it_enters_and_leaves_a_service_that_is_a_context_manager(self, telemetry):
        seen = []

        class Own:
            get = None

            def __enter__(self):
                seen.append("entered")

            def __exit__(self, kind, error, traceback):
                seen.append(kind)

        with pytest.raises(KeyError), telemetry.observing(Own()):
            raise KeyError
        assert seen == ["entered", KeyError]

    def test_a_service_without_close_is_allowed(self, telemetry):
        with telemetry.observing(type("Plain", (), {"get": None})()) as db:
            db.close()

    def test_its_repr_shows_the_service(self, telemetry):
        service = CouchDBService("http://u:s3cret@h")
        assert repr(telemetry.observing(service)) == "observed(CouchDBService('http://h'))"

    def test_an_async_service_is_refused_with_advice(self):
        class AsyncService:
            async def get(self, db_name, doc_id): ...

        with pytest.raises(TypeError, match=r"in_threads\(observed\(service\)\)"):
            observed(AsyncService())

    def test_without_an_sdk_it_works_and_reports_nothing(self):
        db = observed(MemoryDatabaseService())
        db.save("agents", "a", {})
        assert db.get("agents", "a")["_id"] == "a"
