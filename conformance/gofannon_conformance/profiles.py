"""How hard a run tries: the same clauses in each profile, more examples in the larger ones."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

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
    points: int
    """At how many points of calls that meet a test of CON stops one of them."""
    races: int
    """How many trials it makes besides, with schedules that are drawn."""
    racing: float
    """After how many seconds it makes no more, though there were fewer."""
    new_collections: int
    """How many new collections are raced for."""
    listed: int
    """How many documents stay where they are while a list of them is made and others move."""
    in_trouble: int
    """How many small documents are listed by a service whose server fails meanwhile."""
    is_cut_both_ways: bool
    """Whether an answer is cut in each place by the end of the connection and by its reset."""
    fills_within: float
    """In how many seconds a store must have taken in a thousand documents to be given ten."""
    longest: float
    """After how many seconds a call is taken for one that never comes back."""
    shrinks: bool = True
    """Whether a failing example is made as small as it goes, which is for whoever reads it."""


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            "quick",
            examples=12,
            programs=30,
            steps=20,
            points=500,
            races=40,
            racing=1.0,
            new_collections=5,
            listed=260,
            in_trouble=110,
            is_cut_both_ways=False,
            fills_within=0.0,
            longest=20.0,
        ),
        Profile(
            "standard",
            examples=80,
            programs=150,
            steps=30,
            points=1_000,
            races=150,
            racing=2.0,
            new_collections=6,
            listed=260,
            in_trouble=1010,
            is_cut_both_ways=True,
            fills_within=0.5,
            longest=60.0,
        ),
        Profile(
            "thorough",
            examples=600,
            programs=500,
            steps=50,
            points=20_000,
            races=2000,
            racing=20.0,
            new_collections=10,
            listed=1_100,
            in_trouble=1010,
            is_cut_both_ways=True,
            fills_within=inf,
            longest=120.0,
        ),
    )
}


def profile_named(name: str) -> Profile:
    """Find a profile, or say which ones there are."""
    if name not in PROFILES:
        raise UsageError(f"there is no profile {name!r}{nearest(name, PROFILES)}")
    return PROFILES[name]
