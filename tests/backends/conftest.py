"""What the backends' own tests share: one section per store."""

from uuid import uuid4

import pytest

from gofannon_conformance import servers

# --- PostgreSQL -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgresql_server():
    """A PostgreSQL of the session's own; without one the tests that need it are skipped."""
    try:
        with servers.provider("postgresql").start() as server:
            yield server
    except servers.Unavailable as unavailable:
        pytest.skip(str(unavailable))


@pytest.fixture
def postgresql_url(postgresql_server):
    return postgresql_server.endpoint.url


@pytest.fixture
def schema(postgresql_url):
    """A name for a schema, which is not there yet and is removed after the test."""
    import psycopg

    name = f"schema_{uuid4().hex}"
    yield name
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")


@pytest.fixture
def postgresql(postgresql_url, schema):
    from gofannon_backends.postgresql import PostgreSQLService

    with PostgreSQLService(postgresql_url, schema=schema) as service:
        yield service


# --- CouchDB --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def couchdb_server():
    """CouchDB, or what stands in for it here; without one the tests that need it are skipped."""
    try:
        with servers.provider("couchdb").start() as server:
            yield server
    except servers.Unavailable as unavailable:
        pytest.skip(str(unavailable))


@pytest.fixture
def double():
    """A server that answers as CouchDB 3 does, and can be told to fail."""
    import couchdb_double

    with couchdb_double.running(credentials=("joe", "s3cret@word/")) as double:
        yield double


@pytest.fixture
def couchdb(double):
    """A service on the double, which gives up on silence after a second."""
    from gofannon_backends.couchdb import CouchDBService

    with CouchDBService(double.url, "joe", "s3cret@word/", timeout=1.0) as service:
        yield service
