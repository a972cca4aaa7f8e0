"""Further instances of a service: had, kept apart, and put in the place of a broken one."""

import pytest
from given import PREFIX, NaiveService, kit_of, workspace_of

from gofannon_conformance.calls.violation import NotApplicable, NotTested
from gofannon_conformance.run.capabilities import another
from gofannon_conformance.run.instances import in_other_process
from gofannon_conformance.run.instances import proxied as open_proxied
from gofannon_conformance.secrets.watch import canaries
from gofannon_conformance.servers import ENVIRONMENT, Endpoint
from gofannon_conformance.service.instances import SHORT_TIMEOUT, Instances, OnlyOne
from gofannon_conformance.target import Capabilities, Target


class Service(NaiveService):
    """Says what it was connected to, and whether it was closed."""

    def __init__(self, endpoint=None):
        super().__init__()
        self.endpoint = endpoint
        self.closed = 0

    def close(self):
        self.closed += 1


def instances_of(connect=Service, first=None, endpoint=None, **claims):
    opened = workspace_of(first or Service()).caller.opened
    opened.endpoint = endpoint
    return Instances(Target(name="t", connect=connect, **claims), None, opened)


def endpoint_of(**more):
    return Endpoint(
        **{"product": "p", "version": "1", "source": "s", "url": "tcp://127.0.0.1:9"} | more
    )


def test_second_instance_is_opened_once_and_closed_at_the_end():
    instances = instances_of()
    second = instances.second().service
    assert instances.second().service is second
    assert second.closed == 0
    instances.close()
    assert second.closed == 1


def test_further_instance_is_connected_to_the_same_server_or_to_another_and_closed_when_used():
    here, there = endpoint_of(), endpoint_of(url="tcp://127.0.0.1:10")
    instances = instances_of(endpoint=here)
    assert instances.endpoint is here
    for given, expected in ((None, here), (there, there)):
        with instances.fresh(given) as opened:
            assert opened.service.endpoint is opened.endpoint is expected
            assert opened.service.closed == 0
        assert opened.service.closed == 1


def test_same_object_again_is_no_second_instance_and_is_not_closed():
    one = Service()
    ended = []

    def connect():
        try:
            yield one
        finally:
            ended.append(one)

    instances = instances_of(connect, first=one)
    for _ in range(2):
        with pytest.raises(OnlyOne, match="the same object"):
            instances.second()
    assert one.closed == 0
    assert ended == []


def locked():
    raise OSError("locked")


def test_service_that_opens_once_has_no_second_instance_and_keeps_its_first():
    instances = instances_of(locked)
    first = instances._first.service
    with pytest.raises(OnlyOne, match=r"could not be opened.*locked"):
        instances.second()
    instances.renew("it broke")
    assert instances._first.service is first


def test_first_instance_that_was_broken_is_replaced_by_the_last_one():
    instances = instances_of()
    broken = instances._first.service
    instances.second()
    instances.renew("opening another breaks the one before it")
    assert instances._first.service is not broken
    for again in (instances.second, instances.kept, instances.check_may_open):
        with pytest.raises(OnlyOne, match="breaks the one before it"):
            again()


def test_secrets_of_further_instances_are_watched():
    user, secret = canaries()
    endpoint = endpoint_of(settings={"user": "u", "password": "p"}).with_credentials(user, secret)
    instances = instances_of()
    with instances.fresh(endpoint):
        assert instances._first.watch.leaks(secret)
        assert instances._first.watch.leaks(user)
    instances._first.watch.close()


def test_secret_in_what_opening_raises_is_a_leak():
    def connect(endpoint):
        raise ConnectionError(f"cannot log in with {endpoint.settings['password']}")

    endpoint = endpoint_of(settings={"password": "p"}).with_credentials(*canaries())
    instances = instances_of(connect)
    with pytest.raises(OnlyOne), instances.fresh(endpoint):
        pass
    (leak,) = instances._first.watch.take()
    assert leak.clauses == ("ERR-4",)
    instances._first.watch.close()


# A server of the test's own


class Author:
    url = "tcp://127.0.0.1:9"


def test_target_without_a_server_has_none_to_restart():
    with pytest.raises(NotApplicable, match="names no server"), instances_of().own_server():
        pass


def test_authors_server_is_the_one_that_the_tests_have():
    instances = instances_of(server=Author, endpoint=endpoint_of())
    instances._first.server = server = object()
    with instances.own_server() as given:
        assert given is server


@pytest.mark.parametrize(
    ("server", "about", "kind", "said"),
    [
        ("postgresql", {"source": ENVIRONMENT, "durable": True}, NotTested, "by the environment"),
        ("couchdb", {"limits": {}}, NotApplicable, "does not keep its data"),
        ("couchdb", {"limits": {"DUR-3": "in memory"}}, NotApplicable, "in memory"),
        ("postgresql", {"durable": True}, NotTested, "did not start"),
    ],
)
def test_server_that_cannot_be_restarted_says_so(server, about, kind, said, monkeypatch):
    monkeypatch.setenv("POSTGRES_URL", "postgresql://u:p@127.0.0.1:1/d")
    instances = instances_of(server=server, endpoint=endpoint_of(**about))
    with pytest.raises(kind, match=said), instances.own_server():
        pass


def test_named_server_is_started_for_the_test_and_closed():
    instances = instances_of(server="postgresql", endpoint=endpoint_of(durable=True))
    with instances.own_server() as server:
        assert server.running
        assert server.endpoint.durable
    assert not server.running


# As the kit hands them to a test


class Shared(NaiveService):
    kept = {}  # noqa: RUF012  # that is the point

    def __init__(self):
        super().__init__()
        self.data = self.kept


@pytest.fixture(autouse=True)
def empty():
    Shared.kept.clear()


def kit_with(connect, **more):
    return kit_of(connect(), target=Target(name="t", connect=connect, **more))


def test_another_instance_shows_what_the_first_one_saved():
    kit = kit_with(Shared)
    mine = kit.collection()
    other = another(kit)
    assert other.on == "other"
    mine.save("a", {"n": 1})
    assert mine.through(other).get("a").value == {"n": 1, "_id": "a"}
    assert kit.trace.steps[-1].on == "other"
    mine.through(other).save("b", {"n": 2})
    kit.finish()
    assert not any(Shared.kept.values())
    assert set(Shared.kept) <= {f"{PREFIX}_aa", f"{PREFIX}_ab"}


def test_instances_that_share_nothing_are_no_matter_of_the_clause_unless_it_is_claimed():
    with pytest.raises(NotApplicable, match="share nothing"):
        another(kit_with(NaiveService))
    kit = kit_with(NaiveService, capabilities=Capabilities(persistent=True))
    assert another(kit).opened.service is not kit.service
    one = NaiveService()
    with pytest.raises(NotApplicable, match="the same object"):
        another(kit_with(lambda: one))


def test_instance_that_breaks_the_one_before_it_takes_its_place():
    opened = []

    class Breaks(NaiveService):
        def __init__(self):
            super().__init__()
            for other in opened:
                other.data = None
            opened.append(self)

    kit = kit_with(Breaks)
    with pytest.raises(NotApplicable, match="breaks the one before it"):
        another(kit)
    assert kit.service is opened[-1]
    collection = kit.collection()
    assert collection.save("a", {"n": 1}).returned
    with pytest.raises(NotTested, match="breaks the one before it"):
        in_other_process(kit, ("get", "c", "a"))


@pytest.mark.parametrize(
    ("connect", "faultable", "url", "kind", "said"),
    [
        (NaiveService, None, None, NotApplicable, "no server"),
        (NaiveService, True, None, NotTested, "no server"),
        (NaiveService, False, None, NotApplicable, "not faultable"),
        (NaiveService, None, "https://db.example:1", NotTested, "TLS"),
        (locked, None, "tcp://127.0.0.1:9", NotTested, "no instance behind a proxy"),
    ],
)
def test_no_proxy_where_nobody_can_stand_before_the_server(connect, faultable, url, kind, said):
    claims = {"capabilities": Capabilities(faultable=faultable)}
    kit = kit_of(Service(), target=Target(name="t", connect=connect, **claims))
    kit.caller.opened.endpoint = endpoint_of(url=url) if url else None
    with pytest.raises(kind, match=said), open_proxied(kit):
        pass


def test_proxied_instance_has_short_timeouts_and_may_have_other_credentials():
    kit = kit_of(Service(), target=Target(name="t", connect=Service, bound=7.0))
    kit.caller.opened.endpoint = endpoint_of(settings={"user": "u", "password": "p"})
    with open_proxied(
        kit, change=lambda e: e.with_credentials("canary", "canary-secret")
    ) as proxied:
        through = proxied.caller.opened.service.endpoint
        assert through.address == (proxied.proxy.host, proxied.proxy.port)
        assert through.timeout == SHORT_TIMEOUT
        assert through.settings == {"user": "canary", "password": "canary-secret"}
        assert proxied.endpoint is through
        assert proxied.bound == 7.0
    kit.watch.close()
