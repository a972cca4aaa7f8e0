"""The right services of the kit's own zoo, by the names that the tests use."""

from gofannon_conformance.mutants.right import (
    OWN,
    Complete,
    DatabaseService,
    Guarded,
    Kept,
    Modest,
    Objects,
    Overview,
    Right,
    depth_of,
    keys_are_text,
)

__all__ = [
    "OWN",
    "Complete",
    "DatabaseService",
    "Guarded",
    "Kept",
    "Modest",
    "Objects",
    "Overview",
    "Right",
    "depth_of",
    "keys_are_text",
]
