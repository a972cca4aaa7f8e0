"""Services over HTTP that accept cut, late or forged answers: FAULT-4."""

import http.client
from functools import partial
from typing import Any

from fastapi import HTTPException

from gofannon_conformance.mutants.faults.base import OVER_HTTP, Served, hides, hiding
from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters

CUT_ANSWERS: list[Mutant] = []
alter = partial(alters, CUT_ANSWERS)

# --- cut ------------------------------------------------------------------------------------------


@alter("read", "cut_answer_is_mended", "FAULT-4", **OVER_HTTP)
def partial_body(self: Served, response: http.client.HTTPResponse) -> bytes:
    """The fields of a cut document that arrived are taken for the whole."""
    try:
        return response.read()
    except http.client.IncompleteRead as cut:
        whole, _, _ = cut.partial.rpartition(b", ")
        if b'"doc": {' not in whole or b'"docs"' in whole:
            raise
        return whole + b"}}"


@alter("read", "cut_listing_shows_what_came_whole", "FAULT-4", **OVER_HTTP)
def length_ignored(self: Served, response: http.client.HTTPResponse) -> bytes:
    """Reads a listing until the connection ends, and shows the documents that arrived whole."""
    try:
        return response.read()
    except http.client.IncompleteRead as cut:
        text = cut.partial.decode(errors="ignore")
        if '"docs": [' not in text:
            raise
        whole, _, _ = text.rpartition("}}")
        return (whole + '}}], "next": null}').encode() if whole else b'{"docs":[],"next":null}'


@alter("save", "lost_answer_of_a_save_is_409", "FAULT-4", "ERR-2", **OVER_HTTP)
def cut_is409(self: Served, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A save() whose answer is lost is a conflict."""
    with hiding(lambda error: "RemoteDisconnected" in error.detail or "Reset" in error.detail):
        return Served.save(self, db_name, doc_id, doc)
    raise HTTPException(409, "somebody else may have saved it")


@breaks(CUT_ANSWERS, "error_of_the_http_client_escapes", "FAULT-4", "ERR-1", **OVER_HTTP)
class IncompleteEscapes(Served):
    """Only the operating system's errors are caught, not those of the HTTP client."""

    broken_off = (OSError,)


# --- forged ---------------------------------------------------------------------------------------


@alter("foreign", "page_of_html_is_404", "FAULT-4", "ERR-2", **OVER_HTTP)
def page_is404(self: Served, status: int) -> HTTPException:
    """A page of HTML in place of an answer is "not found"."""
    return HTTPException(404, "the store has nothing to say about it")


@breaks(CUT_ANSWERS, "empty_answer_is_an_empty_list", "FAULT-4", **OVER_HTTP)
class EmptyIsEmpty(Served):
    """An answer without a body is a page without documents."""

    def parsed(self, data: bytes) -> dict[str, Any]:
        return super().parsed(data or b'{"docs": [], "next": null}')

    def shown(self, entry: dict[str, Any]) -> dict[str, Any]:
        return super().shown(entry) if "doc" in entry else {}


@breaks(CUT_ANSWERS, "unreadable_answer_is_none", "FAULT-4", **OVER_HTTP)
@hides("get", lambda error: "is no store" in error.detail, None)
class GarbageIsNone(Served):
    """An unreadable answer is None in get()."""


@breaks(CUT_ANSWERS, "error_of_the_decoder_escapes", "FAULT-4", "ERR-1", **OVER_HTTP)
class GarbageEscapes(Served):
    """The JSON decoder's exception escapes."""

    unreadable = ()


# --- late -----------------------------------------------------------------------------------------

LEAST_PIECE = 1000
"""Bytes: an answer in several pieces that are smaller on average is late."""


class Impatient(Served):
    """Knows a late answer by the many small pieces in which it comes.

    The time would not tell: on a busy machine every answer is late.
    """

    late = False
    """Whether the last answer was late."""

    def read(self, response: http.client.HTTPResponse) -> bytes:
        pieces = list(iter(response.read1, b""))
        data = b"".join(pieces)
        if response.length:
            raise http.client.IncompleteRead(data, response.length)
        response.close()
        self.late = len(pieces) > 1 and len(data) < LEAST_PIECE * len(pieces)
        return data


@alter("get", "late_answer_is_404", "FAULT-4", **OVER_HTTP)
def late_is404(self: Impatient, db_name: str, doc_id: str) -> dict[str, Any]:
    """A document that arrives late is "not found"."""
    doc = Served.get(self, db_name, doc_id)
    if self.late:
        raise HTTPException(404, f"{doc_id} did not arrive in time")
    return doc


@alter("page", "late_page_is_left_out", "FAULT-4", **OVER_HTTP)
def late_page_left_out(self: Impatient, db_name: str, after: str) -> dict[str, Any]:
    """A page that arrives late is left out of the listing."""
    page = Served.page(self, db_name, after)
    return {**page, "docs": []} if self.late else page
