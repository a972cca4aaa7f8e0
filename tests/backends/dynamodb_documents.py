"""Documents that are hard for DynamoDB, and what it means for two of them to be the same."""

import re
from typing import Any

from hypothesis import strategies as st

from gofannon_backends._dynamodb_items import WIDE_FIELD
from gofannon_backends.encoding import MARKER

# JSON makes one character of two halves that stand side by side: that is `encoding`'s to know.
SPLIT = re.compile("[\ud800-\udbff][\udc00-\udfff]")
TEXT = st.text(st.characters(exclude_categories=())).filter(lambda text: not SPLIT.search(text))
NAME = TEXT | st.sampled_from(["", MARKER, WIDE_FIELD, "S", "N"])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**60), 10**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-20, 20).map(float)
    | TEXT
    | st.sampled_from(["{}", '{"gofannon:json":"1"}']),
    lambda inner: st.lists(inner) | st.dictionaries(NAME, inner),
)

FIELDS = st.dictionaries(NAME.filter(lambda name: name not in {"_id", "_rev"}), JSON)


def assert_same(left: Any, right: Any) -> None:
    assert type(left) is type(right)
    if isinstance(left, dict):
        assert left.keys() == right.keys()
        for name in left:
            assert_same(left[name], right[name])
    elif isinstance(left, list):
        assert len(left) == len(right)
        for one, other in zip(left, right, strict=True):
            assert_same(one, other)
    else:
        assert repr(left) == repr(right)
