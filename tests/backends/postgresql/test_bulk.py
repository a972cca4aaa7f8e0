"""Many documents per statement in PostgreSQL, and the entries after failures."""

from concurrent.futures import ThreadPoolExecutor

from store_calls import oks, status_of

MANY = [{"_id": f"d{n}", "n": n} for n in range(130)]


def test_a_statement_saves_and_gets_a_hundred(postgresql, monkeypatch):
    postgresql.save("agents", "d7", {"old": True})
    monkeypatch.setattr(postgresql, "save", None)
    entries = postgresql.save_many("agents", MANY)
    found = postgresql.get_many("agents", [doc["_id"] for doc in MANY])
    saved = [{**doc, "_rev": entry["rev"]} for doc, entry in zip(MANY, entries, strict=True)]
    assert [*found.values()] == saved


def test_the_other_documents_of_a_refused_statement_are_saved(postgresql, sql, schema):
    postgresql.save("agents", "d0", {})
    sql(f"ALTER TABLE {schema}.agents ADD CHECK (data->>'n' <> '1')")
    assert oks(postgresql.save_many("agents", MANY[:3])) == [True, False, False]
    assert postgresql.get("agents", "d0")["n"] == 0


def test_a_save_that_a_trigger_undoes_is_no_success(postgresql, sql, schema):
    postgresql.save("agents", "d1", {"n": 0})
    sql(
        f"""
        CREATE FUNCTION {schema}.undo() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN IF new._id = ''d1'' THEN RETURN NULL; END IF; RETURN new; END';
        CREATE TRIGGER undo BEFORE INSERT ON {schema}.agents
        FOR EACH ROW EXECUTE FUNCTION {schema}.undo()"""
    )
    assert oks(postgresql.save_many("agents", MANY[:2])) == [True, False]
    assert status_of(postgresql.save, "agents", "d1", {"n": 2}) == 500
    assert postgresql.get("agents", "d1")["n"] == 0


def test_concurrent_statements_for_the_same_documents_do_not_deadlock(postgresql):
    def save(docs):
        return [oks(postgresql.save_many("agents", docs)) for _ in range(5)]

    with ThreadPoolExecutor(4) as threads:
        found = threads.map(save, (MANY[:40], MANY[39::-1]) * 2)
    assert [*found] == [[[True] * 40] * 5] * 4
