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

import couchdb.json
import pytest
from couchdb import http as client
from couchdb_double import Answer, error, says

from gofannon_backends.couchdb import CouchDBService, http
from gofannon_backends.couchdb.errors import status_of


@pytest.fixture
def session(double):
    session = http.Session(double.url, timeout=30.0, retries=2, idle_connections=4)
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
        thread.join(5)
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
    return http.Session(url, **{"timeout": 1.0, "retries": 2, "idle_connections": 4, **options})


class TestErrorsWithoutAJSONBody:
    ANSWERS = (
        Answer(400, raw=b"", content_type=None),
        Answer(500, raw=b"no content type", content_type=None),
        Answer(502, raw=b"<html>" + b"x" * 20_000 + b"</html>", content_type="text/html"),
        Answer(503, raw=b"chunked", headers={"Transfer-Encoding": "chunked"}),
        error(500, "chunked", "x" * 9000),
        Answer(500, ["a list"]),
        Answer(500, {"error": {"no": "text"}}),
    )

    @pytest.mark.parametrize("failure", ANSWERS, ids=lambda one: f"{one.status}-{one.raw!r:.20}")
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_leave_no_connection_to_two_threads(self, double, resource, failure, method):
        double.databases["a"] = {}
        for n in range(8):
            double.put("a", f"{n}", {"n": n})
        double.next(*[says(failure)] * 3)
        with pytest.raises((client.HTTPError, http.ForeignAnswerError)):
            resource.session.request(method, f"{double.url}/a/0", credentials=double.credentials)
        double.incidents.clear()

        def read(n):
            _, _, body = resource("a", f"{n % 8}").get()
            return json.loads(body.read())["n"] == n % 8

        with ThreadPoolExecutor(8) as threads:
            assert all(threads.map(read, range(200)))

    def test_differ_from_couchdbs_own(self, double, resource):
        double.next(says(Answer(404, raw=b"nginx", content_type="text/html")))
        with pytest.raises(http.ForeignAnswerError, match="404"):
            resource("a", "b").get()
        double.next(says(Answer(404, raw=b"", content_type="text/html")))
        with pytest.raises(http.ForeignAnswerError, match="404"):
            resource("a", "b").head()
        with pytest.raises(client.ResourceNotFound) as caught:
            resource("a", "b").get()
        assert caught.value.args == (("not_found", "Database does not exist."),)
        with pytest.raises(client.ResourceNotFound):
            resource("a", "b").head()

    def test_keep_couchdbs_error_code(self, double, resource):
        double.next(says(error(405, "method_not_allowed", "Only GET,HEAD allowed")))
        with pytest.raises(client.ServerError) as caught:
            resource("a", "b").delete()
        assert status_of(caught.value) == (405, "method_not_allowed")

    def test_of_a_head_have_no_code_but_their_status(self, double, resource):
        double.next(says(error(400, "illegal_docid", "")))
        with pytest.raises(client.ServerError) as caught:
            resource("a", "b").head()
        assert status_of(caught.value) == (400, "HTTP 400")


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
        answered = threading.Event()

        def chatty(connection):
            read_head(connection)
            connection.sendall(answer())
            answered.wait(60)
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
            session = session_on(url, timeout=10.0)
            assert session.request("PUT", url, b"x" * 20_000_000)[2].read() == b'{"n":2}'

    def test_an_early_refusal_of_a_large_body_is_read(self):
        received = threading.Event()

        def refuses(connection):
            read_head(connection)
            body = b'{"error":"too_large","reason":"the request entity is too large"}'
            connection.sendall(answer(body, status="413 Too Large"))
            connection.shutdown(socket.SHUT_RD)
            received.wait(60)

        with line(refuses) as url:
            session = session_on(url, retries=0, timeout=5.0)
            with pytest.raises((client.ServerError, http.NotSentError)) as caught:
                session.request("PUT", url, b"x" * 20_000_000)
            received.set()
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
            double.next(says(Answer(status, {}, headers={"Location": target})))
            session = session_on(double.url)
            with pytest.raises(http.ForeignAnswerError, match=str(status)):
                session.request(method, double.url, None, None, double.credentials)
            with pytest.raises(BlockingIOError):
                elsewhere.accept()


class TestSharing:
    def test_each_thread_has_a_connection_and_few_are_kept(self, double, session, resource):
        barrier = threading.Barrier(12, timeout=30)

        def meets(handler, request, double):
            barrier.wait()
            handler.send(Answer(200, {"path": request.path}), request)

        double.next(*[meets] * 12)
        with ThreadPoolExecutor(12) as threads:
            bodies = threads.map(lambda n: resource(f"{n}").get()[2].read(), range(12))
            assert [json.loads(body)["path"] for body in bodies] == [f"/{n}" for n in range(12)]
        assert len(session._pool._idle) == 4
        assert len({id(connection) for connection, _ in session._pool._idle}) == 4

    def test_closing_leaves_no_socket_open(self, double):
        gc.collect()  # what other tests have left
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            service = CouchDBService(double.url, *double.credentials)
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
    def test_a_password_may_hold_anything(self, double):
        double.credentials = ("joe", "p@ss:w/rd é#?%")
        with CouchDBService(double.url, *double.credentials) as service:
            assert service.save("agents", "a1", {})["id"] == "a1"
        with CouchDBService(double.url.replace("//", "//joe:p@ss:w%2Frd %C3%A9%23%3F%25@")) as one:
            assert one.get("agents", "a1")["_id"] == "a1"

    def test_its_json_is_not_used(self, double, monkeypatch):
        fake = types.ModuleType("simplejson")
        monkeypatch.setitem(sys.modules, "simplejson", fake)
        monkeypatch.setattr(couchdb.json, "_initialized", False)
        monkeypatch.setattr(couchdb.json, "_using", "simplejson")
        with CouchDBService(double.url, *double.credentials) as service:
            service.save("agents", "a1", {"price": Decimal("0.05"), "n": 1.0})
            document = service.get("agents", "a1")
            assert (type(document["price"]), type(document["n"])) == (float, float)
            assert [type(one["price"]) for one in service.list_all("agents")] == [float]

    def test_no_credentials_are_sent_if_there_are_none(self, double):
        double.credentials = None
        with CouchDBService(double.url) as service:
            service.list_all("agents")
        assert "authorization" not in double.requests[0].headers


def wait_until_readable(session):
    [(connection, _)] = session._pool._idle
    readable, _, _ = select.select([connection.sock], [], [], 60)
    assert readable
