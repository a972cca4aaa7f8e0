"""Shared by the tests of the application layer: environments, and an application on loopback."""

import os
import threading
from contextlib import contextmanager

import uvicorn

from gofannon_backends.settings import Settings

BOUND = 30.0
"""Seconds: the longest wait for what must happen."""


def environment(provider, endpoint):
    """Return the variables that an application sets to use this provider on this server."""
    settings = endpoint.settings
    variables = {
        "couchdb": lambda: {
            "COUCHDB_URL": endpoint.url,
            "COUCHDB_USER": settings["user"],
            "COUCHDB_PASSWORD": settings["password"],
        },
        "dynamodb": lambda: {
            "DYNAMODB_ENDPOINT_URL": endpoint.url,
            "DYNAMODB_REGION": settings["region"],
            "AWS_ACCESS_KEY_ID": settings["access_key"],
            "AWS_SECRET_ACCESS_KEY": settings["secret_key"],
        },
        "firestore": lambda: {
            "FIRESTORE_EMULATOR_HOST": settings["emulator_host"],
            "GOOGLE_CLOUD_PROJECT": settings["project"],
        },
        "postgresql": lambda: {"POSTGRES_URL": endpoint.url},
    }[provider]()
    return {"DATABASE_PROVIDER": provider, **variables}


def without_settings():
    """Return this process's environment without database settings."""
    return {name: value for name, value in os.environ.items() if name not in Settings.model_fields}


@contextmanager
def served(app):
    """Serve an application on loopback, in a thread; yield its address."""
    listening = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets=None):
            await super().startup(sockets)
            listening.set()

    server = Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))

    def run():
        try:
            server.run()
        finally:
            listening.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        assert listening.wait(BOUND)
        assert server.started, "the server did not start"
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(BOUND)
