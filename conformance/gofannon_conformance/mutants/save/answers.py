"""Services that store what they should not, or answer wrongly: SAVE-1, SAVE-2, SAVE-4 to SAVE-6."""

from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters, answers, each, of, remove, step, table
from gofannon_conformance.mutants.right import Overview, Right

SAVING: list[Mutant] = [
    *table(
        step("revision"),
        ("rev_is_an_int", "SAVE-1", "`rev` is a number.",
         lambda self, doc: int(Right.revision(self, doc)[:-2])),
    ),
    *table(
        answers,
        ("answer_has_the_id_of_the_document", "SAVE-1",
         "save() answers with the `_id` that the document carried.",
         lambda doc_id, doc: {"id": doc.get("_id", doc_id)}),
        ("answer_has_a_number_for_an_id", "SAVE-1",
         "save() answers with a number if the id looks like one.",
         lambda doc_id, doc: {"id": int(doc_id) if doc_id.isdecimal() else doc_id}),
        ("answer_has_an_id_percent_encoded", "SAVE-1",
         "save() answers with the id as it is written in a URL.",
         lambda doc_id, doc: {"id": quote(doc_id, errors="surrogatepass")}),
    ),
]  # fmt: skip
row = partial(breaks, SAVING)
alter = partial(alters, SAVING)


@alter("save", "rev_none_where_nothing_changed", "SAVE-1")
def rev_none(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """`rev` is None if the same content is saved again."""
    old = self.earlier(db_name, doc_id)
    answer = Right.save(self, db_name, doc_id, doc)
    same = old is not None and old.text == self.kept[db_name, doc_id].text
    return {**answer, "rev": None} if same else answer


@row("answer_of_the_other_dialect", "SAVE-1")
class AnswerDocument(Right):
    """save() answers with the document, as in the dialect `overview`."""

    save = Overview.save


@row("overview_answer_of_the_other_dialect", "SAVE-1", dialect="overview")
class OverviewAnswer(Overview):
    """In the dialect `overview`, save() answers with the id and the revision."""

    save = Right.save


@alter("save", "overview_answer_of_the_earlier_version", "SAVE-1", dialect="overview")
def earlier_version(
    self: Overview, db_name: str, doc_id: str, doc: dict[str, Any]
) -> dict[str, Any]:
    """In the dialect `overview`, save() answers with the version that it has replaced."""
    old = self.get(db_name, doc_id) if self.earlier(db_name, doc_id) else None
    new = Overview.save(self, db_name, doc_id, doc)
    return old or new


@alter("save", "collection_must_exist", "SAVE-2")
def must_exist(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """The first save() into a collection creates it, and raises 404."""
    known = db_name in self.created
    self.created.add(db_name)
    if not known:
        raise HTTPException(404, f"there is no collection {db_name}")
    return Right.save(self, db_name, doc_id, doc)


@alter("save", "first_document_is_lost", "SAVE-2")
def first_lost(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """The first save() into a collection creates it, and stores nothing."""
    known = db_name in self.created
    answer = Right.save(self, db_name, doc_id, doc)
    if not known:
        del self.kept[db_name, doc_id]
    return answer


@alter("save", "collection_holds_one_document", "SAVE-2")
def holds_one(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A new document replaces the only one of the collection."""
    answer = Right.save(self, db_name, doc_id, doc)
    remove(self, db_name, lambda kept: kept.doc_id != doc_id)
    return answer


@alter("save", "existing_document_is_409", "SAVE-4")
def insert_only(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A plain dict over an existing document is refused with 409."""
    if (db_name, doc_id) in self.kept and "_rev" not in doc:
        raise HTTPException(409, f"{doc_id} is in {db_name} already")
    return Right.save(self, db_name, doc_id, doc)


@alter("save", "tenth_version_is_the_last", "SAVE-4")
def ten_versions(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A document has ten versions; later saves are lost."""
    old = self.earlier(db_name, doc_id)
    answer = Right.save(self, db_name, doc_id, doc)
    new = self.kept[db_name, doc_id]
    count = int(old.rev.split("-")[0]) + 1 if old else 1
    text = old.text if old and count > 10 else new.text
    self.kept[db_name, doc_id] = replace(new, rev=f"{count}-r", text=text)
    return answer


@alter("written", "own_fields_are_refused", "SAVE-5")
def own_refused(self: Right, doc: dict[str, Any]) -> Any:
    """A document that carries `_rev` is refused with 400."""
    if isinstance(doc, dict) and "_rev" in doc:
        raise HTTPException(400, "unknown field _rev")
    return Right.written(self, doc)


@alter("written", "own_fields_are_stored_deeper_each_time", "SAVE-5")
def own_stored(self: Right, doc: dict[str, Any]) -> Any:
    """A document that was read is stored with its revision in a field `previous`."""
    if isinstance(doc, dict) and "_rev" in doc:
        doc = {**doc, "previous": doc["_rev"]}
    return Right.written(self, doc)


@alter("written", "backslashes_escaped_once_more", "SAVE-5")
def escaped_again(self: Right, doc: dict[str, Any]) -> Any:
    """Backslashes are escaped when a document that was read is saved, and never unescaped."""
    text = Right.written(self, doc)
    if "_rev" not in doc:
        return text
    return Right.written(self, each(of(str, lambda t: t.replace("\\", "\\\\")))(self.read(text)))


@alter("save", "carried_id_decides", "SAVE-6")
def carried_decides(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A document is stored under the `_id` that it carries, if that is an id."""
    self.check_id(doc_id)
    answer = Right.save(self, db_name, doc.get("_id") or doc_id, doc)
    return {**answer, "id": doc_id}


@alter("save", "carried_id_is_stored_too", "SAVE-6")
def stored_twice(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A document that carries another `_id` is stored under both."""
    answer = Right.save(self, db_name, doc_id, doc)
    other = doc.get("_id")
    if other and other != doc_id:
        Right.save(self, db_name, other, doc)
    return answer


@alter("save", "other_id_is_refused", "SAVE-6")
def other_refused(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A document that carries another `_id` is refused with 400."""
    if isinstance(doc, dict) and doc.get("_id", doc_id) != doc_id:
        raise HTTPException(400, f"the document is not {doc_id}")
    return Right.save(self, db_name, doc_id, doc)
