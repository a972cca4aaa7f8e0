"""The proxy in front of PostgreSQL: each statement is a request, each error has its code."""

import threading

import pytest
from waiting import BOUND

from gofannon_conformance import servers
from gofannon_conformance.proxy import Cut, Drop, Instead, Proxy
from gofannon_conformance.proxy.protocols.postgresql import PostgresqlFraming

psycopg = pytest.importorskip("psycopg")


@pytest.fixture(scope="module")
def postgresql():
    try:
        with servers.provider("postgresql").start() as server:
            yield server.endpoint
    except servers.Unavailable as unavailable:
        pytest.skip(str(unavailable))


@pytest.fixture
def done(postgresql):
    with psycopg.connect(postgresql.url, autocommit=True) as direct:
        direct.execute("DROP TABLE IF EXISTS done")
        direct.execute("CREATE TABLE done (n int)")
        yield lambda: [n for (n,) in direct.execute("SELECT n FROM done ORDER BY n")]


@pytest.fixture
def proxy(postgresql):
    with Proxy(*postgresql.address, protocol="postgresql") as proxy:
        yield proxy


@pytest.fixture
def connect(postgresql, proxy):
    url = postgresql.at(proxy.host, proxy.port).url

    def connect(**more):
        return psycopg.connect(url, **{"autocommit": True, "connect_timeout": int(BOUND), **more})

    return connect


def insert(connection, n):
    connection.execute("INSERT INTO done VALUES (%s)", (n,))


def test_passes_statements(connect, proxy, done):
    with proxy.watching() as seen, connect() as connection:
        insert(connection, 1)
        assert connection.execute("SELECT repeat('x', 3000000)").fetchone() == ("x" * 3_000_000,)
    assert done() == [1]
    assert [e.handshake for e in seen] == [True, False, False]
    assert seen[2].answered > 3_000_000 > seen[1].answered


def test_passes_a_pipeline_and_a_transaction(connect, proxy, done):
    with connect() as connection:
        with connection.transaction():
            insert(connection, 1)
        with connection.pipeline():
            insert(connection, 2)
            insert(connection, 3)
    assert done() == [1, 2, 3]


def test_passes_cancel_requests(connect):
    cancelled = threading.Event()

    def cancel(connection):
        while not cancelled.wait(0.02):  # one that comes before the statement is ignored
            connection.cancel_safe()

    with connect() as connection:
        canceller = threading.Thread(target=cancel, args=(connection,))
        canceller.start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(600)")
        cancelled.set()
        canceller.join()


def test_never_lets_a_connection_be_encrypted(connect):
    with connect(sslmode="prefer", gssencmode="disable") as connection:
        assert not connection.pgconn.ssl_in_use
    with pytest.raises(psycopg.OperationalError):
        connect(sslmode="require")


@pytest.mark.parametrize(
    ("name", "code"), [("500", "XX000"), ("429", "53400"), ("disk full", "53100")]
)
def test_answers_a_statement_with_an_error(connect, proxy, done, name, code):
    with connect() as connection:
        with proxy.armed(Instead(name)), pytest.raises(psycopg.Error) as caught:
            insert(connection, 1)
        assert caught.value.sqlstate == code
        insert(connection, 2)
    assert done() == [2]


@pytest.mark.parametrize(
    ("before", "name", "statement", "error"),
    [
        ([], "503", "INSERT INTO done VALUES (1)", psycopg.errors.AdminShutdown),
        (
            ["BEGIN", "INSERT INTO done VALUES (1)"],
            "500",
            "COMMIT",
            psycopg.errors.InternalError_,
        ),
    ],
)
def test_ends_the_connection_where_a_server_would(
    connect, proxy, done, before, name, statement, error
):
    with connect() as connection:
        for earlier in before:
            connection.execute(earlier)
        with proxy.armed(Instead(name)), pytest.raises(error):
            connection.execute(statement)
        assert connection.closed
    assert done() == []


CONNECTING = {
    "500": "internal error",
    "503": "shutting down",
    "429": "too many clients",
    "disk full": "no space left",
    "noise": "HTTP|invalid|unexpected|expected",
}


@pytest.mark.parametrize("name", PostgresqlFraming.replies)
def test_refuses_who_connects(connect, proxy, name):
    refused = pytest.raises(psycopg.OperationalError, match=CONNECTING[name])
    with proxy.armed(Instead(name)), refused:
        connect()
    connect().close()


@pytest.mark.parametrize("manner", ["FIN", "RST"])
def test_cuts_the_answer_of_a_statement_that_was_executed(connect, proxy, done, manner):
    seen = []
    cut = Cut(manner=manner, hook=lambda: seen.extend(done()))
    lost = pytest.raises(psycopg.OperationalError)
    with connect() as connection, proxy.armed(cut, nth=1), lost:
        insert(connection, 1)
    assert done() == seen == [1]


def test_drops_a_statement(connect, proxy, done):
    with connect() as connection, proxy.armed(Drop()), pytest.raises(psycopg.OperationalError):
        insert(connection, 1)
    assert done() == []


def test_the_nth_request_is_no_handshake(connect, proxy, done):
    with proxy.armed(Instead("500"), nth=2), connect() as connection:
        insert(connection, 1)
        with pytest.raises(psycopg.errors.InternalError_):
            insert(connection, 2)
        insert(connection, 3)
    assert done() == [1, 3]
