"""Services that take other documents for those that a selector means: FIND-1 and FIND-5."""

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Complete
from gofannon_conformance.mutants.right.complete import by_type, canonical

FINDING_VALUES: list[Mutant] = []
row = partial(breaks, FINDING_VALUES)

Same = Callable[[Any, Any], bool]
"""Tells whether the value that was asked for is the one that a document holds."""


def compares(name: str, mistake: str, same: Same) -> None:
    """Enter a service that compares values in a way of its own."""

    class Compares(Complete):
        def same(self, asked: Any, held: Any) -> bool:
            return same(asked, held)

    Compares.__doc__ = mistake
    row(name, "FIND-1")(Compares)


def texts_by(change: Callable[[str], str]) -> Same:
    """Compare texts as a change leaves them, and other values rightly."""

    def same(asked: Any, held: Any) -> bool:
        both = isinstance(asked, str) and isinstance(held, str)
        return change(asked) == change(held) if both else canonical(asked) == canonical(held)

    return same


def contained(asked: Any, held: Any) -> bool:
    """Compare objects by the fields of the one that was asked for."""
    if isinstance(asked, dict) and isinstance(held, dict):
        return all(name in held and contained(value, held[name]) for name, value in asked.items())
    return canonical(asked) == canonical(held)


def in_order(asked: Any, held: Any) -> bool:
    """Compare objects with the order of their fields."""
    if isinstance(asked, dict) and isinstance(held, dict):
        return list(asked) == list(held) and asked == held
    return canonical(asked) == canonical(held)


def rounded(value: Any) -> Any:
    """Round a float to nine digits."""
    return round(value, 9) if isinstance(value, float) else value


def beginning(value: Any) -> Any:
    """Give the first 256 items of a longer array."""
    return value[:256] if isinstance(value, list) and len(value) > 256 else value


for name, mistake, same in (
    ("find_takes_true_for_1", "Values are compared by `==`: True is 1.", lambda a, b: a == b),
    ("find_takes_1_for_its_text", "Values are compared as text.", lambda a, b: str(a) == str(b)),
    ("find_ignores_case", "Text is compared without its case.", texts_by(str.casefold)),
    ("find_strips_text", "Text is compared without space at its ends.", texts_by(str.strip)),
    ("find_normalises_text", "Text is compared in one Unicode normal form.",
     texts_by(lambda text: unicodedata.normalize("NFC", text))),
    ("find_compares_up_to_nul", "Text is compared up to U+0000.",
     texts_by(lambda text: text.split("\0")[0])),
    ("find_compares_2000_characters", "Text is compared up to 2,000 characters.",
     texts_by(lambda text: text[:2000])),
    ("find_takes_parts_of_objects", "An object is found by a part of it.", contained),
    ("find_looks_into_arrays", "An array is found by one of its items.",
     lambda a, b: canonical(a) == canonical(b) or (isinstance(b, list) and a in b)),
    ("find_sorts_arrays", "Arrays are compared without their order.",
     lambda a, b: sorted(canonical(a)) == sorted(canonical(b))),
    ("find_compares_256_items", "Arrays are compared up to 256 items.",
     lambda a, b: canonical(beginning(a)) == canonical(beginning(b))),
    ("find_finds_no_long_arrays", "An array of more than 256 items is never found.",
     lambda a, b: beginning(a) is a and canonical(a) == canonical(b)),
    ("find_folds_letters_beyond_ascii", "Texts of other letters than ASCII are found in any case.",
     texts_by(lambda text: text if text.isascii() else text.lower())),
    ("find_rounds_floats", "Floats are compared to nine digits.",
     lambda a, b: canonical(rounded(a)) == canonical(rounded(b))),
    ("find_minds_the_order_of_fields", "Objects are compared with the order of their fields.",
     in_order),
    ("find_finds_no_objects", "No object and no array is ever found.",
     lambda a, b: not isinstance(a, (dict, list)) and canonical(a) == canonical(b)),
    ("find_finds_no_null", "Null is never found.",
     lambda a, b: a is not None and canonical(a) == canonical(b)),
    ("find_takes_falsy_for_falsy", "Values that are falsy are all the same.",
     lambda a, b: canonical(a) == canonical(b) or (not a and not b)),
):  # fmt: skip
    compares(name, mistake, same)


@row("find_by_any_field_of_the_selector", "FIND-1")
class AnyField(Complete):
    """A document is found if one field of the selector is equal."""

    def means(self, selector: dict[str, Any], doc: dict[str, Any]) -> bool:
        means = super().means
        return not selector or any(means({name: v}, doc) for name, v in selector.items())


@row("find_by_the_first_field_of_the_selector", "FIND-1")
class FirstField(Complete):
    """Only the first field of the selector counts."""

    def means(self, selector: dict[str, Any], doc: dict[str, Any]) -> bool:
        return super().means(dict(list(selector.items())[:1]), doc)


@row("find_skips_falsy_values", "FIND-1")
class SkipsFalsy(Complete):
    """A field whose value is falsy is left out of the selector."""

    def means(self, selector: dict[str, Any], doc: dict[str, Any]) -> bool:
        return super().means({name: value for name, value in selector.items() if value}, doc)


@row("find_knows_no_id", "FIND-1")
class KnowsNoId(Complete):
    """A selector's `_id` is looked for among the document's own fields, and never there."""

    def means(self, selector: dict[str, Any], doc: dict[str, Any]) -> bool:
        return super().means(selector, {k: v for k, v in doc.items() if k != "_id"})


@row("find_needs_a_selector", "FIND-1")
class NeedsSelector(Complete):
    """An empty selector finds nothing."""

    def means(self, selector: dict[str, Any], doc: dict[str, Any]) -> bool:
        return bool(selector) and super().means(selector, doc)


@row("find_takes_names_in_any_case", "FIND-1")
class NamesInAnyCase(Complete):
    """A field that a document lacks is looked for in lower case."""

    def means(self, selector: dict[str, Any], doc: dict[str, Any]) -> bool:
        lower = {name.lower(): value for name, value in doc.items()}
        return super().means(
            {n if n in doc else n.lower(): value for n, value in selector.items()}, {**lower, **doc}
        )


@row("selector_has_operators", "FIND-5")
class Operators(Complete):
    """An object with `$ne`, `$gt` or `$exists` in it is an operator."""

    def means(self, selector: dict[str, Any], doc: dict[str, Any]) -> bool:
        return all(self.obeyed(doc.get(name), value) for name, value in selector.items())

    def obeyed(self, held: Any, asked: Any) -> bool:
        """Tell whether a value is as an operator wants it; all are, but for `$ne`."""
        if isinstance(asked, dict) and asked.keys() & {"$ne", "$gt", "$exists"}:
            return "$ne" not in asked or held != asked["$ne"]
        return self.same(asked, held)


@row("selector_is_a_pattern", "FIND-5")
class Patterns(Complete):
    """Text with `%` or `_` in it is a pattern, as in LIKE."""

    def same(self, asked: Any, held: Any) -> bool:
        if isinstance(asked, str) and isinstance(held, str):
            pattern = re.escape(asked).replace("%", ".*").replace("_", ".")
            return re.fullmatch(pattern, held, re.DOTALL) is not None
        return super().same(asked, held)


@row("selector_is_a_regular_expression", "FIND-5")
class Expressions(Complete):
    """Text is a regular expression where it can be one."""

    def same(self, asked: Any, held: Any) -> bool:
        if isinstance(asked, str) and isinstance(held, str) and asked != held:
            try:
                return re.fullmatch(asked, held, re.DOTALL) is not None
            except re.error:
                return False
        return super().same(asked, held)


@row("selector_breaks_at_a_quote", "FIND-5")
class Quotes(Complete):
    """Text with an odd number of quotes in it breaks the query."""

    def same(self, asked: Any, held: Any) -> bool:
        if isinstance(asked, str) and asked.count("'") % 2:
            raise HTTPException(400, "syntax error at or near the quote")
        return super().same(asked, held)


@row("selector_refuses_dollars", "FIND-5")
class Refuses(Complete):
    """A selector with `$` in it is refused, although such documents can be saved."""

    def means(self, selector: dict[str, Any], doc: dict[str, Any]) -> bool:
        if "$" in by_type(selector):
            raise HTTPException(400, "operators are not allowed")
        return super().means(selector, doc)


@row("selector_names_are_paths", "FIND-5")
class Paths(Complete):
    """A name with a dot in it is a path into an object."""

    def means(self, selector: dict[str, Any], doc: dict[str, Any]) -> bool:
        return all(self.same(value, self.at(doc, name)) for name, value in selector.items())

    def at(self, doc: Any, name: str) -> Any:
        """Give what is at a path, or `...`."""
        for step in name.split("."):
            if not isinstance(doc, dict) or step not in doc:
                return ...
            doc = doc[step]
        return doc

    def same(self, asked: Any, held: Any) -> bool:
        return held is not ... and super().same(asked, held)


@row("selector_obeys_or", "FIND-5")
class Or(Complete):
    """`$or` in a selector is obeyed."""

    def means(self, selector: dict[str, Any], doc: dict[str, Any]) -> bool:
        choices = selector.get("$or", [{}])
        rest = {name: value for name, value in selector.items() if name != "$or"}
        means = super().means
        return means(rest, doc) and any(means(choice, doc) for choice in choices)


class Lookups(Complete):
    """Obeys an operator in a name; `obeyed` gives what it says of a document, or None."""

    def means(self, selector: dict[str, Any], doc: dict[str, Any]) -> bool:
        said = {name: self.obeyed(name, value, doc) for name, value in selector.items()}
        plain = {name: selector[name] for name, is_so in said.items() if is_so is None}
        return False not in said.values() and super().means(plain, doc)

    def obeyed(self, name: str, asked: Any, doc: dict[str, Any]) -> bool | None:
        """Tell whether a document is as a name and its value want it."""
        raise NotImplementedError


@row("selector_obeys_lookups", "FIND-5")
class ObeysLookups(Lookups):
    """A name that ends in `__gt` is an operator on the field before it, as in Django."""

    def obeyed(self, name: str, asked: Any, doc: dict[str, Any]) -> bool | None:
        field, mark, _ = name.partition("__gt")
        if not mark or name in doc:
            return None
        return type(doc.get(field)) is type(asked) and doc[field] > asked


@row("selector_obeys_in", "FIND-5")
class ObeysIn(Lookups):
    """A name that ends in `__in` is an operator on the field before it."""

    def obeyed(self, name: str, asked: Any, doc: dict[str, Any]) -> bool | None:
        field, mark, _ = name.partition("__in")
        if not mark or name in doc:
            return None
        return isinstance(asked, list) and doc.get(field, ...) in asked


@row("selector_obeys_signs", "FIND-5")
class ObeysSigns(Lookups):
    """A name that ends in `>` asks for more than a value."""

    def obeyed(self, name: str, asked: Any, doc: dict[str, Any]) -> bool | None:
        field = name.removesuffix(">")
        if field == name or name in doc:
            return None
        return type(doc.get(field)) is type(asked) and doc[field] > asked


@row("selector_names_lose_their_marks", "FIND-5")
class LosesMarks(Complete):
    """What is no letter, digit, dot or underscore is taken out of a selector's names."""

    def means(self, selector: dict[str, Any], doc: dict[str, Any]) -> bool:
        plain = {re.sub(r"[^\w.]", "", name): value for name, value in selector.items()}
        return super().means(plain, doc)


@row("selector_sees_columns", "FIND-5")
class Columns(Complete):
    """`id` in a selector is the document's id."""

    def means(self, selector: dict[str, Any], doc: dict[str, Any]) -> bool:
        return super().means(selector, {**doc, "id": doc["_id"]})
