"""The models of the application's seven collections, and strategies of their documents.

Six follow the schemas in the application's `database-service.md`. The seventh,
`agent_data_store`, is only named in its `README.md`: here it has the fields of a key-value store.
"""

from __future__ import annotations

import types
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from gofannon_conformance.documents.ids import ORDINARY_IDS
from gofannon_conformance.documents.portable import (
    SHARP_TEXTS,
    SHARP_VALUES,
    Document,
    fresh,
    inner_names,
    numbers,
    texts,
)

Reference: TypeAlias = Annotated[str, "reference"]
"""The `_id` of another document."""
Money: TypeAlias = Annotated[float, "money"]
"""An amount in dollars."""


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False)


class Agent(_Schema):
    """An agent: its code, its tools, its input and output."""

    name: str
    description: str
    code: str
    friendly_name: str | None = None
    tools: dict[str, list[str]]
    input_schema: dict[str, JsonValue]
    output_schema: dict[str, JsonValue]
    gofannon_agents: list[Reference]
    created_at: datetime
    updated_at: datetime


class Deployment(_Schema):
    """A friendly name, which is the document's id, bound to an agent."""

    agent_id: Reference = Field(alias="agentId")


class BasicInfo(_Schema):
    """A user's name and address."""

    display_name: str
    email: str
    picture_url: str | None = None
    provider: str


class BillingInfo(_Schema):
    """A user's subscription."""

    plan: str
    status: str
    stripe_customer_id: str | None = None
    subscription_id: str | None = None


class Usage(_Schema):
    """One paid call."""

    timestamp: datetime
    response_cost: Money
    agent_id: Reference | None = None
    session_id: Reference | None = None


class UsageInfo(_Schema):
    """A user's allowance and spending."""

    monthly_allowance: Money
    spend_remaining: Money
    usage: list[Usage]
    last_reset: datetime | None = None


class User(_Schema):
    """A user's profile, plan and spending."""

    basic_info: BasicInfo
    billing_info: BillingInfo
    usage_info: UsageInfo
    created_at: datetime
    updated_at: datetime


class Message(_Schema):
    """One turn of a conversation."""

    role: Literal["user", "assistant", "system"]
    content: str
    timestamp: datetime


class Session(_Schema):
    """A conversation between a user and an agent."""

    user_id: Reference
    agent_id: Reference
    messages: list[Message]
    metadata: dict[str, JsonValue] | None = None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = None


class TicketRequest(_Schema):
    """The input of a job."""

    agent_id: Reference
    input: dict[str, JsonValue]
    user_id: Reference | None = None


class TicketResult(_Schema):
    """The output of a job."""

    output: JsonValue
    cost: Money
    completed_at: datetime


class Ticket(_Schema):
    """A job in the background."""

    status: Literal["pending", "processing", "completed", "failed"]
    request: TicketRequest
    result: TicketResult | None = None
    error: str | None = None
    created_at: datetime
    updated_at: datetime


class Demo(_Schema):
    """A demo application and its settings."""

    name: str
    description: str | None = None
    agent_id: Reference
    config: dict[str, JsonValue]
    is_public: bool
    created_at: datetime
    updated_at: datetime


class AgentData(_Schema):
    """One value that an agent has stored under a key."""

    agent_id: Reference
    key: str
    value: JsonValue
    namespace: str | None = None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = None


SCHEMAS: dict[str, type[BaseModel]] = {
    "agents": Agent,
    "deployments": Deployment,
    "users": User,
    "sessions": Session,
    "tickets": Ticket,
    "demos": Demo,
    "agent_data_store": AgentData,
}
"""The model of each collection's documents."""


def schema_documents(collection: str) -> st.SearchStrategy[Document]:
    """Return any document of the schema of a collection, as portable JSON.

    An optional field is present, null or absent.
    """
    if collection not in SCHEMAS:
        raise ValueError(f"{collection!r} has no schema; those that have: {', '.join(SCHEMAS)}")
    return _documents(SCHEMAS[collection])


def schema_examples(collection: str) -> dict[str, Document]:
    """Return fixed documents of a schema, by label.

    A field that may be any JSON holds every edge case at once.
    """
    model = SCHEMAS[collection]
    return {
        "with every field": _example(model, "there"),
        "with nulls": _example(model, "null"),
        "without what is optional": _example(model, "absent"),
    }


def _example(model: type[BaseModel], optional: str) -> Document:
    return {
        name: _example_of(annotation, optional)
        for name, annotation, is_required in _fields(model)
        if is_required or optional != "absent"
    }


def _fields(model: type[BaseModel]) -> list[tuple[str, Any, bool]]:
    """Return the name of each field, its annotation, and whether it is required."""
    found = []
    for name, field in model.model_fields.items():
        annotation: Any = field.annotation
        for mark in field.metadata:
            annotation = Annotated[annotation, mark]
        found.append((field.alias or name, annotation, field.is_required()))
    return found


def _example_of(annotation: Any, optional: str) -> Any:
    if annotation in _EXAMPLES:
        return _EXAMPLES[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return arguments[0]
    if origin is list:
        return [_example_of(arguments[0], optional)] * 2
    if origin is dict and arguments[1] is JsonValue:
        return _EXAMPLES[JsonValue]
    if origin is dict:
        return {name: _example_of(arguments[1], optional) for name in ("zeta", "Alpha", "a.b")}
    if origin in (Union, types.UnionType):
        return None if optional == "null" else _example_of(arguments[0], optional)
    return _example(annotation, optional)


@cache
def field_names() -> tuple[str, ...]:
    """Return the name of every field of the seven schemas, at any level.

    A store may have columns for some of them.
    """
    found: dict[str, None] = {}
    waiting: list[Any] = list(SCHEMAS.values())
    while waiting:
        kind = waiting.pop(0)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            for name, annotation, _ in _fields(kind):
                found[name] = None
                waiting.append(annotation)
        else:
            waiting.extend(get_args(kind))
    return tuple(found)


@cache
def _documents(model: type[BaseModel]) -> st.SearchStrategy[Document]:
    fields = _fields(model)
    return st.fixed_dictionaries(
        {name: _values(annotation) for name, annotation, needed in fields if needed},
        optional={name: _values(annotation) for name, annotation, needed in fields if not needed},
    )


def _values(annotation: Any) -> st.SearchStrategy[Any]:
    """Return the JSON values of an annotation that the models above use."""
    if annotation in _LEAVES:
        return _LEAVES[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is list:
        return st.lists(_values(arguments[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(inner_names(), _values(arguments[1]), max_size=3)
    if origin in (Union, types.UnionType):
        return st.one_of([_values(argument) for argument in arguments])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _documents(annotation)
    raise TypeError(f"no JSON values are known for the annotation {annotation!r}")


_FIRST_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)


def _timestamp(seconds: int, ending: str) -> str:
    moment = _FIRST_MOMENT + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}{ending}"


_TIMESTAMPS = st.sampled_from(("2024-01-15T10:30:00Z", "2024-02-29T23:59:59Z")) | st.builds(
    _timestamp, st.integers(0, 3 * 10**9), st.sampled_from(("Z", ".5Z", ".123456Z", "+00:00"))
)

_LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: texts(),
    bool: st.booleans(),
    type(None): st.none(),
    datetime: _TIMESTAMPS,
    Reference: st.sampled_from(ORDINARY_IDS) | st.uuids(version=4).map(str),
    Money: st.sampled_from((0.05, 87.5, 100.0, 0.0, 0.1 + 0.2, 0.29, 1.1, 4.35, 1e-6))
    | st.integers(1, 10**9).map(lambda cents: cents / 100),
    JsonValue: fresh(SHARP_VALUES) | texts() | numbers(),
}

_EXAMPLES: dict[Any, Any] = {
    str: " a text, 1\u00b9, \u00e9 and e\u0301, \U0001f600 ",
    bool: True,
    datetime: "2024-01-15T10:30:00.120000Z",
    Reference: "agent-id",
    Money: 87.50,
    JsonValue: {f"{n}": value for n, value in enumerate((*SHARP_VALUES, *SHARP_TEXTS))},
}
