"""The proxy between a service and its server: what it passes on, and the faults it injects."""

import asyncio
import gc
import http.client
import random
import socket
import threading
import warnings
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from waiting import BOUND, eventually

from gofannon_conformance.proxy import Cut, Delay, Drip, Drop, Instead, Mute, Proxy, Refuse, Reorder
from gofannon_conformance.proxy.framing import Turns

LONG = b"0123456789" * 100_000
MANNERS = pytest.mark.parametrize("manner", ["FIN", "RST"])


class Handler(BaseHTTPRequestHandler):
    """Records requests, and answers with the path, or the body, or a long text."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def respond(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(f"{self.command} {self.path}")
        answer = LONG if self.path == "/long" else body or self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.respond
        raise AttributeError(name)

    def setup(self):
        super().setup()
        self.server.connections.add(self.connection)

    def log_message(self, *words):
        pass


class Server(ThreadingHTTPServer):
    def __init__(self):
        self.asked = []
        self.connections = set()
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request, client_address):
        pass


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(server):
    with Proxy(*server.server_address, protocol="http") as proxy:
        yield proxy


@contextmanager
def client_of(proxy):
    with closing(http.client.HTTPConnection(proxy.host, proxy.port, timeout=BOUND)) as client:
        yield client


@pytest.fixture
def client(proxy):
    with client_of(proxy) as client:
        client.connect()
        yield client


@contextmanager
def bare_client_of(proxy):
    with socket.create_connection((proxy.host, proxy.port), BOUND) as bare:
        yield bare


def ask(client, path="/a", method="GET", body=None):
    client.request(method, path, body)
    response = client.getresponse()
    return response.status, response.read()


def ask_once(proxy):
    with client_of(proxy) as client:
        return ask(client)


def begin(client, proxy):
    """Send the beginning of a request whose body will be "some"."""
    before = proxy.requests
    client.putrequest("PUT", "/b")
    client.putheader("Content-Length", "4")
    client.endheaders(b"so")
    eventually(lambda: proxy.requests == before + 1)


class TestWithoutAFault:
    def test_passes_requests_and_answers_on_one_connection(self, client, proxy, server):
        assert ask(client) == (200, b"/a")
        assert ask(client, "/b", "PUT", LONG) == (200, LONG)
        assert ask(client, "/long") == (200, LONG)
        assert ask(client, "/c", "HEAD") == (200, b"")
        assert proxy.requests == len(server.asked) == 4
        assert proxy.connections == len(server.connections) == 1

    def test_follows_a_body_in_chunks(self, client, proxy):
        client.request("GET", "/a", iter([b"one", b"two"]), encode_chunked=True)
        client.getresponse().read()
        assert proxy.requests == 1

    def test_follows_requests_that_come_together(self, proxy, server):
        with bare_client_of(proxy) as bare:
            bare.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\nGET")
            eventually(lambda: server.asked == ["GET /a", "GET /b"])
            eventually(lambda: proxy.requests == 3)

    def test_passes_unreadable_bytes(self, proxy):
        with proxy.watching() as seen, bare_client_of(proxy) as bare:
            bare.sendall(b"\x00 no HTTP\r\n\r\n")
            eventually(lambda: seen and seen[0].sent > 10)
            bare.sendall(b"nor is this\r\n\r\n")
            assert bare.recv(100)

    def test_shows_each_request_and_what_it_got(self, client, proxy):
        ask(client)
        with proxy.watching() as seen:
            ask(client, "/long")
            ask(client, "/b", "PUT", b"some")
        ask(client)
        assert [e.number for e in seen] == [2, 3]
        assert len(LONG) + 500 > seen[0].answered > len(LONG) > seen[1].answered
        assert 200 > seen[1].sent > seen[0].sent > 20

    def test_ends_the_servers_connection_with_the_clients(self, server, client):
        ask(client)
        (far,) = server.connections
        client.close()
        eventually(lambda: far.fileno() == -1)

    def test_ends_the_clients_connection_with_the_servers(self, server, client):
        ask(client)
        for far in list(server.connections):
            far.shutdown(socket.SHUT_RDWR)
        assert client.sock.recv(1) == b""

    def test_resets_connections_where_there_is_no_server(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            lost = (ConnectionError, http.client.HTTPException)
            with Proxy(*taken.getsockname(), protocol="http") as proxy, pytest.raises(lost):
                ask_once(proxy)


class TestRefuse:
    def test_refuses_new_connections_and_resets_the_old(self, proxy, client, server):
        ask(client)
        with proxy.armed(Refuse()):
            proxy.arm(Refuse())
            with pytest.raises(ConnectionResetError):
                ask(client)
            with pytest.raises(ConnectionRefusedError):
                ask_once(proxy)
        assert server.asked == ["GET /a"]

    def test_listens_again_at_the_same_port(self, proxy):
        address = proxy.host, proxy.port
        for _ in range(20):
            proxy.arm(Refuse())
            proxy.clear()
            assert ask_once(proxy) == (200, b"/a")
        assert (proxy.host, proxy.port) == address


@MANNERS
def test_hanging_up_ends_idle_connections_and_accepts_new_ones(proxy, client, manner):
    ask(client)
    proxy.hang_up(manner)
    if manner == "FIN":
        assert client.sock.recv(1) == b""
    else:
        with pytest.raises(ConnectionResetError):
            client.sock.recv(1)
    assert ask_once(proxy) == (200, b"/a")


class TestMute:
    def test_discards_requests_and_resets_their_connections_when_it_is_cleared(
        self, proxy, client, server
    ):
        ask(client)
        with client_of(proxy) as another:
            proxy.arm(Mute())
            for number, one in enumerate((client, another), start=2):
                one.request("PUT", "/b", b"never")
                eventually(lambda number=number: proxy.requests == number)
            proxy.clear()
            for one in (client, another):
                with pytest.raises(ConnectionResetError):
                    one.getresponse()
        assert ask_once(proxy) == (200, b"/a")
        assert server.asked == ["GET /a", "GET /a"]

    def test_resets_a_request_that_is_complete_only_after_it_is_cleared(self, proxy, client):
        proxy.arm(Mute())
        begin(client, proxy)
        proxy.clear()
        with pytest.raises(ConnectionError):  # noqa: PT012  # either call may fail
            client.send(b"me")
            client.getresponse()

    def test_delivers_the_late_answer_of_a_request_that_was_passed_on(self, proxy, client, server):
        proxy.arm(Mute(passed_on=True))
        client.request("GET", "/b")
        eventually(lambda: server.asked == ["GET /b"])
        proxy.clear()
        assert client.getresponse().read() == b"/b"

    def test_halts_in_the_middle_of_an_answer_until_it_is_cleared(self, proxy, client):
        assert ask(client) == (200, b"/a")
        proxy.arm(Mute(passed_on=True, after=60), nth=1)
        client.request("GET", "/long")
        came = b""
        while len(came) < 60:
            came += client.sock.recv(100)
        assert ask_once(proxy) == (200, b"/a")
        client.sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.sock.recv(100)
        assert len(came) == 60
        proxy.clear()
        client.sock.settimeout(BOUND)
        while not came.endswith(LONG):
            came += client.sock.recv(1_000_000)

    def test_passes_a_shorter_answer_whole(self, proxy, client):
        with proxy.armed(Mute(passed_on=True, after=10_000)):
            assert ask(client) == (200, b"/a")

    def test_holds_an_answer_in_progress(self, proxy, client):
        with proxy.armed(Drip(2_000_000)):
            client.request("GET", "/long")
            response = client.getresponse()
            response.read(10)
            proxy.arm(Mute(passed_on=True))
            proxy.clear()
            assert response.read() == LONG[10:]

    def test_applies_to_the_nth_request_only(self, proxy, client, server):
        proxy.arm(Mute(), nth=2)
        assert ask(client) == (200, b"/a")
        client.request("GET", "/b")
        eventually(lambda: proxy.requests == 2)
        assert ask_once(proxy) == (200, b"/a")
        assert server.asked == ["GET /a", "GET /a"]


class TestCut:
    @MANNERS
    def test_comes_after_the_server_executed_the_request(self, proxy, client, server, manner):
        proxy.arm(Cut(manner=manner))
        lost = http.client.RemoteDisconnected if manner == "FIN" else ConnectionResetError
        with pytest.raises(lost) as caught:
            ask(client, "/b", "PUT", b"x")
        assert type(caught.value) is lost
        assert server.asked == ["PUT /b"]

    def test_comes_after_so_many_bytes(self, proxy, client):
        with proxy.watching() as seen:
            ask(client)
        whole = seen[0].answered
        for after in (1, 20, whole - 1):
            with proxy.armed(Cut(after)), bare_client_of(proxy) as bare:
                bare.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
                assert len(b"".join(iter(lambda: bare.recv(100), b""))) == after
        with proxy.armed(Cut(whole)), client_of(proxy) as another:
            assert ask(another) == ask(another) == (200, b"/a")

    def test_applies_to_all_from_the_nth_request_on(self, proxy, server):
        proxy.arm(Cut(), nth=2, lasting=True)
        assert ask_once(proxy) == (200, b"/a")
        for _ in range(2):
            with pytest.raises(http.client.RemoteDisconnected):
                ask_once(proxy)
        assert len(server.asked) == 3

    def test_can_come_with_a_gateways_reply(self, proxy, client, server):
        with proxy.armed(Cut(reply="503")):
            assert ask(client, "/b", "PUT", b"x")[0] == 503
        assert server.asked == ["PUT /b"]

    def test_runs_a_hook_when_the_server_is_done_and_the_client_waits(self, proxy, client, server):
        seen = []
        proxy.arm(Cut(hook=lambda: seen.append((list(server.asked), ask_once(proxy)))), nth=1)
        with pytest.raises(http.client.RemoteDisconnected):
            ask(client, "/b", "PUT", b"x")
        assert seen == [(["PUT /b"], (200, b"/a"))]

    def test_raises_what_the_hook_raised_when_it_is_cleared(self, proxy, client):
        proxy.arm(Cut(hook=lambda: 1 / 0))
        with pytest.raises(http.client.RemoteDisconnected):
            ask(client)
        with pytest.raises(ZeroDivisionError):
            proxy.clear()
        proxy.clear()

    def test_does_not_apply_to_a_request_that_began_before(self, proxy, client):
        begin(client, proxy)
        with proxy.armed(Cut()):
            client.send(b"me")
            assert client.getresponse().read() == b"some"


@MANNERS
def test_the_server_never_receives_a_dropped_request(proxy, client, server, manner):
    with proxy.armed(Drop(manner)), pytest.raises(ConnectionResetError):  # or a subclass of it
        ask(client, "/b", "PUT", LONG)
    assert ask_once(proxy) == (200, b"/a")
    assert server.asked == ["GET /a"]


class TestInstead:
    def test_the_proxy_answers_and_the_connection_stays(self, proxy, client, server):
        proxy.arm(Instead("503"))
        assert ask(client, "/b", "PUT", LONG)[0] == 503
        assert ask(client, "/b", "HEAD") == (503, b"")
        proxy.arm(Instead("429"))
        assert ask(client)[0] == 429
        proxy.clear()
        assert ask(client) == (200, b"/a")
        assert server.asked == ["GET /a"]
        assert proxy.connections == 1

    def test_each_reply_is_http_but_the_noise(self, proxy):
        came = {}
        for name in proxy.replies:
            with proxy.armed(Instead(name)), client_of(proxy) as client:
                try:
                    came[name] = ask(client)[0]
                except http.client.BadStatusLine:
                    came[name] = None
        errors = {"500": 500, "503": 503, "429": 429, "error page": 502}
        forged = dict.fromkeys(("page", "garbled", "garbled bytes", "empty"), 200)
        assert came == {**errors, **forged, "noise": None}


class TestSlowness:
    def test_a_drip_is_slow_until_it_is_over(self, proxy, client):
        with proxy.watching() as seen, proxy.armed(Drip(100)):
            client.request("GET", "/long")
            eventually(lambda: seen and seen[0].answered)
            assert seen[0].answered < len(LONG) / 2
        assert client.getresponse().read() == LONG

    def test_delays_follow_the_seed(self, proxy, client, monkeypatch):
        pauses = []

        async def over_at_once(seconds):
            pauses.append(seconds)

        monkeypatch.setattr(asyncio, "sleep", over_at_once)
        for _ in range(2):
            with proxy.armed(Delay(0.2, seed=2)):
                assert ask(client) == (200, b"/a")
        drawn = random.Random(2)
        assert pauses == [drawn.uniform(0, 0.2), drawn.uniform(0, 0.2)] * 2

    def test_a_request_waits_until_another_one_has_overtaken_it(self, proxy, client, server):
        proxy.arm(Reorder(share=1, longest=BOUND))
        client.request("GET", "/first")
        eventually(lambda: proxy.requests == 1)
        proxy.arm(Reorder(share=0))
        assert server.asked == []
        assert ask_once(proxy) == (200, b"/a")
        assert client.getresponse().read() == b"/first"

    def test_a_request_that_is_not_overtaken_waits_no_longer_than_it_must(self, proxy, client):
        with proxy.armed(Reorder(share=1, longest=0.01)):
            assert ask(client) == (200, b"/a")


class TestClosing:
    def test_leaves_no_thread_and_no_socket(self, server):
        before = threading.active_count()
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always", ResourceWarning)
            for fault in (None, Mute(), Mute(passed_on=True), Refuse(), Drip(1), Delay(600)):
                self.open_and_close(server, fault)
            gc.collect()
        assert [str(w.message) for w in warned if issubclass(w.category, ResourceWarning)] == []
        for far in list(server.connections):
            eventually(lambda far=far: far.fileno() == -1)
        eventually(lambda: threading.active_count() == before)

    def open_and_close(self, server, fault):
        proxy = Proxy(*server.server_address, protocol="http")
        with proxy, client_of(proxy) as client:
            ask(client)
            if fault is not None:
                proxy.arm(fault)
            if not isinstance(fault, Refuse):
                client.request("GET", "/b")
                eventually(lambda: proxy.requests == 2)
            proxy.close()
            if isinstance(fault, (Mute, Drip)):
                with pytest.raises(ConnectionError):
                    client.getresponse()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((proxy.host, proxy.port))

    def test_can_be_done_twice_or_without_opening(self):
        proxy = Proxy("127.0.0.1", 9)
        proxy.close()
        proxy.close()


class TestAnUnknownProtocol:
    @pytest.fixture
    def turns(self, server):
        with Proxy(*server.server_address) as proxy:
            yield proxy

    def test_reads_what_follows_an_answer_as_a_request(self, turns):
        with client_of(turns) as client, turns.watching() as seen:
            assert ask(client, "/long") == (200, LONG)
            assert ask(client, "/b", "PUT", b"some") == (200, b"some")
        assert len(seen) == 2
        assert seen[0].answered > len(LONG) > seen[1].answered

    def test_cuts_answers(self, turns, server):
        with client_of(turns) as client, turns.armed(Cut(500_000)):
            with pytest.raises(http.client.IncompleteRead):
                ask(client, "/long")
            assert server.asked == ["GET /long"]

    def test_has_no_replies(self, turns):
        assert turns.replies == ()
        for fault in (Instead("503"), Cut(reply="503")):
            with pytest.raises(LookupError):
                turns.arm(fault)
        with pytest.raises(LookupError):
            Turns().reply("503", 1)
