"""Fixtures that the backends' tests share: one section per store."""

from uuid import uuid4

import pytest

from gofannon_conformance import servers


def started(store):
    """Yield a running server; skip the tests that need it if there is none."""
    try:
        with servers.provider(store).start() as server:
            yield server
    except servers.Unavailable as unavailable:
        pytest.skip(str(unavailable))


# --- PostgreSQL -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgresql_server():
    yield from started("postgresql")


@pytest.fixture
def postgresql_url(postgresql_server):
    return postgresql_server.endpoint.url


@pytest.fixture
def sql(postgresql_url):
    """Run a statement on a separate connection."""
    import psycopg

    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        yield connection.execute


@pytest.fixture
def schema(sql):
    """The name of a schema that does not exist yet, and is removed after the test."""
    name = f"schema_{uuid4().hex}"
    yield name
    sql(f"DROP SCHEMA IF EXISTS {name} CASCADE")


@pytest.fixture
def postgresql(postgresql_url, schema):
    from gofannon_backends.postgresql import PostgreSQLService

    with PostgreSQLService(postgresql_url, schema=schema) as service:
        yield service


# --- Firestore ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def firestore_server():
    yield from started("firestore")


@pytest.fixture
def project():
    """The name of a Firestore project without documents."""
    return f"tests-{uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def script():
    """A gRPC server that answers as scripted."""
    from firestore_front import Script

    with Script() as script:
        yield script


# --- CouchDB --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def couchdb_server():
    """CouchDB, or the stand-in for it on this machine."""
    yield from started("couchdb")


@pytest.fixture
def double():
    """A server that answers as CouchDB 3 does, and fails on request."""
    import couchdb_double

    with couchdb_double.running(credentials=("joe", "s3cret@word/")) as double:
        yield double


@pytest.fixture
def couchdb(double):
    """A service on the double; its requests time out after five seconds."""
    from gofannon_backends.couchdb import CouchDBService

    with CouchDBService(double.url, *double.credentials, timeout=5.0) as service:
        yield service
