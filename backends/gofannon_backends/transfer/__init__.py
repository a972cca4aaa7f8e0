"""Export, import and migration of documents, with verification.

`export_to` writes the collections of a service into a folder, `import_from` writes such a folder
into a service, `migrate` does both. They return a `Summary` and raise `NotAsAskedError` or
`StoppedError`. The command is `gofannon-data`.
"""

from gofannon_backends.transfer.document import STORE_FIELDS
from gofannon_backends.transfer.errors import NotAsAskedError, StoppedError
from gofannon_backends.transfer.operations import (
    COLLECTIONS,
    export_to,
    import_from,
    migrate,
    name_of,
)
from gofannon_backends.transfer.options import Options
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
