"""Services that keep the caller's own dict, or change it: SAVE-7 to SAVE-9."""

import json
from datetime import datetime
from functools import partial
from typing import Any

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Right

SNAPSHOTS: list[Mutant] = []
row = partial(breaks, SNAPSHOTS)


@row("stored_dict_is_the_callers", "SAVE-7")
class CallersOwn(Right):
    """The dict itself is kept, and encoded when it is read."""

    def written(self, doc: dict[str, Any]) -> Any:
        super().written(doc)
        return doc

    def read(self, text: Any) -> Any:
        return json.loads(super().written(text))


@row("inner_lists_are_the_callers", "SAVE-7")
class InnerCallers(CallersOwn):
    """The dict is copied, but not what is in it."""

    def written(self, doc: dict[str, Any]) -> Any:
        return dict(super().written(doc))


@row("sixth_level_is_the_callers", "SAVE-7")
class SixthCallers(CallersOwn):
    """The dict is copied five levels deep."""

    def written(self, doc: dict[str, Any]) -> Any:
        return copied(super().written(doc), 5)


def copied(value: Any, levels: int) -> Any:
    if levels and isinstance(value, dict):
        return {k: copied(v, levels - 1) for k, v in value.items()}
    if levels and isinstance(value, list):
        return [copied(v, levels - 1) for v in value]
    return value


@row("tuples_are_the_callers", "SAVE-7")
class TuplesAreCallers(CallersOwn):
    """The dict is copied at every depth, but a tuple is kept, since it cannot change."""

    def written(self, doc: dict[str, Any]) -> Any:
        return copied(super().written(doc), 1_000)


@row("new_version_kept_until_read", "SAVE-7")
class EncodedLater(CallersOwn):
    """A document that exists already is encoded when it is first read."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        replaced = isinstance(doc_id, str) and (db_name, doc_id) in self.kept
        answer = super().save(db_name, doc_id, doc)
        kept = self.kept[db_name, doc_id]
        text = kept.text if replaced else self.read(kept.text)
        self.kept[db_name, doc_id] = type(kept)(db_name, doc_id, kept.rev, text)
        return answer


@row("callers_id_is_popped", "SAVE-8", "SAVE-9")
class IdPopped(Right):
    """The `_id` is taken out of the caller's dict."""

    def written(self, doc: dict[str, Any]) -> Any:
        text = super().written(doc)
        doc.pop("_id", None)
        return text


@row("callers_lists_are_sorted", "SAVE-8")
class ListsSorted(Right):
    """Lists of texts in the caller's dict are sorted in place, after they were stored."""

    def written(self, doc: dict[str, Any]) -> Any:
        text = super().written(doc)
        for value in doc.values():
            if isinstance(value, list) and all(isinstance(v, str) for v in value):
                value.sort()
        return text


@row("callers_nulls_are_pruned", "SAVE-8")
class NullsPruned(Right):
    """Fields that are null are taken out of the caller's dict, after they were stored."""

    def written(self, doc: dict[str, Any]) -> Any:
        text = super().written(doc)
        for name in [name for name, value in doc.items() if value is None]:
            del doc[name]
        return text


@row("callers_moments_become_text", "SAVE-8")
class MomentsConverted(Right):
    """Moments become text in the caller's own dict."""

    def written(self, doc: dict[str, Any]) -> Any:
        for name, value in list(doc.items() if isinstance(doc, dict) else ()):
            if isinstance(value, datetime):
                doc[name] = value.isoformat()
        return super().written(doc)


@row("callers_dict_stays_halved_by_a_refusal", "SAVE-8")
class HalvedByRefusal(Right):
    """The `_id` is taken out while the document is encoded, and put back unless that fails."""

    def written(self, doc: dict[str, Any]) -> Any:
        carried = doc.pop("_id", None) if isinstance(doc, dict) else None
        text = super().written(doc)
        if carried is not None:
            doc["_id"] = carried
        return text


@row("callers_names_stay_escaped_by_a_refusal", "SAVE-8")
class EscapedByRefusal(Right):
    """Dots in the caller's field names are escaped while it is encoded, unless that fails."""

    def written(self, doc: dict[str, Any]) -> Any:
        if not isinstance(doc, dict):
            return super().written(doc)
        plain = dict(doc)
        self._put(doc, {self._escaped(k): v for k, v in plain.items()})
        super().written(doc)
        self._put(doc, plain)
        return super().written(doc)

    def _escaped(self, name: Any) -> Any:
        return name.replace(".", "\uff0e") if isinstance(name, str) else name

    def _put(self, doc: dict[str, Any], fields: dict[str, Any]) -> None:
        doc.clear()
        doc.update(fields)


@row("callers_dict_gets_an_id", "SAVE-9")
class IdAdded(Right):
    """The caller's dict is given its `_id`."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        doc["_id"] = doc_id
        return answer
