"""What a mutant is: a right service with one mistake, told in a sentence, bound to its clauses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from gofannon_conformance.target import Target, claims_of

T = TypeVar("T", bound=Callable[..., Any])

PLACE = "gofannon_conformance.mutants"
"""The module that gives each mutant, and each right service, as a target by its name."""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A service that breaks some clauses on purpose, each of which the suite must name."""

    name: str
    clauses: tuple[str, ...]
    mistake: str
    """The mistake in one sentence."""
    make: Callable[..., Any]
    """Gives a new service; takes an `Endpoint` where the claims name a server."""
    claims: Mapping[str, Any] = field(default_factory=dict)
    """What its target says of it besides: its dialect, its capabilities."""
    seen: str = ""
    """Where the mistake was met in earnest, if it was."""

    @property
    def target(self) -> Target:
        """The mutant as the kit is pointed at it."""
        return target_of(self.name, self.make, self.claims)


@dataclass(frozen=True, kw_only=True)
class Control:
    """A right service: it must pass every clause, but for the SHOULD ones that it `lacks`."""

    name: str
    kind: str
    """What it is, in one sentence."""
    make: Callable[..., Any]
    claims: Mapping[str, Any] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()
    tried_by: tuple[str, ...] = ()
    """The groups of clauses by whose tests it is tried, if not by all of them."""

    @property
    def target(self) -> Target:
        """The service as the kit is pointed at it."""
        return target_of(self.name, self.make, self.claims)


def target_of(name: str, make: Callable[..., Any], claims: Mapping[str, Any]) -> Target:
    """Make the target of a service of this package."""
    written = _Written({"collections": _created, **claims})
    spec = claims.get("spec", f"{PLACE}:{name}")
    return Target(name=name, connect=make, spec=spec, **claims_of(written))


class _Written:
    """Claims as an author would write them: attributes of an object."""

    def __init__(self, claims: Mapping[str, Any]) -> None:
        vars(self).update(claims)


def _created(service: Any) -> Any:
    return service.created


def breaks(
    table: list[Mutant], name: str, *clauses: str, seen: str = "", **claims: Any
) -> Callable[[T], T]:
    """Enter a class or a function that makes a service in a table; its docstring is the mistake."""

    def entered(make: T) -> T:
        table.append(
            Mutant(
                name=name,
                clauses=clauses,
                mistake=make.__doc__ or "",
                make=make,
                claims=MappingProxyType(claims),
                seen=seen,
            )
        )
        return make

    return entered
