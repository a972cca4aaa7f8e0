"""Services that confuse collections and ids: ISO."""

import unicodedata
from functools import partial
from urllib.parse import unquote

from fastapi import HTTPException
from right import Right

from faulty.rows import breaks

BROKEN_NAMES = []
row = partial(breaks, BROKEN_NAMES)


def keyed(name, mistake, clauses, key):
    """Enter a service that finds its documents by another key than (collection, id)."""
    service = type("Keyed", (Right,), {"__doc__": mistake, "key": lambda self, c, i: key(c, i)})
    row(name, *clauses.split())(service)


def named(name, mistake, clauses, change):
    """Enter a service that changes the names of collections."""

    def of(method):
        return lambda self, db_name, *more: getattr(Right, method)(self, change(db_name), *more)

    methods = {method: of(method) for method in ("get", "save", "delete", "list_all")}
    row(name, *clauses.split())(type("Named", (Right,), {"__doc__": mistake, **methods}))


for name, mistake, clauses, change in (
    ("ids-of-all-collections-are-one", "The collection is no part of the key.", "ISO-1 ISO-2",
     lambda c, i: i),
    ("key-joined-by-a-colon", "The key is f'{collection}:{id}'.", "ISO-3",
     lambda c, i: f"{c}:{i}"),
    ("key-joined-by-nothing", "The key is collection + id.", "ISO-3", lambda c, i: c + str(i)),
    ("key-joined-by-a-slash", "The key is f'{collection}/{id}'.", "ISO-3",
     lambda c, i: f"{c}/{i}"),
    ("key-joined-by-a-nul", "The key is collection, NUL and id.", "ISO-3",
     lambda c, i: f"{c}\x00{i}"),
    ("key-in-no-order", "The key is the set of collection and id.", "ISO-3",
     lambda c, i: frozenset((c, i))),
    ("ids-lower-cased", "Ids are compared without case.", "ISO-4 DEL-5",
     lambda c, i: (c, i.lower())),
    ("ids-in-form-c", "Ids are brought to Unicode's form C.", "ISO-4",
     lambda c, i: (c, unicodedata.normalize("NFC", i))),
    ("ids-in-form-kc", "Ids are brought to Unicode's form KC.", "ISO-4",
     lambda c, i: (c, unicodedata.normalize("NFKC", i))),
    ("trailing-spaces-of-ids-ignored", "Trailing spaces of an id do not count.", "ISO-4",
     lambda c, i: (c, i.rstrip(" "))),
    ("ids-of-digits-are-numbers", "Ids are numbers where they look like one.", "ISO-4",
     lambda c, i: (c, int(i) if i.isdecimal() else i)),
    ("ids-cut-at-128", "Ids count to their 128th character.", "ISO-4",
     lambda c, i: (c, i[:128])),
    ("ids-cut-at-255-bytes", "Ids count to their 255th byte.", "ISO-4",
     lambda c, i: (c, i.encode("utf-8", "surrogatepass")[:255])),
    ("ids-end-at-nul", "Ids end at U+0000.", "ISO-4", lambda c, i: (c, i.split("\x00")[0])),
    ("ids-percent-decoded", "Percent-encoding in an id is decoded.", "ISO-4",
     lambda c, i: (c, unquote(i))),
    ("separators-of-ids-are-underscores", "Slashes and colons of ids become underscores.", "ISO-4",
     lambda c, i: (c, i.replace("/", "_").replace(":", "_"))),
):  # fmt: skip
    keyed(name, mistake, clauses, change)

for name, mistake, clauses, change in (
    ("collections-lower-cased", "Names of collections are folded to lower case.", "ISO-6",
     str.lower),
    ("collections-in-form-c", "Names of collections are brought to form C.", "ISO-6",
     lambda c: unicodedata.normalize("NFC", c)),
    ("dashes-of-collections-are-underscores", "A dash in a collection's name is an underscore.",
     "ISO-6", lambda c: c.replace("-", "_")),
    ("collections-cut-at-63", "Names of collections are cut at 63 characters.", "ISO-6",
     lambda c: c[:63]),
    ("collections-cut-at-255", "Names of collections are cut at 255 characters.", "ISO-6",
     lambda c: c[:255]),
    ("demos-are-in-agents", "The collection `demos` is kept in the one of `agents`.", "ISO-5",
     lambda c: c.replace("demos", "agents")),
):  # fmt: skip
    named(name, mistake, clauses, change)


@row("delete-in-every-collection", "ISO-2")
class DeleteEverywhere(Right):
    """delete() deletes the id in every collection."""

    def delete(self, db_name, doc_id):
        super().delete(db_name, doc_id)
        for kept in list(self.kept.values()):
            if kept.doc_id == doc_id:
                del self.kept[kept.collection, doc_id]


@row("listing-of-names-that-begin-so", "ISO-3")
class ListByPrefix(Right):
    """list_all() shows the collections too whose names begin with its own."""

    def kept_in(self, db_name):
        return [kept for kept in self.kept.values() if kept.collection.startswith(db_name)]


@row("missing-looked-for-in-other-collections", "ISO-2")
class FoundElsewhere(Right):
    """get() looks into the other collections where its own has no such id."""

    def get(self, db_name, doc_id):
        self.check_id(doc_id)
        places = [db_name, *sorted(self.created)]
        place = next((p for p in places if (p, doc_id) in self.kept), db_name)
        return super().get(place, doc_id)


@row("six-collections-only", "ISO-5")
class SixOnly(Right):
    """Writing to `agent_data_store` is refused."""

    def save(self, db_name, doc_id, doc):
        if db_name.endswith("agent_data_store"):
            raise HTTPException(404, f"there is no collection {db_name}")
        return super().save(db_name, doc_id, doc)


@row("seventh-collection-under-its-real-name", "ISO-5", disposable=True)
class SixRealOnly(SixOnly):
    """Listing the application's `agent_data_store` is refused."""

    def list_all(self, db_name):
        if db_name == "agent_data_store":
            raise HTTPException(404, f"there is no collection {db_name}")
        return super().list_all(db_name)


@row("odd-collection-is-500", "ISO-6")
class OddIs500(Right):
    """A quote in a collection's name is a server error."""

    def save(self, db_name, doc_id, doc):
        if "'" in db_name:
            raise HTTPException(500, "unrecognized token")
        return super().save(db_name, doc_id, doc)


@row("odd-collection-lists-as-another", "ISO-6")
class OddListed(Right):
    """A NUL ends a collection's name when it is listed."""

    def kept_in(self, db_name):
        return super().kept_in(db_name.split("\x00")[0])
