"""The application's one service: made once, from complete settings, by a known provider."""

import json
import logging
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points

import pytest
from application import BOUND

from gofannon_backends import factory
from gofannon_backends.factory import (
    get_database_service,
    open_database_service,
    reset_database_service,
)
from gofannon_backends.memory import MemoryDatabaseService
from gofannon_backends.settings import Settings

pytestmark = pytest.mark.usefixtures("no_settings")

BACKENDS = {"memory", "couchdb", "dynamodb", "firestore", "postgresql"}


@pytest.fixture
def install(monkeypatch, tmp_path):
    """Return a function that installs a distribution with providers, from a module's text."""

    def install(distribution, module, text, **providers):
        folder = tmp_path / distribution
        info = folder / f"{distribution}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0")
        points = "".join(f"{name} = {module}:{what}\n" for name, what in providers.items())
        (info / "entry_points.txt").write_text(f"[{factory.GROUP}]\n{points}")
        (folder / f"{module}.py").write_text(text)
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, module, raising=False)

    return install


class Counted(MemoryDatabaseService):
    """Counts its instances, and how often each is closed."""

    made = 0

    def __init__(self):
        super().__init__()
        Counted.made += 1
        self.closed = 0

    def close(self):
        self.closed += 1


@pytest.fixture
def counted(monkeypatch):
    monkeypatch.setattr(Counted, "made", 0)
    monkeypatch.setattr("gofannon_backends.memory.MemoryDatabaseService", Counted)
    return Counted


class TestTheOneService:
    def test_it_is_memory_by_default_and_always_the_same(self):
        service = get_database_service()
        assert isinstance(service, MemoryDatabaseService)
        assert get_database_service() is service
        assert get_database_service(Settings()) is service

    def test_many_first_calls_make_one(self, counted, monkeypatch):
        count, all_call, lock = 16, threading.Event(), threading.Lock()
        calls = iter(range(1, count + 1))

        def make_when_all_have_called(self):
            assert all_call.wait(BOUND)
            Counted.__init__(self)

        slow = type("Slow", (Counted,), {"__init__": make_when_all_have_called})
        monkeypatch.setattr("gofannon_backends.memory.MemoryDatabaseService", slow)

        def first_call(_):
            with lock:
                if next(calls) == count:
                    all_call.set()
            return get_database_service()

        with ThreadPoolExecutor(count) as threads:
            services = set(threads.map(first_call, range(count)))
        assert (len(services), counted.made) == (1, 1)

    def test_reset_closes_it_once_and_the_next_call_makes_another(self, counted):
        service = get_database_service()
        reset_database_service()
        reset_database_service()
        assert service.closed == 1
        assert get_database_service() is not service

    def test_after_a_failure_the_next_call_tries_again(self, monkeypatch):
        settings = Settings(DATABASE_PROVIDER="postgresql")
        with pytest.raises(ValueError, match="not set: POSTGRES_URL"):
            get_database_service(settings)
        service = get_database_service(Settings())
        assert get_database_service() is service

    def test_other_settings_are_refused_and_the_difference_named(self):
        service = get_database_service()
        other = Settings(DATABASE_PROVIDER="couchdb", COUCHDB_PASSWORD="s3cret")
        with pytest.raises(ValueError, match="DATABASE_PROVIDER, COUCHDB_PASSWORD") as caught:
            get_database_service(other)
        assert "s3cret" not in str(caught.value)
        assert get_database_service() is service

    def test_a_second_service_is_the_callers_own(self):
        service = get_database_service()
        with open_database_service(Settings()) as another:
            assert another is not service
        assert get_database_service() is service


class TestProviders:
    def test_each_reference_backend_is_one(self):
        assert {point.name for point in entry_points(group=factory.GROUP)} >= BACKENDS

    @pytest.mark.parametrize("name", ["memory", "MEMORY", " Memory\t", "  "])
    def test_case_and_spaces_do_not_matter(self, name):
        service = open_database_service(Settings(DATABASE_PROVIDER=name))
        assert isinstance(service, MemoryDatabaseService)

    @pytest.mark.parametrize(
        ("wrong", "right"),
        [("couchDb2", "couchdb"), ("postgres", "postgresql"), ("dynamo", "dynamodb")],
    )
    def test_a_misspelt_one_is_an_error_with_the_nearest_name(self, wrong, right):
        with pytest.raises(ValueError, match=f"DATABASE_PROVIDER is '{wrong}', .*mean {right}\\?"):
            open_database_service(Settings(DATABASE_PROVIDER=wrong))

    def test_an_unknown_one_is_an_error_that_lists_the_installed_ones(self):
        with pytest.raises(ValueError, match="are couchdb, dynamodb, firestore, memory, po"):
            open_database_service(Settings(DATABASE_PROVIDER="xyz"))

    def test_one_of_another_distribution_is_found_by_its_name(self, install):
        text = "class MyDB(dict):\n    def __init__(self, settings):\n        self.of = settings\n"
        install("mydb-for-gofannon", "mydb_service", text, MyDB="MyDB")
        settings = Settings(DATABASE_PROVIDER="mydb")
        service = open_database_service(settings)
        assert type(service).__name__ == "MyDB"
        assert service.of is settings

    @pytest.mark.parametrize("second", ["one_database", "two_database"])
    def test_two_different_ones_with_a_name_are_an_error(self, install, second):
        install("one", "one_database", "make = dict", twice="make")
        install("two", second, "make = dict", twice="make")
        settings = Settings(DATABASE_PROVIDER="twice")
        if second == "one_database":  # one distribution, installed twice
            assert open_database_service(settings) == dict(settings)
            return
        with pytest.raises(ValueError, match="one_database:make and two_database:make"):
            open_database_service(settings)

    def test_the_service_is_logged_without_secrets(self, caplog):
        with caplog.at_level(logging.INFO, "gofannon_backends"):
            open_database_service(Settings(COUCHDB_PASSWORD="s3cret"))
        assert caplog.messages == ["the database is memory: MemoryDatabaseService"]

    def test_telemetry_is_a_setting(self):
        with open_database_service(Settings(DATABASE_TELEMETRY=True)) as service:
            assert repr(service).startswith("observed(<gofannon_backends.memory.")


COUCHDB = {
    "DATABASE_PROVIDER": "couchdb",
    "COUCHDB_URL": "http://localhost:5984",
    "COUCHDB_USER": "admin",
    "COUCHDB_PASSWORD": "s3cret",
}
DYNAMODB = {"DATABASE_PROVIDER": "dynamodb", "DYNAMODB_ENDPOINT_URL": "http://localhost:1"}
FIRESTORE = {"DATABASE_PROVIDER": "firestore"}
POSTGRESQL = {"DATABASE_PROVIDER": "postgresql"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({**COUCHDB, "COUCHDB_URL": ""}, r"not set: COUCHDB_URL\."),
        ({**COUCHDB, "COUCHDB_USER": ""}, r"not set: COUCHDB_USER\."),
        ({**COUCHDB, "COUCHDB_PASSWORD": ""}, r"not set: COUCHDB_PASSWORD\."),
        (
            {"DATABASE_PROVIDER": "couchdb"},
            "^DATABASE_PROVIDER is couchdb, .*not set: COUCHDB_URL, COUCHDB_USER, COUCHDB_PASSWORD",
        ),
        (
            {"DATABASE_PROVIDER": "couchdb", "COUCHDB_URL": "http://joe@localhost:1"},
            "not set: COUCHDB_USER, COUCHDB_PASSWORD",
        ),
        (POSTGRESQL, "not set: POSTGRES_URL"),
        ({**DYNAMODB, "AWS_ACCESS_KEY_ID": "s3cret"}, "not set: AWS_SECRET_ACCESS_KEY"),
        ({**DYNAMODB, "AWS_SECRET_ACCESS_KEY": "s3cret"}, "not set: AWS_ACCESS_KEY_ID"),
        ({**DYNAMODB, "DYNAMODB_ENDPOINT_URL": "http://localhost:0"}, "^DYNAMODB_ENDPOINT_URL: "),
        ({**DYNAMODB, "DYNAMODB_ENDPOINT_URL": "http://localhost:99999"}, "^DYNAMODB_ENDPOINT_UR"),
        *(
            ({**store, name: address}, f"^{name}: ")
            for store, name in (
                (COUCHDB, "COUCHDB_URL"),
                (DYNAMODB, "DYNAMODB_ENDPOINT_URL"),
                (POSTGRESQL, "POSTGRES_URL"),
            )
            for address in ("s3cret", "http://a:s3c/ret@h:1", "ftp://a:s3cret@h")
        ),
        (
            {**FIRESTORE, "FIRESTORE_EMULATOR_HOST": "http://localhost:1"},
            "^FIRESTORE_EMULATOR_HOST: it is a host and a port",
        ),
    ],
)
def test_a_missing_or_wrong_setting_is_named_and_not_shown(settings, message):
    with pytest.raises(ValueError, match=message) as caught:
        open_database_service(Settings(**settings))
    assert "s3c" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        (
            {"DATABASE_PROVIDER": "couchdb", "COUCHDB_URL": "http://joe:s3cret@localhost:1"},
            "CouchDBService('http://localhost:1')",
        ),
        ({"DATABASE_PROVIDER": "dynamodb"}, "us-east-1"),
        ({**FIRESTORE, "FIRESTORE_EMULATOR_HOST": "localhost:1"}, "FirestoreService"),
    ],
)
def test_enough_settings(settings, shown):
    with open_database_service(Settings(**settings)) as service:
        assert shown in repr(service)


@pytest.mark.parametrize("key", [{}, {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s3cret"}])
def test_a_session_token_is_used_with_its_key_only(key):
    with open_database_service(Settings(**DYNAMODB, **key, AWS_SESSION_TOKEN="t0ken")) as service:
        credentials = service._client._request_signer._credentials
        found = (credentials.access_key, credentials.secret_key, credentials.token)
    if key:
        assert found == ("k", "s3cret", "t0ken")
    else:
        assert found[2] != "t0ken"


class TestFirestoreCredentials:
    @pytest.fixture
    def settings(self):
        return Settings(
            **FIRESTORE,
            GOOGLE_APPLICATION_CREDENTIALS="key.json",
            GOOGLE_CLOUD_PROJECT="a-project",
        )

    @pytest.fixture(params=["missing", "a folder"])
    def no_file(self, request, tmp_path):
        if request.param == "a folder":
            (tmp_path / "key.json").mkdir()

    @pytest.mark.usefixtures("no_file")
    def test_a_missing_file_is_an_error(self, settings):
        message = "^GOOGLE_APPLICATION_CREDENTIALS: there is no file 'key.json'$"
        with pytest.raises(ValueError, match=message):
            open_database_service(settings)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            *((c, "'key.json' is not a file of Goo") for c in ("s3cret", "[]", "{}", "3", "\xff")),
            (
                '{"type": "service_account", "private_key": "s3cret", "client_email": "a@b"}',
                "neither a service account's file nor",
            ),
        ],
    )
    def test_a_wrong_file_is_an_error_without_its_content(
        self, settings, tmp_path, content, message
    ):
        (tmp_path / "key.json").write_bytes(content.encode("latin-1"))
        with pytest.raises(ValueError, match=message) as caught:
            open_database_service(settings)
        assert "s3cret" not in str(caught.value)

    def test_a_service_accounts_key_is_used(self, settings, tmp_path):
        (tmp_path / "key.json").write_text(json.dumps(service_account()))
        with open_database_service(settings) as service:
            assert "a-project" in repr(service)

    def test_google_reads_other_kinds_from_the_environment(self, settings, tmp_path, monkeypatch):
        user = {"type": "authorized_user", "client_id": "i", "client_secret": "s3cret"}
        (tmp_path / "key.json").write_text(json.dumps({**user, "refresh_token": "t0ken"}))
        with pytest.raises(ValueError, match="'authorized_user': set the variable in the envir"):
            open_database_service(settings)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "key.json")
        with open_database_service(settings) as service:
            assert "a-project" in repr(service)


def service_account():
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "project_id": "of-the-key",
        "private_key": key.decode(),
        "private_key_id": "1",
        "client_email": "gofannon@of-the-key.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
