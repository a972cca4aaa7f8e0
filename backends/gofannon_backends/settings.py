"""The database settings of an application, from the environment or `.env`; secrets stay hidden.

A field is named as its environment variable is. No value is judged here but those of `bool`: what a
provider needs is checked by the provider (`gofannon_backends.providers`), so that a line about one
store that is wrong stops no application that uses another.
"""

from typing import Any
from urllib.parse import urlsplit

from pydantic import Secret, SecretStr, ValidationError

try:
    from pydantic_settings import BaseSettings, SettingsConfigDict
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"the settings are read by a library that is not installed ({missing.name}): "
        "pip install 'gofannon-conformance[settings]'",
        name=missing.name,
    ) from None

_HIDDEN = "**********"


class Address(Secret[str]):
    """A server's address: shown with its scheme, host and path; never with credentials.

    >>> Address("https://joe:secret@db.internal:6984/")
    Address('https://***@db.internal:6984/')
    """

    def _display(self) -> str:
        address = self.get_secret_value()
        try:
            parts = urlsplit(address)
            host, port = parts.hostname, parts.port
        except ValueError:
            return _HIDDEN
        # Without a scheme it may be `key=value` pairs; an `@` further on may end a password that
        # has a `/`, `?` or `#` in it. A query may hold a password too, and is left out.
        if not parts.scheme or not host or "@" in address.partition(parts.netloc)[2]:
            return _HIDDEN
        user = "***@" if "@" in parts.netloc else ""
        name = f"[{host}]" if ":" in host else host
        return f"{parts.scheme}://{user}{name}{f':{port}' if port else ''}{parts.path}"


class Settings(BaseSettings):
    """The database settings: those given, else those of the environment, else those of `.env`.

    `Settings(DATABASE_PROVIDER="couchdb")` gives one by hand; `Settings(_env_file=None)` reads no
    `.env`. What is set to nothing counts as unset. A value that cannot be read is a `ValueError`
    that names the variable and does not show the value.

    >>> Settings(_env_file=None, COUCHDB_PASSWORD="s3cret").COUCHDB_PASSWORD
    SecretStr('**********')
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",  # an application's `.env` holds more than its database
        frozen=True,
        hide_input_in_errors=True,
    )

    DATABASE_PROVIDER: str = "memory"
    """`memory`, `couchdb`, `dynamodb`, `firestore`, `postgresql`, or one that is installed."""
    DATABASE_TELEMETRY: bool = False
    """Whether calls are traced and measured (`gofannon_backends.observability`)."""

    COUCHDB_URL: Address | None = None
    COUCHDB_USER: str | None = None
    COUCHDB_PASSWORD: SecretStr | None = None

    DYNAMODB_REGION: str = "us-east-1"
    DYNAMODB_ENDPOINT_URL: Address | None = None
    """Where DynamoDB Local is; unset, the region's own service is used."""
    AWS_ACCESS_KEY_ID: str | None = None
    AWS_SECRET_ACCESS_KEY: SecretStr | None = None
    AWS_SESSION_TOKEN: SecretStr | None = None

    GOOGLE_APPLICATION_CREDENTIALS: str | None = None
    """The path of a file with credentials; unset, the default credentials are used."""
    GOOGLE_CLOUD_PROJECT: str | None = None
    FIRESTORE_EMULATOR_HOST: str | None = None

    POSTGRES_URL: Address | None = None
    """A libpq URI, `postgresql://user:password@host:port/database`, or `key=value` pairs."""

    def __init__(self, **given: Any) -> None:
        names = type(self).model_fields
        unknown = [name for name in given if name not in names and not name.startswith("_")]
        if unknown:
            raise ValueError(f"there is no database setting {', '.join(unknown)}")
        problems = []
        try:
            super().__init__(**{name: value for name, value in given.items() if value != ""})
        except ValidationError as invalid:
            problems = [
                f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
                for problem in invalid.errors()
            ]
        # Not raised while the error is at hand: that one holds the values, secrets among them.
        if problems:
            raise ValueError(f"the database settings cannot be read: {'; '.join(problems)}")
