"""Services that store what they should not, or answer wrongly: SAVE-1, SAVE-2, SAVE-4 to SAVE-9."""

import json
from datetime import datetime
from functools import partial

from fastapi import HTTPException
from right import Overview, Right

from faulty.rows import breaks

BROKEN_SAVING = []
row = partial(breaks, BROKEN_SAVING)


@row("rev-is-an-int", "SAVE-1")
class RevInt(Right):
    """`rev` is a number."""

    def revision(self, doc):
        return int(super().revision(doc)[:-2])


@row("rev-empty-on-replacement", "SAVE-1")
class RevEmpty(Right):
    """`rev` is the empty text when a document was replaced."""

    def save(self, db_name, doc_id, doc):
        replaced = isinstance(doc_id, str) and (db_name, doc_id) in self.kept
        answer = super().save(db_name, doc_id, doc)
        return {**answer, "rev": ""} if replaced else answer


@row("answer-has-the-id-of-the-document", "SAVE-1")
class AnswerCarried(Right):
    """save() answers with the `_id` that the document carried."""

    def save(self, db_name, doc_id, doc):
        answer = super().save(db_name, doc_id, doc)
        return {**answer, "id": doc.get("_id", doc_id)}


@row("answer-has-a-number-for-an-id", "SAVE-1")
class AnswerNumber(Right):
    """save() answers with a number where the id looks like one."""

    def save(self, db_name, doc_id, doc):
        answer = super().save(db_name, doc_id, doc)
        return {**answer, "id": int(doc_id) if doc_id.isdecimal() else doc_id}


@row("answer-of-the-other-dialect", "SAVE-1")
class AnswerDocument(Right):
    """save() answers with the document, as the dialect `overview` has it."""

    save = Overview.save


@row("overview-answer-of-the-other-dialect", "SAVE-1", dialect="overview")
class OverviewAnswer(Overview):
    """In the dialect `overview`, save() answers with the id and the revision."""

    save = Right.save


@row("overview-answer-without-its-id", "SAVE-1", dialect="overview")
class OverviewWithoutId(Overview):
    """In the dialect `overview`, save() answers with the document as its caller gave it."""

    def save(self, db_name, doc_id, doc):
        super().save(db_name, doc_id, doc)
        return dict(doc)


@row("overview-answer-of-the-earlier-version", "SAVE-1", dialect="overview")
class OverviewEarlier(Overview):
    """In the dialect `overview`, save() answers with the version that it has replaced."""

    def save(self, db_name, doc_id, doc):
        self.check_id(doc_id)
        old = self.get(db_name, doc_id) if (db_name, doc_id) in self.kept else None
        new = super().save(db_name, doc_id, doc)
        return old or new


@row("collection-must-exist", "SAVE-2")
class MustExist(Right):
    """The first save() into a collection creates it, and says 404."""

    def save(self, db_name, doc_id, doc):
        known = db_name in self.created
        self.created.add(db_name)
        if not known:
            raise HTTPException(404, f"there is no collection {db_name}")
        return super().save(db_name, doc_id, doc)


@row("first-document-is-lost", "SAVE-2")
class FirstLost(Right):
    """The first save() into a collection creates it, and stores nothing."""

    def save(self, db_name, doc_id, doc):
        known = db_name in self.created
        answer = super().save(db_name, doc_id, doc)
        if not known:
            del self.kept[db_name, doc_id]
        return answer


@row("collection-holds-one-document", "SAVE-2")
class HoldsOne(Right):
    """A new document takes the place of the one before it in the collection."""

    def save(self, db_name, doc_id, doc):
        answer = super().save(db_name, doc_id, doc)
        for kept in self.kept_in(db_name):
            if kept.doc_id != doc_id:
                del self.kept[db_name, kept.doc_id]
        return answer


@row("existing-document-is-409", "SAVE-4")
class InsertOnly(Right):
    """A plain dict over an existing document is refused with 409."""

    def save(self, db_name, doc_id, doc):
        if (db_name, doc_id) in self.kept and "_rev" not in doc:
            raise HTTPException(409, f"{doc_id} is in {db_name} already")
        return super().save(db_name, doc_id, doc)


@row("tenth-version-is-the-last", "SAVE-4")
class TenVersions(Right):
    """A document has ten versions; what is saved later is lost."""

    def save(self, db_name, doc_id, doc):
        self.check_id(doc_id)
        kept = self.kept.get((db_name, doc_id))
        answer = super().save(db_name, doc_id, doc)
        new = self.kept[db_name, doc_id]
        count = int(kept.rev.split("-")[0]) + 1 if kept else 1
        text = kept.text if count > 10 else new.text
        self.kept[db_name, doc_id] = type(new)(db_name, doc_id, f"{count}-r", text)
        return answer


@row("own-fields-are-refused", "SAVE-5")
class OwnRefused(Right):
    """A document that carries `_rev` is refused with 400."""

    def written(self, doc):
        if isinstance(doc, dict) and "_rev" in doc:
            raise HTTPException(400, "unknown field _rev")
        return super().written(doc)


@row("own-fields-are-stored-deeper-each-time", "SAVE-5")
class OwnStored(Right):
    """What get() gave is stored with the revision in a field `previous`."""

    def written(self, doc):
        if isinstance(doc, dict) and "_rev" in doc:
            doc = {**doc, "previous": doc["_rev"]}
        return super().written(doc)


@row("carried-id-decides", "SAVE-6")
class CarriedDecides(Right):
    """A document is stored under the `_id` that it carries, if it is one."""

    def save(self, db_name, doc_id, doc):
        self.check_id(doc_id)
        answer = super().save(db_name, doc.get("_id") or doc_id, doc)
        return {**answer, "id": doc_id}


@row("carried-id-is-shown", "SAVE-6")
class CarriedShown(Right):
    """get() shows the `_id` that the document carried."""

    def save(self, db_name, doc_id, doc):
        answer = super().save(db_name, doc_id, doc)
        kept = self.kept[db_name, doc_id]
        shown = doc.get("_id", doc_id)
        self.kept[db_name, doc_id] = type(kept)(db_name, doc_id, kept.rev, (kept.text, shown))
        return answer

    def shown(self, kept, doc_id):
        text, shown = kept.text
        return {**self.read(text), "_id": shown, "_rev": kept.rev}


@row("carried-id-is-stored-too", "SAVE-6")
class StoredTwice(Right):
    """A document that carries another `_id` is stored under both."""

    def save(self, db_name, doc_id, doc):
        answer = super().save(db_name, doc_id, doc)
        other = doc.get("_id")
        if other and other != doc_id:
            super().save(db_name, other, doc)
        return answer


@row("other-id-is-refused", "SAVE-6")
class OtherRefused(Right):
    """A document that carries another `_id` is refused with 400."""

    def save(self, db_name, doc_id, doc):
        if isinstance(doc, dict) and doc.get("_id", doc_id) != doc_id:
            raise HTTPException(400, f"the document is not {doc_id}")
        return super().save(db_name, doc_id, doc)


@row("stored-dict-is-the-callers", "SAVE-7")
class CallersOwn(Right):
    """The dict itself is kept, and encoded when it is read."""

    def written(self, doc):
        super().written(doc)
        return doc

    def read(self, text):
        return json.loads(super().written(text))


@row("inner-lists-are-the-callers", "SAVE-7")
class InnerCallers(CallersOwn):
    """The dict is copied, but not what is in it."""

    def written(self, doc):
        return dict(super().written(doc))


@row("new-version-kept-until-read", "SAVE-7")
class EncodedLater(CallersOwn):
    """A document that exists already is encoded when it is first read."""

    def save(self, db_name, doc_id, doc):
        replaced = isinstance(doc_id, str) and (db_name, doc_id) in self.kept
        answer = super().save(db_name, doc_id, doc)
        kept = self.kept[db_name, doc_id]
        text = kept.text if replaced else self.read(kept.text)
        self.kept[db_name, doc_id] = type(kept)(db_name, doc_id, kept.rev, text)
        return answer


@row("callers-id-is-popped", "SAVE-8", "SAVE-9")
class IdPopped(Right):
    """The `_id` is taken out of the caller's dict."""

    def written(self, doc):
        text = super().written(doc)
        doc.pop("_id", None)
        return text


@row("callers-lists-are-sorted", "SAVE-8")
class ListsSorted(Right):
    """Lists of texts in the caller's dict are sorted in place, after they were stored."""

    def written(self, doc):
        text = super().written(doc)
        for value in doc.values():
            if isinstance(value, list) and all(isinstance(v, str) for v in value):
                value.sort()
        return text


@row("callers-nulls-are-pruned", "SAVE-8")
class NullsPruned(Right):
    """Fields that are null are taken out of the caller's dict, after they were stored."""

    def written(self, doc):
        text = super().written(doc)
        for name in [name for name, value in doc.items() if value is None]:
            del doc[name]
        return text


@row("callers-moments-become-text", "SAVE-8")
class MomentsConverted(Right):
    """Moments become text in the caller's own dict."""

    def written(self, doc):
        for name, value in list(doc.items() if isinstance(doc, dict) else ()):
            if isinstance(value, datetime):
                doc[name] = value.isoformat()
        return super().written(doc)


@row("callers-dict-stays-halved-by-a-refusal", "SAVE-8")
class HalvedByRefusal(Right):
    """The `_id` is taken out while the document is encoded, and put back unless that fails."""

    def written(self, doc):
        carried = doc.pop("_id", None) if isinstance(doc, dict) else None
        text = super().written(doc)
        if carried is not None:
            doc["_id"] = carried
        return text


@row("callers-dict-gets-an-id", "SAVE-9")
class IdAdded(Right):
    """The caller's dict is given its `_id`."""

    def save(self, db_name, doc_id, doc):
        answer = super().save(db_name, doc_id, doc)
        doc["_id"] = doc_id
        return answer
