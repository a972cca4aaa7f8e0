"""Choosing, describing, sharing and listing servers, with ways that start nothing real."""

import dataclasses
import json
import re
import subprocess
import sys
import threading
from itertools import count

import pytest

from gofannon_conformance.servers import (
    Endpoint,
    GivenServer,
    NotOurs,
    Plan,
    Provider,
    Server,
    ServerError,
    Shared,
    Unavailable,
    Way,
    catalogue,
    doctor,
    provider,
    stores,
)

SECRET = "s3cret/word"
ENDPOINT = Endpoint(
    product="CouchDB",
    version="3.4",
    source="local program",
    url=f"http://kit:{SECRET}@127.0.0.1:5984",
    settings={"user": "kit", "password": SECRET},
    secrets=(SECRET, "s3cret"),
    durable=True,
    limits={"DOC-4": "1.0 comes back as 1"},
    owned=True,
)


class Recorded(Server):
    """A fake server that counts its closings."""

    def __init__(self, plan=None, endpoint=ENDPOINT):
        self.plan = plan
        self.endpoint = endpoint
        self.closed = 0
        self.close_raises = False

    running = True

    def stop(self): ...
    def start(self): ...
    def kill(self): ...

    def close(self):
        self.closed += 1
        if self.close_raises:
            raise ServerError("it would not close")


def open_way(name="there", error=None):
    def open_it(plan):
        if error:
            raise error
        return Recorded(plan)

    found = Plan(product="S", version="1")
    return Way(name=name, source="local program", look=lambda: found, open=open_it)


def closed_way(name="gone", chosen=False):
    missing = Unavailable(f"no {name}", f"install {name}")
    return Way(
        name=name, source="container", look=lambda: missing, open=Recorded, chosen=lambda: chosen
    )


def ways(*some):
    return Provider(name="s", ways=some)


NO_REGISTRY = Unavailable("no registry", "go online")


def test_an_endpoint_shows_no_secret():
    shown = f"{ENDPOINT} {ENDPOINT!r} {Recorded()!r} {[ENDPOINT]}"
    assert "s3cret" not in shown
    assert "http://kit:***@127.0.0.1:5984" in shown


def test_an_endpoint_round_trips_as_json():
    assert Endpoint.from_json(ENDPOINT.to_json()) == ENDPOINT


class TestChoosing:
    def test_the_first_available_way_is_used(self):
        chosen = ways(closed_way(), open_way("a"), open_way("b"))
        assert chosen.start().plan == chosen.plan()
        assert str(chosen.plan()) == "S 1 (local program)"
        assert (chosen.plan().store, chosen.plan().way) == ("s", "a")

    def test_without_an_available_way_every_reason_and_hint_is_listed(self):
        closed = ways(closed_way("x"), closed_way("y"), closed_way("x"))
        found = closed.plan()
        assert isinstance(found, Unavailable)
        assert found.why == "no x; no y; no x"
        assert found.how == "install x; or install y"
        assert str(found) == f"{found.why}. To get it: {found.how}"
        with pytest.raises(Unavailable, match="no x; no y"):
            closed.start()

    def test_a_server_that_was_named_is_never_replaced_by_another(self):
        named = ways(closed_way("named", chosen=True), open_way("other"))
        assert named.plan().why == "no named"
        with pytest.raises(Unavailable, match="no named"):
            named.start()

    def test_after_a_way_that_fails_to_install_the_next_is_used(self):
        failing = open_way("npm", error=NO_REGISTRY)
        assert ways(failing, open_way("b")).start().plan.way == "b"
        with pytest.raises(Unavailable, match="no registry"):
            ways(failing).start()

    def test_a_server_that_crashes_is_an_error(self):
        with pytest.raises(ServerError, match="crashed"):
            ways(open_way(error=ServerError("crashed")), open_way("b")).start()

    def test_a_way_can_be_chosen_by_name(self):
        chosen = ways(open_way("a"), open_way("b")).variant("b")
        assert (chosen.name, chosen.store) == ("s:b", "s")
        plan = chosen.start(durable=True).plan
        assert (plan.way, plan.durable) == ("b", True)
        with pytest.raises(ValueError, match="there is no way 'c' to s; there are: a, b"):
            ways(open_way("a"), open_way("b")).variant("c")


class TestCatalogue:
    def test_the_environment_comes_first_and_the_container_last(self):
        for store in stores():
            first, *_, last = provider(store).ways
            assert (first.source, last.source) == ("environment", "container")

    @pytest.mark.parametrize(
        ("wrong", "hint"),
        [("couchbd", "did you mean 'couchdb'"), ("zzz", "there are: couchdb, dynamodb")],
    )
    def test_a_misspelt_name_suggests_the_nearest(self, wrong, hint):
        with pytest.raises(ValueError, match=hint):
            provider(wrong)

    def test_looking_at_the_servers_imports_no_client_and_no_test_library(self):
        heavy = "pytest hypothesis testcontainers docker boto3 moto psycopg google couchdb httpx"
        script = (
            "import sys, gofannon_conformance.servers as s; [*map(s.provider, s.stores())]; "
            f"print([name for name in {heavy.split()} if name in sys.modules])"
        )
        printed = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=False
        )
        assert printed.stdout.strip() == "[]", printed.stderr


@pytest.mark.parametrize("verb", ["stop", "start", "kill"])
@pytest.mark.parametrize(
    ("source", "owner"),
    [
        ("environment", "it was given by the environment"),
        ("local program", "another process of this run started it"),
    ],
)
def test_a_given_server_is_not_stopped_by_the_kit(verb, source, owner):
    with GivenServer(dataclasses.replace(ENDPOINT, source=source)) as given:
        assert given.running
        assert not given.endpoint.owned
        with pytest.raises(NotOurs, match=f"the kit does not {verb} CouchDB: {owner}"):
            getattr(given, verb)()


class TestShared:
    @pytest.fixture(autouse=True)
    def store(self, monkeypatch):
        starts = count(1)

        def fresh(plan):
            url = f"http://127.0.0.1:{next(starts)}"
            return Recorded(plan, dataclasses.replace(ENDPOINT, url=url))

        way = dataclasses.replace(open_way(), open=fresh)
        monkeypatch.setattr(catalogue, "_whole", lambda name: Provider(name=name, ways=(way,)))

    def test_threads_share_one_server(self):
        with Shared() as shared:
            started = []
            threads = [
                threading.Thread(target=lambda: started.append(shared.start("couchdb")))
                for _ in range(8)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(started) == 8
            assert len(set(map(id, started))) == 1
        assert started[0].closed == 1

    def test_every_server_is_closed_even_if_one_raises(self):
        shared = Shared()
        bad, good = shared.start("couchdb"), shared.start("firestore")
        bad.close_raises = True
        with pytest.raises(ExceptionGroup, match="could not be closed"):
            shared.close()
        assert (bad.closed, good.closed) == (1, 1)
        shared.close()


class TestDoctor:
    @pytest.fixture(autouse=True)
    def store(self, monkeypatch):
        crash = open_way("crash", error=ServerError("it crashed"))
        failing = open_way("npm", error=NO_REGISTRY)
        some = (closed_way("gone"), open_way("first"), open_way("second"), crash, failing)
        monkeypatch.setattr(catalogue, "_whole", lambda name: Provider(name=name, ways=some))

    def test_marks_the_way_in_use_and_how_to_get_the_others(self):
        rows = doctor.rows(["couchdb"])
        assert all(row.seconds is None for row in rows)
        assert doctor.lines(rows)[:4] == [
            "couchdb: S 1 (local program)",
            "  - gone    no gone; to get it: install gone",
            "  * first   S 1: ",
            "  + second  S 1: ",
        ]

    def test_measures_the_start(self):
        started = {row.way: row for row in doctor.rows(["couchdb"], start=True)}
        assert started["first"].version == ENDPOINT.version
        text = "\n".join(doctor.lines(started.values()))
        assert re.match(r"couchdb: S 3\.4 \(local program\), ready in \d+\.\d\d s\n", text)
        assert "- crash   it crashed\n" in text
        assert "- npm     no registry; to get it: go online" in text

    def test_covers_every_store(self):
        assert {row.store for row in doctor.rows()} == set(stores())

    def test_says_that_there_is_no_server(self, monkeypatch):
        closed = (closed_way("named", chosen=True), open_way("other"))
        monkeypatch.setattr(catalogue, "_whole", lambda name: Provider(name=name, ways=closed))
        rows = doctor.rows(["couchdb"])
        assert doctor.lines(rows)[0] == "couchdb: no server"
        assert json.loads(json.dumps([dataclasses.asdict(row) for row in rows]))
