"""The proxy in front of a gRPC server: each call is a request, even on a shared connection."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from waiting import BOUND, eventually

from gofannon_conformance.proxy import Cut, Drip, Drop, Instead, Mute, Proxy, Reorder
from gofannon_conformance.proxy.protocols.grpc import GrpcFraming

grpc = pytest.importorskip("grpc")

CODE = grpc.StatusCode


class Echo(grpc.GenericRpcHandler):
    """Answers each call with what it was sent, once or in a stream of ten."""

    def __init__(self):
        self.asked = []

    def service(self, details):
        if details.method == "/echo/stream":
            return grpc.unary_stream_rpc_method_handler(self.stream)
        return grpc.unary_unary_rpc_method_handler(self.once)

    def once(self, request, context):
        self.asked.append(request)
        return request

    def stream(self, request, context):
        for _ in range(10):
            yield request


@pytest.fixture
def echo():
    echo = Echo()
    server = grpc.server(ThreadPoolExecutor(8), handlers=[echo])
    echo.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield echo
    server.stop(grace=None).wait()


@pytest.fixture
def proxy(echo):
    with Proxy("127.0.0.1", echo.port, protocol="grpc") as proxy:
        yield proxy


@pytest.fixture
def ask(proxy):
    options = [
        ("grpc.enable_retries", 0),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    with grpc.insecure_channel(f"{proxy.host}:{proxy.port}", options) as channel:
        once = channel.unary_unary("/echo/once")

        def ask(request, timeout=BOUND, **more):
            return once(request, timeout=timeout, **more)

        ask.stream = channel.unary_stream("/echo/stream")
        ask.future = once.future
        yield ask


def code_of(ask, *arguments, **more):
    with pytest.raises(grpc.RpcError) as caught:
        ask(*arguments, **more)
    return caught.value.code()


def test_passes_calls_of_any_size(ask, proxy, echo):
    with proxy.watching() as seen:
        assert ask(b"small") == b"small"
        assert ask(b"x" * 3_000_000) == b"x" * 3_000_000
        assert list(ask.stream(b"s" * 1000, timeout=BOUND)) == [b"s" * 1000] * 10
    assert len(seen) == 3
    assert seen[1].sent > 3_000_000 < seen[1].answered
    assert seen[2].answered > 10_000


def test_passes_many_calls_at_once_on_one_connection(ask, proxy):
    with ThreadPoolExecutor(8) as pool:
        said = [b"%d" % n for n in range(100)]
        assert list(pool.map(ask, said)) == said
    assert proxy.connections == 1


def test_passes_headers_that_fill_several_frames(ask, proxy):
    long = tuple((f"key-{n}", "v" * 500) for n in range(12))
    with proxy.watching() as seen:
        assert ask(b"a", metadata=long) == b"a"
        assert ask(b"b", metadata=long) == b"b"
    assert len(seen) == 2


CODES = {
    "500": CODE.INTERNAL,
    "503": CODE.UNAVAILABLE,
    "429": CODE.RESOURCE_EXHAUSTED,
    "gateway 500": CODE.UNKNOWN,
    "gateway 503": CODE.UNAVAILABLE,
    "gateway 429": CODE.UNAVAILABLE,
    "noise": CODE.UNAVAILABLE,
}


@pytest.mark.parametrize("name", [name for name in GrpcFraming.replies if name != "garbled"])
def test_answers_instead_of_the_server(ask, proxy, echo, name):
    assert ask(b"before") == b"before"
    with proxy.armed(Instead(name)):
        assert code_of(ask, b"never") is CODES[name]
    # A channel that has failed connects again after a while.
    assert until_connected(ask, b"after") == b"after"
    assert echo.asked == [b"before", b"after"]


def test_returns_an_answer_that_is_no_message(ask, proxy, echo):
    with proxy.armed(Instead("garbled")):
        assert ask(b"never") == b"\xff" * 6
    assert echo.asked == []


def test_large_calls_that_it_answers_itself_do_not_use_up_the_window(ask, proxy):
    ask(b"before")
    with proxy.armed(Instead("503")):
        for _ in range(40):
            assert code_of(ask, b"x" * 100_000) is CODE.UNAVAILABLE
    assert ask(b"x" * 3_000_000) == b"x" * 3_000_000
    assert proxy.connections == 1


@pytest.mark.parametrize("manner", ["FIN", "RST"])
def test_cuts_the_answer_of_a_call_that_was_executed(ask, proxy, echo, manner):
    ask(b"before")
    with proxy.armed(Cut(manner=manner), nth=1):
        assert code_of(ask, b"done") is CODE.UNAVAILABLE
    assert until_connected(ask, b"after") == b"after"
    assert echo.asked == [b"before", b"done", b"after"]


def test_cuts_a_stream_in_its_middle(ask, proxy):
    request = b"s" * 1000
    with proxy.armed(Cut(after=5000)):
        came = []
        with pytest.raises(grpc.RpcError):
            came.extend(ask.stream(request, timeout=BOUND))
    assert came == [request] * len(came)
    assert len(came) <= 4


def test_drops_calls(ask, proxy, echo):
    with proxy.armed(Drop()):
        assert code_of(ask, b"never") is CODE.UNAVAILABLE
    assert echo.asked == []


def test_is_mute(ask, proxy, echo):
    ask(b"before")
    with proxy.watching() as seen, proxy.armed(Mute()):
        never = ask.future(b"never", timeout=BOUND)
        eventually(lambda: seen and seen[0].sent)
        assert not never.done()
    assert never.code() is CODE.UNAVAILABLE
    assert until_connected(ask, b"after") == b"after"
    assert echo.asked == [b"before", b"after"]


@pytest.mark.parametrize("nth", [None, 1])
def test_halts_in_the_middle_of_a_frame_and_goes_on_from_there(ask, proxy, nth):
    large = b"x" * 30_000
    with proxy.watching() as seen:
        assert ask(large) == large
    half = seen[0].answered // 2
    with proxy.watching() as seen, proxy.armed(Mute(passed_on=True, after=half), nth=nth):
        halted = ask.future(large, timeout=BOUND)
        eventually(lambda: seen and seen[0].answered == half)
        halted.cancel()
        late = ask.future(large, timeout=BOUND)
        eventually(lambda: len(seen) == 2)
    assert late.result() == large
    assert ask(b"after") == b"after"
    assert proxy.connections == 1


def until_connected(ask, request):
    """Ask until the channel knows that its connection is gone."""

    def answer():
        with suppress(grpc.RpcError):
            return ask(request, wait_for_ready=True)

    return eventually(answer)


def test_a_call_is_overtaken_by_another_of_the_same_connection(ask, proxy, echo):
    ask(b"before")
    proxy.arm(Reorder(share=1, longest=BOUND))
    first = ask.future(b"first", timeout=BOUND)
    eventually(lambda: proxy.requests == 2)
    proxy.arm(Reorder(share=0))
    assert echo.asked == [b"before"]
    assert ask(b"second") == b"second"
    assert first.result() == b"first"


def test_a_call_that_is_cancelled_while_it_is_held_is_never_passed_on(ask, proxy, echo):
    ask(b"before")
    with proxy.watching() as seen, proxy.armed(Reorder(share=1, longest=BOUND)):
        held = ask.future(b"never", timeout=BOUND)
        eventually(lambda: seen)
        held.cancel()
        eventually(lambda: seen[0].cancelled)
        proxy.arm(Reorder(share=0))
        assert ask(b"after") == b"after"  # it overtakes the held one, which may go on now
    assert ask(b"last") == b"last"
    assert echo.asked == [b"before", b"after", b"last"]


def test_closing_ends_held_calls(ask, proxy):
    ask(b"before")
    before = threading.active_count()
    proxy.arm(Reorder(share=1, longest=BOUND))
    first = ask.future(b"first", timeout=BOUND)
    eventually(lambda: proxy.requests == 2)
    proxy.close()
    assert first.code() is CODE.UNAVAILABLE
    eventually(lambda: threading.active_count() <= before)


def test_slow_answers_arrive_whole_though_the_client_pings(ask, proxy):
    large = b"x" * 300_000
    with proxy.armed(Drip(1_000_000)):
        assert ask(large) == large
        assert list(ask.stream(large[:20_000], timeout=BOUND)) == [large[:20_000]] * 10


def test_answers_are_fast_again_when_the_drip_is_over(ask, proxy):
    assert ask(b"before") == b"before"
    with proxy.armed(Drip(10)):
        dripping = [ask.future(b"x" * 1000, timeout=BOUND) for _ in range(20)]
        eventually(lambda: proxy.requests == 21)
    assert ask(b"after") == b"after"
    assert [call.result() for call in dripping] == [b"x" * 1000] * 20


def test_answer_of_a_cancelled_call_delays_no_other(ask, proxy):
    assert ask(b"before") == b"before"
    with proxy.watching() as seen, proxy.armed(Drip(20), nth=1):
        dripping = ask.future(b"x" * 1000, timeout=BOUND)
        eventually(lambda: seen and seen[0].answered)
        dripping.cancel()
        assert ask(b"after") == b"after"
