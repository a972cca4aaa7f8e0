"""Values that JSON cannot hold, and the conversions that the contract allows."""

import json
import math
from collections import OrderedDict, defaultdict
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from gofannon_conformance.documents.unstorable import (
    CONVERTIBLE,
    NOT_DICTS,
    UNSTORABLE,
    Level,
    Mood,
    Name,
    Opaque,
    is_conversion,
    placed,
    unlike,
)

WHEN = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize("label", UNSTORABLE)
def test_json_does_not_return_an_unstorable_value(label):
    value = UNSTORABLE[label]
    try:
        again = json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError):
        return
    assert again != value


def test_value_that_is_no_document_is_no_dict():
    assert not any(isinstance(value, dict) for value in NOT_DICTS.values())


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (WHEN, "2024-01-15T10:30:00+00:00"),
        (WHEN, "2024-01-15T10:30:00Z"),
        (WHEN, "2024-01-15T12:30:00+02:00"),
        (WHEN.replace(tzinfo=None, hour=0, minute=0), "2024-01-15T00:00:00"),
        (date(2024, 1, 15), "2024-01-15"),
        (Decimal("87.50"), 87.5),
        (Decimal(7), 7),
        ((1, (2,)), [1, [2]]),
        ([(1,)], [[1]]),
        (OrderedDict(a=(1,)), {"a": [1]}),
        (defaultdict(list, a=[1]), {"a": [1]}),
        (Level.HIGH, 3),
        (Mood.CALM, "calm"),
        (Name("name"), "name"),
    ],
)
def test_allowed_conversion(value, found):
    assert is_conversion(value, found)
    assert unlike({"v": value}, {"v": found}) == []


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (WHEN, "2024-01-15"),
        (WHEN, "2024-01-15T10:30:00"),
        (WHEN, "2024-01-15T10:30:01Z"),
        (WHEN, "15 January 2024T"),
        (WHEN, 1705314600),
        (WHEN, datetime(2024, 1, 15, 12, 30, tzinfo=timezone(timedelta(hours=3)))),
        (date(2024, 1, 15), "2024-01-15T00:00:00"),
        (Decimal("87.50"), "87.50"),
        (Decimal("87.50"), 87),
        (Decimal(1), True),
        ((1, 2), [1]),
        ((1, 2), [2, 1]),
        ((1, 2), "[1, 2]"),
        (OrderedDict(a=1), {"a": 1, "b": 2}),
        (OrderedDict(a=1), [["a", 1]]),
        (Level.HIGH, "3"),
        (Mood.CALM, Name("calm")),
        (True, 1),
        ({1, 2}, [1, 2]),
        (Opaque("o"), "o"),
        (b"ab", "ab"),
        (None, "None"),
        (math.nan, None),
    ],
)
def test_conversion_that_is_not_allowed(value, found):
    assert not is_conversion(value, found)
    assert unlike({"v": value}, {"v": found}) != []


@pytest.mark.parametrize("label", CONVERTIBLE)
def test_missing_convertible_value_is_a_difference(label):
    assert unlike({"v": CONVERTIBLE[label]}, {}) != []
    assert unlike({"v": CONVERTIBLE[label]}, {"v": CONVERTIBLE[label]}) == []


def test_opaque_object_is_equal_to_its_copy():
    assert Opaque("a") == Opaque("a") != Opaque("b")
    assert Opaque("a") != "a"
    assert (len({Opaque("a"), Opaque("a")}), repr(Opaque("a"))) == (1, "Opaque('a')")


def test_value_is_placed_between_others():
    places = placed(b"x", among={"first": 1})
    assert list(places) == ["as a field", "in a list", "in lists", "deep down"]
    assert all(next(iter(doc)) == "first" for doc in places.values())
    assert places["deep down"]["o"]["p"] == [{"q": b"x"}]
