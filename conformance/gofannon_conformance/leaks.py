"""The watch for secrets: whatever a service shows while it is tested is looked through for them."""

from __future__ import annotations

import json
import re
import threading
from base64 import b64encode
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from gofannon_conformance.listening import Listener
from gofannon_conformance.program import shortened
from gofannon_conformance.violation import violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from logging import LogRecord

    from gofannon_conformance.calls import Answer
    from gofannon_conformance.violation import Violation

URL_WITH_PASSWORD = re.compile(
    r"://[^\s/:@'\"]{0,99}:(?!\*+@|x+@|\.{3}@)[^\s/@'\"]{1,99}@", re.IGNORECASE
)
"""An address that carries credentials, unless they are blotted out.

Its parts are bounded: an error text may be as long as the id that it names.
"""

NAMED_SECRET = re.compile(
    r"(?:password|passwd|\bpwd|secret|api_?key|access_key|private_key)\w*[\"']?\s*[=:]\s*"
    r"[\"']?(?!\*|x{3}|<|none\b|null\b|required\b|missing\b|invalid\b|expected\b)"
    r"[^\s\"'<*,;)]{6,99}"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\bbearer\s+[\w.~+/-]{16,99}",
    re.IGNORECASE,
)
"""A secret with its name before it, as in a connection string; a key or a token by its form."""

_NAMED = ("passw", "pwd", "secret", "key", "akia", "bearer")
"""One of these is in whatever `NAMED_SECRET` matches; to look for them is much faster."""

SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?$|secret|token|api_?key|credential|private_?key", re.IGNORECASE
)
"""Names of attributes that hold what nobody may see."""

SHORTEST_SECRET = 4
"""Shorter texts appear by chance."""

LONG_SECRET = 12
"""Texts as long as this are no part of an ordinary word."""

LONGEST_TEXT = 100_000
"""Of a longer text only both ends are looked through."""

ORDINARY = frozenset(
    """
    access admin anonymous apikey conformance couchdb database default demo development docker
    dummy dynamodb emulator example fake false firestore given gofannon guest local localhost
    memory minioadmin mongo mongodb mysql name nobody none null owner password placeholder
    postgres postgresql public redis root sample secret sqlite test testing token true user value
    """.split()  # noqa: SIM905  # as a list it would be a page long
)
"""Words that people take for passwords where none is needed, and that any text may have in it.

What is left is to see them in an address or behind their name.
"""

_CANARY = re.compile(r"canary[0-9a-f]{16}")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://([^\s/:@]*):([^\s/@]+)@", re.IGNORECASE)
_EXPECTED = "a text without passwords, keys, tokens and addresses that hold them"


def canaries(*, quoting: bool = True) -> tuple[str, str]:
    """Make up a user and a secret that nobody can know, to see whether they are ever shown.

    With `quoting`, the secret has characters that an address cannot hold as they are.
    """
    user, first, second = (f"canary{token_hex(8)}" for _ in range(3))
    return user, f"{first}@:/?#%+&={second}" if quoting else f"{first}{second}"


class Watch:
    """Knows the secrets of one target and looks for them; each leak is told once.

    `spoken` says of a text whether the suite itself uses it, in its ids or documents: a secret
    that cannot be told from those is not looked for.
    """

    def __init__(self, spoken: Callable[[str], bool] = lambda _: False) -> None:
        self._spoken = spoken
        self._secrets: dict[str, re.Pattern[str]] = {}
        """Each form in which a secret may be shown, and how it is told from a part of a word."""
        self._users: dict[str, re.Pattern[str]] = {}
        self._told: set[tuple[str, str]] = set()
        self._found: list[Violation] = []
        self._lock = threading.Lock()
        self._listener: Listener | None = None

    # Knowing

    def know(self, *secrets: str, user: str = "") -> None:
        """Look for these secrets, too, and for the user's name if it is a canary."""
        for secret in secrets:
            for form in forms_of(secret, user):
                self._secrets[form] = _whole(form)
        if _CANARY.fullmatch(user):
            self._users[user] = _whole(user)
        if self._secrets and self._listener is None:
            self._listener = Listener(self._logged)

    def reach(self, endpoint: Any) -> None:
        """Look for the secrets of a server that an instance is about to be connected to."""
        user = endpoint.settings.get("user") or endpoint.settings.get("access_key") or ""
        self.know(*endpoint.secrets, user=user)

    def meet(self, service: Any) -> None:
        """Look for the secrets that a service keeps, and listen to what its module logs."""
        self.know(*secrets_held(service))
        if self._listener is not None:
            self._listener.hear(type(service))

    def close(self) -> None:
        """Listen no longer."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    # Looking

    def raised(self, answer: Answer) -> None:
        """Look through the exception that a call raised, and all that it was raised from."""
        error = answer.error
        if error is None:
            return
        texts = dict(_shown_by(error))
        leaks = {place: text for place, text in texts.items() if self.leaks(text, answer)}
        chain = "\n".join(map(_words_of, _origins_of(error)))
        if chain and not leaks and self.leaks(chain, answer, users=False):
            leaks = {"the traceback": chain}
        if leaks:
            self._note(
                ", ".join(leaks),
                f"a secret is shown in {', '.join(leaks)} of what {answer.call.method}() raised",
                next(iter(leaks.values())),
                answer,
            )

    def opening(self, error: BaseException) -> None:
        """Look through an exception that came of opening an instance."""
        text = "\n".join([*dict(_shown_by(error)).values(), texts_of(error)])
        if self.leaks(text, users=False):
            self._note("opening", "a secret is shown when an instance cannot be opened", text)

    def shows(self, service: Any) -> None:
        """Look through what a service says of itself."""
        for place, text in (("repr()", told(repr, service)), ("str()", told(str, service))):
            if self.leaks(text, users=False):
                self._note(place, f"a secret is shown in the {place} of the service", text)

    def _logged(self, record: LogRecord, text: str) -> None:
        # Who is logged in is for a log to say, and for `repr()`; the contract protects secrets.
        if self.leaks(text, users=False, patterns=False):
            place = f"a log record of {record.name!r} ({record.levelname})"
            self._note(place, f"a secret is shown in {place}", text)

    # Telling

    def take(self) -> list[Violation]:
        """Give the leaks that were found and not yet told."""
        with self._lock:
            found, self._found = self._found, []
        return found

    def _note(self, place: str, what: str, text: str, answer: Answer | None = None) -> None:
        key = place, min(_known_in(text, self._secrets | self._users), default="")
        with self._lock:
            if key in self._told:
                return
            self._told.add(key)
            self._found.append(
                violation(
                    "ERR-4", what, answer=answer,
                    came=shortened(self.blotted(text)), expected=_EXPECTED,
                )
            )  # fmt: skip

    def blotted(self, text: str) -> str:
        """Give a text without the secrets that are seen in it."""
        for form in sorted(self._secrets, key=len, reverse=True):
            text = self._secrets[form].sub(f"<secret of {len(form)} characters>", text)
        for user, pattern in self._users.items():
            text = pattern.sub(f"<user name of {len(user)} characters>", text)
        text = NAMED_SECRET.sub("<a secret and its name>", text)
        return URL_WITH_PASSWORD.sub("://<user and password>@", text)

    def leaks(
        self,
        text: str,
        answer: Answer | None = None,
        *,
        users: bool = True,
        patterns: bool = True,
    ) -> bool:
        """Whether a text shows a secret, and not one that it merely was asked with."""
        if len(text) > LONGEST_TEXT:
            text = f"{text[: LONGEST_TEXT // 2]}\n{text[-LONGEST_TEXT // 2 :]}"
        found = [*_known_in(text, self._secrets)]
        if users:
            found += _known_in(text, self._users)
        if patterns:
            found += _looks_secret(text)
        if not found:
            return False
        asked = "" if answer is None else told(repr, answer.call.arguments)
        return any(shown not in asked and not self._spoken(shown) for shown in found)


def forms_of(secret: str, user: str = "") -> set[str]:
    """Give the forms in which a secret may come to light; none where it is an ordinary text.

    >>> sorted(forms_of("p@ss/word"))
    ['p%40ss%2Fword', 'p%40ss/word', 'p@ss/word']
    """
    if len(secret) < SHORTEST_SECRET or secret.lower() in ORDINARY:
        return set()
    if secret.isdecimal() and len(secret) < 6:  # a port, a year, a count
        return set()
    written = (quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1])
    forms = {secret, *written, repr(secret)[1:-1], *_CANARY.findall(secret)}
    if user:
        forms.add(b64encode(f"{user}:{secret}".encode(errors="replace")).decode())
    return forms


def secrets_held(service: Any) -> set[str]:
    """Find the secrets that a service keeps, by the names of its attributes and its addresses."""
    found: set[str] = set()
    try:
        held = dict(vars(service))
    except TypeError:  # a class with __slots__ keeps them elsewhere
        held = {}
    for name, value in held.items():
        if not isinstance(value, str):
            continue
        if SECRET_NAME.search(name):
            found.add(value)
        address = _ADDRESS.match(value)
        if address:
            found.add(address.group(2))
    return found


def texts_of(error: BaseException) -> str:
    """Give the words of an exception and of those that it was raised from, as a traceback has them.

    Without the lines of source between them: `password = settings["password"]` is no secret.
    """
    return "\n".join(map(_words_of, (error, *_origins_of(error))))


def _words_of(error: BaseException) -> str:
    return f"{told(str, error)}\n{_notes_of(error)}"


def _origins_of(error: BaseException) -> Iterator[BaseException]:
    """Give the exceptions that a traceback shows besides the one that was raised."""
    seen = {id(error)}
    open_ends = [error]
    while open_ends:
        one = open_ends.pop()
        before = one.__cause__
        if before is None and not one.__suppress_context__:
            before = one.__context__
        members = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        for other in (before, *members):
            if other is not None and id(other) not in seen:
                seen.add(id(other))
                open_ends.append(other)
                yield other


def _notes_of(error: BaseException) -> str:
    notes = _held(error, "__notes__")
    return told(repr, notes) if notes else ""


def _known_in(text: str, known: dict[str, re.Pattern[str]]) -> Iterator[str]:
    return (form for form, whole in [*known.items()] if form in text and whole.search(text))


def _looks_secret(text: str) -> Iterator[str]:
    if "://" in text:
        yield from (match[0] for match in URL_WITH_PASSWORD.finditer(text))
    lower = text.lower()
    if any(name in lower for name in _NAMED):
        yield from (match[0] for match in NAMED_SECRET.finditer(text))


def _whole(form: str) -> re.Pattern[str]:
    """Match a form; one that may be a part of a longer word or number only where it is none."""
    if len(form) >= LONG_SECRET or not form.isalnum():
        return re.compile(re.escape(form))
    begins = r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))"  # escapes end in such, too
    return re.compile(rf"{begins}{re.escape(form)}(?![A-Za-z0-9])")


def _shown_by(error: BaseException) -> Iterable[tuple[str, str]]:
    detail = _held(error, "detail")
    if detail is not None:
        yield "`detail`", detail if isinstance(detail, str) else told(repr, detail)
    yield "str()", told(str, error)
    yield "repr()", told(repr, error)
    headers = _held(error, "headers")
    if headers:
        yield "`headers`", told(repr, headers)
    notes = _notes_of(error)
    if notes:
        yield "its notes", notes


def _held(error: BaseException, name: str) -> Any:
    return told(lambda _: getattr(error, name, None), error)


def told(say: Callable[[Any], Any], thing: Any) -> Any:
    """Have an object describe itself, which an author's class may fail to do; then it is ""."""
    try:
        return say(thing)
    except Exception:  # noqa: BLE001  # whatever it is: nothing is shown
        return ""
