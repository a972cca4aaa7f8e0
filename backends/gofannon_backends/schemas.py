"""The documents of the application's seven collections, as pydantic models that change nothing.

A model says which fields a document must have, and the types of the known fields. Unknown fields
are allowed. Optional fields may be absent or null. `plain()` returns a valid document unchanged.

The schemas come from Gofannon's own pages. For `agent_data_store` these say only that agents keep
their data there, so any object is valid.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PrivateAttr,
    WithJsonSchema,
    model_validator,
)


def _iso_8601(text: str) -> str:
    datetime.fromisoformat(text)
    return text


Timestamp: TypeAlias = Annotated[
    str, AfterValidator(_iso_8601), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""A date and time as ISO 8601 text."""

Reference: TypeAlias = str
"""The `_id` of another document."""

Money: TypeAlias = float
"""An amount in US dollars."""

Object: TypeAlias = dict[str, JsonValue]


class _Part(BaseModel):
    # Strict: the text "true" is not the boolean.
    model_config = ConfigDict(extra="allow", strict=True)


class Document(_Part):
    """The fields of every document; the store sets both.

    >>> Deployment.model_validate({"agentId": "a1", "since": "2024-01-15"}).plain()
    {'agentId': 'a1', 'since': '2024-01-15'}
    """

    id: str | None = Field(None, alias="_id")
    rev: str | None = Field(None, alias="_rev")

    _original: dict[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _keep_original(cls, given: Any, validate: Callable[[Any], Self]) -> Self:
        document = validate(given)
        if isinstance(given, dict):
            document._original = given  # noqa: SLF001 - its own
        return document

    def plain(self) -> dict[str, Any]:
        """Return the object that was validated: a dump would change `1` to `1.0`."""
        return self._original


class Agent(Document):
    """An agent: its code, its tools, its inputs and outputs."""

    name: str
    description: str | None = None
    code: str
    friendly_name: str | None = None
    tools: dict[str, list[str]] | None = None
    input_schema: Object | None = None
    output_schema: Object | None = None
    gofannon_agents: list[Reference] | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


class Deployment(Document):
    """A friendly name, which is the document's id, and the agent that it names."""

    agent_id: Reference = Field(alias="agentId")


class BasicInfo(_Part):
    """The identity of a user."""

    display_name: str | None = None
    email: str | None = None
    picture_url: str | None = None
    provider: str | None = None


class BillingInfo(_Part):
    """The subscription of a user."""

    plan: str | None = None
    status: str | None = None
    stripe_customer_id: str | None = None
    subscription_id: str | None = None


class Usage(_Part):
    """One call that cost money."""

    timestamp: Timestamp
    response_cost: Money
    agent_id: Reference | None = None
    session_id: Reference | None = None


class UsageInfo(_Part):
    """The spending limit of a user, and the sum spent."""

    monthly_allowance: Money | None = None
    spend_remaining: Money | None = None
    usage: list[Usage] | None = None
    last_reset: Timestamp | None = None


class User(Document):
    """A user's profile, plan and spending."""

    basic_info: BasicInfo
    billing_info: BillingInfo | None = None
    usage_info: UsageInfo | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


class Message(_Part):
    """One turn of a conversation."""

    role: str
    content: str
    timestamp: Timestamp | None = None


class Session(Document):
    """A conversation between a user and an agent."""

    user_id: Reference
    agent_id: Reference
    messages: list[Message] | None = None
    metadata: Object | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    expires_at: Timestamp | None = None


class TicketRequest(_Part):
    """The request of a job."""

    agent_id: Reference | None = None
    input: JsonValue = None
    user_id: Reference | None = None


class TicketResult(_Part):
    """The result of a job."""

    output: JsonValue = None
    cost: Money | None = None
    completed_at: Timestamp | None = None


class Ticket(Document):
    """A job that runs separately from the request that started it."""

    status: Literal["pending", "processing", "completed", "failed"]
    request: TicketRequest | None = None
    result: TicketResult | None = None
    error: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


class Demo(Document):
    """A demo application and its settings."""

    name: str
    description: str | None = None
    agent_id: Reference | None = None
    config: Object | None = None
    is_public: bool | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


class AgentData(Document):
    """Data that an agent has stored."""


SCHEMAS: Final[Mapping[str, type[Document]]] = MappingProxyType(
    {
        "agents": Agent,
        "deployments": Deployment,
        "users": User,
        "sessions": Session,
        "tickets": Ticket,
        "demos": Demo,
        "agent_data_store": AgentData,
    }
)
"""The model of each collection's documents."""
