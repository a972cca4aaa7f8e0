"""Local programs as servers: start, stop, and no process left when the kit has ended."""

import contextlib
import os
import random
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import coverage
import pytest

from gofannon_conformance.servers import (
    Endpoint,
    ServerError,
    Unavailable,
    answers,
    keeper,
    process,
)
from gofannon_conformance.servers.process import LOOPBACK, LocalServer, Program, free_port, launch

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's parent-death signal")

WEB = """
import http.server, sys
handler = http.server.SimpleHTTPRequestHandler
print("serving", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), handler).serve_forever()
"""

DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{WEB}"

WITH_A_DAEMON = f"""
import os, subprocess, sys
with open("daemon.pid", "w") as file:
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    file.write(str(subprocess.Popen(sleeper, start_new_session=True).pid))
{WEB}
"""


def web(script: str = WEB, **options) -> LocalServer:
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"
    program = Program(
        argv=(sys.executable, "-c", script, str(port)),
        ready=lambda: answers.http(url).status == 200,
        **options,
    )
    endpoint = Endpoint(product="Web", version="", source="local program", url=url)
    return launch("web", lambda _keeper: (program, endpoint))


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        state = "Z"
        if sys.platform != "linux":
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 0)
                state = "R"
    return state != "Z"


def soon(condition, within: float = 15.0) -> bool:
    until = time.monotonic() + within
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return condition()


@pytest.fixture(autouse=True)
def measured_keeper(monkeypatch, request):
    """Measure the coverage of the keeper's process too."""
    if measuring := coverage.Coverage.current():
        settings = str(request.config.rootpath / "pyproject.toml")
        words = ("-m", "coverage", "run", "--parallel-mode", f"--rcfile={settings}", "-m")
        monkeypatch.setattr(process, "KEEPER", (sys.executable, *words, keeper.__name__))
        monkeypatch.setenv("COVERAGE_FILE", str(Path(measuring.config.data_file).absolute()))


def test_a_server_answers_and_is_gone_once_closed():
    server = web()
    pid, folder = server.pid, server.log.parent
    assert answers.http(server.endpoint.url).status == 200
    assert server.running
    server.close()
    assert not alive(pid)
    assert not folder.exists()
    assert not server.running
    server.close()


@pytest.mark.parametrize("verb", ["stop", "kill"])
def test_it_restarts_at_the_same_address(verb):
    with web() as server:
        first = server.pid
        getattr(server, verb)()
        getattr(server, verb)()
        assert not alive(first)
        assert not server.running
        with pytest.raises(OSError, match="refused"):
            answers.http(server.endpoint.url)
        server.start()
        server.start()
        assert server.running
        assert server.pid != first
        assert answers.http(server.endpoint.url).status == 200


def test_a_program_that_ended_by_itself_can_be_started_again():
    with web() as server:
        os.kill(server.pid, 9)
        assert soon(lambda: not server.running)
        server.start()
        assert answers.http(server.endpoint.url).status == 200


def test_a_program_that_ignores_its_signal_is_killed():
    with web(DEAF, stop_within=0.2) as server:
        pid = server.pid
        server.stop()
        assert not alive(pid)


@LINUX
def test_a_daemon_of_the_program_is_killed_with_it(monkeypatch):
    with web(WITH_A_DAEMON) as server:
        sleeper = int((server.log.parent / "daemon.pid").read_text())
        assert alive(sleeper)
        server.kill()
        assert not alive(sleeper)


def test_a_program_that_ends_at_once_is_reported_with_its_last_lines():
    secret = "pass-w0rd"
    program = Program(
        argv=(sys.executable, "-c", f"import sys; sys.exit('no room for {secret}')"),
        ready=lambda: False,
    )
    endpoint = Endpoint(product="Web", version="", source="", url="", secrets=(secret,))
    with pytest.raises(ServerError) as failed:
        launch("web", lambda _keeper: (program, endpoint))
    assert "Web ended with status 1 before it was ready; it printed last:" in str(failed.value)
    assert "no room for ***" in str(failed.value)


def test_a_program_that_never_answers_is_ended():
    before = set(Path(tempfile.gettempdir()).glob("gofannon-web-*"))
    with pytest.raises(ServerError, match=r"was not ready within 0\.3 s; it printed nothing"):
        web("import time; time.sleep(60)", ready_within=0.3)
    assert set(Path(tempfile.gettempdir()).glob("gofannon-web-*")) <= before


def test_a_missing_program_is_reported():
    program = Program(argv=("/no/such/program",), ready=lambda: False)
    endpoint = Endpoint(product="Web", version="", source="", url="")
    with pytest.raises(ServerError, match=r"/no/such/program could not be started: .*No such file"):
        launch("web", lambda _keeper: (program, endpoint))


def test_local_programs_need_posix(monkeypatch):
    monkeypatch.setattr(process, "POSIX", False)
    with pytest.raises(Unavailable, match="on POSIX systems only"):
        web()


def test_a_preparing_program_runs_to_its_end():
    keeper_ = process.Keeper("web")
    keeper_.run((sys.executable, "-c", "open('made', 'w').close()"))
    assert (keeper_.folder / "made").exists()
    with pytest.raises(ServerError, match="ended with status 3; it printed nothing"):
        keeper_.run((sys.executable, "-c", "raise SystemExit(3)"))
    with pytest.raises(ServerError, match=r"took over 0\.1 s"):
        keeper_.run((sys.executable, "-c", "import time; time.sleep(60)"), within=0.1)
    keeper_.close()
    with pytest.raises(ServerError, match="keeper is gone"):
        keeper_.code()


def test_a_late_answer_is_not_taken_for_the_next():
    keeper_ = process.Keeper("web")
    keeper_._requests.write(b'{"number": -1, "do": "end", "signal": 9, "grace": 0}\n')
    keeper_._requests.flush()
    assert keeper_.code() is None
    keeper_.close()


def test_ports_do_not_depend_on_the_seed():
    drawn = set()
    for _ in range(5):
        random.seed(1)
        drawn.add(free_port())
    assert len(drawn) > 1


def test_ports_are_below_those_of_outgoing_connections(monkeypatch):
    assert free_port() in process.PORTS
    monkeypatch.setattr(process, "LOOPBACK", "192.0.2.1")  # no local address
    with pytest.raises(ServerError, match="no free port"):
        free_port()


@LINUX
def test_a_server_ends_with_its_keeper():
    server = web()
    pid, folder = server.pid, server.log.parent
    server._keeper._process.kill()
    assert soon(lambda: not alive(pid))
    with pytest.raises(ServerError, match="keeper is gone"):
        server.stop()
    server.close()
    assert not folder.exists()


def test_a_terminated_keeper_leaves_nothing():
    server = web()
    pid, folder = server.pid, server.log.parent
    server._keeper._process.terminate()
    assert soon(lambda: not alive(pid) and not folder.exists())
    server.close()


def test_a_forked_child_of_the_kit_closes_nothing():
    with web() as server:
        child = os.fork()
        if child == 0:
            server._keeper.close()
            os._exit(0)
        os.waitpid(child, 0)
        assert server.running


ENDS = {
    "normally": "",
    "by an exception": "raise ValueError",
    "by SIGKILL": "os.kill(os.getpid(), signal.SIGKILL)",
    "by SIGTERM": "os.kill(os.getpid(), signal.SIGTERM)",
    "by Ctrl-C": "os.kill(os.getpid(), signal.SIGINT); time.sleep(60)",
    "by os._exit": "os._exit(3)",
    "while a forked child holds its pipes": """
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
        os.kill(os.getpid(), signal.SIGKILL)""",
}


@pytest.mark.parametrize("end", ENDS)
def test_no_server_outlives_the_kit_that_ends(end):
    begin = f"""
        import os, signal, sys, time
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from test_process import web
        server = web()
        print(server.pid, server.log.parent, flush=True)
        """
    script = textwrap.dedent(begin) + textwrap.dedent(ENDS[end])
    kit = subprocess.Popen([sys.executable, "-c", script], stdout=-1, stderr=-3, text=True)
    pid, folder = kit.stdout.readline().split()
    kit.wait(30)
    assert soon(lambda: not alive(int(pid)))
    assert soon(lambda: not Path(folder).exists())


def test_a_server_outlives_the_thread_that_started_it():
    started = []
    thread = threading.Thread(target=lambda: started.append(web()))
    thread.start()
    thread.join()
    (server,) = started
    with server:
        time.sleep(2 * keeper.LOOK_FOR_PARENT_EVERY)  # until the keeper has checked again
        assert server.running


def test_a_garbage_collected_server_is_ended():
    server = web()
    pid, folder = server.pid, server.log.parent
    del server
    assert soon(lambda: not alive(pid) and not folder.exists())


def test_ctrl_c_during_a_start_leaves_nothing():
    def impatient():
        raise KeyboardInterrupt

    program = Program(argv=(sys.executable, "-c", "import time; time.sleep(60)"), ready=impatient)
    endpoint = Endpoint(product="Web", version="", source="", url="")
    folders = []

    def prepare(keeper_):
        folders.append(keeper_.folder)
        return program, endpoint

    with pytest.raises(KeyboardInterrupt):
        launch("web", prepare)
    assert not folders[0].exists()
