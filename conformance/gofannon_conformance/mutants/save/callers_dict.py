"""Services that keep the caller's own dict, or change it: SAVE-7 to SAVE-9."""

import json
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from gofannon_conformance.mutants.mutant import Mutant
from gofannon_conformance.mutants.mutations import Change, alters, table
from gofannon_conformance.mutants.right import Right


def copied(value: Any, levels: int) -> Any:
    if levels and isinstance(value, dict):
        return {k: copied(v, levels - 1) for k, v in value.items()}
    if levels and isinstance(value, list):
        return [copied(v, levels - 1) for v in value]
    return value


class Later(Right):
    """Keeps the dict itself, and encodes it when it is read."""

    def written(self, doc: dict[str, Any]) -> Any:
        super().written(doc)
        return doc

    def read(self, text: Any) -> Any:
        return json.loads(super().written(text))


def keeps(copy: Change) -> type[Right]:
    """Return a service that keeps a copy of the dict, and encodes it when it is read."""
    return type("Keeps", (Later,), {"written": lambda self, doc: copy(Later.written(self, doc))})


def then(change: Change) -> type[Right]:
    """Return a service that changes the caller's dict after it was stored."""

    class Then(Right):
        def written(self, doc: dict[str, Any]) -> Any:
            text = super().written(doc)
            change(doc)
            return text

    return Then


def sort_lists(doc: dict[str, Any]) -> None:
    for value in doc.values():
        if isinstance(value, list) and all(isinstance(v, str) for v in value):
            value.sort()


def prune_nulls(doc: dict[str, Any]) -> None:
    for name in [name for name, value in doc.items() if value is None]:
        del doc[name]


SNAPSHOTS: list[Mutant] = [
    *table(
        keeps,
        ("stored_dict_is_the_callers", "SAVE-7",
         "The dict itself is kept, and encoded when it is read.", lambda doc: doc),
        ("inner_lists_are_the_callers", "SAVE-7", "The dict is copied, but not what is in it.",
         dict),
        ("sixth_level_is_the_callers", "SAVE-7", "The dict is copied five levels deep.",
         lambda doc: copied(doc, 5)),
        ("tuples_are_the_callers", "SAVE-7",
         "The dict is copied at every depth, but a tuple is kept, since it cannot change.",
         lambda doc: copied(doc, 1_000)),
    ),
    *table(
        then,
        ("callers_id_is_popped", "SAVE-8 SAVE-9", "The `_id` is removed from the caller's dict.",
         lambda doc: doc.pop("_id", None)),
        ("callers_lists_are_sorted", "SAVE-8",
         "Lists of texts in the caller's dict are sorted in place, after they were stored.",
         sort_lists),
        ("callers_nulls_are_pruned", "SAVE-8",
         "Fields that are null are removed from the caller's dict, after they were stored.",
         prune_nulls),
    ),
]  # fmt: skip
alter = partial(alters, SNAPSHOTS)


@alter("save", "new_version_kept_until_read", "SAVE-7")
def encoded_later(self: Later, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A document that exists already is encoded when it is first read."""
    replaced = self.earlier(db_name, doc_id)
    answer = Later.save(self, db_name, doc_id, doc)
    kept = self.kept[db_name, doc_id]
    text = kept.text if replaced else self.read(kept.text)
    self.kept[db_name, doc_id] = replace(kept, text=text)
    return answer


@alter("written", "callers_moments_become_text", "SAVE-8")
def moments_converted(self: Right, doc: dict[str, Any]) -> Any:
    """Moments become text in the caller's own dict."""
    for name, value in list(doc.items() if isinstance(doc, dict) else ()):
        if isinstance(value, datetime):
            doc[name] = value.isoformat()
    return Right.written(self, doc)


@alter("written", "callers_dict_stays_halved_by_a_refusal", "SAVE-8")
def halved_by_refusal(self: Right, doc: dict[str, Any]) -> Any:
    """The `_id` is removed while the document is encoded, and restored unless that fails."""
    carried = doc.pop("_id", None) if isinstance(doc, dict) else None
    text = Right.written(self, doc)
    if carried is not None:
        doc["_id"] = carried
    return text


@alter("save", "callers_dict_gets_an_id", "SAVE-9")
def id_added(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """The `_id` is added to the caller's dict."""
    answer = Right.save(self, db_name, doc_id, doc)
    doc["_id"] = doc_id
    return answer
