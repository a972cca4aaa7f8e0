"""The `Endpoint`: the address, product, credentials and known limits of a server."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT: Final = "environment"
LOCAL_PROGRAM: Final = "local program"
CONTAINER: Final = "container"

_PROTOCOLS: Final = {
    "http": "http",
    "https": "http",
    "grpc": "grpc",
    "postgresql": "postgresql",
    "postgres": "postgresql",
}
_PORTS: Final = {"http": 80, "https": 443, "postgresql": 5432, "postgres": 5432}
_ENCRYPTED: Final = frozenset({"https", "grpcs", "rediss"})
_CREDENTIALS: Final = ("password", "secret_key")


@dataclass(frozen=True, kw_only=True, repr=False)
class Endpoint:
    """All that a target needs to connect to a running server.

    `settings` has the names that the stores' clients use: `user` and `password`, `region`,
    `access_key` and `secret_key`, `project` and `emulator_host`, `database`. `limits` lists by
    clause id what an emulator cannot do and the real store can. `repr()` and `str()` show no
    secret; `secrets` lists the texts that must not be printed.

    >>> Endpoint(product="PostgreSQL", version="17", source="container", secrets=("s3c",),
    ...          url="postgresql://kit:s3c@127.0.0.1:20000/kit")
    Endpoint(PostgreSQL 17, container, postgresql://kit:***@127.0.0.1:20000/kit)
    """

    product: str
    version: str
    source: str
    """`environment`, `local program` or `container`."""
    url: str
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    durable: bool = False
    """Whether its data survives a stop and a start by the kit."""
    limits: Mapping[str, str] = field(default_factory=dict)
    owned: bool = False
    """Whether the kit started it and may stop it."""
    protocol: str = ""
    """`http`, `grpc`, `postgresql` or `tcp`; by default the one of the URL's scheme."""
    timeout: float | None = None
    """Time-out in seconds for the client, when the kit asks for short ones."""

    def __post_init__(self) -> None:
        if not self.protocol:
            scheme = urlsplit(self.url).scheme
            object.__setattr__(self, "protocol", _PROTOCOLS.get(scheme, "tcp"))

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port of its URL."""
        parts = urlsplit(self.url)
        port = parts.port or _PORTS.get(parts.scheme)
        if parts.hostname is None or port is None:
            raise ValueError(f"there is no host and port in {self.redacted(self.url)}")
        return parts.hostname, port

    @property
    def is_encrypted(self) -> bool:
        """Whether it uses TLS, so that no proxy can read what the client sends."""
        return urlsplit(self.url).scheme in _ENCRYPTED

    @property
    def checks_credentials(self) -> bool:
        """Whether it rejects wrong credentials, as far as the kit knows."""
        has_secret = any(map(self.settings.get, _CREDENTIALS)) or bool(urlsplit(self.url).password)
        return bool(self.secrets) and has_secret

    def at(self, host: str, port: int) -> Endpoint:
        """Return the endpoint of the same server at another address."""
        old_host, old_port = self.address
        parts = urlsplit(self.url)
        login, at, _ = parts.netloc.rpartition("@")
        url = urlunsplit(parts._replace(netloc=f"{login}{at}{host}:{port}"))
        moved = {
            name: f"{host}:{port}"
            for name, value in self.settings.items()
            if value == f"{old_host}:{old_port}"
        }
        if "port" in self.settings:
            moved |= {"host": host, "port": str(port)}
        return replace(self, url=url, settings={**self.settings, **moved})

    def with_credentials(self, user: str, secret: str) -> Endpoint:
        """Return the same server with other credentials; `secrets` then has both secrets."""
        given = {"user": user, "password": secret, "access_key": user, "secret_key": secret}
        settings = {name: given.get(name, value) for name, value in self.settings.items()}
        parts = urlsplit(self.url)
        url = self.url
        if parts.username is not None:
            _, _, place = parts.netloc.rpartition("@")
            login = f"{quote(user, safe='')}:{quote(secret, safe='')}"
            url = urlunsplit(parts._replace(netloc=f"{login}@{place}"))
        shown = dict.fromkeys([*self.secrets, secret, quote(secret, safe="")])
        return replace(self, url=url, settings=settings, secrets=tuple(shown))

    def __repr__(self) -> str:
        product = f"{self.product} {self.version}".strip()
        return f"Endpoint({product}, {self.source}, {self.redacted(self.url)})"

    def redacted(self, text: str) -> str:
        """Return `text` with every secret of this endpoint replaced by `***`."""
        for secret in sorted(filter(None, self.secrets), key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def borrowed(self) -> Endpoint:
        """Return this endpoint for a borrower, who must not stop the server."""
        return replace(self, owned=False)

    def to_json(self) -> str:
        """Return the endpoint as JSON, secrets included, for another process of this run."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Endpoint:
        """Read the output of `to_json`."""
        fields: dict[str, Any] = json.loads(text)
        return cls(**{**fields, "secrets": tuple(fields["secrets"])})
