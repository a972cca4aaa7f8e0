"""An `Endpoint`: where a server is, what it is, and what it cannot do."""

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
    """A server that answers, in all that a target needs to connect to it.

    `settings` are strings under names that the stores' clients use: `user` and `password`,
    `region`, `access_key` and `secret_key`, `project` and `emulator_host`, `database`.
    `limits` says by clause id what this stand-in cannot do that the real store can: a limit
    of the emulator, never of the backend. `repr()` and `str()` show no secret; the secrets
    themselves are in `secrets`, for whoever must keep them out of a text.

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
    """Whether its data outlives a stop and a start, as far as the kit can cause them."""
    limits: Mapping[str, str] = field(default_factory=dict)
    owned: bool = False
    """Whether the kit started it, and so may stop it."""
    protocol: str = ""
    """What is spoken there: `http`, `grpc`, `postgresql` or `tcp`; as the URL says if not given."""
    timeout: float | None = None
    """Seconds after which a client shall give up, where the kit asks for short time-outs."""

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
        """Whether it is reached by TLS: nobody can stand between it and its client then."""
        return urlsplit(self.url).scheme in _ENCRYPTED

    @property
    def checks_credentials(self) -> bool:
        """Whether it turns away who does not know the secret, as far as the kit knows."""
        told = any(map(self.settings.get, _CREDENTIALS)) or bool(urlsplit(self.url).password)
        return bool(self.secrets) and told

    def at(self, host: str, port: int) -> Endpoint:
        """Give the same server as it is reached at another address."""
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
        """Give the same server as somebody else would reach it; the secret joins `secrets`."""
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
        """Give `text` with every secret of this endpoint replaced by `***`."""
        for secret in sorted(filter(None, self.secrets), key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def borrowed(self) -> Endpoint:
        """Give this endpoint as one who must not stop the server may have it."""
        return replace(self, owned=False)

    def to_json(self) -> str:
        """Give the whole endpoint, secrets included, for another process of this run."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Endpoint:
        """Read back what `to_json` wrote."""
        fields: dict[str, Any] = json.loads(text)
        return cls(**{**fields, "secrets": tuple(fields["secrets"])})
