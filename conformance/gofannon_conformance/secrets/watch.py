"""The watch for secrets: it searches what a service raises, logs and shows for them."""

from __future__ import annotations

import json
import re
import threading
from base64 import b64encode
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from gofannon_conformance.calls.violation import violation
from gofannon_conformance.secrets.logs import LogListener
from gofannon_conformance.values.exceptions import (
    attribute_of,
    causes_of,
    described,
    message_of,
    notes_of,
    texts_of,
)
from gofannon_conformance.values.source import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from logging import LogRecord

    from gofannon_conformance.calls.values import Answer
    from gofannon_conformance.calls.violation import Violation

URL_WITH_PASSWORD = re.compile(
    r"://[^\s/:@'\"]{0,99}:(?!\*+@|x+@|\.{3}@)[^\s/@'\"]{1,99}@", re.IGNORECASE
)
"""An address with credentials that are not masked.

Its parts are bounded: an error text may be as long as the id in it.
"""

NAMED_SECRET = re.compile(
    r"(?:password|passwd|\bpwd|secret|api_?key|access_key|private_key)\w*[\"']?\s*[=:]\s*"
    r"[\"']?(?!\*|x{3}|<|none\b|null\b|required\b|missing\b|invalid\b|expected\b)"
    r"[^\s\"'<*,;)]{6,99}"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\bbearer\s+[\w.~+/-]{16,99}",
    re.IGNORECASE,
)
"""A secret after its name, as in a connection string; a key or a token by its form."""

_NAMED = ("passw", "pwd", "secret", "key", "akia", "bearer")
"""Each match of `NAMED_SECRET` contains one of these; searching for them is much faster."""

SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?$|secret|token|api_?key|credential|private_?key", re.IGNORECASE
)
"""Names of attributes that hold secrets."""

SHORTEST_SECRET = 4
"""Shorter texts appear by chance."""

LONG_SECRET = 12
"""Texts of at least this length are no part of an ordinary word."""

LONGEST_TEXT = 100_000
"""Of a longer text only both ends are searched."""

ORDINARY = frozenset(
    """
    access admin anonymous apikey conformance couchdb database default demo development docker
    dummy dynamodb emulator example fake false firestore given gofannon guest local localhost
    memory minioadmin mongo mongodb mysql name nobody none null owner password placeholder
    postgres postgresql public redis root sample secret sqlite test testing token true user value
    """.split()  # noqa: SIM905  # as a list it would be a page long
)
"""Words that serve as passwords where none is needed, and that any text may contain.

They are found only in an address or after their name.
"""

_CANARY = re.compile(r"canary[0-9a-f]{16}")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://([^\s/:@]*):([^\s/@]+)@", re.IGNORECASE)
_EXPECTED = "a text without passwords, keys, tokens and addresses that hold them"


def canaries(*, quoting: bool = True) -> tuple[str, str]:
    """Return a new user name and a new secret, to see whether they are ever shown.

    With `quoting`, the secret has characters that must be escaped in an address.
    """
    user, first, second = (f"canary{token_hex(8)}" for _ in range(3))
    return user, f"{first}@:/?#%+&={second}" if quoting else f"{first}{second}"


class Watch:
    """Knows the secrets of one target and searches for them; each leak is reported once.

    `spoken` returns whether the suite itself uses a text, in its ids or documents: a secret that
    looks like one of those is not reported.
    """

    def __init__(self, spoken: Callable[[str], bool] = lambda _: False) -> None:
        self._spoken = spoken
        self._secrets: dict[str, re.Pattern[str]] = {}
        """Each form in which a secret may be shown, with a pattern for the whole word."""
        self._users: dict[str, re.Pattern[str]] = {}
        self._reported: set[tuple[str, str]] = set()
        self._found: list[Violation] = []
        self._lock = threading.Lock()
        self._listener: LogListener | None = None

    # Secrets

    def know(self, *secrets: str, user: str = "") -> None:
        """Add secrets, and the user's name if it is a canary."""
        for secret in secrets:
            for form in forms_of(secret, user):
                self._secrets[form] = _whole(form)
        if _CANARY.fullmatch(user):
            self._users[user] = _whole(user)
        if self._secrets and self._listener is None:
            self._listener = LogListener(self._logged)
            self._listener.start()

    def reach(self, endpoint: Any) -> None:
        """Add the secrets of a server, before an instance is connected to it."""
        user = endpoint.settings.get("user") or endpoint.settings.get("access_key") or ""
        self.know(*endpoint.secrets, user=user)

    def meet(self, service: Any) -> None:
        """Add the secrets that a service keeps, and listen to what its module logs."""
        self.know(*secretsattribute_of(service))
        if self._listener is not None:
            self._listener.hear(type(service))

    def close(self) -> None:
        """Stop listening to logs."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    # Searches

    def raised(self, answer: Answer) -> None:
        """Search the exception that a call raised, and its causes."""
        error = answer.error
        if error is None:
            return
        texts = dict(_shown_by(error))
        leaks = {place: text for place, text in texts.items() if self.leaks(text, answer)}
        chain = "\n".join(map(message_of, causes_of(error)))
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
        """Search an exception that was raised while an instance was opened."""
        text = "\n".join([*dict(_shown_by(error)).values(), texts_of(error)])
        if self.leaks(text, users=False):
            self._note("opening", "a secret is shown when an instance cannot be opened", text)

    def shows(self, service: Any) -> None:
        """Search the `repr()` and the `str()` of a service."""
        for place, text in (
            ("repr()", described(repr, service)),
            ("str()", described(str, service)),
        ):
            if self.leaks(text, users=False):
                self._note(place, f"a secret is shown in the {place} of the service", text)

    def _logged(self, record: LogRecord, text: str) -> None:
        # A log and a `repr()` may name the user; the contract protects secrets only.
        if self.leaks(text, users=False, patterns=False):
            place = f"a log record of {record.name!r} ({record.levelname})"
            self._note(place, f"a secret is shown in {place}", text)

    # Leaks

    def take(self) -> list[Violation]:
        """Return the leaks that were found and not yet reported."""
        with self._lock:
            found, self._found = self._found, []
        return found

    def _note(self, place: str, what: str, text: str, answer: Answer | None = None) -> None:
        key = place, min(_known_in(text, self._secrets | self._users), default="")
        with self._lock:
            if key in self._reported:
                return
            self._reported.add(key)
            self._found.append(
                violation(
                    "ERR-4", what, answer=answer,
                    came=shortened(self.redacted(text)), expected=_EXPECTED,
                )
            )  # fmt: skip

    def redacted(self, text: str) -> str:
        """Return a text without the secrets in it."""
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
        """Return whether a text shows a secret that is not among the arguments of the call."""
        if len(text) > LONGEST_TEXT:
            text = f"{text[: LONGEST_TEXT // 2]}\n{text[-LONGEST_TEXT // 2 :]}"
        found = [*_known_in(text, self._secrets)]
        if users:
            found += _known_in(text, self._users)
        if patterns:
            found += _looks_secret(text)
        if not found:
            return False
        asked = "" if answer is None else described(repr, answer.call.arguments)
        return any(shown not in asked and not self._spoken(shown) for shown in found)


def forms_of(secret: str, user: str = "") -> set[str]:
    """Return the forms in which a secret may be shown; none if it is an ordinary text.

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


def secretsattribute_of(service: Any) -> set[str]:
    """Return the secrets that a service keeps, by its attributes' names and its addresses."""
    found: set[str] = set()
    try:
        held = dict(vars(service))
    except TypeError:  # a class with __slots__
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


def _known_in(text: str, known: dict[str, re.Pattern[str]]) -> Iterator[str]:
    return (form for form, whole in [*known.items()] if form in text and whole.search(text))


def _looks_secret(text: str) -> Iterator[str]:
    if "://" in text:
        yield from (match[0] for match in URL_WITH_PASSWORD.finditer(text))
    lower = text.lower()
    if any(name in lower for name in _NAMED):
        yield from (match[0] for match in NAMED_SECRET.finditer(text))


def _whole(form: str) -> re.Pattern[str]:
    """Return a pattern for a form; a short one matches only as a whole word or number."""
    if len(form) >= LONG_SECRET or not form.isalnum():
        return re.compile(re.escape(form))
    begins = r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))"  # escapes may end in these
    return re.compile(rf"{begins}{re.escape(form)}(?![A-Za-z0-9])")


def _shown_by(error: BaseException) -> Iterable[tuple[str, str]]:
    detail = attribute_of(error, "detail")
    if detail is not None:
        yield "`detail`", detail if isinstance(detail, str) else described(repr, detail)
    yield "str()", described(str, error)
    yield "repr()", described(repr, error)
    headers = attribute_of(error, "headers")
    if headers:
        yield "`headers`", described(repr, headers)
    notes = notes_of(error)
    if notes:
        yield "its notes", notes
