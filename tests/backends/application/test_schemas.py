"""The models of the seven collections: which documents are valid, and that they stay unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gofannon_backends.schemas import SCHEMAS
from gofannon_conformance.documents import schemas as of_the_kit

SMALLEST = {
    "agents": {"name": "A", "code": "pass"},
    "deployments": {"agentId": "a1"},
    "users": {"basic_info": {}},
    "sessions": {"user_id": "u1", "agent_id": "a1"},
    "tickets": {"status": "pending"},
    "demos": {"name": "D"},
    "agent_data_store": {},
}


def test_the_seven_collections_have_a_model():
    assert list(SCHEMAS) == list(SMALLEST)


@given(st.data())
def test_every_document_of_the_kits_strategies_is_valid_and_unchanged(data):
    collection = data.draw(st.sampled_from(list(SCHEMAS)))
    document = data.draw(of_the_kit.schema_documents(collection))
    assert SCHEMAS[collection].model_validate(document).plain() is document


@pytest.mark.parametrize("collection", SCHEMAS)
def test_an_optional_field_may_be_absent_or_null(collection):
    model, smallest = SCHEMAS[collection], SMALLEST[collection]
    nulls = {f.alias or n: None for n, f in model.model_fields.items() if not f.is_required()}
    for document in (smallest, {**nulls, **smallest}):
        assert model.model_validate(document).plain() == document


@pytest.mark.parametrize(
    ("collection", "field"), [(c, f) for c, smallest in SMALLEST.items() for f in smallest]
)
def test_a_required_field_must_be_there(collection, field):
    document = {name: value for name, value in SMALLEST[collection].items() if name != field}
    with pytest.raises(ValidationError, match="Field required"):
        SCHEMAS[collection].model_validate(document)


def test_unknown_fields_are_kept_at_every_level():
    document = {
        "basic_info": {"display_name": "Ann", "pronouns": "she"},
        "usage_info": {
            "usage": [{"timestamp": "2024-01-15T10:30:00Z", "response_cost": 1, "x": 2}]
        },
        "id": "not the document's",
        "plain": True,
        "_original": None,
    }
    assert SCHEMAS["users"].model_validate(document).plain() == document


@pytest.mark.parametrize(
    ("collection", "wrong"),
    [
        ("agents", {"name": 5}),
        ("agents", {"code": None}),
        ("agents", {"tools": {"web": "web_search"}}),
        ("agents", {"created_at": "yesterday"}),
        ("agents", {"created_at": 1705314600}),
        ("deployments", {"agentId": ["a1"]}),
        ("users", {"usage_info": {"monthly_allowance": "100"}}),
        ("users", {"usage_info": {"monthly_allowance": True}}),
        ("users", {"usage_info": {"usage": [{"timestamp": "2024-01-15T10:30:00Z"}]}}),
        ("sessions", {"messages": [{"role": "user"}]}),
        ("tickets", {"status": "done"}),
        ("tickets", {"result": []}),
        ("demos", {"is_public": "yes"}),
        ("demos", {"is_public": 1}),
        ("agent_data_store", {"_id": 5}),
    ],
)
def test_a_known_field_of_another_type_is_refused(collection, wrong):
    with pytest.raises(ValidationError):
        SCHEMAS[collection].model_validate({**SMALLEST[collection], **wrong})


@pytest.mark.parametrize("collection", SCHEMAS)
@pytest.mark.parametrize("document", [[], "text", None, 5])
def test_a_value_other_than_an_object_is_refused(collection, document):
    with pytest.raises(ValidationError):
        SCHEMAS[collection].model_validate(document)


def test_a_model_made_in_code_can_be_validated():
    model = SCHEMAS["deployments"]
    assert model.model_validate(model(agentId="a1")).plain() == {"agentId": "a1"}
