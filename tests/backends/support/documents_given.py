"""Documents as strategies: values that a store may lose, and names that it may refuse."""

import json

from hypothesis import strategies as st

from gofannon_backends.base.encoding import MARKER

texts = st.text(st.characters(exclude_categories=())) | st.sampled_from(
    ["", "\ud800", "\x00", "2026-01-01", "null", "1", "{}", MARKER, '{"gofannon:json":"1"}']
)

names = texts | st.sampled_from(
    [
        *("", "__x__", "____", "__proto__", "_x", "a.b", "`", "^", "^5f^", "␛5f␛", MARKER),
        *("gofannon:fields", "S", "N", "x" * 1501, "é" * 400),
    ]
)

numbers = (
    st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-20, 20).map(float)
    | st.sampled_from([10**308, -(10**1000), -0.0, 5e-324, -5e-324, 1e-308, 1e16])
)

values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)

documents = st.dictionaries(
    names.filter(lambda name: name not in {"_id", "_rev"}), values, max_size=5
)


def exact(value):
    """Return a text that differs where type or value differ: `True` from `1`, `1` from `1.0`."""
    return json.dumps(value, sort_keys=True)
