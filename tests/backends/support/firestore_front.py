"""Test doubles for Firestore: a recorder of the client's calls, and a server that is scripted."""

from concurrent.futures import ThreadPoolExecutor

import grpc
from google.cloud.firestore_v1 import types


class Recorder(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Records the name of every call on the channels that it intercepts."""

    def __init__(self):
        self._calls = []

    def calls(self):
        """Return the calls since the last time."""
        calls, self._calls = self._calls, []
        return calls

    def intercept_unary_unary(self, continuation, details, request):
        self._calls.append(details.method.rpartition("/")[2])
        return continuation(details, request)

    intercept_unary_stream = intercept_unary_unary


class Script(grpc.GenericRpcHandler):
    """A gRPC server that answers each call with the next status of a list; the last one repeats.

    The answer for `OK` is like Firestore's: a document without fields, changed in 1970.
    """

    SAID = "at https://user:s3cret@firestore.example: key s3cret"

    def __init__(self):
        self.calls = []
        self.statuses = []
        self._server = grpc.server(ThreadPoolExecutor(4), handlers=[self])
        self._port = self._server.add_insecure_port("127.0.0.1:0")

    def __enter__(self):
        self._server.start()
        return self

    def __exit__(self, *_):
        self._server.stop(grace=None).wait()

    @property
    def host(self):
        return f"127.0.0.1:{self._port}"

    def answer(self, *statuses):
        self.calls.clear()
        self.statuses = list(statuses)

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
        # One answer of the stream is sent before the status.
        document = {"name": "projects/p/databases/d/documents/c/early"}
        if method == "RunQuery":
            yield types.RunQueryResponse.serialize(types.RunQueryResponse(document=document))
        else:
            yield types.BatchGetDocumentsResponse.serialize(types.BatchGetDocumentsResponse())
        self._answer(method, context)
