"""Services that decode what looks like an encoding, though a caller has saved it: DOC-3, DOC-8."""

import json
from collections.abc import Callable
from typing import Any

from gofannon_conformance.mutants.mutant import breaks
from gofannon_conformance.mutants.mutations import Change, each, of, reading
from gofannon_conformance.mutants.right import Right


def unwraps(name: str, decode: Callable[[Any], Any], kind: type = str) -> Change:
    """Return a change of each object whose only field has a name and a value of a type."""

    def unwrapped(fields: dict[str, Any]) -> Any:
        if list(fields) != [name] or type(fields[name]) is not kind:
            return fields
        try:
            return decode(fields[name])
        except ValueError:
            return fields

    return each(of(dict, unwrapped))


def without_prefix(prefix: str, decode: Callable[[str], Any] = str) -> Change:
    """Return a change of each text that begins with a prefix."""

    def decoded(text: str) -> Any:
        try:
            return decode(text[len(prefix) :]) if text.startswith(prefix) else text
        except ValueError:
            return text

    return each(of(str, decoded))


ENCODED = [
    *reading(
        ("dunder_datetimes_unwrapped", "DOC-8", 'An object {"__datetime__": text} is read as text.',
         unwraps("__datetime__", str)),
        ("bson_longs_unwrapped", "DOC-8", 'An object {"$numberLong": text} is read as an integer.',
         unwraps("$numberLong", int)),
        ("dynamodb_numbers_unwrapped", "DOC-8", 'An object {"N": text} is read as a number.',
         unwraps("N", float)),
        ("firestore_integers_unwrapped", "DOC-8", 'An object {"integerValue": text} is an integer.',
         unwraps("integerValue", int)),
        ("pickled_tuples_unwrapped", "DOC-8", 'An object {"py/tuple": array} is read as the array.',
         unwraps("py/tuple", list, list)),
        ("own_arrays_unwrapped", "DOC-8", 'An object {"gofannon:array": array} is the array.',
         unwraps("gofannon:array", list, list)),
        ("json_in_dollars_decoded", "DOC-8", 'An object {"$json": text} is read as what it holds.',
         unwraps("$json", json.loads)),
        ("json_prefix_decoded", "DOC-3", "A text that begins with `json:` is read as JSON.",
         without_prefix("json:", json.loads)),
        ("tiny_dates_decoded", "DOC-3", "`{TinyDate}:` is taken from the beginning of a text.",
         without_prefix("{TinyDate}:")),
    ),
]  # fmt: skip


class Wraps(Right):
    """Arrays in arrays are wrapped in an object, and what looks like it is unwrapped."""

    last: "Wraps"

    def __init__(self) -> None:
        super().__init__()
        Wraps.last = self

    def written(self, doc: Any) -> Any:
        text = super().written(doc)
        return json.dumps({name: self.wrapped(value) for name, value in json.loads(text).items()})

    def read(self, text: Any) -> Any:
        return {name: self.unwrapped(value) for name, value in json.loads(text).items()}

    def wrapped(self, value: Any) -> Any:
        if isinstance(value, list) and any(isinstance(item, list) for item in value):
            return {"rows of 7c41": value}
        return value

    def unwrapped(self, value: Any) -> Any:
        is_wrapped = isinstance(value, dict) and list(value) == ["rows of 7c41"]
        return value["rows of 7c41"] if is_wrapped else value


def held(collection: str, doc_id: str) -> Any:
    """Return what the last service holds for a document."""
    return json.loads(Wraps.last.found(collection, doc_id).text)


breaks(ENCODED, "own_wrapper_is_not_escaped", "DOC-8", raw=held)(Wraps)
