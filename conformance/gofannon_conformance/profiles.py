"""How hard a run tries: the same clauses in each profile, more examples in the larger ones."""

from __future__ import annotations

from dataclasses import dataclass

from gofannon_conformance.usage import UsageError, nearest


@dataclass(frozen=True, slots=True)
class Profile:
    """The sizes of one profile."""

    name: str
    examples: int
    """How many examples a property is tried on."""
    programs: int
    """How many random programs the model test runs."""
    steps: int
    """How many calls such a program makes at most."""


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("quick", examples=12, programs=30, steps=20),
        Profile("standard", examples=80, programs=150, steps=30),
        Profile("thorough", examples=600, programs=500, steps=50),
    )
}


def profile_named(name: str) -> Profile:
    """Find a profile, or say which ones there are."""
    if name not in PROFILES:
        raise UsageError(f"there is no profile {name!r}{nearest(name, PROFILES)}")
    return PROFILES[name]
