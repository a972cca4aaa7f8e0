"""Strategies: their bounds, the edge cases that they reach, no shared objects between draws."""

import json
import posixpath
import re
import unicodedata
from urllib.parse import unquote

import pytest
from drawn import sample, values_in
from hypothesis import find, given, settings

from gofannon_conformance.documents.collections import (
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
    hostile_ids,
    ordinary_ids,
)
from gofannon_conformance.documents.portable import (
    SMALL_DOCUMENTS,
    portable_documents,
    small_documents,
)
from gofannon_conformance.documents.wide import wide_documents
from gofannon_conformance.values.equality import differences

NO_HEALTH_CHECK_IS_SWITCHED_OFF = settings(max_examples=10, database=None)


def depth(value):
    if not isinstance(value, (dict, list)):
        return 0
    return 1 + max(map(depth, value.values() if isinstance(value, dict) else value), default=0)


def names_in(value):
    for inner in values_in(value):
        if isinstance(inner, dict):
            yield from inner


def is_negative_zero(value):
    return type(value) is float and value == 0 and str(value).startswith("-")


@pytest.fixture(scope="module")
def portable():
    return sample(portable_documents(), 1_000)


@pytest.fixture(scope="module")
def wide():
    return sample(wide_documents(), 1_000)


@pytest.mark.parametrize(
    "strategy", [portable_documents(), wide_documents(), ordinary_ids(), hostile_ids()]
)
def test_strategies_pass_the_health_checks(strategy):
    NO_HEALTH_CHECK_IS_SWITCHED_OFF(given(strategy)(lambda drawn: None))()


def test_a_portable_document_is_portable(portable):
    for document in portable:
        assert type(document) is dict
        assert depth(document) <= 16
        assert not any(name.startswith("_") for name in document)
        assert "" not in list(names_in(document))
        for value in values_in(document):
            assert type(value) in (dict, list, str, int, float, bool, type(None))
            if type(value) is int:
                assert abs(value) <= 2**53
            if type(value) is float:
                assert value == 0 or 1e-6 <= abs(value) <= 1e15
                assert not is_negative_zero(value)
        json.dumps(document, allow_nan=False).encode()
        json.dumps(document, ensure_ascii=False).encode("utf-8")  # no lone surrogate


def test_a_wide_document_is_plain_json(wide):
    for document in wide:
        assert depth(document) <= 64
        assert not {"_id", "_rev"} & document.keys()
        text = json.dumps(document, allow_nan=False, ensure_ascii=False)
        assert differences(document, json.loads(text.encode("utf-8").decode())) == []


PORTABLE_SHARES = {
    "null": (0.2, lambda v: v is None),
    "a boolean": (0.2, lambda v: type(v) is bool),
    "an empty object": (0.15, lambda v: type(v) is dict and not v),
    "an empty array": (0.15, lambda v: type(v) is list and not v),
    "an empty text": (0.1, lambda v: v == ""),
    "an array in an array": (0.1, lambda v: type(v) is list and any(type(i) is list for i in v)),
    "NUL": (0.02, lambda v: type(v) is str and "\x00" in v),
    "space at an end": (0.05, lambda v: type(v) is str and v != v.strip()),
    "a character outside the basic plane": (
        0.05,
        lambda v: type(v) is str and any(c > "\uffff" for c in v),
    ),
    "text that is not in form C": (
        0.02,
        lambda v: type(v) is str and v != unicodedata.normalize("NFC", v),
    ),
    "a time stamp": (0.004, lambda v: v == "2024-01-15T10:30:00Z"),
    "an integer past 32 bits": (0.05, lambda v: type(v) is int and abs(v) > 2**32),
    "a float of a full mantissa": (
        0.2,
        lambda v: type(v) is float and v.as_integer_ratio()[0].bit_length() > 50,
    ),
    "a whole float": (0.1, lambda v: type(v) is float and v.is_integer()),
    "fifty items": (0.005, lambda v: type(v) is list and len(v) >= 50),
    "an inner _id": (0.01, lambda v: type(v) is dict and "_id" in v),
    "depth 16": (0.02, lambda v: type(v) is dict and depth(v) == 16),
}


@pytest.mark.parametrize("name", ["a.b", "$set", "a/b", "id", "rev", "data", "key", "é", "\x00"])
def test_portable_documents_reach_the_names_of_the_table(portable, name):
    assert sum(name in document for document in portable) >= 4


WIDE_SHARES = {
    "an integer past 2^53": (0.15, lambda v: type(v) is int and abs(v) > 2**53),
    "an integer past 2^64": (0.1, lambda v: type(v) is int and abs(v) > 2**64),
    "minus zero": (0.01, is_negative_zero),
    "the smallest float": (0.005, lambda v: type(v) is float and v == 5e-324),
    "the largest float": (0.005, lambda v: v == 1.7976931348623157e308),
    "depth 64": (0.03, lambda v: type(v) is dict and depth(v) == 64),
    "an inner empty name": (0.02, lambda v: type(v) is dict and "" in v),
}


@pytest.mark.parametrize(
    ("kind", "case"),
    [*(("portable", c) for c in PORTABLE_SHARES), *(("wide", c) for c in WIDE_SHARES)],
)
def test_documents_reach_their_edge_cases(request, kind, case):
    share, is_edge = {"portable": PORTABLE_SHARES, "wide": WIDE_SHARES}[kind][case]
    documents = request.getfixturevalue(kind)
    reached = sum(any(map(is_edge, values_in(document))) for document in documents)
    assert reached >= share * len(documents), f"{reached} of {len(documents)}"


@pytest.mark.parametrize(
    ("switched_off", "is_wide"),
    [
        ("numbers", lambda d: any(type(v) is int and abs(v) > 2**53 for v in values_in(d))),
        ("names", lambda d: "" in list(names_in(d)) or any(n.startswith("_") for n in d)),
        ("depth", lambda d: depth(d) > 16),
    ],
)
def test_each_kind_of_width_can_be_switched_off(wide, switched_off, is_wide):
    assert any(map(is_wide, wide))
    assert not any(map(is_wide, sample(wide_documents(**{switched_off: False}), 300)))


@pytest.mark.parametrize(
    ("is_wrong", "smallest"),
    [
        (lambda d: any(v is None for v in values_in(d)), 1),
        (lambda d: any(v == "2024-01-15T10:30:00Z" for v in values_in(d)), 1),
        (lambda d: "a.b" in d, 1),
        (lambda d: len(d) >= 2, 2),
    ],
)
def test_a_failing_document_shrinks_to_the_field_that_matters(is_wrong, smallest):
    assert len(find(portable_documents(), is_wrong)) == smallest


def test_no_two_draws_share_an_object(portable, wide):
    for drawn in (portable, wide, sample(small_documents(), 100)):
        seen = [value for document in drawn for value in values_in(document)]
        containers = [value for value in seen if isinstance(value, (dict, list))]
        assert len({id(value) for value in containers}) == len(containers)


def test_small_documents_show_a_merge():
    drawn = sample(small_documents(), 100)
    assert all(document in SMALL_DOCUMENTS for document in drawn)
    inner = [document["a"] for document in drawn if isinstance(document.get("a"), dict)]
    assert {tuple(value) for value in inner} >= {("x",), ("y",)}


def test_an_ordinary_id_is_a_plain_word():
    for doc_id in sample(ordinary_ids(), 200):
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}", doc_id)


def test_hostile_ids_are_valid_and_reach_most_of_the_tables_and_long_ones():
    drawn = sample(hostile_ids(), 2_000)
    for doc_id in drawn:
        assert type(doc_id) is str
        assert 1 <= len(doc_id) <= 200
        doc_id.encode("utf-8")
    table = {*HOSTILE_IDS, *RESERVED_IDS}
    assert len(table & set(drawn)) > 0.8 * len(table)
    assert sum(len(doc_id) > 100 for doc_id in drawn) > 50


def test_every_character_and_id_that_the_contract_names_is_in_the_tables():
    marks = (*"/?#%+&=:@ '\"\\`*\x00\n", "😀", "é", "e\u0301")
    assert [mark for mark in marks if not any(mark in doc_id for doc_id in HOSTILE_IDS)] == []
    named = (
        "_all_docs", "_design/x", "_security", "__x__", ".", "..", "../users/u1", "a/b/c",
        "; DROP TABLE agents --", "%2e%2e%2f",
    )  # fmt: skip
    assert set(named) <= set(RESERVED_IDS)


@pytest.mark.parametrize("table", [HOSTILE_IDS, RESERVED_IDS, RELATED_KEYS, *KEY_FAMILIES])
def test_a_table_of_ids_holds_each_once_and_valid(table):
    assert len(set(table)) == len(table)
    assert all(1 <= len(doc_id) <= 200 for doc_id in table)
    assert "\n".join(table).encode("utf-8")


def test_twins_are_two_valid_ids_with_their_own_label():
    assert all(twins.first != twins.second for twins in TWINS)
    ids = [doc_id for twins in TWINS for doc_id in (twins.first, twins.second)]
    assert [doc_id for doc_id in ids if not 1 <= len(doc_id) <= 200] == []
    assert len({twins.label for twins in TWINS}) == len(TWINS)


MISTAKES = {
    "lower case": str.lower,
    "case folding": str.casefold,
    "form C": lambda i: unicodedata.normalize("NFC", i),
    "form D": lambda i: unicodedata.normalize("NFD", i),
    "form KC": lambda i: unicodedata.normalize("NFKC", i),
    "trimming": str.strip,
    "trimming on the left": str.lstrip,
    "trimming on the right": str.rstrip,
    "cut at NUL": lambda i: i.split("\x00")[0],
    "NUL dropped": lambda i: i.replace("\x00", ""),
    "control characters dropped": lambda i: re.sub(r"[\x00-\x1f]", "", i),
    "slashes replaced": lambda i: i.replace("/", "_"),
    "ASCII only": lambda i: i.encode("ascii", "ignore").decode(),
    "question marks": lambda i: i.encode("ascii", "replace").decode(),
    "percent-decoded": unquote,
    "a number": lambda i: float(i) if re.fullmatch(r"[+-]?[\d.e]+", i) else i,
    "words made safe": lambda i: re.sub(r"\W", "_", i),
    "paths made plain": posixpath.normpath,
    **{f"cut at {n}": (lambda i, n=n: i[:n]) for n in (32, 64, 100, 128, 191, 199)},
    "cut at 255 bytes": lambda i: i.encode()[:255],
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_known_mistake_makes_some_twins_one(mistake):
    spoilt = MISTAKES[mistake]
    assert any(spoilt(twins.first) == spoilt(twins.second) for twins in TWINS)


@pytest.mark.parametrize(
    "mistake",
    ["lower case", "form C", "trimming", "cut at 191", "a number", "percent-decoded",
     "slashes replaced", "words made safe"],
)  # fmt: skip
def test_the_related_keys_show_the_common_mistakes(mistake):
    assert len({MISTAKES[mistake](key) for key in RELATED_KEYS}) < len(RELATED_KEYS)


PREFIX = "gcab12"


def test_hostile_collections_are_few_and_the_runs_own():
    names = hostile_collections(PREFIX)
    assert len(names) == len(set(names)) <= 20
    assert all(name.startswith(PREFIX) for name in names)
    assert PREFIX not in names


@pytest.mark.parametrize("mark", [":", "/", "_", "-", ".", "\x00", ""])
def test_alias_pairs_are_one_place_when_joined(mark):
    pairs = alias_pairs(PREFIX)
    joined = [pair for pair in pairs if mark.join(pair.first) == mark.join(pair.second)]
    assert joined
    assert all(pair.first != pair.second for pair in pairs)


@pytest.mark.parametrize(
    "mistake",
    [
        str.lower,
        str.strip,
        lambda name: unicodedata.normalize("NFC", name),
        lambda name: re.sub(r"[^a-zA-Z0-9_]", "_", name),
        lambda name: name[:63],
        lambda name: name[:255],
    ],
)
def test_collection_twins_show_the_common_mistakes(mistake):
    twins = collection_twins(PREFIX)
    assert all(pair.first != pair.second for pair in twins)
    assert any(mistake(pair.first) == mistake(pair.second) for pair in twins)
