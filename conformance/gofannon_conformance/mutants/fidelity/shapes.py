"""Services that return an object or an array in another shape: DOC-1 to DOC-10."""

from itertools import islice
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutations import Change, each, named, of, reading


def every_object(change: Change) -> Change:
    """Return a change of each object, the document included."""
    inner = each(of(dict, change))
    return lambda doc: change(inner(doc))


def without(name: str) -> Change:
    return lambda doc: {k: v for k, v in doc.items() if k != name}


def all_are(kind: type, values: list[Any]) -> bool:
    return bool(values) and all(type(value) is kind for value in values)


def in_order(values: list[Any]) -> Any:
    return sorted(values) if all_are(int, values) or all_are(str, values) else values


def as_bytes(values: list[Any]) -> Any:
    small = all_are(int, values) and len(values) > 16 and all(0 <= v < 256 for v in values)
    return bytes(values).decode("latin-1") if small else values


def split_at_commas(values: list[Any]) -> Any:
    return ",".join(values).split(",") if all_are(str, values) else values


def ints_to_floats(values: list[Any]) -> Any:
    gap = None in values
    return [float(v) if gap and type(v) is int and abs(v) <= 2**53 else v for v in values]


def signs_lost(values: list[Any]) -> Any:
    return [abs(v) if type(v) is float and v == 0 else v for v in values]


def unmarked(fields: dict[str, Any]) -> Any:
    return fields.get("value") if "__type__" in fields else fields


def merged(fields: dict[str, Any]) -> Any:
    below = fields.get("<<")
    return {**below, **without("<<")(fields)} if isinstance(below, dict) else fields


def error_raised(doc: dict[str, Any]) -> Any:
    if list(doc) == ["error"]:
        raise HTTPException(500, f"the store says {doc['error']}")
    return doc


SHAPES = reading(
    # DOC-1, DOC-4
    ("inner_objects_of_1000_fields", "DOC-1", "Objects in objects hold up to 1,000 fields.",
     each(of(dict, lambda o: dict(islice(o.items(), 1000))))),
    ("ints_beside_null_are_floats", "DOC-4", "Integers in an array with a null become floats.",
     each(of(list, ints_to_floats))),
    # DOC-6
    ("array_of_an_empty_object_is_empty", "DOC-6", "[{}] comes back as [].",
     each(of(list, lambda v: [] if v == [{}] else v))),
    ("array_of_an_empty_array_is_empty", "DOC-6", "[[]] comes back as [].",
     each(of(list, lambda v: [] if v == [[]] else v))),
    # DOC-7
    ("arrays_of_one_type_are_sorted", "DOC-7", "Arrays of integers, and of texts, are sorted.",
     each(of(list, in_order))),
    ("arrays_of_small_ints_are_text", "DOC-7", "Arrays of many integers below 256 become text.",
     each(of(list, as_bytes))),
    ("arrays_of_texts_split_at_commas", "DOC-7", "Arrays of texts are joined by commas and split.",
     each(of(list, split_at_commas))),
    # DOC-8
    *(
        (f"field_{label}_dropped", "DOC-8", f"The field `{field}` is dropped as the store's own.",
         without(field))
        for label, field in (
            ("dollar_ref", "$ref"), ("dollar_date", "$date"), ("sharp_text", "#text"),
            ("tags", "tags"), ("model_config", "model_config"),
        )
    ),
    ("type_markers_unwrapped", "DOC-8", "An object with `__type__` comes back as its `value`.",
     each(of(dict, unmarked))),
    ("dunder_dots_unescaped", "DOC-8", "`__dot__` in a field name comes back as a dot.",
     named(lambda n: n.replace("__dot__", "."))),
    ("field_names_end_at_a_quote", "DOC-8", "A field name ends at a double quote in it.",
     named(lambda n: n.partition('"')[0] or n)),
    ("merge_keys_merged", "DOC-8", "The object in a field `<<` is merged into the outer one.",
     every_object(merged)),
    ("field_names_cut_at_1024", "DOC-8", "Field names are cut at 1,024 characters.",
     named(lambda n: n[:1024])),
    ("only_error_is_raised", "DOC-8", "A document with the only field `error` is raised as one.",
     error_raised),
    # DOC-10
    ("minus_zero_in_arrays_is_zero", "DOC-10", "-0.0 in an array loses its sign.",
     each(of(list, signs_lost))),
)  # fmt: skip
"""Services whose `get()` and `list_all()` change the shape of a document."""
