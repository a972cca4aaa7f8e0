"""One collection of the service under test, with a method for each call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gofannon_conformance.values.copying import snapshot

if TYPE_CHECKING:
    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.run.ledger import Ledger
    from gofannon_conformance.service.caller import Caller


class Collection:
    """One collection of the service under test: its calls are recorded, and return answers."""

    def __init__(self, ledger: Ledger, name: str, caller: Caller) -> None:
        self.ledger = ledger
        self.name = name
        self.caller = caller

    def through(self, caller: Caller) -> Collection:
        """Return the same collection, called through another instance of the service."""
        return Collection(self.ledger, self.name, caller)

    def get(self, doc_id: Any) -> Answer:
        """Call `get()`."""
        return self.caller.call("get", self.name, doc_id)

    def save(self, doc_id: Any, doc: Any) -> Answer:
        """Call `save()` with a copy of a document, so that the suite's own does not change."""
        return self.save_itself(doc_id, snapshot(doc), shown=doc)

    def save_itself(self, doc_id: Any, doc: Any, *, shown: Any = None) -> Answer:
        """Call `save()` with the object itself, for the clauses about the caller's dict."""
        self.ledger.note_save(self.name, doc_id)
        shown = snapshot(doc) if shown is None else shown
        if isinstance(doc, dict):
            self.caller.trace.names.update(doc)
        return self.caller.call("save", self.name, doc_id, doc, shown=(self.name, doc_id, shown))

    def delete(self, doc_id: Any) -> Answer:
        """Call `delete()`."""
        answer = self.caller.call("delete", self.name, doc_id)
        if answer.returned:
            self.ledger.note_delete(self.name, doc_id)
        return answer

    def list_all(self) -> Answer:
        """Call `list_all()`."""
        return self.caller.call("list_all", self.name)

    def find(self, selector: Any, **more: Any) -> Answer:
        """Call the optional `find()` with copies; `fields` and `limit` are passed by name."""
        return self.find_itself(snapshot(selector), **snapshot(more))

    def find_itself(self, selector: Any, **more: Any) -> Answer:
        """Call `find()` with the objects themselves, for the clause about the caller's selector."""
        shown = (self.name, snapshot(selector))
        return self.caller.call("find", self.name, selector, named=more or None, shown=shown)

    def ensure_index(self, *arguments: Any, **named: Any) -> Answer:
        """Call the optional `ensure_index()`."""
        shown = (self.name, *map(snapshot, arguments))
        return self.caller.call(
            "ensure_index", self.name, *arguments, named=named or None, shown=shown
        )

    def save_many(self, docs: list[Any]) -> Answer:
        """Call the optional `save_many()` with copies of documents."""
        return self.save_many_themselves(snapshot(docs))

    def save_many_themselves(self, docs: list[Any]) -> Answer:
        """Call the optional `save_many()` with the objects themselves."""
        for doc in docs:
            if isinstance(doc, dict):
                self.caller.trace.names.update(doc)
            if isinstance(doc, dict) and isinstance(doc.get("_id"), str):
                self.ledger.note_save(self.name, doc["_id"])
        answer = self.caller.call("save_many", self.name, docs, shown=(self.name, snapshot(docs)))
        if isinstance(answer.value, list):  # what it saved against BULK-2 is deleted, too
            for entry in answer.value:
                if isinstance(entry, dict) and entry.get("ok"):
                    self.ledger.note_save(self.name, entry.get("id"))
        return answer

    def delete_many(self, doc_ids: list[Any]) -> Answer:
        """Call the optional `delete_many()`."""
        return self.caller.call("delete_many", self.name, doc_ids, shown=(self.name, [*doc_ids]))

    def get_many(self, doc_ids: list[Any]) -> Answer:
        """Call the optional `get_many()`."""
        return self.caller.call("get_many", self.name, doc_ids, shown=(self.name, [*doc_ids]))
