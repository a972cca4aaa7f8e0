"""The right services as targets: a suite that fails one of them is wrong."""

from __future__ import annotations

from gofannon_conformance.mutants import right
from gofannon_conformance.mutants.mutant import Control

IN_A_FOLDER = {
    "server": right.folder,
    "capabilities": {"persistent": True, "faultable": False},
}

MODEST = (
    "API-2", "GET-7", "SAVE-9", "LIST-9", "ID-3", "ID-7", "DOC-4", "DOC-9", "DOC-10", "DOC-11",
    "DOC-13", "ERR-3",
)  # fmt: skip
"""The SHOULD clauses that the modest service lacks."""

PLAIN_CONTROLS = tuple(
    Control(name=name, kind=kind, make=make, claims=claims, lacks=lacks)
    for name, kind, make, claims, lacks in (
        ("nothing_changed", "The service that every mutant is made of, with nothing changed.",
         right.Right, {}, ()),
        ("right_with_conflicts", "In memory, and a stale revision is refused with 409.",
         right.Guarded, {}, ()),
        ("right_overview", "In memory, in the dialect `overview`.",
         right.Overview, {"dialect": "overview"}, ()),
        ("right_objects", "In memory, as objects: what JSON cannot hold comes back as it was.",
         right.Objects, {}, ()),
        ("right_modest", "Meets the MUST clauses, and few of the SHOULD clauses.",
         right.Modest, {}, MODEST),
        ("right_files", "A file for each document, without revisions.",
         right.FilePerDocument, IN_A_FOLDER, ()),
        ("right_sqlite", "A row of SQLite for each document, with real revisions and 409s.",
         right.SqliteRows, IN_A_FOLDER, ()),
        ("right_async", "In memory, with coroutine methods.", right.Waiting, {}, ()),
        ("right_complete", "In memory, with every optional method.", right.Complete, {}, ()),
    )
)  # fmt: skip
"""The right services of the core clauses."""
