"""The PostgreSQL backend, in what the conformance suite does not see."""

import json
import logging
import random
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from urllib.parse import urlsplit

import psycopg
import pytest
from fastapi import HTTPException
from hypothesis import given
from hypothesis import strategies as st
from postgresql_front import Front

from gofannon_backends import _postgresql_layouts as layouts
from gofannon_backends import postgresql as module
from gofannon_backends.postgresql import PostgreSQLService

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


@pytest.fixture
def sql(postgresql_url):
    """Run a statement beside the service, as a person with psql would."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        yield connection.execute


@pytest.fixture
def old(sql, postgresql, schema):
    """The service, with a collection `agents` whose table an older version made."""
    sql(f"CREATE SCHEMA {schema}")
    sql(OLD_TABLE.format(f"{schema}.agents"))
    return postgresql


@pytest.fixture
def front(postgresql_url):
    at = urlsplit(postgresql_url)
    with Front(at.hostname, at.port) as front:
        yield front


@pytest.fixture
def fronted(postgresql_url, schema, front):
    """Make services that reach the server through the front."""
    services = []

    def make(**options):
        url = postgresql_url.replace(f":{urlsplit(postgresql_url).port}/", f":{front.port}/")
        options = {"schema": schema, "statement_timeout": 1.0, "connect_timeout": 2.0} | options
        services.append(PostgreSQLService(url, **options))
        return services[-1]

    yield make
    for service in services:
        service.close()


def status_of(call, *args):
    with pytest.raises(HTTPException) as caught:
        call(*args)
    return caught.value.status_code


def fields(document):
    return {name: value for name, value in document.items() if name not in ("_id", "_rev")}


def same(left, right):
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


# --- documents as SQL sees them -------------------------------------------------------------------


def test_a_document_is_native_json(postgresql, sql, schema):
    rev = postgresql.save("agents", "a1", {"name": "é", "n": [1.0], "_id": "other"})["rev"]
    row = sql(f"SELECT _id, data::text, data->>'name', rev::text FROM {schema}.agents").fetchone()
    assert row == ("a1", '{"name":"é","n":[1.0]}', "é", rev)


def test_a_character_that_sql_cannot_take_does_not_spoil_the_rest(postgresql, sql, schema):
    postgresql.save("agents", "a1", {"name": "one", "bad": "\0", "\0": 1})
    assert sql(f"SELECT data->>'name' FROM {schema}.agents").fetchone() == ("one",)


@pytest.mark.parametrize("doc_id", ["a1", "\0", "\x10", "\x100\x10", "\ud800", "é" * 1300])
def test_any_document_comes_back_under_any_id(postgresql, doc_id):
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
    assert postgresql.list_all(names.AGENTS) == postgresql.list_all("agents")
    postgresql.delete(names.AGENTS, names.ONE)
    assert postgresql.list_all("agents") == []


def test_revisions_differ_also_after_delete_and_drop(postgresql):
    revs = []
    for end_of_life in (lambda: None, lambda: postgresql.delete("agents", "a1"),
                        lambda: postgresql.drop("agents")):  # fmt: skip
        revs.append(postgresql.save("agents", "a1", {"same": 1})["rev"])
        assert postgresql.get("agents", "a1")["_rev"] == revs[-1]
        end_of_life()
    assert len(set(revs)) == 3


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


def test_a_save_that_a_trigger_undoes_is_a_500(postgresql, sql, schema):
    postgresql.save("agents", "a1", {"n": 1})
    sql(
        f"CREATE FUNCTION {schema}.undo() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NULL; END'"
    )
    sql(
        f"CREATE TRIGGER undo BEFORE INSERT ON {schema}.agents"
        f" FOR EACH ROW EXECUTE FUNCTION {schema}.undo()"
    )
    assert status_of(postgresql.save, "agents", "a1", {"n": 2}) == 500
    assert postgresql.get("agents", "a1")["n"] == 1


# --- ids and collection names ---------------------------------------------------------------------


def test_an_id_past_the_limit_is_refused_by_all(postgresql):
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


@pytest.mark.parametrize("call", ["get", "save", "delete", "list_all"])
@pytest.mark.parametrize("name", ["x" * 64, "é" * 32, "\0" * 22])
def test_a_collection_name_past_63_bytes_is_refused(postgresql, call, name):
    arguments = {"get": ("a",), "save": ("a", {}), "delete": ("a",), "list_all": ()}[call]
    assert status_of(getattr(postgresql, call), name, *arguments) == 400


NAMES = ["a", "A", "a_pkey", "primary key", "%s", "%%", 'a"b', "a b", "a.b", "pg_class", "_a",
         "{table}", "\0", "\x10", "é", "e\u0301", "é" * 31, "\ud800",
         "; DROP TABLE a --"]  # fmt: skip


def test_every_name_is_a_collection_of_its_own(postgresql):
    for name in NAMES:
        assert postgresql.list_all(name) == []
        postgresql.save(name, "id", {"name": name})
    assert postgresql.collections() == set(NAMES)
    for name in NAMES:
        assert [fields(document) for document in postgresql.list_all(name)] == [{"name": name}]
        postgresql.drop(name)
    assert postgresql.collections() == set()


def test_a_prefix_sets_the_tables_of_two_services_apart(postgresql_url, schema, postgresql):
    with PostgreSQLService(postgresql_url, schema=schema, table_prefix="%_") as prefixed:
        prefixed.save("agents", "a1", {})
        assert prefixed.collections() == {"agents"}
        assert postgresql.list_all("agents") == []
        assert postgresql.collections() == {"%_agents"}


def test_dropping_what_is_not_there_is_no_error(postgresql, sql, schema):
    sql(f"CREATE SCHEMA {schema}")
    sql(f"CREATE TABLE {schema}.other (id int PRIMARY KEY)")
    for name in ("never written", "x" * 64, "other"):
        postgresql.drop(name)
    assert sql(f"SELECT count(*) FROM {schema}.other").fetchone() == (0,)


def test_a_table_of_another_kind_is_refused_and_untouched(postgresql, sql, schema):
    sql(f"CREATE SCHEMA {schema}")
    sql(f"CREATE TABLE {schema}.other (id int PRIMARY KEY)")
    for name in ("other", "other_pkey"):
        assert status_of(postgresql.get, name, "a1") == 400
        assert status_of(postgresql.save, name, "a1", {}) == 400
        assert status_of(postgresql.delete, name, "a1") == 400
        assert status_of(postgresql.list_all, name) == 400
    assert postgresql.collections() == set()


# --- round trips, tables that come and go ---------------------------------------------------------


def test_each_call_is_one_round_trip(fronted, front):
    service = fronted()
    service.save("agents", "a1", {"n": 0})

    def round_trips(call, *args):
        before = front.round_trips
        call(*args)
        return front.round_trips - before

    assert round_trips(service.save, "agents", "a1", {"n": 1}) == 1
    assert round_trips(service.save, "agents", "a2", {"n": 1}) == 1
    assert round_trips(service.get, "agents", "a1") == 1
    assert round_trips(service.list_all, "agents") == 1
    assert round_trips(service.delete, "agents", "a1") == 1
    assert round_trips(status_of, service.get, "agents", "a1") == 1
    assert round_trips(status_of, service.delete, "agents", "a1") == 1
    assert round_trips(status_of, service.get, "never written", "a1") == 1
    assert round_trips(service.list_all, "never written") == 1
    assert front.connections == 1


def test_a_new_collection_costs_its_first_save_two_round_trips_more(fronted, front):
    service = fronted()
    service.save("agents", "a1", {})
    before = front.round_trips
    service.save("users", "u1", {})
    assert front.round_trips - before == 3


def test_an_old_table_costs_one_look_at_its_columns(old, fronted, front):
    service = fronted()
    service.save("agents", "a1", {})
    before = front.round_trips
    service.save("agents", "a1", {})
    service.get("agents", "a1")
    assert front.round_trips - before == 2


def test_reading_makes_neither_table_nor_schema(postgresql, sql, schema):
    assert postgresql.list_all("agents") == []
    assert status_of(postgresql.get, "agents", "a1") == 404
    assert status_of(postgresql.delete, "agents", "a1") == 404
    assert sql("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchall() == []


def test_a_refused_document_makes_no_table(postgresql):
    assert status_of(postgresql.save, "agents", "a1", {"bad": {1}}) == 422
    assert postgresql.collections() == set()


def test_a_table_dropped_behind_the_service_is_made_again(postgresql, sql, schema):
    postgresql.save("agents", "a1", {})
    sql(f"DROP TABLE {schema}.agents")
    assert postgresql.list_all("agents") == []
    postgresql.save("agents", "a2", {})
    sql(f"DROP SCHEMA {schema} CASCADE")
    postgresql.save("agents", "a3", {})
    assert [document["_id"] for document in postgresql.list_all("agents")] == ["a3"]


def test_first_saves_at_once_into_new_collections_all_succeed(postgresql_url, schema):
    services = [PostgreSQLService(postgresql_url, schema=schema) for _ in range(3)]
    starts = threading.Barrier(18)

    def save(number):
        starts.wait()
        for collection in ("one", "two", "three"):
            services[number % 3].save(collection, str(number), {})

    with ThreadPoolExecutor(18) as threads:
        list(threads.map(save, range(18)))
    for collection in ("one", "two", "three"):
        assert len(services[0].list_all(collection)) == 18
    for service in services:
        service.close()


def test_a_table_that_never_stays_is_a_409(postgresql, monkeypatch):
    monkeypatch.setattr(PostgreSQLService, "_make", lambda *_: None)
    assert status_of(postgresql.save, "agents", "a1", {}) == 409


# --- pages ----------------------------------------------------------------------------------------


def test_a_list_is_complete_past_its_pages(fronted, front, sql, schema):
    service = fronted()
    service.save("agents", "first", {"n": -1})
    sql(
        f"INSERT INTO {schema}.agents (_id, data)"
        " SELECT n::text, json_build_object('n', n) FROM generate_series(1, 2499) AS n"
    )
    before = front.round_trips
    found = service.list_all("agents")
    assert len({document["_id"] for document in found}) == len(found) == 2500
    assert front.round_trips - before == 3  # 1000, 1000, 500


def test_a_last_page_that_is_full_is_followed_by_an_empty_one(postgresql, sql, schema):
    postgresql.save("agents", "0", {})
    sql(
        f"INSERT INTO {schema}.agents (_id, data)"
        " SELECT n::text, '{}' FROM generate_series(1, 999) AS n"
    )
    assert len(postgresql.list_all("agents")) == 1000


def test_pages_of_large_documents_are_short(fronted, front):
    service = fronted()
    texts = [random.Random(n).randbytes(512 * 1024).hex() for n in range(3)]
    for number in range(12):
        service.save("agents", f"{number:03}", {"text": texts[number % 3]})
    before = front.round_trips
    assert [document["text"] for document in service.list_all("agents")] == texts * 4
    assert front.round_trips - before > 1


def test_writes_between_pages_hide_nothing_that_stays(postgresql, monkeypatch):
    monkeypatch.setattr(module, "_PAGE_ROWS", 10)
    for number in range(25):
        postgresql.save("agents", f"{number:03}", {})
    documents = postgresql.iter_all("agents")
    first = next(documents)["_id"]
    postgresql.delete("agents", "005")  # of the page that is being read
    postgresql.delete("agents", "024")
    postgresql.save("agents", "0005", {})  # before the pages still to come
    found = [first] + [document["_id"] for document in documents]
    assert found == [f"{number:03}" for number in range(24)]


def test_a_collection_that_vanishes_between_pages_ends_the_list(postgresql, monkeypatch):
    monkeypatch.setattr(module, "_PAGE_ROWS", 2)
    for number in range(5):
        postgresql.save("agents", f"{number:03}", {})
    documents = postgresql.iter_all("agents")
    next(documents)
    postgresql.drop("agents")
    assert [document["_id"] for document in documents] == ["001"]


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


def test_revisions_of_an_old_table_see_the_writes_of_old_versions(old, sql, schema):
    revs = [old.save("agents", "a1", {})["rev"]]
    assert old.get("agents", "a1")["_rev"] == revs[0]
    sql(f"UPDATE {schema}.agents SET data = data")
    revs.append(old.get("agents", "a1")["_rev"])
    old.delete("agents", "a1")
    revs.append(old.save("agents", "a1", {})["rev"])
    assert len(set(revs)) == 3


def test_an_old_table_made_again_in_the_new_layout_is_noticed(old, postgresql_url, schema):
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


# --- the server and the network misbehave ---------------------------------------------------------


def calls_of(service):
    return {
        "get": lambda: service.get("agents", "a1"),
        "save": lambda: service.save("agents", "a1", {"n": 2}),
        "delete": lambda: service.delete("agents", "a1"),
        "list_all": lambda: service.list_all("agents"),
    }


METHODS = ["get", "save", "delete", "list_all"]


@pytest.mark.parametrize("method", METHODS)
def test_no_server_is_503_at_once(unused_port, method):
    with PostgreSQLService(f"postgresql://u:s3cret@127.0.0.1:{unused_port}/d") as service:
        started = time.monotonic()
        assert status_of(calls_of(service)[method]) == 503
        assert time.monotonic() - started < 2


@pytest.fixture
def unused_port():
    with Front("127.0.0.1", 1) as closed:
        return closed.port


@pytest.mark.parametrize("method", METHODS)
def test_a_mute_server_is_504_in_time_and_forgotten(fronted, front, method):
    service = fronted(statement_timeout=0.2)
    service.save("agents", "a1", {"n": 1})
    front.mute = True
    started = time.monotonic()
    assert status_of(calls_of(service)[method]) == 504
    assert time.monotonic() - started < 6
    front.mute = False
    assert isinstance(service.list_all("agents"), list)


def test_a_server_mute_from_the_start_is_504_in_time(fronted, front):
    front.mute = True
    started = time.monotonic()
    assert status_of(fronted().get, "agents", "a1") == 504
    assert time.monotonic() - started < 6


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("passed", [0, 1, 30])
def test_an_answer_that_is_cut_is_503_and_the_next_call_works(fronted, front, method, passed):
    service = fronted()
    service.save("agents", "a1", {"n": 1, "text": "x" * 50_000})
    front.cut_after = passed
    assert status_of(calls_of(service)[method]) == 503
    assert len(service.list_all("agents")) <= 1
    service.save("agents", "a1", {"n": 3})
    assert service.get("agents", "a1")["n"] == 3


def test_connections_that_died_unseen_are_not_used(fronted, front):
    service = fronted()
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda n: service.save("agents", str(n), {}), range(30)))
    front.cut_all()
    time.sleep(0.05)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda n: service.get("agents", str(n)), range(30)))


def test_connections_ended_by_the_administrator_are_not_used(postgresql, sql):
    postgresql.save("agents", "a1", {})
    sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE application_name = 'gofannon'")  # fmt: skip
    assert postgresql.get("agents", "a1")["_id"] == "a1"


def test_a_locked_row_is_a_504_and_stores_nothing(postgresql_url, schema):
    with PostgreSQLService(postgresql_url, schema=schema, statement_timeout=0.2) as service:
        service.save("agents", "a1", {"n": 1})
        with psycopg.connect(postgresql_url) as other:
            other.execute(f"SELECT * FROM {schema}.agents FOR UPDATE")
            assert status_of(service.save, "agents", "a1", {"n": 2}) == 504
        assert service.get("agents", "a1")["n"] == 1


def test_no_free_connection_is_a_503_in_time(postgresql_url, schema):
    with (
        PostgreSQLService(postgresql_url, schema=schema, pool_size=1, pool_timeout=0.1) as service,
        service._connections.lend(),
    ):
        assert status_of(service.get, "agents", "a1") == 503


def test_who_waits_for_a_connection_that_breaks_gets_a_new_one(postgresql_url, schema):
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
            assert answer.result(timeout=5)["_id"] == "a1"


def test_a_service_that_cannot_keep_a_connection_says_so(postgresql, monkeypatch):
    from gofannon_backends import _postgresql_connections as connections

    monkeypatch.setattr(connections, "_is_dead", lambda _: True)
    assert status_of(postgresql.get, "agents", "a1") == 503


def test_the_same_service_works_after_a_restart_of_the_server():
    from gofannon_conformance import servers

    try:
        server = servers.provider("postgresql").start()
    except servers.Unavailable as unavailable:
        pytest.skip(str(unavailable))
    with server, PostgreSQLService(server.endpoint.url) as service:
        service.save("agents", "a1", {"n": 1})
        for end in (server.stop, server.kill):
            end()
            for call in [*calls_of(service).values(), service.collections]:
                assert status_of(call) == 503
            server.start()
            assert service.get("agents", "a1")["n"] == 1


def test_after_closing_every_call_is_a_503(postgresql_url, schema):
    service = PostgreSQLService(postgresql_url, schema=schema)
    service.save("agents", "a1", {})
    service.close()
    service.close()
    for call in calls_of(service).values():
        assert status_of(call) == 503


def test_closing_an_unused_service_connects_to_nothing(unused_port):
    PostgreSQLService(f"postgresql://127.0.0.1:{unused_port}/d").close()


# --- credentials ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_password_is_503_and_in_no_text(postgresql_url, postgresql_server, method, caplog):
    caplog.set_level(logging.DEBUG)
    right = postgresql_server.endpoint.settings["password"]
    service = PostgreSQLService(postgresql_url.replace(right, "wr0ng-s3cret"))
    with pytest.raises(HTTPException) as caught:
        calls_of(service)[method]()
    assert caught.value.status_code == 503
    assert "credentials" in caught.value.detail
    shown = "".join(traceback.format_exception(caught.value)) + repr(service) + caplog.text
    assert "wr0ng-s3cret" not in shown
    assert caught.value.__context__ is None


def test_a_user_without_rights_is_told_so(postgresql_url, sql, schema):
    sql(f"CREATE SCHEMA {schema}")
    sql(f"CREATE TABLE {schema}.agents (_id text, data json, rev uuid, updated_at timestamptz)")
    options = "options=-crole%3Dpg_monitor"
    with PostgreSQLService(f"{postgresql_url}?{options}", schema=schema) as service:
        assert status_of(service.get, "agents", "a1") == 503


@pytest.mark.parametrize("wrong", ["postgresql://u:s3cret@[x/d", "password=s3cret nonsense"])
def test_a_connection_string_that_cannot_be_read_is_not_repeated(wrong):
    with pytest.raises(ValueError, match="libpq URI") as caught:
        PostgreSQLService(wrong)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_the_representation_shows_where_but_no_password():
    service = PostgreSQLService("postgresql://u:s3cret@db.example:5433/gofannon")
    assert repr(service) == (
        "PostgreSQLService(host='db.example', port='5433', dbname='gofannon', schema='public')"
    )


@pytest.mark.parametrize(
    "options", [{"schema": ""}, {"schema": "é" * 32}, {"table_prefix": "x" * 63}]
)
def test_impossible_names_are_refused_by_the_constructor(options):
    with pytest.raises(ValueError, match="63 bytes"):
        PostgreSQLService("dbname=d", **options)


def test_the_pool_writes_nothing_to_stderr(fronted, front, capfd):
    service = fronted()
    service.save("agents", "a1", {})
    front.cut_after = 0
    status_of(service.get, "agents", "a1")
    service.close()
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
def test_each_of_the_clients_errors_has_its_status(error, status):
    reported = module._translated(error("s3cret"), "agents", "a1")
    assert reported.status_code == status
    assert "s3cret" not in reported.detail


@given(st.text(st.characters(exclude_categories=[])))
def test_a_text_that_postgresql_writes_holds_nothing_it_refuses(text):
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
