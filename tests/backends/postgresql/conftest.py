"""Fixtures of the PostgreSQL tests: tables of others, and a proxy in front of the server."""

import pytest

from gofannon_conformance.proxy import Proxy

OLD_TABLE = """
CREATE TABLE {} (
    _id TEXT PRIMARY KEY, data JSONB NOT NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"""


@pytest.fixture
def old(sql, postgresql, schema):
    """The service, with a collection `agents` whose table an older version created."""
    sql(f"CREATE SCHEMA {schema}")
    sql(OLD_TABLE.format(f"{schema}.agents"))
    return postgresql


@pytest.fixture
def proxy(postgresql_server):
    with Proxy(*postgresql_server.endpoint.address) as proxy:
        yield proxy


@pytest.fixture
def proxied(postgresql_server, proxy, open_postgresql):
    """A service that connects through the proxy."""
    return open_postgresql(postgresql_server.endpoint.at(proxy.host, proxy.port).url)
