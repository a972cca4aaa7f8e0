"""The PostgreSQL backend: what the conformance suite does not test."""

import json
import logging
import random
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

import psycopg
import pytest
from fastapi import HTTPException
from hypothesis import given
from hypothesis import strategies as st

from gofannon_backends.postgresql import PostgreSQLService, connections, layouts
from gofannon_backends.postgresql import service as module
from gofannon_backends.postgresql.errors import translated
from gofannon_conformance.proxy import Cut, Mute, Proxy, Refuse

OLD_TABLE = """
CREATE TABLE {} (
    _id TEXT PRIMARY KEY, data JSONB NOT NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"""

HARD_DOCUMENT = {
    "integer": 1,
    "float": 1.0,
    "negative zero": -0.0,
    "exponent": 1e16,
    "largest": 1.7976931348623157e308,
    "smallest": 5e-324,
    "big": -(10**50),
    "text": "nul \0, escape \x10 and \x100\x10, half \ud800, whole \U0001f600, \\u0000",
    "\0name\ud800": [{"\0": "\0"}, [[]], None, True, ""],
    "": {},
    "data": "rev",
    "__x__": {"gofannon:json": "1"},
    "a.b/c$d": "2024-01-01",
}

AT_ONCE = 10
"""Seconds; far more than a call takes that does not wait for a server."""


@pytest.fixture
def old(sql, postgresql, schema):
    """The service, with a collection `agents` whose table an older version created."""
    sql(f"CREATE SCHEMA {schema}")
    sql(OLD_TABLE.format(f"{schema}.agents"))
    return postgresql


@pytest.fixture
def foreign_table(sql, schema):
    """A table `other` in the schema that holds no documents."""
    sql(f"CREATE SCHEMA {schema}")
    sql(f"CREATE TABLE {schema}.other (id int PRIMARY KEY)")


@pytest.fixture
def proxy(postgresql_server):
    with Proxy(*postgresql_server.endpoint.address) as proxy:
        yield proxy


@pytest.fixture
def proxied(postgresql_server, schema, proxy):
    """A service that connects through the proxy."""
    url = postgresql_server.endpoint.at(proxy.host, proxy.port).url
    with PostgreSQLService(url, schema=schema) as service:
        yield service


@pytest.fixture
def impatient(postgresql_server, schema, proxy):
    """A service that connects through the proxy, with short time limits."""
    url = postgresql_server.endpoint.at(proxy.host, proxy.port).url
    limits = {"statement_timeout": 2.0, "connect_timeout": 2.0}
    with PostgreSQLService(url, schema=schema, **limits) as service:
        yield service


@pytest.fixture
def unused_port():
    with Proxy("127.0.0.1", 1) as proxy:
        proxy.arm(Refuse())
        yield proxy.port


def status_of(call, *args):
    with pytest.raises(HTTPException) as caught:
        call(*args)
    return caught.value.status_code


def calls_of(service):
    return {
        "get": lambda: service.get("agents", "a1"),
        "save": lambda: service.save("agents", "a1", {"n": 2}),
        "delete": lambda: service.delete("agents", "a1"),
        "list_all": lambda: service.list_all("agents"),
    }


def fields(document):
    return {name: value for name, value in document.items() if name not in ("_id", "_rev")}


def same(left, right):
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


# --- documents as SQL sees them -------------------------------------------------------------------


def test_a_document_is_native_json(postgresql, sql, schema):
    rev = postgresql.save("agents", "a1", {"name": "é", "n": [1.0], "_id": "other"})["rev"]
    row = sql(f"SELECT _id, data::text, data->>'name', rev::text FROM {schema}.agents").fetchone()
    assert row == ("a1", '{"name":"é","n":[1.0]}', "é", rev)


def test_sql_reads_a_document_with_an_escaped_character(postgresql, sql, schema):
    postgresql.save("agents", "a1", {"name": "one", "bad": "\0", "\0": 1})
    assert sql(f"SELECT data->>'name' FROM {schema}.agents").fetchone() == ("one",)


@pytest.mark.parametrize("doc_id", ["a1", "\0", "\x10", "\x100\x10", "\ud800", "é" * 1300])
def test_any_document_round_trips_under_any_id(postgresql, doc_id):
    postgresql.save("agents", doc_id, HARD_DOCUMENT)
    document = postgresql.get("agents", doc_id)
    assert document["_id"] == doc_id
    assert same(fields(document), HARD_DOCUMENT)
    assert postgresql.list_all("agents") == [document]
    postgresql.delete("agents", doc_id)
    assert status_of(postgresql.get, "agents", doc_id) == 404


def test_a_name_of_an_enumeration_means_its_text(postgresql):
    names = StrEnum("Names", {"AGENTS": "agents", "ONE": "a1"})
    assert type(postgresql.save(names.AGENTS, names.ONE, {})["id"]) is str
    assert postgresql.get("agents", "a1") == postgresql.get(names.AGENTS, names.ONE)
    postgresql.delete(names.AGENTS, names.ONE)
    assert postgresql.list_all(names.AGENTS) == []


def test_a_save_keeps_the_time_of_creation(postgresql, sql, schema):
    times = []
    for number in range(2):
        postgresql.save("agents", "a1", {"n": number})
        times.append(sql(f"SELECT created_at, updated_at FROM {schema}.agents").fetchone())
    assert times[0][0] == times[1][0]
    assert times[0][1] < times[1][1]


def test_a_document_of_17_mib(postgresql):
    text = "é" * (9 * 1024 * 1024) + "\0"
    postgresql.save("agents", "large", {"text": text})
    assert postgresql.get("agents", "large")["text"] == text


def test_a_row_that_is_no_object_is_a_500(postgresql, sql, schema):
    postgresql.save("agents", "a1", {})
    sql(f"UPDATE {schema}.agents SET data = '[1]'")
    assert status_of(postgresql.get, "agents", "a1") == 500
    deep = "[" * 5000 + "]" * 5000
    sql(f"UPDATE {schema}.agents SET data = '{{\"deep\": {deep}}}'")
    assert status_of(postgresql.list_all, "agents") == 500


# --- ids and collection names ---------------------------------------------------------------------


def test_an_id_past_the_limit_is_refused_by_all_methods(postgresql):
    doc_id = "é" * 1301
    for call, arguments in [("get", ()), ("save", ({},)), ("delete", ())]:
        with pytest.raises(HTTPException, match="at most 2600 bytes") as caught:
            getattr(postgresql, call)("agents", doc_id, *arguments)
        assert caught.value.status_code == 400
    assert postgresql.collections() == set()


def test_a_random_id_of_the_greatest_length_fits_the_index(postgresql):
    doc_id = "".join(chr(0x4E00 + n * 7919 % 20000) for n in range(layouts.ID_BYTES // 3))
    postgresql.save("agents", doc_id, {})
    assert postgresql.get("agents", doc_id)["_id"] == doc_id


@pytest.mark.parametrize(
    ("call", "arguments"),
    [("get", ("a",)), ("save", ("a", {})), ("delete", ("a",)), ("list_all", ())],
)
@pytest.mark.parametrize("name", ["x" * 64, "é" * 32, "\0" * 22])
def test_a_collection_name_past_63_bytes_is_refused(postgresql, call, arguments, name):
    assert status_of(getattr(postgresql, call), name, *arguments) == 400


NAMES = ["a", "A", "a_pkey", "primary key", "%s", "%%", 'a"b', "a b", "a.b", "pg_class", "_a",
         "{table}", "\0", "\x10", "é", "e\u0301", "é" * 31, "\ud800",
         "; DROP TABLE a --"]  # fmt: skip


def test_every_name_is_a_separate_collection(postgresql):
    for name in NAMES:
        assert postgresql.list_all(name) == []
        postgresql.save(name, "id", {"name": name})
    assert postgresql.collections() == set(NAMES)
    for name in NAMES:
        assert [fields(document) for document in postgresql.list_all(name)] == [{"name": name}]
        postgresql.drop(name)
    assert postgresql.collections() == set()


def test_a_prefix_separates_the_tables_of_two_services(postgresql_url, schema, postgresql):
    with PostgreSQLService(postgresql_url, schema=schema, table_prefix="%_") as prefixed:
        prefixed.save("agents", "a1", {})
        assert prefixed.collections() == {"agents"}
        assert postgresql.list_all("agents") == []
        assert postgresql.collections() == {"%_agents"}


@pytest.mark.usefixtures("foreign_table")
def test_dropping_a_missing_collection_is_no_error(postgresql, sql, schema):
    for name in ("never written", "x" * 64, "other"):
        postgresql.drop(name)
    assert sql(f"SELECT count(*) FROM {schema}.other").fetchone() == (0,)


@pytest.mark.usefixtures("foreign_table")
def test_a_table_of_another_kind_is_refused(postgresql):
    for name in ("other", "other_pkey"):
        assert status_of(postgresql.get, name, "a1") == 400
        assert status_of(postgresql.save, name, "a1", {}) == 400
        assert status_of(postgresql.delete, name, "a1") == 400
        assert status_of(postgresql.list_all, name) == 400
    assert postgresql.collections() == set()


# --- round trips, created and dropped tables ------------------------------------------------------


def test_each_call_is_one_round_trip(proxied, proxy):
    proxied.save("agents", "a1", {"n": 0})
    for call, *args in [
        (proxied.save, "agents", "a1", {"n": 1}),
        (proxied.save, "agents", "a2", {"n": 1}),
        (proxied.get, "agents", "a1"),
        (proxied.list_all, "agents"),
        (proxied.delete, "agents", "a1"),
        (status_of, proxied.get, "agents", "a1"),
        (status_of, proxied.delete, "agents", "a1"),
        (status_of, proxied.get, "never written", "a1"),
        (proxied.list_all, "never written"),
    ]:
        with proxy.watching() as round_trips:
            call(*args)
        assert len(round_trips) == 1
    assert proxy.connections == 1


def test_a_new_collection_costs_its_first_save_two_round_trips_more(proxied, proxy):
    proxied.save("agents", "a1", {})
    with proxy.watching() as round_trips:
        proxied.save("users", "u1", {})
    assert len(round_trips) == 3


@pytest.mark.usefixtures("old")
def test_the_layout_of_an_old_table_is_looked_up_once(proxied, proxy):
    proxied.save("agents", "a1", {})
    with proxy.watching() as round_trips:
        proxied.save("agents", "a1", {})
        proxied.get("agents", "a1")
    assert len(round_trips) == 2


def test_reading_creates_neither_table_nor_schema(postgresql, sql, schema):
    assert postgresql.list_all("agents") == []
    assert status_of(postgresql.get, "agents", "a1") == 404
    assert status_of(postgresql.delete, "agents", "a1") == 404
    assert sql("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchall() == []


def test_a_table_that_others_dropped_is_created_again(postgresql, sql, schema):
    postgresql.save("agents", "a1", {})
    sql(f"DROP TABLE {schema}.agents")
    assert postgresql.list_all("agents") == []
    postgresql.save("agents", "a2", {})
    sql(f"DROP SCHEMA {schema} CASCADE")
    postgresql.save("agents", "a3", {})
    assert [document["_id"] for document in postgresql.list_all("agents")] == ["a3"]


def test_concurrent_first_saves_into_new_collections_all_succeed(
    postgresql_url, schema, postgresql
):
    starts = threading.Barrier(18)
    names = ("one", "two", "three")
    with (
        PostgreSQLService(postgresql_url, schema=schema) as other,
        ThreadPoolExecutor(18) as threads,
    ):

        def save(number):
            starts.wait()
            for collection in names:
                (postgresql, other)[number % 2].save(collection, str(number), {})

        list(threads.map(save, range(18)))
    assert [len(postgresql.list_all(name)) for name in names] == [18] * 3


def test_a_table_that_never_stays_is_a_409(postgresql, monkeypatch):
    monkeypatch.setattr(PostgreSQLService, "_create", lambda *_: None)
    assert status_of(postgresql.save, "agents", "a1", {}) == 409


# --- pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "pages"), [(2500, 3), (1000, 2)])
def test_a_list_is_complete_past_its_pages(proxied, proxy, sql, schema, count, pages):
    proxied.save("agents", "first", {"n": -1})
    sql(
        f"INSERT INTO {schema}.agents (_id, data)"
        f" SELECT n::text, json_build_object('n', n) FROM generate_series(2, {count}) AS n"
    )
    with proxy.watching() as round_trips:
        found = proxied.list_all("agents")
    assert len({document["_id"] for document in found}) == len(found) == count
    assert len(round_trips) == pages  # the last of 1000 is empty


def test_pages_of_large_documents_are_short(proxied, proxy):
    texts = [random.Random(n).randbytes(512 * 1024).hex() for n in range(3)]
    for number in range(12):
        proxied.save("agents", f"{number:03}", {"text": texts[number % 3]})
    with proxy.watching() as round_trips:
        assert [document["text"] for document in proxied.list_all("agents")] == texts * 4
    assert len(round_trips) > 1


@pytest.fixture
def short_pages(postgresql, monkeypatch):
    """The service, with pages of ten rows and 25 documents `000` to `024`."""
    monkeypatch.setattr(module, "_PAGE_ROWS", 10)
    postgresql.save_many("agents", [{"_id": f"{number:03}"} for number in range(25)])
    return postgresql


def test_writes_between_pages_hide_no_other_document(short_pages):
    documents = short_pages.iter_all("agents")
    first = next(documents)["_id"]
    short_pages.delete("agents", "005")  # of the page that is being read
    short_pages.delete("agents", "024")
    short_pages.save("agents", "0005", {})  # before the pages still to come
    found = [first] + [document["_id"] for document in documents]
    assert found == [f"{number:03}" for number in range(24)]


def test_a_collection_that_is_dropped_between_pages_ends_the_list(short_pages):
    documents = short_pages.iter_all("agents")
    next(documents)
    short_pages.drop("agents")
    assert [document["_id"] for document in documents] == [f"{n:03}" for n in range(1, 10)]


def test_a_list_left_early_holds_no_connection(postgresql_url, schema):
    with PostgreSQLService(postgresql_url, schema=schema, pool_size=1) as service:
        service.save("agents", "a1", {})
        documents = service.iter_all("agents")
        next(documents)
        service.save("agents", "a2", {})
        documents.close()


# --- the tables of older versions -----------------------------------------------------------------


def test_old_documents_are_read(old, sql, schema):
    data = '{"_id": "a1", "name": "old", "n": 1.0, "gofannon:json": "no JSON"}'
    sql(f"INSERT INTO {schema}.agents (_id, data) VALUES ('a1', %s)", (data,))
    document = old.get("agents", "a1")
    assert fields(document) == {"name": "old", "n": 1.0, "gofannon:json": "no JSON"}
    assert old.list_all("agents") == [document]
    assert old.collections() == {"agents"}


def test_an_old_table_is_written_without_being_altered(old, sql, schema):
    columns = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
    before = sql(columns, (f"{schema}.agents",)).fetchall()
    old.save("agents", "a1", {"name": "new"})
    assert sql(columns, (f"{schema}.agents",)).fetchall() == before
    (row,) = sql(f"SELECT data FROM {schema}.agents").fetchall()
    assert row == ({"_id": "a1", "name": "new"},)


def test_an_old_table_holds_what_jsonb_cannot(old):
    old.save("agents", "\0", HARD_DOCUMENT)
    assert same(fields(old.get("agents", "\0")), HARD_DOCUMENT)
    assert same(fields(old.list_all("agents")[0]), HARD_DOCUMENT)
    old.delete("agents", "\0")
    assert old.list_all("agents") == []


def test_many_documents_of_an_old_table_are_read_as_get_reads_them(old):
    ids = ["\0", "a'b", "é", *(f"doc-{number}" for number in range(120))]
    for doc_id in ids:
        old.save("agents", doc_id, {"id": doc_id, "float": 1e16, "text": "\0\x10"})
    old._layouts.clear()
    found = old.get_many("agents", [*ids, "missing", "é"])
    assert found == {**{doc_id: old.get("agents", doc_id) for doc_id in ids}, "missing": None}


def test_revisions_of_an_old_table_change_with_the_writes_of_old_versions(old, sql, schema):
    revs = [old.save("agents", "a1", {})["rev"]]
    assert old.get("agents", "a1")["_rev"] == revs[0]
    sql(f"UPDATE {schema}.agents SET data = data")
    revs.append(old.get("agents", "a1")["_rev"])
    old.delete("agents", "a1")
    revs.append(old.save("agents", "a1", {})["rev"])
    assert len(set(revs)) == 3


def test_an_old_table_created_again_in_the_new_layout_is_noticed(old, postgresql_url, schema):
    old.save("agents", "a1", {})
    with PostgreSQLService(postgresql_url, schema=schema) as other:
        other.drop("agents")
        other.save("agents", "a1", HARD_DOCUMENT)
        before = other.get("agents", "a1")
        assert same(old.get("agents", "a1"), before)
        old._layouts["agents"] = layouts.JSONB_LAYOUT
        assert same(old.list_all("agents"), [before])
        old._layouts["agents"] = layouts.JSONB_LAYOUT
        old.save("agents", "a1", {})
        assert other.get("agents", "a1")["_rev"] != before["_rev"]


# --- faults of the server and the network ---------------------------------------------------------


def test_no_server_is_503_at_once(unused_port):
    with PostgreSQLService(f"postgresql://u:s3cret@127.0.0.1:{unused_port}/d") as service:
        for call in calls_of(service).values():
            started = time.monotonic()
            assert status_of(call) == 503
            assert time.monotonic() - started < AT_ONCE


def test_a_mute_server_is_504_and_its_connections_are_replaced(impatient, proxy):
    impatient.save("agents", "a1", {"n": 1})
    proxy.arm(Mute())
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(status_of, calls_of(impatient).values())) == [504] * 4
    proxy.clear()
    assert impatient.get("agents", "a1")["n"] == 1


def test_a_server_mute_from_the_start_is_504(impatient, proxy):
    proxy.arm(Mute())
    assert status_of(impatient.get, "agents", "a1") == 504


@pytest.mark.parametrize("method", ["get", "save", "delete", "list_all"])
@pytest.mark.parametrize("passed", [0, 1, 30])
def test_a_cut_answer_is_503_and_the_next_call_works(proxied, proxy, method, passed):
    proxied.save("agents", "a1", {"n": 1, "text": "x" * 50_000})
    proxy.arm(Cut(after=passed), nth=1)
    assert status_of(calls_of(proxied)[method]) == 503
    assert len(proxied.list_all("agents")) <= 1
    proxied.save("agents", "a1", {"n": 3})
    assert proxied.get("agents", "a1")["n"] == 3


def test_connections_that_the_server_closed_are_not_used(postgresql, sql):
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda n: postgresql.save("agents", str(n), {}), range(30)))
        sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'gofannon'")  # fmt: skip
        list(threads.map(lambda n: postgresql.get("agents", str(n)), range(30)))


def test_a_locked_row_is_a_504_and_stores_nothing(postgresql, postgresql_url, schema):
    postgresql.save("agents", "a1", {"n": 1})
    with (
        PostgreSQLService(postgresql_url, schema=schema, statement_timeout=0.2) as service,
        psycopg.connect(postgresql_url) as other,
    ):
        other.execute(f"SELECT * FROM {schema}.agents FOR UPDATE")
        assert status_of(service.save, "agents", "a1", {"n": 2}) == 504
    assert postgresql.get("agents", "a1")["n"] == 1


def test_no_free_connection_is_a_503(postgresql_url, schema):
    with (
        PostgreSQLService(postgresql_url, schema=schema, pool_size=1, pool_timeout=1.0) as service,
        service._connections.lend(),
    ):
        assert status_of(service.get, "agents", "a1") == 503


def test_a_call_that_waits_for_a_connection_which_breaks_gets_a_new_one(postgresql_url, schema):
    with PostgreSQLService(postgresql_url, schema=schema, pool_size=1) as service:
        service.save("agents", "a1", {})
        with ThreadPoolExecutor(1) as waiting:
            with service._connections.lend() as connection:
                answer = waiting.submit(service.get, "agents", "a1")
                pool = service._connections._pool
                while not pool.get_stats().get("requests_waiting"):
                    time.sleep(0.001)
                connection.close()
                connection.pgconn.finish()
            assert answer.result(timeout=60)["_id"] == "a1"


def test_connections_that_always_break_are_a_503(postgresql, monkeypatch):
    monkeypatch.setattr(connections, "_is_dead", lambda _: True)
    assert status_of(postgresql.get, "agents", "a1") == 503


def test_after_closing_every_call_is_a_503(postgresql):
    postgresql.save("agents", "a1", {})
    postgresql.close()
    postgresql.close()
    calls = [*calls_of(postgresql).values(), postgresql.collections]
    for call in [*calls, lambda: postgresql.get_many("agents", ["a1"])]:
        assert status_of(call) == 503


def test_closing_an_unused_service_connects_to_nothing(unused_port):
    PostgreSQLService(f"postgresql://127.0.0.1:{unused_port}/d").close()


# --- credentials and settings ---------------------------------------------------------------------


def test_a_wrong_password_is_503_and_in_no_text(postgresql_url, postgresql_server, caplog):
    caplog.set_level(logging.DEBUG)
    right = postgresql_server.endpoint.settings["password"]
    service = PostgreSQLService(postgresql_url.replace(right, "wr0ng-s3cret"))
    with pytest.raises(HTTPException, match="credentials") as caught:
        service.get("agents", "a1")
    assert caught.value.status_code == 503
    shown = "".join(traceback.format_exception(caught.value)) + repr(service) + caplog.text
    assert "wr0ng-s3cret" not in shown
    assert caught.value.__context__ is None


def test_a_user_without_rights_is_a_503(postgresql_url, sql, schema):
    sql(f"CREATE SCHEMA {schema}")
    sql(f"CREATE TABLE {schema}.agents (_id text, data json, rev uuid, updated_at timestamptz)")
    options = "options=-crole%3Dpg_monitor"
    with PostgreSQLService(f"{postgresql_url}?{options}", schema=schema) as service:
        assert status_of(service.get, "agents", "a1") == 503


@pytest.mark.parametrize("wrong", ["postgresql://u:s3cret@[x/d", "password=s3cret nonsense"])
def test_an_invalid_connection_string_is_not_repeated(wrong):
    with pytest.raises(ValueError, match="libpq URI") as caught:
        PostgreSQLService(wrong)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_the_representation_shows_the_server_and_no_password():
    service = PostgreSQLService("postgresql://u:s3cret@db.example:5433/gofannon")
    assert repr(service) == (
        "PostgreSQLService(host='db.example', port='5433', dbname='gofannon', schema='public')"
    )


@pytest.mark.parametrize(
    "options", [{"schema": ""}, {"schema": "é" * 32}, {"table_prefix": "x" * 63}]
)
def test_invalid_names_are_refused_by_the_constructor(options):
    with pytest.raises(ValueError, match="63 bytes"):
        PostgreSQLService("dbname=d", **options)


def test_the_pool_writes_nothing_to_stderr(proxied, proxy, capfd):
    proxied.save("agents", "a1", {})
    proxy.arm(Cut(), nth=1)
    assert status_of(proxied.get, "agents", "a1") == 503
    proxied.close()
    assert capfd.readouterr() == ("", "")


# --- errors and texts without a server ------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (psycopg.errors.QueryCanceled, 504),
        (psycopg.errors.ConnectionTimeout, 504),
        (psycopg.errors.InvalidPassword, 503),
        (psycopg.errors.InsufficientPrivilege, 503),
        (psycopg.errors.SerializationFailure, 409),
        (psycopg.errors.DeadlockDetected, 409),
        (psycopg.errors.ProgramLimitExceeded, 413),
        (psycopg.errors.UntranslatableCharacter, 422),
        (psycopg.errors.WrongObjectType, 400),
        (psycopg.errors.AdminShutdown, 503),
        (psycopg.errors.TooManyConnections, 503),
        (psycopg.errors.DiskFull, 503),
        (psycopg.InterfaceError, 503),
        (psycopg.errors.ReadOnlySqlTransaction, 500),
        (psycopg.errors.SyntaxError, 500),
        (psycopg.Error, 500),
    ],
)
def test_each_of_psycopgs_errors_has_its_status(error, status):
    reported = translated(error("s3cret"), "agents", "a1")
    assert reported.status_code == status
    assert "s3cret" not in reported.detail


@given(st.text(st.characters(exclude_categories=[])))
def test_written_text_has_no_character_that_postgresql_refuses(text):
    written = layouts.JSON_LAYOUT.to_text("id", {text: [text]})
    assert "\\u0000" not in written.replace("\\\\", "")
    written.encode()
    assert layouts.JSON_LAYOUT.to_fields(written) == {text: [text]}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_jsonb_gets_no_float_that_it_would_change(number):
    written = json.loads(layouts.JSONB_LAYOUT.to_text("id", {"n": number}))["n"]
    held = isinstance(written, float)
    assert held == ("e+" not in repr(number) and repr(number) != "-0.0")
    assert same(layouts.JSONB_LAYOUT.to_fields(json.dumps({"n": written})), {"n": number})
