"""Services that confuse collections and ids: ISO."""

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

from fastapi import HTTPException

from gofannon_conformance.mutants.mutant import Mutant, breaks
from gofannon_conformance.mutants.mutations import alters, step, table
from gofannon_conformance.mutants.right import Kept, Right


def keyed(key: Callable[[str, str], Any]) -> type[Right]:
    """Return a service that stores its documents under another key than (collection, id)."""
    return step("key")(lambda self, db_name, doc_id: key(db_name, doc_id))


def renamed(change: Callable[[str], str]) -> type[Right]:
    """Return a service that changes the names of collections."""

    class Renamed(Right):
        def get(self, db_name: str, doc_id: str) -> dict[str, Any]:
            return super().get(change(db_name), doc_id)

        def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
            return super().save(change(db_name), doc_id, doc)

        def delete(self, db_name: str, doc_id: str) -> None:
            super().delete(change(db_name), doc_id)

        def list_all(self, db_name: str) -> list[dict[str, Any]]:
            return super().list_all(change(db_name))

    return Renamed


UUID = re.compile(
    r"\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?"
)


def plain_digits(text: str) -> str:
    """Replace the digits of other scripts by those of ASCII."""
    return "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in text)


KEYED = table(
    keyed,
    ("ids_of_all_collections_are_one", "ISO-1 ISO-2", "The key is the id only.",
     lambda c, i: i),
    ("key_joined_by_a_colon", "ISO-3", "The key is f'{collection}:{id}'.",
     lambda c, i: f"{c}:{i}"),
    ("key_joined_by_nothing", "ISO-3", "The key is collection + id.", lambda c, i: c + str(i)),
    ("key_joined_by_a_slash", "ISO-3", "The key is f'{collection}/{id}'.",
     lambda c, i: f"{c}/{i}"),
    ("digits_of_any_script_are_one", "ISO-4", "A digit is found by its value.",
     lambda c, i: (c, plain_digits(i))),
    ("tabs_of_an_id_are_spaces", "ISO-4", "A tab in an id is a space.",
     lambda c, i: (c, i.replace("\t", " "))),
    ("lines_of_an_id_end_in_one_way", "ISO-4", "A carriage return before a newline is dropped.",
     lambda c, i: (c, i.replace("\r\n", "\n"))),
    ("quotes_of_an_id_stand_once", "ISO-4", "Two quotes in a row are one, as SQL writes it.",
     lambda c, i: (c, i.replace("''", "'"))),
    ("uuids_are_found_in_any_form", "ISO-4", "An id that is a UUID is found in each of its forms.",
     lambda c, i: (c, UUID.sub(r"\1-\2-\3-\4-\5", i.lower()) if UUID.fullmatch(i.lower()) else i)),
    ("words_of_json_in_any_case", "ISO-4", "'True' is found by 'true', and 'None' by 'none'.",
     lambda c, i: (c, i.lower() if i.lower() in ("true", "false", "null", "none") else i)),
    ("long_ids_by_both_their_ends", "ISO-4", "A long id is found by its ends and its length.",
     lambda c, i: (c, i[:32], i[-32:], len(i))),
    ("ids_cut_at_500", "ISO-4", "Ids count to their 500th character.", lambda c, i: (c, i[:500])),
    ("ids_by_a_hash_of_16_bits", "LIST-6", "An id is found by its hash of sixteen bits.",
     lambda c, i: (c, sum(ord(sign) * 31**n for n, sign in enumerate(i)) % 2**16)),
    ("key_joined_by_a_unit_separator", "ISO-3", "The key is collection, U+001F and id.",
     lambda c, i: f"{c}\x1f{i}"),
    ("key_in_no_order", "ISO-3", "The key is the set of collection and id.",
     lambda c, i: frozenset((c, i))),
    ("ids_lower_cased", "ISO-4 DEL-5", "Ids are compared without case.",
     lambda c, i: (c, i.lower())),
    ("ids_in_form_c", "ISO-4", "Ids are brought to Unicode's form C.",
     lambda c, i: (c, unicodedata.normalize("NFC", i))),
    ("ids_in_form_kc", "ISO-4", "Ids are brought to Unicode's form KC.",
     lambda c, i: (c, unicodedata.normalize("NFKC", i))),
    ("trailing_spaces_of_ids_ignored", "ISO-4", "Trailing spaces of an id do not count.",
     lambda c, i: (c, i.rstrip(" "))),
    ("ids_of_digits_are_numbers", "ISO-4", "Ids are numbers where they look like one.",
     lambda c, i: (c, int(i) if i.isdecimal() else i)),
    ("ids_cut_at_255_bytes", "ISO-4", "Ids count to their 255th byte.",
     lambda c, i: (c, i.encode("utf-8", "surrogatepass")[:255])),
    ("ids_end_at_nul", "ISO-4", "Ids end at U+0000.", lambda c, i: (c, i.split("\x00")[0])),
    ("ids_percent_decoded", "ISO-4", "Percent-encoding in an id is decoded.",
     lambda c, i: (c, unquote(i))),
    ("separators_of_ids_are_underscores", "ISO-4", "Slashes and colons of ids become underscores.",
     lambda c, i: (c, i.replace("/", "_").replace(":", "_"))),
)  # fmt: skip

RENAMED = table(
    renamed,
    ("collections_lower_cased", "ISO-6", "Names of collections are folded to lower case.",
     str.lower),
    ("collections_in_form_c", "ISO-6", "Names of collections are brought to form C.",
     lambda c: unicodedata.normalize("NFC", c)),
    ("dashes_of_collections_are_underscores", "ISO-6",
     "A dash in a collection's name is an underscore.", lambda c: c.replace("-", "_")),
    ("collections_in_the_singular", "ISO-6", "A collection's name is brought to the singular.",
     lambda c: c.rstrip("s")),
    ("partitions_of_a_collection", "ISO-6", "What follows a $ in a collection's name is left out.",
     lambda c: c.partition("$")[0]),
    ("collections_are_written_in_ascii", "ISO-6",
     "Signs outside ASCII are left out of a collection's name.",
     lambda c: c.encode("ascii", "ignore").decode()),
    ("collections_cut_at_63", "ISO-6", "Names of collections are cut at 63 characters.",
     lambda c: c[:63]),
    ("collections_cut_at_255", "ISO-6", "Names of collections are cut at 255 characters.",
     lambda c: c[:255]),
    ("demos_are_in_agents", "ISO-5", "The collection `demos` is kept in the one of `agents`.",
     lambda c: c.replace("demos", "agents")),
)  # fmt: skip

NAMES: list[Mutant] = [*KEYED, *RENAMED]
row = partial(breaks, NAMES)
alter = partial(alters, NAMES)


@alter("delete", "delete_in_every_collection", "ISO-2")
def delete_everywhere(self: Right, db_name: str, doc_id: str) -> None:
    """delete() deletes the id in every collection."""
    Right.delete(self, db_name, doc_id)
    for kept in list(self.kept.values()):
        if kept.doc_id == doc_id:
            del self.kept[kept.collection, doc_id]


@alter("kept_in", "listing_of_names_that_begin_so", "ISO-3")
def list_by_prefix(self: Right, db_name: str) -> list[Kept]:
    """list_all() also shows the collections whose names begin with its own."""
    return [kept for kept in self.kept.values() if kept.collection.startswith(db_name)]


@alter("get", "missing_looked_for_in_other_collections", "ISO-2")
def found_elsewhere(self: Right, db_name: str, doc_id: str) -> dict[str, Any]:
    """get() searches the other collections for an id that its own lacks."""
    self.check_id(doc_id)
    places = [db_name, *sorted(self.created)]
    place = next((p for p in places if (p, doc_id) in self.kept), db_name)
    return Right.get(self, place, doc_id)


@row("six_collections_only", "ISO-5")
class SixOnly(Right):
    """Writing to `agent_data_store` is refused."""

    def save(self, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
        if db_name.endswith("agent_data_store"):
            raise HTTPException(404, f"there is no collection {db_name}")
        return super().save(db_name, doc_id, doc)


@alter("list_all", "seventh_collection_under_its_real_name", "ISO-5", disposable=True)
def six_real_only(self: SixOnly, db_name: str) -> list[dict[str, Any]]:
    """Listing the application's `agent_data_store` is refused."""
    if db_name == "agent_data_store":
        raise HTTPException(404, f"there is no collection {db_name}")
    return SixOnly.list_all(self, db_name)


@alter("save", "odd_collection_is_500", "ISO-6")
def odd_is500(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A quote in a collection's name is a server error."""
    if "'" in db_name:
        raise HTTPException(500, "unrecognized token")
    return Right.save(self, db_name, doc_id, doc)


@alter("kept_in", "odd_collection_lists_as_another", "ISO-6")
def odd_listed(self: Right, db_name: str) -> list[Kept]:
    """A NUL ends a collection's name when it is listed."""
    return Right.kept_in(self, db_name.split("\x00", maxsplit=1)[0])


@alter("save", "ids_are_unique_across_collections", "ISO-1")
def unique_ids(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """An id that another collection has already is refused with 409."""
    if any(k.doc_id == doc_id and k.collection != db_name for k in self.kept.values()):
        raise HTTPException(409, f"{doc_id!r} is there already")
    return Right.save(self, db_name, doc_id, doc)


@alter("save", "collections_by_their_16_newest", "ISO-2")
def sixteen_open(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """The seventeenth collection replaces the one that was written first."""
    answer = Right.save(self, db_name, doc_id, doc)
    self.memo[db_name] = None
    while len(self.memo) > 16:
        oldest = next(iter(self.memo))
        del self.memo[oldest]
        self.kept = {key: kept for key, kept in self.kept.items() if kept.collection != oldest}
    return answer


@alter("save", "passwords_of_users_are_left_out", "ISO-5")
def no_passwords(self: Right, db_name: str, doc_id: str, doc: dict[str, Any]) -> dict[str, Any]:
    """A field `password` is left out in the collection of the users."""
    if db_name.endswith("users") and isinstance(doc, dict):
        doc = {name: value for name, value in doc.items() if name != "password"}
    return Right.save(self, db_name, doc_id, doc)
