"""The connection to DynamoDB: its client, and when a request is sent again."""

import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import boto3.session
import botocore.exceptions as client_errors
from botocore.config import Config

from gofannon_backends.dynamodb.errors import RequestError, garbled, of_answer, of_client

logger = logging.getLogger(__name__)

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0


def client_of(
    region_name: str,
    endpoint_url: str | None,
    *,
    connect_timeout: float,
    read_timeout: float,
    max_connections: int,
    **credentials: str | None,
) -> Any:
    """Return a boto3 client that sends each request once."""
    # A session of its own: boto3's default session must not be shared between threads.
    session = boto3.session.Session(region_name=region_name, **credentials)
    is_emulator = endpoint_url is not None and urlsplit(endpoint_url).scheme == "http"
    if is_emulator and session.get_credentials() is None:
        session = boto3.session.Session(
            region_name=region_name,
            aws_access_key_id="none",
            aws_secret_access_key="none",  # noqa: S106 (an emulator checks neither)
        )
    return session.client(
        "dynamodb",
        endpoint_url=endpoint_url,
        config=Config(
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            max_pool_connections=max_connections,
            # The backend makes the items itself; checking them costs a quarter of a save.
            parameter_validation=False,
            # `Connection` decides what is sent again. Of botocore's modes only "legacy" compares
            # the checksum of an answer if the request will not be sent again.
            retries={"total_max_attempts": 1, "mode": "legacy"},
        ),
    )


@dataclass(frozen=True)
class Connection:
    """Sends requests about one table, or none, through a client that sends each once.

    A write whose answer was lost must not be sent again: it could bring back what another caller
    has deleted since, overwrite what is newer, or report its own deletion as a missing item.
    """

    client: Any
    attempts: int
    seconds: float
    """After this time no further attempt begins."""

    def repeatable(self, operation: str, table: str | None, **parameters: Any) -> dict[str, Any]:
        """Send a request that may be carried out twice; again after a passing failure."""
        return self._send(operation, table, parameters, repeatable=True)

    def once(self, operation: str, table: str | None, **parameters: Any) -> dict[str, Any]:
        """Send a request that must not be carried out twice.

        It is sent again only if DynamoDB refused the first attempt, or never received it.
        """
        return self._send(operation, table, parameters, repeatable=False)

    def _send(
        self, operation: str, table: str | None, parameters: dict[str, Any], *, repeatable: bool
    ) -> dict[str, Any]:
        no_more_after = time.monotonic() + self.seconds
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
        # A request about many items names their table in `RequestItems`.
        named = {} if table is None or "RequestItems" in parameters else {"TableName": table}
        try:
            answer: dict[str, Any] = getattr(self.client, operation)(**named, **parameters)
        except client_errors.ClientError as error:
            raise of_answer(error) from None
        except client_errors.BotoCoreError as error:
            raise of_client(error) from None
        except Exception as error:  # noqa: BLE001
            # botocore's parser fails on a foreign answer with any error: AttributeError,
            # UnicodeDecodeError, RecursionError, its own ResponseParserError.
            raise garbled(type(error).__name__) from None
        if not _is_from_dynamodb(answer, table):
            raise garbled("an answer of no table")
        return answer


def pause(attempt: int) -> None:
    """Wait a random time that grows with the attempts, so that callers do not collide again."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 1))
    time.sleep(random.uniform(longest / 4, longest))  # noqa: S311 (no secret depends on it)


def _is_from_dynamodb(answer: Mapping[str, Any], table: str | None) -> bool:
    """Return whether the answer proves that DynamoDB wrote it.

    botocore reads a page of HTML or an empty body as an answer without any field, which for GetItem
    means "no such item". DynamoDB repeats the table's name if the request asks for the consumed
    capacity, and sends a checksum, which the client has compared by now.
    """
    if "x-amz-crc32" in answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}):
        return True
    if table is None:
        return isinstance(answer.get("TableNames"), list)
    parts = [answer.get(field) for field in ("ConsumedCapacity", "Table", "TableDescription")]
    if isinstance(parts[0], list):
        parts = parts[0]
    return any(isinstance(part, Mapping) and part.get("TableName") == table for part in parts)
