"""A small web server as a local program of the kit."""

import sys

from gofannon_conformance.servers import Endpoint, answers
from gofannon_conformance.servers.process import LOOPBACK, LocalServer, Program, free_port, launch

WEB = """
import http.server, sys
handler = http.server.SimpleHTTPRequestHandler
print("serving", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), handler).serve_forever()
"""


def web(script: str = WEB, **options) -> LocalServer:
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"
    program = Program(
        argv=(sys.executable, "-c", script, str(port)),
        **{"ready": lambda: answers.http(url).status == 200, **options},
    )
    endpoint = Endpoint(
        product="Web", version="", source="local program", url=url, secrets=("pass-w0rd",)
    )
    return launch("web", lambda _keeper: (program, endpoint))
