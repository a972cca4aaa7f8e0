"""The values of the zoo: a mutant, a right service, and the target that each becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, SimpleNamespace
from typing import Any, TypeVar

from gofannon_conformance.target import Target
from gofannon_conformance.target.target import claims_of

T = TypeVar("T", bound=Callable[..., Any])

PLACE = "gofannon_conformance.mutants"
"""The module in which each mutant and each right service is a target, by its name."""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A service that breaks some clauses on purpose. The suite must name each of them."""

    name: str
    clauses: tuple[str, ...]
    mistake: str
    """The mistake in one sentence."""
    make: Callable[..., Any]
    """Returns a new service; takes an `Endpoint` where the claims name a server."""
    claims: Mapping[str, Any] = field(default_factory=dict)
    """More arguments of its target: its dialect, its capabilities."""
    seen: str = ""
    """The real software in which the mistake was found, if any."""

    @property
    def target(self) -> Target:
        """The target of the mutant."""
        return target_of(self.name, self.make, self.claims)


@dataclass(frozen=True, kw_only=True)
class Control:
    """A right service. It must pass every clause, except the SHOULD clauses in `lacks`."""

    name: str
    kind: str
    """What it is, in one sentence."""
    make: Callable[..., Any]
    claims: Mapping[str, Any] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()
    tried_by: tuple[str, ...] = ()
    """The groups of clauses that are run on it, if not all of them."""

    @property
    def target(self) -> Target:
        """The target of the service."""
        return target_of(self.name, self.make, self.claims)


def target_of(name: str, make: Callable[..., Any], claims: Mapping[str, Any]) -> Target:
    """Return the target of a service of this package."""
    written = SimpleNamespace(**{"collections": _created, **claims})
    spec = claims.get("spec", f"{PLACE}:{name}")
    return Target(name=name, connect=make, spec=spec, **claims_of(written))


def _created(service: Any) -> Any:
    return service.created


def breaks(
    table: list[Mutant], name: str, *clauses: str, seen: str = "", **claims: Any
) -> Callable[[T], T]:
    """Add a class or a function that makes a service to a table; its docstring is the mistake."""

    def added(make: T) -> T:
        mistake = make.__doc__ or ""
        frozen = MappingProxyType(claims)
        mutant = Mutant(
            name=name, clauses=clauses, mistake=mistake, make=make, claims=frozen, seen=seen
        )
        table.append(mutant)
        return make

    return added
