"""A TCP front for a PostgreSQL server: it counts round trips, and fails as networks fail."""

import contextlib
import selectors
import socket
import threading


class Front:
    """Forwards to the server on a port of its own, and can be told to misbehave.

    `round_trips` counts how often the client spoke after the server had. `mute` stops
    the server's answers; `cut_after` lets that many bytes of the next answer pass and then cuts.
    """

    def __init__(self, host, port):
        self._server = (host, port)
        self.round_trips = 0
        self.connections = 0
        self.mute = False
        self.cut_after = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()
        self.cut_all()

    def cut_all(self):
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client):
        with (
            contextlib.suppress(OSError),
            client,
            socket.create_connection(self._server) as server,
        ):
            self._open |= {client, server}
            try:
                self._pump(client, server)
            finally:
                self._open -= {client, server}

    def _pump(self, client, server):
        ready = selectors.DefaultSelector()
        ready.register(client, selectors.EVENT_READ)
        ready.register(server, selectors.EVENT_READ)
        spoke = None
        while True:
            for key, _ in ready.select():
                data = key.fileobj.recv(1 << 16)
                if not data:
                    return
                if key.fileobj is client:
                    self.round_trips += spoke is not client
                    server.sendall(data)
                elif self.cut_after is not None:
                    client.sendall(data[: self.cut_after])
                    self.cut_after = None
                    return
                elif not self.mute:
                    client.sendall(data)
                spoke = key.fileobj
