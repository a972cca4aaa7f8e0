"""One run: targets opened once, named collections, everything closed at the end."""

import re

import pytest
from given import AsyncService

from gofannon_backends.memory import MemoryDatabaseService
from gofannon_conformance.calls.violation import NotTested
from gofannon_conformance.contract import load
from gofannon_conformance.run.options import Options
from gofannon_conformance.run.profiles import profile_named
from gofannon_conformance.run.sessions import Run
from gofannon_conformance.servers import Endpoint, GivenServer, ServerError, Shared, Unavailable
from gofannon_conformance.servers.rendezvous import Rendezvous
from gofannon_conformance.service.provision import lender_for, provided
from gofannon_conformance.target import Target
from gofannon_conformance.usage import UsageError

ENDPOINT = Endpoint(
    product="CouchDB",
    version="3",
    source="local program",
    url="http://127.0.0.1:1",
    secrets=("s3cret",),
    limits={"DOC-4": "no floats"},
)


class Lending:
    """A lender whose servers are only remembered."""

    def __init__(self, error=None):
        self.log = []
        self.error = error

    def start(self, name):
        self.log.append(name)
        if self.error:
            raise self.error
        return GivenServer(ENDPOINT)

    def close(self):
        self.log.append("closed")


@pytest.fixture
def lending(monkeypatch):
    lender = Lending()
    monkeypatch.setattr("gofannon_conformance.run.sessions.lender_for", lambda run: lender)
    monkeypatch.setattr("gofannon_conformance.service.provision.lender_for", lambda run: lender)
    return lender


def run_of(**more):
    options = Options(profile=profile_named("quick"), seed=7, **more)
    return Run(options, load())


def target(connect=MemoryDatabaseService, **more):
    return Target(name="t", connect=connect, **more)


class TestSessions:
    def test_a_target_is_opened_once_and_again_after_it_was_closed(self):
        made = []
        run, opening = run_of(), target(lambda: made.append(1) or MemoryDatabaseService())
        first = run.session("key", opening)
        assert run.session("key", opening) is first
        assert made == [1]
        run.close("key")
        run.close("key")
        assert run.session("key", opening) is not first
        run.close_all()

    def test_another_way_to_connect_may_be_given(self):
        service = MemoryDatabaseService()
        session = run_of().session("key", target(lambda: 1 / 0), lambda: service)
        assert session.opened.service is service

    def test_its_programs_begin_as_the_target_says(self):
        session = run_of().open(target(AsyncService, preamble="db = make()"))
        assert session.caller.trace.preamble == "db = make()"
        session.caller.call("list_all", "c")
        assert session.caller.trace.is_async

    def test_it_is_held_to_its_dialect_or_to_the_one_asked_for(self):
        overview = target(dialect="overview")
        assert run_of().open(overview).contract.dialect == "overview"
        assert run_of().open(overview).workspace.ledger.silent_deletes
        assert run_of(dialect="interface").open(overview).contract.dialect == "interface"

    def test_names_are_the_runs_own(self):
        run = run_of()
        name = run.session("key", target()).workspace.collection().name
        assert name.startswith(run.prefix)
        assert re.fullmatch("gfc_[a-z]{6}", run.prefix)
        assert run.prefix != run_of().prefix

    def test_sessions_of_one_target_share_their_names(self):
        run, service = run_of(), MemoryDatabaseService()
        used = set()
        for key in "ab":
            workspace = run.session(key, target(lambda: service)).workspace
            fresh = workspace.unwritten(only_to_read=True)
            assert fresh.name not in used
            fresh.save("a", {})
            used |= workspace.ledger.collections
            run.close(key)
        assert len(used) == 2

    def test_a_target_without_a_server_has_none(self):
        session = run_of().open(target(secrets=("mine",)))
        assert (session.server, session.limits, session.secrets) == (None, {}, ("mine",))


class TestClosing:
    @pytest.mark.parametrize("drop", [None, lambda service, name: service.drop(name)])
    def test_nothing_of_its_own_is_left_behind(self, drop):
        service, run = MemoryDatabaseService(), run_of()
        service.save("precious", "a", {})
        opened = target(lambda: service, drop=drop, disposable=True)
        workspace = run.session("key", opened).workspace
        collection = workspace.collection()
        for own in (collection, workspace.logical("agents", disposable=True)):
            own.save("a", {})
        run.close_all()
        assert service.list_all(collection.name) == service.list_all("agents") == []
        assert len(service.list_all("precious")) == 1
        assert service.collections() >= {"agents", "precious"}
        assert (collection.name in service.collections()) is (drop is None)

    def test_only_what_was_handed_out_for_a_service_is_dropped_with_it(self):
        service, drops, run = MemoryDatabaseService(), [], run_of()
        opened = target(lambda: service, drop=lambda _service, name: drops.append(name))
        for key in "ab":
            run.session(key, opened).workspace.unwritten(only_to_read=True)
            run.close(key)
        assert drops == [f"{run.prefix}_aa", f"{run.prefix}_ab"]

    def test_the_service_is_closed_though_dropping_fails(self):
        closed = []

        class Closing(MemoryDatabaseService):
            def close(self):
                closed.append(True)

        run = run_of()
        session = run.session("key", target(Closing, drop=lambda s, n: 1 / 0))
        session.workspace.collection()
        with pytest.raises(ZeroDivisionError):
            run.close_all()
        assert closed == [True]


class TestServers:
    def on_server(self, **more):
        return target(lambda endpoint: MemoryDatabaseService(), server="couchdb", **more)

    def test_the_endpoint_is_handed_over_and_reported(self, lending):
        given = []
        run = run_of()
        session = run.open(
            target(lambda e: given.append(e) or MemoryDatabaseService(), server="couchdb")
        )
        assert given == [session.opened.endpoint] == [ENDPOINT]
        assert session.server == {"product": "CouchDB", "version": "3", "source": "local program"}
        assert session.limits == {"DOC-4": "no floats"}
        assert session.secrets == ("s3cret",)

    def test_the_servers_are_closed_with_the_run(self, lending):
        run = run_of()
        run.session("one", self.on_server())
        run.session("two", self.on_server())
        run.close_all()
        run.close_all()
        assert lending.log == ["couchdb", "couchdb", "closed"]

    def test_another_server_may_be_chosen_for_a_store(self, lending):
        run = run_of(servers=("dynamodb:moto", "couchdb:a", "couchdb:b"))
        run.open(self.on_server())
        run.open(target())
        assert lending.log == ["couchdb:b"]

    def test_without_a_lender_the_server_is_the_services_own(self, lending):
        with provided(self.on_server()) as opened:
            assert opened.endpoint == ENDPOINT
            assert lending.log == ["couchdb"]
        assert lending.log == ["couchdb", "closed"]

    def test_a_lender_is_not_closed_by_who_borrows(self):
        lender = Lending()
        with provided(self.on_server(), server="couchdb:given", lender=lender):
            pass
        assert lender.log == ["couchdb:given"]

    @pytest.mark.parametrize(
        ("error", "kind", "told"),
        [
            (
                Unavailable("none", "some"),
                NotTested,
                "t needs the server couchdb, which is not available here: none. To get it: some",
            ),
            (ServerError("it died"), NotTested, "t: the server couchdb did not start: it died"),
            (ValueError("no such name"), UsageError, "t: no such name"),
        ],
    )
    def test_a_server_that_is_not_to_be_had_is_reported(self, error, kind, told):
        lender = Lending(error)
        with pytest.raises(kind) as raised, provided(self.on_server(), lender=lender):
            pass
        assert str(raised.value) == told

    def test_an_unknown_server_is_reported_with_the_nearest(self):
        with (
            pytest.raises(UsageError, match="did you mean 'couchdb'"),
            provided(target(dict, server="couchbd")),
        ):
            pass

    def test_workers_of_one_run_share_their_servers(self):
        assert isinstance(lender_for(None), Shared)
        assert isinstance(lender_for("run"), Rendezvous)
