"""Services that find wrongly: FIND, IDX."""

import re
import unicodedata
from copy import deepcopy
from functools import partial

from fastapi import HTTPException
from right import Kept
from wide import Wide, canonical, written

from faulty.rows import breaks

BROKEN_FINDING = []
row = partial(breaks, BROKEN_FINDING)


def compares(name, clause, mistake, same):
    """Enter a service that compares values in a way of its own."""
    methods = {"same": lambda self, asked, held: same(asked, held), "__doc__": mistake}
    row(name, clause)(type(name.title().replace("-", ""), (Wide,), methods))


def texts_as(change):
    def same(asked, held):
        both = isinstance(asked, str) and isinstance(held, str)
        return change(asked) == change(held) if both else canonical(asked) == canonical(held)

    return same


def contained(asked, held):
    if isinstance(asked, dict) and isinstance(held, dict):
        return all(name in held and contained(value, held[name]) for name, value in asked.items())
    return canonical(asked) == canonical(held)


def rounded(value):
    return round(value, 9) if isinstance(value, float) else value


for _name, _mistake, _same in (
    ("find-takes-true-for-1", "Values are compared by `==`: True is 1.", lambda a, b: a == b),
    ("find-takes-1-for-its-text", "Values are compared as text.", lambda a, b: str(a) == str(b)),
    ("find-ignores-case", "Text is compared without its case.", texts_as(str.casefold)),
    ("find-strips-text", "Text is compared without space at its ends.", texts_as(str.strip)),
    (
        "find-normalises-text", "Text is compared in one normal form.",
        texts_as(lambda text: unicodedata.normalize("NFC", text)),
    ),
    ("find-ends-at-nul", "Text is compared up to U+0000.", texts_as(lambda t: t.split("\0")[0])),
    ("find-compares-2000", "Text is compared up to 2,000 letters.", texts_as(lambda t: t[:2000])),
    ("find-takes-parts-of-objects", "An object is found by a part of it.", contained),
    (
        "find-looks-into-lists", "A list is found by one of its items.",
        lambda a, b: canonical(a) == canonical(b) or (isinstance(b, list) and a in b),
    ),
    ("find-sorts-lists", "Lists are compared without their order.",
     lambda a, b: sorted(canonical(a)) == sorted(canonical(b))),
    ("find-rounds", "Floats are compared to nine digits.",
     lambda a, b: canonical(rounded(a)) == canonical(rounded(b))),
    ("find-minds-field-order", "Objects are compared with their order.",
     lambda a, b: list(a) == list(b) and a == b if isinstance(a, dict) and isinstance(b, dict)
     else canonical(a) == canonical(b)),
    ("find-finds-no-objects", "No object and no list is ever found.",
     lambda a, b: not isinstance(a, (dict, list)) and canonical(a) == canonical(b)),
    ("find-finds-no-null", "Null is never found.",
     lambda a, b: a is not None and canonical(a) == canonical(b)),
    ("find-takes-falsy-for-falsy", "Values that are falsy are all the same.",
     lambda a, b: canonical(a) == canonical(b) or (not a and not b)),
):  # fmt: skip
    compares(_name, "FIND-1", _mistake, _same)


@row("find-by-any-field", "FIND-1")
class AnyField(Wide):
    """A document is found if one field of the selector is equal."""

    def means(self, selector, doc):
        return not selector or any(
            super(AnyField, self).means({k: selector[k]}, doc) for k in selector
        )


@row("find-by-the-first-field", "FIND-1")
class FirstField(Wide):
    """Only the first field of the selector counts."""

    def means(self, selector, doc):
        return super().means(dict(list(selector.items())[:1]), doc)


@row("find-skips-falsy-values", "FIND-1")
class SkipsFalsy(Wide):
    """A field whose value is falsy is left out of the selector."""

    def means(self, selector, doc):
        return super().means({name: value for name, value in selector.items() if value}, doc)


@row("find-knows-no-id", "FIND-1")
class KnowsNoId(Wide):
    """A selector's `_id` is looked for among the document's own fields, and never there."""

    def means(self, selector, doc):
        return super().means(selector, {k: v for k, v in doc.items() if k != "_id"})


@row("find-needs-a-selector", "FIND-1")
class NeedsSelector(Wide):
    """An empty selector finds nothing."""

    def means(self, selector, doc):
        return bool(selector) and super().means(selector, doc)


@row("find-has-a-query", "FIND-1")
class OtherNames(Wide):
    """The selector's parameter has another name."""

    def find(self, db_name, query, fields=None, limit=10000):
        return super().find(db_name, query, fields, limit)


@row("find-takes-limit-first", "FIND-1")
class OtherOrder(Wide):
    """The limit comes before the fields."""

    def find(self, db_name, selector, limit=10000, fields=None):
        return super().find(db_name, selector, fields, limit)


@row("find-gives-an-iterator", "FIND-1")
class Iterated(Wide):
    """find() gives an iterator."""

    def find(self, db_name, selector, fields=None, limit=10000):
        return iter(super().find(db_name, selector, fields, limit))


@row("find-gives-pairs", "FIND-1")
class Pairs(Wide):
    """find() gives pairs of id and document."""

    def find(self, db_name, selector, fields=None, limit=10000):
        return [(doc["_id"], doc) for doc in super().find(db_name, selector, fields, limit)]


@row("find-gives-no-id", "FIND-1")
class NoId(Wide):
    """What is found lacks its `_id`."""

    def find(self, db_name, selector, fields=None, limit=10000):
        found = super().find(db_name, selector, fields, limit)
        return [{k: v for k, v in doc.items() if k != "_id"} for doc in found]


@row("find-remembers", "FIND-1")
class Remembers(Wide):
    """What was found once is found again, although it was changed."""

    def __init__(self):
        super().__init__()
        self.remembered = {}

    def find(self, db_name, selector, fields=None, limit=10000):
        key = db_name, written(selector), written(fields), limit, len(self.list_all(db_name))
        if key not in self.remembered:
            self.remembered[key] = super().find(db_name, selector, fields, limit)
        return deepcopy(self.remembered[key])


class Indexed(Wide):
    """Finds in copies that `save()` puts aside."""

    def __init__(self):
        super().__init__()
        self.index = {}

    def save(self, db_name, doc_id, doc):
        answer = super().save(db_name, doc_id, doc)
        self.put_aside(db_name, doc_id)
        return answer

    def put_aside(self, db_name, doc_id):
        self.index[db_name, doc_id] = self.kept[db_name, doc_id]

    def delete(self, db_name, doc_id):
        super().delete(db_name, doc_id)
        self.index.pop((db_name, doc_id), None)

    def scanned(self, db_name):
        return [self.shown(k, k.doc_id) for (c, _), k in self.index.items() if c == db_name]


@row("find-finds-what-was-deleted", "FIND-1")
class IndexKeeps(Indexed):
    """The index keeps what was deleted."""

    def delete(self, db_name, doc_id):
        super(Indexed, self).delete(db_name, doc_id)


@row("find-finds-what-was", "FIND-1")
class IndexOld(Indexed):
    """The index keeps the first version."""

    def put_aside(self, db_name, doc_id):
        self.index.setdefault((db_name, doc_id), self.kept[db_name, doc_id])


@row("find-finds-old-and-new", "FIND-1")
class IndexBoth(Indexed):
    """The index keeps every version."""

    def put_aside(self, db_name, doc_id):
        kept = self.kept[db_name, doc_id]
        self.index[db_name, (doc_id, kept.rev)] = kept

    def delete(self, db_name, doc_id):
        super().delete(db_name, doc_id)
        self.index = {k: v for k, v in self.index.items() if (k[0], v.doc_id) != (db_name, doc_id)}


@row("find-finds-everywhere", "FIND-1")
class Everywhere(Wide):
    """The selector is held against documents of other collections too."""

    def scanned(self, db_name):
        return [self.shown(kept, kept.doc_id) for kept in self.kept.values()]


@row("find-shares-what-it-found", "FIND-1")
class Shares(Wide):
    """What is found is what the store holds."""

    def __init__(self):
        super().__init__()
        self.read_once = {}

    def read(self, text):
        return self.read_once.setdefault(text, super().read(text))


@row("find-shares-its-cache", "FIND-1")
class SharesCache(Wide):
    """What was found is found again as the caller has changed it, while nothing is written."""

    def __init__(self):
        super().__init__()
        self.cache = {}

    def find(self, db_name, selector, fields=None, limit=10000):
        key = self.changes, db_name, written(selector), written(fields), limit, len(self.kept)
        if key not in self.cache:
            self.cache[key] = super().find(db_name, selector, fields, limit)
        return list(self.cache[key])


@row("find-uses-up-its-selector", "FIND-1")
class UsesUp(Wide):
    """find() takes `_id` out of its caller's selector."""

    def find(self, db_name, selector, fields=None, limit=10000):
        asked = dict(selector)
        selector.pop("_id", None)
        return super().find(db_name, asked, fields, limit)


@row("find-adds-to-the-fields", "FIND-1")
class AddsToFields(Wide):
    """find() adds `_rev` to its caller's list of fields."""

    def find(self, db_name, selector, fields=None, limit=10000):
        if fields is not None:
            fields.append("_rev")
        return super().find(db_name, selector, fields, limit)


@row("find-shows-every-field", "FIND-2")
class ShowsAll(Wide):
    """`fields` is not looked at."""

    def projected(self, doc, fields):
        return doc


@row("projection-without-id", "FIND-2")
class NoIdShown(Wide):
    """`_id` is shown only if it is asked for."""

    def projected(self, doc, fields):
        return doc if fields is None else {n: doc[n] for n in fields if n in doc}


@row("projection-fills-with-empty-text", "FIND-2")
class FillsIn(Wide):
    """A field that a document lacks is shown as empty text."""

    def projected(self, doc, fields):
        return doc if fields is None else {n: doc.get(n, "") for n in ("_id", *fields)}


@row("projection-drops-falsy-values", "FIND-2")
class DropsFalsy(Wide):
    """A field whose value is falsy is not shown."""

    def projected(self, doc, fields):
        return doc if fields is None else {n: doc[n] for n in ("_id", *fields) if doc.get(n)}


@row("projection-takes-paths", "FIND-2")
class TakesPaths(Wide):
    """A name with a dot in it is a path."""

    def projected(self, doc, fields):
        if fields is None:
            return doc
        shown = super().projected(doc, [name for name in fields if "." not in name])
        for name in fields:
            outer, dot, inner = name.partition(".")
            if dot and isinstance(doc.get(outer), dict) and inner in doc[outer]:
                shown[outer] = {inner: doc[outer][inner]}
        return shown


@row("projection-before-the-filter", "FIND-2")
class ProjectsFirst(Wide):
    """What is not shown cannot be selected by."""

    def find(self, db_name, selector, fields=None, limit=10000):
        docs = [self.projected(doc, fields) for doc in self.scanned(db_name)]
        return self.limited([doc for doc in docs if self.means(selector, doc)], limit)


@row("projection-of-the-first-field", "FIND-2")
class FirstShown(Wide):
    """Only the first of the fields is shown."""

    def projected(self, doc, fields):
        return super().projected(doc, fields and fields[:1])


def limits(name, mistake, limited, *clauses):
    """Enter a service that limits in a way of its own."""
    methods = {"limited": lambda self, found, limit: limited(found, limit), "__doc__": mistake}
    row(name, *(clauses or ("FIND-3",)))(type(name.title().replace("-", ""), (Wide,), methods))


limits("find-ignores-its-limit", "The limit is not looked at.", lambda f, n: f)
limits(
    "find-limits-by-one-more", "One more than the limit is given.", lambda f, n: f[: n and n + 1]
)
limits(
    "find-limits-by-one-less", "One less than the limit is given.", lambda f, n: f[: n and n - 1]
)
limits("find-without-limit-is-a-page", "No limit means 25.", lambda f, n: f[: n or 25])
limits("find-gives-1000-at-most", "A page of 1,000 is all.", lambda f, n: f[: min(n or 1000, 1000)])
limits("find-limits-by-1000", "A limit past 1,000 is 1,000.", lambda f, n: f[: n and min(n, 1000)])


@row("find-limits-what-it-looks-at", "FIND-3")
class LimitsFirst(Wide):
    """The limit is applied to what is looked at, before the selector."""

    def find(self, db_name, selector, fields=None, limit=10000):
        docs = self.limited(self.scanned(db_name), limit)
        return [self.projected(doc, fields) for doc in docs if self.means(selector, doc)]


@row("find-looks-at-one-page", "FIND-3")
class OnePage(Wide):
    """Only the first 1,000 documents are looked at."""

    def scanned(self, db_name):
        return super().scanned(db_name)[:1000]


@row("find-by-default-gives-100", "FIND-3")
class DefaultHundred(Wide):
    """Who names no limit gets 100 documents."""

    def find(self, db_name, selector, fields=None, limit=100):
        return super().find(db_name, selector, fields, limit)


@row("find-in-unwritten-is-404", "FIND-4")
class UnwrittenMissing(Wide):
    """find() in a collection that was never written is 404."""

    def scanned(self, db_name):
        if db_name not in self.created:
            raise HTTPException(404, f"there is no collection {db_name}")
        return super().scanned(db_name)


@row("find-in-unwritten-fails", "FIND-4")
class UnwrittenFails(Wide):
    """find() in a collection that was never written raises `KeyError`."""

    def scanned(self, db_name):
        if db_name not in self.created:
            raise KeyError(db_name)
        return super().scanned(db_name)


@row("find-in-unwritten-is-none", "FIND-4")
class UnwrittenNone(Wide):
    """find() in a collection that was never written is None, if it is given fields."""

    def find(self, db_name, selector, fields=None, limit=10000):
        if fields and db_name not in self.created:
            return None
        return super().find(db_name, selector, fields, limit)


@row("find-in-empty-is-404", "FIND-4", "FIND-1")
class EmptyMissing(Wide):
    """find() where there is no document is 404."""

    def scanned(self, db_name):
        docs = super().scanned(db_name)
        if not docs:
            raise HTTPException(404, f"there is nothing in {db_name}")
        return docs


@row("selector-has-operators", "FIND-5")
class Operators(Wide):
    """An object with one field that begins with `$` is an operator."""

    def means(self, selector, doc):
        return all(self.obeyed(doc.get(name), value) for name, value in selector.items())

    def obeyed(self, held, asked):
        if isinstance(asked, dict) and asked.keys() & {"$ne", "$gt", "$exists"}:
            return "$ne" not in asked or held != asked["$ne"]
        return self.same(asked, held)


@row("selector-is-a-pattern", "FIND-5")
class Patterns(Wide):
    """Text with `%` or `_` in it is a pattern, as in LIKE."""

    def same(self, asked, held):
        if isinstance(asked, str) and isinstance(held, str):
            pattern = re.escape(asked).replace("%", ".*").replace("_", ".")
            return re.fullmatch(pattern, held, re.DOTALL) is not None
        return super().same(asked, held)


@row("selector-is-a-regular-expression", "FIND-5")
class Expressions(Wide):
    """Text is a regular expression where it can be one."""

    def same(self, asked, held):
        try:
            if isinstance(asked, str) and isinstance(held, str):
                return asked == held or re.fullmatch(asked, held, re.DOTALL) is not None
        except re.error:
            pass
        return super().same(asked, held)


@row("selector-breaks-at-a-quote", "FIND-5")
class Quotes(Wide):
    """Text with a quote in it breaks the query."""

    def same(self, asked, held):
        if isinstance(asked, str) and asked.count("'") % 2:
            raise HTTPException(400, "syntax error at or near the quote")
        return super().same(asked, held)


@row("selector-refuses-dollars", "FIND-5")
class Refuses(Wide):
    """A selector with `$` in it is refused, although such documents can be saved."""

    def means(self, selector, doc):
        if "$" in written(selector):
            raise HTTPException(400, "operators are not allowed")
        return super().means(selector, doc)


@row("selector-names-are-paths", "FIND-5")
class Paths(Wide):
    """A name with a dot in it is a path into an object."""

    def means(self, selector, doc):
        return all(self.same(value, self.at(doc, name)) for name, value in selector.items())

    def at(self, doc, name):
        for step in name.split("."):
            if not isinstance(doc, dict) or step not in doc:
                return ...
            doc = doc[step]
        return doc

    def same(self, asked, held):
        return held is not ... and super().same(asked, held)


@row("selector-obeys-or", "FIND-5")
class Or(Wide):
    """`$or` in a selector is obeyed."""

    def means(self, selector, doc):
        choices = selector.get("$or", [{}])
        rest = {name: value for name, value in selector.items() if name != "$or"}
        return super().means(rest, doc) and any(super(Or, self).means(one, doc) for one in choices)


@row("selector-names-lose-their-marks", "FIND-5")
class LosesMarks(Wide):
    """What is no letter, digit, dot or underscore is taken out of a selector's names."""

    def means(self, selector, doc):
        plain = {re.sub(r"[^\w.]", "", name): value for name, value in selector.items()}
        return super().means(plain, doc)


@row("selector-sees-columns", "FIND-5")
class Columns(Wide):
    """`id` in a selector is the document's id."""

    def means(self, selector, doc):
        return super().means(selector, {**doc, "id": doc["_id"]})


class Indexing(Wide):
    """Remembers the indexes that it was asked for."""

    def __init__(self):
        super().__init__()
        self.indexes = {}

    def ensure_index(self, db_name, fields, index_name=None):
        self.indexes.setdefault(db_name, []).append(tuple(fields))

    def fields_indexed(self, db_name):
        return {name for fields in self.indexes.get(db_name, []) for name in fields}


@row("index-exists-already", "IDX-1")
class IndexExists(Indexing):
    """A second index of the same fields is 409."""

    def ensure_index(self, db_name, fields, index_name=None):
        if tuple(fields) in self.indexes.get(db_name, []):
            raise HTTPException(409, "the index exists already")
        super().ensure_index(db_name, fields, index_name)


@row("index-has-a-name", "IDX-1")
class IndexName(Indexing):
    """ensure_index() gives the index's name."""

    def ensure_index(self, db_name, fields, index_name=None):
        super().ensure_index(db_name, fields, index_name)
        return index_name or "-".join(fields)


@row("index-needs-a-name", "IDX-1")
class IndexNeedsName(Indexing):
    """An index has no default name."""

    def ensure_index(self, db_name, fields, index_name):
        super().ensure_index(db_name, fields, index_name)


@row("index-sorts-the-fields", "IDX-1")
class IndexSorts(Indexing):
    """ensure_index() sorts its caller's list, backwards."""

    def ensure_index(self, db_name, fields, index_name=None):
        fields.sort(reverse=True)


@row("index-needs-a-collection", "IDX-1")
class IndexNeedsCollection(Indexing):
    """An index of a collection that was never written is 404."""

    def ensure_index(self, db_name, fields, index_name=None):
        if db_name not in self.created:
            raise HTTPException(404, f"there is no collection {db_name}")


@row("index-is-listed", "IDX-1")
class IndexListed(Indexing):
    """An index is a document of the collection."""

    def ensure_index(self, db_name, fields, index_name=None):
        self.kept[db_name, "_design/a"] = Kept(db_name, "_design/a", "1", '{"language": "query"}')


@row("index-is-found", "IDX-1")
class IndexFound(Indexing):
    """An index is found by an empty selector, though it is not listed."""

    def scanned(self, db_name):
        own = [{"_id": f"_design/{n}"} for n, _ in enumerate(self.indexes.get(db_name, []))]
        return super().scanned(db_name) + own


@row("index-is-unique", "IDX-1")
class IndexUnique(Indexing):
    """No two documents may have the same value in an indexed field."""

    def save(self, db_name, doc_id, doc):
        for name in self.fields_indexed(db_name) & doc.keys():
            if any(d.get(name) == doc[name] and d["_id"] != doc_id for d in self.list_all(db_name)):
                raise HTTPException(409, f"{name} is taken")
        return super().save(db_name, doc_id, doc)


@row("index-takes-no-long-value", "IDX-1")
class IndexShort(Indexing):
    """A text of more than 8,191 bytes cannot be saved in an indexed field."""

    def save(self, db_name, doc_id, doc):
        values = (doc.get(name) for name in self.fields_indexed(db_name))
        if any(isinstance(value, str) and len(value) > 8191 for value in values):
            raise HTTPException(400, "index row size exceeds btree maximum")
        return super().save(db_name, doc_id, doc)


@row("index-is-sparse", "IDX-1")
class IndexSparse(Indexing):
    """Once there is an index, documents without its fields are not found."""

    def scanned(self, db_name):
        names = self.fields_indexed(db_name) - {"tried", "nothing"}
        return [doc for doc in super().scanned(db_name) if names <= doc.keys()]


@row("index-is-of-that-time", "IDX-1")
class IndexOfThen(Indexing):
    """An index has the documents of the time when it was made."""

    def ensure_index(self, db_name, fields, index_name=None):
        if fields != ["tried"]:
            self.indexes.setdefault(db_name, self.list_all(db_name))

    def scanned(self, db_name):
        then = self.indexes.get(db_name)
        return super().scanned(db_name) if then is None else deepcopy(then)


@row("index-hides-lists", "IDX-1")
class IndexTypes(Indexing):
    """list_all() leaves out documents that the index cannot hold."""

    def kept_in(self, db_name):
        names = self.fields_indexed(db_name)
        here = super().kept_in(db_name)
        return [k for k in here if not any(f'"{name}": [' in k.text for name in names)]
