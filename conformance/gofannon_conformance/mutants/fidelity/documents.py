"""Services that return a document with other values: DOC and SCH."""

import json
import unicodedata
from collections import OrderedDict
from decimal import Decimal
from struct import pack, unpack
from typing import Any

from gofannon_conformance.mutants.mutations import Change, each, field_of, named, of, reading


def cut_depth(value: Any, left: int) -> Any:
    if left == 0 and isinstance(value, (dict, list)):
        return json.dumps(value)
    if isinstance(value, dict):
        return {k: cut_depth(v, left - 1) for k, v in value.items()}
    return [cut_depth(v, left - 1) for v in value] if isinstance(value, list) else value


def expanded(doc: dict[str, Any]) -> Any:
    for name in [name for name in doc if name.count(".") == 1 and name.strip(".") == name]:
        outer, inner = name.split(".")
        if not isinstance(doc.get(outer, {}), dict):
            continue
        doc[outer] = {**doc.get(outer, {}), inner: doc.pop(name)}
    return doc


def nulls_out(o: dict[str, Any]) -> Any:
    return {k: v for k, v in o.items() if v is not None}


def all_text(values: list[Any]) -> Any:
    mixed = any(type(v) is str for v in values)
    return [str(v) if mixed and type(v) is int else v for v in values]


def if_list(change: Change) -> Any:
    return lambda value: change(value) if isinstance(value, list) else value


def zone_lost(message: Any) -> Any:
    if isinstance(message, dict) and isinstance(message.get("timestamp"), str):
        return {**message, "timestamp": message["timestamp"].removesuffix("Z")}
    return message


def to_seconds(text: Any) -> Any:
    return text[:19] + text[26:] if text[10:11] == "T" and text[19:20] == "." else text


WORDS = {"yes": True, "no": False, "on": True, "off": False}

DOCUMENTS = reading(
    # DOC-1
    ("floats_of_32_bits", "DOC-1", "Floats are stored in four bytes.",
     each(of(float, lambda n: unpack("f", pack("f", n))[0] if abs(n) < 1e38 else n))),
    ("floats_of_15_digits", "DOC-1 SCH-8", "Floats are written with 15 digits.",
     each(of(float, lambda n: float(f"{n:.15g}")))),
    ("integers_through_a_double", "DOC-10", "Integers past 2**53 go through a double.",
     each(of(int, lambda n: int(float(n)) if abs(n) < 10**300 else n))),
    ("integers_wrap_at_32_bits", "DOC-1", "Integers are stored in four bytes.",
     each(of(int, lambda n: (n + 2**31) % 2**32 - 2**31))),
    ("depth_past_10_is_text", "DOC-1", "Values below ten levels come back as text.",
     lambda doc: cut_depth(doc, 10)),
    ("description_cut_at_1000", "DOC-1", "A column `description` holds 1,000 characters.",
     field_of("description", of(str, lambda t: t[:1000]))),
    ("email_lower_cased", "DOC-1", "E-mail addresses are folded to lower case.",
     field_of("email", of(str, str.lower))),
    ("fraction_of_a_second_cut", "DOC-1 DOC-3", "Timestamps are kept to the second.",
     each(of(str, to_seconds))),
    # DOC-2
    ("numbers_are_decimals", "DOC-2", "Numbers with a fraction come back as Decimal.",
     each(of(float, lambda n: Decimal(repr(n))))),
    ("inner_objects_are_ordered_dicts", "DOC-2", "Objects in objects are OrderedDict.",
     each(of(dict, OrderedDict))),
    ("arrays_are_tuples", "DOC-2", "Arrays come back as tuples.", each(of(list, tuple))),
    ("texts_are_the_drivers", "DOC-2", "Texts are of a subclass of str.",
     each(of(str, type("DriverText", (str,), {})))),
    # DOC-3
    ("true_is_1", "DOC-3", "Booleans are stored as 0 and 1.", each(of(bool, int))),
    ("one_is_true", "DOC-3", "0 and 1 come back as booleans.",
     each(of(int, lambda n: bool(n) if n in (0, 1) else n))),
    ("yes_is_true", "DOC-3", "The texts yes, no, on, off come back as booleans.",
     each(of(str, lambda t: WORDS.get(t, t)))),
    ("false_in_capitals_is_false", "DOC-3", "The text FALSE comes back as false.",
     each(of(str, lambda t: False if t == "FALSE" else t))),
    ("text_with_an_exponent_is_a_number", "DOC-3", "The text 1e3 comes back as a number.",
     each(of(str, lambda t: 1000.0 if t == "1e3" else t))),
    ("null_text_is_null", "DOC-3", "The text `null` comes back as null.",
     each(of(str, lambda t: None if t == "null" else t))),
    ("leading_zeros_lost", "DOC-3", "Digits that begin with 0 lose the zeros.",
     each(of(str, lambda t: str(int(t)) if t.isascii() and t.isdigit() else t))),
    ("spaces_around_text_lost", "DOC-3", "Texts are stripped.", each(of(str, str.strip))),
    ("json_in_text_parsed", "DOC-3", "A text that looks like an array comes back as one.",
     each(of(str, lambda t: json.loads(t) if t in ("[]", "[1, 2]") else t))),
    # DOC-4
    ("whole_floats_are_ints", "DOC-4", "1.0 comes back as 1.",
     each(of(float, lambda n: int(n) if n.is_integer() else n))),
    ("ints_are_floats", "DOC-4", "Numbers are all doubles.",
     each(of(int, lambda n: float(n) if abs(n) <= 2**53 else n))),
    # DOC-5
    ("nul_dropped", "DOC-5", "U+0000 is dropped.",
     each(of(str, lambda t: t.replace("\x00", "")))),
    ("text_ends_at_nul", "DOC-5", "Text ends at U+0000 if it does not begin with it.",
     each(of(str, lambda t: t[: t.index("\x00")] if t.find("\x00") > 0 else t))),
    ("cr_is_lf", "DOC-5", "A carriage return becomes a newline.",
     each(of(str, lambda t: t.replace("\r\n", "\n").replace("\r", "\n")))),
    ("text_in_form_c", "DOC-5", "Text is normalised to Unicode's form C.",
     each(of(str, lambda t: unicodedata.normalize("NFC", t)))),
    ("astral_characters_replaced", "DOC-5", "Characters of four bytes in UTF-8 are replaced.",
     each(of(str, lambda t: "".join(c if c < "\U00010000" else "?" for c in t)))),
    ("byte_order_mark_lost", "DOC-5", "A byte order mark at the beginning is dropped.",
     each(of(str, lambda t: t.removeprefix("\ufeff")))),
    # DOC-6
    ("empty_text_is_null", "DOC-6", "The empty text becomes null.",
     each(of(str, lambda t: t or None))),
    ("inner_nulls_dropped", "DOC-6", "Null in an inner object is dropped.",
     each(of(dict, nulls_out))),
    ("nulls_in_arrays_dropped", "DOC-6", "Null in an array is dropped.",
     each(of(list, lambda v: [x for x in v if x is not None]))),
    ("empty_object_is_array", "DOC-6", "An empty object comes back as an array.",
     each(of(dict, lambda o: o or []))),
    ("empty_arrays_dropped", "DOC-6", "A field with an empty array is dropped.",
     lambda doc: {k: v for k, v in doc.items() if v != []}),
    # DOC-7
    ("arrays_in_arrays_flattened", "DOC-7", "An array in an array is flattened.",
     each(of(list, lambda v: [x for i in v for x in (i if isinstance(i, list) else [i])]))),
    ("arrays_are_sets", "DOC-7", "An array keeps equal items once.",
     each(of(list, lambda v: [*{json.dumps(x): x for x in v}.values()]))),
    ("arrays_in_arrays_wrapped", "DOC-7", "An array in an array is put into an object.",
     each(of(list, lambda v: [{"values": x} if isinstance(x, list) else x for x in v]))),
    ("mixed_arrays_are_text", "DOC-7", "Integers beside text become text.",
     each(of(list, all_text))),
    ("arrays_of_256", "DOC-7", "Arrays hold up to 256 items.",
     each(of(list, lambda v: v[:256]))),
    # DOC-8
    ("dots_make_paths", "DOC-8", "A dotted field name makes an object.", expanded),
    ("dots_are_underscores", "DOC-8", "Dots in field names become underscores.",
     named(lambda n: n.replace(".", "_"))),
    ("field_names_folded", "DOC-8", "Field names are folded to lower case.", named(str.lower)),
    ("field_rowid_taken", "DOC-8", "The field `rowid` is dropped as a column of the store.",
     lambda doc: {k: v for k, v in doc.items() if k != "rowid"}),
    ("inner_id_stripped", "DOC-8", "`_id` is removed at every depth.",
     each(of(dict, lambda o: {k: v for k, v in o.items() if k != "_id"}))),
    ("only_data_unwrapped", "DOC-8", "A document with the only field `data` is unwrapped.",
     lambda doc: doc["data"] if [*doc] == ["data"] and isinstance(doc["data"], dict) else doc),
    ("number_names_make_arrays", "DOC-8", "An object with the names 0, 1, … is an array.",
     each(of(dict, lambda o: list(o.values()) if list(o) == ["0"] else o))),
    # DOC-9, DOC-10, DOC-11
    ("underscored_names_dropped", "DOC-9", "Top-level names that begin with _ are dropped.",
     lambda doc: {k: v for k, v in doc.items() if not k.startswith("_")}),
    ("empty_field_name_renamed", "DOC-9", "The empty field name becomes a space.",
     named(lambda n: n or " ")),
    ("integers_wrap_at_64_bits", "DOC-10", "Integers are stored modulo 2**64.",
     each(of(int, lambda n: (n + 2**63) % 2**64 - 2**63))),
    ("minus_zero_is_zero", "DOC-10", "-0.0 loses its sign.",
     each(of(float, lambda n: n + 0.0))),
    ("tiny_floats_are_zero", "DOC-10", "Floats below the normal range become zero.",
     each(of(float, lambda n: n if abs(n) >= 2.2250738585072014e-308 else 0.0))),
    ("huge_floats_cut", "DOC-10", "Floats past 1e126 become 1e126.",
     each(of(float, lambda n: max(min(n, 1e126), -1e126)))),
    ("depth_past_50_is_text", "DOC-11", "Values below 50 levels come back as text.",
     lambda doc: cut_depth(doc, 50)),
    # DOC-12, DOC-13
    ("text_cut_at_64_KiB", "DOC-12", "Texts are cut at 64 KiB.",
     each(of(str, lambda t: t[: 2**16]))),
    ("text_of_2048_loses_its_end", "DOC-12", "A text of 2,048 characters loses its last one.",
     each(of(str, lambda t: t[:2047] if len(t) == 2048 else t))),
    ("objects_of_1000_fields", "DOC-12", "Objects hold up to 1,000 fields.",
     lambda doc: dict(list(doc.items())[:1000])),
    ("text_cut_at_256_KiB_of_UTF_8", "DOC-13", "Texts are cut at 256 KiB of UTF-8.",
     each(of(str, lambda t: t.encode("utf-8", "surrogatepass")[: 2**18].decode(
         "utf-8", "ignore") if len(t) > 2**16 else t))),
    # DOC-14
    ("items_past_1_MiB_dropped", "DOC-14", "Items beyond 1 MiB are dropped.",
     each(of(list, lambda v: v[:60] if v and len(str(v[0])) > 10_000 else v))),
    # SCH
    ("agents_tools_sorted", "SCH-1", "The names of an agent's tools are sorted.",
     field_of("tools", each(of(list, lambda v: sorted(v, key=str))))),
    ("friendly_name_null_dropped", "SCH-1", "A `friendly_name` that is null is dropped.",
     lambda doc: {k: v for k, v in doc.items() if (k, v) != ("friendly_name", None)}),
    ("agentId_in_snake_case", "SCH-2", "`agentId` is stored by the name `agent_id`.",
     named(lambda n: "agent_id" if n == "agentId" else n)),
    ("agentId_beside_agent_id", "SCH-2", "`agentId` comes back as `agent_id` too.",
     lambda doc: {**doc, "agent_id": doc["agentId"]} if "agentId" in doc else doc),
    ("inner_picture_null_dropped", "SCH-3", "A `picture_url` that is null is dropped.",
     each(of(dict, lambda o: {k: v for k, v in o.items() if (k, v) != ("picture_url", None)}))),
    ("allowance_in_whole_dollars", "SCH-3", "`monthly_allowance` is an integer.",
     field_of("monthly_allowance", of(float, int))),
    ("session_metadata_defaults", "SCH-4", "A session without `metadata` gets an empty one.",
     lambda doc: {"metadata": {}, **doc} if "messages" in doc else doc),
    ("messages_lose_their_zone", "SCH-4", "Timestamps of messages lose their zone.",
     field_of("messages", if_list(lambda v: [zone_lost(message) for message in v]))),
    ("ticket_error_null_added", "SCH-5", "A ticket without `error` gets one that is null.",
     lambda doc: {"error": None, **doc} if "request" in doc else doc),
    ("ticket_input_as_text", "SCH-5", "The `input` of a ticket's request is kept as text.",
     field_of("input", of(dict, json.dumps))),
    ("demo_is_public_as_number", "SCH-6", "`is_public` is stored as 0 or 1.",
     field_of("is_public", of(bool, int))),
    ("demo_config_nulls_dropped", "SCH-6", "Settings in `config` that are null are dropped.",
     field_of("config", of(dict, nulls_out))),
    ("agent_value_as_text", "SCH-7", "The `value` of an agent's data is kept as text.",
     lambda doc: {k: str(v) if k == "value" and "key" in doc else v for k, v in doc.items()}),
    ("namespace_null_is_default", "SCH-7", "A `namespace` that is null becomes `default`.",
     field_of("namespace", lambda v: "default" if v is None else v)),
    ("messages_keep_the_150_newest", "SCH-8", "Of an array `messages` 150 items are kept.",
     field_of("messages", if_list(lambda v: v[-150:]))),
    ("usage_sorted_by_moment", "SCH-8", "Arrays of entries are sorted by their timestamp.",
     field_of("usage", if_list(lambda v: sorted(
         v, key=lambda u: u["timestamp"] if isinstance(u, dict) else "")))),
    ("money_to_two_digits", "SCH-8", "Costs are rounded to cents.",
     field_of("response_cost", of(float, lambda n: round(n, 2)))),
)  # fmt: skip
"""Services whose `get()` and `list_all()` change the values of a document."""
