"""The targets: their claims, their secrets, and the removal of collections."""

from types import SimpleNamespace

import pytest

from gofannon_backends import targets

CAPABILITIES = {"revisions", "conflicts", "persistent", "restartable", "faultable", "eventual"}
TARGETS = [value for value in vars(targets).values() if isinstance(value, targets.BackendTarget)]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_target_has_the_name_of_its_variable_and_known_claims(target):
    assert getattr(targets, target.name) is target
    assert target.capabilities <= CAPABILITIES
    assert target.server in (None, target.name)
    assert all(target.expected_failures.values())


def test_a_target_lists_and_drops_collections():
    target = targets.memory
    with target.connect() as service:
        target.drop(service, "made for this test")
        service.save("made for this test", "id", {})
        assert target.collections(service) == {"made for this test"}
        target.drop(service, "made for this test")
        assert target.collections(service) == set()


@pytest.mark.parametrize(
    ("target", "secrets"),
    [(targets.couchdb, ("s3cret",)), (targets.postgresql, ("s3cret",)), (targets.dynamodb, ("k",))],
)
def test_a_target_names_the_secrets_of_its_endpoint(target, secrets):
    endpoint = SimpleNamespace(settings={"password": "s3cret"}, secrets=["k"])
    assert target.secrets(endpoint) == secrets
