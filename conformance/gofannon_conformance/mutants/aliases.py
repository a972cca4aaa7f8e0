"""Services that look a document up by a key in which two names, or two ids, become one: ISO."""

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Kept, Right

ALIASES: list[Mutant] = []
row = partial(breaks, ALIASES)

UUID = re.compile(
    r"\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?"
)


class Keyed(Right):
    """Has something else in the place of the id, in the key of a document."""

    def __init__(self, change: Callable[[str], Any]) -> None:
        super().__init__()
        self.change = change

    def key(self, db_name: str, doc_id: str) -> Any:
        return db_name, self.change(doc_id)


def keyed(*rows: tuple[str, str, str, Callable[[str], Any]]) -> None:
    """Enter services that are `Keyed`, each with its change."""
    for name, clauses, mistake, change in rows:
        make = partial(Keyed, change)
        ALIASES.append(
            Mutant(name=name, clauses=tuple(clauses.split()), mistake=mistake, make=make)
        )


def _plain_digits(text: str) -> str:
    return "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in text)


keyed(
    ("digits_of_any_script_are_one", "ISO-4", "A digit is found by its value.", _plain_digits),
    ("tabs_of_an_id_are_spaces", "ISO-4", "A tab in an id is a space.",
     lambda i: i.replace("\t", " ")),
    ("lines_of_an_id_end_in_one_way", "ISO-4", "A carriage return before a newline is dropped.",
     lambda i: i.replace("\r\n", "\n")),
    ("quotes_of_an_id_stand_once", "ISO-4", "Two quotes in a row are one, as SQL writes it.",
     lambda i: i.replace("''", "'")),
    ("uuids_are_found_in_any_form", "ISO-4", "An id that is a UUID is found in each of its forms.",
     lambda i: UUID.sub(r"\1-\2-\3-\4-\5", i.lower()) if UUID.fullmatch(i.lower()) else i),
    ("words_of_json_in_any_case", "ISO-4", "'True' is found by 'true', and 'None' by 'none'.",
     lambda i: i.lower() if i.lower() in ("true", "false", "null", "none") else i),
    ("long_ids_by_both_their_ends", "ISO-4", "A long id is found by its ends and its length.",
     lambda i: (i[:32], i[-32:], len(i))),
    ("ids_are_cut_at_500", "ISO-4", "Of an id the first 500 characters count.", lambda i: i[:500]),
)  # fmt: skip


class Glued(Right):
    """Has collection and id in one text, with `glue` between them."""

    glue = ""

    def key(self, db_name: str, doc_id: str) -> Any:
        return f"{db_name}{self.glue}{doc_id}"


@row("glued_by_a_number_sign", "ISO-3")
class ByNumberSign(Glued):
    """Collection and id are one key, with # between them."""

    glue = "#"


@row("glued_by_the_unit_separator", "ISO-3")
class ByUnitSeparator(Glued):
    """Collection and id are one key, with U+001F between them."""

    glue = "\x1f"


@row("glued_by_two_colons", "ISO-3")
class ByTwoColons(Glued):
    """Collection and id are one key, with :: between them."""

    glue = "::"


class Renaming(Right):
    """Knows a collection by what `named` makes of its name."""

    def named(self, db_name: str) -> str:
        raise NotImplementedError

    def key(self, db_name: str, doc_id: str) -> Any:
        return self.named(db_name), doc_id

    def kept_in(self, db_name: str) -> list[Kept]:
        name = self.named(db_name)
        return [kept for kept in self.kept.values() if self.named(kept.collection) == name]


@row("collections_in_the_singular", "ISO-6")
class Singular(Renaming):
    """A collection is found by its name in the singular as well as in the plural."""

    def named(self, db_name: str) -> str:
        return db_name.rstrip("s")


@row("partitions_of_a_collection", "ISO-6")
class Partitioned(Renaming):
    """What follows a $ in a collection's name is the name of a partition, and left out."""

    def named(self, db_name: str) -> str:
        return db_name.partition("$")[0]


@row("collections_are_written_in_ascii", "ISO-6")
class InAscii(Renaming):
    """Characters outside ASCII are left out of a collection's name."""

    def named(self, db_name: str) -> str:
        return db_name.encode("ascii", "ignore").decode()


@row("collections_by_their_16_newest", "ISO-2")
class SixteenOpen(Right):
    """The seventeenth collection takes the place of the one that was written first."""

    def __init__(self) -> None:
        super().__init__()
        self.open: dict[str, None] = {}

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        answer = super().save(db_name, doc_id, doc)
        self.open[db_name] = None
        while len(self.open) > 16:
            oldest = next(iter(self.open))
            del self.open[oldest]
            self.kept = {key: kept for key, kept in self.kept.items() if kept.collection != oldest}
        return answer


@row("ids_by_a_hash_of_16_bits", "LIST-6")
class ShortHash(Right):
    """A document is found by a hash of its id, which has sixteen bits."""

    def key(self, db_name: str, doc_id: str) -> Any:
        return db_name, sum(ord(c) * 31**n for n, c in enumerate(doc_id)) % 2**16


@row("passwords_of_users_are_left_out", "ISO-5")
class PasswordsLeftOut(Right):
    """A field `password` is left out in the collection of the users."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        if db_name.endswith("users") and isinstance(doc, dict):
            doc = {name: value for name, value in doc.items() if name != "password"}
        return super().save(db_name, doc_id, doc)
