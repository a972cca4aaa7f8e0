"""Services that make one document of the old version and the new one: SAVE-3, SAVE-4, SCH-9."""

import json
from functools import partial

from right import Right

from faulty.rows import breaks

BROKEN_MERGING = []
row = partial(breaks, BROKEN_MERGING)


class Merging(Right):
    """Stores what `merged` makes of the old version and the new one."""

    def save(self, db_name, doc_id, doc):
        kept = self.kept.get((db_name, doc_id)) if isinstance(doc_id, str) else None
        answer = super().save(db_name, doc_id, doc)
        if kept is not None:
            new = self.kept[db_name, doc_id]
            merged = self.merged(json.loads(kept.text), json.loads(new.text))
            self.kept[db_name, doc_id] = type(new)(db_name, doc_id, new.rev, json.dumps(merged))
        return answer


@row("save-merges-the-top-level", "SAVE-3")
class MergesTop(Merging):
    """Fields that the new version lacks stay."""

    def merged(self, old, new):
        return {**old, **new}


@row("save-merges-objects-in-objects", "SAVE-3")
class MergesDeep(Merging):
    """The top level is replaced; objects two levels down are merged."""

    def merged(self, old, new, level=0):
        if not (isinstance(old, dict) and isinstance(new, dict)):
            return new
        kept = old if level > 1 else {k: v for k, v in old.items() if k in new}
        return {**kept, **{k: self.merged(old.get(k), v, level + 1) for k, v in new.items()}}


@row("shorter-array-keeps-its-tail", "SAVE-3")
class KeepsTail(Merging):
    """Rows past the end of a shorter array stay."""

    def merged(self, old, new):
        return {
            k: v + old[k][len(v) :] if isinstance(v, list) and isinstance(old.get(k), list) else v
            for k, v in new.items()
        }


@row("equal-to-python-is-skipped", "SAVE-3")
class EqualSkipped(Merging):
    """A version that Python holds to be equal is not stored: True over 1 stays 1."""

    def merged(self, old, new):
        return old if old == new else new


@row("same-length-is-skipped", "SAVE-3")
class SameLength(Merging):
    """A version of the same length is taken for unchanged."""

    def merged(self, old, new):
        return old if len(json.dumps(old)) == len(json.dumps(new)) else new


@row("null-does-not-replace", "SAVE-3")
class NullKeeps(Merging):
    """A field that becomes null keeps its old value."""

    def merged(self, old, new):
        return {k: old.get(k) if v is None else v for k, v in new.items()}


@row("status-is-written-once", "SCH-9")
class StatusOnce(Merging):
    """A `status` that says completed is kept as it was."""

    def merged(self, old, new):
        return {**new, "status": old["status"]} if new.get("status") == "completed" else new


@row("result-of-a-failed-ticket-stays", "SCH-9")
class ResultStays(Merging):
    """A `result` that the new version lacks stays."""

    def merged(self, old, new):
        return {**({"result": old["result"]} if "result" in old else {}), **new}


@row("first-version-stays", "SAVE-4")
class FirstStays(Merging):
    """A document that exists is left as it is."""

    def merged(self, old, new):
        return old
