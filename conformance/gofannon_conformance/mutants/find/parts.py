"""Services that show too much or too little of what they find: FIND-2 and FIND-3."""

from functools import partial
from typing import Any

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Complete
from gofannon_conformance.mutants.variants import (
    Document,
    Fields,
    Finding,
    Found,
    Limit,
    variant,
)


def without_id(_: Complete, doc: Document, fields: Fields) -> Document:
    return doc if fields is None else {n: doc[n] for n in fields if n in doc}


def filled_in(_: Complete, doc: Document, fields: Fields) -> Document:
    return doc if fields is None else {n: doc.get(n, "") for n in ("_id", *fields)}


def falsy_dropped(_: Complete, doc: Document, fields: Fields) -> Document:
    return doc if fields is None else {n: doc[n] for n in ("_id", *fields) if doc.get(n)}


def the_first(service: Complete, doc: Document, fields: Fields) -> Document:
    return Complete.projected(service, doc, fields and fields[:1])


FINDING_PARTS: list[Mutant] = [
    variant("projection_shows_every_field", "FIND-2", "`fields` is ignored.",
            projected=lambda _, doc, fields: doc),
    variant("projection_without_id", "FIND-2", "`_id` is shown only if it is requested.",
            projected=without_id),
    variant("projection_fills_with_empty_text", "FIND-2",
            "A field that a document lacks is shown as empty text.", projected=filled_in),
    variant("projection_drops_falsy_values", "FIND-2", "A field whose value is falsy is not shown.",
            projected=falsy_dropped),
    variant("projection_of_the_first_field", "FIND-2", "Only the first of the fields is shown.",
            projected=the_first),
    variant("find_ignores_its_limit", "FIND-3", "The limit is ignored.",
            limited=lambda _, found, n: found),
    variant("find_limits_by_one_more", "FIND-3", "One document more than the limit is returned.",
            limited=lambda _, found, n: found[: n and n + 1]),
    variant("find_takes_limit_0_for_none", "FIND-3", "A limit of 0 is no limit.",
            limited=lambda _, found, n: found[: n or None]),
    variant("find_without_limit_is_a_page", "FIND-3", "No limit means 25.",
            limited=lambda _, found, n: found[: 25 if n is None else n]),
    variant("find_gives_1000_at_most", "FIND-3", "At most 1,000 documents are returned.",
            limited=lambda _, found, n: found[: 1000 if n is None else min(n, 1000)]),
    variant("find_limits_by_1000", "FIND-3", "A limit above 1,000 is 1,000.",
            limited=lambda _, found, n: found[: n and min(n, 1000)]),
    variant("find_looks_at_one_page", "FIND-3", "Only the first 1,000 documents are compared.",
            scanned=lambda service, db_name: service.list_all(db_name)[:1000]),
]  # fmt: skip
row = partial(breaks, FINDING_PARTS)


@row("projection_takes_paths", "FIND-2")
class TakesPaths(Complete):
    """A name with a dot in it is a path."""

    def projected(self, doc: Document, fields: Fields) -> Document:
        if fields is None:
            return doc
        shown = super().projected(doc, [name for name in fields if "." not in name])
        for name in fields:
            outer, dot, inner = name.partition(".")
            if dot and isinstance(doc.get(outer), dict) and inner in doc[outer]:
                shown[outer] = {inner: doc[outer][inner]}
        return shown


@row("projection_before_the_filter", "FIND-2")
class ProjectsFirst(Finding):
    """The selector sees only the fields that are shown."""

    def searched(self, db_name: str, selector: Document, fields: Fields, limit: Limit) -> Found:
        docs = [self.projected(doc, fields) for doc in self.scanned(db_name)]
        return self.limited([doc for doc in docs if self.means(selector, doc)], limit)


@row("find_limits_what_it_looks_at", "FIND-3")
class LimitsFirst(Finding):
    """The limit is applied before the selector."""

    def searched(self, db_name: str, selector: Document, fields: Fields, limit: Limit) -> Found:
        docs = self.limited(self.scanned(db_name), limit)
        return [self.projected(doc, fields) for doc in docs if self.means(selector, doc)]


@row("find_by_default_gives_100", "FIND-3")
class DefaultHundred(Complete):
    """The default limit is 100."""

    def find(self, db_name: str, selector: Any, fields: Fields = None, limit: Limit = 100) -> Found:
        return super().find(db_name, selector, fields, limit)
