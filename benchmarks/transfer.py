"""Moving documents, measured: memory → file → each store and back, killed on the way, compared.

    python benchmarks/transfer.py                                 100,000 documents, all stores
    python benchmarks/transfer.py --documents 1000 --kills 3 postgresql couchdb
    python benchmarks/transfer.py --json figures.json

For each store, on a server that is started for it: the folder is imported by a process of its own,
exported by another, and what comes back is compared with what went in, as canonical JSON. Then
the same once more on an emptied collection, with SIGKILL at random moments (of memory the export
alone, by processes that each hold the same documents). The rates stand beside that of a plain
loop of the client library's own bulk call, in one thread, which asks nobody what is there, notes
nothing and reads nothing back. Memory is the peak of the moving process; the
documents that the memory backend holds are not in it, for it is in another.

Exit status: 0 if all that came back is equal, every kill was survived and memory stayed within
its bound; 1 if not; 2 if a store has no server here.
"""  # noqa: INP001  # a script: it is in no package

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gofannon_backends import targets
from gofannon_backends.memory import MemoryDatabaseService
from gofannon_backends.transfer import export_to, import_from
from gofannon_conformance import servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COLLECTION = "agents"
MEMORY_BOUND = 150.0
LONGEST_WAIT = 60.0
"""Seconds within which an export is killed: each kill costs as much once more."""

RUNS = 5
"""How often what ended with 1 after the kills is gone on with."""

STORES = ("memory", "couchdb", "dynamodb", "firestore", "postgresql")
COMMAND = (sys.executable, "-m", "gofannon_backends.transfer.cli")

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What was measured with one store.

    Rates are documents per second; `work` is the processor's seconds in the moving processes, in
    and out, without the server's; memory is in MiB; `kills` are those of imports and of exports.
    """

    store: str
    server: str
    documents: int
    written: float
    read: float
    raw: float | None
    raw_call: str
    work: tuple[float, float] | None
    memory: float | None
    kills: tuple[int, int]
    equal: bool
    equal_after_kills: bool | None

    @property
    def holds(self) -> bool:
        """Whether everything came back and memory was within its bound."""
        bounded = self.memory is None or self.memory < MEMORY_BOUND
        return self.equal and self.equal_after_kills is not False and bounded


@dataclass(frozen=True)
class Ended:
    """A process of the command that has ended."""

    status: int
    seconds: float
    work: float
    memory: float
    said: str


def main(arguments: list[str]) -> int:
    """Measure each store, print the table, and write the JSON if it was asked for."""
    options = _options(arguments)
    if options.only_export:
        only_export(options.only_export, options)
        return 0
    chance = random.Random(options.seed)  # noqa: S311  # no secret depends on it
    with tempfile.TemporaryDirectory(prefix="transfer-") as scratch:
        folder = Path(scratch) / "exported"
        service = filled(options)
        began = time.perf_counter()
        export_to(folder, service, collections=[COLLECTION], source_name="memory")
        _say(f"memory → file: {_rate(options.documents, began):,.0f}/s")
        del service
        found = []
        for store in options.stores:
            try:
                found.append(measured(store, folder, Path(scratch), options, chance))
            except servers.Unavailable as unavailable:
                _say(str(unavailable))
                return 2
            _say(drawn(found[-1:]))
    _say(drawn(found))
    if options.json:
        figures = {
            "bytes": options.bytes,
            "seed": options.seed,
            "writers": options.writers,
            "figures": [asdict(one) for one in found],
        }
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0 if all(one.holds for one in found) else 1


def documents(count: int, size: int) -> Iterator[Json]:
    """Give documents of about so many bytes of JSON, as varied as an application's."""
    chance = random.Random(count)  # noqa: S311
    for number in range(count):
        document: Json = {
            "_id": f"agent-{chance.getrandbits(64):016x}-{number}",
            "name": f"Agent {number}: naïve, 東京",
            # Never a whole float: where PouchDB stands in for CouchDB, it becomes an integer.
            "temperature": number + 0.25,
            "number": number,
            "active": number % 2 == 0,
            "tools": {"search.v1": [number, None, "a/b"], "empty": {}},
            "tags": ["a", "b", ""],
        }
        missing = size - len(json.dumps({**document, "code": ""}))
        document["code"] = f"{chance.getrandbits(4 * max(missing, 1)):0{max(missing, 0)}x}"
        yield document


def measured(
    store: str, folder: Path, scratch: Path, options: argparse.Namespace, chance: random.Random
) -> Figures:
    """Measure one store on a server of its own."""
    count = options.documents
    if store == "memory":
        return in_memory(folder, scratch / "memory", options, chance)
    name = dict(options.servers).get(store, store)
    with servers.provider(name).start() as server:
        endpoint = server.endpoint
        environment = settings_of(store, endpoint)
        service = getattr(targets, store).connect(endpoint)
        _say(f"{store}: raw")
        raw, raw_call = RAW[store](endpoint, folder / f"{COLLECTION}.jsonl")
        _say(f"{store}: import")
        move = Moves(store, environment, options.writers)
        written = move.ended(move.importing(folder, scratch / f"{store}-state"))
        _say(written.said)
        back = scratch / f"{store}-back"
        read = move.ended(move.exporting(back))
        _say(read.said)
        equal = written.status == read.status == 0 and same(folder, back)
        kills, after_kills = (0, 0), None
        if options.kills and equal:
            if store == "firestore":
                # Its emulator takes seconds for each page that is to be deleted.
                move = Moves(
                    store, {**environment, "GOOGLE_CLOUD_PROJECT": "killed"}, options.writers
                )
            else:
                service.drop(COLLECTION)
            own = scratch / f"{store}-killed"
            own.mkdir()
            kills, after_kills = killed(
                move, folder, own, options.kills, written.seconds, read.seconds, chance
            )
        service.close()
        return Figures(
            store=store,
            server=f"{endpoint.product} {endpoint.version}",
            documents=count,
            written=count / written.seconds,
            read=count / read.seconds,
            raw=raw,
            raw_call=raw_call,
            work=(written.work, read.work),
            memory=max(written.memory, read.memory),
            kills=kills,
            equal=equal,
            equal_after_kills=after_kills,
        )


def in_memory(
    folder: Path, back: Path, options: argparse.Namespace, chance: random.Random
) -> Figures:
    """Measure the memory backend, in this process; only its export can outlive a kill."""
    count = options.documents
    service = MemoryDatabaseService()
    began = time.perf_counter()
    import_from(folder, service, target_name="memory")
    written = _rate(count, began)
    began = time.perf_counter()
    export_to(back, service, collections=[COLLECTION], source_name="memory")
    read = _rate(count, began)
    del service
    equal = same(folder, back)
    kills, after_kills = 0, None
    if options.kills and equal:
        again = back.with_name("memory-killed")
        kills = killed_in_memory(again, options, count / read, chance)
        after_kills = (again / "manifest.json").exists() and same(folder, again)
    return Figures(
        store="memory",
        server="this process",
        documents=count,
        written=written,
        read=read,
        raw=None,
        raw_call="",
        work=None,
        memory=None,
        kills=(0, kills),
        equal=equal,
        equal_after_kills=after_kills,
    )


def killed_in_memory(
    back: Path, options: argparse.Namespace, exporting: float, chance: random.Random
) -> int:
    """Export from memory with so many kills; return how many there were.

    What was in memory is gone with its process: the next one makes the same documents again, and
    goes on with the export.
    """
    size = ("--documents", str(options.documents), "--bytes", str(options.bytes))
    command = [sys.executable, __file__, *size, "--only-export", str(back)]
    done = 0
    for _ in range(4 * options.kills):
        if done == options.kills:
            break
        with holding(command) as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0.0, exporting))
            process.kill()
        if (back / "manifest.json").exists():
            shutil.rmtree(back)  # it was done before its time
        else:
            done += 1
    with holding(command):
        return done


@contextmanager
def holding(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process, and wait until it has the documents in its memory; at last for its end."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603  # ours
        if process.stdout is None or not process.stdout.readline():
            raise RuntimeError("a process could not fill its memory")
        yield process


def only_export(folder: Path, options: argparse.Namespace) -> None:
    """Fill a memory of its own, say so, and export it: what `killed_in_memory` starts and kills."""
    service = filled(options)
    _say("filled")
    export_to(folder, service, collections=[COLLECTION], source_name="memory")


def filled(options: argparse.Namespace) -> MemoryDatabaseService:
    """Give a service that holds the documents."""
    service = MemoryDatabaseService()
    for document in documents(options.documents, options.bytes):
        service.save(COLLECTION, document["_id"], document)
    return service


class Moves:
    """Starts the command with one store's settings in the environment."""

    def __init__(self, store: str, environment: dict[str, str], writers: int) -> None:
        self._store = store
        self._environment = {**os.environ, **environment}
        self._writers = str(writers)

    def importing(self, folder: Path, state: Path) -> list[str]:
        """Give the command's arguments for an import."""
        arguments = ["import", str(folder), "--to", self._store, "--state", str(state)]
        return [*arguments, "--writers", self._writers]

    def exporting(self, folder: Path) -> list[str]:
        """Give the command's arguments for an export."""
        return ["export", str(folder), "--from", self._store, "--collection", COLLECTION]

    def started(self, arguments: list[str]) -> subprocess.Popen[bytes]:
        """Start the command; its output goes to a file, so that no pipe is ever full."""
        output = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process object
        process = subprocess.Popen(  # noqa: S603  # ours
            [*COMMAND, *arguments, "--quiet"],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        process.stdout = output
        return process

    def ended(self, arguments: list[str]) -> Ended:
        """Run the command to its end."""
        began, work = time.perf_counter(), _work_of_children()
        process = self.started(arguments)
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, _peak_memory(process.pid))
            time.sleep(0.02)
        return Ended(
            process.returncode,
            time.perf_counter() - began,
            _work_of_children() - work,
            peak,
            _said(process),
        )


def killed(
    move: Moves,
    folder: Path,
    scratch: Path,
    kills: int,
    importing: float,
    exporting: float,
    chance: random.Random,
) -> tuple[tuple[int, int], bool]:
    """Import and export once more, each with so many kills; return how many there were of each.

    Moments are drawn so that the kills of an import spread over all of it. An export has to be
    read in one go at last, so that its kills come anywhere within the time of one; one that is
    done before its time is begun anew.
    """
    back = scratch / "back"
    status = 0
    done = []
    for command, longest in (
        (move.importing(folder, scratch / "state"), 2 * importing / (kills + 2)),
        (move.exporting(back), min(exporting, LONGEST_WAIT)),
    ):
        done.append(0)
        for _ in range(2 * kills):
            if done[-1] == kills:
                break
            process = move.started(command)
            try:
                process.wait(chance.uniform(0.2, max(longest, 0.4)))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                done[-1] += 1
            _said(process)
            if process.returncode == 0 and "import" in command:
                break
            if (back / "manifest.json").exists():
                shutil.rmtree(back)
        if process.returncode or "export" in command:
            status = status or at_last(move, command)
    return (done[0], done[1]), status == 0 and same(folder, back)


def at_last(move: Moves, command: list[str]) -> int:
    """Run what was killed to its end; return its exit status.

    An emulator may still be working at what the killed ones had asked for, and answer too late:
    that is reported with a 1, and the same again goes on.
    """
    for _ in range(RUNS):
        last = move.ended(command)
        _say(f"after kills: exit status {last.status}\n{last.said}")
        if last.status != 1:
            break
    return last.status


def same(folder: Path, back: Path) -> bool:
    """Compare two exported folders by their documents, as canonical JSON, with nothing of ours."""
    sides = []
    for side in (folder, back):
        with (side / f"{COLLECTION}.jsonl").open(encoding="ascii") as lines:
            canonical = [json.dumps(json.loads(line), sort_keys=True) for line in lines]
        sides.append(sorted(canonical))
    if sides[0] == sides[1]:
        return True
    lost = next((one for one in sides[0] if one not in set(sides[1])), "nothing")
    _say(f"NOT EQUAL: {len(sides[0])} and {len(sides[1])} documents; lost: {lost[:300]}")
    return False


def settings_of(store: str, endpoint: servers.Endpoint) -> dict[str, str]:
    """Give what the command finds in its environment."""
    given = endpoint.settings
    if store == "couchdb":
        return {
            "COUCHDB_URL": endpoint.url,
            "COUCHDB_USER": given.get("user") or "nobody",
            "COUCHDB_PASSWORD": given.get("password") or "nothing",
        }
    if store == "dynamodb":
        return {
            "DYNAMODB_ENDPOINT_URL": endpoint.url,
            "DYNAMODB_REGION": given.get("region", "us-east-1"),
            "AWS_ACCESS_KEY_ID": given.get("access_key") or "none",
            "AWS_SECRET_ACCESS_KEY": given.get("secret_key") or "none",
        }
    if store == "firestore":
        return {
            "FIRESTORE_EMULATOR_HOST": urlsplit(endpoint.url).netloc,
            "GOOGLE_CLOUD_PROJECT": given["project"],
        }
    return {"POSTGRES_URL": endpoint.url}


# --- The clients' own bulk calls ------------------------------------------------------------------


def _batches(file: Path, size: int) -> Iterator[list[Json]]:
    batch: list[Json] = []
    with file.open(encoding="ascii") as lines:
        for line in lines:
            batch.append(json.loads(line))
            if len(batch) == size:
                yield batch
                batch = []
    if batch:
        yield batch


def _loop(file: Path, size: int, send: Callable[[list[Json]], object]) -> float:
    count = 0
    began = time.perf_counter()
    for batch in _batches(file, size):
        send(batch)
        count += len(batch)
    return _rate(count, began)


def _raw_couchdb(endpoint: servers.Endpoint, file: Path) -> tuple[float, str]:
    connection = http.client.HTTPConnection(*endpoint.address, timeout=60)
    login = f"{endpoint.settings.get('user', '')}:{endpoint.settings.get('password', '')}"
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Basic {base64.b64encode(login.encode()).decode()}",
    }

    def send(method: str, path: str, body: object = None) -> None:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status}")

    send("PUT", "/raw")
    rate = _loop(file, 1000, lambda batch: send("POST", "/raw/_bulk_docs", {"docs": batch}))
    send("DELETE", "/raw")
    return rate, "_bulk_docs of 1000"


def _raw_dynamodb(endpoint: servers.Endpoint, file: Path) -> tuple[float, str]:
    import boto3
    from boto3.dynamodb.types import TypeSerializer

    given = endpoint.settings
    client = boto3.client(
        "dynamodb",
        region_name=given.get("region", "us-east-1"),
        endpoint_url=endpoint.url,
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106  # an emulator looks at neither
    )
    client.create_table(
        TableName="raw",
        KeySchema=[{"AttributeName": "_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName="raw", WaiterConfig={"Delay": 1})
    serializer = TypeSerializer()

    def put(batch: list[Json]) -> None:
        plain = [json.loads(json.dumps(one), parse_float=str) for one in batch]
        items = [{k: serializer.serialize(v) for k, v in one.items()} for one in plain]
        requests = {"raw": [{"PutRequest": {"Item": item}} for item in items]}
        while requests:
            requests = client.batch_write_item(RequestItems=requests)["UnprocessedItems"]

    rate = _loop(file, 25, put)
    client.delete_table(TableName="raw")
    return rate, "BatchWriteItem of 25"


def _raw_firestore(endpoint: servers.Endpoint, file: Path) -> tuple[float, str]:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import firestore

    os.environ["FIRESTORE_EMULATOR_HOST"] = urlsplit(endpoint.url).netloc
    client = firestore.Client(project="raw-project", credentials=AnonymousCredentials())

    def put(batch: list[Json]) -> None:
        writes = client.batch()
        for one in batch:
            writes.set(client.collection("raw").document(one["_id"]), one)
        writes.commit()

    try:
        return _loop(file, 500, put), "batch commit of 500"
    finally:
        client.close()
        del os.environ["FIRESTORE_EMULATOR_HOST"]


def _raw_postgresql(endpoint: servers.Endpoint, file: Path) -> tuple[float, str]:
    import psycopg

    with psycopg.connect(endpoint.url, autocommit=True) as connection:
        connection.execute('CREATE TABLE "raw bulk" (_id text PRIMARY KEY, data json)')

        def put(batch: list[Json]) -> None:
            with connection.cursor() as cursor:
                cursor.executemany(
                    'INSERT INTO "raw bulk" VALUES (%s, %s)',
                    [(one["_id"], json.dumps(one)) for one in batch],
                )

        rate = _loop(file, 1000, put)
        connection.execute('DROP TABLE "raw bulk"')
    return rate, "executemany of 1000"


RAW: dict[str, Callable[[servers.Endpoint, Path], tuple[float, str]]] = {
    "couchdb": _raw_couchdb,
    "dynamodb": _raw_dynamodb,
    "firestore": _raw_firestore,
    "postgresql": _raw_postgresql,
}


# --- What is shown --------------------------------------------------------------------------------


def drawn(found: list[Figures]) -> str:
    """Give the figures as a table."""
    rows = [
        (
            "store",
            "documents",
            "import/s",
            "export/s",
            "raw/s",
            "raw call",
            "of raw",
            "CPU s in, out",
            "MiB",
            "kills",
            "equal",
        )
    ]
    for one in found:
        raw = "" if one.raw is None else f"{one.raw:,.0f}"
        memory = "" if one.memory is None else f"{one.memory:.0f}"
        share = "" if one.raw is None else f"{one.written / one.raw:.0%}"
        work = "" if one.work is None else "{:.0f}, {:.0f}".format(*one.work)
        equal = "yes" if one.equal and one.equal_after_kills is not False else "NO"
        rows.append(
            (
                f"{one.store} ({one.server})",
                f"{one.documents:,}",
                f"{one.written:,.0f}",
                f"{one.read:,.0f}",
                raw,
                one.raw_call,
                share,
                work,
                memory,
                "{} + {}".format(*one.kills),
                equal,
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("stores", nargs="*", metavar="STORE", help=", ".join(STORES))
    parser.add_argument("--documents", type=int, default=100_000, metavar="N")
    parser.add_argument("--bytes", type=int, default=1024, metavar="N", help="of each document")
    parser.add_argument("--kills", type=int, default=10, metavar="N", help="of each of both ways")
    parser.add_argument("--writers", type=int, default=8, metavar="N")
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="of the moments of killing"
    )
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON, too")
    parser.add_argument(
        "--server",
        dest="servers",
        action="append",
        default=[],
        type=lambda name: (name.partition(":")[0], name),
        metavar="NAME",
        help="use this server for its store, as in dynamodb:dynalite",
    )
    parser.add_argument("--only-export", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.stores = options.stores or list(STORES)
    for store in options.stores:
        if store not in STORES:
            parser.error(f"{store} is none of {', '.join(STORES)}")
    return options


def _rate(count: int, began: float) -> float:
    return count / (time.perf_counter() - began)


def _work_of_children() -> float:
    """Give the processor's seconds in the processes of ours that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _peak_memory(pid: int) -> float:
    """Give the peak of a process so far, in MiB.

    Not what `wait4` tells: the peak of a child begins with that of the parent that it came from.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def _said(process: subprocess.Popen[bytes]) -> str:
    output = process.stdout
    if output is None:
        return ""
    output.seek(0)
    text = output.read().decode(errors="replace")
    output.close()
    return text


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
