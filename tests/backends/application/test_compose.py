"""The local stores: `compose.yaml`, and the `.env` of the documentation that connects to them."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from gofannon_backends.factory import open_database_service
from gofannon_backends.settings import Settings
from gofannon_conformance.servers import couchdb, dynamodb, firestore, postgresql

pytestmark = pytest.mark.usefixtures("no_settings")

ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
STORES = {
    "couchdb": couchdb.IMAGE,
    "dynamodb": dynamodb.IMAGE,
    "firestore": firestore.IMAGE,
    "postgresql": postgresql.IMAGE,
}


@pytest.fixture
def variables(no_settings, tmp_path):
    """The `.env` of the page, written to the working directory, and its variables."""
    page = (ROOT / "docs/application.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```ini\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / ".env").write_text(shown)
    return dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)


def test_the_stores_are_those_that_the_kit_runs_in_containers():
    assert {name: store["image"] for name, store in SERVICES.items()} == STORES


@pytest.mark.parametrize("store", SERVICES.values(), ids=SERVICES)
def test_a_store_listens_on_this_machine_only_and_checks_its_own_port(store):
    ((address, _, inside),) = (port.rsplit(":", 2) for port in store["ports"])
    assert address == "127.0.0.1"
    assert "network_mode" not in store
    check = store["healthcheck"]
    command, *arguments = check["test"]
    assert command == "CMD"
    assert {"interval", "timeout", "retries"} <= set(check)
    assert any(inside in argument for argument in arguments) or arguments[0] == "pg_isready"


def test_data_is_in_named_volumes_which_are_all_used():
    used = [v.partition(":")[0] for s in SERVICES.values() for v in s.get("volumes", [])]
    assert sorted(used) == sorted(COMPOSE["volumes"])


@pytest.mark.parametrize("provider", ["memory", *STORES])
def test_the_pages_env_is_complete_for_every_provider(variables, provider):
    assert set(variables) <= set(Settings.model_fields)
    with open_database_service(Settings(DATABASE_PROVIDER=provider)) as service:
        assert type(service).__module__.startswith(f"gofannon_backends.{provider}")


@pytest.mark.parametrize(
    ("store", "variable"),
    [
        ("couchdb", "COUCHDB_URL"),
        ("dynamodb", "DYNAMODB_ENDPOINT_URL"),
        ("firestore", "FIRESTORE_EMULATOR_HOST"),
        ("postgresql", "POSTGRES_URL"),
    ],
)
def test_the_pages_env_has_the_ports_of_the_stores(variables, store, variable):
    address = variables[variable].rpartition("//")[2].rpartition("@")[2].partition("/")[0]
    assert address == f"localhost:{SERVICES[store]['ports'][0].split(':')[1]}"


def test_the_pages_env_has_the_credentials_of_the_stores(variables):
    names = ("COUCHDB_USER", "COUCHDB_PASSWORD")
    defaults = {name: f"${{{name}:-{variables[name]}}}" for name in names}
    assert SERVICES["couchdb"]["environment"] == defaults
    url, postgresql = urlsplit(variables["POSTGRES_URL"]), SERVICES["postgresql"]["environment"]
    assert (url.username, url.password, url.path) == (
        postgresql["POSTGRES_USER"],
        postgresql["POSTGRES_PASSWORD"],
        f"/{postgresql['POSTGRES_DB']}",
    )
