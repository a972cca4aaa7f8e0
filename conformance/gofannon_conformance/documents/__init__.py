"""What the suite feeds a service with: documents, ids, collection names, as strategies and tables.

The strategies are Hypothesis's and know nothing of pytest. `schemas` is imported by name
when it is wanted, since it is the only room that needs pydantic.
"""

from gofannon_conformance.documents.collections import (
    AliasPair,
    CollectionTwins,
    alias_pairs,
    collection_twins,
    hostile_collections,
)
from gofannon_conformance.documents.ids import (
    HOSTILE_IDS,
    KEY_FAMILIES,
    RELATED_KEYS,
    RESERVED_IDS,
    TWINS,
    Twins,
    hostile_ids,
    ordinary_ids,
)
from gofannon_conformance.documents.portable import portable_documents, small_documents
from gofannon_conformance.documents.wide import wide_documents

__all__ = [
    "HOSTILE_IDS",
    "KEY_FAMILIES",
    "RELATED_KEYS",
    "RESERVED_IDS",
    "TWINS",
    "AliasPair",
    "CollectionTwins",
    "Twins",
    "alias_pairs",
    "collection_twins",
    "hostile_collections",
    "hostile_ids",
    "ordinary_ids",
    "portable_documents",
    "small_documents",
    "wide_documents",
]
