"""Broken services, each with one mistake that the suite must tell by the clause it breaks."""

from faulty.deleting import BROKEN_DELETING
from faulty.documents import BROKEN_DOCUMENTS
from faulty.errors import BROKEN_ERRORS
from faulty.ids import BROKEN_IDS
from faulty.listing import BROKEN_LISTING
from faulty.merging import BROKEN_MERGING
from faulty.names import BROKEN_NAMES
from faulty.reading import BROKEN_READING
from faulty.refusing import BROKEN_REFUSING
from faulty.revisions import BROKEN_REVISIONS
from faulty.saving import BROKEN_SAVING

BROKEN = (
    *BROKEN_READING,
    *BROKEN_DELETING,
    *BROKEN_LISTING,
    *BROKEN_ERRORS,
    *BROKEN_SAVING,
    *BROKEN_MERGING,
    *BROKEN_REFUSING,
    *BROKEN_REVISIONS,
    *BROKEN_NAMES,
    *BROKEN_IDS,
    *BROKEN_DOCUMENTS,
)
