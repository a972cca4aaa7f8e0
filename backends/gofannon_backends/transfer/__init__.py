"""Moving documents between stores and files: exported, imported, migrated, each time verified.

`export_to` writes the collections of a service into a folder, `import_from` brings such a folder
into a service, `migrate` does both. What they return says what became of each document; what they
raise is `NotAsAskedError` or `StoppedError`. The command is `gofannon-data`.
"""

from gofannon_backends.transfer.failures import NotAsAskedError, StoppedError
from gofannon_backends.transfer.moving import (
    COLLECTIONS,
    export_to,
    import_from,
    migrate,
    name_of,
)
from gofannon_backends.transfer.options import Options
from gofannon_backends.transfer.passing import STORE_FIELDS
from gofannon_backends.transfer.progress import Bars, Lines, Progress, Silent, shown
from gofannon_backends.transfer.summary import Counts, Outcome, Problem, Summary

__all__ = [
    "COLLECTIONS",
    "STORE_FIELDS",
    "Bars",
    "Counts",
    "Lines",
    "NotAsAskedError",
    "Options",
    "Outcome",
    "Problem",
    "Progress",
    "Silent",
    "StoppedError",
    "Summary",
    "export_to",
    "import_from",
    "migrate",
    "name_of",
    "shown",
]
