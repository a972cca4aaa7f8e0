"""The watch: what counts as a secret shown, wherever it is shown, and what does not."""

import json
import logging
import threading
from base64 import b64encode
from urllib.parse import quote, quote_plus

import pytest
from fastapi import HTTPException
from given import caller_of, kit_of, workspace_of

from gofannon_conformance.calls.violation import Violations
from gofannon_conformance.secrets.watch import Watch, canaries, forms_of
from gofannon_conformance.servers import Endpoint
from gofannon_conformance.suite.errors import ErrorTests

SECRET = "s3same-0pen"
logger = logging.getLogger("test_leaks_of_an_author")


class Raises:
    """A service whose get() raises what it was made with."""

    def __init__(self, make):
        self.make = make

    def get(self, db_name, doc_id):
        raise self.make()


def leaks_of(make, *secrets, user="", arguments=("c", "a"), spoken=lambda _: False):
    """Return what the watch says of one call that raises."""
    watch = Watch(spoken)
    caller = caller_of(Raises(make), watch=watch)
    watch.know(*secrets, user=user)
    caller.call("get", *arguments)
    watch.close()
    return watch.take()


def raised_from(cause, *, hidden=False):
    try:
        raise cause
    except type(cause) as error:
        try:
            raise HTTPException(503, "down") from (None if hidden else error)
        except HTTPException as made:
            return made


def noted(error, note):
    error.add_note(note)
    return error


class DetailedError(Exception):
    def __init__(self):
        self.detail = {"dsn": f"host=db user=u pw={SECRET}"}


SHOWN = {
    "`detail`": lambda: HTTPException(503, f"cannot log in with {SECRET}"),
    "a detail that is no text": DetailedError,
    "str()": lambda: ValueError(f"cannot log in with {SECRET}"),
    "`headers`": lambda: HTTPException(401, "no", headers={"X-Tried": SECRET}),
    "its notes": lambda: noted(HTTPException(503, "down"), f"tried {SECRET}"),
    "the traceback": lambda: raised_from(ConnectionError(f"login with {SECRET} failed")),
    "a note of its cause": lambda: raised_from(noted(ConnectionError("no"), f"tried {SECRET}")),
    "a member of a group": lambda: ExceptionGroup("both", [ValueError("a"), ValueError(SECRET)]),
}


@pytest.mark.parametrize("place", SHOWN)
def test_secret_is_seen_wherever_an_exception_shows_it(place):
    (leak,) = leaks_of(SHOWN[place], SECRET)
    assert leak.clauses == ("ERR-4",)
    assert SECRET not in f"{leak.what} {leak.came} {leak.program}"
    assert "get('c', 'a')" in leak.called
    assert leak.what.startswith("a secret is shown in ")
    assert place not in ("`detail`", "str()", "`headers`", "the traceback") or place in leak.what


def test_hidden_context_is_not_shown():
    assert leaks_of(lambda: raised_from(ConnectionError(SECRET), hidden=True), SECRET) == []


def test_cause_that_goes_in_a_circle_ends():
    def make():
        first, second = ValueError("a"), ValueError("b")
        first.__cause__, second.__cause__ = second, first
        return first

    assert leaks_of(make, SECRET) == []


FORMS = {
    "quoted": quote,
    "quoted for a query": quote_plus,
    "as JSON": lambda secret: json.dumps(secret)[1:-1],
    "as Python": lambda secret: repr(secret)[1:-1],
    "in a header": lambda secret: b64encode(f"kit:{secret}".encode()).decode(),
}


@pytest.mark.parametrize("written", FORMS.values(), ids=FORMS)
def test_secret_is_seen_in_every_form(written):
    secret = 'p@ss/w"or\\d é'
    assert leaks_of(lambda: HTTPException(503, f"as {written(secret)}!"), secret, user="kit")


@pytest.mark.parametrize(
    "text",
    [
        "redis://kit:whatever1@db.example/0 is down",
        "password=whatever1",
        "{'api_key': 'whatever1'}",
        "AKIAIOSFODNN7EXAMPLE is unknown",
        "Authorization: Bearer abcdefgh.ijklmnop",
    ],
)
def test_what_looks_like_a_secret_is_one_though_nobody_reported_it(text):
    (leak,) = leaks_of(lambda: HTTPException(503, text))
    assert "whatever1" not in leak.came
    assert leaks_of(lambda: raised_from(ValueError(text)))


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("", "redis://kit:***@db.example/0 is down"),
        ("", "password authentication failed"),
        ("", "password: required"),
        ("", "http://127.0.0.1:5984/db/mail:a@b"),
        ("", "a primary key and a secret garden"),
        ("abc", "an abc of errors"),
        ("test", "a test failed"),
        ("Kit-", "no"),
        ("password", "the password is wrong"),
        ("1234", "after 1234 tries"),
        ("swordfish", "swordfishes are extinct"),
        ("hunter2", "port 5hunter21"),
    ],
)
def test_ordinary_text_is_no_secret(secret, text):
    assert leaks_of(lambda: HTTPException(503, text), secret) == []


@pytest.mark.parametrize("around", ["{}", "({})", "u%3A{}%40h", "x\\n{}", "pw={},"])
def test_short_secret_is_seen_where_it_is_a_word(around):
    assert leaks_of(lambda: HTTPException(503, around.format("swordfish")), "swordfish")


def test_source_lines_of_a_traceback_are_no_secrets():
    def make():
        password = {"password": "Unt0ld-secret"}["password"]  # noqa: F841
        return raised_from(ConnectionError("no"))

    assert leaks_of(make, "Unt0ld-secret") == []


def test_what_the_call_was_asked_with_is_no_secret():
    def make():
        return HTTPException(404, f"there is no {SECRET}")

    assert leaks_of(make, SECRET, arguments=("c", f"id-{SECRET}")) == []
    assert leaks_of(make, SECRET, spoken=lambda text: text == SECRET) == []
    workspace = workspace_of()
    workspace.collection().save("the-id", {"the-name": "the-value"})
    spoken = ["gfc_0a1b", "the-id", "the-name", "the-value", SECRET]
    assert list(filter(workspace.ledger.uses, spoken)) == spoken[:-1]


def test_argument_that_cannot_be_reported_hides_no_secret():
    class Mute:
        def __repr__(self):
            raise RuntimeError

    assert leaks_of(SHOWN["`detail`"], SECRET, arguments=("c", Mute()))


@pytest.mark.parametrize("text", [f"{SECRET} {'x' * 200_000}", f"{'x' * 200_000} {SECRET}"])
def test_both_ends_of_a_long_text_are_looked_through(text):
    assert leaks_of(lambda: HTTPException(503, text), SECRET)


def test_exception_that_cannot_describe_itself_is_passed_over():
    class MuteError(Exception):
        @property
        def detail(self):
            raise RuntimeError

        __str__ = __repr__ = lambda self: 1 / 0

    assert leaks_of(MuteError, SECRET) == []


def test_each_leak_is_reported_once():
    caller = caller_of(Raises(SHOWN["`detail`"]))
    caller.opened.watch.know(SECRET)
    for _ in range(3):
        caller.call("get", "c", "a")
    assert len(caller.opened.watch.take()) == 1
    assert caller.opened.watch.take() == []
    caller.opened.watch.close()


# Canaries


@pytest.mark.parametrize("quoting", [True, False])
def test_canaries_are_new_each_time_and_seen_by_halves(quoting):
    user, secret = canaries(quoting=quoting)
    assert {user, secret}.isdisjoint(canaries(quoting=quoting))
    assert user.isalnum()
    assert (quote(secret, safe="") == secret) is not quoting
    for half in (secret[:22], secret[-22:]):
        assert half in forms_of(secret)
        assert leaks_of(lambda half=half: HTTPException(503, f"x{half}"), secret, user=user)


def test_user_is_a_secret_only_as_a_canary_and_only_in_what_the_caller_gets():
    user, secret = canaries()
    assert leaks_of(lambda: HTTPException(401, f"no {user}"), secret, user=user)
    assert leaks_of(lambda: raised_from(ValueError(f"no {user}")), secret, user=user) == []
    assert leaks_of(lambda: HTTPException(401, "no somebody9"), secret, user="somebody9") == []


def test_secrets_of_an_endpoint_are_known():
    user, secret = canaries()
    endpoint = Endpoint(
        product="p", version="", source="s", url="tcp://u:p@h:1", settings={"access_key": "u"}
    ).with_credentials(user, secret)
    watch = Watch()
    watch.reach(endpoint)
    assert watch.leaks(f"no {quote(secret, safe='')}")
    assert watch.leaks(f"no {user}")
    watch.close()


# Services


class Holding:
    def __init__(self, **held):
        vars(self).update(held)

    def __repr__(self):
        return f"Holding({vars(self)})"


class Slotted:
    __slots__ = ("password",)


@pytest.mark.parametrize(
    ("service", "known"),
    [
        (Holding(api_token=SECRET), True),
        (Holding(db_password=SECRET), True),
        (Holding(url=f"couch://kit:{SECRET}@db.example"), True),
        (Holding(name=SECRET, password=5, url="couch://db.example"), False),
        (Slotted(), False),
    ],
)
def test_secret_that_a_service_holds_is_known(service, known):
    watch = Watch()
    watch.meet(service)
    assert bool(watch.leaks(f"no {SECRET}")) is known
    watch.close()


def test_description_of_a_service_and_what_opening_raises_are_looked_through():
    watch = Watch()
    watch.know(SECRET)
    watch.shows(Holding(key=SECRET))
    watch.opening(ValueError("nothing"))
    watch.opening(raised_from(ValueError(SECRET)))
    assert [leak.what for leak in watch.take()] == [
        "a secret is shown in the repr() of the service",
        "a secret is shown in the str() of the service",
        "a secret is shown when an instance cannot be opened",
    ]
    watch.close()


# Logging


class Logs:
    """A service of this module, which logs as it is told."""

    def __init__(self, log):
        self.log = log

    def get(self, db_name, doc_id):
        self.log()
        return {"_id": doc_id}


@pytest.fixture
def watch():
    watch = Watch()
    watch.know(SECRET)
    watch.meet(Logs(None))
    yield watch
    watch.close()


def log_a_failure():
    try:
        raise ValueError(SECRET)
    except ValueError:
        logger.exception("no")


LOGGED = {
    "a message": lambda: logger.warning("as %s", SECRET),
    "at the level of debugging": lambda: logger.debug("as %s", SECRET),
    "of a library": lambda: logging.getLogger("some.library").error("as %s", SECRET),
    "of the root": lambda: logging.getLogger().warning(SECRET),
    "with its exception": log_a_failure,
    "beside the message": lambda: logger.info("no", extra={"dsn": SECRET}),
    "with a message that does not fit": lambda: logger.info(SECRET + " %s %s", 1),  # noqa: G003
    "from another thread": lambda: in_thread(lambda: logger.info(SECRET)),
}


def in_thread(task):
    thread = threading.Thread(target=task)
    thread.start()
    thread.join()


@pytest.mark.parametrize("log", LOGGED.values(), ids=LOGGED)
def test_secret_is_seen_in_what_is_logged(watch, log, monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    log()
    assert {leak.clauses for leak in watch.take()} == {("ERR-4",)}


def test_user_may_be_logged_and_shown_by_the_service(watch):
    user, secret = canaries()
    watch.know(secret, user=user)
    logger.info("connecting as %s", user)
    watch.shows(f"<a service of {user}>")
    assert watch.take() == []


def test_nothing_is_listened_to_where_there_are_no_secrets():
    before = list(logging.getLogger().handlers)
    watch = Watch()
    watch.meet(Logs(None))
    assert logging.getLogger().handlers == before
    assert logger.level == logging.NOTSET
    watch.close()


class Printed(logging.Handler):
    def __init__(self, level=logging.NOTSET):
        super().__init__(level)
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


@pytest.fixture
def printed():
    handler = Printed()
    logger.addHandler(handler)
    yield handler.texts
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


@pytest.mark.parametrize("level", [logging.NOTSET, logging.INFO, logging.DEBUG])
@pytest.mark.parametrize("is_set", ["before", "meanwhile"])
def test_own_level_of_a_logger_decides_what_is_printed_and_is_kept(printed, level, is_set):
    watch = Watch()
    watch.know(SECRET)
    for moment in ("before", "meanwhile"):
        if is_set == moment:
            logger.setLevel(level)
        if moment == "before":
            watch.meet(Logs(None))
    child = logger.getChild("part")
    watch.meet(Logs(None))
    for made_by in (logger, child):
        made_by.debug("debug")
        made_by.info("info")
        made_by.warning("warning")
    watch.close()
    by_level = {logging.NOTSET: 1, logging.INFO: 2, logging.DEBUG: 3}
    assert printed == ["debug", "info", "warning"][-by_level[level] :] * 2
    assert logger.level == level


def test_two_listen_to_one_logger_until_the_last_leaves(watch, printed):
    other = Watch()
    other.know("0ther-secret")
    other.meet(Logs(None))
    other.meet(Logs(None))
    logger.debug("%s 0ther-secret", SECRET)
    assert len(watch.take()) == len(other.take()) == 1
    other.close()
    logger.debug("%s again", SECRET)
    assert logger.filters
    assert printed == []
    watch.close()
    assert not logger.filters
    assert logger.level == logging.NOTSET


def test_record_that_nobody_else_would_print_is_printed_as_ever(watch, monkeypatch):
    last = Printed(logging.WARNING)
    monkeypatch.setattr(logging, "lastResort", last)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [h for h in root.handlers if "conform" in h.__module__])
    logger.warning("printed")
    logger.info("not printed")
    assert last.texts == ["printed"]
    root.addHandler(logging.NullHandler())
    logger.warning("not printed, either")
    monkeypatch.setattr(logging, "lastResort", None)
    assert last.texts == ["printed"]


# In a run


def test_own_test_of_errors_tells_all_that_is_shown():
    class Shows(Holding):
        def get(self, db_name, doc_id):
            raise HTTPException(404, f"no, said {SECRET}")

        delete = save = list_all = get

    kit = kit_of(Shows(password=SECRET), secrets=(SECRET,))
    kit.watch.meet(kit.service)
    with pytest.raises(Violations) as found:
        ErrorTests().test_no_secret_is_shown(kit)
    assert len(found.value.violations) == 3
    kit.watch.close()


LEAKING = """
import logging
from gofannon_backends.memory import MemoryDatabaseService
from fastapi import HTTPException

log = logging.getLogger("leaking")


class Leaks(MemoryDatabaseService):
    seen = False

    def get(self, db_name, doc_id):
        try:
            return super().get(db_name, doc_id)
        except HTTPException as error:
            raise error from ConnectionError("no, with s3same-0pen")


class LeaksAtTheEnd(MemoryDatabaseService):
    def close(self):
        log.debug("closed s3same-0pen")


class Target:
    secrets = ("s3same-0pen",)
    expected_failures = {}
    def __init__(self, make):
        self.connect = make

class Listed(Leaks): ...


leaks, at_the_end = Target(Leaks), Target(LeaksAtTheEnd)
listed = Target(Listed)
listed.expected_failures = {"ERR-4": "known"}
"""


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_leak_fails_the_test_in_which_it_happened_and_the_clause(author, workers):
    author.writes(LEAKING, "leaking.py")
    targets = [f"--conformance=leaking:{name}" for name in ("leaks", "listed", "at_the_end")]
    result = author.pytest(*targets, *workers, clause="GET-3,GET-7")
    assert result.ret == 1
    shown = [
        {clause: told["outcome"] for clause, told in target["clauses"].items()}
        for target in author.report()["targets"]
    ]
    assert [clauses["ERR-4"] for clauses in shown] == ["fail", "expected failure", "fail"]
    assert {clauses["GET-3"] for clauses in shown} == {"pass"}
    (failure,) = author.report()["targets"][0]["clauses"]["ERR-4"]["failures"]
    assert "s3same-0pen" not in json.dumps(author.report())
    assert "test_" in failure["reproduce"]


def test_leak_stops_a_run_that_stops_at_the_first_failure(author):
    author.writes(LEAKING, "leaking.py")
    result = author.pytest("--conformance=leaking:leaks", "-x", clause="GET")
    assert "stopping after 1 failures" in author.output_of(result)


def test_leak_that_is_expected_does_not_fail_the_run(author):
    author.writes(LEAKING, "leaking.py")
    assert author.pytest("--conformance=leaking:listed", clause="GET-3").ret == 0
