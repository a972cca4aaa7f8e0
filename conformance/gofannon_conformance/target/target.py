"""The `Target`: a backend under test, how to connect to it, and its claims."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from gofannon_conformance.usage import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

METHODS = ("get", "save", "delete", "list_all")
"""The four methods of the interface, in the order of the contract."""

DIALECTS = ("interface", "overview")

CLAIMS = (
    "server",
    "dialect",
    "disposable",
    "bound",
    "converges_within",
    "secrets",
    "collections",
    "drop",
    "raw",
)
"""Attributes that an author may set on a callable, an object or a class; fields of `Target`."""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """The capabilities that a backend claims: True, False, or None for "detect it".

    A claim is checked both ways: it fails if a claimed capability is not found, and if a denied one
    is found.
    """

    revisions: bool | None = None
    """`rev` differs after each change of the content, and `get()` carries it in `_rev`."""
    conflicts: bool | None = None
    """A stale `_rev` is refused with 409."""
    persistent: bool | None = None
    """A second instance on the same store sees the documents of the first one."""
    restartable: bool | None = None
    """The data survives a stop and a start of the server."""
    faultable: bool | None = None
    """A network connects the service with its server, so that faults can be injected."""
    eventual: bool | None = None
    """Instances converge only after a while."""

    @classmethod
    def of(cls, value: object) -> Capabilities:
        """Return the capabilities of an author's value: this class, a dict, or names."""
        if value is None:
            return cls()
        if isinstance(value, cls):
            return value
        known = [f.name for f in fields(cls)]
        claims: Mapping[str, Any]
        if isinstance(value, dict):
            claims = value
        elif isinstance(value, (set, frozenset, list, tuple)):
            claims = dict.fromkeys(value, True)
        else:
            raise UsageError(
                f"capabilities must be a Capabilities, a dict or a set of names, not {value!r}"
            )
        for name, claim in claims.items():
            if name not in known:
                raise UsageError(f"there is no capability {name!r}{nearest(str(name), known)}")
            if claim not in (True, False, None):
                raise UsageError(f"capability {name!r} must be True, False or None, not {claim!r}")
        return cls(**claims)


@dataclass(frozen=True, kw_only=True)
class ExpectedFailure:
    """A clause that a backend is known to break: the reason, and optionally an example."""

    reason: str
    example: str = ""
    """The `--example` of the failure; it runs first, so that finding it needs no luck."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A backend under test: its name, how to get a service of it, and its claims.

    >>> Target(name="mydb", connect=dict).dialect
    'interface'
    """

    name: str
    connect: Callable[..., Any]
    """Returns a service; takes the server's `Endpoint` if there is a `server`. A function, or a
    generator function that yields the service and then cleans up; either may be `async`."""
    server: str | Callable[[], Any] | None = None
    """The name of a server (see `gofannon-conformance doctor`), or a function that starts one and
    returns its address (see `servers.own`)."""
    capabilities: Capabilities = field(default_factory=Capabilities)
    expected_failures: Mapping[str, ExpectedFailure] = field(default_factory=dict)
    dialect: str = "interface"
    disposable: bool = False
    """Whether the run may write to and empty the collections `agents`, `users`, …"""
    bound: float = 30.0
    """Seconds within which every call ends, even if the server fails."""
    converges_within: float = 30.0
    """Seconds after which all instances of an `eventual` target have the same data."""
    secrets: Callable[[Any], Iterable[str]] | tuple[str, ...] = ()
    """Texts that must never be shown, or a function of the endpoint that returns them."""
    collections: Callable[[Any], Iterable[str]] | None = None
    """Returns the names of the collections on the server of a service (for GET-7, LIST-9)."""
    drop: Callable[[Any, str], None] | None = None
    """Removes an emptied collection from the server of a service, at the end of the run."""
    raw: Callable[[str, str], Any] | None = None
    """`raw(collection, id)`: reads a document from the store without the service."""
    spec: str = ""
    """The command-line argument that names this target."""
    opens_alone: bool = True
    """Whether `spec` is enough to open it, without fixtures of pytest."""
    preamble: str = ""
    """Python that sets `db` to a service of this target, for the programs in a report."""

    @property
    def key(self) -> str:
        """Return a text that identifies the target in a run."""
        return f"{self.spec}:{self.name}"

    def secrets_of(self, endpoint: Any) -> tuple[str, ...]:
        """Return the texts that no error may show: those of the target and of its endpoint."""
        declared = self.secrets(endpoint) if callable(self.secrets) else self.secrets
        return tuple({*declared, *getattr(endpoint, "secrets", ())} - {""})


def claims_of(source: object) -> dict[str, Any]:
    """Return an author's attributes, checked, as arguments of `Target`.

    The caller adds `connect`, `name`, `spec` and `preamble`.
    """
    claims: dict[str, Any] = {
        key: value for key in CLAIMS if (value := getattr(source, key, None)) is not None
    }
    server = claims.get("server")
    if server is not None and not isinstance(server, str) and not callable(server):
        raise UsageError(
            f"server must be a name (see `doctor`) or a function that starts one, not {server!r}"
        )
    for name in ("bound", "converges_within"):
        seconds = claims.get(name, 1)
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds <= 0:
            raise UsageError(f"{name} must be a number of seconds, not {seconds!r}")
    dialect = claims.get("dialect", "interface")
    if dialect not in DIALECTS:
        raise UsageError(f"there is no dialect {dialect!r}{nearest(str(dialect), DIALECTS)}")
    if isinstance(claims.get("secrets"), str):
        claims["secrets"] = (claims["secrets"],)
    claims["capabilities"] = Capabilities.of(getattr(source, "capabilities", None))
    claims["expected_failures"] = _expected_failures(getattr(source, "expected_failures", None))
    return claims


def _expected_failures(value: object) -> dict[str, ExpectedFailure]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UsageError(
            f"expected_failures must be a dict of clause id to reason, not {type(value).__name__}"
        )
    listed = {}
    for clause, why in value.items():
        entry = why if isinstance(why, ExpectedFailure) else ExpectedFailure(reason=str(why or ""))
        if not entry.reason.strip():
            raise UsageError(f"expected_failures[{clause!r}] must give a reason")
        listed[str(clause)] = entry
    return listed
