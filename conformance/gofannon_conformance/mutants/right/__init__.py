"""Right services: the one that the mutants are made of, and services of other kinds."""

from gofannon_conformance.mutants.right.complete import Complete
from gofannon_conformance.mutants.right.files import FilePerDocument, folder
from gofannon_conformance.mutants.right.memory import (
    OWN,
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
from gofannon_conformance.mutants.right.sqlite import SqliteRows
from gofannon_conformance.mutants.right.waiting import Waiting

__all__ = [
    "OWN",
    "Complete",
    "DatabaseService",
    "FilePerDocument",
    "Guarded",
    "Kept",
    "Modest",
    "Objects",
    "Overview",
    "Right",
    "SqliteRows",
    "Waiting",
    "depth_of",
    "folder",
    "keys_are_text",
]
