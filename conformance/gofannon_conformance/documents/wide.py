"""Strategies of documents that a backend should hold (DOC-9, DOC-10, DOC-11)."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from gofannon_conformance.documents import portable

DEPTH = 64
"""The most levels of objects and arrays, the document itself counted (DOC-11)."""

WIDE_NUMBERS: tuple[int | float, ...] = (
    2**53 + 1, -(2**53) - 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64 - 1, 2**64, 2**70 + 1,
    10**30 + 1, 10**38 - 1, 10**39 + 1, 10**100 + 7, -(10**300),
    -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 2.225073858507201e-308, 1.5e-300, 1e-7, 1e-130,
    1e16, 1e21, 1e22, 1e126, 1e308, 1.7976931348623157e308, -1.7976931348623157e308, 1.0, 1e15,
)  # fmt: skip

WIDE_TOP_NAMES: tuple[str, ...] = (
    "", "_", "__", "_x", "_type", "_all_docs", "_attachments", "_deleted", "_design", "_key",
    "_value", "_ID", "_Id", "__x__", "__class__", "__proto__", "_id_", "_revisions", "__dict__",
    "_version", "_index", "_source", "_score", "_meta", "_etag", "_ts", "_rid", "_self", "_seq",
    "_created", "_updated", "_created_at", "_updated_at", "_expires_at", "_ttl", "_collection",
    "_data", "_doc", "_pk", "_hash", "_state", "_sa_instance_state", "_fields", "_tombstone",
    "_local_seq",
)  # fmt: skip
"""Top-level names that a backend should hold; `_id` and `_rev` are the backend's own."""


def wide_numbers() -> st.SearchStrategy[int | float]:
    """Return integers of up to 300 digits, and any finite float, `-0.0` included."""
    return st.one_of(
        st.sampled_from(WIDE_NUMBERS),
        st.integers(-(2**200), 2**200),
        st.floats(allow_nan=False, allow_infinity=False),
    )


@cache
def wide_documents(
    *, names: bool = True, numbers: bool = True, depth: bool = True
) -> st.SearchStrategy[portable.Document]:
    """Return any document that plain JSON can hold, to a depth of 64.

    Each of the three extensions of `portable_documents` can be switched off: `names` (empty, or
    beginning with `_` at the top level, except `_id` and `_rev`: DOC-9), `numbers` (of any size:
    DOC-10) and `depth` (64: DOC-11).
    """
    top = _wide_top_names() if names else portable.top_names()
    inner = st.just("") | portable.inner_names() if names else portable.inner_names()
    scalars = portable.texts() | (wide_numbers() if numbers else portable.numbers())
    values = (
        *(WIDE_NUMBERS if numbers else portable.SHARP_NUMBERS),
        *portable.SHARP_VALUES,
        *portable.nested((DEPTH if depth else portable.DEPTH) - 1),
        *([{"": {"": 1}}] if names else []),
    )
    sharp_names = WIDE_TOP_NAMES if names else portable.SHARP_NAMES
    return portable.documents_of(top, inner, scalars, portable.sharp_fields(sharp_names, values))


def _wide_top_names() -> st.SearchStrategy[str]:
    own = {"_id", "_rev"}
    free = st.text(max_size=12).map(lambda name: "_ID" if name in own else name)
    return st.sampled_from(WIDE_TOP_NAMES) | free
