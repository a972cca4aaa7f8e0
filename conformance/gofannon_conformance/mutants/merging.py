"""Services that make one document of the old version and the new one: SAVE-3, SAVE-4, SCH-9."""

import json
from functools import partial
from typing import Any

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Right

MERGING: list[Mutant] = []
row = partial(breaks, MERGING)


class Merging(Right):
    """Stores what `merged` makes of the old version and the new one."""

    def merged(self, old: Any, new: Any) -> Any:
        raise NotImplementedError

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        kept = self.kept.get((db_name, doc_id)) if isinstance(doc_id, str) else None
        answer = super().save(db_name, doc_id, doc)
        if kept is not None:
            new = self.kept[db_name, doc_id]
            merged = self.merged(json.loads(kept.text), json.loads(new.text))
            self.kept[db_name, doc_id] = type(new)(db_name, doc_id, new.rev, json.dumps(merged))
        return answer


@row("save_merges_the_top_level", "SAVE-3")
class MergesTop(Merging):
    """Fields that the new version lacks stay."""

    def merged(self, old: Any, new: Any) -> Any:
        return {**old, **new}


@row("save_merges_objects_in_objects", "SAVE-3")
class MergesDeep(Merging):
    """The top level is replaced; objects two levels down are merged."""

    def merged(self, old: Any, new: Any, level: int = 0) -> Any:
        if not (isinstance(old, dict) and isinstance(new, dict)):
            return new
        kept = old if level > 1 else {k: v for k, v in old.items() if k in new}
        return {**kept, **{k: self.merged(old.get(k), v, level + 1) for k, v in new.items()}}


@row("shorter_array_keeps_its_tail", "SAVE-3")
class KeepsTail(Merging):
    """Rows past the end of a shorter array stay."""

    def merged(self, old: Any, new: Any) -> Any:
        return {
            k: v + old[k][len(v) :] if isinstance(v, list) and isinstance(old.get(k), list) else v
            for k, v in new.items()
        }


@row("equal_to_python_is_skipped", "SAVE-3")
class EqualSkipped(Merging):
    """A version that Python holds to be equal is not stored: True over 1 stays 1."""

    def merged(self, old: Any, new: Any) -> Any:
        return old if old == new else new


@row("same_length_is_skipped", "SAVE-3")
class SameLength(Merging):
    """A version of the same length is taken for unchanged."""

    def merged(self, old: Any, new: Any) -> Any:
        return old if len(json.dumps(old)) == len(json.dumps(new)) else new


@row("same_length_past_4096_is_skipped", "SAVE-3")
class SameLengthLong(Merging):
    """A version of the same length is taken for unchanged, if it has more than 4,096 characters."""

    def merged(self, old: Any, new: Any) -> Any:
        length = len(json.dumps(new))
        return old if length > 4096 and len(json.dumps(old)) == length else new


@row("last_chunks_of_a_longer_text_stay", "SAVE-3")
class ChunksStay(Merging):
    """Texts are kept in chunks of 4,096; those past the end of a shorter text stay."""

    def merged(self, old: Any, new: Any) -> Any:
        return {k: self._rest(old.get(k), v) for k, v in new.items()}

    def _rest(self, old: Any, new: Any) -> Any:
        if not (isinstance(old, str) and isinstance(new, str) and len(new) > 4096):
            return new
        return new + old[-(-len(new) // 4096) * 4096 :]


@row("null_does_not_replace", "SAVE-3")
class NullKeeps(Merging):
    """A field that becomes null keeps its old value."""

    def merged(self, old: Any, new: Any) -> Any:
        return {k: old.get(k) if v is None else v for k, v in new.items()}


@row("status_is_written_once", "SCH-9")
class StatusOnce(Merging):
    """A `status` that says completed is kept as it was."""

    def merged(self, old: Any, new: Any) -> Any:
        return {**new, "status": old["status"]} if new.get("status") == "completed" else new


@row("result_of_a_failed_ticket_stays", "SCH-9")
class ResultStays(Merging):
    """A `result` that the new version lacks stays."""

    def merged(self, old: Any, new: Any) -> Any:
        return {**({"result": old["result"]} if "result" in old else {}), **new}


@row("first_version_stays", "SAVE-4")
class FirstStays(Merging):
    """A document that exists is left as it is."""

    def merged(self, old: Any, new: Any) -> Any:
        return old
