"""What the kit is pointed at: a `Target` is a name, a way to connect, and what it claims."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from gofannon_conformance.usage import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

METHODS = ("get", "save", "delete", "list_all")
"""The four methods of the interface, in the order in which the contract names them."""

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
"""What an author may write on a callable, an object or a class, under the names of `Target`."""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a backend says that it can do: True, False, or None for "find out".

    A claim is checked in both directions: a capability that is claimed and not found fails,
    and so does one that is denied and found.
    """

    revisions: bool | None = None
    """`rev` differs after each change of the content, and `get()` carries it in `_rev`."""
    conflicts: bool | None = None
    """A stale `_rev` is refused with 409."""
    persistent: bool | None = None
    """A second instance on the same store sees what the first one saved."""
    restartable: bool | None = None
    """The data outlives a stop and a start of the server."""
    faultable: bool | None = None
    """There is a network between the service and its server, which can be made to fail."""
    eventual: bool | None = None
    """Instances converge after a while only."""

    @classmethod
    def of(cls, value: object) -> Capabilities:
        """Read capabilities as an author may write them: this class, a dict, or names."""
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
    """A clause that a backend is known to break: why, and optionally the example that shows it."""

    reason: str
    example: str = ""
    """What the failure's `--example` said; it is replayed first, so that luck decides nothing."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A backend under test: its name, how to get a service of it, and what it claims.

    >>> Target(name="mydb", connect=dict).dialect
    'interface'
    """

    name: str
    connect: Callable[..., Any]
    """Gives a service; takes the server's `Endpoint` if there is a `server`. A function that
    returns one, a generator function that yields one and then cleans up, or either as `async`."""
    server: str | Callable[[], Any] | None = None
    """The name of the server that it needs (see `gofannon-conformance doctor`), or a function that
    starts one of the author's own and gives its address (see `servers.own`)."""
    capabilities: Capabilities = field(default_factory=Capabilities)
    expected_failures: Mapping[str, ExpectedFailure] = field(default_factory=dict)
    dialect: str = "interface"
    disposable: bool = False
    """Whether the collections `agents`, `users`, … may be written to and emptied."""
    bound: float = 30.0
    """Seconds within which every call ends, whatever the server does or leaves undone."""
    converges_within: float = 30.0
    """Seconds after which all instances of an `eventual` target show the same."""
    secrets: Callable[[Any], Iterable[str]] | tuple[str, ...] = ()
    """Texts that must never be shown; or a function of the endpoint that gives them."""
    collections: Callable[[Any], Iterable[str]] | None = None
    """The names of the collections that exist on the server of a service (for GET-7, LIST-9)."""
    drop: Callable[[Any, str], None] | None = None
    """Removes an emptied collection from the server of a service, when the run is over."""
    raw: Callable[[str, str], Any] | None = None
    """Back door `raw(collection, id)`: what the store holds, read without the service."""
    spec: str = ""
    """What to write on the command line to mean this target again."""
    opens_alone: bool = True
    """Whether `spec` is enough to open it, without the fixtures of a pytest run."""
    preamble: str = ""
    """Python that binds `db` to a service of this target, for the programs in a report."""

    @property
    def key(self) -> str:
        """Give what tells one target of a run from the others."""
        return f"{self.spec}:{self.name}"

    def secrets_of(self, endpoint: Any) -> tuple[str, ...]:
        """Give the texts that no error may show, as the target and its endpoint know them."""
        declared = self.secrets(endpoint) if callable(self.secrets) else self.secrets
        return tuple({*declared, *getattr(endpoint, "secrets", ())} - {""})


def claims_of(source: object) -> dict[str, Any]:
    """Read what an author wrote on an object or a class, checked, as `Target`'s arguments.

    The attributes have the names of `Target`'s fields; `connect`, `name`, `spec` and `preamble`
    are the caller's to find.
    """
    claims: dict[str, Any] = {
        key: value for key in CLAIMS if (value := getattr(source, key, None)) is not None
    }
    server = claims.get("server")
    if server is not None and not isinstance(server, str) and not callable(server):
        raise UsageError(
            "server must be the name of one (see `doctor`), or a function that starts one, "
            f"not {server!r}"
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
            raise UsageError(f"expected_failures[{clause!r}] must say the reason")
        listed[str(clause)] = entry
    return listed
