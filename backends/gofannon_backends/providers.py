"""The providers: each makes a reference backend from the settings, or says what is missing.

Each function is an entry point of the group `gofannon_backends.providers`; its name is a value of
`DATABASE_PROVIDER`. A provider of another distribution is the same: a function that takes
`Settings` and returns a service, and whose `ValueError` says what to set.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from gofannon_backends.base import DatabaseService
from gofannon_backends.settings import Address, Settings

_WITH_PASSWORD = re.compile(r"https?://[^/?#@]+:[^/?#]+@", re.IGNORECASE)


def memory(settings: Settings) -> DatabaseService:  # noqa: ARG001 - every provider takes them
    """Return a service in this process's memory; it needs no setting."""
    from gofannon_backends.memory import MemoryDatabaseService

    return MemoryDatabaseService()


def couchdb(settings: Settings) -> DatabaseService:
    """Return a service on CouchDB, from COUCHDB_URL, COUCHDB_USER and COUCHDB_PASSWORD.

    The address may contain the user and the password instead.
    """
    url, user = _secret(settings.COUCHDB_URL), settings.COUCHDB_USER
    password = _secret(settings.COUCHDB_PASSWORD)
    in_the_url = bool(url and _WITH_PASSWORD.match(url)) and not user and not password
    needed = {"COUCHDB_URL": url}
    if not in_the_url:
        needed |= {"COUCHDB_USER": user, "COUCHDB_PASSWORD": password}
    _require("couchdb", needed)
    with _library("couchdb"):
        from gofannon_backends.couchdb import CouchDBService
    with _about("COUCHDB_URL"):
        return CouchDBService(url or "", user, password)


def dynamodb(settings: Settings) -> DatabaseService:
    """Return a service on DynamoDB: in DYNAMODB_REGION, or at DYNAMODB_ENDPOINT_URL.

    Without keys in the settings, boto3 finds them itself (shared files, roles).
    """
    url = _secret(settings.DYNAMODB_ENDPOINT_URL)
    key, secret = settings.AWS_ACCESS_KEY_ID, _secret(settings.AWS_SECRET_ACCESS_KEY)
    if key or secret:
        _require("dynamodb", {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret})
    with _about("DYNAMODB_ENDPOINT_URL"):
        if url is not None and not _is_web_address(url):
            raise ValueError("it is not an address such as http://localhost:8000")
    with _library("dynamodb"):
        from gofannon_backends.dynamodb import DynamoDBService
    return DynamoDBService(
        settings.DYNAMODB_REGION,
        url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=_secret(settings.AWS_SESSION_TOKEN) if key else None,
    )


def firestore(settings: Settings) -> DatabaseService:
    """Return a service on Firestore, with GOOGLE_APPLICATION_CREDENTIALS or the default ones.

    GOOGLE_CLOUD_PROJECT names the project if the credentials do not. With an emulator at
    FIRESTORE_EMULATOR_HOST, credentials are not read.
    """
    emulator = settings.FIRESTORE_EMULATOR_HOST
    with _about("FIRESTORE_EMULATOR_HOST"):
        if emulator and "/" in emulator:
            raise ValueError("it is a host and a port, such as localhost:8080, with no http://")
    with _about("GOOGLE_APPLICATION_CREDENTIALS"):
        path = settings.GOOGLE_APPLICATION_CREDENTIALS
        key = None if emulator or not path else _service_account(path)
    with _library("firestore"):
        from gofannon_backends.firestore import FirestoreService
    return FirestoreService(settings.GOOGLE_CLOUD_PROJECT, credentials=key, emulator_host=emulator)


def postgresql(settings: Settings) -> DatabaseService:
    """Return a service on PostgreSQL, from POSTGRES_URL."""
    url = _secret(settings.POSTGRES_URL)
    _require("postgresql", {"POSTGRES_URL": url})
    with _library("postgresql"):
        from gofannon_backends.postgresql import PostgreSQLService
    with _about("POSTGRES_URL"):
        return PostgreSQLService(url or "")


def _service_account(path: str) -> str | None:
    """Return the path of a service account's key; None if Google's libraries must read the file.

    Those libraries read every kind of credentials, but take the path from the environment only, not
    from `.env`.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise ValueError(f"there is no file {path!r}")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        kind = content["type"]
    except (OSError, ValueError, LookupError, TypeError) as unreadable:
        why = type(unreadable).__name__
        raise ValueError(f"{path!r} is not a file of Google credentials ({why})") from None
    if kind == "service_account":
        return str(file)
    if os.environ.get("GOOGLE_APPLICATION_CREDENTIALS") != path:
        raise ValueError(
            f"{path!r} is not a service account's key but of the type {kind!r}: set the variable "
            "in the environment, where Google's libraries find it"
        )
    return None


def _require(provider: str, needed: Mapping[str, str | None]) -> None:
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise ValueError(
            f"DATABASE_PROVIDER is {provider}, which needs {', '.join(needed)}; not set: "
            f"{', '.join(missing)}. Set them in the environment or in .env"
        )


def _secret(setting: Address | SecretStr | None) -> str | None:
    return None if setting is None else setting.get_secret_value()


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


@contextmanager
def _about(name: str) -> Iterator[None]:
    """Put the variable's name before an error about its value; the value is not shown."""
    try:
        yield
    except ValueError as wrong:
        raise ValueError(f"{name}: {wrong}") from None


@contextmanager
def _library(extra: str) -> Iterator[None]:
    """Add to an error how to install a backend's missing library."""
    try:
        yield
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            f"DATABASE_PROVIDER is {extra}, but its library is not installed ({missing.name}): "
            f"pip install 'gofannon-conformance[{extra}]'",
            name=missing.name,
        ) from None
