"""Export, import and migration, as functions: what is asked for, checked and begun.

A migration is an export into its state folder and an import from there. A source that goes away
in the middle has then written nothing to the target yet.
"""

from __future__ import annotations

import re
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gofannon_backends.transfer import durable, folder
from gofannon_backends.transfer.failures import NotAsAskedError
from gofannon_backends.transfer.importing import Importing
from gofannon_backends.transfer.options import Options
from gofannon_backends.transfer.progress import Progress, Silent
from gofannon_backends.transfer.reading import UNFINISHED, Reading, summary_of
from gofannon_backends.transfer.single_json import JSONBackup
from gofannon_backends.transfer.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

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
"""What is moved if nothing else is said: the collections that the application has."""

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
    """Write the collections of a service into a folder: JSON Lines, and a manifest at the end.

    An export that did not end is gone on with; a finished one is never touched. Raises
    `NotAsAskedError` if it cannot be done as asked, `StoppedError` if something breaks.
    """
    options = options or Options()
    reading = Reading(
        source,
        source_name or name_of(source),
        _chosen(collections),
        options.left,
        progress or Silent(),
    )
    if options.dry_run:
        return _counted(reading, str(target))
    durable.private_folder(target)
    resumed = (target / UNFINISHED).exists()
    return summary_of(reading.into(target), target, resumed=resumed)


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
    """Bring an exported folder, or a backup in one JSON file, into a service.

    All collections that are in it, or those named. What a run that did not end has done is
    in `state`, by default beside what is imported, and is not done again. Raises `NotAsAskedError`
    if it cannot be done as asked, before anything is written; `StoppedError` if something breaks.
    """
    options = options or Options()
    name = target_name or name_of(target)
    progress = progress or Silent()
    if source.is_file():
        backup = JSONBackup(source)
        within = backup.collections()
        chosen = _chosen(within if collections is None else collections)
        _refuse_strangers(source, chosen, within)
        with durable.disk_errors_reported(), source.open("rb") as content:
            run = {
                "file": str(source.resolve()),
                "content": file_digest(content, "sha256").hexdigest(),
            }
        default = source.with_name(f"{source.name}.import-{_short(name)}")
        importing = Importing(target, name, options, progress, state or default)
        return importing.from_source(backup, str(source), chosen, {"operation": "import", **run})
    manifest = folder.read_manifest(source)
    within = list(manifest.collections)
    chosen = _chosen(within if collections is None else collections)
    _refuse_strangers(source, chosen, within)
    importing = Importing(
        target, name, options, progress, state or source / f"import-{_short(name)}"
    )
    return importing.from_folder(source, manifest, chosen)


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
    """Bring the collections of a service into another.

    Everything is read before anything is written; `state` is where it lies meanwhile, by default a
    folder in the current one, named after source and target. Raises as `import_from` does.
    """
    names = source_name or name_of(source), target_name or name_of(target)
    if source is target:
        raise NotAsAskedError(f"source and target are one: {names[0]}")
    default = Path(f"gofannon-migration-{_short(' '.join(names))}")
    importing = Importing(
        target, names[1], options or Options(), progress or Silent(), state or default
    )
    run = {"operation": "migrate", "source": names[0]}
    return importing.from_source(source, names[0], _chosen(collections), run)


def name_of(service: object) -> str:
    """Return the name by which a run tells a service from others: how it shows itself."""
    return _ADDRESS_IN_MEMORY.sub("", repr(service))


def _counted(reading: Reading, target: str) -> Summary:
    return Summary(source=reading.name, target=target, collections=reading.counted(), dry_run=True)


def _chosen(collections: Iterable[str]) -> list[str]:
    chosen = list(dict.fromkeys(collections))
    if not chosen:
        raise NotAsAskedError("there is no collection to move")
    if "" in chosen:
        raise NotAsAskedError("a collection's name cannot be empty")
    return chosen


def _refuse_strangers(source: Path, chosen: Iterable[str], within: Collection[str]) -> None:
    for name in chosen:
        if name not in within:
            raise NotAsAskedError(
                f"{source} has no collection {name!r}; it has {', '.join(within)}"
            )


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]
