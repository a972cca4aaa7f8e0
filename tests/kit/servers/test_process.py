"""Local programs as servers: start, stop, and no process left when the kit has ended."""

import contextlib
import os
import random
import subprocess
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

import coverage
import pytest
from local_web import WEB, web
from waiting import BOUND, eventually

from gofannon_conformance.servers import ServerError, Unavailable, answers, keeper, process
from gofannon_conformance.servers.process import free_port

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's parent-death signal")

DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{WEB}"
SLEEPS = "import time; time.sleep(600)"
WITH_A_DAEMON = f"""
import os, subprocess, sys
with open("daemon.pid", "w") as file:
    sleeper = [sys.executable, "-c", "{SLEEPS}"]
    file.write(str(subprocess.Popen(sleeper, start_new_session=True).pid))
{WEB}
"""


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


def folders():
    return set(Path(tempfile.gettempdir()).glob("gofannon-web-*"))


@pytest.fixture(autouse=True)
def measured_keeper(monkeypatch, request):
    """Measure the coverage of the keeper's process too."""
    if measuring := coverage.Coverage.current():
        settings = str(request.config.rootpath / "pyproject.toml")
        words = ("-m", "coverage", "run", "--parallel-mode", f"--rcfile={settings}", "-m")
        monkeypatch.setattr(process, "KEEPER", (sys.executable, *words, keeper.__name__))
        monkeypatch.setenv("COVERAGE_FILE", str(Path(measuring.config.data_file).absolute()))


@pytest.mark.parametrize("verb", ["stop", "kill"])
def test_a_server_restarts_at_the_same_address_and_is_gone_once_closed(verb):
    server = web()
    first, folder = server.pid, server.log.parent
    getattr(server, verb)()
    getattr(server, verb)()
    assert not alive(first)
    assert not server.running
    with pytest.raises(OSError, match="refused"):
        answers.http(server.endpoint.url)
    server.start()
    server.start()
    assert server.running
    second = server.pid
    assert second != first
    assert answers.http(server.endpoint.url).status == 200
    server.close()
    assert not alive(second)
    assert not folder.exists()
    assert not server.running
    server.close()


def test_a_program_that_ended_by_itself_can_be_started_again():
    with web() as server:
        os.kill(server.pid, 9)
        eventually(lambda: not server.running)
        server.start()
        assert answers.http(server.endpoint.url).status == 200


def test_a_program_that_ignores_its_signal_is_killed():
    with web(DEAF, stop_within=0.2) as server:
        pid = server.pid
        server.stop()
        assert not alive(pid)


@LINUX
def test_a_daemon_of_the_program_is_killed_with_it():
    with web(WITH_A_DAEMON) as server:
        sleeper = int((server.log.parent / "daemon.pid").read_text())
        assert alive(sleeper)
        server.kill()
        assert not alive(sleeper)


def never():
    return False


@pytest.mark.parametrize(
    ("script", "options", "message"),
    [
        (
            "import sys; sys.exit('no room for pass-w0rd')",
            {"ready": never},
            "Web ended with status 1 before it was ready; it printed last:\n    no room for ***",
        ),
        (SLEEPS, {"ready_within": 0.0}, "Web was not ready within 0 s; it printed nothing"),
    ],
)
def test_a_program_that_is_never_ready_is_ended_and_reported(script, options, message):
    before = folders()
    with pytest.raises(ServerError) as failed:
        web(script, **options)
    assert str(failed.value) == message
    assert folders() <= before


def test_a_missing_program_is_reported(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/such/program")
    with pytest.raises(ServerError, match=r"/no/such/program could not be started: .*No such file"):
        web()


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
    with pytest.raises(ServerError, match="took over 0 s"):
        keeper_.run((sys.executable, "-c", SLEEPS), within=0.0)
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


@pytest.mark.parametrize("end", [pytest.param("kill", marks=LINUX), "terminate"])
def test_a_server_ends_with_its_keeper(end):
    server = web()
    pid, folder = server.pid, server.log.parent
    getattr(server._keeper._process, end)()
    eventually(lambda: not alive(pid))
    with pytest.raises(ServerError, match="keeper is gone"):
        server.stop()
    if end == "kill":
        server.close()
    eventually(lambda: not folder.exists())
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
    "by SIGKILL": "os.kill(os.getpid(), signal.SIGKILL)",
    "while a forked child holds its pipes": """
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        os.kill(os.getpid(), signal.SIGKILL)""",
}


@pytest.mark.parametrize("end", ENDS)
def test_no_server_outlives_the_kit_that_ends(end):
    begin = """
        import os, signal, time
        from local_web import web
        server = web()
        print(server.pid, server.log.parent, flush=True)
        """
    kit = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(begin) + textwrap.dedent(ENDS[end])],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "support")},
    )
    pid, folder = kit.stdout.readline().split()
    kit.wait(BOUND)
    eventually(lambda: not alive(int(pid)))
    eventually(lambda: not Path(folder).exists())


def test_a_server_outlives_the_thread_that_started_it():
    started = []
    thread = threading.Thread(target=lambda: started.append(web()))
    thread.start()
    thread.join()
    (server,) = started
    with server:
        assert server.running
        assert server.running  # the keeper looks for its parent between two requests


def test_a_garbage_collected_server_is_ended():
    server = web()
    pid, folder = server.pid, server.log.parent
    del server
    eventually(lambda: not alive(pid) and not folder.exists())


def test_ctrl_c_during_a_start_leaves_nothing():
    def impatient():
        raise KeyboardInterrupt

    before = folders()
    with pytest.raises(KeyboardInterrupt):
        web(SLEEPS, ready=impatient)
    assert folders() <= before
