"""The targets: what they claim can be read, and what they offer works."""

import pytest

from gofannon_backends import targets

CAPABILITIES = {"revisions", "conflicts", "persistent", "restartable", "faultable", "eventual"}
TARGETS = [value for value in vars(targets).values() if isinstance(value, targets.BackendTarget)]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_target_is_found_under_its_name_and_claims_what_is_known(target):
    assert getattr(targets, target.name) is target
    assert target.capabilities <= CAPABILITIES
    assert target.server in (None, target.name)
    assert all(target.expected_failures.values())


def shows_and_drops_its_collections(target, service, name):
    assert name not in target.collections(service)
    target.drop(service, name)
    service.save(name, "id", {})
    assert name in target.collections(service)
    target.drop(service, name)
    assert name not in target.collections(service)


def test_memory_shows_and_drops_its_collections():
    with targets.memory.connect() as service:
        shows_and_drops_its_collections(targets.memory, service, "made for this test")


def test_postgresql_shows_and_drops_its_collections(postgresql_server):
    with targets.postgresql.connect(postgresql_server.endpoint) as service:
        shows_and_drops_its_collections(targets.postgresql, service, "made for this test")


def test_postgresql_names_its_secrets(postgresql_server):
    endpoint = postgresql_server.endpoint
    assert targets.postgresql.secrets(endpoint) == (endpoint.settings["password"],)
