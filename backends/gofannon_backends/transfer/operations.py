"""Export, import and migration as functions.

A migration is an export into its state folder and an import from there. If the source fails in the
middle, nothing was written to the target yet.
"""

from __future__ import annotations

import re
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gofannon_backends.transfer import files, folder
from gofannon_backends.transfer.backup import JSONBackup
from gofannon_backends.transfer.errors import NotAsAskedError
from gofannon_backends.transfer.importer import Importer
from gofannon_backends.transfer.options import Options
from gofannon_backends.transfer.progress import Progress, Silent
from gofannon_backends.transfer.reader import Reader, summary_of
from gofannon_backends.transfer.state import State
from gofannon_backends.transfer.summary import Summary

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
        counts = reader.counts()
        return Summary(source=name, target=str(target), collections=counts, dry_run=True)
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
            manifest = reader.into(target, state)
        unfinished.unlink()
    return summary_of(manifest, target, resumed=state.resumed)


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
    options = options or Options()
    name = target_name or name_of(target)
    progress = progress or Silent()
    state_name = f"import-{_short(name)}"
    if source.is_file():
        backup = JSONBackup(source)
        chosen = _chosen_from(source, collections, backup.collections())
        with files.disk_errors_reported(), source.open("rb") as content:
            digest = file_digest(content, "sha256").hexdigest()
        run = {"operation": "import", "file": str(source.resolve()), "content": digest}
        default = source.with_name(f"{source.name}.{state_name}")
        importer = Importer(target, name, options, progress, state or default)
        return importer.from_source(backup, str(source), chosen, run)
    manifest = folder.read_manifest(source)
    chosen = _chosen_from(source, collections, list(manifest.collections))
    importer = Importer(target, name, options, progress, state or source / state_name)
    return importer.from_folder(source, manifest, chosen)


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
    default = Path(f"gofannon-migration-{_short(' '.join(names))}")
    importer = Importer(
        target, names[1], options or Options(), progress or Silent(), state or default
    )
    run = {"operation": "migrate", "source": names[0]}
    return importer.from_source(source, names[0], _chosen(collections), run)


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
    if (target / folder.MANIFEST).exists():
        manifest = folder.read_manifest(target)
        raise NotAsAskedError(
            f"{target} has a finished export of {manifest.source}, which ended at "
            f"{manifest.finished}: give another folder"
        )
    if any(target.iterdir()):
        raise NotAsAskedError(f"{target} is not empty: give an empty folder or a new one")


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]
