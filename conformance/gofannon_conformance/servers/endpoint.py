"""An `Endpoint`: where a server is, what it is, and what it cannot do."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT: Final = "environment"
LOCAL_PROGRAM: Final = "local program"
CONTAINER: Final = "container"


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
