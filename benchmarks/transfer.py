"""A benchmark of `gofannon-data`: memory → folder → store → folder, with kills and comparison.

    python benchmarks/transfer.py                                 100,000 documents, all stores
    python benchmarks/transfer.py --documents 1000 --kills 3 postgresql couchdb
    python benchmarks/transfer.py --json figures.json

For each store a server is started. One process imports the folder, another exports the collection,
and the result is compared with the original as canonical JSON. Then the same is done once more with
SIGKILL at random moments. *Bulk* is the rate of a plain loop of the backend's own `save_many` in
one thread, without questions, state or verification. The memory backend runs in this process,
without kills.

Exit status: 0 if all documents came back equal and memory stayed below the bound; 1 if not; 2 if a
store has no server here.
"""  # noqa: INP001  # a script, not part of a package

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gofannon_backends import targets
from gofannon_backends.memory import MemoryDatabaseService
from gofannon_backends.transfer import export_to, import_from
from gofannon_conformance import servers

if TYPE_CHECKING:
    from collections.abc import Iterator

COLLECTION = "agents"
DOCUMENT_BYTES = 1024
MEMORY_BOUND = 150.0  # MiB
BULK_SIZE = 500
ATTEMPTS = 5
"""After the kills, an emulator may be busy with abandoned requests and answer too late."""

STORES = ("memory", "couchdb", "dynamodb", "firestore", "postgresql")
COMMAND = (sys.executable, "-m", "gofannon_backends.transfer.cli")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The result for one store: documents per second, CPU seconds, and MiB.

    `kills` are those of imports and of exports.
    """

    store: str
    written: float
    read: float
    bulk: float | None = None
    work: float | None = None
    memory: float | None = None
    kills: tuple[int, int] = (0, 0)
    equal: bool
    equal_after_kills: bool = True

    @property
    def passed(self) -> bool:
        """Whether everything came back and memory stayed below its bound."""
        return self.equal and self.equal_after_kills and (self.memory or 0.0) < MEMORY_BOUND

    def __str__(self) -> str:
        values = [f"{self.store}: import {self.written:,.0f}/s, export {self.read:,.0f}/s"]
        if self.bulk is not None:
            values.append(f"bulk {self.bulk:,.0f}/s ({self.written / self.bulk:.0%})")
            values.append(f"CPU {self.work:.0f} s, {self.memory:.0f} MiB")
            values.append("kills {} + {}".format(*self.kills))
        return ", ".join([*values, "equal" if self.passed else "FAILED"])


@dataclass(frozen=True)
class Ended:
    """A process of the command that has ended."""

    status: int
    seconds: float
    work: float
    memory: float


def main(arguments: list[str]) -> int:
    """Measure each store, print the figures, and write them as JSON if requested."""
    options = _options(arguments)
    found: list[Figures] = []
    with tempfile.TemporaryDirectory(prefix="transfer-") as scratch:
        folder = Path(scratch) / "exported"
        service = MemoryDatabaseService()
        for document in documents(options.documents, DOCUMENT_BYTES):
            service.save(COLLECTION, document["_id"], document)
        export_to(folder, service, collections=[COLLECTION])
        del service
        for store in options.stores:
            own = Path(scratch) / store
            own.mkdir()
            try:
                measure = in_memory if store == "memory" else in_store
                found.append(measure(store, folder, own, options))
            except servers.Unavailable as unavailable:
                _print(str(unavailable))
                return 2
            _print(str(found[-1]))
    if options.json:
        figures = {**vars(options), "figures": [asdict(one) for one in found]}
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0 if all(one.passed for one in found) else 1


def documents(count: int, size: int) -> Iterator[dict[str, Any]]:
    """Yield documents of `size` bytes of JSON, with the types that an application uses."""
    chance = random.Random(count)  # noqa: S311
    for number in range(count):
        document: dict[str, Any] = {
            "_id": f"agent-{chance.getrandbits(64):016x}-{number}",
            "name": f"Agent {number}: naïve, 東京",
            # Never a whole float: PouchDB returns it as an integer.
            "temperature": number + 0.25,
            "number": number,
            "active": number % 2 == 0,
            "tools": {"search.v1": [number, None, "a/b"], "empty": {}},
            "tags": ["a", "b", ""],
        }
        missing = size - len(json.dumps({**document, "code": ""}))
        document["code"] = f"{chance.getrandbits(4 * max(missing, 1)):0{max(missing, 0)}x}"
        yield document


def in_memory(store: str, folder: Path, scratch: Path, options: argparse.Namespace) -> Figures:
    """Measure the memory backend in this process."""
    service = MemoryDatabaseService()
    began = time.perf_counter()
    import_from(folder, service)
    between = time.perf_counter()
    export_to(scratch / "back", service, collections=[COLLECTION])
    return Figures(
        store=store,
        written=options.documents / (between - began),
        read=options.documents / (time.perf_counter() - between),
        equal=same(folder, scratch / "back"),
    )


def in_store(store: str, folder: Path, scratch: Path, options: argparse.Namespace) -> Figures:
    """Measure one store on its own server, with the command in processes."""
    with servers.provider(dict(options.servers).get(store, store)).start() as server:
        endpoint = server.endpoint
        environment = {**os.environ, **settings_of(store, endpoint)}
        back = scratch / "back"
        importing = ["import", str(folder), "--to", store, "--state", str(scratch / "state")]
        importing += ["--writers", str(options.writers)]
        exporting = ["export", str(back), "--from", store, "--collection", COLLECTION]
        with getattr(targets, store).connect(endpoint) as service:
            bulk = bulk_rate(service, folder)
            written = ended(importing, environment)
            read = ended(exporting, environment)
            equal = written.status == read.status == 0 and same(folder, back)
            kills, equal_after_kills = (0, 0), True
            if options.kills and equal:
                shutil.rmtree(back)
                service.drop(COLLECTION)
                kills = (
                    killed(importing, environment, written.seconds, options.kills),
                    killed(exporting, environment, read.seconds, options.kills),
                )
                equal_after_kills = same(folder, back)
    return Figures(
        store=f"{store} ({endpoint.product} {endpoint.version})",
        written=options.documents / written.seconds,
        read=options.documents / read.seconds,
        bulk=bulk,
        work=written.work + read.work,
        memory=max(written.memory, read.memory),
        kills=kills,
        equal=equal,
        equal_after_kills=equal_after_kills,
    )


def bulk_rate(service: Any, folder: Path) -> float:
    """Save all documents with `save_many` into another collection; return documents per second."""
    count = 0
    began = time.perf_counter()
    with (folder / f"{COLLECTION}.jsonl").open(encoding="ascii") as lines:
        while batch := [json.loads(line) for line in islice(lines, BULK_SIZE)]:
            service.save_many("bulk", batch)
            count += len(batch)
    seconds = time.perf_counter() - began
    service.drop("bulk")
    return count / seconds


def started(arguments: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start the command."""
    command = [*COMMAND, *arguments, "--quiet"]
    output = subprocess.DEVNULL  # what is not equal is shown by the comparison
    return subprocess.Popen(command, env=environment, stdout=output)  # noqa: S603  # our own command


def ended(arguments: list[str], environment: dict[str, str]) -> Ended:
    """Run the command to its end."""
    before, began, peak = os.times(), time.perf_counter(), 0.0
    process = started(arguments, environment)
    while process.poll() is None:
        peak = max(peak, _peak_memory(process.pid))
        time.sleep(0.02)
    after = os.times()
    work = sum(after[2:4]) - sum(before[2:4])
    return Ended(process.returncode, time.perf_counter() - began, work, peak)


def killed(arguments: list[str], environment: dict[str, str], seconds: float, kills: int) -> int:
    """Start the command some times and kill it, then run it to its end; return the kills.

    It is killed after a random share of the seconds that it usually takes. An import has less to do
    each time, so its share is smaller.
    """
    chance = random.Random(kills)  # noqa: S311
    share = 2 / (kills + 2) if "import" in arguments else 1.0
    for number in range(kills):
        process = started(arguments, environment)
        try:
            process.wait(chance.uniform(0.2, 1.0) * seconds * share)
        except subprocess.TimeoutExpired:
            process.kill()
        if process.wait() == 0:
            return number
    for _ in range(ATTEMPTS):
        if ended(arguments, environment).status != 1:
            break
    return kills


def same(folder: Path, back: Path) -> bool:
    """Return whether two folders have the same documents, without using the code under test."""
    sides = []
    for side in (folder, back):
        with (side / f"{COLLECTION}.jsonl").open(encoding="ascii") as lines:
            sides.append(sorted(json.dumps(json.loads(line), sort_keys=True) for line in lines))
    if sides[0] != sides[1]:
        _print(f"NOT EQUAL: {len(sides[0])} and {len(sides[1])} documents")
    return sides[0] == sides[1]


def settings_of(store: str, endpoint: servers.Endpoint) -> dict[str, str]:
    """Return the settings of a store for the environment of the command."""
    given = endpoint.settings
    return {
        "couchdb": {
            "COUCHDB_URL": endpoint.url,
            "COUCHDB_USER": given.get("user") or "nobody",
            "COUCHDB_PASSWORD": given.get("password") or "nothing",
        },
        "dynamodb": {
            "DYNAMODB_ENDPOINT_URL": endpoint.url,
            "DYNAMODB_REGION": given.get("region", "us-east-1"),
            "AWS_ACCESS_KEY_ID": given.get("access_key") or "none",
            "AWS_SECRET_ACCESS_KEY": given.get("secret_key") or "none",
        },
        "firestore": {
            "FIRESTORE_EMULATOR_HOST": urlsplit(endpoint.url).netloc,
            "GOOGLE_CLOUD_PROJECT": given.get("project", ""),
        },
        "postgresql": {"POSTGRES_URL": endpoint.url},
    }[store]


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    # No choices: on Python 3.11 an empty list is not one of them.
    parser.add_argument("stores", nargs="*", metavar="STORE", help=", ".join(STORES))
    parser.add_argument("--documents", type=int, default=100_000, metavar="N")
    parser.add_argument("--kills", type=int, default=10, metavar="N", help="of each command")
    parser.add_argument("--writers", type=int, default=8, metavar="N")
    parser.add_argument("--json", metavar="FILE", help="also write the figures as JSON")
    parser.add_argument(
        "--server",
        dest="servers",
        action="append",
        default=[],
        type=lambda name: (name.partition(":")[0], name),
        metavar="NAME",
        help="the server for its store, as in dynamodb:dynalite",
    )
    options = parser.parse_args(arguments)
    options.stores = options.stores or list(STORES)
    if unknown := set(options.stores) - set(STORES):
        parser.error(f"{', '.join(unknown)}: not one of {', '.join(STORES)}")
    return options


def _peak_memory(pid: int) -> float:
    """Return the peak memory of a process so far, in MiB.

    The peak in `wait4` of a child starts with that of its parent.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
