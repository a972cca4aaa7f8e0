"""The profiles of a run: all test the same clauses, the larger ones with more examples."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from gofannon_conformance.usage import UsageError, nearest


@dataclass(frozen=True, slots=True)
class Profile:
    """The numbers and time limits of one profile."""

    name: str
    examples: int
    """Examples of a property."""
    programs: int
    """Random programs of the model test."""
    steps: int
    """Most calls of such a program."""
    points: int
    """Points at which a CON test stops one of several concurrent calls."""
    races: int
    """Trials of a CON test with random schedules, in addition."""
    racing: float
    """Time limit of these trials in seconds."""
    new_collections: int
    """New collections that concurrent calls create."""
    listed: int
    """Unchanged documents in a list that is read while other documents change."""
    in_trouble: int
    """Small documents in a list during which the server fails."""
    is_cut_both_ways: bool
    """Whether an answer is cut at each place by a close and by a reset of the connection."""
    fills_within: float
    """Seconds for a thousand documents within which a store gets ten thousand."""
    longest: float
    """Time limit of a call in seconds."""
    shrinks: bool = True
    """Whether failing examples are shrunk."""


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
    """Return a profile, or raise a `UsageError` with the known names."""
    if name not in PROFILES:
        raise UsageError(f"there is no profile {name!r}{nearest(name, PROFILES)}")
    return PROFILES[name]
