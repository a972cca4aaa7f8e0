"""A program that migrates 41 documents in one process after the other, and kills most of them.

    python killed_migration.py EVERY FOLDER

Each process continues the migration. Every change to the disk, to the state or to the target is
counted, and the first process ends with SIGKILL before change EVERY, the second before change
2 * EVERY, and so on; the eighth is not killed. The target is a file per document in FOLDER, and
survives the processes. The program prints the number of kills and the summary of the last process.
"""

import json
import os
import signal
import sqlite3
import sys
from pathlib import Path
from threading import Lock

from gofannon_backends.memory import MemoryDatabaseService
from gofannon_backends.transfer import Options, migrate

EVERY, HERE = int(sys.argv[1]), Path(sys.argv[2])
changes = kill_at = 0
lock = Lock()
connect = sqlite3.connect


def killing(function):
    def called(*given, **named):
        global changes
        with lock:
            changes += 1
            if changes == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
        return function(*given, **named)

    return called


def connected(*given, **named):
    database = connect(*given, **named)
    database.set_trace_callback(killing(lambda _: None))  # before each statement
    return database


class OnDisk(MemoryDatabaseService):
    def file(self, db_name, doc_id):
        return HERE / "target" / f"{db_name}.{doc_id}"

    def get(self, db_name, doc_id):
        file = self.file(db_name, doc_id)
        if not file.exists():
            return super().get(db_name, doc_id)
        return {**json.loads(file.read_text()), "_id": doc_id, "_rev": "1"}

    def iter_all(self, db_name):
        for file in (HERE / "target").glob(f"{db_name}.*"):
            yield self.get(db_name, file.name.partition(".")[2])

    @killing
    def save(self, db_name, doc_id, doc):
        new = HERE / f"new.{db_name}.{doc_id}"
        new.write_text(json.dumps({name: doc[name] for name in doc if name != "_id"}))
        new.rename(self.file(db_name, doc_id))
        with (HERE / "saves").open("a") as log:
            log.write(f"{db_name}.{doc_id}\n")


def run():
    source = MemoryDatabaseService()
    for number in range(40):
        source.save("agents", f"a{number}", {"n": number})
    source.save("users", "u", {})
    sqlite3.connect = connected
    os.fsync, os.unlink, os.rename, os.replace = map(
        killing, (os.fsync, os.unlink, os.rename, os.replace)
    )
    collections, state = ["agents", "users"], HERE / "state"
    options = Options(writers=2)
    summary = migrate(source, OnDisk(), collections=collections, state=state, options=options)
    return summary.complete, summary.total.moved, summary.total.already_there


(HERE / "target").mkdir(parents=True)
for kills in range(8):
    kill_at = 0 if kills == 7 else (kills + 1) * EVERY
    child = os.fork()
    if child == 0:
        sys.stdout.write(json.dumps([kills, *run()]))
        break
    _, status = os.waitpid(child, 0)
    if status == 0:
        break
    if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
        sys.exit(1)
