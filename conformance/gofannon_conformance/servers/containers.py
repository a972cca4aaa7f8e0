"""Servers in containers, started by testcontainers; their ports are published on loopback only.

testcontainers has no class for three of the four stores, and the one for PostgreSQL publishes its
port on every interface of the machine.
"""

from __future__ import annotations

import importlib.util
import os
import re
import secrets
import weakref
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from gofannon_conformance.servers.endpoint import CONTAINER
from gofannon_conformance.servers.process import LAST_LINES, LOOPBACK, free_port, why_not_ready
from gofannon_conformance.servers.provider import Plan, Server, ServerError, Unavailable, Way

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gofannon_conformance.servers.endpoint import Endpoint

HOW_ENGINE: Final = "start Docker (or Podman, with DOCKER_HOST set to its socket)"
HOW_LIBRARY: Final = "pip install 'gofannon-conformance[containers]'"


@dataclass(frozen=True, kw_only=True)
class Box:
    """What to run in a container, and how to find out that it is ready."""

    image: str
    port: int
    """Inside the container."""
    ready: Callable[[int], bool]
    """Takes the published port; False or `OSError` while the server does not answer."""
    endpoint: Callable[[int], Endpoint]
    """Takes the published port, once the server is ready."""
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    command: str | None = None
    version_printed: str = ""
    """A pattern whose group is the version, for a server that only prints it in its log."""
    ready_within: float = 120.0


def engine() -> Unavailable | None:
    """Return None if a container engine answers, otherwise why there is none.

    Call it first: testcontainers connects to the engine when a container object is constructed.
    """
    if importlib.util.find_spec("testcontainers") is None:
        return Unavailable("testcontainers is not installed", HOW_LIBRARY)
    from testcontainers.core.docker_client import DockerClient

    try:
        DockerClient().client.ping()
    except Exception:  # noqa: BLE001 - any error of the client means that no engine answers
        return Unavailable("no container engine answers", HOW_ENGINE)
    return None


class ContainerServer(Server):
    """A server in a container."""

    def __init__(self, box: Box) -> None:
        from testcontainers.core.container import DockerContainer

        self._box = box
        # Our own port: the engine would choose another one at each start.
        self._port = free_port()
        # Our own name: testcontainers forgets a container that was created and not started.
        self._name = f"gofannon-{secrets.token_hex(6)}"
        container: Any = DockerContainer(box.image)
        container.with_name(self._name)
        for name, value in box.environment.items():
            container.with_env(name, value)
        if box.command is not None:
            container.with_command(box.command)
        container.ports = {f"{box.port}/tcp": (LOOPBACK, self._port)}
        self._container = container
        self._running = False
        # Runs at `close`, at exit, or when this object is garbage-collected.
        self._remove = weakref.finalize(self, _remove, container, os.getpid())
        try:
            self._pull_and_start()
            self._wait()
            self.endpoint = self._with_version(box.endpoint(self._port))
        except BaseException:
            self.close()
            raise

    @property
    def running(self) -> bool:
        """Whether the container is running."""
        return self._running

    def start(self) -> None:
        """Start the same container again, with its data and on the same port."""
        if not self._running:
            self._container.get_wrapped_container().start()
            self._wait()

    def stop(self) -> None:
        """Stop the container."""
        if self._running:
            self._container.get_wrapped_container().stop(timeout=10)
            self._running = False

    def kill(self) -> None:
        """Kill the container."""
        if self._running:
            self._container.get_wrapped_container().kill()
            self._running = False

    def close(self) -> None:
        """Remove the container and its volumes."""
        self._running = False
        self._remove()

    def _pull_and_start(self) -> None:
        try:
            self._container.start()
        except Exception as error:
            # Mostly an image that cannot be pulled, for which the client has many exceptions.
            with suppress(Exception):  # most often none was created
                made = self._container.get_docker_client().client.containers.get(self._name)
                made.remove(force=True, v=True)
            why = f"the container engine could not run {self._box.image}: {error}"
            raise Unavailable(why, f"docker pull {self._box.image}") from error

    def _wait(self) -> None:
        box = self._box
        why = why_not_ready(lambda: box.ready(self._port), self._end, box.ready_within)
        if why:
            raise ServerError(self._with_last_lines(why))
        self._running = True

    def _end(self) -> str:
        container = self._container.get_wrapped_container()
        container.reload()
        return "ended" if container.status == "exited" else ""

    def _with_version(self, endpoint: Endpoint) -> Endpoint:
        pattern = self._box.version_printed
        found = re.search(pattern, self._printed(), re.MULTILINE) if pattern else None
        return replace(endpoint, version=found[1]) if found else endpoint

    def _printed(self) -> str:
        return b"".join(self._container.get_logs()).decode(errors="replace")

    def _with_last_lines(self, what: str) -> str:
        first = f"{self._box.image} {what}; it printed last:"
        text = "\n    ".join([first, *self._printed().splitlines()[-LAST_LINES:]])
        for secret in self._box.secrets:
            text = text.replace(secret, "***")
        return text


def _remove(container: Any, owner: int) -> None:
    if owner == os.getpid():  # not in a forked child: the container belongs to its parent
        container.stop(force=True, delete_volume=True)


def way(product: str, image: str, box: Callable[[Plan], Box]) -> Way:
    """Return the way that runs a server from an image."""
    tag = image.rpartition("/")[2].partition(":")[2]

    def look() -> Plan | Unavailable:
        return engine() or Plan(
            product=product,
            version=tag if tag[:1].isdigit() else "",
            detail=f"the image {image}, pulled at first use",
        )

    def run(plan: Plan) -> Server:
        return ContainerServer(box(plan))

    return Way(name=CONTAINER, source=CONTAINER, look=look, open=run)
