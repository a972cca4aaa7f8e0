"""The HTTP session of the CouchDB backend: what python-couchdb's own does wrong, done right."""

import gc
import json
import select
import socket
import sys
import threading
import types
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from decimal import Decimal

import pytest
from couchdb import http as client
from couchdb import json as json_of_the_client
from couchdb_double import error
from http_front import Answer, json_answer, says
from waiting import BOUND, Gate

from gofannon_backends.couchdb import http
from gofannon_backends.couchdb.errors import status_of

HTML = {"Content-Type": "text/html"}


@pytest.fixture
def session(double):
    session = session_on(double.url)
    yield session
    session.close()


@pytest.fixture
def resource(double, session):
    resource = client.Resource(double.url, session)
    resource.credentials = double.credentials
    return resource


@contextmanager
def line(*scripts):
    """Start a server; one script, a function of the open socket, serves each connection."""
    scripts = list(scripts)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            for script in scripts:
                connection, _ = listener.accept()
                with connection:
                    script(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(BOUND)
        assert not thread.is_alive()


def read_head(connection):
    """Read one request to the end of its headers."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    return received


def answer(body=b'{"ok":true}', *, status="200 OK", headers=()):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def says_then_closes(*answers):
    def script(connection):
        for one in answers:
            read_head(connection)
            connection.sendall(one)

    return script


def session_on(url, **options):
    return http.Session(url, **{"timeout": BOUND, "retries": 2, "idle_connections": 4, **options})


FAILURES = {
    "empty-400": Answer(400),
    "no-content-type": Answer(500, b"no content type"),
    "long-html": Answer(502, b"<html>" + b"x" * 20_000 + b"</html>", HTML),
    "chunked": Answer(503, b"7\r\nchunked\r\n0\r\n\r\n", {"Transfer-Encoding": "chunked"}),
    "long-json": error(500, "chunked", "x" * 9000),
    "array": json_answer(500, ["a list"]),
    "code-that-is-no-text": json_answer(500, {"error": {"no": "text"}}),
}


class TestErrorsWithoutAJSONBody:
    @pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_leave_no_connection_to_two_threads(self, double, resource, failure, method):
        double.put("a", "0", {"n": 0})
        double.next(*[says(failure)] * 3)
        with pytest.raises((client.HTTPError, http.ForeignAnswerError)):
            resource.session.request(method, f"{double.url}/a/0", credentials=double.credentials)
        double.plan.clear()
        idle = [id(connection) for connection, _ in resource.session._pool._idle]
        assert len(idle) == len(set(idle))
        for _ in range(2):
            assert json.loads(resource("a", "0").get()[2].read())["n"] == 0

    def test_differ_from_couchdbs_own(self, double, resource):
        for call, body in ((resource("a", "b").get, b"nginx"), (resource("a", "b").head, b"")):
            double.next(says(Answer(404, body, HTML)))
            with pytest.raises(http.ForeignAnswerError, match="404"):
                call()
            with pytest.raises(client.ResourceNotFound) as caught:
                call()
        with pytest.raises(client.ResourceNotFound) as caught:
            resource("a", "b").get()
        assert caught.value.args == (("not_found", "Database does not exist."),)

    @pytest.mark.parametrize(
        ("method", "status", "code"),
        [("delete", 405, "method_not_allowed"), ("head", 400, "HTTP 400")],
    )
    def test_have_couchdbs_code_but_for_a_head(self, double, resource, method, status, code):
        double.next(says(error(status, "method_not_allowed", "Only GET,HEAD allowed")))
        with pytest.raises(client.ServerError) as caught:
            getattr(resource("a", "b"), method)()
        assert status_of(caught.value) == (status, code)


class TestSendingAgain:
    @pytest.mark.parametrize(("method", "body"), [("PUT", b"{}"), ("DELETE", None)])
    def test_a_connection_that_the_server_closed_meanwhile_is_not_used(self, method, body):
        with line(says_then_closes(answer()), says_then_closes(answer(b'{"n":2}'))) as url:
            session = session_on(url)
            session.request("GET", url)
            wait_until_readable(session)
            assert session.request(method, url, body)[2].read() == b'{"n":2}'

    def test_nor_one_that_was_idle_too_long(self, double, session, resource, monkeypatch):
        resource("_all_dbs").get()
        monkeypatch.setattr(http, "IDLE_SECONDS", 0.0)
        [(idle, _)] = session._pool._idle
        resource("_all_dbs").get()
        assert idle.sock is None

    def test_nor_one_with_an_answer_that_was_not_requested(self):
        answered = Gate()

        def chatty(connection):
            read_head(connection)
            connection.sendall(answer())
            answered.wait()
            connection.sendall(answer(b'{"n":"not for you"}'))
            with suppress(ConnectionError):
                connection.recv(1)

        with line(chatty, says_then_closes(answer(b'{"n":2}'))) as url:
            session = session_on(url)
            session.request("GET", url)
            answered.set()
            wait_until_readable(session)
            assert session.request("GET", url)[2].read() == b'{"n":2}'

    def test_a_write_that_was_not_sent_whole_is_sent_again(self):
        def deaf(connection):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        def whole(connection):
            received = read_head(connection)
            while len(received) < 20_000_000:
                received += connection.recv(1 << 20)
            connection.sendall(answer(b'{"n":2}'))

        with line(deaf, whole) as url:
            session = session_on(url)
            assert session.request("PUT", url, b"x" * 20_000_000)[2].read() == b'{"n":2}'

    def test_an_early_refusal_of_a_large_body_is_read(self):
        # Whether the answer survives the closing depends on the network.
        refusal = answer(b'{"error":"too_large","reason":""}', status="413 Too Large")
        with line(says_then_closes(refusal)) as url:
            session = session_on(url, retries=0)
            with pytest.raises((client.ServerError, http.NotSentError)) as caught:
                session.request("PUT", url, b"x" * 20_000_000)
        if isinstance(caught.value, client.ServerError):
            assert status_of(caught.value) == (413, "too_large")

    def test_a_connection_on_which_a_body_was_refused_is_not_kept(self):
        def refuses_and_closes_soon(connection):
            received = read_head(connection)
            missing = answer(b'{"error":"not_found"}', status="404 Object Not Found")
            connection.sendall(missing)
            while more := connection.recv(65536):
                received += more
            assert received.count(b"PUT") == 1

        with line(refuses_and_closes_soon, says_then_closes(answer())) as url:
            session = session_on(url)
            with pytest.raises(client.ResourceNotFound):
                session.request("PUT", f"{url}/missing/a", b"{}")
            assert session.request("PUT", f"{url}/missing")[0] == 200
            session.close()

    def test_a_connection_that_is_to_be_closed_is_not_kept(self):
        closing = answer(headers=["Connection: close"])
        with line(says_then_closes(closing), says_then_closes(closing)) as url:
            session = session_on(url)
            session.request("GET", url)
            assert not session._pool._idle
            session.request("PUT", url, b"{}")


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    @pytest.mark.parametrize("method", ["GET", "PUT"])
    def test_are_not_followed_as_the_password_would_be_sent_along(self, double, status, method):
        with socket.create_server(("127.0.0.1", 0)) as elsewhere:
            elsewhere.setblocking(False)
            target = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/"
            double.next(says(json_answer(status, {}, Location=target)))
            session = session_on(double.url)
            with pytest.raises(http.ForeignAnswerError, match=str(status)):
                session.request(method, double.url, None, None, double.credentials)
            with pytest.raises(BlockingIOError):
                elsewhere.accept()


class TestSharing:
    def test_each_thread_has_a_connection_and_few_are_kept(self, double, session, resource):
        barrier = threading.Barrier(12, timeout=BOUND)

        def meets(front, request):
            barrier.wait()
            return json_answer(200, {"path": request.path})

        double.next(*[meets] * 12)
        with ThreadPoolExecutor(12) as threads:
            bodies = threads.map(lambda n: resource(f"{n}").get()[2].read(), range(12))
            assert [json.loads(body)["path"] for body in bodies] == [f"/{n}" for n in range(12)]
        assert len(session._pool._idle) == 4
        assert len({id(connection) for connection, _ in session._pool._idle}) == 4

    def test_closing_leaves_no_socket_open(self, open_couchdb):
        gc.collect()  # what other tests have left
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            service = open_couchdb()
            service.save("agents", "a1", {})
            service.close()
            del service
            gc.collect()
        assert [one for one in caught if one.category is ResourceWarning] == []

    def test_a_connection_in_use_while_closing_is_closed_when_it_comes_back(self, double, session):
        connection = session._pool.take(1.0)
        session.close()
        session._pool.give_back(connection)
        assert connection.sock is None


class TestTheClient:
    def test_a_password_may_hold_anything(self, double, open_couchdb):
        double.credentials = ("joe", "p@ss:w/rd é#?%")
        open_couchdb(credentials=double.credentials).save("agents", "a1", {})
        url = double.url.replace("//", "//joe:p@ss:w%2Frd %C3%A9%23%3F%25@")
        assert open_couchdb(url, None).get("agents", "a1")["_id"] == "a1"

    def test_its_json_is_not_used(self, couchdb, monkeypatch):
        monkeypatch.setitem(sys.modules, "simplejson", types.ModuleType("simplejson"))
        monkeypatch.setattr(json_of_the_client, "_initialized", False)
        monkeypatch.setattr(json_of_the_client, "_using", "simplejson")
        couchdb.save("agents", "a1", {"price": Decimal("0.05"), "n": 1.0})
        for document in (couchdb.get("agents", "a1"), *couchdb.list_all("agents")):
            assert (type(document["price"]), type(document["n"])) == (float, float)

    def test_no_credentials_are_sent_if_there_are_none(self, double, open_couchdb):
        double.credentials = None
        open_couchdb(credentials=None).list_all("agents")
        assert "authorization" not in double.requests[0].headers


def wait_until_readable(session):
    [(connection, _)] = session._pool._idle
    readable, _, _ = select.select([connection.sock], [], [], BOUND)
    assert readable
