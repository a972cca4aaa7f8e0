"""Services that combine the old version of a document with the new one: SAVE-3, SAVE-4, SCH-9."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gofannon_conformance.mutants.mutations import table
from gofannon_conformance.mutants.right import Right


def merges(merged: Callable[[Any, Any], Any]) -> type[Right]:
    """Return a service that stores what `merged` makes of the old version and the new one."""

    class Merges(Right):
        def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
            old = self.earlier(db_name, doc_id)
            answer = super().save(db_name, doc_id, doc)
            if old is not None:
                new = self.kept[db_name, doc_id]
                text = json.dumps(merged(json.loads(old.text), json.loads(new.text)))
                self.kept[db_name, doc_id] = replace(new, text=text)
            return answer

    return Merges


def merged_below_the_top(old: Any, new: Any, level: int = 0) -> Any:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    kept = old if level > 1 else {k: v for k, v in old.items() if k in new}
    inner = {k: merged_below_the_top(old.get(k), v, level + 1) for k, v in new.items()}
    return {**kept, **inner}


def tails_kept(old: Any, new: Any) -> Any:
    return {
        k: v + old[k][len(v) :] if isinstance(v, list) and isinstance(old.get(k), list) else v
        for k, v in new.items()
    }


def chunks_kept(old: Any, new: Any) -> Any:
    def kept(old: Any, new: Any) -> Any:
        if not (isinstance(old, str) and isinstance(new, str) and len(new) > 4096):
            return new
        return new + old[-(-len(new) // 4096) * 4096 :]

    return {k: kept(old.get(k), v) for k, v in new.items()}


def size(doc: Any) -> int:
    return len(json.dumps(doc))


MERGING = table(
    merges,
    ("save_merges_the_top_level", "SAVE-3", "Fields that the new version lacks stay.",
     lambda old, new: {**old, **new}),
    ("save_merges_objects_in_objects", "SAVE-3",
     "The top level is replaced; objects two levels down are merged.", merged_below_the_top),
    ("shorter_array_keeps_its_tail", "SAVE-3", "Rows past the end of a shorter array stay.",
     tails_kept),
    ("equal_to_python_is_skipped", "SAVE-3",
     "A version that is equal in Python is not stored: True over 1 stays 1.",
     lambda old, new: old if old == new else new),
    ("same_length_is_skipped", "SAVE-3", "A version of the same length is treated as unchanged.",
     lambda old, new: old if size(old) == size(new) else new),
    ("same_length_past_4096_is_skipped", "SAVE-3",
     "A version of the same length is treated as unchanged, if it has more than 4,096 characters.",
     lambda old, new: old if size(old) == size(new) > 4096 else new),
    ("last_chunks_of_a_longer_text_stay", "SAVE-3",
     "Texts are kept in chunks of 4,096; those past the end of a shorter text stay.", chunks_kept),
    ("null_does_not_replace", "SAVE-3", "A field that becomes null keeps its old value.",
     lambda old, new: {k: old.get(k) if v is None else v for k, v in new.items()}),
    ("status_is_written_once", "SCH-9", "A `status` that becomes completed keeps its old value.",
     lambda old, new: {**new, "status": old["status"]} if new.get("status") == "completed" else new
     ),
    ("result_of_a_failed_ticket_stays", "SCH-9", "A `result` that the new version lacks stays.",
     lambda old, new: {**({"result": old["result"]} if "result" in old else {}), **new}),
    ("first_version_stays", "SAVE-4", "A document that exists is left as it is.",
     lambda old, new: old),
)  # fmt: skip
