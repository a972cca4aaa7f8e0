"""The providers: each builds a reference backend from the settings, or says which are missing.

Each function is an entry point of the group `gofannon_backends.providers`, under the name that
`DATABASE_PROVIDER` takes. One of another distribution is the same: a function that takes `Settings`
and returns a service, and whose `ValueError` says what to set. Settings of its own it reads where
it likes.
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
    """Make a service in this process's memory: it needs no setting, and keeps nothing."""
    from gofannon_backends.memory import MemoryDatabaseService

    return MemoryDatabaseService()


def couchdb(settings: Settings) -> DatabaseService:
    """Make a service on CouchDB, of COUCHDB_URL, COUCHDB_USER and COUCHDB_PASSWORD.

    The user and the password may stand in the address instead.
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
    """Make a service on DynamoDB: in DYNAMODB_REGION, or at DYNAMODB_ENDPOINT_URL.

    Keys that are not among the settings come by the usual AWS ways (shared files, roles).
    """
    url = _secret(settings.DYNAMODB_ENDPOINT_URL)
    key, secret = settings.AWS_ACCESS_KEY_ID, _secret(settings.AWS_SECRET_ACCESS_KEY)
    if key or secret:
        _require("dynamodb", {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret})
    with _about("DYNAMODB_ENDPOINT_URL"):
        if url is not None and not _is_web_address(url):
            raise ValueError("it is no address such as http://localhost:8000")
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
    """Make a service on Firestore, by GOOGLE_APPLICATION_CREDENTIALS or the default credentials.

    GOOGLE_CLOUD_PROJECT names the project where the credentials do not. The emulator at
    FIRESTORE_EMULATOR_HOST needs no credentials, and none are looked at.
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
    """Make a service on PostgreSQL, of POSTGRES_URL."""
    url = _secret(settings.POSTGRES_URL)
    _require("postgresql", {"POSTGRES_URL": url})
    with _library("postgresql"):
        from gofannon_backends.postgresql import PostgreSQLService
    with _about("POSTGRES_URL"):
        return PostgreSQLService(url or "")


def _service_account(path: str) -> str | None:
    """Return the path if the file there holds a service account's key, None if Google reads it.

    Google's libraries read every kind of credentials, but look for them in the environment only,
    where a name that was read from `.env` is not.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise ValueError(f"there is no file {path!r}")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        kind = content["type"]
    except (OSError, ValueError, LookupError, TypeError) as unreadable:
        why = type(unreadable).__name__
        raise ValueError(f"{path!r} is no file of Google credentials ({why})") from None
    if kind == "service_account":
        return str(file)
    if os.environ.get("GOOGLE_APPLICATION_CREDENTIALS") != path:
        raise ValueError(
            f"{path!r} is no service account's key but of the type {kind!r}: the variable has to "
            "be set in the environment, where Google's libraries find it"
        )
    return None


def _require(provider: str, needed: Mapping[str, str | None]) -> None:
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise ValueError(
            f"DATABASE_PROVIDER is {provider}, which needs {', '.join(needed)}; not set: "
            f"{', '.join(missing)}. Set what is missing in the environment or in .env"
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
    """Put the variable's name before an error about its value, which is not shown."""
    try:
        yield
    except ValueError as wrong:
        raise ValueError(f"{name}: {wrong}") from None


@contextmanager
def _library(extra: str) -> Iterator[None]:
    """Add to an error how to install the missing library of a backend."""
    try:
        yield
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            f"DATABASE_PROVIDER is {extra}, and its library is not installed ({missing.name}): "
            f"pip install 'gofannon-conformance[{extra}]'",
            name=missing.name,
        ) from None
