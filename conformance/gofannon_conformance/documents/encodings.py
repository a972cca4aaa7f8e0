"""Objects and texts that look like an encoding: a store that decodes what it did not encode errs.

A backend wraps what its store cannot hold, as in `{"$date": "…"}`, and unwraps what looks like it.
A caller's document may look like it, too: it is data, and comes back as it was.
"""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MOMENT = "2024-01-15T10:30:00"

PARSED: tuple[Any, ...] = (_MOMENT, "1.5", "aGk=", "[1, [2]]", [1, [2]], {"x": "1"}, 1, None, "")
"""Values that a decoder may parse, and some that it cannot."""

KNOWN: tuple[dict[str, Any], ...] = (
    # json-tricks
    {"__datetime__": None, "year": 2024, "month": 1, "day": 15}, {"__date__": None, "year": 2024},
    {"__complex__": [1, 2]}, {"__decimal__": "1.5"}, {"__fraction__": True, "numerator": 1},
    {"__set__": [1, 2]}, {"__ndarray__": [1], "dtype": "int64", "shape": [1]}, {"__path__": "/a"},
    {"__instance_type__": ["a", "B"], "attributes": {"x": 1}}, {"__bytes_b64__": "aGk="},
    # jsonpickle
    {"py/object": "datetime.datetime", "__reduce__": []}, {"py/type": "builtins.int"},
    {"py/tuple": [1, 2]}, {"py/set": [1]}, {"py/b64": "aGk="}, {"py/id": 1}, {"py/ref": "/"},
    {"py/reduce": [{"py/type": "x"}, None]}, {"py/repr": "a/b"}, {"py/state": {}},
    # BSON's extended JSON, versions 1 and 2
    {"$oid": "507f1f77bcf86cd799439011"}, {"$date": f"{_MOMENT}Z"}, {"$date": 1705314600000},
    {"$date": {"$numberLong": "1705314600000"}}, {"$numberInt": "1"}, {"$numberLong": "1"},
    {"$numberDouble": "Infinity"}, {"$numberDouble": "1.5"}, {"$numberDecimal": "1.5"},
    {"$binary": {"base64": "aGk=", "subType": "00"}}, {"$binary": "aGk=", "$type": "00"},
    {"$uuid": "550e8400-e29b-41d4-a716-446655440000"}, {"$symbol": "a"}, {"$undefined": True},
    {"$regularExpression": {"pattern": "a", "options": "i"}}, {"$regex": "a", "$options": "i"},
    {"$timestamp": {"t": 1, "i": 1}}, {"$code": "x", "$scope": {}}, {"$minKey": 1}, {"$maxKey": 1},
    {"$ref": "c", "$id": "i", "$db": "d"}, {"$escape": {"$date": 1}}, {"$InfNaN": 1},
    {"$type": "oid", "$value": "1"}, {"$values": [1]},
    # DynamoDB's JSON
    {"S": "x"}, {"N": "1"}, {"N": "1.5"}, {"B": "aGk="}, {"BOOL": True}, {"NULL": True},
    {"L": [{"S": "x"}]}, {"M": {"a": {"N": "1"}}}, {"SS": ["a"]}, {"NS": ["1"]}, {"BS": ["aGk="]},
    # Firestore's and Firebase's REST
    {"stringValue": "x"}, {"integerValue": "1"}, {"doubleValue": 1.5}, {"booleanValue": True},
    {"nullValue": None}, {"timestampValue": f"{_MOMENT}Z"}, {"bytesValue": "aGk="},
    {"mapValue": {"fields": {"a": {"integerValue": "1"}}}}, {"referenceValue": "projects/p"},
    {"arrayValue": {"values": [{"integerValue": "1"}]}}, {"arrayValue": {}},
    {"geoPointValue": {"latitude": 1.5, "longitude": 2}}, {".sv": "timestamp"}, {".value": 1},
    # other libraries
    {"__type__": "datetime", "__value__": _MOMENT}, {"model": "app.user", "pk": 1, "fields": {}},
    {"json_class": "Time", "s": 1}, {"^o": "A"}, {"@class": "java.util.Date", "time": 1},
    {"@type": "xsd:dateTime", "@value": _MOMENT}, {"json": {"a": "1"}, "meta": {"values": {}}},
    {"__root__": [1]}, {"_type": "app.User", "name": "x"}, {"type": "Buffer", "data": [104, 105]},
    {"tag": 0, "value": _MOMENT}, {"__ext__": 1, "data": "aGk="}, {"__dict__": [["a", 1]]},
    {"~#set": [1]}, {"^ ": [1]}, {"__nested__": [[1]]}, {"__array__": [1]}, {"__json__": "[1]"},
    {"$json": "[1]"}, {"json": "[1]"}, {"__bigint__": "1"}, {"__int__": "1"}, {"__float__": "nan"},
)  # fmt: skip
"""Objects as known libraries write what JSON, or a store, cannot hold."""

_WORDS = (
    "datetime", "date", "time", "timestamp", "decimal", "bytes", "binary", "base64", "set", "tuple",
    "frozenset", "uuid", "bigint", "int", "float", "number", "complex", "nan", "inf", "list",
    "array", "nested", "object", "dict", "map", "json", "encoded", "escaped", "wrapped", "packed",
    "pickle", "type", "class", "value", "raw", "special", "enum", "null", "bool", "str",
)  # fmt: skip
_MARKED = (
    "__{}__", "__{}", "{}__", "_{}_", "_{}", "${}", "${}$", "$${}", "@{}", "@{}@", "#{}", ":{}",
    "%{}", "~{}", "^{}", "!{}", "&{}", "*{}", "<{}>", "{{{}}}", "[{}]", "py/{}", "py:{}", "{}:",
    "x-{}", "db:{}", "json:{}", "gofannon:{}", "gofannon_{}",
)  # fmt: skip
_TYPE_NAMES = (
    "__type__", "__type", "_type", "type", "$type", "@type", "__class__", "_t", "t", "kind", "tag",
)  # fmt: skip
_VALUE_NAMES = ("value", "_value", "__value__", "$value", "data", "v", "repr", "iso", "items")

_TAGGED = ("datetime", "bytes", "decimal", "set", "tuple", "int", "float", "nested")

_PREFIXES = (
    "base64:", "b64:", "json:", "datetime:", "date:", "decimal:", "bytes:", "int:", "float:",
    "bool:", "null:", "uuid:", "set:", "tuple:", "list:", "pickle:", "yaml:", "hex:", "gz:", "enc:",
    "iso:", "ts:", "num:", "str:", "s:", "i:", "f:", "n:", "d:", "b:", "j:", "@json:", "$json:",
    "!json ", "__json__:", "__datetime__:", "{TinyDate}:", "{TinyDecimal}:", "~t", "~m", "~d", "~i",
    "~:", "~#", "^", "\x00", "\x00json:", "\x01", "\x1f", "!!python/tuple ", "!!python/object:",
    "!!timestamp ", "!!binary ", "!!set ", "!!float ", "!datetime ", "<datetime>", "#json#",
    "[datetime]", "(datetime)", "datetime.datetime(", "Decimal('", "b'", "ObjectId(\"", "ISODate(",
)  # fmt: skip
_PAYLOADS = (_MOMENT, "aGk=", "1.5", "[1, 2]", "x")

IN_ONE = 250
"""Objects, or texts, in one document: there are many, and a call may cost much."""


def _marked() -> Iterator[dict[str, Any]]:
    """Yield objects of one field and of two, as an author may think of them."""
    values = PARSED[:5]
    for word, mark, value in product(_WORDS, _MARKED, values):
        yield {mark.format(word): value}
    for kind, name, word, value in product(_TYPE_NAMES, _VALUE_NAMES, _TAGGED, values):
        yield {kind: word, name: value}


def _together(parts: Iterable[Any], label: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield documents that hold some parts each, in a list and as fields."""
    left = iter(parts)
    while some := list(islice(left, IN_ONE)):
        named = {f"f{number}": part for number, part in enumerate(some)}
        first = str(some[0])[:60]
        yield f"{label} from {first}", {"l": some, "o": named}


def encoded_objects() -> dict[str, dict[str, Any]]:
    """Return documents that are, or hold, objects that look like an encoding."""
    alone = {f"only {list(one)}": one for one in KNOWN if not any(n[:1] == "_" for n in one)}
    varied = [{next(iter(one)): value} for one in KNOWN for value in PARSED]
    return {
        **alone,
        **dict(_together(KNOWN, "known encodings")),
        **dict(_together(varied, "their names with other values")),
        **dict(_together(_marked(), "marked objects")),
    }


def encoded_texts() -> dict[str, dict[str, Any]]:
    """Return documents that hold texts that look like an encoding."""
    texts = [prefix + payload for prefix in _PREFIXES for payload in _PAYLOADS]
    return dict(_together(texts, "texts"))
