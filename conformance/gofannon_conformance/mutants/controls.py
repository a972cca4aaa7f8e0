"""The right services of other kinds as targets: a suite that fails one of them is wrong itself."""

from __future__ import annotations

from gofannon_conformance.mutants import right
from gofannon_conformance.mutants.mutant import Control

IN_A_FOLDER = {
    "server": right.folder,
    "capabilities": {"persistent": True, "faultable": False},
}

PLAIN_CONTROLS = (
    Control(
        name="nothing_changed",
        kind="The service that every mutant is made of, with nothing changed.",
        make=right.Right,
    ),
    Control(
        name="right_with_conflicts",
        kind="In memory, and a stale revision is refused with 409.",
        make=right.Guarded,
    ),
    Control(
        name="right_overview",
        kind="In memory, in the dialect `overview`.",
        make=right.Overview,
        claims={"dialect": "overview"},
    ),
    Control(
        name="right_objects",
        kind="In memory, as objects: what JSON cannot hold comes back as it was.",
        make=right.Objects,
    ),
    Control(
        name="right_modest",
        kind="Does what it must, and nothing of what it only should.",
        make=right.Modest,
        lacks=(
            "API-2", "GET-7", "SAVE-9", "LIST-9", "ID-3", "ID-7", "DOC-4", "DOC-9", "DOC-10",
            "DOC-11", "DOC-13", "ERR-3",
        ),
    ),
    Control(
        name="right_files",
        kind="A file for each document, without revisions.",
        make=right.FilePerDocument,
        claims=IN_A_FOLDER,
    ),
    Control(
        name="right_journal",
        kind="One file, to which each change adds a line of JSON.",
        make=right.Journal,
        claims=IN_A_FOLDER,
    ),
    Control(
        name="right_sqlite",
        kind="A row of SQLite for each document, with real revisions and 409s.",
        make=right.SqliteRows,
        claims=IN_A_FOLDER,
    ),
    Control(
        name="right_async",
        kind="In memory, with coroutine methods.",
        make=right.Waiting,
    ),
    Control(
        name="right_complete",
        kind="In memory, with every optional method.",
        make=right.Complete,
    ),
)  # fmt: skip
"""Those of the ordinary clauses."""
