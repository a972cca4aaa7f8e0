"""Export, import and migration as functions.

A migration is an export into its state folder and an import from there. If the source fails in the
middle, nothing was written to the target yet.
"""

from __future__ import annotations

import re
from hashlib import file_digest, sha256
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gofannon_backends.transfer import files
from gofannon_backends.transfer.backup import JSONBackup
from gofannon_backends.transfer.errors import NotAsAskedError
from gofannon_backends.transfer.exported import MANIFEST, Exported
from gofannon_backends.transfer.importer import Importer
from gofannon_backends.transfer.options import Options
from gofannon_backends.transfer.progress import Progress, Silent
from gofannon_backends.transfer.reader import Reader
from gofannon_backends.transfer.state import State
from gofannon_backends.transfer.summary import (
    SHOWN_PROBLEMS,
    Counts,
    Problems,
    Summary,
    problems_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gofannon_backends.base import DatabaseService

COLLECTIONS: Final = (
    "agents",
    "deployments",
    "users",
    "sessions",
    "tickets",
    "demos",
    "agent_data_store",
)
"""The collections of the application, which are moved by default."""

UNFINISHED: Final = "unfinished-export.sqlite"
_ADDRESS_IN_MEMORY: Final = re.compile(r" at 0x[0-9a-f]+")


def export_to(
    target: Path,
    source: DatabaseService,
    *,
    collections: Iterable[str] = COLLECTIONS,
    options: Options | None = None,
    source_name: str | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Write the collections of a service into a folder, as JSON Lines with a manifest.

    An unfinished export is continued; a finished one is not changed. Raises `NotAsAskedError` if
    the request cannot be carried out, `StoppedError` if something fails.
    """
    options = options or Options()
    name = source_name or name_of(source)
    chosen = _chosen(collections)
    reader = Reader(source, name, chosen, options.dropped, progress or Silent())
    if options.dry_run:
        unread = Problems()
        counts = reader.counts(unread)
        shown = tuple(unread.first)
        return Summary(
            source=name, target=str(target), collections=counts, problems=shown, dry_run=True
        )
    files.make_private_folder(target)
    unfinished = target / UNFINISHED
    if not unfinished.exists():
        _refuse_unless_empty(target)
    run = {
        "operation": "export",
        "source": name,
        "collections": chosen,
        "fields left behind": sorted(options.dropped),
    }
    with files.disk_errors_reported():
        with State(unfinished, run) as state:
            exported = reader.into(target, state)
        unfinished.unlink()
    problems = chain.from_iterable(map(problems_in, exported.problem_files))
    return Summary(
        source=name,
        target=str(target),
        collections={
            name: Counts(
                documents=entry.documents + entry.failed,
                moved=entry.documents,
                failed=entry.failed,
                verified=entry.documents,
            )
            for name, entry in exported.collections.items()
        },
        problems=tuple(islice(problems, SHOWN_PROBLEMS)),
        problem_files=tuple(map(str, exported.problem_files)),
        resumed=state.resumed,
    )


def import_from(
    source: Path,
    target: DatabaseService,
    *,
    collections: Iterable[str] | None = None,
    options: Options | None = None,
    target_name: str | None = None,
    state: Path | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Write an exported folder, or a backup in one JSON file, to a service.

    All its collections are written, or those named. `state` is the folder from which an interrupted
    run continues, by default next to the source. Raises `NotAsAskedError` before anything is
    written if the request cannot be carried out, `StoppedError` if something fails.
    """
    files.must_exist(source)
    options, progress = options or Options(), progress or Silent()
    name = target_name or name_of(target)
    state_name = f"import-{_short(name)}"
    if source.is_dir():
        exported = Exported.read(source)
        chosen = _chosen_from(source, collections, list(exported.collections))
        folder = state or source / state_name
        return Importer(target, name, chosen, options, progress, folder).from_folder(exported)
    backup = JSONBackup(source)
    chosen = _chosen_from(source, collections, backup.collections())
    with files.disk_errors_reported(), source.open("rb") as content:
        digest = file_digest(content, "sha256").hexdigest()
    run = {"operation": "import", "file": str(source.resolve()), "content": digest}
    folder = state or source.with_name(f"{source.name}.{state_name}")
    importer = Importer(target, name, chosen, options, progress, folder)
    return importer.from_source(backup, str(source), run)


def migrate(
    source: DatabaseService,
    target: DatabaseService,
    *,
    collections: Iterable[str] = COLLECTIONS,
    options: Options | None = None,
    source_name: str | None = None,
    target_name: str | None = None,
    state: Path | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Copy the collections of a service into another.

    Everything is read before anything is written. `state` is the folder for the copy, by default
    one in the current folder, named after source and target. Raises as `import_from` does.
    """
    names = source_name or name_of(source), target_name or name_of(target)
    if source is target:
        raise NotAsAskedError(f"source and target are the same: {names[0]}")
    folder = state or Path(f"gofannon-migration-{_short(' '.join(names))}")
    chosen = _chosen(collections)
    importer = Importer(
        target, names[1], chosen, options or Options(), progress or Silent(), folder
    )
    return importer.from_source(source, names[0], {"operation": "migrate", "source": names[0]})


def name_of(service: object) -> str:
    """Return the name that identifies a service in a state: its `repr` without an address."""
    return _ADDRESS_IN_MEMORY.sub("", repr(service))


def _chosen(collections: Iterable[str]) -> list[str]:
    chosen = list(dict.fromkeys(collections))
    if not chosen:
        raise NotAsAskedError("there is no collection to move")
    if "" in chosen:
        raise NotAsAskedError("a collection's name cannot be empty")
    return chosen


def _chosen_from(
    source: Path, collections: Iterable[str] | None, available: Sequence[str]
) -> list[str]:
    chosen = _chosen(available if collections is None else collections)
    for name in chosen:
        if name not in available:
            raise NotAsAskedError(
                f"{source} has no collection {name!r}; it has {', '.join(available)}"
            )
    return chosen


def _refuse_unless_empty(target: Path) -> None:
    if (target / MANIFEST).exists():
        finished = Exported.read(target)
        raise NotAsAskedError(
            f"{target} has a finished export of {finished.source}, which ended at "
            f"{finished.finished}: give another folder"
        )
    if any(target.iterdir()):
        raise NotAsAskedError(f"{target} is not empty: give an empty folder or a new one")


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]
