"""Servers for the stores: named by the environment, run as a local program, or in a container.

>>> stores()
('couchdb', 'dynamodb', 'firestore', 'postgresql')
>>> provider("dynamodb:dynalite").name
'dynamodb:dynalite'
"""

from __future__ import annotations

from gofannon_conformance.servers.catalogue import provider, stores
from gofannon_conformance.servers.endpoint import CONTAINER, ENVIRONMENT, LOCAL_PROGRAM, Endpoint
from gofannon_conformance.servers.given import GivenServer
from gofannon_conformance.servers.provider import (
    NotOurs,
    Plan,
    Provider,
    Server,
    ServerError,
    Unavailable,
    Way,
)
from gofannon_conformance.servers.shared import Shared

__all__ = [
    "CONTAINER",
    "ENVIRONMENT",
    "LOCAL_PROGRAM",
    "Endpoint",
    "GivenServer",
    "NotOurs",
    "Plan",
    "Provider",
    "Server",
    "ServerError",
    "Shared",
    "Unavailable",
    "Way",
    "provider",
    "stores",
]
