"""ERR: what a caller meets when something is wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gofannon_conformance.suite import expect
from gofannon_conformance.suite.base import ContractTests, clause
from gofannon_conformance.suite.unstorable import Opaque
from gofannon_conformance.violation import violation

if TYPE_CHECKING:
    from gofannon_conformance.calls import Answer
    from gofannon_conformance.suite.kit import Kit
    from gofannon_conformance.workspace import Collection

URL_WITH_PASSWORD = re.compile(
    r"://[^\s/:@'\"]{0,99}:(?!\*+@|x+@|\.{3}@)[^\s/@'\"]{1,99}@", re.IGNORECASE
)
"""An address that carries credentials, unless they are blotted out.

Its parts are bounded: an error text may be as long as the id that it names.
"""

NAMED_SECRET = re.compile(
    r"(?:password|passwd|\bpwd|secret|api_?key|access_key|private_key)\w*[\"']?\s*[=:]\s*"
    r"[\"']?(?!\*|x{3}|<|none\b|null\b)[^\s\"'<*,;)]{6,99}"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\bbearer\s+[\w.~+/-]{16,99}",
    re.IGNORECASE,
)
"""A secret with its name before it, as in a connection string; a key or a token by its form."""

SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?$|secret|token|api_?key|credential|private_?key", re.IGNORECASE
)
"""Names of attributes that hold what nobody may see."""

SHORTEST_SECRET = 4
"""Shorter texts appear by chance."""


class ErrorTests(ContractTests):
    """Every error is an `HTTPException` with the right status, useful words and no secret."""

    @clause("ERR-1", "ERR-2")
    def test_missing_documents_are_404(self, kit: Kit) -> None:
        collection = kit.collection()
        expect.saved(collection.save("somebody", {"n": 1}))
        with kit.cases() as cases:
            with cases.case("get"):
                expect.missing(collection.get("nobody"), "ERR-2")
            if kit.dialect == "interface":
                with cases.case("delete"):
                    expect.missing(collection.delete("nobody"), "ERR-2")

    @clause("ERR-1", "ERR-2")
    def test_mistakes_of_the_caller_are_4xx(self, kit: Kit) -> None:
        collection = kit.collection()
        with kit.cases() as cases:
            for label, doc_id, doc in (
                ("an empty id", "", {"n": 1}),
                ("a value that JSON cannot hold", "a", {"value": Opaque("o")}),
                ("a set", "a", {"value": {1}}),
                ("a key that is no text", "a", {"o": {("a",): 1}}),
            ):
                with cases.case(label):
                    answer = collection.save(doc_id, doc)
                    if answer.returned and doc_id:
                        continue  # SAVE-11 lets a store take it, if it gives the same back
                    expect.refused(answer, "ERR-2", label)

    @clause("ERR-3")
    def test_detail_says_what_was_not_found(self, kit: Kit) -> None:
        with kit.cases() as cases:
            for collection, doc_id in (
                (kit.collection(), "nobody-in-particular"),
                (kit.collection(), "somebody-else"),
            ):
                expect.saved(collection.save("somebody", {"n": 1}))
                with cases.case(f"get() of {doc_id}"):
                    answer = collection.get(doc_id)
                    expect.missing(answer, "ERR-2")
                    _check_detail(answer, collection, doc_id)
                if kit.dialect == "interface":
                    with cases.case(f"delete() of {doc_id}"):
                        answer = collection.delete(doc_id)
                        expect.missing(answer, "ERR-2")
                        _check_detail(answer, collection, doc_id)

    @clause("ERR-4")
    def test_no_secret_is_shown(self, kit: Kit) -> None:
        collection = kit.collection()
        secrets = {*kit.secrets, *_secrets_held(kit.service)}
        texts = {
            "repr() of the service": repr(kit.service),
            "str() of the service": str(kit.service),
        }
        for label, answer in _errors(collection):
            if answer.error is None:
                continue
            texts[f"detail of {label}"] = answer.detail
            texts[f"str() of {label}"] = str(answer.error)
            texts[f"repr() of {label}"] = repr(answer.error)
        for label, text in texts.items():
            shown = [s for s in secrets if len(s) >= SHORTEST_SECRET and s in text]
            if shown or URL_WITH_PASSWORD.search(text) or NAMED_SECRET.search(text):
                raise violation(
                    "ERR-4",
                    f"a secret is shown in the {label}",
                    came=_blotted(text, secrets),
                    expected="a text without passwords, keys, tokens and addresses that hold them",
                )


def _check_detail(answer: Answer, collection: Collection, doc_id: str) -> None:
    detail = getattr(answer.error, "detail", None)
    if not isinstance(detail, str) or not detail.strip():
        raise violation(
            "ERR-3", "`detail` must be text that a person can act on", answer=answer,
            expected="a text that names the collection or the id",
        )  # fmt: skip
    if doc_id not in detail and collection.name not in detail:
        raise violation(
            "ERR-3",
            "`detail` names neither the collection nor the id",
            answer=answer,
            expected=f"a text with {doc_id!r} or {collection.name!r} in it",
        )


def _errors(collection: Collection) -> list[tuple[str, Answer]]:
    return [
        ("a missing document", collection.get("nobody")),
        ("a missing document to delete", collection.delete("nobody")),
        ("an empty id", collection.save("", {"n": 1})),
        ("an id that is no text", collection.get(5)),
        ("a document that is none", collection.save("a", None)),
        ("a value that JSON cannot hold", collection.save("a", {"value": Opaque("o")})),
        ("an id that is too long", collection.get("i" * 100_000)),
    ]


def _secrets_held(service: Any) -> set[str]:
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
        address = re.match(r"[a-z][a-z0-9+.-]*://[^\s/:@]*:([^\s/@]+)@", value, re.IGNORECASE)
        if address:
            found.add(address.group(1))
    return found


def _blotted(text: str, secrets: set[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, f"<secret of {len(secret)} characters>")
    text = NAMED_SECRET.sub("<a secret and its name>", text)
    return URL_WITH_PASSWORD.sub("<address with a password>@", text)
