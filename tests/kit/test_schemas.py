"""The application's documents: valid by their models, portable, and varied."""

import json
import re
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from gofannon_conformance.contract import load
from gofannon_conformance.documents.schemas import SCHEMAS, schema_documents

COLLECTIONS = ("agents", "deployments", "users", "sessions", "tickets", "demos", "agent_data_store")
every_collection = pytest.mark.parametrize("collection", COLLECTIONS)


def values_in(value):
    yield value
    if isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from values_in(inner)


def sample(collection, examples=200):
    drawn = []

    @seed(7)
    @settings(
        max_examples=examples,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(schema_documents(collection))
    def draw(document):
        drawn.append(document)

    draw()
    return drawn


def test_every_collection_of_the_contract_has_a_schema():
    named = [load().clause(f"SCH-{n}").text.split("`")[1] for n in range(1, 8)]
    assert list(SCHEMAS) == named == list(COLLECTIONS)


@every_collection
@given(data=st.data())
@settings(max_examples=60)
def test_every_document_validates_and_is_portable(collection, data):
    document = data.draw(schema_documents(collection))
    SCHEMAS[collection].model_validate(document)
    SCHEMAS[collection].model_validate_json(json.dumps(document))
    assert not any(name.startswith("_") for name in document)
    for value in values_in(document):
        assert type(value) in (dict, list, str, int, float, bool, type(None))
        assert type(value) is not int or abs(value) <= 2**53
        assert type(value) is not float or value == 0 or 1e-6 <= abs(value) <= 1e15


@every_collection
def test_optional_fields_are_there_null_and_absent(collection):
    drawn = sample(collection)
    for name, field in SCHEMAS[collection].model_fields.items():
        alias = field.alias or name
        present = [document[alias] for document in drawn if alias in document]
        if field.is_required():
            assert len(present) == len(drawn)
        else:
            assert 0 < len(present) < len(drawn)
            assert None in present
            assert any(value is not None for value in present)


def test_time_stamps_are_text_as_the_application_writes_it():
    stamps = {document["created_at"] for document in sample("agents")}
    form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"
    assert "2024-01-15T10:30:00Z" in stamps
    assert all(re.fullmatch(form, stamp) for stamp in stamps)


def test_users_hold_histories_of_money():
    histories = [document["usage_info"]["usage"] for document in sample("users")]
    costs = [usage["response_cost"] for history in histories for usage in history]
    assert any(len(history) >= 3 for history in histories)
    assert 0.05 in costs
    assert all(type(cost) is float for cost in costs)


def test_tickets_reach_every_status():
    found = {document["status"] for document in sample("tickets")}
    assert found == {"pending", "processing", "completed", "failed"}


def test_an_agents_value_may_be_any_json():
    kinds = {type(document["value"]) for document in sample("agent_data_store")}
    assert kinds == {dict, list, str, int, float, bool, type(None)}


def test_deployments_keep_the_spelling_of_the_page():
    assert all(list(document) == ["agentId"] for document in sample("deployments", 20))


def test_a_collection_without_a_schema_is_named():
    with pytest.raises(ValueError, match=r"'agnets' has no schema; .*agents, deployments"):
        schema_documents("agnets")


def test_pydantic_is_loaded_by_this_room_alone():
    program = (
        "import sys, gofannon_conformance.documents; print('pydantic' in sys.modules, end=' ');"
        "import gofannon_conformance.documents.schemas; print('pydantic' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["False", "True"]
