"""What the bulk methods answer: one entry for each of many, whatever became of the others."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from fastapi import HTTPException

from gofannon_backends import documents, errors

Entry = dict[str, Any]

_Item = TypeVar("_Item")


def listed(db_name: str, given: object, *, what: str) -> list[Any]:
    """Return what a bulk method was given as a list, or refuse it with a 400."""
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise errors.bad_request(db_name, why=f"{what} are a list")
    return list(given)


def ids(db_name: str, given: object) -> list[str]:
    """Return the ids that `get_many` was given, each once; refuse with a 400 what is none."""
    asked = listed(db_name, given, what="document ids")
    return list(dict.fromkeys(documents.address(db_name, doc_id)[1] for doc_id in asked))


def id_in(doc: object) -> Any:
    """Return the `_id` that a document carries; None if there is none."""
    return doc.get("_id") if isinstance(doc, dict) else None


def entries(
    items: Iterable[_Item], id_of: Callable[[_Item], Any], act: Callable[[_Item], Entry]
) -> list[Entry]:
    """Act on each item in turn, and return what came of it: `ok`, or the error's text.

    A failure of the store itself ends the acting: the items that are left are not tried, because
    each might take as long to fail.
    """
    found: list[Entry] = []
    broken = ""
    for item in items:
        if broken:
            found.append(failed(id_of(item), broken))
            continue
        try:
            found.append({"ok": True, **act(item)})
        except HTTPException as error:
            found.append(failed(id_of(item), str(error.detail)))
            if error.status_code == 429 or error.status_code >= 500:
                broken = f"not tried, because the store failed before: {error.detail}"
    return found


def failed(doc_id: Any, error: str) -> Entry:
    """Return the entry of what failed."""
    return {"ok": False, "id": doc_id if isinstance(doc_id, str) else None, "error": error}
