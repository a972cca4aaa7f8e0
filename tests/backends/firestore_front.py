"""What stands between the Firestore backend and its server: a recorder, a proxy, a script."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import grpc
from google.cloud.firestore_v1 import types


class Recorder(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Writes down the name of every call that goes out by the channels it is put on."""

    def __init__(self):
        self._calls = []

    def calls(self):
        """The calls since this was asked last."""
        calls, self._calls = self._calls, []
        return calls

    def intercept_unary_unary(self, continuation, details, request):
        self._calls.append(details.method.rpartition("/")[2])
        return continuation(details, request)

    intercept_unary_stream = intercept_unary_unary


class Proxy:
    """A TCP proxy that can be gone, be back at the same port, be mute, or cut answers short.

    `cut_after` is the number of bytes of the server's that pass before a connection is cut.
    """

    def __init__(self, host):
        name, _, port = host.partition(":")
        self._upstream = (name, int(port))
        self._port = 0
        self._speaking = threading.Event()
        self._sockets = []
        self.cut_after = None
        self.back()

    @property
    def host(self):
        return f"127.0.0.1:{self._port}"

    def back(self):
        self._speaking.set()
        self._listener = socket.create_server(("127.0.0.1", self._port), reuse_port=False)
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def gone(self):
        self._speaking.set()
        for one in [self._listener, *self._sockets]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._sockets.clear()

    def mute(self):
        self._speaking.clear()

    def speak(self):
        self._speaking.set()

    def _accept(self, listener):
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._upstream)
                self._sockets += [near, far]
                for ends in ((near, far, False), (far, near, True)):
                    threading.Thread(target=self._pump, args=ends, daemon=True).start()

    def _pump(self, source, sink, is_answer):
        passed = 0
        with suppress(OSError):
            while data := source.recv(65_536):
                self._speaking.wait()
                if is_answer and self.cut_after is not None:
                    passed += len(data)
                    if passed > self.cut_after:
                        break
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class Script(grpc.GenericRpcHandler):
    """A gRPC server that answers each call with the next status of a list, the last one for ever.

    `OK` is an answer as Firestore would give it: a document without fields, the time 1970.
    """

    SAID = "at https://user:s3cr3t@firestore.example: key s3cr3t"

    def __init__(self):
        self.calls = []
        self.statuses = []
        self._server = grpc.server(ThreadPoolExecutor(4), handlers=[self])
        self._port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    @property
    def host(self):
        return f"127.0.0.1:{self._port}"

    def answer(self, *statuses):
        self.calls.clear()
        self.statuses = list(statuses)

    def stop(self):
        self._server.stop(grace=None).wait()

    def service(self, details):
        method = details.method.rpartition("/")[2]
        if method in {"BatchGetDocuments", "RunQuery"}:
            return grpc.unary_stream_rpc_method_handler(
                lambda request, context: self._stream(method, context)
            )
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._answer(method, context)
        )

    def _answer(self, method, context):
        self.calls.append(method)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if status is not grpc.StatusCode.OK:
            context.abort(status, self.SAID)
        return types.CommitResponse.serialize(types.CommitResponse(write_results=[{}]))

    def _stream(self, method, context):
        # One answer of the stream goes out before the status does.
        document = {"name": "projects/p/databases/d/documents/c/early"}
        if method == "RunQuery":
            yield types.RunQueryResponse.serialize(types.RunQueryResponse(document=document))
        else:
            yield types.BatchGetDocumentsResponse.serialize(types.BatchGetDocumentsResponse())
        self._answer(method, context)
