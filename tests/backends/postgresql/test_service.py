"""The PostgreSQL backend: documents as SQL sees them, names, created and dropped tables, pages."""

import random
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

import pytest
from store_calls import CALLS, check_names_refused, ids_of, status_of

from gofannon_backends.postgresql import PostgreSQLService, layouts
from gofannon_backends.postgresql import service as module


class TestDocuments:
    def test_are_native_json(self, postgresql, sql, schema):
        rev = postgresql.save("agents", "a1", {"name": "é", "n": [1.0], "_id": "other"})["rev"]
        row = sql(f"SELECT _id, data::text, data->>'name', rev::text FROM {schema}.agents")
        assert row.fetchone() == ("a1", '{"name":"é","n":[1.0]}', "é", rev)

    def test_are_read_by_sql_beside_an_escaped_character(self, postgresql, sql, schema):
        postgresql.save("agents", "a1", {"name": "one", "bad": "\0", "\0": 1})
        assert sql(f"SELECT data->>'name' FROM {schema}.agents").fetchone() == ("one",)

    def test_of_17_mib_round_trip(self, postgresql):
        text = "é" * (9 * 1024 * 1024) + "\0"
        postgresql.save("agents", "large", {"text": text})
        assert postgresql.get("agents", "large")["text"] == text

    def test_keep_the_time_of_their_creation(self, postgresql, sql, schema):
        times = []
        for number in range(2):
            postgresql.save("agents", "a1", {"n": number})
            times.append(sql(f"SELECT created_at, updated_at FROM {schema}.agents").fetchone())
        assert times[0][0] == times[1][0]
        assert times[0][1] < times[1][1]

    def test_that_are_no_objects_are_a_500(self, postgresql, sql, schema):
        postgresql.save("agents", "a1", {})
        sql(f"UPDATE {schema}.agents SET data = '[1]'")
        assert status_of(postgresql.get, "agents", "a1") == 500
        deep = "[" * 5000 + "]" * 5000
        sql(f"UPDATE {schema}.agents SET data = '{{\"deep\": {deep}}}'")
        assert status_of(postgresql.list_all, "agents") == 500


NAMES = ["a", "A", "a_pkey", "primary key", "%s", "%%", 'a"b', "a b", "a.b", "pg_class", "_a",
         "{table}", "\0", "\x10", "é", "e\u0301", "é" * 31, "\ud800",
         "; DROP TABLE a --"]  # fmt: skip


class TestNames:
    def test_an_id_past_the_limit_is_refused_by_all_methods(self, postgresql):
        check_names_refused(postgresql, doc_id="é" * 1301, why="at most 2600 bytes")
        assert postgresql.collections() == set()

    def test_a_random_id_of_the_greatest_length_fits_the_index(self, postgresql):
        doc_id = "".join(chr(0x4E00 + n * 7919 % 20000) for n in range(layouts.ID_BYTES // 3))
        postgresql.save("agents", doc_id, {})
        assert postgresql.get("agents", doc_id)["_id"] == doc_id

    @pytest.mark.parametrize("name", ["x" * 64, "é" * 32, "\0" * 22])
    def test_a_collection_name_past_63_bytes_is_refused(self, postgresql, name):
        check_names_refused(postgresql, name, why="63 bytes")

    def test_every_name_is_a_separate_collection(self, postgresql):
        for name in NAMES:
            assert postgresql.list_all(name) == []
            postgresql.save(name, "id", {"name": name})
        assert postgresql.collections() == set(NAMES)
        for name in NAMES:
            assert [document["name"] for document in postgresql.list_all(name)] == [name]
            postgresql.drop(name)
        assert postgresql.collections() == set()

    def test_a_name_of_an_enumeration_means_its_text(self, postgresql):
        names = StrEnum("Names", {"AGENTS": "agents", "ONE": "a1"})
        assert type(postgresql.save(names.AGENTS, names.ONE, {})["id"]) is str
        assert postgresql.get("agents", "a1") == postgresql.get(names.AGENTS, names.ONE)
        postgresql.delete(names.AGENTS, names.ONE)
        assert postgresql.list_all(names.AGENTS) == []

    def test_a_prefix_separates_the_tables_of_two_services(self, postgresql, open_postgresql):
        prefixed = open_postgresql(table_prefix="%_")
        prefixed.save("agents", "a1", {})
        assert prefixed.collections() == {"agents"}
        assert postgresql.list_all("agents") == []
        assert postgresql.collections() == {"%_agents"}


class TestTables:
    @pytest.fixture
    def foreign(self, sql, schema):
        """A table `other` in the schema that holds no documents."""
        sql(f"CREATE SCHEMA {schema}")
        sql(f"CREATE TABLE {schema}.other (id int PRIMARY KEY)")

    @pytest.mark.usefixtures("foreign")
    def test_of_another_kind_are_refused(self, postgresql):
        for name in ("other", "other_pkey"):
            check_names_refused(postgresql, name)
        assert postgresql.collections() == set()

    @pytest.mark.usefixtures("foreign")
    def test_that_are_missing_can_be_dropped(self, postgresql, sql, schema):
        for name in ("never written", "x" * 64, "other"):
            postgresql.drop(name)
        assert sql(f"SELECT count(*) FROM {schema}.other").fetchone() == (0,)

    def test_are_not_created_by_reading_and_neither_is_the_schema(self, postgresql, sql, schema):
        assert postgresql.list_all("agents") == []
        assert status_of(postgresql.get, "agents", "a1") == 404
        assert status_of(postgresql.delete, "agents", "a1") == 404
        assert sql("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchall() == []

    def test_that_others_dropped_are_created_again(self, postgresql, sql, schema):
        postgresql.save("agents", "a1", {})
        sql(f"DROP TABLE {schema}.agents")
        assert postgresql.list_all("agents") == []
        postgresql.save("agents", "a2", {})
        sql(f"DROP SCHEMA {schema} CASCADE")
        postgresql.save("agents", "a3", {})
        assert ids_of(postgresql.list_all("agents")) == ["a3"]

    def test_are_created_by_concurrent_first_saves(self, postgresql, open_postgresql):
        starts = threading.Barrier(18)
        names = ("one", "two", "three")
        services = (postgresql, open_postgresql())

        def save(number):
            starts.wait()
            for collection in names:
                services[number % 2].save(collection, str(number), {})

        with ThreadPoolExecutor(18) as threads:
            list(threads.map(save, range(18)))
        assert [len(postgresql.list_all(name)) for name in names] == [18] * 3

    def test_that_never_stay_are_a_409(self, postgresql, monkeypatch):
        monkeypatch.setattr(PostgreSQLService, "_create", lambda *_: None)
        assert status_of(CALLS["save"], postgresql) == 409


class TestRoundTrips:
    def test_each_call_is_one(self, proxied, proxy):
        proxied.save("agents", "a1", {"n": 0})
        for call, *args in [
            (proxied.save, "agents", "a1", {"n": 1}),
            (proxied.save, "agents", "a2", {"n": 1}),
            (proxied.get, "agents", "a1"),
            (proxied.list_all, "agents"),
            (proxied.delete, "agents", "a1"),
            (status_of, proxied.get, "agents", "a1"),
            (status_of, proxied.delete, "agents", "a1"),
            (status_of, proxied.get, "no agents", "a1"),
            (proxied.list_all, "no agents"),
        ]:
            with proxy.watching() as round_trips:
                call(*args)
            assert len(round_trips) == 1
        assert proxy.connections == 1

    def test_a_new_collection_costs_its_first_save_two_more(self, proxied, proxy):
        proxied.save("agents", "a1", {})
        with proxy.watching() as round_trips:
            proxied.save("users", "u1", {})
        assert len(round_trips) == 3

    @pytest.mark.usefixtures("old")
    def test_the_layout_of_an_old_table_is_looked_up_once(self, proxied, proxy):
        proxied.save("agents", "a1", {})
        with proxy.watching() as round_trips:
            proxied.save("agents", "a1", {})
            proxied.get("agents", "a1")
        assert len(round_trips) == 2


class TestPages:
    @pytest.fixture
    def ten_rows(self, monkeypatch):
        """Pages of ten rows."""
        monkeypatch.setattr(module, "_PAGE_ROWS", 10)

    @pytest.fixture
    def listing(self, postgresql, ten_rows):
        """A listing of 25 documents `000` to `024`, in its first page."""
        postgresql.save_many("agents", [{"_id": f"{number:03}"} for number in range(25)])
        documents = postgresql.iter_all("agents")
        assert next(documents)["_id"] == "000"
        return documents

    @pytest.mark.parametrize(("count", "pages"), [(25, 3), (10, 2)])  # the last of 10 is empty
    @pytest.mark.usefixtures("ten_rows")
    def test_end_with_the_first_that_is_not_full(self, proxied, proxy, count, pages):
        proxied.save_many("agents", [{"_id": f"{number}"} for number in range(count)])
        with proxy.watching() as round_trips:
            assert len(set(ids_of(proxied.list_all("agents")))) == count
        assert len(round_trips) == pages

    def test_of_large_documents_are_short(self, proxied, proxy):
        texts = [random.Random(n).randbytes(512 * 1024).hex() for n in range(6)]
        proxied.save_many("agents", [{"_id": f"{n}", "text": text} for n, text in enumerate(texts)])
        with proxy.watching() as round_trips:
            assert [document["text"] for document in proxied.list_all("agents")] == texts
        assert len(round_trips) > 1

    def test_are_not_shifted_by_writes_between_them(self, postgresql, listing):
        postgresql.delete("agents", "005")  # of the page that is being read
        postgresql.delete("agents", "024")
        postgresql.save("agents", "0005", {})  # before the pages still to come
        assert ids_of(listing) == [f"{number:03}" for number in range(1, 24)]

    def test_end_when_the_collection_is_dropped(self, postgresql, listing):
        postgresql.drop("agents")
        assert ids_of(listing) == [f"{number:03}" for number in range(1, 10)]

    def test_hold_no_connection(self, open_postgresql):
        service = open_postgresql(pool_size=1)
        service.save("agents", "a1", {})
        documents = service.iter_all("agents")
        next(documents)
        service.save("agents", "a2", {})
        documents.close()


class TestConstruction:
    @pytest.mark.parametrize("wrong", ["postgresql://u:s3cret@[x/d", "password=s3cret nonsense"])
    def test_an_invalid_connection_string_is_not_repeated(self, wrong):
        with pytest.raises(ValueError, match="libpq URI") as caught:
            PostgreSQLService(wrong)
        assert "s3cret" not in "".join(traceback.format_exception(caught.value))

    def test_the_representation_shows_the_server_and_no_password(self):
        service = PostgreSQLService("postgresql://u:s3cret@db.example:5433/gofannon")
        assert repr(service) == (
            "PostgreSQLService(host='db.example', port='5433', dbname='gofannon', schema='public')"
        )

    @pytest.mark.parametrize(
        "options", [{"schema": ""}, {"schema": "é" * 32}, {"table_prefix": "x" * 63}]
    )
    def test_invalid_names_are_refused(self, options):
        with pytest.raises(ValueError, match="63 bytes"):
            PostgreSQLService("dbname=d", **options)
