"""The stores for local work, as `compose.yaml` describes them and the page's `.env` names them."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from gofannon_backends.factory import open_database_service
from gofannon_backends.settings import Settings
from gofannon_conformance.servers import couchdb, dynamodb, firestore, postgresql

ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
STORES = {
    "couchdb": couchdb.IMAGE,
    "dynamodb": dynamodb.IMAGE,
    "firestore": firestore.IMAGE,
    "postgresql": postgresql.IMAGE,
}


@pytest.fixture
def store(request):
    return COMPOSE["services"][request.param]


each_store = pytest.mark.parametrize("store", STORES, indirect=True)


@pytest.fixture
def variables(tmp_path, monkeypatch):
    """The `.env` that the page shows, in the working directory, and what it says."""
    page = (ROOT / "docs/application.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```ini\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for name in Settings.model_fields:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(shown)
    return dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)


def default(text):
    """Return what compose puts for `${NAME:-default}` where the variable is not set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def test_the_stores_are_those_that_the_kit_runs_in_containers():
    assert {name: store["image"] for name, store in COMPOSE["services"].items()} == STORES


@each_store
def test_a_store_listens_on_this_machine_only(store):
    ports = [port.rsplit(":", 2) for port in store["ports"]]
    assert [address for address, _, _ in ports] == ["127.0.0.1"]
    assert "network_mode" not in store


@each_store
def test_a_store_has_a_health_check_of_its_own_port(store):
    check = store["healthcheck"]
    command, *arguments = check["test"]
    assert command == "CMD"
    assert {"interval", "timeout", "retries"} <= set(check)
    inside = store["ports"][0].rpartition(":")[2]
    assert any(inside in argument for argument in arguments) or arguments[0] == "pg_isready"


@each_store
def test_data_is_in_named_volumes(store):
    names = [volume.partition(":")[0] for volume in store.get("volumes", [])]
    assert set(names) <= set(COMPOSE["volumes"])


def test_every_volume_is_used():
    used = [v.partition(":")[0] for s in COMPOSE["services"].values() for v in s.get("volumes", [])]
    assert sorted(used) == sorted(COMPOSE["volumes"])


def test_the_page_names_settings_only(variables):
    assert set(variables) <= set(Settings.model_fields)


@pytest.mark.parametrize("provider", ["memory", *STORES])
def test_the_pages_env_is_complete_for_every_provider(variables, provider):
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
    indirect=["store"],
)
def test_the_pages_env_names_the_ports_of_the_stores(variables, store, variable):
    address = variables[variable].rpartition("//")[2].rpartition("@")[2].partition("/")[0]
    published = store["ports"][0].split(":")[1]
    assert address == f"localhost:{published}"


def test_the_pages_env_has_the_credentials_of_the_stores(variables):
    services = COMPOSE["services"]
    couchdb = {name: default(text) for name, text in services["couchdb"]["environment"].items()}
    assert couchdb == {name: variables[name] for name in ("COUCHDB_USER", "COUCHDB_PASSWORD")}
    url, postgresql = urlsplit(variables["POSTGRES_URL"]), services["postgresql"]["environment"]
    assert (url.username, url.password, url.path) == (
        postgresql["POSTGRES_USER"],
        postgresql["POSTGRES_PASSWORD"],
        f"/{postgresql['POSTGRES_DB']}",
    )


def test_a_default_is_found():
    assert default("${COUCHDB_USER:-admin}") == "admin"
