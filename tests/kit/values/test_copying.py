"""Copies that share no container, and changes at every depth."""

from collections import OrderedDict

from gofannon_conformance.suite.expect.unspoilt import DEEP, spoil
from gofannon_conformance.values.copying import snapshot


def containers(value):
    if isinstance(value, (dict, list, tuple)):
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from containers(item)


def test_copy_is_equal_and_shares_no_container():
    doc = {**DEEP, "tuple": ({"a": [1]}, 2)}
    copy = snapshot(doc)
    assert copy == doc
    shared = {id(c) for c in containers(copy)} & {id(c) for c in containers(doc)}
    assert shared == {id(c) for c in containers(copy) if c == ()}


def test_other_values_are_kept():
    odd = OrderedDict(a=[1])
    thing = object()
    copy = snapshot({"odd": odd, "thing": [thing], 1: {2}})
    assert copy["odd"] is odd
    assert copy["thing"][0] is thing
    assert copy[1] == {2}
    assert snapshot("text") == "text"


def test_cycle_is_copied_as_a_cycle_and_one_container_in_two_places_stays_one():
    doc, items = {}, [1]
    doc["self"], doc["items"], doc["again"] = doc, items, items
    items.extend([items, (doc,)])
    copy = snapshot(doc)
    assert copy is not doc
    assert copy["self"] is copy
    assert copy["items"] is copy["again"] is not items
    assert copy["items"][1] is copy["items"]
    assert copy["items"][2][0] is copy


def test_spoiling_changes_every_container_and_nothing_else():
    before, doc = str(DEEP), snapshot(DEEP)
    spoil(doc)
    assert all("spoilt" in container for container in containers(doc))
    assert str(DEEP) == before
    assert spoil("text") is None
