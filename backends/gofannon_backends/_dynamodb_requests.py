"""One request to DynamoDB: sent, sent again where that can do no harm, its failure given a name.

Failures are told apart by the error codes of the service and the exception types of the client,
never by the text of a message; and no text of theirs goes further, as some carry signed headers.
"""

import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import botocore.exceptions as client_errors

logger = logging.getLogger(__name__)

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0


class Failure(Enum):
    """What went wrong, as far as the caller's next step depends on it."""

    THROTTLED = "throttled"
    REFUSED = "refused the credentials"
    INVALID = "refused the request"
    BROKEN = "failed inside"
    GARBLED = "gave an answer that is none of DynamoDB's"
    UNREACHABLE = "could not be reached"
    TIMED_OUT = "did not answer in time"
    STATE = "holds tables or items in another state"


class RequestError(Exception):
    """A request that did not do what it was sent for."""

    def __init__(self, failure: Failure, code: str, *, applied: bool) -> None:
        super().__init__(f"DynamoDB {failure.value} ({code})")
        self.failure = failure
        self.code = code
        self.applied = applied
        """Whether the request may have done its work all the same."""

    @property
    def passing(self) -> bool:
        """Whether the same request may succeed a moment later."""
        return self.failure in _PASSING


class NoTableError(RequestError):
    """The table does not exist, or not yet."""


class TableExistsError(RequestError):
    """The table exists, or is being made, changed or removed."""


class NoMatchError(RequestError):
    """The condition of the request does not hold: there is no such item."""


_PASSING: Final = {Failure.THROTTLED, Failure.BROKEN, Failure.GARBLED, Failure.UNREACHABLE}
# Not TIMED_OUT: a server that is mute would be waited for as many times as there are attempts.

_ANSWERS: Final[Mapping[str, type[RequestError]]] = {
    "ResourceNotFoundException": NoTableError,
    "ResourceInUseException": TableExistsError,
    "ConditionalCheckFailedException": NoMatchError,
}

_CODES: Final[Mapping[str, Failure]] = {
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

_STATUSES: Final[Mapping[int, Failure]] = {
    401: Failure.REFUSED,
    403: Failure.REFUSED,
    408: Failure.TIMED_OUT,
    429: Failure.THROTTLED,
    500: Failure.BROKEN,
    502: Failure.BROKEN,
    503: Failure.BROKEN,
    504: Failure.TIMED_OUT,
}
"""What an error means that a proxy or a load balancer gives in DynamoDB's place. Any other status
is garbled; above all 404, which says nothing about a document."""

_NEVER_SENT: Final = (
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

_PERHAPS_DONE: Final = (
    (client_errors.ReadTimeoutError, Failure.TIMED_OUT),
    (client_errors.ChecksumError, Failure.GARBLED),
    (client_errors.HTTPClientError, Failure.UNREACHABLE),
)


@dataclass(frozen=True)
class Requests:
    """Sends requests about one table, or none, through a client that itself sends each once.

    A write whose answer was lost must not be sent once more: it could bring back what another
    caller has deleted since, overwrite what is newer, or find its own deletion and call it missing.
    """

    client: Any
    attempts: int
    patience: float
    """Seconds after which no further attempt is begun."""

    def repeatable(self, operation: str, table: str | None, **parameters: Any) -> dict[str, Any]:
        """Send a request that does the same done once or twice; again after a passing failure."""
        return self._send(operation, table, parameters, repeatable=True)

    def once(self, operation: str, table: str | None, **parameters: Any) -> dict[str, Any]:
        """Send a request that must not be done twice.

        It is sent again only if the try before cannot have done its work: DynamoDB turned it
        away, or it never left.
        """
        return self._send(operation, table, parameters, repeatable=False)

    def _send(
        self, operation: str, table: str | None, parameters: dict[str, Any], *, repeatable: bool
    ) -> dict[str, Any]:
        no_more_after = time.monotonic() + self.patience
        for attempt in range(1, self.attempts):
            try:
                return self._send_once(operation, table, parameters)
            except RequestError as error:
                harmless = repeatable or not error.applied
                if not (error.passing and harmless and time.monotonic() < no_more_after):
                    raise
                logger.debug("%s is tried again: %s", operation, error)
            pause(attempt)
        return self._send_once(operation, table, parameters)

    def _send_once(
        self, operation: str, table: str | None, parameters: dict[str, Any]
    ) -> dict[str, Any]:
        # A request about many items names their table beside each list of them.
        named = {} if table is None or "RequestItems" in parameters else {"TableName": table}
        try:
            answer: dict[str, Any] = getattr(self.client, operation)(**named, **parameters)
        except client_errors.ClientError as error:
            raise _told(error) from None
        except client_errors.BotoCoreError as error:
            raise _met(error) from None
        except Exception as error:  # noqa: BLE001
            # botocore's parser meets what is not DynamoDB's with whatever comes of it:
            # AttributeError, UnicodeDecodeError, RecursionError, its own ResponseParserError.
            raise RequestError(Failure.GARBLED, type(error).__name__, applied=True) from None
        if not _from_dynamodb(answer, table):
            raise RequestError(Failure.GARBLED, "an answer of no table", applied=True)
        return answer


def pause(attempt: int) -> None:
    """Wait a random while, longer from attempt to attempt, so that callers do not march in step."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 1))
    time.sleep(random.uniform(longest / 4, longest))  # noqa: S311 (no secret depends on it)


def _told(error: client_errors.ClientError) -> RequestError:
    """Name what the server said."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in _ANSWERS:
        return _ANSWERS[code](Failure.STATE, code, applied=False)
    if code in _CODES:
        failure = _CODES[code]
        return RequestError(failure, code, applied=failure is Failure.BROKEN)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    failure = _STATUSES.get(status, Failure.GARBLED)
    applied = failure not in {Failure.REFUSED, Failure.THROTTLED}
    return RequestError(failure, f"status {status}", applied=applied)


def _met(error: client_errors.BotoCoreError) -> RequestError:
    """Name what the client met."""
    code = type(error).__name__
    for kinds, applied in ((_NEVER_SENT, False), (_PERHAPS_DONE, True)):
        for kind, failure in kinds:
            if isinstance(error, kind):
                return RequestError(failure, code, applied=applied)
    return RequestError(Failure.BROKEN, code, applied=True)


def _from_dynamodb(answer: Mapping[str, Any], table: str | None) -> bool:
    """Whether the answer shows that DynamoDB gave it.

    To botocore a page of HTML and an empty body are answers in which every field is absent: to
    GetItem, "no such item". DynamoDB repeats the table's name when asked for the capacity that was
    used, and sends a checksum, which the client has compared by now.
    """
    if "x-amz-crc32" in answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}):
        return True
    if table is None:
        return isinstance(answer.get("TableNames"), list)
    about = [answer.get(field) for field in ("ConsumedCapacity", "Table", "TableDescription")]
    if isinstance(about[0], list):
        about = about[0]
    return any(isinstance(said, Mapping) and said.get("TableName") == table for said in about)
