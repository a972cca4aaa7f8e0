"""The application's documents: valid by their models, portable, and varied."""

import json
import re
from functools import cache

import pytest
from drawn import sample, values_in
from hypothesis import given, settings
from hypothesis import strategies as st

from gofannon_conformance.contract import load
from gofannon_conformance.documents.schemas import SCHEMAS, schema_documents
from gofannon_conformance.run.workspace import LOGICAL_NAMES

COLLECTIONS = ("agents", "deployments", "users", "sessions", "tickets", "demos", "agent_data_store")
every_collection = pytest.mark.parametrize("collection", COLLECTIONS)


@cache
def drawn_from(collection):
    return sample(schema_documents(collection), 200)


def test_every_collection_of_the_contract_has_a_schema():
    named = [load().clause(f"SCH-{n}").text.split("`")[1] for n in range(1, 8)]
    assert list(SCHEMAS) == list(LOGICAL_NAMES) == named == list(COLLECTIONS)
    with pytest.raises(ValueError, match=r"'agnets' has no schema; .*agents, deployments"):
        schema_documents("agnets")


@every_collection
@given(data=st.data())
@settings(max_examples=10)
def test_strategy_passes_the_health_checks(collection, data):
    data.draw(schema_documents(collection))


@every_collection
def test_every_document_validates_and_is_portable(collection):
    for document in drawn_from(collection):
        SCHEMAS[collection].model_validate(document)
        SCHEMAS[collection].model_validate_json(json.dumps(document))
        assert not any(name.startswith("_") for name in document)
        for value in values_in(document):
            assert type(value) in (dict, list, str, int, float, bool, type(None))
            assert type(value) is not int or abs(value) <= 2**53
            assert type(value) is not float or value == 0 or 1e-6 <= abs(value) <= 1e15


@every_collection
def test_optional_fields_are_present_null_and_absent(collection):
    drawn = drawn_from(collection)
    for name, field in SCHEMAS[collection].model_fields.items():
        alias = field.alias or name
        present = [document[alias] for document in drawn if alias in document]
        if field.is_required():
            assert len(present) == len(drawn)
        else:
            assert 0 < len(present) < len(drawn)
            assert None in present
            assert any(value is not None for value in present)


def test_time_stamps_have_the_form_of_the_application():
    stamps = {document["created_at"] for document in drawn_from("agents")}
    form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"
    assert "2024-01-15T10:30:00Z" in stamps
    assert all(re.fullmatch(form, stamp) for stamp in stamps)


def test_users_hold_histories_of_money():
    histories = [document["usage_info"]["usage"] for document in drawn_from("users")]
    costs = [usage["response_cost"] for history in histories for usage in history]
    assert any(len(history) >= 3 for history in histories)
    assert 0.05 in costs
    assert all(type(cost) is float for cost in costs)


def test_documents_are_as_varied_as_the_applications():
    found = {document["status"] for document in drawn_from("tickets")}
    assert found == {"pending", "processing", "completed", "failed"}
    kinds = {type(document["value"]) for document in drawn_from("agent_data_store")}
    assert kinds == {dict, list, str, int, float, bool, type(None)}
    assert all(list(document) == ["agentId"] for document in drawn_from("deployments"))
