"""Firestore documents for tests: names, values and documents as strategies."""

import json

from hypothesis import strategies as st

MARKER = "gofannon:json"


texts = st.text(st.characters(exclude_categories=())) | st.sampled_from(
    ["", "\ud800", "\x00", "2026-01-01", "null", "1"]
)


names = texts | st.sampled_from(
    ["", "__x__", "____", "a.b", "`", "^", "^5f^", MARKER, "_id", "x" * 1501, "é" * 400]
)


atoms = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)


values = st.recursive(
    atoms, lambda inner: st.lists(inner) | st.dictionaries(names, inner), max_leaves=12
)


documents = st.dictionaries(names, values, max_size=5)


def exact(value):
    """Return a text that differs where type or value differ: `True` from `1`, `1` from `1.0`."""
    return json.dumps(value, sort_keys=True)
