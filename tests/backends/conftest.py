"""Fixtures that the backends' tests share: one section per store. Each server is started once."""

from contextlib import ExitStack
from uuid import uuid4

import pytest

from gofannon_conformance import servers

PATIENCE = 60.0
"""A service's time limits in seconds, where its server is to answer: they never pass."""


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
def open_postgresql(postgresql_url, schema):
    """A function that opens a service on the schema; the options and the address may differ."""
    from gofannon_backends.postgresql import PostgreSQLService

    limits = ("connect_timeout", "pool_timeout", "statement_timeout")
    with ExitStack() as stack:

        def connect(url=postgresql_url, **options):
            options = {"schema": schema, **dict.fromkeys(limits, PATIENCE), **options}
            return stack.enter_context(PostgreSQLService(url, **options))

        yield connect


@pytest.fixture
def postgresql(open_postgresql):
    return open_postgresql()


# --- Firestore ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def firestore_server():
    yield from started("firestore")


@pytest.fixture
def project():
    """The name of a Firestore project without documents."""
    return f"tests-{uuid4().hex[:12]}"


@pytest.fixture
def open_firestore(firestore_server, project):
    """A function that opens a service on the project; the options may differ."""
    from gofannon_backends.firestore import FirestoreService

    host = firestore_server.endpoint.settings["emulator_host"]
    with ExitStack() as stack:

        def connect(**options):
            options = {"emulator_host": host, "timeout": PATIENCE, **options}
            return stack.enter_context(FirestoreService(project, **options))

        yield connect


@pytest.fixture
def firestore(open_firestore):
    return open_firestore()


@pytest.fixture(scope="session")
def script():
    """A gRPC server that answers as scripted."""
    from firestore_front import Script

    with Script() as script:
        yield script


@pytest.fixture
def scripted(script):
    """A service on that server."""
    from gofannon_backends.firestore import FirestoreService

    with FirestoreService("scripted", emulator_host=script.host, timeout=PATIENCE) as service:
        yield service


# --- DynamoDB -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def dynamodb_server():
    yield from started("dynamodb:dynalite")


@pytest.fixture(scope="session")
def dynamodb_front(dynamodb_server):
    from dynamodb_front import DynamoDBFront

    with DynamoDBFront(dynamodb_server.endpoint.url) as front:
        yield front


@pytest.fixture
def front(dynamodb_front):
    """A server that answers as a DynamoDB emulator does, and fails on request."""
    dynamodb_front.reset()
    return dynamodb_front


@pytest.fixture(scope="session")
def open_dynamodb(dynamodb_front):
    """A function that opens a service on that server; the address and the options may differ."""
    from dynamodb_front import KEY

    from gofannon_backends.dynamodb import DynamoDBService

    with ExitStack() as stack:

        def connect(url=dynamodb_front.url, **options):
            options = {**KEY, "read_timeout": PATIENCE, **options}
            return stack.enter_context(DynamoDBService(endpoint_url=url, **options))

        yield connect


@pytest.fixture(scope="session")
def dynamodb_service(open_dynamodb):
    """A service for all tests: boto3 takes long to make its client."""
    return open_dynamodb()


@pytest.fixture
def dynamodb(dynamodb_service, front):
    """That service, with no request planned or recorded."""
    return dynamodb_service


# --- CouchDB --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def couchdb_server():
    """CouchDB, or the stand-in for it on this machine."""
    yield from started("couchdb")


@pytest.fixture(scope="session")
def couchdb_double():
    from couchdb_double import CouchDouble

    with CouchDouble() as double:
        yield double


@pytest.fixture
def double(couchdb_double):
    """A server that answers as CouchDB 3 does, and fails on request; it has no database."""
    couchdb_double.reset()
    return couchdb_double


@pytest.fixture
def open_couchdb(double):
    """A function that opens a service on the double; the address and the options may differ."""
    from gofannon_backends.couchdb import CouchDBService

    with ExitStack() as stack:

        def connect(url=double.url, credentials=double.credentials, **options):
            options = {"timeout": PATIENCE, **options}
            return stack.enter_context(CouchDBService(url, *(credentials or ()), **options))

        yield connect


@pytest.fixture
def couchdb(open_couchdb):
    return open_couchdb()
