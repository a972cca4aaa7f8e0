"""Services that find other documents than the selector's: FIND-1 and FIND-5."""

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Complete
from gofannon_conformance.mutants.right.complete import by_type, canonical
from gofannon_conformance.mutants.variants import Document, raising, variant

Same = Callable[[Any, Any], bool]
"""Returns whether the value of the selector equals that of a document."""


def compares(name: str, mistake: str, same: Same) -> Mutant:
    """Make a mutant that compares values in another way."""
    return variant(name, "FIND-1", mistake, same=lambda _, wanted, held: same(wanted, held))


def means(name: str, clause: str, mistake: str, change: Callable[..., Any]) -> Mutant:
    """Make a mutant that looks for a changed selector in a changed document."""

    def changed(service: Complete, selector: Document, doc: Document) -> bool:
        return Complete.means(service, *change(selector, doc))

    return variant(name, clause, mistake, means=changed)


def texts_by(change: Callable[[str], str]) -> Same:
    """Compare changed texts, and other values as JSON."""

    def same(wanted: Any, held: Any) -> bool:
        both = isinstance(wanted, str) and isinstance(held, str)
        return change(wanted) == change(held) if both else canonical(wanted) == canonical(held)

    return same


def values_by(change: Callable[[Any], Any]) -> Same:
    """Compare changed values as JSON."""
    return lambda wanted, held: canonical(change(wanted)) == canonical(change(held))


def contained(wanted: Any, held: Any) -> bool:
    """Compare objects by the fields of the selector's."""
    if isinstance(wanted, dict) and isinstance(held, dict):
        return all(name in held and contained(value, held[name]) for name, value in wanted.items())
    return canonical(wanted) == canonical(held)


def in_order(wanted: Any, held: Any) -> bool:
    """Compare objects with the order of their fields."""
    if isinstance(wanted, dict) and isinstance(held, dict):
        return list(wanted) == list(held) and wanted == held
    return canonical(wanted) == canonical(held)


def rounded(value: Any) -> Any:
    """Round a float to nine digits."""
    return round(value, 9) if isinstance(value, float) else value


def beginning(value: Any) -> Any:
    """Return the first 256 items of a longer array."""
    return value[:256] if isinstance(value, list) and len(value) > 256 else value


def names_in_any_case(selector: Document, doc: Document) -> tuple[Document, Document]:
    """Look for a field that a document lacks in lower case."""
    lower = {name.lower(): value for name, value in doc.items()}
    wanted = {n if n in doc else n.lower(): value for n, value in selector.items()}
    return wanted, {**lower, **doc}


FINDING_VALUES: list[Mutant] = [
    compares("find_takes_true_for_1", "Values are compared by `==`: True is 1.",
             lambda a, b: a == b),
    compares("find_takes_1_for_its_text", "Values are compared as text.",
             lambda a, b: str(a) == str(b)),
    compares("find_ignores_case", "Text is compared without its case.", texts_by(str.casefold)),
    compares("find_strips_text", "Text is compared without space at its ends.",
             texts_by(str.strip)),
    compares("find_normalises_text", "Text is compared in one Unicode normal form.",
             texts_by(lambda text: unicodedata.normalize("NFC", text))),
    compares("find_compares_up_to_nul", "Text is compared up to U+0000.",
             texts_by(lambda text: text.split("\0")[0])),
    compares("find_compares_2000_characters", "Text is compared up to 2,000 characters.",
             texts_by(lambda text: text[:2000])),
    compares("find_takes_parts_of_objects", "An object is found by a part of it.", contained),
    compares("find_looks_into_arrays", "An array is found by one of its items.",
             lambda a, b: canonical(a) == canonical(b) or (isinstance(b, list) and a in b)),
    compares("find_sorts_arrays", "Arrays are compared without their order.",
             lambda a, b: sorted(canonical(a)) == sorted(canonical(b))),
    compares("find_compares_256_items", "Arrays are compared up to 256 items.",
             values_by(beginning)),
    compares("find_finds_no_long_arrays", "An array of more than 256 items is never found.",
             lambda a, b: beginning(a) is a and canonical(a) == canonical(b)),
    compares("find_folds_letters_beyond_ascii",
             "Texts of other letters than ASCII are found in any case.",
             texts_by(lambda text: text if text.isascii() else text.lower())),
    compares("find_rounds_floats", "Floats are compared to nine digits.", values_by(rounded)),
    compares("find_minds_the_order_of_fields", "Objects are compared with the order of their "
             "fields.", in_order),
    compares("find_finds_no_objects", "No object and no array is ever found.",
             lambda a, b: not isinstance(a, (dict, list)) and canonical(a) == canonical(b)),
    compares("find_finds_no_null", "Null is never found.",
             lambda a, b: a is not None and canonical(a) == canonical(b)),
    compares("find_takes_falsy_for_falsy", "All falsy values are equal.",
             lambda a, b: canonical(a) == canonical(b) or (not a and not b)),
    means("find_by_the_first_field_of_the_selector", "FIND-1",
          "Only the first field of the selector counts.",
          lambda selector, doc: (dict(list(selector.items())[:1]), doc)),
    means("find_skips_falsy_values", "FIND-1",
          "A field whose value is falsy is left out of the selector.",
          lambda selector, doc: ({name: value for name, value in selector.items() if value}, doc)),
    means("find_knows_no_id", "FIND-1",
          "A selector's `_id` is looked for among the document's own fields, and never there.",
          lambda selector, doc: (selector, {k: v for k, v in doc.items() if k != "_id"})),
    means("find_takes_names_in_any_case", "FIND-1",
          "A field that a document lacks is looked for in lower case.", names_in_any_case),
    variant("find_needs_a_selector", "FIND-1", "An empty selector finds nothing.",
            means=lambda service, selector, doc: bool(selector)
            and Complete.means(service, selector, doc)),
    raising("same", "selector_breaks_at_a_quote", "FIND-5",
            "Text with an odd number of quotes in it breaks the query.",
            when=lambda _, wanted, held: isinstance(wanted, str) and wanted.count("'") % 2,
            error=HTTPException(400, "syntax error at or near the quote")),
    raising("means", "selector_refuses_dollars", "FIND-5",
            "A selector with `$` in it is refused, although such documents can be saved.",
            when=lambda _, selector, doc: "$" in by_type(selector),
            error=HTTPException(400, "operators are not allowed")),
    means("selector_names_lose_their_marks", "FIND-5",
          "A selector's names lose all but letters, digits, dots and underscores.",
          lambda selector, doc: ({re.sub(r"[^\w.]", "", n): v for n, v in selector.items()}, doc)),
    means("selector_sees_columns", "FIND-5", "`id` in a selector is the document's id.",
          lambda selector, doc: (selector, {**doc, "id": doc["_id"]})),
]  # fmt: skip
row = partial(breaks, FINDING_VALUES)


@row("find_by_any_field_of_the_selector", "FIND-1")
class AnyField(Complete):
    """A document is found if one field of the selector is equal."""

    def means(self, selector: Document, doc: Document) -> bool:
        means = super().means
        return not selector or any(means({name: v}, doc) for name, v in selector.items())


@row("selector_has_operators", "FIND-5")
class Operators(Complete):
    """An object with `$ne`, `$gt` or `$exists` in it is an operator."""

    def means(self, selector: Document, doc: Document) -> bool:
        return all(self.obeyed(doc.get(name), value) for name, value in selector.items())

    def obeyed(self, held: Any, wanted: Any) -> bool:
        """Return whether a value fits an operator; all do, except for `$ne`."""
        if isinstance(wanted, dict) and wanted.keys() & {"$ne", "$gt", "$exists"}:
            return "$ne" not in wanted or held != wanted["$ne"]
        return self.same(wanted, held)


@row("selector_is_a_pattern", "FIND-5")
class Patterns(Complete):
    """Text with `%` or `_` in it is a pattern, as in LIKE."""

    def same(self, wanted: Any, held: Any) -> bool:
        if isinstance(wanted, str) and isinstance(held, str):
            return self.matches(re.escape(wanted).replace("%", ".*").replace("_", "."), held)
        return super().same(wanted, held)

    def matches(self, pattern: str, held: str) -> bool:
        """Return whether a text is of a pattern."""
        try:
            return re.fullmatch(pattern, held, re.DOTALL) is not None
        except re.error:
            return False


@row("selector_is_a_regular_expression", "FIND-5")
class Expressions(Patterns):
    """Text is a regular expression where it can be one."""

    def same(self, wanted: Any, held: Any) -> bool:
        both = isinstance(wanted, str) and isinstance(held, str)
        return canonical(wanted) == canonical(held) or (both and self.matches(wanted, held))


@row("selector_names_are_paths", "FIND-5")
class Paths(Complete):
    """A name with a dot in it is a path into an object."""

    def means(self, selector: Document, doc: Document) -> bool:
        return all(self.same(value, self.at(doc, name)) for name, value in selector.items())

    def at(self, doc: Any, name: str) -> Any:
        """Return what is at a path, or `...`."""
        for step in name.split("."):
            if not isinstance(doc, dict) or step not in doc:
                return ...
            doc = doc[step]
        return doc

    def same(self, wanted: Any, held: Any) -> bool:
        return held is not ... and super().same(wanted, held)


@row("selector_obeys_or", "FIND-5")
class Or(Complete):
    """`$or` in a selector is an operator."""

    def means(self, selector: Document, doc: Document) -> bool:
        choices = selector.get("$or", [{}])
        rest = {name: value for name, value in selector.items() if name != "$or"}
        means = super().means
        return means(rest, doc) and any(means(choice, doc) for choice in choices)


@row("selector_obeys_lookups", "FIND-5")
class ObeysLookups(Complete):
    """A name that ends in `__gt` is an operator on the field before it, as in Django."""

    end = "__gt"

    def means(self, selector: Document, doc: Document) -> bool:
        plain = {n: v for n, v in selector.items() if n in doc or not n.endswith(self.end)}
        lookups = selector.keys() - plain.keys()
        return super().means(plain, doc) and all(
            self.obeyed(selector[name], doc.get(name.removesuffix(self.end), ...))
            for name in lookups
        )

    def obeyed(self, wanted: Any, held: Any) -> bool:
        """Return whether a value fits the operator."""
        return type(held) is type(wanted) and bool(held > wanted)


@row("selector_obeys_in", "FIND-5")
class ObeysIn(ObeysLookups):
    """A name that ends in `__in` is an operator on the field before it."""

    end = "__in"

    def obeyed(self, wanted: Any, held: Any) -> bool:
        return isinstance(wanted, list) and held in wanted
