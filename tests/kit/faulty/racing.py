"""Services that are right for one caller, and wrong for many: each has one window of a few lines.

They are told apart from `Steady`, which holds one lock through every call. Those that are right in
other ways, and must never be accused, stand at the end.
"""

import asyncio
import json
import sqlite3
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import breaks

BROKEN_RACING = []
row = partial(breaks, BROKEN_RACING)


def missing(db_name, doc_id):
    return HTTPException(404, f"there is no document {doc_id!r} in {db_name!r}")


class Store:
    """What instances may share: texts and revisions by collection and id."""

    def __init__(self):
        self.kept = {}
        self.changes = 0


class Steady:
    """Holds one lock through every call."""

    def __init__(self, store=None):
        self.store = Store() if store is None else store
        self.lock = threading.RLock()

    @property
    def created(self):
        return {db_name for db_name, _ in list(self.store.kept)}

    def get(self, db_name, doc_id):
        with self.lock:
            return self.read(db_name, doc_id)

    def save(self, db_name, doc_id, doc):
        text = written(doc)
        with self.lock:
            rev = self.revision()
            self.store.kept[db_name, doc_id] = (rev, text)
        return {"id": doc_id, "rev": rev}

    def delete(self, db_name, doc_id):
        with self.lock:
            if self.store.kept.pop((db_name, doc_id), None) is None:
                raise missing(db_name, doc_id)

    def list_all(self, db_name):
        with self.lock:
            return [self.read(*key) for key in self.store.kept if key[0] == db_name]

    def revision(self):
        with self.lock:
            self.store.changes += 1
            return f"{self.store.changes}-r"

    def read(self, db_name, doc_id):
        found = self.store.kept.get((db_name, doc_id))
        if found is None:
            raise missing(db_name, doc_id)
        rev, text = found
        return {**json.loads(text), "_id": doc_id, "_rev": rev}


def written(doc):
    return json.dumps({k: v for k, v in doc.items() if k not in ("_id", "_rev")})


# --- CON-1: histories of one document ------------------------------------------------------------


@row("race_revision_counted_without_a_lock", "CON-1", "SAVE-14")
class Counted(Steady):
    """The counter of revisions is read and written in two steps."""

    def revision(self):
        changes = self.store.changes
        changes += 1
        self.store.changes = changes
        return f"{changes}-r"

    def save(self, db_name, doc_id, doc):
        rev = self.revision()
        with self.lock:
            self.store.kept[db_name, doc_id] = (rev, written(doc))
        return {"id": doc_id, "rev": rev}


@row("race_cache_is_filled_after_the_write", "CON-1")
class FilledLate(Steady):
    """get() fills its cache with what it read before another thread's save() cleared it."""

    def __init__(self):
        super().__init__()
        self.cache = {}

    def get(self, db_name, doc_id):
        cached = self.cache.get((db_name, doc_id))
        if cached is None:
            cached = super().get(db_name, doc_id)
            self.cache[db_name, doc_id] = cached
        return dict(cached)

    def save(self, db_name, doc_id, doc):
        answer = super().save(db_name, doc_id, doc)
        self.cache.pop((db_name, doc_id), None)
        return answer

    def delete(self, db_name, doc_id):
        super().delete(db_name, doc_id)
        self.cache.pop((db_name, doc_id), None)


@row("race_answer_in_an_attribute", "CON-1")
class Buffer(Steady):
    """What a get() reads lies in an attribute of the service until it is returned."""

    def get(self, db_name, doc_id):
        self.row = super().get(db_name, doc_id)
        return self.row


@row("race_save_deletes_first", "CON-1")
class DeletesFirst(Steady):
    """save() deletes the old version before it stores the new one."""

    def save(self, db_name, doc_id, doc):
        self.store.kept.pop((db_name, doc_id), None)
        return super().save(db_name, doc_id, doc)


@row("race_document_written_in_two_halves", "CON-1")
class Halves(Steady):
    """save() fills the stored document field by field."""

    def __init__(self):
        super().__init__()
        self.docs = {}

    def save(self, db_name, doc_id, doc):
        fields = self.docs.setdefault((db_name, doc_id), {})
        fresh = json.loads(written(doc))
        for name in [name for name in fields if name not in fresh]:
            fields.pop(name, None)
        for name, value in fresh.items():
            fields[name] = value
        with self.lock:
            return super().save(db_name, doc_id, doc)

    def read(self, db_name, doc_id):
        found = super().read(db_name, doc_id)
        own = {k: found[k] for k in ("_id", "_rev")}
        return {**dict(self.docs.get((db_name, doc_id), {})), **own}

    def delete(self, db_name, doc_id):
        with self.lock:
            super().delete(db_name, doc_id)
            self.docs.pop((db_name, doc_id), None)


@row("race_revision_kept_apart", "CON-1", "SAVE-14")
class RevisionApart(Steady):
    """The document is stored in one step, and its revision in the next."""

    def __init__(self):
        super().__init__()
        self.revs = {}

    def save(self, db_name, doc_id, doc):
        answer = super().save(db_name, doc_id, doc)
        self.revs[db_name, doc_id] = answer["rev"]
        return answer

    def get(self, db_name, doc_id):
        found = super().get(db_name, doc_id)
        return {**found, "_rev": self.revs.get((db_name, doc_id), found["_rev"])}


@row("race_locks_taken_in_two_orders", "CON-1")
class TwoOrders(Steady):
    """save() takes the lock of the data and then that of the index; delete() the other way."""

    def __init__(self):
        super().__init__()
        self.index = threading.Lock()

    def save(self, db_name, doc_id, doc):
        with self.lock, self.index:
            return super().save(db_name, doc_id, doc)

    def delete(self, db_name, doc_id):
        with self.index:
            super().delete(db_name, doc_id)


@row("race_conflict_is_looked_for_before_the_lock", "CON-1", "SAVE-15")
class LooksForConflict(Steady):
    """A stale revision is looked for before the lock is taken."""

    def save(self, db_name, doc_id, doc):
        kept = self.store.kept.get((db_name, doc_id))
        if kept is not None and doc.get("_rev", kept[0]) != kept[0]:
            raise HTTPException(409, f"{doc['_rev']} is not the revision of {doc_id}")
        return super().save(db_name, doc_id, doc)


# --- CON-2: new collections ----------------------------------------------------------------------


class Tables(Steady):
    """Keeps a dict for each collection, made by the first save() into it."""

    def __init__(self):
        super().__init__()
        self.tables = {}

    @property
    def created(self):
        return set(self.tables)

    def read(self, db_name, doc_id):
        found = self.tables.get(db_name, {}).get(doc_id)
        if found is None:
            raise missing(db_name, doc_id)
        return {**json.loads(found[1]), "_id": doc_id, "_rev": found[0]}

    def save(self, db_name, doc_id, doc):
        row = (self.revision(), written(doc))
        self.put(db_name, doc_id, row)
        return {"id": doc_id, "rev": row[0]}

    def delete(self, db_name, doc_id):
        with self.lock:
            if self.tables.get(db_name, {}).pop(doc_id, None) is None:
                raise missing(db_name, doc_id)

    def list_all(self, db_name):
        with self.lock:
            return [self.read(db_name, doc_id) for doc_id in list(self.tables.get(db_name, {}))]


@row("race_table_made_when_it_was_missing", "CON-2")
class LookThenMake(Tables):
    """A collection is looked for, and then made over the one that another caller made."""

    def put(self, db_name, doc_id, row):
        if db_name not in self.tables:
            self.tables[db_name] = {}
        self.tables[db_name][doc_id] = row


@row("race_table_that_is_there_already", "CON-2")
class AlreadyThere(Tables):
    """That another caller has made the collection meanwhile is an error."""

    def put(self, db_name, doc_id, row):
        if db_name not in self.tables:
            self.make(db_name)
        self.tables[db_name][doc_id] = row

    def make(self, db_name):
        with self.lock:
            if db_name in self.tables:
                raise HTTPException(500, f"the table {db_name} is there already")
            self.tables[db_name] = {}


@row("race_table_known_before_it_is_made", "CON-2")
class KnownTooSoon(Tables):
    """The collection counts as made before it is."""

    def __init__(self):
        super().__init__()
        self.known = set()

    def put(self, db_name, doc_id, row):
        if db_name not in self.known:
            self.known.add(db_name)
            self.tables.setdefault(db_name, {})
        self.tables[db_name][doc_id] = row


@row("race_two_locks_for_one_collection", "CON-2")
class LazyLocks(Tables):
    """The lock of a collection is made by the first who needs it, with no lock about that."""

    def __init__(self):
        super().__init__()
        self.locks = {}

    def put(self, db_name, doc_id, row):
        if db_name not in self.locks:
            self.locks[db_name] = threading.Lock()
        with self.locks[db_name]:
            table = dict(self.tables.get(db_name, {}))
            table[doc_id] = row
            self.tables[db_name] = table

    def delete(self, db_name, doc_id):
        with self.locks.get(db_name, self.lock):
            table = dict(self.tables.get(db_name, {}))
            if table.pop(doc_id, None) is None:
                raise missing(db_name, doc_id)
            self.tables[db_name] = table


# --- CON-3: deletes ------------------------------------------------------------------------------


@row("race_delete_looks_then_pops", "CON-3", "CON-1")
class LookThenPop(Steady):
    """delete() looks whether the document is there, and then takes it out."""

    def delete(self, db_name, doc_id):
        if (db_name, doc_id) not in self.store.kept:
            raise missing(db_name, doc_id)
        self.store.kept.pop((db_name, doc_id), None)


@row("race_delete_raises_key_error", "CON-3", "ERR-1")
class LookThenDel(Steady):
    """delete() looks whether the document is there, and then deletes what may be gone."""

    def delete(self, db_name, doc_id):
        if (db_name, doc_id) not in self.store.kept:
            raise missing(db_name, doc_id)
        del self.store.kept[db_name, doc_id]


@row("race_delete_reads_first", "CON-3")
class ReadsFirst(Steady):
    """delete() is a get(), whose 404 it leaves to it, and a deletion that always succeeds."""

    def delete(self, db_name, doc_id):
        self.get(db_name, doc_id)
        with self.lock:
            self.store.kept.pop((db_name, doc_id), None)


@row("race_row_count_in_an_attribute", "CON-3")
class RowCount(Steady):
    """How many rows a delete() took is read from an attribute that all callers share."""

    def delete(self, db_name, doc_id):
        with self.lock:
            self.rows = int(self.store.kept.pop((db_name, doc_id), None) is not None)
        if not self.rows:
            raise missing(db_name, doc_id)


@row("race_delete_counts_documents", "CON-3")
class Counts(Steady):
    """Whether delete() took something is told by how many documents there are."""

    def delete(self, db_name, doc_id):
        before = len(self.store.kept)
        with self.lock:
            self.store.kept.pop((db_name, doc_id), None)
        if len(self.store.kept) == before:
            raise missing(db_name, doc_id)


# --- CON-4: lists --------------------------------------------------------------------------------


@row("race_list_of_a_live_dict", "CON-4", "ERR-1")
class LiveDict(Steady):
    """list_all() goes through the dict that others write to."""

    def list_all(self, db_name):
        listed = []
        for (collection, doc_id), (rev, text) in self.store.kept.items():
            if collection == db_name:
                listed.append({**json.loads(text), "_id": doc_id, "_rev": rev})
        return listed


@row("race_list_of_ids_first", "CON-4")
class IdsFirst(Steady):
    """list_all() gets one document after another; one that is gone meanwhile ends it."""

    def list_all(self, db_name):
        with self.lock:
            ids = [doc_id for collection, doc_id in self.store.kept if collection == db_name]
        return [self.get(db_name, doc_id) for doc_id in ids]


@row("race_list_by_offset", "CON-4")
class ByOffset(Steady):
    """list_all() reads pages of two by offset, while rows move up."""

    def list_all(self, db_name):
        listed, offset = [], 0
        while True:
            page = self.page(db_name, offset)
            listed += page
            offset += 2
            if len(page) < 2:
                return listed

    def page(self, db_name, offset):
        with self.lock:
            keys = [key for key in self.store.kept if key[0] == db_name][offset : offset + 2]
            return [self.read(*key) for key in keys]


@row("race_list_shows_a_moved_row_twice", "CON-4")
class MovedRows(ByOffset):
    """list_all() reads pages by offset, and a save() moves its row to the end."""

    def save(self, db_name, doc_id, doc):
        with self.lock:
            self.store.kept.pop((db_name, doc_id), None)
            return super().save(db_name, doc_id, doc)

    def delete(self, db_name, doc_id):
        with self.lock:
            super().delete(db_name, doc_id)


@row("race_list_in_an_attribute", "CON-4")
class SharedList(Steady):
    """list_all() gathers its documents in an attribute of the service."""

    def list_all(self, db_name):
        self.listed = []
        for doc in super().list_all(db_name):
            self.listed.append(doc)
        return list(self.listed)


# --- CON-5: two instances ------------------------------------------------------------------------

ALL_INSTANCES = Store()


class Shared(Steady):
    """One of several instances on one store, each with a lock of its own."""

    everybody = threading.RLock()

    def __init__(self):
        super().__init__(ALL_INSTANCES)
        self.lock = self.everybody


def shared(name, *clauses):
    return row(name, *clauses, capabilities={"persistent": True})


@shared("instance_caches_documents", "CON-5")
class CachesDocuments(Shared):
    """Each instance keeps the documents that it has read."""

    def __init__(self):
        super().__init__()
        self.cache = {}

    def get(self, db_name, doc_id):
        if (db_name, doc_id) not in self.cache:
            self.cache[db_name, doc_id] = super().get(db_name, doc_id)
        return dict(self.cache[db_name, doc_id])

    def save(self, db_name, doc_id, doc):
        with self.lock:
            answer = super().save(db_name, doc_id, doc)
            self.cache.pop((db_name, doc_id), None)
        return answer

    def delete(self, db_name, doc_id):
        with self.lock:
            super().delete(db_name, doc_id)
            self.cache.pop((db_name, doc_id), None)


@shared("instance_remembers_what_is_missing", "CON-5")
class NegativeCache(Shared):
    """Each instance remembers what it did not find."""

    def __init__(self):
        super().__init__()
        self.gone = set()

    def get(self, db_name, doc_id):
        if (db_name, doc_id) in self.gone:
            raise missing(db_name, doc_id)
        try:
            return super().get(db_name, doc_id)
        except HTTPException:
            self.gone.add((db_name, doc_id))
            raise

    def save(self, db_name, doc_id, doc):
        answer = super().save(db_name, doc_id, doc)
        self.gone.discard((db_name, doc_id))
        return answer


@shared("instance_caches_lists", "CON-5")
class CachesLists(Shared):
    """Each instance keeps its lists until it writes to the collection itself."""

    def __init__(self):
        super().__init__()
        self.lists = {}

    def list_all(self, db_name):
        if db_name not in self.lists:
            self.lists[db_name] = super().list_all(db_name)
        return [dict(doc) for doc in self.lists[db_name]]

    def save(self, db_name, doc_id, doc):
        with self.lock:
            self.lists.pop(db_name, None)
            return super().save(db_name, doc_id, doc)

    def delete(self, db_name, doc_id):
        with self.lock:
            self.lists.pop(db_name, None)
            super().delete(db_name, doc_id)


@shared("instance_knows_which_collections_are_there", "CON-5")
class KnowsCollections(Shared):
    """Each instance remembers that a collection was not there when it looked."""

    def __init__(self):
        super().__init__()
        self.absent = set()

    def list_all(self, db_name):
        if db_name in self.absent:
            return []
        listed = super().list_all(db_name)
        if not listed and db_name not in self.created:
            self.absent.add(db_name)
        return listed

    def save(self, db_name, doc_id, doc):
        self.absent.discard(db_name)
        return super().save(db_name, doc_id, doc)


@shared("instance_holds_back_what_it_saves", "CON-5")
class HoldsBack(Shared):
    """Each instance shows its last save() to itself at once, and to others with the next call."""

    def __init__(self):
        super().__init__()
        self.held = None

    def flush(self):
        held, self.held = self.held, None
        if held:
            Shared.save(self, *held)

    def get(self, db_name, doc_id):
        with self.lock:
            self.flush()
            return super().get(db_name, doc_id)

    def save(self, db_name, doc_id, doc):
        with self.lock:
            self.flush()
            self.held = (db_name, doc_id, dict(doc))
            return {"id": doc_id, "rev": self.revision()}

    def delete(self, db_name, doc_id):
        with self.lock:
            self.flush()
            super().delete(db_name, doc_id)

    def list_all(self, db_name):
        with self.lock:
            self.flush()
            return super().list_all(db_name)


@shared("instance_locks_against_itself_only", "CON-5")
class OwnLock(Shared):
    """delete() looks and then takes, under a lock that the other instance does not know."""

    def __init__(self):
        super().__init__()
        self.own = threading.Lock()

    def delete(self, db_name, doc_id):
        with self.own:
            if (db_name, doc_id) not in self.store.kept:
                raise missing(db_name, doc_id)
            self.store.kept.pop((db_name, doc_id), None)


# --- CON-6: contention ---------------------------------------------------------------------------


class Compares(Steady):
    """save() reads the revision, and stores if it is the same still; else it tries again."""

    attempts = 1000

    def save(self, db_name, doc_id, doc):
        text = written(doc)
        for _ in range(self.attempts):
            before = self.store.kept.get((db_name, doc_id))
            rev = self.revision()
            if self.swap((db_name, doc_id), before, (rev, text)):
                return {"id": doc_id, "rev": rev}
        raise HTTPException(409, f"{doc_id} is being saved by others")

    def swap(self, key, before, after):
        with self.lock:
            if self.store.kept.get(key) is not before:
                return False
            self.store.kept[key] = after
            return True


@row("race_save_gives_up_at_once", "CON-6")
class GivesUp(Compares):
    """save() tries once, and leaves it to the caller to try again."""

    attempts = 1


@row("race_conflict_after_it_was_stored", "CON-6")
class StoredAll(Steady):
    """save() stores, looks whether somebody else did too, and then says 409."""

    def save(self, db_name, doc_id, doc):
        before = self.store.changes
        answer = super().save(db_name, doc_id, doc)
        if self.store.changes != before + 1:
            raise HTTPException(409, f"{doc_id} was saved by others too")
        return answer


@row("race_database_is_locked", "CON-6")
class Impatient(Steady):
    """save() does not wait for the lock."""

    def save(self, db_name, doc_id, doc):
        if not self.lock.acquire(blocking=False):
            raise HTTPException(503, "the database is locked")
        try:
            return super().save(db_name, doc_id, doc)
        finally:
            self.lock.release()


@row("race_lock_is_an_operational_error", "CON-6", "ERR-1")
class LockedError(Steady):
    """save() waits for the lock for a millisecond, and then lets the library's error escape."""

    def save(self, db_name, doc_id, doc):
        if not self.lock.acquire(timeout=0.001):
            raise sqlite3.OperationalError("database is locked")
        try:
            return super().save(db_name, doc_id, doc)
        finally:
            self.lock.release()


# --- async ---------------------------------------------------------------------------------------


class Looping:
    """A service with coroutine methods, one lock about each."""

    def __init__(self):
        self.inner = Steady()
        self.locked = asyncio.Lock()

    @property
    def created(self):
        return self.inner.created

    async def get(self, db_name, doc_id):
        async with self.locked:
            await asyncio.sleep(0)
            return self.inner.get(db_name, doc_id)

    async def save(self, db_name, doc_id, doc):
        async with self.locked:
            await asyncio.sleep(0)
            return self.inner.save(db_name, doc_id, doc)

    async def delete(self, db_name, doc_id):
        async with self.locked:
            await asyncio.sleep(0)
            self.inner.delete(db_name, doc_id)

    async def list_all(self, db_name):
        async with self.locked:
            return self.inner.list_all(db_name)


@row("task_delete_awaits_between_look_and_act", "CON-3", "CON-1")
class AwaitsBetween(Looping):
    """delete() awaits between looking and taking."""

    async def delete(self, db_name, doc_id):
        self.inner.get(db_name, doc_id)
        await asyncio.sleep(0)
        self.inner.store.kept.pop((db_name, doc_id), None)


@row("task_cache_is_filled_after_the_write", "CON-1")
class AwaitsThenCaches(Looping):
    """get() awaits the store, and then fills the cache that a save() has cleared meanwhile."""

    def __init__(self):
        super().__init__()
        self.cache = {}

    async def get(self, db_name, doc_id):
        if (db_name, doc_id) not in self.cache:
            found = await super().get(db_name, doc_id)
            await asyncio.sleep(0)
            self.cache[db_name, doc_id] = found
        return dict(self.cache[db_name, doc_id])

    async def save(self, db_name, doc_id, doc):
        answer = await super().save(db_name, doc_id, doc)
        self.cache.pop((db_name, doc_id), None)
        return answer

    async def delete(self, db_name, doc_id):
        await super().delete(db_name, doc_id)
        self.cache.pop((db_name, doc_id), None)


@row("worker_delete_looks_then_pops", "CON-3", "CON-1")
class InWorkers(Looping):
    """Each call runs in a thread of the loop, where delete() looks and then takes."""

    def __init__(self):
        super().__init__()
        self.inner = LookThenPop()

    async def get(self, db_name, doc_id):
        return await asyncio.to_thread(self.inner.get, db_name, doc_id)

    async def save(self, db_name, doc_id, doc):
        return await asyncio.to_thread(self.inner.save, db_name, doc_id, doc)

    async def delete(self, db_name, doc_id):
        await asyncio.to_thread(self.inner.delete, db_name, doc_id)

    async def list_all(self, db_name):
        return await asyncio.to_thread(self.inner.list_all, db_name)


# --- right ones ----------------------------------------------------------------------------------


class SteadyWorkers(InWorkers):
    """Each call runs in a thread of the loop, under a lock."""

    def __init__(self):
        super().__init__()
        self.inner = Steady()


class CopyOnWrite(Tables):
    """Readers go without a lock, since a writer replaces the whole table."""

    def put(self, db_name, doc_id, row):
        with self.lock:
            table = dict(self.tables.get(db_name, {}))
            table[doc_id] = row
            self.tables[db_name] = table

    def get(self, db_name, doc_id):
        return self.read(db_name, doc_id)

    def delete(self, db_name, doc_id):
        with self.lock:
            table = dict(self.tables.get(db_name, {}))
            if table.pop(doc_id, None) is None:
                raise missing(db_name, doc_id)
            self.tables[db_name] = table

    def list_all(self, db_name):
        table = self.tables.get(db_name, {})
        return [
            {**json.loads(text), "_id": doc_id, "_rev": rev}
            for doc_id, (rev, text) in table.items()
        ]


class LockPerCollection(Tables):
    """A reentrant lock for each collection, made under another lock."""

    def __init__(self):
        super().__init__()
        self.locks = {}

    def of(self, db_name):
        with self.lock:
            return self.locks.setdefault(db_name, threading.RLock())

    def put(self, db_name, doc_id, row):
        with self.of(db_name):
            if db_name not in self.tables:
                self.tables[db_name] = {}
            self.tables[db_name][doc_id] = row

    def get(self, db_name, doc_id):
        with self.of(db_name):
            return self.read(db_name, doc_id)

    def delete(self, db_name, doc_id):
        with self.of(db_name):
            self.get(db_name, doc_id)
            del self.tables[db_name][doc_id]

    def list_all(self, db_name):
        with self.of(db_name):
            return [self.get(db_name, doc_id) for doc_id in self.tables.get(db_name, {})]


class Sharded(Steady):
    """A lock for each of eight parts of the ids; a list takes them all, in order."""

    def __init__(self):
        super().__init__()
        self.parts = [threading.Lock() for _ in range(8)]

    def part(self, doc_id):
        return self.parts[hash(doc_id) % len(self.parts)]

    def get(self, db_name, doc_id):
        with self.part(doc_id):
            return self.read(db_name, doc_id)

    def save(self, db_name, doc_id, doc):
        text, rev = written(doc), self.revision()
        with self.part(doc_id):
            self.store.kept[db_name, doc_id] = (rev, text)
        return {"id": doc_id, "rev": rev}

    def delete(self, db_name, doc_id):
        with self.part(doc_id):
            self.read(db_name, doc_id)
            del self.store.kept[db_name, doc_id]

    def list_all(self, db_name):
        for part in self.parts:
            part.acquire()
        try:
            return super().list_all(db_name)
        finally:
            for part in reversed(self.parts):
                part.release()


class Slow(Steady):
    """Takes some milliseconds for each call, with the lock in its hand."""

    def revision(self):
        time.sleep(0.003)
        return super().revision()

    def read(self, db_name, doc_id):
        time.sleep(0.001)
        return super().read(db_name, doc_id)


class SqlitePerThread:
    """A SQLite file, and a connection for each thread."""

    folder = tempfile.TemporaryDirectory()

    def __init__(self):
        self.file = str(Path(self.folder.name) / "documents.sqlite")
        self.mine = threading.local()
        with self.connection() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS documents (collection, id, rev INTEGER, text, "
                "PRIMARY KEY (collection, id))"
            )
            connection.execute("CREATE TABLE IF NOT EXISTS counter (changes INTEGER)")

    @property
    def created(self):
        rows = self.connection().execute("SELECT DISTINCT collection FROM documents")
        return {collection for (collection,) in rows}

    def connection(self):
        if not hasattr(self.mine, "connection"):
            self.mine.connection = sqlite3.connect(self.file, timeout=30, isolation_level=None)
            self.mine.connection.execute("PRAGMA synchronous=OFF")
        return self.mine.connection

    def get(self, db_name, doc_id):
        found = self.connection().execute(
            "SELECT rev, text FROM documents WHERE collection = ? AND id = ?", (db_name, doc_id)
        )
        row = found.fetchone()
        if row is None:
            raise missing(db_name, doc_id)
        return {**json.loads(row[1]), "_id": doc_id, "_rev": f"{row[0]}-s"}

    def save(self, db_name, doc_id, doc):
        answer = self.connection().execute(
            "INSERT INTO documents VALUES (?, ?, 1, ?) ON CONFLICT DO UPDATE "
            "SET text = excluded.text, rev = rev + 1 RETURNING rev",
            (db_name, doc_id, written(doc)),
        )
        ((rev,),) = answer.fetchall()
        return {"id": doc_id, "rev": f"{rev}-s"}

    def delete(self, db_name, doc_id):
        done = self.connection().execute(
            "DELETE FROM documents WHERE collection = ? AND id = ?", (db_name, doc_id)
        )
        if not done.rowcount:
            raise missing(db_name, doc_id)

    def list_all(self, db_name):
        rows = self.connection().execute(
            "SELECT id, rev, text FROM documents WHERE collection = ?", (db_name,)
        )
        return [
            {**json.loads(text), "_id": doc_id, "_rev": f"{rev}-s"}
            for doc_id, rev, text in rows.fetchall()
        ]


RIGHT_RACING = (
    Steady,
    Compares,
    CopyOnWrite,
    LockPerCollection,
    Sharded,
    Slow,
    SqlitePerThread,
    Looping,
    SteadyWorkers,
    Shared,
)
