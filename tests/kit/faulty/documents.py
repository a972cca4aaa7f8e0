"""Services that give documents back as something else: DOC, SCH and what JSON cannot hold."""

import json
import unicodedata
from collections import OrderedDict
from decimal import Decimal
from struct import pack, unpack

from faulty.rows import Broken, each, field_of, named, of, shows


def cut_depth(value, left):
    if left == 0 and isinstance(value, (dict, list)):
        return json.dumps(value)
    if isinstance(value, dict):
        return {k: cut_depth(v, left - 1) for k, v in value.items()}
    return [cut_depth(v, left - 1) for v in value] if isinstance(value, list) else value


def expanded(doc):
    for name in [name for name in doc if name.count(".") == 1 and name.strip(".") == name]:
        outer, inner = name.split(".")
        if not isinstance(doc.get(outer, {}), dict):
            continue
        doc[outer] = {**doc.get(outer, {}), inner: doc.pop(name)}
    return doc


def nulls_out(o):
    return {k: v for k, v in o.items() if v is not None}


def all_text(values):
    mixed = any(type(v) is str for v in values)
    return [str(v) if mixed and type(v) is int else v for v in values]


def once(values):
    return [v for i, v in enumerate(values) if v not in values[:i]]


def flat(values):
    return [x for v in values for x in (v if isinstance(v, list) else [v])]


def only(name):
    return lambda doc: doc[name] if list(doc) == [name] and isinstance(doc[name], dict) else doc


def if_list(change):
    return lambda value: change(value) if isinstance(value, list) else value


def each_in_list(change):
    return if_list(lambda values: [change(v) for v in values])


def zone_lost(message):
    if isinstance(message, dict) and isinstance(message.get("timestamp"), str):
        return {**message, "timestamp": message["timestamp"].removesuffix("Z")}
    return message


def in_a_module(text):
    return type("DriverText", (str,), {})(text)


def as_bool(value):
    return {"yes": True, "no": False, "on": True, "off": False}.get(value, value)


def to_seconds(text):
    return text[:19] + text[26:] if text[10:11] == "T" and text[19:20] == "." else text


BROKEN_DOCUMENTS = [
    Broken(name, mistake, tuple(clauses.split()), shows(change))
    for name, clauses, mistake, change in (
        # DOC-1
        ("floats-of-32-bits", "DOC-1", "Floats are stored in four bytes.",
         each(of(float, lambda n: unpack("f", pack("f", n))[0] if abs(n) < 1e38 else n))),
        ("floats-of-15-digits", "DOC-1 SCH-8", "Floats are written with 15 digits.",
         each(of(float, lambda n: float(f"{n:.15g}")))),
        ("integers-through-a-double", "DOC-10", "Integers past 2**53 go through a double.",
         each(of(int, lambda n: int(float(n)) if abs(n) < 10**300 else n))),
        ("integers-wrap-at-32-bits", "DOC-1", "Integers are stored in four bytes.",
         each(of(int, lambda n: (n + 2**31) % 2**32 - 2**31))),
        ("depth-past-10-is-text", "DOC-1", "What lies deeper than ten levels is given as text.",
         lambda doc: cut_depth(doc, 10)),
        ("description-cut-at-1000", "DOC-1", "A column `description` holds 1,000 characters.",
         field_of("description", of(str, lambda t: t[:1000]))),
        ("email-lower-cased", "DOC-1", "E-mail addresses are folded to lower case.",
         field_of("email", of(str, str.lower))),
        ("fraction-of-a-second-cut", "DOC-1 DOC-3", "Moments are kept to the second.",
         each(of(str, to_seconds))),
        # DOC-2
        ("numbers-are-decimals", "DOC-2", "Numbers with a fraction come back as Decimal.",
         each(of(float, lambda n: Decimal(repr(n))))),
        ("inner-objects-are-ordered-dicts", "DOC-2", "Objects in objects are OrderedDict.",
         each(of(dict, OrderedDict))),
        ("arrays-are-tuples", "DOC-2", "Arrays come back as tuples.", each(of(list, tuple))),
        ("texts-are-the-drivers", "DOC-2", "Texts are of a subclass of str.",
         each(of(str, in_a_module))),
        # DOC-3
        ("true-is-1", "DOC-3", "Booleans are stored as 0 and 1.", each(of(bool, int))),
        ("1-is-true", "DOC-3", "0 and 1 come back as booleans.",
         each(of(int, lambda n: bool(n) if n in (0, 1) else n))),
        ("yes-is-true", "DOC-3", "The texts yes, no, on, off come back as booleans.",
         each(of(str, as_bool))),
        ("null-text-is-null", "DOC-3", "The text `null` is read as null.",
         each(of(str, lambda t: None if t == "null" else t))),
        ("leading-zeros-lost", "DOC-3", "Digits that begin with 0 lose the zeros.",
         each(of(str, lambda t: str(int(t)) if t.isascii() and t.isdigit() else t))),
        ("spaces-around-text-lost", "DOC-3", "Texts are stripped.", each(of(str, str.strip))),
        ("json-in-text-parsed", "DOC-3", "A text that looks like an array is parsed.",
         each(of(str, lambda t: json.loads(t) if t in ("[]", "[1, 2]") else t))),
        # DOC-4
        ("whole-floats-are-ints", "DOC-4", "1.0 comes back as 1.",
         each(of(float, lambda n: int(n) if n.is_integer() else n))),
        ("ints-are-floats", "DOC-4", "Numbers are all doubles.",
         each(of(int, lambda n: float(n) if abs(n) <= 2**53 else n))),
        # DOC-5
        ("nul-dropped", "DOC-5", "U+0000 is dropped.",
         each(of(str, lambda t: t.replace("\x00", "")))),
        ("text-ends-at-nul", "DOC-5", "Text ends at U+0000 if it does not begin with it.",
         each(of(str, lambda t: t[: t.index("\x00")] if t.find("\x00") > 0 else t))),
        ("cr-is-lf", "DOC-5", "A carriage return becomes a newline.",
         each(of(str, lambda t: t.replace("\r\n", "\n").replace("\r", "\n")))),
        ("text-in-form-c", "DOC-5", "Text is brought to Unicode's form C.",
         each(of(str, lambda t: unicodedata.normalize("NFC", t)))),
        ("astral-characters-replaced", "DOC-5", "What UTF-8 needs four bytes for is replaced.",
         each(of(str, lambda t: "".join(c if c < "\U00010000" else "?" for c in t)))),
        ("byte-order-mark-lost", "DOC-5", "A byte order mark at the beginning is dropped.",
         each(of(str, lambda t: t.removeprefix("\ufeff")))),
        # DOC-6
        ("empty-text-is-null", "DOC-6", "The empty text becomes null.",
         each(of(str, lambda t: t or None))),
        ("inner-nulls-dropped", "DOC-6", "Null in an object in an object is left out.",
         each(of(dict, nulls_out))),
        ("nulls-in-arrays-dropped", "DOC-6", "Null in an array is left out.",
         each(of(list, lambda v: [x for x in v if x is not None]))),
        ("empty-object-is-array", "DOC-6", "An empty object comes back as an array.",
         each(of(dict, lambda o: o or []))),
        ("empty-arrays-dropped", "DOC-6", "A field whose array is empty has no row.",
         lambda doc: {k: v for k, v in doc.items() if v != []}),
        # DOC-7
        ("arrays-in-arrays-flattened", "DOC-7", "An array in an array is flattened.",
         each(of(list, flat))),
        ("arrays-are-sets", "DOC-7", "What is twice in an array is kept once.",
         each(of(list, once))),
        ("arrays-in-arrays-wrapped", "DOC-7", "An array in an array is put into an object.",
         each(of(list, lambda v: [{"values": x} if isinstance(x, list) else x for x in v]))),
        ("mixed-arrays-are-text", "DOC-7", "Integers beside text become text.",
         each(of(list, all_text))),
        ("arrays-of-256", "DOC-7", "Arrays hold up to 256 items.",
         each(of(list, lambda v: v[:256]))),
        # DOC-8
        ("dots-make-paths", "DOC-8", "A dotted field name makes an object.", expanded),
        ("dots-are-underscores", "DOC-8", "Dots in field names become underscores.",
         named(lambda n: n.replace(".", "_"))),
        ("field-names-folded", "DOC-8", "Field names are folded to lower case.", named(str.lower)),
        ("field-names-cut-at-255", "DOC-8", "Field names are cut at 255 characters.",
         named(lambda n: n[:255])),
        ("field-rowid-taken", "DOC-8", "The field `rowid` is taken for the store's own.",
         lambda doc: {k: v for k, v in doc.items() if k != "rowid"}),
        ("inner-id-stripped", "DOC-8", "`_id` is taken away at every depth.",
         each(of(dict, lambda o: {k: v for k, v in o.items() if k != "_id"}))),
        ("only-data-unwrapped", "DOC-8", "A document with the only field `data` is unwrapped.",
         only("data")),
        ("number-names-make-arrays", "DOC-8", "An object with the names 0, 1, … is an array.",
         each(of(dict, lambda o: list(o.values()) if list(o) == ["0"] else o))),
        # DOC-9, DOC-10, DOC-11
        ("underscored-names-dropped", "DOC-9", "Top-level names that begin with _ are dropped.",
         lambda doc: {k: v for k, v in doc.items() if not k.startswith("_")}),
        ("empty-field-name-renamed", "DOC-9", "The empty field name becomes a space.",
         named(lambda n: n or " ")),
        ("integers-wrap-at-64-bits", "DOC-10", "Integers are stored modulo 2**64.",
         each(of(int, lambda n: (n + 2**63) % 2**64 - 2**63))),
        ("minus-zero-is-zero", "DOC-10", "-0.0 loses its sign.",
         each(of(float, lambda n: n + 0.0))),
        ("tiny-floats-are-zero", "DOC-10", "Floats below the normal range become zero.",
         each(of(float, lambda n: n if abs(n) >= 2.2250738585072014e-308 else 0.0))),
        ("huge-floats-cut", "DOC-10", "Floats past 1e126 become 1e126.",
         each(of(float, lambda n: max(min(n, 1e126), -1e126)))),
        ("depth-past-50-is-text", "DOC-11", "What lies deeper than 50 levels is given as text.",
         lambda doc: cut_depth(doc, 50)),
        # DOC-12, DOC-13
        ("text-cut-at-64-KiB", "DOC-12", "Texts are cut at 64 KiB.",
         each(of(str, lambda t: t[: 2**16]))),
        ("text-of-2048-loses-its-end", "DOC-12", "A text of 2,048 characters loses its last one.",
         each(of(str, lambda t: t[:2047] if len(t) == 2048 else t))),
        ("objects-of-1000-fields", "DOC-12", "Objects hold up to 1,000 fields.",
         lambda doc: dict(list(doc.items())[:1000])),
        ("text-cut-at-300-KiB", "DOC-13", "Texts are cut at 300 KiB.",
         each(of(str, lambda t: t[: 300 * 1024]))),
        ("text-cut-at-256-KiB-of-UTF-8", "DOC-13", "Texts are cut at 256 KiB of UTF-8.",
         each(of(str, lambda t: t.encode("utf-8", "surrogatepass")[: 2**18].decode(
             "utf-8", "ignore") if len(t) > 2**16 else t))),
        # DOC-14
        ("items-past-1-MiB-dropped", "DOC-14", "What does not fit into 1 MiB is left out.",
         each(of(list, lambda v: v[:60] if v and len(str(v[0])) > 10_000 else v))),
        # SCH
        ("agents-tools-sorted", "SCH-1", "The names of an agent's tools are sorted.",
         field_of("tools", each(of(list, lambda v: sorted(v, key=str))))),
        ("friendly-name-null-dropped", "SCH-1", "A `friendly_name` that is null is left out.",
         lambda doc: {k: v for k, v in doc.items() if (k, v) != ("friendly_name", None)}),
        ("agentId-in-snake-case", "SCH-2", "`agentId` is stored by the name `agent_id`.",
         named(lambda n: "agent_id" if n == "agentId" else n)),
        ("inner-picture-null-dropped", "SCH-3", "A `picture_url` that is null is left out.",
         each(of(dict, lambda o: {k: v for k, v in o.items() if (k, v) != ("picture_url", None)}))),
        ("allowance-in-whole-dollars", "SCH-3", "`monthly_allowance` is an integer.",
         field_of("monthly_allowance", of(float, int))),
        ("session-metadata-defaults", "SCH-4", "A session without `metadata` gets an empty one.",
         lambda doc: {"metadata": {}, **doc} if "messages" in doc else doc),
        ("messages-lose-their-zone", "SCH-4", "Moments of messages lose their zone.",
         field_of("messages", each_in_list(zone_lost))),
        ("ticket-error-null-added", "SCH-5", "A ticket without `error` gets one that is null.",
         lambda doc: {"error": None, **doc} if "request" in doc else doc),
        ("demo-is-public-as-number", "SCH-6", "`is_public` is stored as 0 or 1.",
         field_of("is_public", of(bool, int))),
        ("agent-value-as-text", "SCH-7", "The `value` of an agent's data is kept as text.",
         lambda doc: {k: str(v) if k == "value" and "key" in doc else v for k, v in doc.items()}),
        ("messages-keep-the-150-newest", "SCH-8", "Of an array `messages` 150 items are kept.",
         field_of("messages", if_list(lambda v: v[-150:]))),
        ("usage-sorted-by-moment", "SCH-8", "Arrays of entries are sorted by their timestamp.",
         field_of("usage", if_list(lambda v: sorted(
             v, key=lambda u: u["timestamp"] if isinstance(u, dict) else "")))),
        ("money-to-two-digits", "SCH-8", "Costs are rounded to cents.",
         field_of("response_cost", of(float, lambda n: round(n, 2)))),
    )
]  # fmt: skip
"""Services that read a document as another one."""
