"""The reference backends as targets of a conformance kit: how to connect, and their claims.

A kit reads these objects by attribute, and nothing here imports one. A client library is loaded
when its target's `connect` is called.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from gofannon_backends.base import DatabaseService
    from gofannon_backends.couchdb import CouchDBService
    from gofannon_backends.dynamodb import DynamoDBService
    from gofannon_backends.firestore import FirestoreService
    from gofannon_backends.memory import MemoryDatabaseService
    from gofannon_backends.postgresql import PostgreSQLService


class Endpoint(Protocol):
    """Where a server is: its address, and settings such as `user`, `password` or `region`."""

    @property
    def url(self) -> str:
        """The server's address, credentials included where its scheme has a place for them."""

    @property
    def settings(self) -> Mapping[str, str]:
        """The other settings of a client."""

    @property
    def timeout(self) -> float | None:
        """The client's time-out in seconds; None for its default."""


TIMEOUT = 10.0
"""Seconds that a service waits for an answer, unless its endpoint has a time-out."""


@dataclass(frozen=True, kw_only=True)
class BackendTarget:
    """One backend: its name, how to connect it, the server that it needs, and its claims.

    `connect` takes the `Endpoint` of that server, or nothing where `server` is None.
    """

    name: str
    connect: Callable[..., "DatabaseService"]
    server: str | None = None
    capabilities: frozenset[str] = frozenset()
    collections: Callable[[Any], set[str]] = lambda service: service.collections()
    """Returns the names of all collections on a service's server."""
    drop: Callable[[Any, str], None] = lambda service, collection: service.drop(collection)
    """Removes a collection from a service's server; a missing one is no error."""
    secrets: Callable[[Any], tuple[str, ...]] | tuple[str, ...] = ()
    """Texts that no error may show, or a function of the endpoint that returns them."""
    expected_failures: Mapping[str, str] = field(default_factory=dict)
    """Clauses that the store itself cannot meet, each with the reason."""


# --- memory -------------------------------------------------------------------------------------


def _memory() -> "MemoryDatabaseService":
    from gofannon_backends.memory import MemoryDatabaseService

    return MemoryDatabaseService()


memory = BackendTarget(
    name="memory",
    connect=_memory,
    capabilities=frozenset({"revisions"}),
)


# --- postgresql ---------------------------------------------------------------------------------


def _postgresql(endpoint: Endpoint) -> "PostgreSQLService":
    from gofannon_backends.postgresql import PostgreSQLService

    timeout = endpoint.timeout or TIMEOUT
    return PostgreSQLService(
        endpoint.url, connect_timeout=timeout, pool_timeout=timeout, statement_timeout=timeout
    )


postgresql = BackendTarget(
    name="postgresql",
    server="postgresql",
    connect=_postgresql,
    capabilities=frozenset({"revisions", "persistent", "restartable", "faultable"}),
    secrets=lambda endpoint: tuple(filter(None, [endpoint.settings.get("password")])),
)


# --- firestore ----------------------------------------------------------------------------------


def _firestore(endpoint: Endpoint) -> "FirestoreService":
    from gofannon_backends.firestore import FirestoreService

    timeout = endpoint.timeout or TIMEOUT
    return FirestoreService(
        endpoint.settings.get("project"),
        database=endpoint.settings.get("database", "(default)"),
        emulator_host=urlsplit(endpoint.url).netloc,
        timeout=timeout,
        retry_seconds=min(2.0, timeout / 2),
    )


firestore = BackendTarget(
    name="firestore",
    server="firestore",
    connect=_firestore,
    capabilities=frozenset({"revisions", "persistent", "faultable"}),
)


# --- couchdb ------------------------------------------------------------------------------------


def _couchdb(endpoint: Endpoint) -> "CouchDBService":
    from gofannon_backends.couchdb import CouchDBService

    settings = endpoint.settings
    return CouchDBService(
        endpoint.url,
        settings.get("user"),
        settings.get("password"),
        timeout=endpoint.timeout or TIMEOUT,
    )


couchdb = BackendTarget(
    name="couchdb",
    server="couchdb",
    connect=_couchdb,
    capabilities=frozenset({"revisions", "persistent", "restartable", "faultable"}),
    secrets=lambda endpoint: tuple(filter(None, [endpoint.settings.get("password")])),
)


# --- dynamodb -----------------------------------------------------------------------------------


def _dynamodb(endpoint: Endpoint) -> "DynamoDBService":
    from gofannon_backends.dynamodb import DynamoDBService

    settings = endpoint.settings
    return DynamoDBService(
        settings.get("region", "us-east-1"),
        endpoint.url,
        aws_access_key_id=settings.get("access_key"),
        aws_secret_access_key=settings.get("secret_key"),
        read_timeout=endpoint.timeout or TIMEOUT,
    )


dynamodb = BackendTarget(
    name="dynamodb",
    server="dynamodb",
    connect=_dynamodb,
    capabilities=frozenset({"revisions", "persistent", "restartable", "faultable"}),
    # The kit's own emulators take a placeholder, which is no secret.
    secrets=lambda endpoint: tuple(getattr(endpoint, "secrets", ())),
)
