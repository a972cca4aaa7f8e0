"""What a failed request to DynamoDB is, and what it means to the caller of the service.

A failure is known by the service's error code or the client's exception type, never by a message.
No message of theirs is passed on, as some contain signed headers.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from typing import Final

import botocore.exceptions as client_errors
from fastapi import HTTPException

from gofannon_backends.base import errors


class Failure(Enum):
    """The kinds of failure that callers treat differently."""

    THROTTLED = "throttled"
    REFUSED = "refused the credentials"
    INVALID = "refused the request"
    BROKEN = "failed inside"
    GARBLED = "sent an answer that is not DynamoDB's"
    UNREACHABLE = "could not be reached"
    TIMED_OUT = "did not answer in time"
    STATE = "holds tables or items in another state"


_EXPLAINED: Final[Mapping[Failure, Callable[..., HTTPException]]] = {
    Failure.THROTTLED: errors.too_many_requests,
    Failure.REFUSED: errors.credentials_refused,
    Failure.BROKEN: errors.unavailable,
    Failure.GARBLED: errors.store_failed,
    Failure.UNREACHABLE: errors.unavailable,
    Failure.TIMED_OUT: errors.timed_out,
    Failure.STATE: errors.store_failed,
}

# Not TIMED_OUT: each attempt would wait as long again for a server that hangs.
_PASSING: Final = {Failure.THROTTLED, Failure.BROKEN, Failure.GARBLED, Failure.UNREACHABLE}


class RequestError(Exception):
    """A request that failed."""

    def __init__(self, failure: Failure, code: str, *, applied: bool) -> None:
        super().__init__(f"DynamoDB {failure.value} ({code})")
        self.failure = failure
        self.code = code
        self.applied = applied
        """Whether the request may have been carried out all the same."""

    @property
    def passing(self) -> bool:
        """Whether the same request may succeed a moment later."""
        return self.failure in _PASSING


class NoTableError(RequestError):
    """The table does not exist, or not yet."""


class TableExistsError(RequestError):
    """The table exists, or is being created, changed or removed."""


class NoMatchError(RequestError):
    """The condition of the request does not hold: there is no such item."""


_BY_CODE_OF_STATE: Final[Mapping[str, type[RequestError]]] = {
    "ResourceNotFoundException": NoTableError,
    "ResourceInUseException": TableExistsError,
    "ConditionalCheckFailedException": NoMatchError,
}

_BY_CODE: Final[Mapping[str, Failure]] = {
    "ProvisionedThroughputExceededException": Failure.THROTTLED,
    "RequestLimitExceeded": Failure.THROTTLED,
    "Throttling": Failure.THROTTLED,
    "ThrottlingException": Failure.THROTTLED,
    "LimitExceededException": Failure.THROTTLED,
    "AccessDenied": Failure.REFUSED,
    "AccessDeniedException": Failure.REFUSED,
    "ExpiredToken": Failure.REFUSED,
    "ExpiredTokenException": Failure.REFUSED,
    "IncompleteSignature": Failure.REFUSED,
    "IncompleteSignatureException": Failure.REFUSED,
    "InvalidClientTokenId": Failure.REFUSED,
    "InvalidSignatureException": Failure.REFUSED,
    "MissingAuthenticationToken": Failure.REFUSED,
    "MissingAuthenticationTokenException": Failure.REFUSED,
    "OptInRequired": Failure.REFUSED,
    "SignatureDoesNotMatch": Failure.REFUSED,
    "UnrecognizedClientException": Failure.REFUSED,
    "ItemCollectionSizeLimitExceededException": Failure.INVALID,
    "SerializationException": Failure.INVALID,
    "ValidationException": Failure.INVALID,
    "InternalFailure": Failure.BROKEN,
    "InternalServerError": Failure.BROKEN,
    "ServiceUnavailable": Failure.BROKEN,
    "ServiceUnavailableException": Failure.BROKEN,
}

_BY_STATUS: Final[Mapping[int, Failure]] = {
    401: Failure.REFUSED,
    403: Failure.REFUSED,
    408: Failure.TIMED_OUT,
    429: Failure.THROTTLED,
    500: Failure.BROKEN,
    502: Failure.BROKEN,
    503: Failure.BROKEN,
    504: Failure.TIMED_OUT,
}
"""Errors of a proxy or a load balancer in front of DynamoDB. Any other status is garbled; above all
404, which says nothing about a document."""

_NOT_SENT: Final = (
    (client_errors.ConnectTimeoutError, Failure.TIMED_OUT),
    (client_errors.EndpointConnectionError, Failure.UNREACHABLE),
    (client_errors.ProxyConnectionError, Failure.UNREACHABLE),
    (client_errors.NoCredentialsError, Failure.REFUSED),
    (client_errors.PartialCredentialsError, Failure.REFUSED),
    (client_errors.CredentialRetrievalError, Failure.REFUSED),
    (client_errors.TokenRetrievalError, Failure.REFUSED),
    (client_errors.SSOError, Failure.REFUSED),
    (client_errors.ParamValidationError, Failure.INVALID),
)

_PERHAPS_APPLIED: Final = (
    (client_errors.ReadTimeoutError, Failure.TIMED_OUT),
    (client_errors.ChecksumError, Failure.GARBLED),
    (client_errors.HTTPClientError, Failure.UNREACHABLE),
)


def of_answer(error: client_errors.ClientError) -> RequestError:
    """Return the failure that an error answer stands for."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in _BY_CODE_OF_STATE:
        return _BY_CODE_OF_STATE[code](Failure.STATE, code, applied=False)
    if code in _BY_CODE:
        failure = _BY_CODE[code]
        return RequestError(failure, code, applied=failure is Failure.BROKEN)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    failure = _BY_STATUS.get(status, Failure.GARBLED)
    applied = failure not in {Failure.REFUSED, Failure.THROTTLED}
    return RequestError(failure, f"status {status}", applied=applied)


def of_client(error: client_errors.BotoCoreError) -> RequestError:
    """Return the failure that an exception of the client stands for."""
    code = type(error).__name__
    for kinds, applied in ((_NOT_SENT, False), (_PERHAPS_APPLIED, True)):
        for kind, failure in kinds:
            if isinstance(error, kind):
                return RequestError(failure, code, applied=applied)
    return RequestError(Failure.BROKEN, code, applied=True)


def garbled(code: str) -> RequestError:
    """Return the failure of an answer that DynamoDB did not write, or not whole."""
    return RequestError(Failure.GARBLED, code, applied=True)


@contextmanager
def explained(db_name: str, doc_id: str | None = None) -> Iterator[None]:
    """Replace the failure of a request in the block by the error for the caller."""
    try:
        yield
    except RequestError as error:
        raise error_of(error, db_name, doc_id) from None


def error_of(error: RequestError, db_name: str, doc_id: str | None) -> HTTPException:
    """Return the error that the caller of the service gets."""
    if error.failure is Failure.INVALID:
        return errors.refused(db_name, doc_id, why=f"DynamoDB does not take it ({error.code})")
    return _EXPLAINED[error.failure](db_name, doc_id, code=error.code)
