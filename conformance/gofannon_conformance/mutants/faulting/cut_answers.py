"""Services over HTTP that make something of answers that are cut, late, or nobody's: FAULT-4."""

import http.client
import json
import time
from collections.abc import Callable
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.faulting.served import OVER_HTTP, Served
from gofannon_conformance.mutants.mutant import Mutant, T, breaks

CUT_ANSWERS: list[Mutant] = []


def row(name: str, *clauses: str) -> Callable[[T], T]:
    """Enter a service over HTTP."""
    return breaks(CUT_ANSWERS, name, *clauses, **OVER_HTTP)


# --- cut ------------------------------------------------------------------------------------------


@row("cut_answer_is_mended", "FAULT-4")
class PartialBody(Served):
    """What was read of a cut answer is mended and taken for the whole."""

    def read(self, response: http.client.HTTPResponse) -> bytes:
        try:
            return response.read()
        except http.client.IncompleteRead as cut:
            return mended(cut.partial)


CLOSINGS = ("}", "}}", "]}", "}]}", '], "next": null}', '}], "next": null}')


def mended(data: bytes) -> bytes:
    """Close what is open in a JSON text, after its last whole member."""
    text = data.decode(errors="ignore")
    for end in range(len(text), max(len(text) - 400, 0), -1):
        for closing in CLOSINGS:
            try:
                found = json.loads(text[:end].rstrip(", ") + closing)
            except ValueError:
                continue
            if "docs" in found:
                found.setdefault("next", None)
            found.setdefault("id", "?")
            found.setdefault("rev", "?")
            return json.dumps(found).encode()
    return b"{}"


@row("cut_listing_shows_what_came_whole", "FAULT-4")
class LengthIgnored(Served):
    """Reads until the connection ends, and shows the documents that came whole."""

    def read(self, response: http.client.HTTPResponse) -> bytes:
        try:
            return response.read()
        except http.client.IncompleteRead as cut:
            text = cut.partial.decode(errors="ignore")
            if '"docs": [' not in text:
                raise
            whole, _, _ = text.rpartition("}}")
            return (whole + '}}], "next": null}').encode() if whole else b'{"docs":[],"next":null}'


@row("cut_answer_is_404", "FAULT-4", "ERR-2")
class CutIs404(Served):
    """An answer that breaks off is no document."""

    def lost(self, error: Exception) -> HTTPException:
        if isinstance(error, http.client.IncompleteRead):
            return HTTPException(404, "there is nothing to read")
        return super().lost(error)


@row("lost_answer_of_a_save_is_409", "FAULT-4", "ERR-2")
class CutIs409(Served):
    """A save() whose answer is lost is a conflict."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        try:
            return super().save(db_name, doc_id, doc)
        except HTTPException as error:
            if "RemoteDisconnected" in error.detail or "Reset" in error.detail:
                raise HTTPException(409, "somebody else may have saved it") from None
            raise


@row("error_of_the_http_client_escapes", "FAULT-4", "ERR-1")
class IncompleteEscapes(Served):
    """Only the operating system's errors are caught, not those of the HTTP client."""

    broken_off = (OSError,)


# --- foreign --------------------------------------------------------------------------------------


@row("page_of_html_is_404", "FAULT-4", "ERR-2")
class PageIs404(Served):
    """A page of HTML in place of an answer is "not found"."""

    def foreign(self, status: int) -> HTTPException:
        return HTTPException(404, "the store has nothing to say about it")


@row("empty_answer_is_an_empty_list", "FAULT-4")
class EmptyIsEmpty(Served):
    """An answer without a body is a page without documents."""

    def parsed(self, data: bytes) -> dict[str, Any]:
        return super().parsed(data or b'{"docs": [], "next": null}')

    def shown(self, entry: dict[str, Any]) -> dict[str, Any]:
        return super().shown(entry) if "doc" in entry else {}


@row("unreadable_answer_is_none", "FAULT-4")
class GarbageIsNone(Served):
    """What cannot be read is None in get()."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        try:
            return super().get(db_name, doc_id)
        except HTTPException as error:
            if "is no store" in error.detail:
                return None
            raise


@row("error_of_the_decoder_escapes", "FAULT-4", "ERR-1")
class GarbageEscapes(Served):
    """What the JSON decoder raises escapes."""

    unreadable = ()


# --- late -----------------------------------------------------------------------------------------

LATE = 0.2
"""Seconds after which an answer is too late for these."""


@row("late_answer_is_404", "FAULT-4")
class LateIs404(Served):
    """A document that came late, though it came, is said not to be there."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        began = time.monotonic()
        doc = super().get(db_name, doc_id)
        if time.monotonic() > began + LATE:
            raise HTTPException(404, f"{doc_id} did not come in time")
        return doc


@row("late_page_is_left_out", "FAULT-4")
class LatePageLeftOut(Served):
    """A page of the listing that came late is left out of it."""

    def page(self, db_name: str, after: str) -> dict[str, Any]:
        began = time.monotonic()
        page = super().page(db_name, after)
        return page if time.monotonic() < began + LATE else {**page, "docs": []}
