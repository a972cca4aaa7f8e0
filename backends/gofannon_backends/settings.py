"""The database settings of an application, from the environment or `.env`; secrets stay hidden.

A field has the name of its environment variable. Only `bool` values are checked here. A provider
checks the settings that it needs (`gofannon_backends.providers`), so a wrong setting of one store
does not stop an application that uses another.
"""

from typing import Any
from urllib.parse import urlsplit

from pydantic import Secret, SecretStr, ValidationError

try:
    from pydantic_settings import BaseSettings, SettingsConfigDict
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"reading the settings needs a library that is not installed ({missing.name}): "
        "pip install 'gofannon-conformance[settings]'",
        name=missing.name,
    ) from None

_HIDDEN = "**********"


class Address(Secret[str]):
    """A server's address, shown with its scheme, host and path, and never with credentials.

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
        # Without a scheme it may be `key=value` pairs. An `@` after the host may end a password
        # with `/`, `?` or `#` in it. The query is left out, because it may hold a password.
        if not parts.scheme or not host or "@" in address.partition(parts.netloc)[2]:
            return _HIDDEN
        user = "***@" if "@" in parts.netloc else ""
        name = f"[{host}]" if ":" in host else host
        return f"{parts.scheme}://{user}{name}{f':{port}' if port else ''}{parts.path}"


class Settings(BaseSettings):
    """The database settings: arguments come first, then the environment, then `.env`.

    `Settings(DATABASE_PROVIDER="couchdb")` sets one in code; `Settings(_env_file=None)` reads no
    `.env`. An empty value counts as unset. A value of the wrong type is a `ValueError` that names
    the variable and does not show the value.

    >>> Settings(_env_file=None, COUCHDB_PASSWORD="s3cret").COUCHDB_PASSWORD
    SecretStr('**********')
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",  # an application's `.env` holds other settings too
        frozen=True,
        hide_input_in_errors=True,
    )

    DATABASE_PROVIDER: str = "memory"
    """`memory`, `couchdb`, `dynamodb`, `firestore`, `postgresql`, or another installed one."""
    DATABASE_TELEMETRY: bool = False
    """Whether calls are traced and measured (`gofannon_backends.observability`)."""

    COUCHDB_URL: Address | None = None
    COUCHDB_USER: str | None = None
    COUCHDB_PASSWORD: SecretStr | None = None

    DYNAMODB_REGION: str = "us-east-1"
    DYNAMODB_ENDPOINT_URL: Address | None = None
    """The address of DynamoDB Local; by default that of AWS in the region."""
    AWS_ACCESS_KEY_ID: str | None = None
    AWS_SECRET_ACCESS_KEY: SecretStr | None = None
    AWS_SESSION_TOKEN: SecretStr | None = None

    GOOGLE_APPLICATION_CREDENTIALS: str | None = None
    """The path of a file with credentials; by default Google's default credentials."""
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
        # Raised outside the `except` block: the other error holds the values, also secrets.
        if problems:
            raise ValueError(f"wrong database settings: {'; '.join(problems)}")
