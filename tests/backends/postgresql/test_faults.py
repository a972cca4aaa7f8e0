"""The PostgreSQL backend when the network, the server or the credentials fail."""

import logging
import traceback
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import psycopg
import pytest
from fastapi import HTTPException
from psycopg import errors as pg
from store_calls import CALLS, every_call, failure_of, status_of
from waiting import BOUND, eventually

from gofannon_backends.postgresql import PostgreSQLService, connections
from gofannon_backends.postgresql.errors import translated
from gofannon_conformance.proxy import Cut, Mute

NOWHERE = "postgresql://u:s3cret@127.0.0.1:1/d"

FAILURES = {
    pg.QueryCanceled: 504,
    pg.ConnectionTimeout: 504,
    pg.InvalidPassword: 503,
    pg.InsufficientPrivilege: 503,
    pg.SerializationFailure: 409,
    pg.DeadlockDetected: 409,
    pg.ProgramLimitExceeded: 413,
    pg.UntranslatableCharacter: 422,
    pg.WrongObjectType: 400,
    pg.AdminShutdown: 503,
    pg.TooManyConnections: 503,
    pg.DiskFull: 503,
    psycopg.InterfaceError: 503,
    pg.ReadOnlySqlTransaction: 500,
    pg.SyntaxError: 500,
    psycopg.Error: 500,
}


@pytest.mark.parametrize(("error", "status"), FAILURES.items())
def test_each_failure_has_its_status(error, status):
    reported = translated(error("s3cret"), "agents", "a1")
    assert reported.status_code == status
    assert "s3cret" not in reported.detail


class TestTheNetwork:
    @every_call
    def test_no_server_is_503(self, open_postgresql, call):
        assert status_of(call, open_postgresql(NOWHERE)) == 503

    @every_call
    def test_a_mute_server_is_504_and_its_connection_is_replaced(
        self, proxied, proxy, monkeypatch, call
    ):
        proxied.save("agents", "a1", {"n": 1})
        with proxy.armed(Mute()), monkeypatch.context() as patched:
            clock = count(step=1000)
            patched.setattr(connections, "monotonic", lambda: next(clock))
            assert status_of(call, proxied) == 504
        assert proxied.get("agents", "a1")["n"] == 1

    def test_a_server_mute_from_the_start_is_504(self, postgresql_server, proxy, open_postgresql):
        proxy.arm(Mute())
        url = postgresql_server.endpoint.at(proxy.host, proxy.port).url
        # The server never answers: only the time limit can end the call.
        service = open_postgresql(url, connect_timeout=2, pool_timeout=2)
        assert status_of(CALLS["get"], service) == 504

    @every_call
    def test_a_cut_answer_is_503_and_the_next_call_works(self, proxied, proxy, capfd, call):
        proxied.save("agents", "a1", {"n": 1, "text": "x" * 50_000})
        proxy.arm(Cut(after=1), nth=1)
        assert status_of(call, proxied) == 503
        assert len(proxied.list_all("agents")) <= 1
        proxied.save("agents", "a1", {"n": 3})
        assert proxied.get("agents", "a1")["n"] == 3
        proxied.close()
        assert capfd.readouterr() == ("", "")  # the pool writes nothing to stderr


class TestConnections:
    def test_that_the_server_closed_are_not_used(self, postgresql, sql):
        with ThreadPoolExecutor(6) as threads:
            list(threads.map(lambda n: postgresql.save("agents", str(n), {}), range(30)))
            sql("SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
                " WHERE application_name = 'gofannon'")  # fmt: skip
            list(threads.map(lambda n: postgresql.get("agents", str(n)), range(30)))

    def test_that_wait_for_a_locked_row_are_a_504_and_store_nothing(
        self, postgresql, open_postgresql, postgresql_url, schema
    ):
        postgresql.save("agents", "a1", {"n": 1})
        # A short time-out, as the row stays locked, however long it is.
        service = open_postgresql(statement_timeout=0.1)
        with psycopg.connect(postgresql_url) as other:
            other.execute(f"SELECT * FROM {schema}.agents FOR UPDATE")
            assert status_of(CALLS["save"], service) == 504
        assert postgresql.get("agents", "a1")["n"] == 1

    def test_of_which_none_is_free_are_a_503(self, open_postgresql, monkeypatch):
        service = open_postgresql(pool_size=1)
        with service._connections.lend():
            monkeypatch.setattr(service._connections._pool, "timeout", 0.01)
            assert status_of(CALLS["get"], service) == 503

    def test_that_break_while_a_call_waits_for_them_are_replaced(self, open_postgresql):
        service = open_postgresql(pool_size=1)
        service.save("agents", "a1", {})
        with ThreadPoolExecutor(1) as waiting:
            with service._connections.lend() as connection:
                answer = waiting.submit(service.get, "agents", "a1")
                pool = service._connections._pool
                eventually(lambda: pool.get_stats().get("requests_waiting"))
                connection.close()
                connection.pgconn.finish()
            assert answer.result(timeout=BOUND)["_id"] == "a1"

    def test_that_always_break_are_a_503(self, postgresql, monkeypatch):
        monkeypatch.setattr(connections, "_is_dead", lambda _: True)
        assert status_of(CALLS["get"], postgresql) == 503

    def test_of_a_closed_service_are_a_503(self, postgresql):
        postgresql.save("agents", "a1", {})
        postgresql.close()
        postgresql.close()
        for call in (*CALLS.values(), lambda service: service.get_many("agents", ["a1"])):
            assert status_of(call, postgresql) == 503
        with pytest.raises(HTTPException, match="closed"):
            postgresql.collections()

    def test_are_not_made_to_close_an_unused_service(self):
        PostgreSQLService(NOWHERE).close()


class TestCredentials:
    def test_a_wrong_password_is_503_and_in_no_text(
        self, open_postgresql, postgresql_url, postgresql_server, caplog
    ):
        caplog.set_level(logging.DEBUG)
        right = postgresql_server.endpoint.settings["password"]
        service = open_postgresql(postgresql_url.replace(right, "wr0ng-s3cret"))
        failure = failure_of(CALLS["get"], service)
        assert (failure.status_code, "credentials" in failure.detail) == (503, True)
        assert failure.__context__ is None
        shown = "".join(traceback.format_exception(failure)) + repr(service) + caplog.text
        assert "wr0ng-s3cret" not in shown

    def test_a_user_without_rights_is_a_503(self, open_postgresql, postgresql_url, sql, schema):
        sql(f"CREATE SCHEMA {schema}")
        sql(f"CREATE TABLE {schema}.agents (_id text, data json, rev uuid, updated_at timestamptz)")
        service = open_postgresql(f"{postgresql_url}?options=-crole%3Dpg_monitor")
        assert status_of(CALLS["get"], service) == 503
