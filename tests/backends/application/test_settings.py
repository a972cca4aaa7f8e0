"""The settings: which variables are read, in which order, and that no secret is shown."""

from pathlib import Path

import pytest
from application import without_settings
from pydantic import SecretStr

from gofannon_backends.settings import Address, Settings

pytestmark = pytest.mark.usefixtures("no_settings")

DEFAULTS = {
    "DATABASE_PROVIDER": "memory",
    "DATABASE_TELEMETRY": False,
    "DYNAMODB_REGION": "us-east-1",
}
SECRETS = ("COUCHDB_PASSWORD", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
ADDRESSES = ("COUCHDB_URL", "DYNAMODB_ENDPOINT_URL", "POSTGRES_URL")


def value(settings, name):
    found = getattr(settings, name)
    return found.get_secret_value() if hasattr(found, "get_secret_value") else found


def test_defaults():
    assert dict(Settings()) == {**dict.fromkeys(Settings.model_fields), **DEFAULTS}


@pytest.mark.parametrize("name", [n for n in Settings.model_fields if n != "DATABASE_TELEMETRY"])
def test_a_setting_is_read_from_the_variable_of_its_name(name, monkeypatch):
    monkeypatch.setenv(name, "http://x")
    assert value(Settings(), name) == "http://x"


def test_gofannons_own_variables_are_settings():
    own = {"COUCHDB_URL", "COUCHDB_USER", "COUCHDB_PASSWORD", "DYNAMODB_REGION"}
    own |= {"DATABASE_PROVIDER", "DYNAMODB_ENDPOINT_URL", "GOOGLE_APPLICATION_CREDENTIALS"}
    assert set(Settings.model_fields) >= own


def test_arguments_come_before_the_environment_and_that_before_the_file(monkeypatch):
    Path(".env").write_text(
        "# the database\n"
        "DATABASE_PROVIDER=couchdb\n"
        "COUCHDB_USER=from the file\n"
        "FIRESTORE_EMULATOR_HOST=from the file\n"
        "DYNAMODB_ENDPOINT_URL=http://localhost:8000  # Optional, for local DynamoDB\n"
        'export GOOGLE_APPLICATION_CREDENTIALS="/a b/key.json"\n'
        "OPENAI_API_KEY=sk-1\n"
    )
    monkeypatch.setenv("COUCHDB_USER", "from the environment")
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "from the environment")
    settings = Settings(FIRESTORE_EMULATOR_HOST="an argument")
    assert settings.DATABASE_PROVIDER == "couchdb"
    assert settings.COUCHDB_USER == "from the environment"
    assert settings.FIRESTORE_EMULATOR_HOST == "an argument"
    assert value(settings, "DYNAMODB_ENDPOINT_URL") == "http://localhost:8000"
    assert settings.GOOGLE_APPLICATION_CREDENTIALS == "/a b/key.json"
    assert Settings(_env_file=None).DATABASE_PROVIDER == "memory"


@pytest.mark.parametrize("where", ["environment", "file", "arguments"])
def test_an_empty_value_is_unset(where, monkeypatch):
    empty = {"DATABASE_PROVIDER": "", "COUCHDB_URL": ""}
    if where == "environment":
        for name in empty:
            monkeypatch.setenv(name, "")
    elif where == "file":
        Path(".env").write_text("".join(f"{name}=\n" for name in empty))
    settings = Settings(**empty) if where == "arguments" else Settings()
    assert (settings.DATABASE_PROVIDER, settings.COUCHDB_URL) == ("memory", None)


@pytest.mark.parametrize("name", [*SECRETS, *ADDRESSES])
def test_a_secret_is_not_shown(name):
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
def test_an_address_is_shown_without_a_possible_password(address, shown):
    assert str(Address(address)) == shown
    assert repr(Address(address)) == f"Address({shown!r})"


def test_an_unknown_setting_is_an_error():
    with pytest.raises(ValueError, match=r"^there is no database setting DATABASE_PROVIDR$"):
        Settings(DATABASE_PROVIDR="couchdb")


def test_a_wrong_value_is_an_error_that_names_the_variable_only(monkeypatch):
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


def test_a_programs_environment_has_no_settings(monkeypatch):
    monkeypatch.setenv("COUCHDB_URL", "http://localhost:5984")
    assert "COUCHDB_URL" not in without_settings()
