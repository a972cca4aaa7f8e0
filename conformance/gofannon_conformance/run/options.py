"""The checked options of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gofannon_conformance.run.profiles import Profile


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a run, checked."""

    profile: Profile
    seed: int
    clauses: frozenset[str] | None = None
    """The clauses to test; None means all."""
    dialect: str | None = None
    """The dialect to hold every target to; None leaves it to the target."""
    example: str = ""
    strict: bool = False
    json: str = ""
    servers: tuple[str, ...] = ()
    """Servers to use in place of the ones that targets name: `dynamodb:dynalite`."""
