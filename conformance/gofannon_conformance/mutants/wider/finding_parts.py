"""Services that show too much or too little of what they find: FIND-2 and FIND-3."""

from collections.abc import Callable
from functools import partial
from typing import Any

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Complete

FINDING_PARTS: list[Mutant] = []
row = partial(breaks, FINDING_PARTS)

Document = dict[str, Any]
Found = list[Document]
Fields = list[str] | None
Limit = int | None


@row("projection_shows_every_field", "FIND-2")
class ShowsAll(Complete):
    """`fields` is not looked at."""

    def projected(self, doc: Document, fields: Fields) -> Document:
        return doc


@row("projection_without_id", "FIND-2")
class NoIdShown(Complete):
    """`_id` is shown only if it is asked for."""

    def projected(self, doc: Document, fields: Fields) -> Document:
        return doc if fields is None else {n: doc[n] for n in fields if n in doc}


@row("projection_fills_with_empty_text", "FIND-2")
class FillsIn(Complete):
    """A field that a document lacks is shown as empty text."""

    def projected(self, doc: Document, fields: Fields) -> Document:
        return doc if fields is None else {n: doc.get(n, "") for n in ("_id", *fields)}


@row("projection_drops_falsy_values", "FIND-2")
class DropsFalsy(Complete):
    """A field whose value is falsy is not shown."""

    def projected(self, doc: Document, fields: Fields) -> Document:
        return doc if fields is None else {n: doc[n] for n in ("_id", *fields) if doc.get(n)}


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
class ProjectsFirst(Complete):
    """What is not shown cannot be selected by."""

    def find(self, db_name: str, selector: Document, fields: Fields = None,
             limit: Limit = 10_000) -> Found:  # fmt: skip
        docs = [self.projected(doc, fields) for doc in self.scanned(db_name)]
        return self.limited([doc for doc in docs if self.means(selector, doc)], limit)


@row("projection_of_the_first_field", "FIND-2")
class FirstShown(Complete):
    """Only the first of the fields is shown."""

    def projected(self, doc: Document, fields: Fields) -> Document:
        return super().projected(doc, fields and fields[:1])


def limits(name: str, mistake: str, limited: Callable[[Found, Limit], Found]) -> None:
    """Enter a service that limits in a way of its own."""

    class Limits(Complete):
        def limited(self, found: Found, limit: Limit) -> Found:
            return limited(found, limit)

    Limits.__doc__ = mistake
    row(name, "FIND-3")(Limits)


for name, mistake, limited in (
    ("find_ignores_its_limit", "The limit is not looked at.", lambda f, n: f),
    ("find_limits_by_one_more", "One more than the limit is given.", lambda f, n: f[: n and n + 1]),
    ("find_limits_by_one_less", "One less than the limit is given.", lambda f, n: f[: n and n - 1]),
    ("find_takes_limit_0_for_none", "A limit of 0 is none.", lambda f, n: f[: n or None]),
    ("find_without_limit_is_a_page", "No limit means 25.",
     lambda f, n: f[: 25 if n is None else n]),
    ("find_gives_1000_at_most", "A page of 1,000 is all.",
     lambda f, n: f[: 1000 if n is None else min(n, 1000)]),
    ("find_limits_by_1000", "A limit past 1,000 is 1,000.", lambda f, n: f[: n and min(n, 1000)]),
):  # fmt: skip
    limits(name, mistake, limited)


@row("find_limits_what_it_looks_at", "FIND-3")
class LimitsFirst(Complete):
    """The limit is applied to what is looked at, before the selector."""

    def find(self, db_name: str, selector: Document, fields: Fields = None,
             limit: Limit = 10_000) -> Found:  # fmt: skip
        docs = self.limited(self.scanned(db_name), limit)
        return [self.projected(doc, fields) for doc in docs if self.means(selector, doc)]


@row("find_looks_at_one_page", "FIND-3")
class OnePage(Complete):
    """Only the first 1,000 documents are looked at."""

    def scanned(self, db_name: str) -> Found:
        return super().scanned(db_name)[:1000]


@row("find_by_default_gives_100", "FIND-3")
class DefaultHundred(Complete):
    """Who names no limit gets 100 documents."""

    def find(self, db_name: str, selector: Document, fields: Fields = None,
             limit: Limit = 100) -> Found:  # fmt: skip
        return super().find(db_name, selector, fields, limit)
