"""Services that confuse collections and ids: ISO."""

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.right import Kept, Right

NAMES: list[Mutant] = []
row = partial(breaks, NAMES)


def keyed(name: str, mistake: str, clauses: str, key: Callable[[str, str], Any]) -> None:
    """Enter a service that finds its documents by another key than (collection, id)."""

    class Keyed(Right):
        __doc__ = mistake

        def key(self, db_name: str, doc_id: str) -> Any:
            return key(db_name, doc_id)

    row(name, *clauses.split())(Keyed)


def named(name: str, mistake: str, clauses: str, change: Callable[[str], str]) -> None:
    """Enter a service that changes the names of collections."""

    class Named(Right):
        __doc__ = mistake

        def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
            return super().get(change(db_name), doc_id)

        def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
            return super().save(change(db_name), doc_id, doc)

        def delete(self, db_name: str, doc_id: str) -> None:
            super().delete(change(db_name), doc_id)

        def list_all(self, db_name: str) -> list[dict[str, Any]]:
            return super().list_all(change(db_name))

    row(name, *clauses.split())(Named)


UUID = re.compile(
    r"\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?"
)


def plain_digits(text: str) -> str:
    """Put the digits of ASCII in the place of those of other scripts."""
    return "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in text)


for name, mistake, clauses, key in (
    ("ids_of_all_collections_are_one", "The collection is no part of the key.", "ISO-1 ISO-2",
     lambda c, i: i),
    ("key_joined_by_a_colon", "The key is f'{collection}:{id}'.", "ISO-3",
     lambda c, i: f"{c}:{i}"),
    ("key_joined_by_nothing", "The key is collection + id.", "ISO-3", lambda c, i: c + str(i)),
    ("key_joined_by_a_slash", "The key is f'{collection}/{id}'.", "ISO-3",
     lambda c, i: f"{c}/{i}"),
    ("key_joined_by_a_nul", "The key is collection, NUL and id.", "ISO-3",
     lambda c, i: f"{c}\x00{i}"),
    ("digits_of_any_script_are_one", "A digit is found by its value.", "ISO-4",
     lambda c, i: (c, plain_digits(i))),
    ("tabs_of_an_id_are_spaces", "A tab in an id is a space.", "ISO-4",
     lambda c, i: (c, i.replace("\t", " "))),
    ("lines_of_an_id_end_in_one_way", "A carriage return before a newline is dropped.", "ISO-4",
     lambda c, i: (c, i.replace("\r\n", "\n"))),
    ("quotes_of_an_id_stand_once", "Two quotes in a row are one, as SQL writes it.", "ISO-4",
     lambda c, i: (c, i.replace("''", "'"))),
    ("uuids_are_found_in_any_form", "An id that is a UUID is found in each of its forms.", "ISO-4",
     lambda c, i: (c, UUID.sub(r"\1-\2-\3-\4-\5", i.lower()) if UUID.fullmatch(i.lower()) else i)),
    ("words_of_json_in_any_case", "'True' is found by 'true', and 'None' by 'none'.", "ISO-4",
     lambda c, i: (c, i.lower() if i.lower() in ("true", "false", "null", "none") else i)),
    ("long_ids_by_both_their_ends", "A long id is found by its ends and its length.", "ISO-4",
     lambda c, i: (c, i[:32], i[-32:], len(i))),
    ("ids_cut_at_500", "Ids count to their 500th character.", "ISO-4", lambda c, i: (c, i[:500])),
    ("ids_by_a_hash_of_16_bits", "An id is found by its hash of sixteen bits.", "LIST-6",
     lambda c, i: (c, sum(ord(sign) * 31**n for n, sign in enumerate(i)) % 2**16)),
    ("key_joined_by_a_number_sign", "The key is f'{collection}#{id}'.", "ISO-3",
     lambda c, i: f"{c}#{i}"),
    ("key_joined_by_two_colons", "The key is f'{collection}::{id}'.", "ISO-3",
     lambda c, i: f"{c}::{i}"),
    ("key_joined_by_a_unit_separator", "The key is collection, U+001F and id.", "ISO-3",
     lambda c, i: f"{c}\x1f{i}"),
    ("key_in_no_order", "The key is the set of collection and id.", "ISO-3",
     lambda c, i: frozenset((c, i))),
    ("ids_lower_cased", "Ids are compared without case.", "ISO-4 DEL-5",
     lambda c, i: (c, i.lower())),
    ("ids_in_form_c", "Ids are brought to Unicode's form C.", "ISO-4",
     lambda c, i: (c, unicodedata.normalize("NFC", i))),
    ("ids_in_form_kc", "Ids are brought to Unicode's form KC.", "ISO-4",
     lambda c, i: (c, unicodedata.normalize("NFKC", i))),
    ("trailing_spaces_of_ids_ignored", "Trailing spaces of an id do not count.", "ISO-4",
     lambda c, i: (c, i.rstrip(" "))),
    ("ids_of_digits_are_numbers", "Ids are numbers where they look like one.", "ISO-4",
     lambda c, i: (c, int(i) if i.isdecimal() else i)),
    ("ids_cut_at_128", "Ids count to their 128th character.", "ISO-4",
     lambda c, i: (c, i[:128])),
    ("ids_cut_at_255_bytes", "Ids count to their 255th byte.", "ISO-4",
     lambda c, i: (c, i.encode("utf-8", "surrogatepass")[:255])),
    ("ids_end_at_nul", "Ids end at U+0000.", "ISO-4", lambda c, i: (c, i.split("\x00")[0])),
    ("ids_percent_decoded", "Percent-encoding in an id is decoded.", "ISO-4",
     lambda c, i: (c, unquote(i))),
    ("separators_of_ids_are_underscores", "Slashes and colons of ids become underscores.", "ISO-4",
     lambda c, i: (c, i.replace("/", "_").replace(":", "_"))),
):  # fmt: skip
    keyed(name, mistake, clauses, key)

for name, mistake, clauses, change in (
    ("collections_lower_cased", "Names of collections are folded to lower case.", "ISO-6",
     str.lower),
    ("collections_in_form_c", "Names of collections are brought to form C.", "ISO-6",
     lambda c: unicodedata.normalize("NFC", c)),
    ("dashes_of_collections_are_underscores", "A dash in a collection's name is an underscore.",
     "ISO-6", lambda c: c.replace("-", "_")),
    ("collections_in_the_singular", "A collection's name is brought to the singular.", "ISO-6",
     lambda c: c.rstrip("s")),
    ("partitions_of_a_collection", "What follows a $ in a collection's name is left out.", "ISO-6",
     lambda c: c.partition("$")[0]),
    ("collections_are_written_in_ascii", "Signs outside ASCII are left out of a collection's name.",
     "ISO-6", lambda c: c.encode("ascii", "ignore").decode()),
    ("collections_cut_at_63", "Names of collections are cut at 63 characters.", "ISO-6",
     lambda c: c[:63]),
    ("collections_cut_at_255", "Names of collections are cut at 255 characters.", "ISO-6",
     lambda c: c[:255]),
    ("demos_are_in_agents", "The collection `demos` is kept in the one of `agents`.", "ISO-5",
     lambda c: c.replace("demos", "agents")),
):  # fmt: skip
    named(name, mistake, clauses, change)


@row("delete_in_every_collection", "ISO-2")
class DeleteEverywhere(Right):
    """delete() deletes the id in every collection."""

    def delete(self, db_name: str, doc_id: str) -> None:
        super().delete(db_name, doc_id)
        for kept in list(self.kept.values()):
            if kept.doc_id == doc_id:
                del self.kept[kept.collection, doc_id]


@row("listing_of_names_that_begin_so", "ISO-3")
class ListByPrefix(Right):
    """list_all() shows the collections too whose names begin with its own."""

    def kept_in(self, db_name: str) -> list[Kept]:
        return [kept for kept in self.kept.values() if kept.collection.startswith(db_name)]


@row("missing_looked_for_in_other_collections", "ISO-2")
class FoundElsewhere(Right):
    """get() looks into the other collections where its own has no such id."""

    def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
        self.check_id(doc_id)
        places = [db_name, *sorted(self.created)]
        place = next((p for p in places if (p, doc_id) in self.kept), db_name)
        return super().get(place, doc_id)


@row("six_collections_only", "ISO-5")
class SixOnly(Right):
    """Writing to `agent_data_store` is refused."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        if db_name.endswith("agent_data_store"):
            raise HTTPException(404, f"there is no collection {db_name}")
        return super().save(db_name, doc_id, doc)


@row("seventh_collection_under_its_real_name", "ISO-5", disposable=True)
class SixRealOnly(SixOnly):
    """Listing the application's `agent_data_store` is refused."""

    def list_all(self, db_name: str) -> list[dict[str, Any]]:
        if db_name == "agent_data_store":
            raise HTTPException(404, f"there is no collection {db_name}")
        return super().list_all(db_name)


@row("odd_collection_is_500", "ISO-6")
class OddIs500(Right):
    """A quote in a collection's name is a server error."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        if "'" in db_name:
            raise HTTPException(500, "unrecognized token")
        return super().save(db_name, doc_id, doc)


@row("odd_collection_lists_as_another", "ISO-6")
class OddListed(Right):
    """A NUL ends a collection's name when it is listed."""

    def kept_in(self, db_name: str) -> list[Kept]:
        return super().kept_in(db_name.split("\x00", maxsplit=1)[0])


@row("ids_are_unique_across_collections", "ISO-1")
class UniqueIds(Right):
    """An id that another collection has already is refused with 409."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        if any(k.doc_id == doc_id and k.collection != db_name for k in self.kept.values()):
            raise HTTPException(409, f"{doc_id!r} is there already")
        return super().save(db_name, doc_id, doc)


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


@row("passwords_of_users_are_left_out", "ISO-5")
class PasswordsLeftOut(Right):
    """A field `password` is left out in the collection of the users."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        if db_name.endswith("users") and isinstance(doc, dict):
            doc = {name: value for name, value in doc.items() if name != "password"}
        return super().save(db_name, doc_id, doc)
