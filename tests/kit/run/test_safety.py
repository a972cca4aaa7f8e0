"""What a run leaves behind, and what it never touches."""

import json

import pytest
from authors import collections_kept, documents_kept

PLAIN = "API,GET,SAVE,DEL,LIST,ISO,ID,DOC,SCH,ERR"


FAILS = "def failing():\n    yield Interrupted()\n    raise RuntimeError('cannot let go')\n"


@pytest.mark.parametrize("store", ["failing", "Terminated"])
def test_interrupted_run_leaves_no_document_and_says_so(author, store):
    author.writes(f"from stores import Interrupted, Terminated\n{FAILS}", "target.py")
    result = author.run(f"target.py:{store}", report=True, apart=True)
    assert result.ret == 2
    assert documents_kept(author.folder) == []
    assert author.report()["interrupted"] is True
    assert {"not tested", "pass"} <= set(author.outcomes().values())
    assert "Interrupted: the report is incomplete." in author.output_of(result)
    assert f"{store}: not conformant (" in author.output_of(result)
    assert ("cannot let go" in author.output_of(result)) is (store == "failing")
    assert "Traceback" not in result.stderr.str()


def test_interrupted_subclass_leaves_no_document(author):
    author.subclasses("Interrupted")
    author.pytest(clause="GET,SAVE", apart=True)
    assert documents_kept(author.folder) == []
    assert author.report()["interrupted"] is True


def test_whole_run_uses_few_collections_of_its_own_and_empties_them(author):
    # CON has the most trials, and takes what the others have left.
    result = author.run("stores.py:OnFiles", clause=f"{PLAIN},CON-2,DUR,FIND,IDX,BULK")
    assert result.ret == 0
    assert documents_kept(author.folder) == []
    used = collections_kept(author.folder)
    assert 10 < len(used) <= 40
    prefix = {name[:10].lower() for name in used}
    assert len(prefix) == 1
    assert prefix.pop().startswith("gfc_")


def test_real_names_are_used_on_a_disposable_target_and_emptied(author):
    author.subclasses("OnFiles", "    disposable = True\n")
    author.pytest(clause="ISO-5,SCH-1")
    assert {"agents", "agent_data_store"} <= collections_kept(author.folder)
    assert documents_kept(author.folder) == []


def test_real_name_that_holds_documents_stops_the_run(author):
    author.subclasses(
        "OnFiles",
        "    disposable = True\n    def connect(self):\n"
        "        service = OnFiles()\n"
        "        service.save('agents', 'precious', {'n': 1})\n"
        "        service.save = self.save\n"
        "        return service\n"
        "    def save(self, name, doc_id, doc):\n"
        "        assert name != 'agents'\n"
        "        return {'id': doc_id, 'rev': '1'}\n",
    )
    result = author.pytest(clause="ISO-5,SCH")
    assert result.ret == 2
    assert len(documents_kept(author.folder)) == 1
    result.stdout.fnmatch_lines(["*'agents' already holds 1 document(s)*the run stops here*"])
    assert "pass" not in author.outcomes().values()


def test_service_deaf_to_the_collections_name_is_not_written_to(author):
    result = author.run("stores.py:Deaf", clause="GET,SAVE,DEL,LIST", report=True)
    assert result.ret == 1
    assert "written to" not in result.stdout.str()
    assert "deleted from" not in result.stdout.str()
    assert author.outcomes()["LIST-3"] == "fail"
    assert author.outcomes()["GET-1"] == "not tested"
    assert "already shows 1 document(s); nothing was written" in json.dumps(author.clauses())


def test_command_leaves_nothing_in_the_folder(author):
    before = {file.name for file in author.folder.iterdir()}
    author.run("stores.py:ForgetsNone", clause="GET-1,DOC-5", apart=True)
    after = {file.name for file in author.folder.iterdir()}
    assert after - before <= {"__pycache__", "stdout", "stderr"}
