"""Services that store what they should not, or answer wrongly: SAVE-1, SAVE-2, SAVE-4 to SAVE-6."""

from functools import partial
from typing import Any
from urllib.parse import quote

from fastapi import HTTPException

from gofannon_conformance.mutants.changes import each, of
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Kept, Overview, Right

SAVING: list[Mutant] = []
row = partial(breaks, SAVING)


@row("rev_is_an_int", "SAVE-1")
class RevInt(Right):
    """`rev` is a number."""

    def revision(self, doc: dict[str, Any]) -> Any:
        return int(super().revision(doc)[:-2])


@row("rev_empty_on_replacement", "SAVE-1")
class RevEmpty(Right):
    """`rev` is the empty text when a document was replaced."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        replaced = isinstance(doc_id, str) and (db_name, doc_id) in self.kept
        answer = super().save(db_name, doc_id, doc)
        return {**answer, "rev": ""} if replaced else answer


@row("answer_has_the_id_of_the_document", "SAVE-1")
class AnswerCarried(Right):
    """save() answers with the `_id` that the document carried."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        return {**answer, "id": doc.get("_id", doc_id)}


@row("answer_has_a_number_for_an_id", "SAVE-1")
class AnswerNumber(Right):
    """save() answers with a number where the id looks like one."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        return {**answer, "id": int(doc_id) if doc_id.isdecimal() else doc_id}


@row("answer_has_an_id_percent_encoded", "SAVE-1")
class AnswerEncoded(Right):
    """save() answers with the id as it is written in a URL."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        return {**answer, "id": quote(doc_id, errors="surrogatepass")}


@row("rev_none_where_nothing_changed", "SAVE-1")
class RevNone(Right):
    """`rev` is None where the same content is saved again."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        self.check_id(doc_id)
        old = self.kept.get((db_name, doc_id))
        answer = super().save(db_name, doc_id, doc)
        same = old is not None and old.text == self.kept[db_name, doc_id].text
        return {**answer, "rev": None} if same else answer


@row("answer_of_the_other_dialect", "SAVE-1")
class AnswerDocument(Right):
    """save() answers with the document, as the dialect `overview` has it."""

    save = Overview.save


@row("overview_answer_of_the_other_dialect", "SAVE-1", dialect="overview")
class OverviewAnswer(Overview):
    """In the dialect `overview`, save() answers with the id and the revision."""

    save = Right.save


@row("overview_answer_without_its_id", "SAVE-1", dialect="overview")
class OverviewWithoutId(Overview):
    """In the dialect `overview`, save() answers with the document as its caller gave it."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        super().save(db_name, doc_id, doc)
        return dict(doc)


@row("overview_answer_of_the_earlier_version", "SAVE-1", dialect="overview")
class OverviewEarlier(Overview):
    """In the dialect `overview`, save() answers with the version that it has replaced."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        self.check_id(doc_id)
        old = self.get(db_name, doc_id) if (db_name, doc_id) in self.kept else None
        new = super().save(db_name, doc_id, doc)
        return old or new


@row("collection_must_exist", "SAVE-2")
class MustExist(Right):
    """The first save() into a collection creates it, and says 404."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        known = db_name in self.created
        self.created.add(db_name)
        if not known:
            raise HTTPException(404, f"there is no collection {db_name}")
        return super().save(db_name, doc_id, doc)


@row("first_document_is_lost", "SAVE-2")
class FirstLost(Right):
    """The first save() into a collection creates it, and stores nothing."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        known = db_name in self.created
        answer = super().save(db_name, doc_id, doc)
        if not known:
            del self.kept[db_name, doc_id]
        return answer


@row("collection_holds_one_document", "SAVE-2")
class HoldsOne(Right):
    """A new document takes the place of the one before it in the collection."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        for kept in self.kept_in(db_name):
            if kept.doc_id != doc_id:
                del self.kept[db_name, kept.doc_id]
        return answer


@row("existing_document_is_409", "SAVE-4")
class InsertOnly(Right):
    """A plain dict over an existing document is refused with 409."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        if (db_name, doc_id) in self.kept and "_rev" not in doc:
            raise HTTPException(409, f"{doc_id} is in {db_name} already")
        return super().save(db_name, doc_id, doc)


@row("tenth_version_is_the_last", "SAVE-4")
class TenVersions(Right):
    """A document has ten versions; what is saved later is lost."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        self.check_id(doc_id)
        kept = self.kept.get((db_name, doc_id))
        answer = super().save(db_name, doc_id, doc)
        new = self.kept[db_name, doc_id]
        count = int(kept.rev.split("-")[0]) + 1 if kept else 1
        text = kept.text if kept and count > 10 else new.text
        self.kept[db_name, doc_id] = type(new)(db_name, doc_id, f"{count}-r", text)
        return answer


@row("own_fields_are_refused", "SAVE-5")
class OwnRefused(Right):
    """A document that carries `_rev` is refused with 400."""

    def written(self, doc: dict[str, Any]) -> Any:
        if isinstance(doc, dict) and "_rev" in doc:
            raise HTTPException(400, "unknown field _rev")
        return super().written(doc)


@row("own_fields_are_stored_deeper_each_time", "SAVE-5")
class OwnStored(Right):
    """What get() gave is stored with the revision in a field `previous`."""

    def written(self, doc: dict[str, Any]) -> Any:
        if isinstance(doc, dict) and "_rev" in doc:
            doc = {**doc, "previous": doc["_rev"]}
        return super().written(doc)


@row("backslashes_escaped_once_more", "SAVE-5")
class EscapedAgain(Right):
    """Backslashes are escaped where a document that was read is saved, and never unescaped."""

    def written(self, doc: dict[str, Any]) -> Any:
        text = super().written(doc)
        if "_rev" not in doc:
            return text
        return super().written(each(of(str, lambda t: t.replace("\\", "\\\\")))(self.read(text)))


@row("carried_id_decides", "SAVE-6")
class CarriedDecides(Right):
    """A document is stored under the `_id` that it carries, if it is one."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        self.check_id(doc_id)
        answer = super().save(db_name, doc.get("_id") or doc_id, doc)
        return {**answer, "id": doc_id}


@row("carried_id_is_shown", "SAVE-6")
class CarriedShown(Right):
    """get() shows the `_id` that the document carried."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        kept = self.kept[db_name, doc_id]
        shown = doc.get("_id", doc_id)
        self.kept[db_name, doc_id] = type(kept)(db_name, doc_id, kept.rev, (kept.text, shown))
        return answer

    def shown(self, kept: Kept, doc_id: str) -> dict[str, Any]:
        text, shown = kept.text
        return {**self.read(text), "_id": shown, "_rev": kept.rev}


@row("carried_id_is_stored_too", "SAVE-6")
class StoredTwice(Right):
    """A document that carries another `_id` is stored under both."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        other = doc.get("_id")
        if other and other != doc_id:
            super().save(db_name, other, doc)
        return answer


@row("other_id_is_refused", "SAVE-6")
class OtherRefused(Right):
    """A document that carries another `_id` is refused with 400."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        if isinstance(doc, dict) and doc.get("_id", doc_id) != doc_id:
            raise HTTPException(400, f"the document is not {doc_id}")
        return super().save(db_name, doc_id, doc)
