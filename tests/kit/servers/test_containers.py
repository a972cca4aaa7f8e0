"""Servers in containers, with a fake container class and real HTTP answers."""

import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace
from typing import ClassVar

import pytest
from web import serving

from gofannon_conformance.servers import (
    ServerError,
    Unavailable,
    containers,
    couchdb,
    postgresql,
    provider,
    stores,
)
from gofannon_conformance.servers.process import LOOPBACK, free_port

pytest.importorskip("testcontainers")

IMAGES = {
    "couchdb": "couchdb:3",
    "dynamodb": "amazon/dynamodb-local",
    "firestore": "gcr.io/google.com/cloudsdktool/google-cloud-cli:emulators",
    "postgresql": "postgres:17",
}
WITHIN = {"couchdb": 5984, "dynamodb": 8000, "firestore": 8080, "postgresql": 5432}


class Container:
    """A fake of testcontainers' class: records the calls, and answers on the port."""

    made: ClassVar[list["Container"]] = []
    fails: Exception | None = None
    status = "running"
    greeting: bytes | None = b'{"couchdb": "Welcome", "version": "3.4.2"}'

    def __init__(self, image):
        self.image, self.env, self.command, self.ports = image, {}, None, {}
        self.calls = []
        self.serves = ExitStack()
        Container.made.append(self)

    def with_name(self, name):
        self.name = name

    def get_docker_client(self):
        return SimpleNamespace(client=SimpleNamespace(containers=self))

    def get(self, name):
        if name != self.name or "start" not in self.calls:
            raise LookupError(name)
        return self

    def remove(self, *, force, v):
        assert force
        assert v
        self.calls.append("remove by its name")

    def with_env(self, name, value):
        self.env[name] = value

    def with_command(self, command):
        self.command = command

    def start(self):
        self.calls.append("start")
        if Container.fails:
            raise Container.fails
        ((_, address),) = self.ports.items()
        if Container.greeting is not None:
            bodies = {"/_all_dbs": b"[]", "/": Container.greeting}
            self.serves.enter_context(serving(bodies, address))

    def get_wrapped_container(self):
        return Engine(self)

    def get_logs(self):
        return (
            b"Version:\t3.3.0\nlistening\n",
            f"no disk for {self.env.get('COUCHDB_PASSWORD')}\n".encode(),
        )

    def stop(self, force, delete_volume):
        self.calls.append(f"remove(force={force}, volumes={delete_volume})")
        self.serves.close()


class Engine:
    """A fake of the engine's view of a container."""

    status = None

    def __init__(self, container):
        self.container = container

    def reload(self):
        self.status = Container.status

    def start(self):
        self.container.start()

    def stop(self, timeout):
        self.container.calls.append(f"stop({timeout})")
        self.container.serves.close()

    def kill(self):
        self.container.calls.append("kill")
        self.container.serves.close()


@pytest.fixture(autouse=True)
def engine(monkeypatch):
    monkeypatch.setattr(Container, "made", [])
    # By the module and not by its dotted name: `pytester` takes modules out of `sys.modules`.
    module = import_module("testcontainers.core.container")
    monkeypatch.setattr(module, "DockerContainer", Container)
    monkeypatch.setattr(containers, "engine", lambda: None)


def greet(monkeypatch, greeting):
    monkeypatch.setattr(Container, "greeting", greeting)


def test_couchdb_has_the_settings_of_its_image():
    with provider("couchdb:container").start() as server:
        (container,) = Container.made
        assert container.image == "couchdb:3"
        assert container.env == {
            "COUCHDB_USER": "kit",
            "COUCHDB_PASSWORD": server.endpoint.settings["password"],
        }
        assert (server.endpoint.product, server.endpoint.version) == ("CouchDB", "3.4.2")
        assert server.endpoint.source == "container"
        assert server.endpoint.durable
        assert server.endpoint.owned
        assert server.running
    assert container.calls == ["start", "remove(force=True, volumes=True)"]
    server.close()
    assert not server.running


def test_dynamodb_local_prints_its_version():
    with provider("dynamodb:container").start() as server:
        assert Container.made[0].image == "amazon/dynamodb-local"
        assert (server.endpoint.product, server.endpoint.version) == ("DynamoDB Local", "3.3.0")


def test_firestore_listens_on_its_published_port(monkeypatch):
    greet(monkeypatch, b"Ok\n")
    with provider("firestore:container").start() as server:
        command = "gcloud emulators firestore start --host-port=0.0.0.0:8080"
        assert Container.made[0].command == command
        assert server.endpoint.url == f"http://{server.endpoint.settings['emulator_host']}"


def test_postgresql_uses_scram_passwords():
    made = postgresql._box(provider("postgresql:container").plan())
    assert made.environment["POSTGRES_INITDB_ARGS"] == "--auth-host=scram-sha-256"
    assert made.endpoint(20_000).secrets == (made.environment["POSTGRES_PASSWORD"],)
    with pytest.raises(ConnectionError):
        made.ready(free_port())


@pytest.mark.parametrize("store", stores())
def test_port_is_on_loopback_only_and_an_image_that_cannot_be_pulled_leaves_nothing(
    store, monkeypatch
):
    monkeypatch.setattr(Container, "fails", RuntimeError("no route to the registry"))
    with pytest.raises(Unavailable, match="no route to the registry") as failed:
        provider(f"{store}:container").start()
    (container,) = Container.made
    assert failed.value.how == f"docker pull {container.image}"
    assert container.calls == [
        "start",
        "remove by its name",
        "remove(force=True, volumes=True)",
    ]
    ((inside, (host, outside)),) = container.ports.items()
    assert inside == f"{WITHIN[store]}/tcp"
    assert host == LOOPBACK
    assert outside > 1024


@pytest.mark.parametrize("verb", ["stop", "kill"])
def test_a_container_restarts_on_its_port(verb):
    with provider("couchdb:container").start() as server:
        ports = dict(Container.made[0].ports)
        getattr(server, verb)()
        getattr(server, verb)()
        assert not server.running
        server.start()
        server.start()
        assert server.running
        assert Container.made[0].ports == ports
        ended = {"stop": "stop(10)", "kill": "kill"}[verb]
        assert Container.made[0].calls == ["start", ended, "start"]


@pytest.mark.parametrize(
    ("status", "within", "why"),
    [
        ("running", 0.0, "couchdb:3 was not ready within 0 s; it printed last:"),
        ("exited", 600.0, "couchdb:3 ended before it was ready; it printed last:"),
    ],
)
def test_a_container_that_never_answers_is_removed_and_shows_its_log(
    monkeypatch, status, within, why
):
    greet(monkeypatch, None)
    monkeypatch.setattr(Container, "status", status)
    box = couchdb._box(provider("couchdb:container").plan())
    with pytest.raises(ServerError) as failed:
        containers.ContainerServer(replace(box, ready_within=within))
    assert why in str(failed.value)
    assert "no disk for ***" in str(failed.value)
    assert Container.made[0].calls[-1] == "remove(force=True, volumes=True)"


def test_the_plan_names_the_image():
    for store in stores():
        plan = provider(f"{store}:container").plan()
        assert IMAGES[store] in plan.detail
        assert plan.source == "container"
    assert provider("postgresql:container").plan().version == "17"
    assert provider("firestore:container").plan().version == ""


def test_a_forked_child_removes_no_container(monkeypatch):
    server = provider("couchdb:container").start()
    monkeypatch.setattr(containers.os, "getpid", lambda: -1)
    server.close()
    assert Container.made[0].calls == ["start"]
    Container.made[0].serves.close()


class TestEngine:
    @pytest.fixture(autouse=True)
    def engine(self, monkeypatch):
        """Do not replace the engine here."""

    def test_no_engine_answers(self, monkeypatch, tmp_path):
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
        shut = containers.engine()
        assert shut.why == "no container engine answers"
        assert "start Docker" in shut.how

    def test_an_engine_that_answers_is_found(self, monkeypatch):
        class Client:
            def __init__(self):
                self.client = self

            def ping(self):
                return True

        module = import_module("testcontainers.core.docker_client")
        monkeypatch.setattr(module, "DockerClient", Client)
        assert containers.engine() is None

    def test_the_library_may_be_missing(self, monkeypatch):
        monkeypatch.setattr(containers.importlib.util, "find_spec", lambda _name: None)
        assert containers.engine().how == "pip install 'gofannon-conformance[containers]'"


def test_looking_at_containers_constructs_none():
    script = (
        "from gofannon_conformance.servers import provider\n"
        "import testcontainers.core.container as c\n"
        "c.DockerContainer.__init__ = None\n"
        "print(type(provider('couchdb:container').plan()).__name__)\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert printed.stdout.strip() in {"Plan", "Unavailable"}, printed.stderr
