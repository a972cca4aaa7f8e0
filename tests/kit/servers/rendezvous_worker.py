"""A process of a run that shares servers: `rendezvous_worker.py RUN LOG NAME`.

It starts a fake server that writes to the log, prints its address, and closes it after a line on
its input.
"""

import os
import sys
import time

from gofannon_conformance.servers import Endpoint, Server, rendezvous


class Logged(Server):
    running = True

    def __init__(self, log):
        self.log = log
        self.note("started")
        time.sleep(0.1)
        self.endpoint = Endpoint(
            product="P",
            version="1",
            source="local program",
            url=f"http://127.0.0.1/{os.getpid()}",
            secrets=("s3cret",),
            owned=True,
        )

    def note(self, what):
        with open(self.log, "a", encoding="utf-8") as log:  # noqa: PTH123
            log.write(f"{what} {os.getpid()}\n")

    def stop(self): ...
    def start(self): ...
    def kill(self): ...

    def close(self):
        self.note("closed")


class Provider:
    def __init__(self, log):
        self.log = log

    def start(self):
        return Logged(self.log)


def main(run, log, name):
    rendezvous.provider = lambda _name: Provider(log)
    meeting = rendezvous.Rendezvous(run)
    server = meeting.start(name)
    assert meeting.start(name) is server
    sys.stdout.write(f"{server.endpoint.url}\n")
    sys.stdout.flush()
    sys.stdin.readline()
    meeting.close()
    sys.stdout.write("closed\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
