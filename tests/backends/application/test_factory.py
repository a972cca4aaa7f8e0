"""The application's one service: built once, of settings that are complete, by a known provider."""

import json
import logging
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points

import pytest
from application import environment

from gofannon_backends import factory
from gofannon_backends.factory import (
    get_database_service,
    open_database_service,
    reset_database_service,
)
from gofannon_backends.memory import MemoryDatabaseService
from gofannon_backends.settings import Settings
from gofannon_conformance.servers import Unavailable, provider

BACKENDS = ("memory", "couchdb", "dynamodb", "firestore", "postgresql")


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch, tmp_path):
    for name in Settings.model_fields:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    reset_database_service()
    yield
    reset_database_service()


@pytest.fixture
def install(monkeypatch, tmp_path):
    """Return a function that installs a distribution with providers, made of a module's text."""

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


SLOW = """
import threading, time
from gofannon_backends.memory import MemoryDatabaseService

built = []

class Slow(MemoryDatabaseService):
    def __init__(self):
        super().__init__()
        time.sleep(0.1)
        built.append(threading.get_ident())
        self.closed = 0

    def close(self):
        self.closed += 1

def make(settings):
    return Slow()

def fail_once(settings):
    built.append(None)
    if len(built) == 1:
        raise ValueError("not yet")
    return Slow()
"""


class TestTheOneService:
    def test_unset_is_memory_and_always_the_same(self):
        service = get_database_service()
        assert isinstance(service, MemoryDatabaseService)
        assert get_database_service() is service
        assert get_database_service(Settings()) is service

    def test_many_first_calls_build_one(self, install):
        install("slowly", "slow_database", SLOW, slow="make")
        settings, count = Settings(DATABASE_PROVIDER="slow"), 16
        barrier = threading.Barrier(count)

        def first(_):
            barrier.wait()
            return get_database_service(settings)

        with ThreadPoolExecutor(count) as threads:
            services = set(threads.map(first, range(count)))
        assert len(services) == 1
        assert len(sys.modules["slow_database"].built) == 1

    def test_reset_closes_it_once_and_the_next_is_another(self, install):
        install("slowly", "slow_database", SLOW, slow="make")
        settings = Settings(DATABASE_PROVIDER="slow")
        service = get_database_service(settings)
        reset_database_service()
        reset_database_service()
        assert service.closed == 1
        assert get_database_service(settings) is not service

    def test_what_failed_to_build_is_built_by_the_next_call(self, install):
        install("slowly", "slow_database", SLOW, slow="fail_once")
        settings = Settings(DATABASE_PROVIDER="slow")
        with pytest.raises(ValueError, match="not yet"):
            get_database_service(settings)
        assert get_database_service(settings) is get_database_service()

    def test_other_settings_are_refused_and_the_difference_named(self):
        service = get_database_service()
        other = Settings(DATABASE_PROVIDER="couchdb", COUCHDB_PASSWORD="s3cret")
        with pytest.raises(ValueError, match="DATABASE_PROVIDER, COUCHDB_PASSWORD") as caught:
            get_database_service(other)
        assert "s3cret" not in str(caught.value)
        assert get_database_service() is service

    def test_a_service_beside_it_is_the_callers_own(self):
        service = get_database_service()
        with open_database_service(Settings()) as another:
            assert another is not service
        assert get_database_service() is service


class TestProviders:
    def test_each_reference_backend_is_one(self):
        assert {point.name for point in entry_points(group=factory.GROUP)} >= set(BACKENDS)

    @pytest.mark.parametrize("name", ["memory", "MEMORY", " Memory\t"])
    def test_the_case_of_a_name_does_not_matter(self, name):
        service = open_database_service(Settings(DATABASE_PROVIDER=name))
        assert isinstance(service, MemoryDatabaseService)

    def test_blank_is_unset(self):
        assert open_database_service(Settings(DATABASE_PROVIDER="  ")).list_all("agents") == []

    @pytest.mark.parametrize(
        ("wrong", "right"),
        [("couchDb2", "couchdb"), ("postgres", "postgresql"), ("dynamo", "dynamodb")],
    )
    def test_a_misspelt_one_is_an_error_that_gives_the_nearest(self, wrong, right):
        with pytest.raises(ValueError, match=f"DATABASE_PROVIDER is '{wrong}', .*mean {right}\\?"):
            open_database_service(Settings(DATABASE_PROVIDER=wrong))

    def test_an_unknown_one_is_an_error_that_lists_those_there_are(self):
        with pytest.raises(ValueError, match="installed: couchdb, dynamodb, firestore, memory, po"):
            get_database_service(Settings(DATABASE_PROVIDER="xyz"))

    def test_one_of_another_distribution_is_found_by_its_name(self, install):
        text = "class MyDB(dict):\n    def __init__(self, settings):\n        self.of = settings\n"
        install("mydb-for-gofannon", "mydb_service", text, MyDB="MyDB")
        settings = Settings(DATABASE_PROVIDER="mydb")
        service = open_database_service(settings)
        assert type(service).__name__ == "MyDB"
        assert service.of is settings

    def test_two_of_one_name_are_an_error(self, install):
        install("one", "one_database", "make = dict", twice="make")
        install("two", "two_database", "make = dict", twice="make")
        with pytest.raises(ValueError, match="two providers: one_database:make and two_database:m"):
            open_database_service(Settings(DATABASE_PROVIDER="twice"))

    def test_one_that_is_installed_twice_over_is_one(self, install):
        install("one", "one_database", "make = dict", twice="make")
        install("two", "one_database", "make = dict", twice="make")
        settings = Settings(DATABASE_PROVIDER="twice")
        assert open_database_service(settings) == dict(settings)

    def test_what_is_opened_is_logged_without_secrets(self, caplog):
        with caplog.at_level(logging.INFO, "gofannon_backends"):
            open_database_service(Settings(COUCHDB_PASSWORD="s3cret"))
        assert caplog.messages == ["the database is memory: MemoryDatabaseService"]


COUCHDB = {
    "COUCHDB_URL": "http://localhost:5984",
    "COUCHDB_USER": "admin",
    "COUCHDB_PASSWORD": "s3cret",
}


class TestWhatIsMissingOrWrong:
    @pytest.mark.parametrize("name", COUCHDB)
    def test_couchdb_needs_three(self, name):
        settings = Settings(DATABASE_PROVIDER="couchdb", **{**COUCHDB, name: ""})
        with pytest.raises(ValueError, match=f"not set: {name}\\.") as caught:
            get_database_service(settings)
        assert "s3cret" not in str(caught.value)

    def test_all_that_is_missing_is_named(self):
        with pytest.raises(ValueError, match="not set: COUCHDB_URL, COUCHDB_USER, COUCHDB_PASS"):
            get_database_service(Settings(DATABASE_PROVIDER="couchdb"))

    def test_couchdb_takes_credentials_in_its_address(self):
        settings = Settings(
            DATABASE_PROVIDER="couchdb", COUCHDB_URL="http://joe:s3cret@localhost:1"
        )
        with open_database_service(settings) as service:
            assert repr(service) == "CouchDBService('http://localhost:1')"

    def test_a_name_alone_in_the_address_is_not_enough(self):
        settings = Settings(DATABASE_PROVIDER="couchdb", COUCHDB_URL="http://joe@localhost:1")
        with pytest.raises(ValueError, match="not set: COUCHDB_USER, COUCHDB_PASSWORD"):
            open_database_service(settings)

    @pytest.mark.parametrize("address", ["s3cret", "http://a:s3c/ret@h:1", "ftp://a:s3cret@h"])
    @pytest.mark.parametrize("name", ["COUCHDB_URL", "DYNAMODB_ENDPOINT_URL", "POSTGRES_URL"])
    def test_an_address_that_is_none_is_named_and_not_shown(self, name, address):
        of = {"COUCHDB_URL": "couchdb", "POSTGRES_URL": "postgresql"}.get(name, "dynamodb")
        settings = Settings(**{**COUCHDB, "DATABASE_PROVIDER": of, name: address})
        with pytest.raises(ValueError, match=f"^{name}: ") as caught:
            open_database_service(settings)
        assert "s3c" not in str(caught.value)

    @pytest.mark.parametrize("port", ["0", "99999"])
    def test_a_port_that_is_none_is_wrong(self, port):
        settings = Settings(
            DATABASE_PROVIDER="dynamodb", DYNAMODB_ENDPOINT_URL=f"http://localhost:{port}"
        )
        with pytest.raises(ValueError, match=r"^DYNAMODB_ENDPOINT_URL: "):
            open_database_service(settings)

    def test_postgresql_needs_its_address(self):
        with pytest.raises(ValueError, match="not set: POSTGRES_URL"):
            get_database_service(Settings(DATABASE_PROVIDER="postgresql"))

    @pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    def test_half_a_key_is_not_enough(self, name):
        other = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} - {name}
        settings = Settings(DATABASE_PROVIDER="dynamodb", **{name: "s3cret"})
        with pytest.raises(ValueError, match=f"not set: {other.pop()}") as caught:
            open_database_service(settings)
        assert "s3cret" not in str(caught.value)

    def test_dynamodb_alone_is_complete(self):
        with open_database_service(Settings(DATABASE_PROVIDER="dynamodb")) as service:
            assert "us-east-1" in repr(service)

    def test_a_session_token_goes_with_its_key(self):
        settings = Settings(
            DATABASE_PROVIDER="dynamodb",
            AWS_ACCESS_KEY_ID="AK",
            AWS_SECRET_ACCESS_KEY="s3cret",
            AWS_SESSION_TOKEN="t0ken",
        )
        with open_database_service(settings) as service:
            credentials = service._client._request_signer._credentials
            found = (credentials.access_key, credentials.secret_key, credentials.token)
        assert found == ("AK", "s3cret", "t0ken")

    def test_a_session_token_without_its_key_is_not_used(self):
        settings = Settings(
            DATABASE_PROVIDER="dynamodb",
            DYNAMODB_ENDPOINT_URL="http://localhost:1",
            AWS_SESSION_TOKEN="t0ken",
        )
        with open_database_service(settings) as service:
            assert service._client._request_signer._credentials.token != "t0ken"


class TestFirestoreCredentials:
    @pytest.fixture
    def settings(self):
        return Settings(
            DATABASE_PROVIDER="firestore",
            GOOGLE_APPLICATION_CREDENTIALS="key.json",
            GOOGLE_CLOUD_PROJECT="a-project",
        )

    def test_a_file_that_is_not_there_is_an_error_that_says_so(self, settings):
        message = "^GOOGLE_APPLICATION_CREDENTIALS: there is no file 'key.json'$"
        with pytest.raises(ValueError, match=message):
            get_database_service(settings)

    def test_a_folder_is_no_file(self, settings, tmp_path):
        (tmp_path / "key.json").mkdir()
        with pytest.raises(ValueError, match="there is no file"):
            open_database_service(settings)

    @pytest.mark.parametrize("content", ["s3cret", "[]", "{}", "3", "\xff"])
    def test_a_file_of_something_else_is_an_error(self, settings, tmp_path, content):
        (tmp_path / "key.json").write_bytes(content.encode("latin-1"))
        with pytest.raises(ValueError, match=r"'key\.json' is no file of Google cred") as caught:
            open_database_service(settings)
        assert "s3cret" not in str(caught.value)

    def test_a_broken_key_is_an_error_without_the_key(self, settings, tmp_path):
        key = {"type": "service_account", "private_key": "s3cret", "client_email": "a@b"}
        (tmp_path / "key.json").write_text(json.dumps(key))
        with pytest.raises(ValueError, match="neither a service account's file nor") as caught:
            open_database_service(settings)
        assert "s3cret" not in str(caught.value)

    def test_a_service_accounts_key_is_taken(self, settings, tmp_path):
        (tmp_path / "key.json").write_text(json.dumps(service_account()))
        with open_database_service(settings) as service:
            assert "a-project" in repr(service)

    def test_other_kinds_are_read_by_google_from_the_environment(
        self, settings, tmp_path, monkeypatch
    ):
        user = {"type": "authorized_user", "client_id": "i", "client_secret": "s3cret"}
        (tmp_path / "key.json").write_text(json.dumps({**user, "refresh_token": "t0ken"}))
        with pytest.raises(ValueError, match="'authorized_user': the variable has to be set in"):
            open_database_service(settings)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "key.json")
        with open_database_service(settings) as service:
            assert "a-project" in repr(service)

    def test_an_emulator_needs_none(self):
        settings = Settings(DATABASE_PROVIDER="firestore", FIRESTORE_EMULATOR_HOST="localhost:1")
        open_database_service(settings).close()

    def test_an_emulators_host_is_no_address(self):
        settings = Settings(
            DATABASE_PROVIDER="firestore", FIRESTORE_EMULATOR_HOST="http://localhost:1"
        )
        with pytest.raises(ValueError, match=r"^FIRESTORE_EMULATOR_HOST: it is a host and a port"):
            open_database_service(settings)


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


@pytest.mark.parametrize(
    ("name", "library"),
    [
        ("couchdb", "couchdb"),
        ("dynamodb", "boto3.session"),
        ("firestore", "firebase_admin"),
        ("postgresql", "psycopg"),
    ],
)
def test_without_a_backends_library_its_extra_is_named(name, library, monkeypatch):
    for module in [m for m in sys.modules if m.startswith(f"gofannon_backends.{name}")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, library, None)
    settings = Settings(DATABASE_PROVIDER=name, **COUCHDB, POSTGRES_URL="postgresql://h/d")
    with pytest.raises(ModuleNotFoundError, match=f"gofannon-conformance\\[{name}\\]") as caught:
        open_database_service(settings)
    assert caught.value.name.startswith(library.partition(".")[0])


def test_telemetry_is_on_if_the_settings_say_so():
    with open_database_service(Settings(DATABASE_TELEMETRY=True)) as service:
        assert repr(service).startswith("observed(<gofannon_backends.memory.")


@pytest.mark.parametrize("name", BACKENDS)
def test_each_backend_works_from_the_variables_alone(name, monkeypatch):
    if name == "memory":
        return saves_and_deletes(environment(name), monkeypatch)
    try:
        server = provider(name).start()
    except Unavailable as why:
        pytest.skip(str(why))
    with server:
        return saves_and_deletes(environment(name, server.endpoint), monkeypatch)


def saves_and_deletes(variables, monkeypatch):
    for variable, text in variables.items():
        monkeypatch.setenv(variable, text)
    service = get_database_service()
    collection = f"settings-{time.time_ns()}"
    service.save(collection, "a", {"n": 1})
    assert service.get(collection, "a")["n"] == 1
    service.drop(collection)
