"""What the tests of the application's side share: an environment for a server, and a served API."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import uvicorn

from gofannon_backends.settings import Settings

PATIENCE = 30.0


def environment(provider, endpoint=None):
    """Return the variables that an application sets to use this provider, on this server."""
    settings = {} if endpoint is None else endpoint.settings
    return {
        "DATABASE_PROVIDER": provider,
        **{
            "memory": dict,
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
        }[provider](),
    }


def surroundings():
    """Return this process's environment without what says something of a database."""
    return {name: value for name, value in os.environ.items() if name not in Settings.model_fields}


@contextmanager
def served(app):
    """Serve an application on loopback, in a thread; give its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + PATIENCE
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            assert time.monotonic() < deadline
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


@contextmanager
def program(variables, folder):
    """Run `python -m gofannon_backends.api` on a free port; give its address and what it said."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gofannon_backends.api", "--port", "0"],
        env={**surroundings(), **variables},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    try:
        said = [process.stdout.readline(), process.stdout.readline()]
        assert "http://" in said[1], f"{''.join(said)}{process.communicate(timeout=PATIENCE)[0]}"
        yield said[1].split()[4].rstrip(","), "".join(said)
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=PATIENCE)
        assert (process.returncode, rest) == (0, "Stopped.\n")
    finally:
        process.kill()
        process.wait()
