"""The errors that a backend raises: one function per kind, each returning an `HTTPException`.

Nothing else in the package builds an `HTTPException`. Each `detail` names the collection and, where
there is one, the document. It never contains a client library's message, which may hold an address
or a credential: `code` is the name of the client error's type, or its error code.

Raise the result with `from None`, to keep the client's message out of the traceback too::

    except ResourceNotFound:
        raise errors.not_found(db_name, doc_id) from None
"""

from fastapi import HTTPException

_SHOWN_CHARACTERS = 240


def not_found(db_name: str, doc_id: str) -> HTTPException:
    """404: there is no such document, or no such collection."""
    return HTTPException(404, f"{_document(db_name, doc_id)} does not exist")


def conflict(db_name: str, doc_id: str | None = None) -> HTTPException:
    """409: other writers were faster at every attempt; nothing was stored."""
    return HTTPException(
        409, f"{_place(db_name, doc_id)} is being changed by others; nothing was stored: try again"
    )


def bad_request(db_name: object, doc_id: object = None, *, why: str) -> HTTPException:
    """400: the collection's name or the document's id cannot be used, for the reason given."""
    return HTTPException(400, f"{_place(db_name, doc_id)} was refused: {why}")


def refused(db_name: str, doc_id: str | None = None, *, why: str) -> HTTPException:
    """422: the document holds a value that cannot be stored; `why` says which and where."""
    return HTTPException(
        422, f"{_place(db_name, doc_id)} was refused, and nothing was stored: {why}"
    )


def too_large(db_name: str, doc_id: str | None = None, *, why: str) -> HTTPException:
    """413: the document is larger than the store's limit; nothing was stored."""
    return HTTPException(
        413, f"{_place(db_name, doc_id)} is too large, and nothing was stored: {why}"
    )


def too_many_requests(
    db_name: str, doc_id: str | None = None, *, code: object = None
) -> HTTPException:
    """429: the store still throttles after every retry."""
    return _of_the_store(429, db_name, doc_id, "the store is throttling: try again later", code)


def store_failed(db_name: str, doc_id: str | None = None, *, code: object = None) -> HTTPException:
    """500: the store reported a failure that no other function here describes."""
    return _of_the_store(500, db_name, doc_id, "the store failed", code)


def unavailable(db_name: str, doc_id: str | None = None, *, code: object = None) -> HTTPException:
    """503: the store cannot be reached, or the connection broke.

    A write in progress may or may not have been applied.
    """
    return _of_the_store(503, db_name, doc_id, "the store cannot be reached: try again later", code)


def timed_out(db_name: str, doc_id: str | None = None, *, code: object = None) -> HTTPException:
    """504: the store did not answer in time. A write may or may not have been applied."""
    return _of_the_store(504, db_name, doc_id, "the store did not answer in time", code)


def credentials_refused(
    db_name: str, doc_id: str | None = None, *, code: object = None
) -> HTTPException:
    """503: the store rejects the service's credentials, or they lack a right.

    Not 401 or 403, which would tell an application's user to sign in again: the operator must act.
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
    """Return a name for a message: quoted, printable, and of bounded length.

    `repr` also escapes lone surrogates, which a web framework cannot send.
    """
    if not isinstance(name, str):
        return f"<{type(name).__name__}>"
    if len(name) <= _SHOWN_CHARACTERS:
        return repr(name)
    return f"{name[:_SHOWN_CHARACTERS]!r}… ({len(name)} characters)"


def _of_the_store(
    status: int, db_name: str, doc_id: str | None, what: str, code: object
) -> HTTPException:
    suffix = "" if code is None else f" ({code})"
    return HTTPException(status, f"{_place(db_name, doc_id)}: {what}{suffix}")


def _place(db_name: object, doc_id: object) -> str:
    return f"collection {shown(db_name)}" if doc_id is None else _document(db_name, doc_id)


def _document(db_name: object, doc_id: object) -> str:
    return f"document {shown(doc_id)} in collection {shown(db_name)}"
