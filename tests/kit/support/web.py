"""A web server that answers with fixed texts."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def serving(bodies, address=("127.0.0.1", 0), header="kit"):
    """Serve a text for each path; give the URL."""

    class Fixed(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path in bodies else 404)
            self.end_headers()
            self.wfile.write(bodies.get(self.path, b""))

        def version_string(self):
            return header

        def log_message(self, *_): ...

    with ThreadingHTTPServer(address, Fixed) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
