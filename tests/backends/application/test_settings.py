"""The settings: which variables are read, in which order, and that no secret is shown."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from application import surroundings
from pydantic import SecretStr

from gofannon_backends import settings as module
from gofannon_backends.settings import Address, Settings

NAMED_BY_GOFANNON = (
    "COUCHDB_URL",
    "COUCHDB_USER",
    "COUCHDB_PASSWORD",
    "DYNAMODB_REGION",
    "DYNAMODB_ENDPOINT_URL",
    "GOOGLE_APPLICATION_CREDENTIALS",
)
SECRETS = ("COUCHDB_PASSWORD", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
ADDRESSES = ("COUCHDB_URL", "DYNAMODB_ENDPOINT_URL", "POSTGRES_URL")


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch, tmp_path):
    for name in Settings.model_fields:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def value(settings, name):
    found = getattr(settings, name)
    return found.get_secret_value() if hasattr(found, "get_secret_value") else found


def test_nothing_said_is_memory():
    settings = Settings()
    assert settings.DATABASE_PROVIDER == "memory"
    assert settings.DYNAMODB_REGION == "us-east-1"
    unset = set(Settings.model_fields) - {"DATABASE_PROVIDER", "DYNAMODB_REGION"}
    assert not any(getattr(settings, name) for name in unset)


@pytest.mark.parametrize("name", [n for n in Settings.model_fields if n != "DATABASE_TELEMETRY"])
def test_a_setting_is_read_from_the_variable_of_its_name(name, monkeypatch):
    monkeypatch.setenv(name, "http://x")
    assert value(Settings(), name) == "http://x"


def test_the_variables_of_gofannon_are_there():
    assert set(Settings.model_fields) >= {"DATABASE_PROVIDER", *NAMED_BY_GOFANNON}


def test_a_file_is_read_for_what_the_environment_does_not_say(monkeypatch):
    Path(".env").write_text(
        "# the database\n"
        "DATABASE_PROVIDER=couchdb\n"
        "COUCHDB_USER=from the file\n"
        "DYNAMODB_ENDPOINT_URL=http://localhost:8000  # Optional, for local DynamoDB\n"
        'export GOOGLE_APPLICATION_CREDENTIALS="/a b/key.json"\n'
        "OPENAI_API_KEY=sk-1\n"
    )
    monkeypatch.setenv("COUCHDB_USER", "from the environment")
    settings = Settings()
    assert settings.DATABASE_PROVIDER == "couchdb"
    assert settings.COUCHDB_USER == "from the environment"
    assert value(settings, "DYNAMODB_ENDPOINT_URL") == "http://localhost:8000"
    assert settings.GOOGLE_APPLICATION_CREDENTIALS == "/a b/key.json"


def test_what_is_given_comes_first(monkeypatch):
    monkeypatch.setenv("DATABASE_PROVIDER", "couchdb")
    assert Settings(DATABASE_PROVIDER="firestore").DATABASE_PROVIDER == "firestore"


def test_no_file_is_read_if_reported_so():
    Path(".env").write_text("DATABASE_PROVIDER=couchdb\n")
    assert Settings(_env_file=None).DATABASE_PROVIDER == "memory"


@pytest.mark.parametrize("where", ["environment", "file", "given"])
def test_empty_is_unset(where, monkeypatch):
    given = {}
    if where == "environment":
        monkeypatch.setenv("DATABASE_PROVIDER", "")
        monkeypatch.setenv("COUCHDB_URL", "")
    elif where == "file":
        Path(".env").write_text("DATABASE_PROVIDER=\nCOUCHDB_URL=\n")
    else:
        given = {"DATABASE_PROVIDER": "", "COUCHDB_URL": ""}
    settings = Settings(**given)
    assert (settings.DATABASE_PROVIDER, settings.COUCHDB_URL) == ("memory", None)


@pytest.mark.parametrize("name", [*SECRETS, *ADDRESSES])
def test_a_secret_is_shown_nowhere(name):
    settings = Settings(**{name: "https://joe:s3cret@host/db"})
    shown = (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump()))
    assert not [text for text in shown if "s3cret" in text or "joe" in text]
    assert value(settings, name) == "https://joe:s3cret@host/db"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://localhost:5984", "http://localhost:5984"),
        ("https://joe:s3cret@db.internal/couch/", "https://***@db.internal/couch/"),
        ("postgresql://joe:s3cret@[::1]:5432/db", "postgresql://***@[::1]:5432/db"),
        ("postgresql://h/db?user=joe&password=s3cret", "postgresql://h/db"),
        ("host=h user=joe password=s3cret", "**********"),
        ("joe:s3cret@host", "**********"),
        ("http://joe:s3c/ret@host", "**********"),
        ("http://joe:5#s3cret@host", "**********"),
        ("http://joe:5/s3cret@host", "**********"),
        ("http://joe:s3cret@[host", "**********"),
    ],
)
def test_an_address_is_shown_without_what_may_be_a_password(address, shown):
    assert str(Address(address)) == shown
    assert repr(Address(address)) == f"Address({shown!r})"


def test_a_misspelt_setting_is_refused():
    with pytest.raises(ValueError, match=r"^there is no database setting DATABASE_PROVIDR$"):
        Settings(DATABASE_PROVIDR="couchdb")


def test_a_value_that_cannot_be_read_is_named_and_not_shown(monkeypatch):
    monkeypatch.setenv("DATABASE_TELEMETRY", "s3cret")
    with pytest.raises(ValueError, match=r"DATABASE_TELEMETRY: .*boolean") as caught:
        Settings(COUCHDB_PASSWORD=["s3cret"])
    assert "COUCHDB_PASSWORD: " in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_settings_do_not_change():
    settings = Settings(COUCHDB_PASSWORD="a")
    with pytest.raises(ValueError, match="frozen"):
        settings.COUCHDB_PASSWORD = SecretStr("b")


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydantic_settings", None)
    spec = spec_from_file_location("a_copy", module.__file__)
    with pytest.raises(ModuleNotFoundError, match=r"'gofannon-conformance\[settings\]'"):
        spec.loader.exec_module(module_from_spec(spec))


def test_surroundings_say_nothing_of_a_database(monkeypatch):
    monkeypatch.setenv("COUCHDB_URL", "http://localhost:5984")
    assert "COUCHDB_URL" not in surroundings()
