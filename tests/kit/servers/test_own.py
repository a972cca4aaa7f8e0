"""Servers started by an author's function, and endpoints with other addresses or credentials."""

from contextlib import contextmanager

import pytest

from gofannon_conformance.servers import Endpoint, NotOurs
from gofannon_conformance.servers.own import endpoint_of, started

URL = "redis://kit:s3cret@127.0.0.1:6400/0"


class Server:
    """A server as an author writes one: an address and methods to stop it."""

    def __init__(self, **address):
        self.did = []
        vars(self).update(address)

    def stop(self):
        self.did.append("stop")

    def start(self):
        self.did.append("start")

    def kill(self):
        self.did.append("kill")


@pytest.mark.parametrize(
    ("given", "address"),
    [
        (URL, ("127.0.0.1", 6400)),
        (("localhost", 6400), ("localhost", 6400)),
        (("localhost", "6400"), ("localhost", 6400)),
        (Server(url=URL), ("127.0.0.1", 6400)),
        (Server(address=("h", 1)), ("h", 1)),
        (Server(endpoint=endpoint_of(URL)), ("127.0.0.1", 6400)),
        (endpoint_of(URL), ("127.0.0.1", 6400)),
    ],
)
def test_address_is_read_from_every_form(given, address):
    assert endpoint_of(given).address == address


@pytest.mark.parametrize("given", [None, 5, "127.0.0.1", "http:///x", ("h",), Server(), Server])
def test_server_without_an_address_is_refused(given):
    with pytest.raises(ValueError, match="host"):
        endpoint_of(given)


def test_password_of_an_address_is_a_secret():
    endpoint = endpoint_of("redis://kit:s3%2Fcret@127.0.0.1:6400/0")
    assert {"s3%2Fcret", "s3/cret"} <= {*endpoint.secrets}
    assert "s3%2Fcret" not in repr(endpoint)
    assert endpoint_of("redis://127.0.0.1:6400").secrets == ()


def test_server_is_stopped_started_and_killed_by_its_author():
    given = Server(url=URL)
    with started(lambda: given) as server:
        assert server.running
        assert server.can("stop", "start", "kill")
        server.stop()
        assert not server.running
        server.start()
        assert server.running
        server.kill()
        assert not server.running
        server.close()
    assert given.did == ["stop", "start", "kill"]


def test_server_that_cannot_be_stopped_is_refused():
    with started(lambda: URL) as server:
        assert not server.can("stop")
        for verb in ("stop", "start", "kill"):
            with pytest.raises(NotOurs, match=verb):
                getattr(server, verb)()
        assert server.running


def test_generator_cleans_up_after_its_yield():
    cleaned = []

    def start():
        try:
            yield URL
        finally:
            cleaned.append(True)

    with started(start) as server:
        assert server.endpoint.url == URL
        assert not cleaned
    assert cleaned == [True]
    with pytest.raises(KeyError), started(start):
        raise KeyError
    assert cleaned == [True, True]


def test_context_manager_gives_the_server_or_is_it():
    ended = []

    @contextmanager
    def start():
        yield Server(url=URL)
        ended.append(True)

    class Managed(Server):
        def __enter__(self):
            self.url = URL

        def __exit__(self, *_):
            ended.append(True)

    for function in (start, Managed):
        with started(function) as server:
            assert server.can("stop")
            assert server.endpoint.address == ("127.0.0.1", 6400)
    assert ended == [True, True]


# Endpoints at another address and with other credentials


def endpoint(**more):
    return Endpoint(
        **{"product": "p", "version": "", "source": "s", "url": "tcp://127.0.0.1:9"} | more
    )


@pytest.mark.parametrize(
    ("url", "protocol", "address", "encrypted"),
    [
        ("http://h:1", "http", ("h", 1), False),
        ("http://h", "http", ("h", 80), False),
        ("http://[::1]:8", "http", ("::1", 8), False),
        ("https://h/x", "http", ("h", 443), True),
        ("grpc://h:1", "grpc", ("h", 1), False),
        ("postgres://h", "postgresql", ("h", 5432), False),
        ("postgresql://u:p@h/d", "postgresql", ("h", 5432), False),
        ("redis://h:1", "tcp", ("h", 1), False),
    ],
)
def test_protocol_address_and_encryption_are_read_from_the_url(url, protocol, address, encrypted):
    made = endpoint(url=url)
    assert (made.protocol, made.address, made.is_encrypted) == (protocol, address, encrypted)
    assert endpoint(url=url, protocol="grpc").protocol == "grpc"


def test_address_without_a_port_is_refused_and_shows_no_secret():
    with pytest.raises(ValueError, match=r"no host and port in redis://u:\*\*\*@h"):
        _ = endpoint(url="redis://u:s3cret@h", secrets=("s3cret",)).address


def test_endpoint_at_another_address():
    moved = endpoint(
        url="postgresql://u:p%40@db.example:5432/d?x=1",
        settings={"host": "db.example", "port": "5432", "user": "u", "at": "db.example:5432"},
    ).at("127.0.0.1", 7)
    assert moved.url == "postgresql://u:p%40@127.0.0.1:7/d?x=1"
    assert moved.settings == {"host": "127.0.0.1", "port": "7", "user": "u", "at": "127.0.0.1:7"}
    assert endpoint().at("h", 1).settings == {}


def test_endpoint_with_other_credentials():
    other = endpoint(
        url="http://u:p@h:1/x",
        settings={"user": "u", "password": "p", "region": "r"},
        secrets=("p4ss",),
    ).with_credentials("who", "s@/ret")
    assert other.url == "http://who:s%40%2Fret@h:1/x"
    assert other.settings == {"user": "who", "password": "s@/ret", "region": "r"}
    assert other.secrets == ("p4ss", "s@/ret", "s%40%2Fret")
    assert "ret" not in other.redacted(f"{other.url} s@/ret")
    keys = endpoint(settings={"access_key": "a", "secret_key": "b"}).with_credentials("who", "s")
    assert keys.settings == {"access_key": "who", "secret_key": "s"}
    assert keys.url == "tcp://127.0.0.1:9"


@pytest.mark.parametrize(
    ("more", "checks"),
    [
        ({}, False),
        ({"secrets": ("s",)}, False),
        ({"secrets": ("s",), "settings": {"password": "s"}}, True),
        ({"secrets": ("s",), "settings": {"secret_key": "s"}}, True),
        ({"settings": {"secret_key": "placeholder"}}, False),
        ({"secrets": ("s",), "url": "redis://u:s@h:1"}, True),
    ],
)
def test_server_with_a_secret_checks_credentials(more, checks):
    assert endpoint(**more).checks_credentials is checks
