"""The failures that a backend reports: one function per kind, each returning an `HTTPException`.

Nothing else in the package builds an `HTTPException`. Each `detail` names the collection and, where
there is one, the document, and is made of our own words: never of a client library's message,
which may carry an address or a credential. What the client did say goes in as `code`: the name of
its error's type, or its error code.

Raise the result with `from None`, so that the client's message is in no traceback either::

    except ResourceNotFound:
        raise errors.not_found(db_name, doc_id) from None
"""

from fastapi import HTTPException

_SHOWN_CHARACTERS = 240


def not_found(db_name: str, doc_id: str) -> HTTPException:
    """404: there is no such document, or no such collection."""
    return HTTPException(404, f"{_document(db_name, doc_id)} does not exist")


def conflict(db_name: str, doc_id: str | None = None) -> HTTPException:
    """409: other writers were faster, every time; nothing was stored."""
    return HTTPException(
        409, f"{_place(db_name, doc_id)} is being changed by others; nothing was stored: try again"
    )


def bad_request(db_name: object, doc_id: object = None, *, why: str) -> HTTPException:
    """400: the collection's name or the document's id cannot be used, for the reason given."""
    return HTTPException(400, f"{_place(db_name, doc_id)} was refused: {why}")


def refused(db_name: str, doc_id: str | None = None, *, why: str) -> HTTPException:
    """422: the document holds what cannot be stored; `why` says what and where."""
    return HTTPException(
        422, f"{_place(db_name, doc_id)} was refused, and nothing was stored: {why}"
    )


def too_large(db_name: str, doc_id: str | None = None, *, why: str) -> HTTPException:
    """413: the document is larger than the store takes; nothing was stored."""
    return HTTPException(
        413, f"{_place(db_name, doc_id)} is too large, and nothing was stored: {why}"
    )


def too_many_requests(
    db_name: str, doc_id: str | None = None, *, code: object = None
) -> HTTPException:
    """429: the store asks for fewer calls, and went on asking through every retry."""
    return _of_the_store(429, db_name, doc_id, "the store is throttling: try again later", code)


def store_failed(db_name: str, doc_id: str | None = None, *, code: object = None) -> HTTPException:
    """500: the store answered, with a failure that no other function here describes."""
    return _of_the_store(500, db_name, doc_id, "the store failed", code)


def unavailable(db_name: str, doc_id: str | None = None, *, code: object = None) -> HTTPException:
    """503: the store could not be reached, or the connection broke.

    A write that was on its way may or may not have been applied.
    """
    return _of_the_store(503, db_name, doc_id, "the store cannot be reached: try again later", code)


def timed_out(db_name: str, doc_id: str | None = None, *, code: object = None) -> HTTPException:
    """504: the store did not answer in time. A write may or may not have been applied."""
    return _of_the_store(504, db_name, doc_id, "the store did not answer in time", code)


def credentials_refused(
    db_name: str, doc_id: str | None = None, *, code: object = None
) -> HTTPException:
    """503: the store does not know the service's credentials, or forbids them this.

    Not 401 or 403: those would tell an application's user to sign in again, and the one who
    must act is the operator.
    """
    return _of_the_store(
        503,
        db_name,
        doc_id,
        "the store refused the service's credentials: check its user, password, key or rights",
        code,
    )


def closed(db_name: str, doc_id: str | None = None) -> HTTPException:
    """503: the service was closed before the call."""
    return _of_the_store(503, db_name, doc_id, "the service has been closed", None)


def shown(name: object) -> str:
    """Return a name as it may stand in a message: quoted, printable, and not endlessly long.

    `repr` also escapes lone surrogates, which a web framework could not send.
    """
    if not isinstance(name, str):
        return f"<{type(name).__name__}>"
    if len(name) <= _SHOWN_CHARACTERS:
        return repr(name)
    return f"{name[:_SHOWN_CHARACTERS]!r}… ({len(name)} characters)"


def _of_the_store(
    status: int, db_name: str, doc_id: str | None, what: str, code: object
) -> HTTPException:
    said = f" ({code})" if code is not None else ""
    return HTTPException(status, f"{_place(db_name, doc_id)}: {what}{said}")


def _place(db_name: object, doc_id: object) -> str:
    return f"collection {shown(db_name)}" if doc_id is None else _document(db_name, doc_id)


def _document(db_name: object, doc_id: object) -> str:
    return f"document {shown(doc_id)} in collection {shown(db_name)}"
