"""The reference backends as targets of a conformance kit: how to connect, and their claims.

A kit reads the attributes of these objects; nothing here imports a kit. A target's `connect` loads
the store's client library.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from gofannon_backends.base import DatabaseService


class Endpoint(Protocol):
    """A server's address, and client settings such as `user`, `password` or `region`."""

    @property
    def url(self) -> str:
        """The server's address, with credentials if its scheme has a place for them."""

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


def _memory() -> "DatabaseService":
    from gofannon_backends.memory import MemoryDatabaseService

    return MemoryDatabaseService()


def _couchdb(endpoint: Endpoint) -> "DatabaseService":
    from gofannon_backends.couchdb import CouchDBService

    settings, timeout = endpoint.settings, endpoint.timeout or TIMEOUT
    return CouchDBService(
        endpoint.url, settings.get("user"), settings.get("password"), timeout=timeout
    )


def _dynamodb(endpoint: Endpoint) -> "DatabaseService":
    from gofannon_backends.dynamodb import DynamoDBService

    settings = endpoint.settings
    return DynamoDBService(
        settings.get("region", "us-east-1"),
        endpoint.url,
        aws_access_key_id=settings.get("access_key"),
        aws_secret_access_key=settings.get("secret_key"),
        read_timeout=endpoint.timeout or TIMEOUT,
    )


def _firestore(endpoint: Endpoint) -> "DatabaseService":
    from gofannon_backends.firestore import FirestoreService

    timeout = endpoint.timeout or TIMEOUT
    return FirestoreService(
        endpoint.settings.get("project"),
        database=endpoint.settings.get("database", "(default)"),
        emulator_host=urlsplit(endpoint.url).netloc,
        timeout=timeout,
        retry_seconds=min(2.0, timeout / 2),
    )


def _postgresql(endpoint: Endpoint) -> "DatabaseService":
    from gofannon_backends.postgresql import PostgreSQLService

    timeout = endpoint.timeout or TIMEOUT
    return PostgreSQLService(
        endpoint.url, connect_timeout=timeout, pool_timeout=timeout, statement_timeout=timeout
    )


def _password(endpoint: Endpoint) -> tuple[str, ...]:
    return tuple(filter(None, [endpoint.settings.get("password")]))


_SERVED = frozenset({"revisions", "persistent", "faultable"})

memory = BackendTarget(name="memory", connect=_memory, capabilities=frozenset({"revisions"}))
couchdb = BackendTarget(
    name="couchdb",
    server="couchdb",
    connect=_couchdb,
    capabilities=_SERVED | {"restartable"},
    secrets=_password,
)
dynamodb = BackendTarget(
    name="dynamodb",
    server="dynamodb",
    connect=_dynamodb,
    capabilities=_SERVED | {"restartable"},
    # The kit's own emulators take a placeholder, which is no secret.
    secrets=lambda endpoint: tuple(getattr(endpoint, "secrets", ())),
)
firestore = BackendTarget(
    name="firestore", server="firestore", connect=_firestore, capabilities=_SERVED
)
postgresql = BackendTarget(
    name="postgresql",
    server="postgresql",
    connect=_postgresql,
    capabilities=_SERVED | {"restartable"},
    secrets=_password,
)
