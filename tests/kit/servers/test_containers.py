"""Servers in containers, with a fake container class and real HTTP answers."""

import http.server
import subprocess
import sys
import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import ClassVar

import pytest

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


class Answering(http.server.BaseHTTPRequestHandler):
    """The first answer of each image's server."""

    def do_GET(self):
        bodies = {"/_all_dbs": b"[]", "/": self.server.greeting}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(bodies[self.path])

    def log_message(self, *_): ...


class Container:
    """A fake of testcontainers' class: records the calls, and answers on the port."""

    made: ClassVar[list["Container"]] = []
    fails: Exception | None = None
    status = "running"
    greeting: bytes | None = b'{"couchdb": "Welcome", "version": "3.4.2"}'

    def __init__(self, image):
        self.image, self.env, self.command, self.ports = image, {}, None, {}
        self.calls = []
        self.server = None
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
        ((_, (host, port)),) = self.ports.items()
        if Container.greeting is not None:
            self.server = http.server.ThreadingHTTPServer((host, port), Answering)
            self.server.greeting = Container.greeting
            threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def get_wrapped_container(self):
        return Engine(self)

    def get_logs(self):
        return (
            b"Version:\t3.3.0\nlistening\n",
            f"no disk for {self.env.get('COUCHDB_PASSWORD')}\n".encode(),
        )

    def stop(self, force, delete_volume):
        self.calls.append(f"remove(force={force}, volumes={delete_volume})")
        self.end()

    def end(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


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
        self.container.end()

    def kill(self):
        self.container.calls.append("kill")
        self.container.end()


@pytest.fixture(autouse=True)
def engine(monkeypatch):
    monkeypatch.setattr(Container, "made", [])
    monkeypatch.setattr("testcontainers.core.container.DockerContainer", Container)
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


def test_dynamodb_local_needs_no_settings(monkeypatch):
    with provider("dynamodb:container").start() as server:
        assert Container.made[0].image == "amazon/dynamodb-local"
        assert (server.endpoint.product, server.endpoint.version) == ("DynamoDB Local", "3.3.0")
        assert server.endpoint.settings["region"]


def test_firestore_listens_on_its_published_port(monkeypatch):
    greet(monkeypatch, b"Ok\n")
    with provider("firestore:container").start() as server:
        command = "gcloud emulators firestore start --host-port=0.0.0.0:8080"
        assert Container.made[0].command == command
        assert server.endpoint.url == f"http://{server.endpoint.settings['emulator_host']}"


def test_postgresql_uses_scram_passwords():
    made = postgresql._box(provider("postgresql:container").plan())
    assert made.environment["POSTGRES_INITDB_ARGS"] == "--auth-host=scram-sha-256"
    endpoint = made.endpoint(20_000)
    assert endpoint.secrets == (made.environment["POSTGRES_PASSWORD"],)
    assert endpoint.url.endswith("@127.0.0.1:20000/postgres")
    with pytest.raises(ConnectionError):
        made.ready(free_port())


@pytest.mark.parametrize("store", stores())
def test_the_port_is_published_on_loopback_only(store, monkeypatch):
    monkeypatch.setattr(Container, "fails", RuntimeError("no such image"))
    with pytest.raises(Unavailable):
        provider(f"{store}:container").start()
    (container,) = Container.made
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


def test_an_image_that_cannot_be_pulled_is_unavailable_and_leaves_nothing(monkeypatch):
    monkeypatch.setattr(Container, "fails", RuntimeError("no route to the registry"))
    with pytest.raises(Unavailable, match="could not run couchdb:3: no route") as failed:
        provider("couchdb:container").start()
    assert failed.value.how == "docker pull couchdb:3"
    removed = ["remove by its name", "remove(force=True, volumes=True)"]
    assert Container.made[0].calls == ["start", *removed]


def test_a_container_that_never_answers_is_removed_and_shows_its_log(monkeypatch):
    greet(monkeypatch, None)
    box = couchdb._box(provider("couchdb:container").plan())
    with pytest.raises(ServerError) as failed:
        containers.ContainerServer(replace(box, ready_within=0.1))
    assert "couchdb:3 was not ready within 0.1 s; it printed last:" in str(failed.value)
    assert "no disk for ***" in str(failed.value)
    assert Container.made[0].calls[-1] == "remove(force=True, volumes=True)"


def test_a_container_that_ends_at_once_is_not_waited_for(monkeypatch):
    greet(monkeypatch, None)
    monkeypatch.setattr(Container, "status", "exited")
    with pytest.raises(ServerError) as failed:
        provider("couchdb:container").start()
    assert "couchdb:3 ended before it was ready; it printed last:" in str(failed.value)
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
    monkeypatch.setattr(server, "_owner", -1)
    server.close()
    assert Container.made[0].calls == ["start"]
    monkeypatch.undo()
    containers._close_all()
    assert not server.running


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

        monkeypatch.setattr("testcontainers.core.docker_client.DockerClient", Client)
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
